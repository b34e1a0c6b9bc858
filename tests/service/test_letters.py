"""Letters: whoever something is theirs is told of it once, by every channel and by the lake itself, and never of what they did."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from shutil import copytree

import pytest

from andon.model.letter import Letter
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.requests import NewRequest
from andon.service.service import Service
from andon.workspace.caller import Caller
from kit.all_in_postgres import environ_of
from kit.clones import FILES, Clone
from kit.receiving import WebReceiver, mail_receiver, web_receiver

NAME, FILE = "marts.totals", "datasets/marts/totals.sql"
YES = RunOptions(agreed=ANY_PLAN)


def totals(value: str = "sum(amount)", keys: str = "owner: ana\n") -> str:
    return f"/*---\n{keys}---*/\nselect customer, {value} as amount from shop.orders group by customer\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A lake with a dataset that is ana's."""
    clone = Clone(tmp_path_factory.mktemp("letters") / "acme")
    clone.fill({**FILES, FILE: totals()})
    assert clone.run().published
    return clone


@pytest.fixture
def shop(made: Clone, tmp_path: Path) -> Clone:
    copytree(made.root, tmp_path / "acme")
    return Clone(tmp_path / "acme")


@pytest.fixture(scope="module")
def receiver() -> Iterator[WebReceiver]:
    with web_receiver() as found:
        yield found


@pytest.fixture
def web(receiver: WebReceiver) -> WebReceiver:
    receiver.got.clear()
    receiver.is_well = True
    return receiver


def by(service: Service, who: str) -> Service:
    return service.by(Caller(who, "python"))


def told(service: Service, who: str) -> list[str]:
    """What somebody is told and does not know, oldest first: `kind datasets: what`."""
    return [_line(each) for each in reversed(by(service, who).letters.list())]


def _line(each: Letter) -> str:
    return f"{each.kind} {' '.join(each.datasets)}: {each.what}".replace(" :", ":")


def carried(web: WebReceiver) -> list[str]:
    """What came by a channel: `person kind`."""
    return [f"{each['person']} {each['kind']}" for document in web.documents() for each in document["letters"]]


def channel(clone: Clone, web: WebReceiver, more: str = "", path: str = "/ok") -> None:
    clone.write("andon.toml", f'[notify.team]\nkind = "webhook"\nurl = "{web.url(path)}"\nwindow = "1s"\n{more}')
    with clone.opened() as service:
        service.messages.send_due()


def test_who_is_asked_is_told_and_who_asks_is_told_of_claim_and_answer(shop: Clone, web: WebReceiver) -> None:
    channel(shop, web)
    with shop.opened() as whole:
        ben, ana, cleo = (by(whole, who).requests for who in ("ben", "ana", "cleo"))
        number = ben.ask(NewRequest("orders by weekday", asked_of="Ana ")).request.number
        ben.ask(NewRequest("orders by weekday", asked_of="Ana "))
        assert told(whole, "ana") == ["asked: ben asks you: orders by weekday"]
        cleo.join(number)
        ana.claim(number)
        ana.claim(number)
        assert told(whole, "ana") == [], "nobody is told of what they did, and what is claimed is asked no more"
        for who in ("ben", "cleo"):
            assert told(whole, who) == ["claimed: ana takes care of it: orders by weekday"]
        ana.unclaim(number)
        assert told(whole, "ben") == ["left: ana leaves it to others: orders by weekday"]
        ana.claim(number)
        ana.answer(number, NAME, "one row for each")
        assert told(whole, "ben") == [f"answered: ana answers with {NAME}: orders by weekday (one row for each)"]
        by(whole, "ben").letters.see()
        assert told(whole, "ben") == []
        assert len(told(whole, "cleo")) == 1, "what one knows the other does not"
        withdrawn = ben.ask(NewRequest("x", asked_of="ana")).request.number
        cleo.claim(withdrawn)
        ben.withdraw(withdrawn)
        assert told(whole, "cleo")[-1] == "withdrawn: ben says that nobody needs it any more: x"
        assert told(whole, "ana") == []
        _all_sent(whole)
    both = ("claimed", "left", "claimed", "answered")
    expected = ["Ana asked", *(f"{who} {kind}" for kind in both for who in ("ben", "cleo"))]
    assert carried(web) == [*expected, "ana asked", "ben claimed", "cleo withdrawn"], "each is told once"


def test_owners_are_told_of_what_others_propose_and_publish(shop: Clone) -> None:
    with closing(shop.open()) as whole:
        ben, ana = by(whole, "ben"), by(whole, "ana")
        shop.write(FILE, totals("sum(amount) + 1"))
        for _ in range(2):
            assert ben.runs.run(RunOptions(branch="idea", agreed=ANY_PLAN)).published
        assert told(whole, "ana") == [f"proposed {NAME}: ben changes it on the branch idea: {_message(whole, 'idea')}"]
        assert told(whole, "ben") == []
        assert ben.branches.publish("idea", options=YES).published
        (line,) = told(whole, "ana")
        assert line.startswith(f"published {NAME}: ben changed it for all readers: ")
        ben.undoing.undo()
        assert told(whole, "ana")[-1].startswith(f"published {NAME}: ben took back a change of it for all readers: ")
        ana.letters.see()
        shop.write(FILE, totals("sum(amount) + 2"))
        assert ana.runs.run(YES).published
        assert told(whole, "ana") == [], "nobody is told of what they did"
        shop.write("raw/orders_09.csv", "id,customer,amount\n9,eve,3\n")
        assert ben.runs.refresh(YES).published
        assert told(whole, "ana") == [], "new rows are no change of code"


