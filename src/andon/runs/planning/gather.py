"""Gathering what a plan depends on: code and raw files merged three-way, the project they make, contracts and schemas.

The same steps serve a change (the other side is the folder), a refresh (the branch's own code, the folder's raw files) and the publish of
a branch (the other side is that branch, the base where the two parted).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from andon.base.hashing import digest
from andon.base.record import Record, replace
from andon.errors import AndonError, ConflictError, MachineError, ProjectError
from andon.model.build import Build, InputFile
from andon.model.commit import Commit, State
from andon.model.dataset import Dataset, Definition, Kind
from andon.model.project import Project
from andon.project.folder.merge import Merged, merge, next_base, rejected_by_path
from andon.project.folder.scan import FileFact, hash_files, scan
from andon.project.load import load
from andon.runs.planning.steps import SourceInput
from andon.sources.files.paths import glob, match
from andon.workspace.folder import Base

if TYPE_CHECKING:
    from andon.workspace.workspace import Workspace

#: More files than this are one line with a count.
_MANY = 4


class MergeSide(Record):
    """The side that is merged into the head.

    Attributes:
        code: `{path: sha256}`.
        raw: the raw files that a source's patterns mean on this side.
        read: content of a code file of this side.
        is_folder: whether it is the working folder.
        is_own: whether it is the branch itself: then each leaf's definition counts, whatever the texts beside it say by now.
    """

    code: Mapping[str, str]
    raw: Callable[[Definition], Mapping[str, InputFile]]
    read: Callable[[str, str], bytes]
    is_folder: bool = True
    is_own: bool = False


class Gathered(Record):
    """What a plan is made from. What a later stage finds out is in a copy of it (`with_sources`).

    Attributes:
        side: what was merged into the head.
        code: the merge of the code.
        project: what the merged code says.
        definitions: by dataset.
        files: `{dataset: own files}`.
        shared: shared files as they should stand.
        sources: raw files by source.
        builds: the builds of the head's source leaves.
        notices: lines for people.
        failures: what is known to fail already, by dataset: raw files that are not there, contracts that don't hold.
    """

    head: Commit
    state: State
    side: MergeSide
    code: Merged
    project: Project
    definitions: Mapping[str, Definition]
    files: Mapping[str, tuple[tuple[str, str], ...]]
    shared: Mapping[str, str]
    builds: Mapping[str, Build]
    sources: Mapping[str, SourceInput]
    failures: Mapping[str, AndonError]
    notices: tuple[str, ...]

    def with_sources(self, sources: Mapping[str, SourceInput], failures: Mapping[str, AndonError]) -> Gathered:
        """The same with what is known by now of some sources, and what of them will fail."""
        return replace(self, sources={**self.sources, **sources}, failures={**self.failures, **failures})


class BoundCode(Record):
    """What was gathered, with contracts of its sources and the columns of what changed.

    Attributes:
        gathered: with the contracts, and with what of the sources is now known to fail.
        columns: `{dataset: (column, type that its SQL returns)}` of datasets whose code changed.
    """

    gathered: Gathered
    columns: Mapping[str, Sequence[tuple[str, str]]]


class Gatherer:
    """Gathers for one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lake = workspace.lake
        self._seen: dict[str, Mapping[str, InputFile]] = {}
        self._loaded: tuple[Mapping[str, str], Project] | None = None

    # -- sides

    def folder(self) -> MergeSide:
        """The working folder as it is now."""
        root, cache, objects = self._workspace.root, self._workspace.cache, self._lake.objects
        facts = scan(root, cache)

        def read(path: str, sha: str) -> bytes:
            place = root / path
            content = place.read_bytes() if place.is_file() else b""
            if digest(content) != sha:
                if objects.has_texts([sha]):  # edited since a run took it: what was taken counts
                    return objects.text(sha)
                raise MachineError(
                    "source.changed_while_read",
                    f"`{path}` changed while it was read",
                    where=path,
                    hint="run the same command again",
                    retryable=True,
                )
            return content

        return MergeSide({path: fact.sha256 for path, fact in facts.items()}, self._folder_raw, read)

    def own(self, state: State) -> MergeSide:
        """A branch's own code on the raw files that lie in the folder today."""
        read = self._lake.objects.text
        return MergeSide(state.files(), self._folder_raw, lambda _, sha: read(sha), is_folder=False, is_own=True)

    def commit(self, commit: Commit) -> MergeSide:
        """A commit: its code and the raw files that its sources were built from."""
        state = self._lake.commits.state(commit)
        builds = self.source_builds(state)

        def raw(definition: Definition) -> Mapping[str, InputFile]:
            build = builds.get(definition.dataset)
            return {f.path: f for f in build.files} if build else {}

        return MergeSide(state.files(), raw, lambda _, sha: self._lake.objects.text(sha), is_folder=False)

    def base_of(self, commit: Commit) -> Base:
        """A commit as the base of a merge."""
        state = self._lake.commits.state(commit)
        builds = self.source_builds(state)
        raw = {source: {f.path: f.sha256 for f in build.files} for source, build in builds.items()}
        return Base(state.files(), self.meanings(state), raw)

    def common_raw(self, state: State, old: Mapping[str, Mapping[str, str]]) -> dict[str, Mapping[str, str]]:
        """What the folder's raw files and those that a state's sources were built from have in common, where that is known anew."""
        builds = self.source_builds(state)
        definitions = self._lake.objects.definitions(build.definition for build in builds.values())
        raw = dict(old)
        for name, build in builds.items():
            if build.definition in definitions:
                here = {p: f.sha256 for p, f in self._folder_raw(definitions[build.definition]).items()}
                raw[name] = next_base(raw.get(name), {f.path: f.sha256 for f in build.files}, here)
        return raw

    # -- gathering

    def gather(
        self, head: Commit, side: MergeSide, base: Base | None, *, drop: bool = False, lenient: bool = False
    ) -> Gathered:
        """Merge, load and look at raw files.

        Args:
            drop: drop what the side lacks.
            lenient: leave the project's problems in the result for the caller, who looks for more.

        Raises:
            ConflictError: `lake.folder_conflict` with all files that both sides changed.
            ProjectError: with everything that is wrong in the merged code.
        """
        state = self._lake.commits.state(head)
        code = self._merge_code(head, state, side, base, drop)
        if code.conflicts:
            raise _conflict(code.conflicts, side)
        project = self._load(code.files, side)
        if side.is_own:
            project = self._as_published(project, state)
        if project.problems and not lenient:
            raise ProjectError.of(project.problems)
        builds = self.source_builds(state)
        definitions = {name: dataset.definition for name, dataset in project.datasets.items()}
        raw = self._raw(head, definitions, builds, side, base, drop)
        return Gathered(
            head=head,
            state=state,
            side=side,
            code=code,
            project=project,
            definitions=definitions,
            files={name: dataset.own_files for name, dataset in project.datasets.items()},
            shared=project.shared,
            builds=builds,
            sources=raw.sources,
            failures=raw.failures,
            notices=(*code_notices(code, side), *raw.notices),
        )

    def source_builds(self, state: State) -> dict[str, Build]:
        """The builds of a state's source leaves, by dataset."""
        ids = {name: leaf.build for name, leaf in state.leaves.items() if leaf.kind == Kind.SOURCE}
        builds = self._lake.objects.builds(ids.values())
        return {name: builds[i] for name, i in ids.items() if i in builds}

    def meanings(self, state: State) -> dict[str, str]:
        """`{path of a dataset's own file: its meaning}` of a state."""
        return self._lake.objects.meanings(leaf.definition for leaf in state.leaves.values())

    # -- code

    def _merge_code(self, head: Commit, state: State, side: MergeSide, base: Base | None, drop: bool) -> Merged:
        rejected = rejected_by_path(head.rejected)
        meaning = self._meaning(side, base) if rejected else None
        return merge(
            base.code if base else None, state.files(), side.code, rejected=rejected, meaning=meaning, drop=drop
        )

    def _meaning(self, side: MergeSide, base: Base | None) -> Callable[[str, str], str | None]:
        """Causes name a dataset's file by its meaning; that of the side's files is known once they are loaded."""

        def meaning(path: str, content: str) -> str | None:
            if side.code.get(path) == content:
                found = self._load(side.code, side).meanings.get(path)
                if found is not None:
                    return found
            return base.meanings.get(path) if base is not None and base.code.get(path) == content else None

        return meaning

    def _load(self, files: Mapping[str, str], side: MergeSide) -> Project:
        """The project that files make; the one that was asked for last is kept, since a side is mostly what its merge comes to."""
        if self._loaded is not None and self._loaded[0] == files:
            return self._loaded[1]

        def read(path: str) -> bytes:
            sha = files[path]
            if side.code.get(path) == sha:
                return side.read(path, sha)
            return self._lake.objects.text(sha)

        project = load(files, read, self._workspace.cache)
        self._loaded = (files, project)
        return project

    def _as_published(self, project: Project, state: State) -> Project:
        """`project` with the definitions of the leaves: a dataset that was kept, failed or not selected was made by other texts of
        macros and modules than those that stand beside it now, perhaps by some that are gone, and is no problem for that."""
        # What has problems is not linked whole, so its definitions are not believed.
        said = {} if project.problems else {name: dataset.definition.id for name, dataset in project.datasets.items()}
        behind = {name: leaf for name, leaf in state.leaves.items() if said.get(name) != leaf.definition}
        stored = self._lake.objects.definitions({leaf.definition for leaf in behind.values()})
        if len(stored) < len({leaf.definition for leaf in behind.values()}):
            return project  # by another version of Andon's normal form, with nothing kept: what the texts say counts
        datasets = {name: dataset for name, dataset in project.datasets.items() if name in state.leaves}
        for name, leaf in behind.items():
            definition = stored[leaf.definition]
            shown = datasets.get(name) or Dataset(definition)
            datasets[name] = replace(shown, definition=definition, own_files=leaf.files)
        return replace(project, datasets=datasets, problems=())

    # -- raw files

    def _folder_raw(self, definition: Definition) -> Mapping[str, InputFile]:
        """The folder's raw files that a source reads, looked at once: what is planned, built and remembered are the same."""
        if definition.id not in self._seen:
            self._seen[definition.id] = self._look(definition)
        return self._seen[definition.id]

    def _look(self, definition: Definition) -> Mapping[str, InputFile]:
        root = self._workspace.root
        paths = sorted({p for read in definition.reads for pattern in read.patterns for p in glob(root, pattern)})
        facts: Mapping[str, FileFact] = hash_files(root, paths, self._workspace.cache)
        return {path: InputFile(path, fact.sha256, fact.size) for path, fact in facts.items()}

    def _raw(
        self,
        head: Commit,
        definitions: Mapping[str, Definition],
        builds: Mapping[str, Build],
        side: MergeSide,
        base: Base | None,
        drop: bool,
    ) -> _RawInputs:
        """Merge the raw files of every source, those of the code and of the head."""
        found = _RawInputs()
        for name, definition in definitions.items():
            if definition.kind is not Kind.SOURCE:
                continue
            before = base.raw.get(name) if base is not None else None
            try:
                merged = _merged_raw(head, definition, builds.get(name), side, before, drop)
            except AndonError as error:
                if isinstance(error, ConflictError | MachineError):
                    raise
                found.failures[name] = error
                found.sources[name] = SourceInput()
                continue
            found.sources[name], kept = merged
            found.notices += _kept_notices(name, kept)
        return found


