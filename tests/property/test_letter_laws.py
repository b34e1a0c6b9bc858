"""Laws of approvals and letters, over whatever two people do in two folders on one lake, on branches, with undos and redos."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from andon.errors import AndonError
from andon.model.commit import CommitKind
from andon.model.letter import Letter
from andon.model.person import person_key
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.runs.reviews import owned_changes
from andon.service.requests import NewRequest
from andon.service.service import Service
from andon.workspace.caller import Caller
from kit.clones import FILES, Clone

FILE = "datasets/marts/totals.sql"
YES = RunOptions(agreed=ANY_PLAN)
PEOPLE = ("ana", "ben", "Cleo")


def totals(value: int, keys: str = "owner: ana\nreview: owner\n") -> str:
    text = f"select customer, sum(amount) + {value} as amount from shop.orders group by customer\n"
    return f"/*---\n{keys}---*/\n{text}"


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two folders on one lake."""
    place = tmp_path_factory.mktemp("letters")
    clones = folders(place)
    clones["ana"].fill({**FILES, FILE: totals(0)})
    clones["ana"].run()
    copytree(clones["ana"].root, clones["ben"].root, ignore=lambda *_: [".andon"])
    clones["ben"].run()
    return place


def folders(place: Path) -> dict[str, Clone]:
    places = {"ANDON_STORAGE": str(place / "lake"), "ANDON_CATALOG": str(place / "catalog.db")}
    return {who: Clone(place / who, who, environ=places) for who in ("ana", "ben")}


@contextlib.contextmanager
def opened(place: Path) -> Iterator[tuple[dict[str, Clone], dict[str, Service]]]:
    clones = folders(place)
    services = {who: clone.open() for who, clone in clones.items()}
    try:
        yield clones, services
    finally:
        for service in services.values():
            service.close()


#: What is done: by whom it matters, and with which code.
DEEDS = st.lists(
    st.tuples(
        st.sampled_from(
            ("run", "run", "branch", "publish", "drop", "approve", "withdraw", "undo", "redo", "refresh", "own")
        ),
        st.sampled_from(("ana", "ben", "ben")),
        st.integers(0, 2),
    ),
    min_size=3,
    max_size=9,
)


def do(deed: str, who: str, value: int, clones: dict[str, Clone], services: dict[str, Service]) -> None:
    service, clone = services[who], clones[who]
    match deed:
        case "run" | "branch":
            clone.write(FILE, totals(value))
            service.runs.run(RunOptions(agreed=ANY_PLAN, branch="idea" if deed == "branch" else None))
        case "own":
            clone.write(FILE, totals(value, "owner: ben\n"))
            service.runs.run(YES)
        case "publish":
            service.branches.publish("idea", options=YES)
        case "drop":
            service.branches.drop("idea")
        case "approve" | "withdraw":
            held = service.changes.held("main")
            ref = f"run:{held[0]}" if held else "idea"
            (service.approving.approve if deed == "approve" else service.approving.withdraw)(ref)
        case "undo":
            service.undoing.undo()
        case "redo":
            service.undoing.redo()
        case _:
            service.runs.refresh(YES)


