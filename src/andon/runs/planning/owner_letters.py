"""What owners are told of changes of their datasets by others, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from andon.base.hashing import content_id
from andon.model.approval import AwaitedApproval
from andon.model.commit import Commit, CommitKind
from andon.model.dataset import Dataset
from andon.model.letter import Letter, LetterDraft, LetterKind, addressed, person_key


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
    found: dict[str, tuple[str, list[str]]] = {}
    for name in sorted(names):
        owner = said[name].owner if name in said else None
        if owner:
            found.setdefault(person_key(owner), (owner, []))[1].append(name)
    return {owner: tuple(mine) for owner, mine in found.values()}


def waits_by_owner(waiting: Iterable[AwaitedApproval]) -> dict[str, list[AwaitedApproval]]:
    """`{owner: what waits for them}`."""
    found: dict[str, tuple[str, list[AwaitedApproval]]] = {}
    for each in waiting:
        found.setdefault(person_key(each.owner), (each.owner, []))[1].append(each)
    return dict(found.values())


def change_subject(changes: Iterable[str]) -> str:
    """What letters about changes that wait together are about: the same as long as they are the same changes."""
    return f"change {content_id(sorted(changes))[:16]}"


def branch_subject(branch: str) -> str:
    """What letters about a branch are about."""
    return f"branch {branch}"


def _line(message: str) -> str:
    return message.partition("\n")[0]
