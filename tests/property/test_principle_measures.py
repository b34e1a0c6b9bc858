"""Measures of the principles over random records, beside a count by hand; of nothing there is no number."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median

import pytest

from andon.base.clock import from_text, to_text
from andon.model.commit import Commit, CommitKind
from andon.operations.review.actions import ReviewedAction
from andon.operations.review.changes import ReviewedChange
from andon.service import principle_measures as measures
from andon.service.principle_cards import PRINCIPLES
from andon.service.principle_measures import ChangeFact, RebuiltVersion, Recorded, RunFact, UndoFact, Window
from andon.state.spending import SpentQuestion

START = datetime(2026, 10, 1, tzinfo=UTC)
PEOPLE = ("ana", "ben", "cleo", "andon")


def last_of_each(facts: Recorded, inside: Callable[[str], bool]) -> list[bool]:
    """What came out last of each version that was built again in time."""
    found = []
    for build in {each.build for each in facts.rebuilds}:
        own = [each for each in facts.rebuilds if each.build == build and inside(each.at)]
        latest = max((each.at for each in own), default="")
        found += [each.is_same for each in own if each.at == latest][-1:]
    return found


def made(chance: random.Random) -> Recorded:
    def at() -> str:
        return to_text(START + timedelta(hours=chance.randrange(24 * 60)))

    history, changes, undos = [], [], []
    for number in range(chance.randrange(30)):
        kind = chance.choice([CommitKind.CHANGE, CommitKind.PUBLISH, CommitKind.REFRESH])
        run = chance.choice([None, number])
        commit = Commit(f"c{number}", ("p",), number, "r", kind, chance.choice(PEOPLE), "", at(), run)
        history.append(commit)
        if kind is not CommitKind.REFRESH:
            began = (
                to_text(from_text(commit.time) - timedelta(hours=chance.randrange(50)))
                if chance.random() < 0.5
                else None
            )
            names = tuple(f"d{chance.randrange(6)}" for _ in range(chance.randrange(4)))
            changes.append(ChangeFact(ReviewedChange(commit, began), names))
            if chance.random() < 0.3:
                when = to_text(from_text(commit.time) + timedelta(hours=chance.randrange(9)))
                history.append(
                    Commit(f"u{number}", ("p",), number, "r", CommitKind.UNDO, "ana", "", when, None, target=commit.id)
                )
                undos.append(UndoFact(when, commit.time))
    history.sort(key=lambda commit: commit.time, reverse=True)
    return Recorded(
        questions=tuple(
            SpentQuestion(
                at(), chance.choice(PEOPLE), chance.choice(["cli", "show"]), (f"d{chance.randrange(6)}",), 1, None, True
            )
            for _ in range(chance.randrange(20))
        ),
        runs=tuple(RunFact(at(), chance.choice(PEOPLE)) for _ in range(chance.randrange(20))),
        actions=tuple(
            ReviewedAction("reload", "d", "check", chance.random() < 0.5, at(), True)
            for _ in range(chance.randrange(9))
        ),
        history=tuple(history),
        code=tuple(changes),
        undos=tuple(undos),
        rebuilds=tuple(
            RebuiltVersion(at(), f"b{chance.randrange(5)}", chance.random() < 0.5) for _ in range(chance.randrange(9))
        ),
        began=to_text(START),
    )


@pytest.mark.parametrize("seed", range(40))
def test_measures_are_what_is_counted_by_hand(seed: int) -> None:
    chance = random.Random(seed)
    facts = made(chance)
    begin = START + timedelta(days=chance.randrange(40))
    window = Window(to_text(begin), to_text(begin + timedelta(days=chance.randint(1, 20))))

    def inside(at: str | None) -> bool:
        return at is not None and window.since <= at < window.until

    def share(own: list[bool]) -> float | None:
        return sum(own) / len(own) if own else None

    def middle(own: list[float]) -> float | None:
        return median(own) if own else None

    def seconds(one: str, other: str) -> float:
        return (from_text(other) - from_text(one)).total_seconds()

    code = [each for each in facts.code if inside(each.at)]
    undone = {commit.target for commit in facts.history if commit.kind is CommitKind.UNDO}
    expected = {
        measures.runs_alone: share([run.author == "andon" for run in facts.runs if inside(run.at)]),
        measures.corrections_alone: share([each.is_by_itself for each in facts.actions if inside(each.at)]),
        measures.rebuilt_same: share(last_of_each(facts, inside)),
        measures.change_failures: share([each.change.commit.id in undone for each in code]),
        measures.change_size: middle([len(each.datasets) for each in code]),
        measures.lead_time: middle([seconds(each.change.began, each.at) for each in code if each.change.began]),
        measures.undo_time: middle([seconds(each.published, each.at) for each in facts.undos if inside(each.at)]),
        measures.publishes: sum(inside(each.time) for each in facts.history if each.run is not None)
        / (seconds(window.since, window.until) / 604_800),
        measures.both_roles: share(
            [
                any(
                    question.who != "andon"
                    and any(c.change.commit.author != question.who for c in code if name in c.datasets)
                    and question.face == "cli"
                    and name in question.datasets
                    and inside(question.at)
                    for question in facts.questions
                )
                for name in sorted({name for each in code for name in each.datasets})
            ]
        ),
        measures.bus_factor: _bus_factor([each.change.commit.author for each in code]),
    }
    found = {measure: measure(facts, window).value for measure in expected}
    assert {m.__name__: v for m, v in found.items()} == {
        m.__name__: None if v is None else pytest.approx(v) for m, v in expected.items()
    }


def _bus_factor(authors: list[str]) -> int | None:
    """By trying all sets of people."""
    people = [each for each in authors if each != "andon"]
    names = sorted(set(people))
    sets = [[name for place, name in enumerate(names) if number >> place & 1] for number in range(2 ** len(names))]
    sizes = [len(some) for some in sets if 2 * sum(person in some for person in people) > len(people)]
    return min(sizes, default=None)


def test_of_nothing_there_is_no_number() -> None:
    window = Window(to_text(START), to_text(START + timedelta(days=30)))
    nothing = Recorded(began=window.until)
    told = [spec.told for principle in PRINCIPLES for spec in principle.measures if spec.told is not None]
    assert [each.__name__ for each in told if each(nothing, window).value is not None] == []