def _message(service: Service, ref: str) -> str:
    return service.workspace.lake.refs.resolve(ref).message


def test_an_owner_is_told_once_that_a_change_waits_and_its_author_that_it_is_approved(shop: Clone) -> None:
    shop.write(FILE, totals(keys="owner: ana\nreview: owner\n"))
    assert shop.run().published
    with closing(shop.open()) as whole:
        ben, ana = by(whole, "ben"), by(whole, "ana")
        shop.write(FILE, totals("sum(amount) + 1", keys="owner: ana\nreview: owner\n"))
        runs = [ben.runs.run(YES) for _ in range(2)]
        assert all("review.needed" in (run.held or "") for run in runs)
        (letter,) = ana.letters.list()
        assert (letter.kind, letter.datasets, letter.next) == ("review", [NAME], f"andon approve run:{runs[0].run}")
        ana.approving.approve(f"run:{runs[0].run}")
        assert ana.letters.list() == []
        assert told(whole, "ben")[0].startswith(f"approved {NAME}: ana approves what you change of it: ")
        ana.approving.withdraw(f"run:{runs[1].run}")
        assert [each.kind for each in ben.letters.list()] == ["disapproved"]
        assert "review.needed" in (ben.runs.run(YES).held or "")
        assert [each.kind for each in ana.letters.list()] == ["review"], "it waits for them again"
        ana.approving.approve(f"run:{runs[0].run}")
        assert ben.runs.run(YES).published
        assert [each.kind for each in ana.letters.list()] == ["published"]


@pytest.mark.parametrize(
    ("more", "kinds"),
    [
        ('severity = "fail"\n', []),
        ('severity = "fail"\nletters = ["asked"]\n', ["ana asked"]),
        ('letters = ["claimed"]\n', ["ben claimed"]),
        ('only = ["nothing.there"]\n', ["ana asked", "ben claimed"]),
        (f'only = ["{NAME}"]\n', ["ana asked", "ben claimed", "ana published"]),
    ],
)
def test_which_letters_a_channel_carries_it_says(shop: Clone, web: WebReceiver, more: str, kinds: list[str]) -> None:
    channel(shop, web, more)
    with closing(shop.open()) as whole:
        number = by(whole, "ben").requests.ask(NewRequest("more", asked_of="ana")).request.number
        by(whole, "ana").requests.claim(number)
        shop.write(FILE, totals("sum(amount) + 5"))
        assert by(whole, "ben").runs.run(YES).published
        _all_sent(whole)
    assert carried(web) == kinds


def _all_sent(service: Service) -> None:
    """Send what waits, though it would wait for its window."""
    from datetime import timedelta

    now = service.workspace.clock() + timedelta(hours=2)
    later = Service.open(service.workspace.root, environ=service.workspace.environ, clock=lambda: now)
    with closing(later):
        later.messages.send_due()


def test_a_letter_goes_to_its_persons_mail_where_the_channel_reaches_owners(shop: Clone) -> None:
    with mail_receiver() as mail:
        shop.write(
            "andon.toml",
            f'[notify.mail]\nkind = "email"\nserver = "localhost:{mail.port}"\nsecurity = "none"\nowner = true\n'
            'from = "andon@example.com"\nto = ["data@example.com"]\n'
            '[people]\nAna = {role = "owner", mail = "ana@example.com"}\n',
        )
        with shop.opened() as whole:
            whole.messages.send_due()
            for of in ("ana", "cleo"):
                by(whole, "ben").requests.ask(NewRequest(f"for {of}", asked_of=of))
        assert [to for to, _ in mail.got] == [["ana@example.com"], ["data@example.com"]]
        assert mail.got[0][1]["Subject"] == "[andon] for ana: ben asks you: for ana"


KILLED = """
import os, signal, sys
from pathlib import Path
from andon.service.requests import NewRequest
from andon.service.service import Service
service = Service.open(Path(sys.argv[1]))
service.messages.tell = lambda: os.kill(os.getpid(), signal.SIGKILL)
service.requests.ask(NewRequest("killed", asked_of="ana"))
"""


def test_killed_between_commit_and_send_it_is_told_by_whoever_comes_next_and_once(
    shop: Clone, web: WebReceiver
) -> None:
    channel(shop, web)
    environ = {**os.environ, "ANDON_AUTHOR": "ben", "HOME": str(shop.root), **environ_of(shop.root)}
    done = subprocess.run([sys.executable, "-c", KILLED, str(shop.root)], env=environ, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    assert web.documents() == []
    with shop.opened() as whole:
        assert told(whole, "ana") == ["asked: ben asks you: killed"]
        assert [whole.messages.send_due() for _ in range(2)] == [1, 0]
    assert carried(web) == ["ana asked"]


def test_what_is_not_taken_is_no_failure_of_the_request_and_comes_later(shop: Clone, web: WebReceiver) -> None:
    channel(shop, web, path="/flaky")
    web.is_well = False
    with shop.opened() as whole:
        by(whole, "ben").requests.ask(NewRequest("later", asked_of="ana"))
        (state,) = whole.messages.list()
        assert (state.waiting, state.error) == (1, "the answer was 503: come back later")
        web.is_well = True
        _all_sent(whole)
    first, second = web.documents("/flaky")
    assert first == second
    assert first["subject"] == "[andon] for ana: ben asks you: later"
    assert first["text"].splitlines()[:2] == ["for ana · asked", "ben asks you: later"]