@dataclass
class _RawInputs:
    """What the merge of raw files comes to, source by source."""

    sources: dict[str, SourceInput] = field(default_factory=dict)
    failures: dict[str, AndonError] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)


def _merged_raw(
    head: Commit,
    definition: Definition,
    build: Build | None,
    side: MergeSide,
    before: Mapping[str, str] | None,
    drop: bool,
) -> tuple[SourceInput, Sequence[str]]:
    """What a source would read, and the paths that are not on this side and stay as published.

    Args:
        build: of the head's leaf.
        before: the source's files in the base.
    """
    name = definition.dataset
    here = side.raw(definition)
    there = {f.path: f for f in build.files if _wanted(definition, f.path)} if build else {}
    merged = merge(
        before,
        {p: f.sha256 for p, f in there.items()},
        {p: f.sha256 for p, f in here.items()},
        rejected=rejected_by_path(head.rejected, name),
        source=name,
        drop=drop,
    )
    if merged.conflicts:
        raise _conflict(merged.conflicts, side)
    sizes = {(f.path, f.sha256): f.size for f in (*there.values(), *here.values())}
    files = tuple(InputFile(p, sha, sizes[p, sha]) for p, sha in sorted(merged.files.items()))
    old = {f.path: f.sha256 for f in build.files} if build else {}
    new = dict(merged.files)
    result = SourceInput(
        files,
        build.contract if build is not None else None,
        added=tuple(p for p in new if p not in old),
        removed=tuple(p for p in old if p not in new),
        changed=tuple(p for p in new if p in old and new[p] != old[p]),
    )
    if merged.rejected and build is not None:
        paths = _some(c.path for c in merged.rejected)
        because = f"{paths} was undone; a corrected file passes"
        return replace(result, files=build.files, kept_because=because), merged.kept
    return result, merged.kept


