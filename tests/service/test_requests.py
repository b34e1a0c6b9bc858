"""Requests: ranked by what is at stake, claimed by exactly one, answered by anyone, and measured."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.errors import AndonError, ConflictError, UsageError
from andon.model.request import DataRequest, RequestState, ranked, weight
from andon.render.requests import state_words
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.request_measures import measured
from andon.service.requests import NewRequest
from andon.service.service import Service
from andon.state.spending import SpentQuestion
from andon.workspace.caller import Caller
from kit.clones import FILES, Clone

TODAY = date(2026, 11, 30)
YES = RunOptions(agreed=ANY_PLAN)
_DAYS = [f"2026-{month:02d}-{day:02d}" for month in (10, 11) for day in (1, 15, 29)]


def made(number: int = 1, **more: Any) -> DataRequest:
    values = {
        **dict.fromkeys(
            ("decision", "by", "worth", "currency", "asked_of", "incident", "claimed_by", "claimed", "answer")
        ),
        **dict.fromkeys(("answer_kind", "note", "ended_by", "ended")),
        "number": number,
        "what": "orders by weekday",
        "who": "ben",
        "at": "2026-11-01T09:00:00Z",
        "state": RequestState.OPEN,
        "people": ["ben"],
    }
    return DataRequest(**{**values, **more})


requests = st.builds(
    made,
    st.integers(1, 10**6),
    worth=st.one_of(st.none(), st.integers(1, 10**9).map(str)),
    at=st.sampled_from(_DAYS).map(lambda day: f"{day}T09:00:00Z"),
    by=st.sampled_from([None, "2026-12-01", "2027-01-01"]),
    people=st.integers(1, 5).map(lambda count: [f"p{number}" for number in range(count)]),
    state=st.sampled_from(RequestState),
)


@given(requests, st.integers(1, 10**6), st.integers(1, 300))
def test_what_is_worth_more_older_and_needed_by_more_weighs_more(one: DataRequest, more: int, days: int) -> None:
    def changed(**fields: Any) -> DataRequest:
        return made(**{name: getattr(one, name) for name in one.__struct_fields__} | fields)

    own = weight(one, TODAY)
    assert weight(changed(worth=str(int(one.worth or 0) + more)), TODAY) > own
    assert weight(changed(people=[*one.people, "zoe"]), TODAY) > own
    assert weight(one, TODAY + timedelta(days=days)) > own
    assert own > 0


@given(st.lists(requests, max_size=8, unique_by=lambda each: each.number), st.randoms())
def test_the_order_is_one_whatever_it_was(some: list[DataRequest], chance: Any) -> None:
    shuffled = list(some)
    chance.shuffle(shuffled)
    found = ranked(shuffled, TODAY)
    assert found == ranked(some, TODAY)
    waiting = [each.state.is_waiting for each in found]
    assert waiting == sorted(waiting, reverse=True)
    weights = [weight(each, TODAY) for each in found if each.state.is_waiting]
    assert weights == sorted(weights, reverse=True)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    clone = Clone(tmp_path_factory.mktemp("requests") / "acme")
    clone.fill(FILES)
    clone.run()
    return clone


def by(service: Service, who: str) -> Service:
    return service.by(Caller(who, "python"))


def refused(ask: Callable[[], object]) -> str:
    with pytest.raises(AndonError) as error:
        ask()
    assert error.value.hint
    return error.value.code


def test_a_request_from_asking_to_the_answer(shop: Clone) -> None:
    with shop.opened() as service:
        ben, ana, cleo = (by(service, who).requests for who in ("ben", "ana", "cleo"))
        wanted = NewRequest("totals per customer", "whom to call", "2026-12-31", "5,000", "usd", "ana")
        one = ben.ask(wanted)
        assert (one.request.worth, one.request.currency, one.request.by) == ("5000", "USD", "2026-12-31")
        assert one.request.people == ["ben"]
        assert ben.ask(wanted).request == one.request, "asked again it is the same one"
        number = one.request.number
        assert cleo.join(number).people == ["ben", "cleo"]
        assert cleo.join(number).people == ["ben", "cleo"]
        assert ana.claim(number).claimed_by == "ana"
        assert ana.claim(number).claimed_by == "ana"
        assert refused(lambda: cleo.claim(number)) == "request.claimed"
        assert refused(lambda: cleo.withdraw(number)) == "usage.bad_argument"
        assert ana.unclaim(number).state is RequestState.OPEN
        assert refused(lambda: ana.answer(number, "marts.nothing")) == "lake.dataset_not_found"
        assert refused(lambda: ana.answer(number, "no-branch")) == "lake.ref_not_found"
        done = cleo.answer(number, "marts.totals", "has it by customer")
        assert (done.state, done.answer, done.answer_kind, done.ended_by) == (
            RequestState.ANSWERED,
            "marts.totals",
            "dataset",
            "cleo",
        )
        assert cleo.answer(number, "marts.totals", "has it by customer") == done
        for ask in (lambda: ana.answer(number, "marts.best"), lambda: ana.claim(number), lambda: ana.join(number)):
            assert refused(ask) == "request.over"
        assert number not in {each.request.number for each in ana.list()}
        assert number in {each.request.number for each in ana.list(with_ended=True)}
        assert refused(lambda: ana.show(999)) == "request.none"


def test_a_question_becomes_a_request_of_whoever_owns_what_it_is_about(shop: Clone, tmp_path: Path) -> None:
    copytree(shop.root, tmp_path / "owned")
    clone = Clone(tmp_path / "owned")
    clone.write("datasets/marts/totals.sql", f"/*---\nowner: ana\n---*/\n{FILES['datasets/marts/totals.sql']}")
    clone.run()
    with clone.opened() as service:
        long = "why is it so? " * 60
        numbers = [
            by(service, "ben").dataset_questions.ask(subject, what).question.number
            for subject, what in (("marts.totals.amount", "Is tax in it?"), ("marts.best", long))
        ]
        ben, ana = (by(service, who).requests for who in ("ben", "ana"))
        one = ben.ask(NewRequest("", by="2026-12-31", question=numbers[0])).request
        assert one.what == f"Is tax in it? (question {numbers[0]} about marts.totals.amount)"
        assert (one.asked_of, one.by, one.people) == ("ana", "2026-12-31", ["ben"])
        assert ben.ask(NewRequest("", by="2026-12-31", question=numbers[0])).request == one
        assert [each.who for each in by(service, "ana").letters.list() if "Is tax in it?" in each.what] == ["ben"]
        mine = ana.ask(NewRequest("net amounts", question=numbers[0])).request
        assert (mine.what, mine.asked_of) == (f"net amounts (question {numbers[0]} about marts.totals.amount)", None)
        other = ben.ask(NewRequest("", question=numbers[1], asked_of="cleo")).request
        assert len(other.what) <= 500
        assert other.what.endswith(f"… (question {numbers[1]} about marts.best)")
        assert other.asked_of == "cleo"
        assert refused(lambda: ben.ask(NewRequest("", question=999))) == "question.none"
        assert refused(lambda: ben.ask(NewRequest(""))) == "usage.bad_argument"


def test_a_branch_answers_at_once_and_is_told_as_not_published_yet(shop: Clone) -> None:
    with shop.opened() as service:
        number = by(service, "ben").requests.ask(NewRequest("customers by letter")).request.number
        service.branches.create("letters")
    shop.write(
        "datasets/marts/letters.sql", "select customer[1] as letter, count(*) as n from marts.totals group by 1\n"
    )
    assert shop.run(branch="letters").published
    with shop.opened() as service:
        assert service.requests.answer(number, "letters").answer_kind == "branch"
        assert service.requests.show(number).published is False
    assert shop.publish("letters").published
    with shop.opened() as service:
        assert service.requests.show(number).published is True
        service.branches.drop("letters")
        assert service.requests.show(number).published is None


def test_an_answer_that_is_there_no_more_is_told_so_until_it_is_back(shop: Clone, tmp_path: Path) -> None:
    copytree(shop.root, tmp_path / "acme")
    clone = Clone(tmp_path / "acme")
    with clone.opened() as service:
        number = by(service, "ben").requests.ask(NewRequest("how many orders")).request.number
        service.requests.answer(number, "marts.count")

        def stands() -> tuple[bool | None, str]:
            info = service.requests.show(number)
            return info.published, state_words(info)

        there, gone = "answered with marts.count", "answered with marts.count, which main has no more"
        assert stands() == (True, there)
        service.renaming.rename("marts.count", "marts.how_many", YES)
        assert stands() == (False, gone), "it has another name"
        service.undoing.undo()
        assert stands() == (True, there)
        service.renaming.retire(["marts.count"], YES)
        assert stands() == (False, gone)
        service.undoing.undo()
        service.undoing.redo()
        assert stands() == (False, gone)
        assert service.requests.show(number).request.state is RequestState.ANSWERED


@pytest.mark.parametrize(
    "wanted",
    [
        NewRequest("  "),
        NewRequest("x" * 501),
        NewRequest("x", by="soon"),
        NewRequest("x", worth="much", currency="USD"),
        NewRequest("x", worth="-5", currency="USD"),
        NewRequest("x", worth="nan", currency="USD"),
        NewRequest("x", worth="5"),
        NewRequest("x", worth="5", currency="DOLLARS"),
        NewRequest("x", currency="USD"),
        NewRequest("x", incident=999),
        NewRequest("x", incident=10**30),
        NewRequest("a\0b"),
        NewRequest("\x1b[31mred"),
        NewRequest("x", decision="\udcff"),
        NewRequest("x", asked_of="\udcff"),
    ],
)
def test_what_is_no_request_is_refused(shop: Clone, wanted: NewRequest) -> None:
    with shop.opened() as service:
        before = len(service.requests.list(with_ended=True))
        with pytest.raises(UsageError) as error:
            service.requests.ask(wanted)
        assert error.value.hint
        assert len(service.requests.list(with_ended=True)) == before


def test_of_many_who_claim_at_once_one_does(shop: Clone) -> None:
    with shop.opened() as service:
        number = service.requests.ask(NewRequest("raced for")).request.number
    start, won, lost = threading.Barrier(4), [], []

    def claim(who: str) -> None:
        with closing(shop.open()) as service:
            start.wait()
            try:
                won.append(by(service, who).requests.claim(number).claimed_by)
            except ConflictError as error:
                lost.append(error.code)

    threads = [threading.Thread(target=claim, args=(f"p{index}",)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert lost == ["request.claimed"] * 3


def test_measures_are_what_was_recorded() -> None:
    since, until = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
    answered = {"state": RequestState.ANSWERED, "answer": "m.a"}
    some = [
        made(1, at="2026-10-20T09:00:00Z", ended="2026-11-02T09:00:00Z", **answered),
        made(2, at="2026-11-03T09:00:00Z", ended="2026-11-04T09:00:00Z", **answered),
        made(3, at="2026-11-05T09:00:00Z", ended="2026-11-05T10:00:00Z", state=RequestState.WITHDRAWN),
        made(4, at="2026-11-20T00:00:00Z"),
        made(5, at="2026-11-30T00:00:00Z", ended="2026-12-02T00:00:00Z", **answered),
        made(6, at="2026-10-01T00:00:00Z", ended="2026-10-02T00:00:00Z", **answered),
    ]
    hours = [f"2026-11-{day:02d}T09:00:00Z" for day in range(1, 9)]
    asked = [SpentQuestion(at, "cron", "python", ("m.a",), 0.1, "s1", True) for at in hours]
    asked += [
        SpentQuestion("2026-11-02T09:13:00Z", "ana", "http", ("m.a",), 0.1, "s1", True),
        SpentQuestion("2026-11-02T11:45:00Z", "ana", "http", ("m.a",), 0.1, "s1", True),
        SpentQuestion("2026-11-03T11:45:00Z", "ana", "http", ("m.a",), 0.1, "s1", True),
        SpentQuestion("2026-11-03T11:46:00Z", "ana", "http", ("m.a",), 0.1, "s2", False),
        SpentQuestion("2026-11-03T11:47:00Z", "ben", "cli", ("m.a",), 0.1, "s1", True),
    ]
    some.append(made(7, at="2026-11-20T00:00:00Z", who="andon"))  # a playbook asked: nobody needs it
    found = measured(some, asked, since, until)
    assert (found.made, found.answered, found.withdrawn, found.waiting) == (4, 2, 1, 2)
    assert found.median_wait_seconds == (13 + 1) / 2 * 86_400
    assert found.oldest_seconds == 11 * 86_400
    assert (found.own, found.self_service) == (3, 3 / 7)
    nothing = measured([], [], since, until)
    assert (nothing.self_service, nothing.median_wait_seconds, nothing.oldest_seconds) == (None, None, None)


def test_a_request_that_nobody_takes_care_of_is_on_the_board(shop: Clone) -> None:
    def asked(service: Service) -> list[tuple[str, str]]:
        return [(each.what, each.action.command) for each in service.board.show().needs if each.kind == "request"]

    with shop.opened() as service:
        for each in service.requests.list():
            by(service, each.request.who).requests.withdraw(each.request.number)
        before = service.board.mark()
        assert asked(service) == []
        number = by(service, "ben").requests.ask(NewRequest("who left in May")).request.number
        assert service.board.mark() != before
        command = f"andon claim {number}"
        assert asked(service) == [("ben asked for: who left in May", command)]
        by(service, "cleo").requests.join(number)
        assert asked(service) == [("ben and 1 other asked for: who left in May", command)]
        service.branches.create("beside")
        assert [each for each in service.board.show("beside").needs if each.kind == "request"] == []
        by(service, "ana").requests.claim(number)
        assert asked(service) == []
