"""Questions about datasets and columns: asked and answered by anybody, and standing with what they are about whatever it is called."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from andon.errors import AndonError, UsageError
from andon.model.dataset_question import QuestionState
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.dataset_questions import LONGEST, QuestionDesk
from andon.service.service import Service
from andon.state.dataset_questions import DatasetQuestions
from andon.workspace.caller import Caller
from kit.clones import FILES, Clone

OPEN, ANSWERED, WITHDRAWN = QuestionState
AGREED = RunOptions(agreed=ANY_PLAN)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    clone = Clone(tmp_path_factory.mktemp("questions") / "acme")
    clone.fill(FILES)
    clone.run()
    return clone


@pytest.fixture
def own(shop: Clone, tmp_path: Any) -> Clone:
    clone = Clone(tmp_path / "acme")
    clone.fill(FILES)
    clone.run()
    return clone


def by(service: Service, who: str) -> QuestionDesk:
    return service.by(Caller(who, "python")).dataset_questions


def refused(ask: Callable[[], object]) -> str:
    with pytest.raises(AndonError) as error:
        ask()
    assert error.value.hint
    return error.value.code


def open_about(service: Service, subject: str | None = None) -> list[str]:
    return [each.question.what for each in service.dataset_questions.list(subject)]


def test_a_question_from_asking_to_the_answer(shop: Clone) -> None:
    with shop.opened() as service:
        ben, ana, cleo = (by(service, who) for who in ("ben", "ana", "cleo"))
        asked = ben.ask("marts.totals.AMOUNT", "  Is tax in it? \r\nOr not? ")
        number = asked.question.number
        assert (asked.subject, asked.gone, asked.question.what) == (
            "marts.totals.amount",
            None,
            "Is tax in it?\nOr not?",
        )
        assert ben.ask("marts.totals.amount", "Is tax in it?\nOr not?").question == asked.question, "asked twice"
        assert number in {each.question.number for each in cleo.list("marts.totals")}
        assert number in {each.question.number for each in cleo.list("marts.totals.amount")}
        assert number not in {each.question.number for each in cleo.list("marts.best")}
        assert refused(lambda: ben.close(number)) == "question.no_answer"
        assert cleo.answer(number, "Which tax?", settles=False).question.state is OPEN
        done = ana.answer(number, "No: it is net.").question
        assert (done.state, done.ended_by) == (ANSWERED, "ana")
        assert done.first_answer is not None
        assert done.first_answer.what == "No: it is net."
        assert ana.answer(number, "No: it is net.").question == done, "answered twice"
        assert number not in {each.question.number for each in ben.list()}
        assert number in {each.question.number for each in ben.list(with_ended=True)}
        assert refused(lambda: by(service, "zoe").reopen(number)) == "question.not_yours"
        again = ben.reopen(number, "and shipping?").question
        assert (again.state, again.ended, again.answers[-1].what) == (OPEN, None, "and shipping?")
        assert ben.close(number).question.state is ANSWERED
        assert refused(lambda: ben.show(999)) == "question.none"


def test_each_changes_and_takes_back_only_own_words(shop: Clone) -> None:
    with shop.opened() as service:
        ben, ana, cleo = (by(service, who) for who in ("ben", "ana", "cleo"))
        number = ben.ask("marts.best", "Who is it?").question.number
        ana.answer(number, "Ada.")
        for ask in (
            lambda: ana.edit(number, "Who was it?"),
            lambda: ben.edit(number, "Eve.", 1),
            lambda: cleo.withdraw(number),
            lambda: ben.withdraw(number, 1),
        ):
            assert refused(ask) == "question.not_yours"
        assert refused(lambda: ana.edit(number, "Eve.", 2)) == "question.none"
        assert refused(lambda: ana.edit(number)) == "usage.bad_argument"
        edited = ben.edit(number, "Who was it?").question
        assert (edited.what, edited.edited is None) == ("Who was it?", False)
        assert ana.edit(number, "Ada, by far.", 1).question.answers[0].what == "Ada, by far."
        assert ana.withdraw(number, 1).question.state is OPEN, "nobody answers it any more"
        assert ben.withdraw(number).question.state is WITHDRAWN
        assert ben.withdraw(number).question.state is WITHDRAWN
        assert refused(lambda: ana.answer(number, "Ada.")) == "question.over"
        assert number not in {each.question.number for each in ben.of("marts.best", shop.head())}
        assert ben.reopen(number).question.state is OPEN
        ben.withdraw(number)


@pytest.mark.parametrize(
    ("subject", "what", "code"),
    [
        ("marts.totals", " \n ", "usage.bad_argument"),
        ("marts.totals", "x" * (LONGEST + 1), "usage.bad_argument"),
        ("marts.totals", "a\0b", "usage.bad_argument"),
        ("marts.totals", "\ud800", "usage.bad_argument"),
        ("marts.total", "x", "lake.dataset_not_found"),
        ("totals", "x", "lake.dataset_not_found"),
        ("", "x", "lake.dataset_not_found"),
        ("marts.totals.amonut", "x", "lake.column_not_found"),
        ("marts.totals.", "x", "lake.column_not_found"),
    ],
)
def test_what_is_no_question_is_refused_and_nothing_is_kept(shop: Clone, subject: str, what: str, code: str) -> None:
    with shop.opened() as service:
        before = service.dataset_questions.list(with_ended=True)
        with pytest.raises(UsageError) as error:
            service.dataset_questions.ask(subject, what)
        assert (error.value.code, bool(error.value.hint)) == (code, True)
        assert service.dataset_questions.list(with_ended=True) == before
        if subject == "marts.totals.amonut":
            assert "`amount`" in str(error.value.hint)


def test_of_many_who_answer_at_once_nothing_is_lost(shop: Clone) -> None:
    with shop.opened() as service:
        number = service.dataset_questions.ask("marts.count", "raced for?").question.number
    start, wrong = threading.Barrier(4), []

    def answer(who: str) -> None:
        with closing(shop.open()) as service:
            start.wait()
            try:
                by(service, who).answer(number, f"as {who} says")
                by(service, who).ask("marts.count", f"{who} asks")
            except AndonError as error:
                wrong.append(error)

    threads = [threading.Thread(target=answer, args=(f"p{index}",)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    with shop.opened() as service:
        found = service.dataset_questions.show(number).question
        assert {each.who for each in found.answers} == {"p0", "p1", "p2", "p3"}
        assert [each.number for each in found.answers] == [1, 2, 3, 4]
        asked = [each.question for each in service.dataset_questions.list("marts.count")]
        assert {each.who for each in asked} == {"p0", "p1", "p2", "p3"}
        assert len({each.number for each in asked}) == 4


def test_a_question_goes_with_its_dataset_and_back_with_an_undo(own: Clone) -> None:
    with own.opened() as service:
        service.dataset_questions.ask("marts.totals.amount", "Is tax in it?")
        before = service.workspace.lake.refs.head("main").id
        assert service.renaming.rename("marts.totals", "marts.sums", AGREED).published
        (now,) = service.dataset_questions.list()
        assert (now.subject, now.gone, now.question.subject) == ("marts.sums.amount", None, "marts.totals.amount")
        assert open_about(service, "marts.totals") == open_about(service, "marts.sums") == ["Is tax in it?"]
        (then,) = service.dataset_questions.list(at=before)
        assert then.subject == "marts.totals.amount"
        service.dataset_questions.ask("marts.sums", "Since when?")
        service.undoing.undo()
        assert {each.subject for each in service.dataset_questions.list()} == {"marts.totals.amount", "marts.totals"}
        assert service.renaming.rename("marts.totals", "marts.amounts", AGREED).published
        assert {each.subject for each in service.dataset_questions.list()} == {"marts.amounts.amount", "marts.amounts"}


def test_a_question_stands_where_its_dataset_has_a_name_of_a_branch(own: Clone) -> None:
    with own.opened() as service:
        service.branches.create("names")
        aside = RunOptions(branch="names", agreed=ANY_PLAN)
        service.renaming.rename("marts.count", "marts.number", aside)
        service.dataset_questions.ask("marts.count.n", "Of what?")
        service.dataset_questions.ask("marts.number", "Since when?", at="names")
        assert {each.subject for each in service.dataset_questions.list()} == {"marts.count.n", "marts.count"}
        assert {each.subject for each in service.dataset_questions.list(at="names")} == {
            "marts.number.n",
            "marts.number",
        }
    assert own.publish("names").published
    with own.opened() as service:
        assert {each.subject for each in service.dataset_questions.list()} == {"marts.number.n", "marts.number"}


def test_a_question_about_a_column_goes_with_it_and_is_told_where_it_is_gone(own: Clone) -> None:
    with own.opened() as service:
        service.dataset_questions.ask("marts.count.n", "Of what?")
        service.dataset_questions.ask("marts.count.N", "Since when?")
    own.write(
        "datasets/marts/count.sql",
        "/*---\ncolumns: {orders: {was: n}}\n---*/\nselect count(*) as orders from shop.orders\n",
    )
    own.run()
    with own.opened() as service:
        assert {each.subject for each in service.dataset_questions.list()} == {"marts.count.orders"}
        assert service.renaming.rename("marts.count", "marts.numbers", AGREED).published
        assert {each.subject for each in service.dataset_questions.list()} == {"marts.numbers.orders"}
    own.write("datasets/marts/numbers.sql", "select 1 as one from shop.orders\n")
    own.run()
    with own.opened() as service:
        assert {(each.gone, each.question.subject) for each in service.dataset_questions.list()} == {
            ("column", "marts.count.n")
        }
        assert service.renaming.retire(["marts.numbers"], AGREED).published
        (one, _) = service.dataset_questions.list()
        assert (one.dataset, one.gone) == ("marts.numbers", "dataset")
        assert open_about(service, "marts.numbers") == ["Of what?", "Since when?"]
        moved = service.dataset_questions.edit(one.question.number, subject="marts.best.customer")
        assert (moved.subject, moved.gone) == ("marts.best.customer", None)


def test_a_second_folder_on_the_lake_sees_and_answers_them(own: Clone, tmp_path: Any) -> None:
    with own.opened() as service:
        number = service.dataset_questions.ask("marts.totals", "Since „Müller“ — 'quoted'? 你好 🙂").question.number
    other = Clone(tmp_path / "other", author="ben", environ=lake_of(own))
    other.fill(FILES)
    with other.opened() as service:
        assert open_about(service) == ["Since „Müller“ — 'quoted'? 你好 🙂"]
        service.dataset_questions.answer(number, "Ja.")
    with own.opened() as service:
        assert service.dataset_questions.show(number).question.ended_by == "ben"


def lake_of(clone: Clone) -> dict[str, str]:
    state = clone.root / ".andon"
    return {"ANDON_CATALOG": str(state / "catalog.db"), "ANDON_STORAGE": str(state / "lake")}


def test_an_open_question_is_on_the_board_with_its_age_and_its_owner_first(own: Clone) -> None:
    own.write("datasets/marts/totals.sql", f"/*---\nowner: cleo\n---*/\n{FILES['datasets/marts/totals.sql']}")
    own.run()

    def asked(service: Service) -> list[tuple[object, ...]]:
        needs = [each for each in service.board.show().needs if each.kind == "question"]
        return [(each.datasets, each.what, each.owner, each.action.command) for each in needs]

    with own.opened() as service:
        before = service.board.mark()
        assert asked(service) == []
        number = by(service, "ben").ask("marts.totals.amount", "Is tax\nin it? " + "x" * 300).question.number
        assert service.board.mark() != before
        ((datasets, what, owner, command),) = asked(service)
        assert (datasets, owner, command) == (["marts.totals"], "cleo", f'andon question answer {number} "…"')
        assert str(what).startswith("ben asks of `amount`: Is tax in it? x")
        assert len(str(what)) < 200
        since = next(each.since for each in service.board.show().needs if each.kind == "question")
        assert since == service.dataset_questions.show(number).question.at
        service.branches.create("beside")
        assert [each for each in service.board.show("beside").needs if each.kind == "question"] == []
        by(service, "ana").answer(number, "No.")
        assert asked(service) == []


def test_a_dataset_is_found_by_what_was_asked_and_answered(own: Clone) -> None:
    def found(service: Service, words: str) -> list[str]:
        return [hit.dataset for hit in service.catalog.find(words).hits]

    with own.opened() as service:
        assert found(service, "surcharge") == []
        number = by(service, "ben").ask("marts.totals", "Is the surcharge in it?").question.number
        assert found(service, "surcharge") == ["marts.totals"]
        snippet = service.catalog.find("surcharge").hits[0].snippet
        assert snippet is not None
        assert (snippet.place, snippet.text) == ("question", "Is the surcharge in it?")
        by(service, "ana").answer(number, "Only postage is.")
        assert found(service, "postage") == ["marts.totals"]
        service.renaming.rename("marts.totals", "marts.sums", AGREED)
        assert found(service, "postage") == ["marts.sums"]
        by(service, "ben").withdraw(number)
        assert found(service, "postage") == found(service, "surcharge") == []


def test_the_page_of_a_dataset_counts_them(own: Clone) -> None:
    with own.opened() as service:
        assert "questions" not in service.datasets.show("marts.totals", rows=0).to_json()
        number = by(service, "ben").ask("marts.totals", "Is tax in it?").question.number
        by(service, "ben").ask("marts.totals.amount", "In euros?")
        by(service, "ana").answer(number, "No.")
        shown = service.datasets.show("marts.totals", rows=0).to_json()
        assert shown["questions"] == {"open": 1, "answered": 1}


def test_a_rename_is_noted_with_its_publish_or_not_at_all(own: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError("the disk is full")

    with own.opened() as service:
        service.dataset_questions.ask("marts.count", "Of what?")
        with monkeypatch.context() as patched:
            patched.setattr(DatasetQuestions, "add_rename", broken)
            with pytest.raises(OSError, match="full"):
                service.renaming.rename("marts.count", "marts.number", AGREED)
        assert [each.subject for each in service.dataset_questions.list()] == ["marts.count"]
        assert service.renaming.rename("marts.count", "marts.number", AGREED).published
        assert [each.subject for each in service.dataset_questions.list()] == ["marts.number"]
        assert len(service.workspace.dataset_questions.renames()) == 1


def test_what_somebody_asks_says_less_than_what_a_dataset_is(own: Clone) -> None:
    described = f"/*---\ndescription: Refunds by customer.\n---*/\n{FILES['datasets/marts/totals.sql']}"
    own.write("datasets/marts/totals.sql", described)
    own.run()
    with own.opened() as service:
        for index in range(3):
            service.dataset_questions.ask("marts.best", f"Are refunds in it? {index}")
        assert [hit.dataset for hit in service.catalog.find("refunds").hits] == ["marts.totals", "marts.best"]


def test_of_two_processes_that_answer_at_once_both_are_kept(own: Clone) -> None:
    with own.opened() as service:
        number = service.dataset_questions.ask("marts.count", "raced for?").question.number
    started = []
    for who in ("ben", "cleo"):
        command = [
            sys.executable,
            "-m",
            "andon.cli",
            "-C",
            str(own.root),
            "question",
            "answer",
            str(number),
            f"{who} says",
        ]
        environ = {**os.environ, "ANDON_AUTHOR": who, "HOME": str(own.root)}
        started.append(subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE))
    told = [each.communicate() for each in started]
    assert [each.returncode for each in started] == [0, 0], told
    with own.opened() as service:
        found = service.dataset_questions.show(number).question
        assert {(each.who, each.what) for each in found.answers} == {("ben", "ben says"), ("cleo", "cleo says")}