def _kept_notices(name: str, kept: Sequence[str]) -> list[str]:
    if len(kept) > _MANY:
        return [f"{name}: {len(kept):,} files are not here and stay as published: {_some(kept)}"]
    return [f"{name}: {path} is not here and stays as published" for path in kept]


def _wanted(definition: Definition, path: str) -> bool:
    return any(match(pattern, path) for read in definition.reads for pattern in read.patterns)


def _conflict(paths: Iterable[str], side: MergeSide) -> ConflictError:
    names = list(paths)
    shown = ", ".join(f"`{p}`" for p in names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    who = "this folder" if side.is_folder else "the branch"
    return ConflictError(
        "lake.folder_conflict",
        f"changed both in {who} and in what is published since: {shown}",
        where=names[0],
        hint="`andon pull` merges the texts and marks what it can't decide",
        details={"files": names},
    )


def code_notices(code: Merged, side: MergeSide) -> list[str]:
    """What of a merge a person should hear: where the merged code is not that of the side."""
    undone = sorted({cause.path for cause in code.rejected})
    many = len(undone) > _MANY
    if not side.is_folder:
        if many:
            return [f"{len(undone):,} files were undone before, so they are not published again: {_some(undone)}"]
        return [f"{path}: undone before, so it is not published again" for path in undone]
    notices = []
    if code.from_head:
        notices.append(
            f"newer in the lake than here, and taken from there: {_some(code.from_head)} (`andon pull` brings them)"
        )
    if code.kept:
        notices.append(
            f"not in this folder, and kept as published: {_some(code.kept)} (`andon pull` brings them, `--drop` removes them)"
        )
    if many:
        what = f"{len(undone):,} files were undone, so they are not published again: {_some(undone)}"
        return [*notices, f"{what} (edit them, or `andon accept --rejected PATH`; `andon status` lists all)"]
    for path in undone:
        what = f"{path}: was undone, so it is not published again"
        notices.append(f"{what} (edit it, or `andon accept --rejected {path}`)")
    return notices


def _some(paths: Iterable[str]) -> str:
    names = list(paths)
    return ", ".join(names[:_MANY]) + (f" and {len(names) - _MANY:,} more" if len(names) > _MANY else "")
