"""Merging a side into a branch's head, code and raw files, and what people should hear of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

from andon.base.record import Record, replace
from andon.errors import AndonError, ConflictError, DatasetError, MachineError
from andon.lake.undo import passing
from andon.model.build import Build, InputFile
from andon.model.commit import Cause, Commit
from andon.model.dataset import Definition, Kind
from andon.model.load import Taking
from andon.project.folder.merge import Merged, Newer, merge, rejected_by_path
from andon.runs.planning.going_on import asks
from andon.runs.planning.merge_words import conflict, kept_notices, some
from andon.runs.planning.moves import HeadMoves
from andon.runs.planning.raw_common import RawInCommon, RawState, Teller, means
from andon.runs.planning.remote_merging import merge_asked, merge_loads, remote_only
from andon.runs.planning.steps import SourceInput
from andon.sources.files.paths import is_remote, remote_patterns
from andon.workspace.base import Base, InCommon
from andon.workspace.git_history import Differing, GitHistory


class MergeSide(Record):
    """The side that is merged into the head.

    Attributes:
        code: `{path: sha256}`.
        raw: the raw files that a source's patterns mean on this side.
        read: content of a code file of this side.
        read_raw, read_kept: content of a raw file of the folder, and of one that the lake keeps.
        remote: what the places of a source's remote files hold now: asked when it is called.
        moment: when this side got what it shows of a dataset.
        build: the build of a source on this side; None where its rows come from outside each time.
        is_folder: whether it is the working folder.
        is_own: whether it is the branch itself: then each leaf's definition counts, whatever the texts beside it say by now.
        edited: code files at which the branch itself is given others than it has: what they make is not as published.
        asks: whether the branch itself asks databases for what is new.
        asks_anew: whether the places of remote files are asked for what was loaded before, too.
        has_folders_raw: whether its raw files are those of the working folder.
    """

    code: Mapping[str, str]
    raw: Callable[[Definition], Mapping[str, InputFile]]
    read: Callable[[str, str], bytes]
    read_raw: Callable[[str, str], bytes] = lambda *_: b""
    read_kept: Callable[[str, str], bytes] = lambda *_: b""
    remote: Callable[[Definition], Mapping[str, InputFile]] = lambda _: {}
    moment: Callable[[str], str] = lambda _: ""
    build: Callable[[str], Build | None] = lambda _: None
    is_folder: bool = True
    is_own: bool = False
    edited: frozenset[str] = frozenset()
    asks: bool = True
    asks_anew: bool = False
    has_folders_raw: bool = True


class Against(Record):
    """What a side is merged against.

    Attributes:
        raw: what of `base` is of raw files.
        moves: what publishes changed in the branch; None for an undo or a redo.
        decide: which side counts where both changed a file, where somebody decided that.
        rejected_causes: what undos keep out, but for what passes again.
        groups: what they keep out, by the publish that had brought it.
        history: what git says of files in which the folder and the head differ; None where the side is not the folder.
        moment: when the head got what it shows of a dataset.
        taken: the datasets that are taken, None for all.
    """

    head: Commit
    base: Base | None
    raw: RawInCommon
    drop: bool
    moves: HeadMoves | None
    decide: Callable[[str], Newer | None] = lambda _: None
    rejected_causes: tuple[Cause, ...] = ()
    groups: tuple[frozenset[Cause], ...] = ()
    history: GitHistory | None = None
    moment: Callable[[str], str] = lambda _: ""
    taken: frozenset[str] | None = None

    def rejected(self, *, raw: bool = False) -> Mapping[str, frozenset[str | None]]:
        """What undos keep out of the code, or of all that reads `raw` files."""
        return rejected_by_path(self.rejected_causes, raw=raw)

    def without(self, passed: Set[Cause]) -> Against:
        """The same where `passed` keeps nothing out any more."""
        return (
            replace(self, rejected_causes=tuple(c for c in self.rejected_causes if c not in passed)) if passed else self
        )

    def unmoved(
        self, base: InCommon | None, there: Mapping[str, str], teller: Teller = lambda _: None
    ) -> Callable[[str], bool] | None:
        """Whether undos alone made what the head has (`there`) at a path that `base` knows; a raw file by the source that tells of it."""
        moves = self.moves
        if moves is None or base is None:
            return None
        return lambda path: not moves.moved(path, there.get(path), base.agreed_at(path), teller(path))


@dataclass
class RawInputs:
    """What the merge of raw files comes to, source by source.

    Attributes:
        passed: causes that keep nothing out any more.
        merged: the merges themselves.
    """

    sources: dict[str, SourceInput] = field(default_factory=dict)
    passed: frozenset[Cause] = frozenset()
    merged: dict[str, Merged] = field(default_factory=dict)
    failures: dict[str, AndonError] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)


def merge_raw(definitions: Mapping[str, Definition], head: RawState, side: MergeSide, against: Against) -> RawInputs:
    """Merge the raw files of every source, those of the code and of the head.

    Raises:
        ConflictError: `lake.folder_conflict` with all that both sides changed.
    """
    found = RawInputs()
    found.passed = passing(against.groups, lambda cause: _is_other(cause, definitions, head, side, against))
    against = against.without(found.passed)
    for name, definition in definitions.items():
        if definition.kind is not Kind.SOURCE:
            continue
        if definition.asks is not None:
            try:
                found.sources[name] = extract_input(definition, head.builds.get(name), side, against)
            except DatasetError as error:
                found.failures[name], found.sources[name] = error, SourceInput()
            continue
        try:
            published = head.files(definition)
            here = _here(definition, head.builds.get(name), published, side, against)
            found.merged[name] = merged = _merged(definition, here, published, head, side, against)
            found.sources[name], notices = _source_input(
                definition, head.builds.get(name), published, here, side, merged
            )
        except AndonError as error:
            if isinstance(error, ConflictError | MachineError):
                raise
            found.failures[name] = error
            found.sources[name] = SourceInput()
            continue
        found.notices += notices
    conflicts = sorted({path for merged in found.merged.values() for path in merged.conflicts})
    if conflicts:
        raise conflict(conflicts, is_folder=side.is_folder, has_folders_raw=side.has_folders_raw)
    return found


def _is_other(
    cause: Cause, definitions: Mapping[str, Definition], head: RawState, side: MergeSide, against: Against
) -> bool:
    """Whether a raw file that an undo keeps out was changed or removed since; a side that never had it has not removed it."""
    if cause.source is None:
        return False
    named = definitions.get(cause.source)
    reading = [d for d in ([named] if named is not None else definitions.values()) if d.kind is Kind.SOURCE]
    for definition in reading:
        if not means(definition, cause.path):
            continue
        if (
            is_remote(cause.path)
            and side.has_folders_raw
            and not _asks(definition, head.builds.get(definition.dataset), side, against)
        ):
            return False
        try:
            here = (side.remote if is_remote(cause.path) and side.has_folders_raw else side.raw)(definition).get(
                cause.path
            )
        except AndonError:
            return False  # told where the source is merged
        if here is not None:
            return here.sha256 != cause.content
        if is_remote(cause.path) and side.has_folders_raw:
            return cause.content is not None
        return cause.content is not None and cause.path in against.raw.at([cause.path], head.teller(definition)).files
    return False


def _asks(definition: Definition, build: Build | None, side: MergeSide, against: Against) -> bool:
    """Whether the places of a source's remote files are asked: by the folder where it is new or edited, by a refresh each time; never
    for one that is not taken.

    Args:
        build: of the head's leaf.
    """
    if against.taken is not None and definition.dataset not in against.taken:
        return False
    return build is None or build.definition != definition.id or (side.is_own and side.asks) or side.asks_anew


def _here(
    definition: Definition, build: Build | None, published: Mapping[str, InputFile], side: MergeSide, against: Against
) -> Mapping[str, InputFile]:
    """The files that a source means on a side; those in other places stay as published where nobody asks for them."""
    found = side.raw(definition)
    if not side.has_folders_raw or not any(map(remote_patterns, definition.reads)):
        return found
    if _asks(definition, build, side, against):
        return {**found, **side.remote(definition)}
    return {**found, **{path: file for path, file in published.items() if is_remote(path)}}


def _merged(
    definition: Definition,
    here: Mapping[str, InputFile],
    published: Mapping[str, InputFile],
    head: RawState,
    side: MergeSide,
    against: Against,
) -> Merged:
    """The merge of a source's files: those of a folder, and those in other places, which are nobody's edits.

    Args:
        here: those of the side.
        published: what it finds in the head.
    """
    local, remote = _merged_raw(definition, here, published, head.teller(definition), side, against), None
    if any(map(is_remote, [*here, *published])):
        remote = _merged_remote(definition, here, published, head, side, against)
    return local if remote is None else local.and_of(remote)


def _merged_remote(
    definition: Definition,
    here: Mapping[str, InputFile],
    published: Mapping[str, InputFile],
    head: RawState,
    side: MergeSide,
    against: Against,
) -> Merged:
    """The merge of what other places held for a source."""
    mine, there = remote_only(here), remote_only(published)
    rejected, source = against.rejected(raw=True), definition.dataset
    if side.has_folders_raw:
        return merge_asked(mine, there, rejected, source)
    teller = head.teller(definition)
    base = against.raw.at((p for p in mine.keys() | there.keys() if mine.get(p) != there.get(p)), teller)
    return merge_loads(
        mine,
        there,
        rejected,
        source,
        base.files,
        against.unmoved(base, there, teller),
        lambda: Newer.THEIRS if against.moment(source) > side.moment(source) else Newer.MINE,
    )


def _merged_raw(
    definition: Definition,
    here_files: Mapping[str, InputFile],
    published: Mapping[str, InputFile],
    teller: Teller,
    side: MergeSide,
    against: Against,
) -> Merged:
    """The merge of a source's raw files.

    Args:
        published: what it finds in the head, and `teller` who says so.
    """
    here = {path: file.sha256 for path, file in here_files.items() if not is_remote(path)}
    there = {path: file.sha256 for path, file in published.items() if not is_remote(path)}
    base = against.raw.at((p for p in here.keys() | there.keys() if here.get(p) != there.get(p)), teller)
    return merge(
        base.files,
        there,
        here,
        rejected=against.rejected(raw=True),
        source=definition.dataset,
        unmoved=against.unmoved(base, there, teller),
        drop=against.drop,
        history=_raw_history(against, there, here, side),
        decide=against.decide,
    )


def _raw_history(
    against: Against, there: Mapping[str, str], here: Mapping[str, str], side: MergeSide
) -> Callable[[Sequence[str]], Mapping[str, Newer]] | None:
    history = against.history
    if history is None:
        return None
    return lambda paths: history.newer(
        [Differing(p, _reads(side.read_raw, p, here.get(p)), _reads(side.read_kept, p, there.get(p))) for p in paths]
    )


def code_history(
    against: Against, there: Mapping[str, str], side: MergeSide, text: Callable[[str], bytes]
) -> Callable[[Sequence[str]], Mapping[str, Newer]] | None:
    """What git says of code in which the folder and the head (`there`, of which `text` gives the contents) differ."""
    history = against.history
    if history is None or not side.is_folder:
        return None
    return lambda paths: history.newer(
        [
            Differing(p, _reads(side.read, p, side.code.get(p)), _reads(lambda _, sha: text(sha), p, there.get(p)))
            for p in paths
        ]
    )


def _reads(read: Callable[[str, str], bytes], path: str, sha: str | None) -> Callable[[], bytes] | None:
    return None if sha is None else lambda: read(path, sha)


def _source_input(
    definition: Definition,
    build: Build | None,
    published: Mapping[str, InputFile],
    here: Mapping[str, InputFile],
    side: MergeSide,
    merged: Merged,
) -> tuple[SourceInput, Sequence[str]]:
    """What a source would read, and what of it people should hear; arguments as of `_merged`, with the build of the head's leaf."""
    name = definition.dataset
    sizes = {(f.path, f.sha256): f.size for f in (*published.values(), *here.values())}
    files = tuple(InputFile(p, sha, sizes[p, sha]) for p, sha in sorted(merged.files.items()))
    if build is not None and definition.load is not None and definition.load.taking is not Taking.REPLACE:
        # what was loaded stays, though its file went
        stay = [f for f in build.files if f.path not in merged.files]
        files = tuple(sorted((*files, *stay), key=lambda file: file.path))
    old = {f.path: f.sha256 for f in build.files} if build else {}
    new = {file.path: file.sha256 for file in files}
    result = SourceInput(
        files,
        build.contract if build is not None else None,
        added=tuple(p for p in new if p not in old),
        removed=tuple(p for p in old if p not in new),
        changed=tuple(p for p in new if p in old and new[p] != old[p]),
    )
    notices = kept_notices(name, merged.kept) if side.has_folders_raw else []
    if not merged.rejected:
        return result, notices
    paths = some(c.path for c in merged.rejected)
    if build is None:  # nothing of it is published that could stay
        hint = f"correct it, or `andon accept --rejected {merged.rejected[0].path}`"
        return result, [*notices, f"{name}: {paths} was undone, so it is not read ({hint})"]
    return replace(result, files=build.files, kept_because=f"{paths} was undone; a corrected file passes"), notices


