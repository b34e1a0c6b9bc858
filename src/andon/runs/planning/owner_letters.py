"""What owners are told of changes of their datasets by others, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from andon.base.hashing import content_id
from andon.model.approval import AwaitedApproval
from andon.model.commit import Commit, CommitKind
from andon.model.dataset import Dataset
from andon.model.letter import Letter, LetterDraft, LetterKind, addressed
from andon.model.person import person_key

_T = TypeVar("_T")


def published_letters(changed: Iterable[str], said: Mapping[str, Dataset], commit: Commit) -> list[Letter]:
    """What owners are told of a commit that readers see.

    Args:
        changed: datasets whose code is another one.
        said: what was said of them before.
    """
    did = {CommitKind.UNDO: "took back a change of it", CommitKind.REDO: "brought back a change of it"}
    words = f"{commit.author} {did.get(commit.kind, 'changed it')} for all readers: {_line(commit.message)}"
    page = f"/runs/{commit.run}" if commit.run is not None else f"/?at={commit.id[:12]}"
    found: list[Letter] = []
    for owner, names in by_owner(changed, said).items():
        next = f"andon diff {commit.id[:8]}~1 {commit.id[:8]}"
        draft = LetterDraft(LetterKind.PUBLISHED, words, f"commit {commit.id}", next, page, names)
        found += addressed(draft, [owner], commit.author, commit.time)
    return found


def proposed_letters(changed: Iterable[str], said: Mapping[str, Dataset], branch: str, commit: Commit) -> list[Letter]:
    """What owners are told of a commit on a branch.

    Args:
        changed: datasets whose code it changed, and main has another one.
        said: what main says of them.
    """
    words = f"{commit.author} changes it on the branch {branch}: {_line(commit.message)}"
    found: list[Letter] = []
    for owner, names in by_owner(changed, said).items():
        next, page = f"andon diff main {branch}", f"/changes/{branch}"
        draft = LetterDraft(LetterKind.PROPOSED, words, branch_subject(branch), next, page, names)
        found += addressed(draft, [owner], commit.author, commit.time)
    return found


def review_letters(waiting: Sequence[AwaitedApproval], run: int, commit: Commit) -> list[Letter]:
    """What owners are told of a result that is held until they approve it."""
    words = f"{commit.author} changes it, and waits for your approval: {_line(commit.message)}"
    found: list[Letter] = []
    for owner, mine in waits_by_owner(waiting).items():
        names = tuple(each.dataset for each in mine)
        subject = change_subject(each.change for each in mine)
        draft = LetterDraft(LetterKind.REVIEW, words, subject, f"andon approve run:{run}", f"/runs/{run}", names)
        found += addressed(draft, [owner], commit.author, commit.time)
    return found


def by_owner(names: Iterable[str], said: Mapping[str, Dataset]) -> dict[str, tuple[str, ...]]:
    """`{owner: their datasets}` of those that have one, whatever way the name is written."""
    owned = [(said[name].owner or "", name) for name in sorted(names) if name in said and said[name].owner]
    return {owner: tuple(mine) for owner, mine in _by_person(owned).items()}


def waits_by_owner(waiting: Iterable[AwaitedApproval]) -> dict[str, list[AwaitedApproval]]:
    """`{owner: what waits for them}`."""
    return _by_person((each.owner, each) for each in waiting)


def change_subject(changes: Iterable[str]) -> str:
    """What letters about changes that wait together are about: the same as long as they are the same changes."""
    return f"change {content_id(sorted(changes))[:16]}"


def branch_subject(branch: str) -> str:
    """What letters about a branch are about."""
    return f"branch {branch}"


def _by_person(pairs: Iterable[tuple[str, _T]]) -> dict[str, list[_T]]:
    """What goes with each name; a person who is written in two ways is one, by the first."""
    found: dict[str, tuple[str, list[_T]]] = {}
    for name, each in pairs:
        found.setdefault(person_key(name), (name, []))[1].append(each)
    return dict(found.values())


def _line(message: str) -> str:
    return message.partition("\n")[0]
