"""What moved under datasets, by what can be seen without asking anybody: raw files by their facts, versions that they read, the date.

It is exact enough: what it calls moved and a run finds to be as it was (a file that an undo keeps out, a proof that nothing changes) is
not called so again before something else is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from andon.base.cache import Entries
from andon.base.clock import from_text, to_text
from andon.base.hashing import content_id, texts_id
from andon.base.lru import Lru
from andon.base.record import Record
from andon.errors import AndonError
from andon.operations.scheduling.files import paths_of, sign_of
from andon.project.folder.scan import hash_files

if TYPE_CHECKING:
    from andon.model.build import BuildTrace
    from andon.model.commit import Commit, State
    from andon.operations.scheduling.book import ScheduleBook, ScheduleEntry
    from andon.workspace.workspace import Workspace

_KEPT = 4


class BuildFact(Record, array_like=True):
    """What is kept of the build of a leaf: its id, when it was made, how long that took, and hashes of what it read."""

    build: str
    created: str
    seconds: float
    read: str
    files: str


class _Seen(Record, array_like=True):
    """What was seen under a dataset: hash of it, the build that it was held against, whether it had moved, and when that was seen."""

    sign: str
    build: str
    is_moved: bool
    at: str


_FACTS = Entries[dict[str, BuildFact]]("builds of schedules", dict[str, BuildFact])
_SEEN = Entries[dict[str, _Seen]]("what moved", dict[str, _Seen])


class Movement:
    """Looks for what moved, for one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._facts: Lru[str, Mapping[str, BuildFact]] = Lru(_KEPT)
        self._behind: Lru[str, Mapping[str, str]] = Lru(_KEPT)
        self._seen: dict[str, dict[str, _Seen]] = {}

    def facts(self, branch: str, head: Commit, state: State) -> Mapping[str, BuildFact]:
        """By dataset of a branch's head what is kept of its build; only builds that are new are read."""
        found = self._facts.get(head.root)
        if found is None:
            key = f"{self._workspace.lake.id}:{branch}"
            kept = self._workspace.cache.get(_FACTS, [key]).get(key, {})
            wanted = {d: leaf.build for d, leaf in state.leaves.items() if d not in kept or kept[d].build != leaf.build}
            builds = self._workspace.lake.objects.traces(wanted.values())
            made = {d: kept[d] for d in state.leaves if d not in wanted}
            made |= {d: _fact(build, builds[build]) for d, build in wanted.items() if build in builds}
            if wanted or len(made) != len(kept):
                self._workspace.cache.put(_FACTS, {key: made})
            self._facts.put(head.root, made)
            found = made
        return found

    def moved(
        self,
        branch: str,
        head: Commit,
        state: State,
        book: ScheduleBook,
        looks: Mapping[str, str],
        now: str,
        *,
        is_kept: bool = True,
    ) -> tuple[dict[str, str], dict[str, str]]:
        """`{dataset: why it would be built now}`, and `{dataset: hash of what it would read}` of those that read files or are behind.

        Args:
            looks: when each was brought up to date.
            is_kept: whether what is seen counts as seen at `now`; not where somebody only wonders what would be.
        """
        facts = self.facts(branch, head, state)
        before = self._before(branch)
        seen: dict[str, _Seen] = {}
        moved: dict[str, str] = {}
        signs: dict[str, str] = {}
        for dataset, sign in self._behind_of(head, state, book, facts).items():
            signs[dataset] = sign
            if _still(seen, before, dataset, sign, facts[dataset].build, now, looks):
                moved[dataset] = "an input changes"
        for dataset, entry in book.entries.items():
            if entry.patterns and dataset in facts:
                found = self._of_files(entry, facts[dataset], before.get(dataset), seen, looks, now)
                signs[dataset] = found[0]
                if found[1] is not None:
                    moved[dataset] = found[1]
            if entry.is_daily and looks.get(dataset, now)[:10] < now[:10]:
                moved.setdefault(dataset, "a new day: current_date")
        if is_kept and seen != before:
            self._seen[branch] = seen
            self._workspace.cache.put(_SEEN, {self._key(branch): seen})
        return moved, signs

    def _key(self, branch: str) -> str:
        return f"{self._workspace.lake.id}:{branch}"

    def _before(self, branch: str) -> dict[str, _Seen]:
        if branch not in self._seen:
            key = self._key(branch)
            self._seen[branch] = self._workspace.cache.get(_SEEN, [key]).get(key, {})
        return self._seen[branch]

    def _behind_of(
        self, head: Commit, state: State, book: ScheduleBook, facts: Mapping[str, BuildFact]
    ) -> Mapping[str, str]:
        """The datasets whose build read other versions than the head shows, with a hash of those that it shows."""
        found = self._behind.get(head.root)
        if found is None:
            made = {}
            for dataset, entry in book.entries.items():
                if entry.inputs and dataset in facts:
                    shown = {p: state.leaves[p].version for p in entry.inputs if p in state.leaves}
                    sign = _read(shown)
                    if sign != facts[dataset].read:
                        made[dataset] = sign
            self._behind.put(head.root, made)
            found = made
        return found

    def _of_files(
        self,
        entry: ScheduleEntry,
        fact: BuildFact,
        before: _Seen | None,
        seen: dict[str, _Seen],
        looks: Mapping[str, str],
        now: str,
    ) -> tuple[str, str | None]:
        """A hash of the facts of a source's files, and why it would be built."""
        root = self._workspace.root
        try:
            paths = paths_of(root, entry.patterns)
            sign, is_settled = sign_of(root, paths)
        except (AndonError, OSError) as error:
            told = error.message if isinstance(error, AndonError) else str(error)
            return content_id(["unread", told]), f"its files can't be read: {told}"
        if before is not None and (before.sign, before.build) == (sign, fact.build):
            seen[entry.dataset] = before
            if not before.is_moved or looks.get(entry.dataset, "") >= before.at:
                return sign, None
            return sign, self._changes(fact, paths)
        try:
            hashes = {path: found.sha256 for path, found in hash_files(root, paths, self._workspace.cache).items()}
        except AndonError as error:
            return sign, f"its files can't be read: {error.message}"
        is_moved = _files(hashes.items()) != fact.files
        if is_settled:
            seen[entry.dataset] = _Seen(sign, fact.build, is_moved, _after(looks.get(entry.dataset), now))
        return sign, self._changes(fact, paths) if is_moved else None

    def _changes(self, fact: BuildFact, paths: Iterable[str]) -> str:
        """What changed of a source's files, in words."""
        build = self._workspace.lake.objects.builds([fact.build])[fact.build]
        read = {file.path: file.sha256 for file in build.files}
        hashes = hash_files(self._workspace.root, paths, self._workspace.cache)
        parts = []
        for word, names in (
            ("added", sorted(hashes.keys() - read.keys())),
            ("removed", sorted(read.keys() - hashes.keys())),
            ("changed", sorted(p for p in hashes.keys() & read.keys() if hashes[p].sha256 != read[p])),
        ):
            if names:
                more = f" and {len(names) - 1} more" if len(names) > 1 else ""
                parts.append(f"{len(names)} {word} ({names[0]}{more})")
        return f"files: {', '.join(parts)}" if parts else "its files are others"


def _still(
    seen: dict[str, _Seen],
    before: Mapping[str, _Seen],
    dataset: str,
    sign: str,
    build: str,
    now: str,
    looks: Mapping[str, str],
) -> bool:
    """Whether what is under a dataset moved, and no run looked at it as it is; notes what was seen."""
    known = before.get(dataset)
    if known is None or (known.sign, known.build) != (sign, build):
        known = _Seen(sign, build, is_moved=True, at=_after(looks.get(dataset), now))
    seen[dataset] = known
    return looks.get(dataset, "") < known.at


def _after(look: str | None, now: str) -> str:
    """When something new was seen: after the last look, though the clock may have been put back since."""
    return now if look is None or look < now else to_text(from_text(look) + timedelta(microseconds=1))


def _fact(build: str, trace: BuildTrace) -> BuildFact:
    files = _files((file.path, file.sha256) for file in trace.files) if trace.files else _NO_FILES
    return BuildFact(build, trace.created, trace.seconds, _read(trace.inputs), files)


def _read(versions: Mapping[str, str]) -> str:
    return texts_id(["read", sorted(versions.items())])


def _files(files: Iterable[tuple[str, str]]) -> str:
    return texts_id(["files", sorted(files)])


_NO_FILES = _files(())