@settings(
    max_examples=int(os.environ.get("LETTER_EXAMPLES", "4")),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(DEEDS)
def test_whatever_is_done_nothing_passes_unapproved_and_nobody_is_told_twice_or_of_their_own(
    start: Path, tmp_path_factory: pytest.TempPathFactory, deeds: list[tuple[str, str, int]]
) -> None:
    place = tmp_path_factory.mktemp("deeds") / "shop"
    copytree(start, place)
    with opened(place) as (clones, services):
        workspace = services["ana"].workspace
        lake, before, published = workspace.lake, workspace.lake.refs.resolve("main"), 0
        for deed, who, value in deeds:
            with contextlib.suppress(AndonError):  # it may be refused: what holds is told below
                do(deed, who, value, clones, services)
            head = lake.refs.resolve("main")
            assert before.id in (head.id, head.parent)
            for commit in [head] if head.id != before.id else []:
                owned = owned_changes(workspace, lake.commits.state(before), lake.commits.state(commit))
                others = {
                    n for n in owned.changes if person_key(owned.said[n].owner or "") != person_key(commit.author)
                }
                published += len(others)
                if commit.kind in (CommitKind.UNDO, CommitKind.REDO):
                    continue
                standing = {each.change for each in workspace.approvals.of(owned.changes.values())}
                waits = {n for n in owned.reviewed if n in others and owned.changes[n] not in standing}
                assert not waits, f"{deed} by {who} passed without an approval"
            before = head
        letters = [each for one in PEOPLE for each in workspace.letters.of(one, all=True)]
        assert sum(len(each.datasets) for each in letters if each.kind == "published") == published
        letter_laws(letters)


def letter_laws(letters: list[Letter]) -> None:
    """Nobody is told of what they did, and of what stands nothing twice."""
    assert all(person_key(each.person) != person_key(each.who) for each in letters)
    standing = [
        (person_key(each.person), each.kind, each.subject, name)
        for each in letters
        if each.ended is None
        for name in each.datasets or [""]
    ]
    assert len(standing) == len(set(standing))


REQUEST_DEEDS = st.lists(
    st.tuples(st.sampled_from(("claim", "leave", "join", "answer", "withdraw")), st.sampled_from(PEOPLE)), max_size=8
)


class Told:
    """What each person should be told of one request."""

    def __init__(self, asked_of: str | None) -> None:
        self.needs, self.cares = ["ben"], ""
        self.standing: dict[str, set[str]] = {person_key(who): set() for who in PEOPLE}
        self._tell("asked", [asked_of or ""], "ben", ())

    def did(self, deed: str, who: str) -> None:
        """Somebody did it, and was let."""
        match deed:
            case "join":
                self.needs.append(who)
            case "claim" if self.cares != who:
                self.cares = who
                self._tell("claimed", self.needs, who, ("asked", "left"))
            case "leave" if self.cares:
                before, self.cares = self.cares, ""
                self._tell("left", [*self.needs, before], who, ("claimed",))
            case "answer" | "withdraw":
                kind = {"answer": "answered", "withdraw": "withdrawn"}[deed]
                self._tell(kind, [*self.needs, self.cares], who, ("asked", "left", "claimed"))

    def _tell(self, kind: str, people: list[str], who: str, ends: tuple[str, ...]) -> None:
        for found in self.standing.values():
            found.difference_update(ends)
        for each in {person_key(each) for each in people} - {person_key(who), ""}:
            self.standing[each].add(kind)


@settings(
    max_examples=int(os.environ.get("LETTER_EXAMPLES", "12")),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.sampled_from([*PEOPLE, "Ana ", None]), REQUEST_DEEDS)
def test_what_people_are_told_of_a_request_is_so(
    start: Path, asked_of: str | None, deeds: list[tuple[str, str]]
) -> None:
    with opened(start) as (_, services):
        by = {who: services["ana"].by(Caller(who, "python")) for who in PEOPLE}
        number = by["ben"].requests.ask(NewRequest(f"x{os.urandom(8).hex()}", asked_of=asked_of)).request.number
        told = Told(asked_of)
        is_over = False
        for deed, who in deeds:
            desk = by[who].requests
            verbs = {"claim": desk.claim, "leave": desk.unclaim, "join": desk.join, "withdraw": desk.withdraw}
            try:
                desk.answer(number, "marts.totals") if deed == "answer" else verbs[deed](number)
            except AndonError:
                continue  # somebody else has it, or it is over: nobody hears of that
            if not is_over:  # asked again it is the same answer
                told.did(deed, who)
            is_over = is_over or deed in ("answer", "withdraw")
        letters = [each for who in PEOPLE for each in by[who].letters.list() if each.subject == f"request {number}"]
        letter_laws(letters)
        for who in PEOPLE:
            found = {str(each.kind) for each in letters if person_key(each.person) == person_key(who)}
            assert found == told.standing[person_key(who)], who
