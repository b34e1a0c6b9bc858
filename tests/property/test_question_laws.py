"""Questions stand with what they are about, and are as people left them, whatever they did in whatever order."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from andon.errors import AndonError
from andon.model.dataset_question import DatasetRename, QuestionState, last_left, names_linked, place_of
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.service import Service
from andon.workspace.caller import Caller
from kit.clones import FILES, Clone

OPEN, ANSWERED, WITHDRAWN = QuestionState

# -- where a question stands: names that move, beside what really has them

Shown = dict[str, int]


@dataclass
class Names:
    """Datasets by their names on two branches; each is a number, which a rename leaves."""

    branches: dict[str, list[Shown]] = field(default_factory=lambda: {"main": [{"m.a": 0}], "aside": [{"m.a": 0}]})
    undone: dict[str, list[Shown]] = field(default_factory=lambda: {"main": [], "aside": []})
    renames: list[DatasetRename] = field(default_factory=list)
    asked: list[tuple[str, int, int]] = field(default_factory=list)
    fresh: int = 1
    moved: bool = False

    def now(self, branch: str) -> Shown:
        return self.branches[branch][-1]

    def _next(self, branch: str, shown: Shown) -> None:
        self.branches[branch].append(shown)
        self.undone[branch].clear()
        self.moved = self.moved or branch == "main"

    def rename(self, branch: str, pick: int) -> None:
        names = sorted(self.now(branch))
        old, new = names[pick % len(names)], f"m.n{self.fresh}"
        self.fresh += 1
        self._renamed(branch, old, new)

    def _renamed(self, branch: str, old: str, new: str) -> None:
        shown = self.now(branch)
        since = last_left(old, self.renames, shown)
        self.renames.append(DatasetRename(len(self.renames) + 1, old, new, "c", since))
        self._next(branch, {new if name == old else name: id for name, id in shown.items()})

    def back(self, branch: str, pick: int) -> None:
        """One is called again as it was called before, where another branch has no other dataset of that name."""
        shown = self.now(branch)
        known = {**self.now("aside"), **self.now("main")}
        ways = [each for each in self.renames if each.new in shown and each.old not in {*shown, *known}]
        if ways:
            way = ways[pick % len(ways)]
            self._renamed(branch, way.new, way.old)

    def make(self, branch: str, pick: int) -> None:
        """A new dataset, perhaps under a name that a rename left. Under one that a rename gave and an undo took back nothing tells that
        it is another one: decision 35."""
        shown = self.now(branch)
        given = {each.new for each in self.renames}
        left = [each.old for each in self.renames if each.new in shown and each.old not in {*shown, *given}]
        name = left[pick % len(left)] if left and pick % 2 else f"m.n{self.fresh}"
        self.fresh += 1
        self._next(branch, {**shown, name: self.fresh})

    def undo(self, branch: str, pick: int) -> None:
        if len(self.branches[branch]) > 1:
            self.undone[branch].append(self.branches[branch].pop())

    def redo(self, branch: str, pick: int) -> None:
        if self.undone[branch]:
            self.branches[branch].append(self.undone[branch].pop())

    def publish(self, branch: str, pick: int) -> None:
        if not self.moved:
            self._next("main", dict(self.now("aside")))

    def ask(self, branch: str, pick: int) -> None:
        names = sorted(self.now(branch))
        name = names[pick % len(names)]
        since = last_left(name, self.renames, self.now(branch))
        self.asked.append((name, since, self.now(branch)[name]))


DEEDS = ("rename", "back", "make", "undo", "redo", "publish", "ask", "ask")


@given(st.lists(st.tuples(st.sampled_from(DEEDS), st.sampled_from(["main", "aside"]), st.integers(0, 5)), max_size=14))
@settings(max_examples=150)
def test_a_question_stands_with_the_dataset_that_it_was_asked_about(deeds: list[tuple[str, str, int]]) -> None:
    world = Names()
    for deed, branch, pick in deeds:
        getattr(world, deed)(branch, pick)
        for shown in (world.now("main"), world.now("aside")):
            names = {id: name for name, id in shown.items()}
            for asked, then, id in world.asked:
                place = place_of(asked, then, world.renames, shown)
                if id in names:
                    assert (place.dataset, place.is_there) == (names[id], True)
                assert asked in names_linked(place.dataset, world.renames)


# -- what becomes of a question: a lake, beside what is said to have happened


@dataclass
class Told:
    """A question as people left it."""

    who: str
    state: QuestionState = OPEN
    answers: list[tuple[str, str, bool] | None] = field(default_factory=list)

    def act(self, deed: str, who: str, number: int, pick: int) -> str | None:
        """Do it; the code of the error where it may not be done."""
        is_own = who == self.who or any(each is not None and each[0] == who for each in self.answers)
        if deed == "reopen":
            if not is_own or (self.state is WITHDRAWN and who != self.who):
                return "question.not_yours"
            self.state = OPEN
            return None
        if self.state is WITHDRAWN:
            return None if (deed, who) == ("withdraw", self.who) else "question.over"
        if deed in ("answer", "remark"):
            said = (who, f"{deed} {pick}", deed == "answer")
            self.answers += [said] if said not in self.answers else []
            self.state = ANSWERED if deed == "answer" else self.state
        elif deed == "close":
            if not is_own:
                return "question.not_yours"
            if not any(self.answers):
                return "question.no_answer"
            self.state = ANSWERED
        elif deed == "withdraw":
            if who != self.who:
                return "question.not_yours"
            self.state = WITHDRAWN
        else:
            return self._withdraw_answer(who, pick)
        return None

    def _withdraw_answer(self, who: str, pick: int) -> str | None:
        found = self.answers[pick - 1] if pick <= len(self.answers) else None
        if found is None:
            return "question.none"
        if found[0] != who:
            return "question.not_yours"
        self.answers[pick - 1] = None
        if self.state is ANSWERED and not any(each is not None and each[2] for each in self.answers):
            self.state = OPEN
        return None


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    clone = Clone(tmp_path_factory.mktemp("laws") / "acme")
    clone.fill(FILES)
    clone.run()
    return clone


def done(service: Service, deed: str, who: str, number: int, pick: int) -> str | None:
    desk = service.by(Caller(who, "python")).dataset_questions
    try:
        if deed in ("answer", "remark"):
            desk.answer(number, f"{deed} {pick}", settles=deed == "answer")
        elif deed == "withdraw answer":
            desk.withdraw(number, pick)
        else:
            getattr(desk, deed)(number)
    except AndonError as error:
        return error.code
    return None


PEOPLE = st.sampled_from(["ana", "ben", "cleo"])
ACTS = st.sampled_from(["answer", "remark", "close", "reopen", "withdraw", "withdraw answer"])


@given(PEOPLE, st.lists(st.tuples(ACTS, PEOPLE, st.integers(1, 3)), max_size=12))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_question_is_as_people_left_it(lake: Clone, who: str, acts: list[tuple[str, str, int]]) -> None:
    with lake.opened() as service:
        desk = service.by(Caller(who, "python")).dataset_questions
        number = desk.ask("marts.totals", f"{len(desk.list(with_ended=True))}?").question.number
        told = Told(who)
        for deed, actor, pick in acts:
            assert done(service, deed, actor, number, pick) == told.act(deed, actor, number, pick)
            found = desk.show(number).question
            assert found.state is told.state
            assert (found.ended is None) == (told.state is OPEN)
            kept = {index: each for index, each in enumerate(told.answers, 1) if each is not None}
            assert {each.number: (each.who, each.what, each.settles) for each in found.answers} == kept
        assert (number in {each.question.number for each in desk.list()}) == (told.state is OPEN)


WAYS = st.sampled_from(["rename", "rename aside", "undo", "redo", "ask"])
OTHERS = {"shop.orders", "marts.totals", "marts.best"}


def renamed(service: Service, name: str, new: str, branch: str | None = None) -> None:
    assert service.renaming.rename(name, new, RunOptions(agreed=ANY_PLAN, branch=branch)).published


def renamed_aside(service: Service, name: str, new: str) -> None:
    """Renamed on a branch, looked at there, and published."""
    service.branches.create("aside")
    renamed(service, name, new, "aside")
    assert {each.dataset for each in service.dataset_questions.list(at="aside")} == {new}
    assert {each.dataset for each in service.dataset_questions.list()} == {name}
    assert service.branches.publish("aside", options=RunOptions(agreed=ANY_PLAN)).published
    service.branches.drop("aside")


@given(st.lists(WAYS, min_size=3, max_size=6))
@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
def test_questions_are_where_their_dataset_is(tmp_path_factory: pytest.TempPathFactory, ways: list[str]) -> None:
    clone = Clone(tmp_path_factory.mktemp("ways") / "acme")
    clone.fill(FILES)
    clone.run()
    before, after = ["marts.count"], list[str]()
    asked = 0
    with clone.opened() as service:
        for fresh, way in enumerate(["ask", *ways]):
            if way == "ask":
                service.dataset_questions.ask(f"{before[-1]}.n", f"question {asked}")
                asked += 1
            elif way == "undo" and len(before) > 1:
                service.undoing.undo()
                after.append(before.pop())
            elif way == "redo" and after:
                service.undoing.redo()
                before.append(after.pop())
            elif way in ("rename", "rename aside"):
                (renamed if way == "rename" else renamed_aside)(service, before[-1], f"marts.n{fresh}")
                before.append(f"marts.n{fresh}")
                after.clear()
            leaves = service.workspace.lake.commits.state(service.workspace.lake.refs.head("main")).leaves
            assert leaves.keys() - OTHERS == {before[-1]}
            found = service.dataset_questions.list()
            assert [(each.subject, each.gone) for each in found] == [(f"{before[-1]}.n", None)] * asked
