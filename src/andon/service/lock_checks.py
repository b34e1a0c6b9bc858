"""Whether the files of locks are still to be had: yanked, vanished or replaced in the package indexes, and whole where they are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Literal

from andon.base.document import UNSET, Document, Documented, UnsetType
from andon.base.names import did_you_mean
from andon.engines.python.index import Indexes, IndexUnreachable
from andon.engines.python.index_file import IndexFile
from andon.engines.python.keeping import lock_name, this_platform
from andon.errors import UsageError
from andon.model.lock import LockPin, pins_of, simple_name

if TYPE_CHECKING:
    from pathlib import Path

    from andon.lake.packages import PackageFile
    from andon.workspace.workspace import Workspace

#: Indexes are asked for so many packages at the same time.
_AT_ONCE = 8
#: So many locks are named where another one was asked for.
_NAMED = 5
_ENDING = ".lock.txt"

#: `whole`; `none`: nothing is kept for this system and Python; else what is wrong with it.
Kept = Literal["whole", "none", "missing", "damaged"]


class LockTrouble(Document):
    """Files of one package that a lock names and that are not to be had as they were.

    Attributes:
        what: `yanked`: there, but its maker says not to use it; `vanished`: no index has it; `replaced`: no index has it, but another file
            of that version.
        files: their names, as far as an index or what is kept tells them.
        count, of: how many of the files that the lock names are so, and how many it names.
        reason: why it was yanked, where that is said.
        is_kept: whether a wheel of it is kept for this system and Python.
    """

    package: str
    version: str
    what: Literal["yanked", "vanished", "replaced"]
    files: list[str]
    count: int
    of: int
    reason: str | UnsetType = UNSET
    is_kept: bool = False


class LockState(Document):
    """What became of one lock.

    Attributes:
        dataset: by its name; an analysis as `analyses/NAME`.
        packages: how many it pins.
        kept: `whole`; `none` where nothing is kept for this system and Python; `missing` or `damaged` where what was kept is so.
    """

    dataset: str
    file: str
    packages: int
    troubles: list[LockTrouble]
    kept: Kept


class LockCheckDocument(Document):
    """What became of locks; `asked` says whether a package index could be asked, and `reason` why not."""

    locks: list[LockState]
    asked: bool
    reason: str | UnsetType = UNSET


class LockCheck(Documented):
    """What became of locks.

    Attributes:
        reason: why no index could be asked; None where all were.
        wants_kept: whether packages are to be kept.
    """

    locks: tuple[LockState, ...]
    reason: str | None = None
    wants_kept: bool = False

    @property
    def is_well(self) -> bool:
        """Whether everything that the locks name is to be had, and is kept where that is wanted."""
        kept = ("whole",) if self.wants_kept else ("whole", "none")
        return self.reason is None and all(not each.troubles and each.kept in kept for each in self.locks)

    def document(self) -> LockCheckDocument:
        """As in `lock --check --json`."""
        return LockCheckDocument(list(self.locks), self.reason is None, UNSET if self.reason is None else self.reason)


def check_locks(workspace: Workspace, names: Sequence[str] = ()) -> LockCheck:
    """What became of the files of the project's locks (all, or those of `names`). Nothing is written.

    Raises:
        UsageError: `usage.bad_argument` for a name that has no lock.
    """
    locks = _locks(workspace.root)
    unknown = next((name for name in names if name not in locks), None)
    if unknown is not None:
        hint = did_you_mean(unknown, locks) or (
            f"there are those of {', '.join(f'`{each}`' for each in [*locks][:_NAMED])}"
            if locks
            else "`andon lock` writes those of what has packages"
        )
        raise UsageError("usage.bad_argument", f"`{unknown}` has no lock", where=unknown, hint=hint)
    texts = {name: path.read_bytes() for name, path in locks.items() if not names or name in names}
    pins = {name: pins_of(text.decode("utf-8", "replace")) for name, text in texts.items()}
    found, reason = _asked({pin.name for each in pins.values() for pin in each})
    states = []
    for name, text in texts.items():
        kept = workspace.lake.packages.of(lock_name(text), this_platform())
        states.append(
            LockState(
                dataset=name,
                file=locks[name].relative_to(workspace.root).as_posix(),
                packages=len({simple_name(pin.name) for pin in pins[name]}),
                troubles=[trouble for pin in pins[name] for trouble in _troubles(pin, found, kept)]
                if reason is None
                else [],
                kept=_kept(workspace, kept),
            )
        )
    return LockCheck(tuple(states), reason, bool(workspace.settings.get("python.keep_packages")))


def _locks(root: Path) -> dict[str, Path]:
    """The project's locks by the names of what they are of."""
    found = {}
    for folder, pattern in (("datasets", "*/*"), ("sources", "*/*"), ("analyses", "**/*")):
        for path in sorted((root / folder).glob(f"{pattern}{_ENDING}")):
            name = path.name.removesuffix(_ENDING)
            found[f"{folder}/{name}" if folder == "analyses" else f"{path.parent.name}.{name}"] = path
    return found


def _asked(packages: Iterable[str]) -> tuple[dict[str, list[IndexFile]], str | None]:
    """The files of packages by simple name, or why they can't be told."""
    wanted = sorted({simple_name(each) for each in packages})
    if not wanted:
        return {}, None
    try:
        indexes = Indexes.of_machine()
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="andon-index") as pool:
            return {
                name: found or [] for name, found in zip(wanted, pool.map(indexes.files, wanted), strict=True)
            }, None
    except IndexUnreachable as error:
        return {}, str(error)


def _troubles(pin: LockPin, found: Mapping[str, list[IndexFile]], kept: Sequence[PackageFile]) -> list[LockTrouble]:
    files = found[simple_name(pin.name)]
    there = {file.sha256: file for file in files if file.sha256 in pin.hashes}
    own = {wheel.sha256: wheel.file for wheel in kept}
    is_kept = any(sha in own for sha in pin.hashes)
    troubles = []
    gone = [sha for sha in pin.hashes if sha not in there]
    if gone:
        others = [file for file in files if file.sha256 not in pin.hashes and _is_of(file.name, pin)]
        names = sorted(own[sha] for sha in gone if sha in own)
        replaced = [file.name for file in others if not names or file.name in names]
        troubles.append(
            LockTrouble(
                package=pin.name,
                version=pin.version,
                what="replaced" if replaced else "vanished",
                files=sorted(replaced) or names,
                count=len(gone),
                of=len(pin.hashes),
                is_kept=is_kept,
            )
        )
    yanked = [file for file in there.values() if file.yanked is not None]
    if yanked:
        reason = next((file.yanked for file in yanked if file.yanked), None)
        troubles.append(
            LockTrouble(
                package=pin.name,
                version=pin.version,
                what="yanked",
                files=sorted(file.name for file in yanked),
                count=len(yanked),
                of=len(pin.hashes),
                reason=UNSET if reason is None else reason,
                is_kept=is_kept,
            )
        )
    return troubles


def _is_of(file: str, pin: LockPin) -> bool:
    """Whether the name of a file is of the version that is pinned."""
    stem = file.removesuffix(".whl").removesuffix(".tar.gz").removesuffix(".zip")
    if file.endswith(".whl"):
        return stem.split("-")[1:2] == [pin.version]
    return stem.endswith(f"-{pin.version}")


def _kept(workspace: Workspace, kept: Sequence[PackageFile]) -> Kept:
    if not kept:
        return "none"
    packages = workspace.lake.packages
    if not all(map(packages.is_there, kept)):
        return "missing"
    return "damaged" if workspace.lake.intact.damages([*kept]) else "whole"