def extract_input(definition: Definition, build: Build | None, side: MergeSide, against: Against) -> SourceInput:
    """What a source that asks for its rows would read.

    The folder asks where nothing was extracted by this definition yet, a refresh each time. A commit that is merged in
    brings what it holds, where that is not what both sides had in common, and the head asked no later.

    Args:
        build: of the head's leaf.

    Raises:
        DatasetError: `source.undone` where the commit's load was undone and nothing of the source is published that could stay.
    """
    published = SourceInput(contract=build.contract if build is not None else None)
    is_new = build is None or build.definition != definition.id
    if side.is_folder or side.is_own:
        if is_new or (side.is_own and side.asks):
            return replace(published, load=asks(definition, build))
        return published
    theirs = side.build(definition.dataset)
    if theirs is None:
        return published
    common = against.base.raw.get(definition.dataset) if against.base is not None else None
    if not is_new and common is not None and theirs.contents == common.files:
        return published  # only the head asked since
    if build is not None and not is_new and against.moves is not None and common is not None:
        asked_too = build.contents != common.files and build.contents != theirs.contents
        if asked_too and against.moment(definition.dataset) > side.moment(definition.dataset):
            return published  # both asked since, the head later: what a database held last counts
    loaded = {Cause(path, content, definition.dataset) for path, content in theirs.contents.items()}
    if not loaded.isdisjoint(against.rejected_causes) and (build is None or build.contents != theirs.contents):
        way = f"`andon accept --rejected {definition.entry}` lets it pass"
        if build is None:
            message = f"what was loaded for `{definition.dataset}` was undone, so it is not published again"
            raise DatasetError("source.undone", message, where=definition.entry, hint=way)
        return replace(published, kept_because=f"what was loaded was undone: it stays as published; {way}")
    return SourceInput(contract=theirs.contract)


def by_path(files: Iterable[InputFile]) -> dict[str, str]:
    """`{path: sha256}` of raw files."""
    return {f.path: f.sha256 for f in files}
