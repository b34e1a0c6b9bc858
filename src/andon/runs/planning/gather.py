"""Gathering what a plan depends on: code and raw files merged three-way, the project they make, contracts and schemas.

The same steps serve a change (the other side is the folder), a refresh (the branch's own code, the folder's raw files) and the publish of
a branch (the other side is that branch, the base where the two parted).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from andon.base.hashing import digest
from andon.base.record import Record, field, replace
from andon.errors import AndonError, MachineError, ProjectError
from andon.lake.named_files import raw_path
from andon.lake.undo import passing, rejected_together
from andon.model.build import Build, InputFile
from andon.model.commit import Cause, Commit, State, code_id
from andon.model.correction import RowCorrection
from andon.model.dataset import Dataset, Definition
from andon.model.project import Project
from andon.model.quarantine import aside_of
from andon.project.earlier_files import EarlierFiles
from andon.project.folder.merge import Merged, Newer, is_rejected, merge
from andon.project.folder.scan import FileFact, hash_files, scan
from andon.project.link.corrections import corrected_project, with_those_of
from andon.project.load import load
from andon.runs.planning.merge_words import code_notices, conflict, passed_notices
from andon.runs.planning.merging import (
    Against,
    MergeSide,
    by_path,
    code_history,
    merge_raw,
)
from andon.runs.planning.moves import HeadMoves, moment_of
from andon.runs.planning.raw_common import RawInCommon, RawState
from andon.runs.planning.remote_files import RemoteFiles
from andon.runs.planning.steps import SourceInput
from andon.sources.files.paths import glob, is_remote, local_patterns
from andon.workspace.base import Base, InCommon
from andon.workspace.git import git_info
from andon.workspace.git_history import GitHistory

if TYPE_CHECKING:
    from andon.workspace.workspace import Workspace


#: The file of the words of the business.
GLOSSARY = "glossary.yml"


class CodeDiffering(Record, dict=True):
    """In what code differs from what a state was made of, found once.

    Attributes:
        state: what is published.
        code: the definitions.
        own: by dataset its own files.
    """

    state: State
    code: Mapping[str, Definition]
    own: Mapping[str, tuple[tuple[str, str], ...]]

    @cached_property
    def definitions(self) -> frozenset[str]:
        """The datasets that are not published, or by another definition."""
        return frozenset(self.state.makes_anew({name: each.id for name, each in self.code.items()}))

    @cached_property
    def files(self) -> frozenset[str]:
        """The datasets that are not published, or with other files of their own."""
        leaves = self.state.leaves
        return frozenset(
            name for name, own in self.own.items() if (leaf := leaves.get(name)) is None or leaf.files != own
        )


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
        differing: in what the code differs from the head.
        failures: what is known to fail already, by dataset: raw files that are not there, contracts that don't hold.
        raw: the merges of raw files, by source.
        passed: causes that keep nothing out any more.
        widen: sources that take new columns and wider types this once.
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
    differing: CodeDiffering
    raw: Mapping[str, Merged] = field(default_factory=dict)
    passed: frozenset[Cause] = frozenset()
    widen: frozenset[str] = frozenset()

    @property
    def changed(self) -> frozenset[str]:
        """The datasets that are not published, or by another definition."""
        return self.differing.definitions

    @property
    def edited(self) -> frozenset[str]:
        """The datasets whose own files are others than the published ones, those that are not published among them."""
        return self.differing.files

    @property
    def decided(self) -> frozenset[str]:
        """Paths that both sides changed, and where somebody decided."""
        return frozenset(path for merged in (self.code, *self.raw.values()) for path in merged.decided)

    def with_sources(self, sources: Mapping[str, SourceInput], failures: Mapping[str, AndonError]) -> Gathered:
        """The same with what is known by now of some sources, and what of them will fail."""
        return replace(self, sources={**self.sources, **sources}, failures={**self.failures, **failures})


def is_glossary_new(gathered: Gathered) -> bool:
    """Whether the glossary says something else than the head's."""
    return is_new(gathered, GLOSSARY)


def is_new(gathered: Gathered, path: str) -> bool:
    """Whether a file that belongs to no single dataset says something else than the head's."""
    return gathered.project.files.get(path) != gathered.state.shared.get(path)


def said_anew(gathered: Gathered, taken: Iterable[str]) -> set[str]:
    """Those of `taken` whose file is another one and says something of the same columns: what it returns is as it was."""
    leaves, edited = gathered.state.leaves, gathered.edited
    return {
        name
        for name in edited.intersection(taken)
        if name in leaves
        and (said := gathered.project.datasets.get(name)) is not None
        and (said.columns or said.lineage or said.caveats or said.definition.key or said.definition.sort)
        and said.own_files
        and name not in gathered.changed
    }


def names_columns_anew(gathered: Gathered, taken: Iterable[str]) -> bool:
    """Whether a file that names columns says something else: the glossary, an insight, what is said of a dataset."""
    insights = (each for each in gathered.project.insights if any(use.count(".") > 1 for use in each.uses))
    return (
        is_glossary_new(gathered)
        or any(is_new(gathered, each.file) for each in insights)
        or bool(said_anew(gathered, taken))
    )


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
        self._remote = RemoteFiles(workspace)
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

        code = {path: fact.sha256 for path, fact in facts.items()}
        return MergeSide(code, self._folder_raw, read, self._read_raw, self._read_kept, remote=self._remote.of)

    def own(self, state: State) -> MergeSide:
        """A branch's own code on the raw files that lie in the folder today."""
        read = self._lake.objects.text
        return MergeSide(
            state.files(),
            self._folder_raw,
            lambda _, sha: read(sha),
            self._read_raw,
            self._read_kept,
            remote=self._remote.of,
            is_folder=False,
            is_own=True,
        )

    def _read_raw(self, path: str, _: str) -> bytes:
        return (self._workspace.root / path).read_bytes()

    def _read_kept(self, path: str, sha: str) -> bytes:
        return self._lake.storage.read(raw_path(InputFile(path, sha, 0)))

    def commit(self, commit: Commit) -> MergeSide:
        """A commit: its code and the raw files that its sources were built from."""
        state = self._lake.commits.state(commit)
        raw = self._raw_state(state)
        read = self._lake.objects.text
        return MergeSide(
            state.files(),
            raw.files,
            lambda _, sha: read(sha),
            build=raw.builds.get,
            moment=lambda dataset: moment_of(self._lake.commits, commit, dataset),
            is_folder=False,
            has_folders_raw=False,
        )

    def base_of(self, commit: Commit) -> Base:
        """A commit as the base of a merge."""
        state = self._lake.commits.state(commit)
        builds = self.source_builds(state)
        raw = {source: InCommon(build.contents, commit.id) for source, build in builds.items()}
        return Base(InCommon(state.files(), commit.id), raw)

    def common_raw(self, head: Commit, old: Base | None) -> dict[str, InCommon]:
        """What the folder's raw files and those that the sources of `head` were built from have in common, where that is known anew."""
        builds = self.source_builds(self._lake.commits.state(head))
        definitions = self._lake.objects.definitions(build.definition for build in builds.values())
        known = self.raw_in_common(old, head)
        raw = dict(old.raw) if old is not None else {}
        for name, build in builds.items():
            if build.definition in definitions:
                there = by_path(file for file in build.files if not is_remote(file.path))
                here = by_path(self._folder_raw(definitions[build.definition]).values())
                raw[name] = known.of(name, here.keys() | there.keys()).after(head.id, there, here)
        return raw

    def raw_in_common(self, base: Base | None, head: Commit) -> RawInCommon:
        """What `base` says of raw files, to be asked about those of `head`."""
        commits = self._lake.commits
        moves = HeadMoves(commits, self._lake.objects, head)
        return RawInCommon(base, lambda commit: commits.get(commit).generation if commit else -1, moves)

    # -- gathering

    def gather(
        self,
        head: Commit,
        side: MergeSide,
        base: Base | None,
        *,
        drop: bool = False,
        lenient: bool = False,
        reverts: bool = False,
        decide: Callable[[str], Newer | None] = lambda _: None,
        lifted: Collection[Cause] = (),
        select: Callable[[Project, State], frozenset[str] | None] = lambda *_: None,
        correct: Mapping[str, RowCorrection] | None = None,
    ) -> Gathered:
        """Merge, load and look at raw files.

        Args:
            drop: drop what the side lacks.
            lenient: leave the project's problems in the result for the caller, who looks for more.
            reverts: whether an undo or a redo is made: what earlier ones kept out and took back is no matter then.
            decide: which side counts where both changed a file, where somebody decided that.
            lifted: what undos keep out and somebody wants again.
            select: the datasets that are taken, None for all: of other sources no place is asked for remote files.
            correct: what is done about the rows of datasets from now on, beside what is done already.

        Raises:
            ConflictError: `lake.folder_conflict` with all files that both sides changed.
            ProjectError: with everything that is wrong in the merged code.
        """
        state = self._lake.commits.state(head)
        moves = None if reverts else HeadMoves(self._lake.commits, self._lake.objects, head)
        history = (
            GitHistory(self._workspace.root)
            if side.has_folders_raw and git_info(self._workspace.root) is not None
            else None
        )
        groups = () if reverts or not head.rejected else rejected_together(self._lake.commits.first_parents(head))
        rejected = () if reverts else tuple(cause for cause in head.rejected if cause not in lifted)
        against = Against(
            head,
            base,
            self.raw_in_common(base, head),
            drop,
            moves,
            decide,
            rejected,
            tuple(groups),
            history,
            lambda dataset: moment_of(self._lake.commits, head, dataset),
        )
        passed = self._corrected_code(state, side, against)
        against = against.without(passed)
        code = self._merge_code(state, side, against)
        if code.conflicts:
            raise conflict(code.conflicts, is_folder=side.is_folder, has_folders_raw=side.has_folders_raw)
        project = self._load(code.files, side, state)
        stated, stored = project, self._lake.objects.definitions
        if not stated.problems:
            project = corrected_project(stated, state, stored)
        if side.is_own:
            project = self._as_published(project, state, side.edited)
        if correct and not stated.problems:
            asked = corrected_project(stated, state, stored, correct)
            project = with_those_of(project, asked, correct)
        if project.problems and not lenient:
            raise ProjectError.of(project.problems)
        published = self._raw_state(state)
        definitions = {name: dataset.definition for name, dataset in project.datasets.items()}
        taken = frozenset() if project.problems else select(project, state)
        raw = merge_raw(definitions, published, side, replace(against, taken=taken))
        own = {name: dataset.own_files for name, dataset in project.datasets.items()}
        return Gathered(
            head=head,
            state=state,
            side=side,
            code=code,
            project=project,
            definitions=definitions,
            files=own,
            differing=CodeDiffering(state, definitions, own),
            shared=project.shared,
            builds=published.builds,
            sources=raw.sources,
            failures=raw.failures,
            notices=(
                *code_notices(code, is_folder=side.is_folder),
                *raw.notices,
                *passed_notices(passed | raw.passed, groups),
            ),
            passed=passed | raw.passed,
            raw=raw.merged,
        )

    def source_builds(self, state: State) -> dict[str, Build]:
        """The builds of a state's source leaves, by dataset."""
        ids = {name: leaf.build for name, leaf in state.sources.items()}
        builds = self._lake.objects.builds(ids.values())
        return {name: builds[i] for name, i in ids.items() if i in builds}

    def _raw_state(self, state: State) -> RawState:
        return RawState(self.source_builds(state), self._lake.objects.definitions)

    # -- code

    def _merge_code(self, state: State, side: MergeSide, against: Against) -> Merged:
        base = against.base.code if against.base is not None else None
        rejected, there = against.rejected(), state.files()
        return merge(
            base.files if base is not None else None,
            there,
            side.code,
            rejected=rejected,
            meaning=self.meaning(side, state) if rejected else None,
            unmoved=against.unmoved(base, there),
            drop=against.drop,
            history=code_history(against, there, side, self._lake.objects.text),
            decide=against.decide,
        )

    def _corrected_code(self, state: State, side: MergeSide, against: Against) -> frozenset[Cause]:
        """Causes in code that keep nothing out any more."""
        groups = [group for group in against.groups if any(cause.source is None for cause in group)]
        if not groups:
            return frozenset()
        rejected, there, meaning = against.rejected(), state.files(), self.meaning(side, state)

        def is_corrected(cause: Cause) -> bool:
            here = side.code.get(cause.path)
            is_new = here is not None and here != there.get(cause.path)
            return is_new and not is_rejected(cause.path, here, rejected, meaning)

        return passing(groups, is_corrected)

    def meaning(self, side: MergeSide, state: State | None = None) -> Callable[[str, str], str | None]:
        """What the files of a side mean, of which many may be those of `state`: causes name a dataset's file by that."""
        # loaded when first asked: mostly the causes name the content itself, or nothing at their paths is new
        found: list[Mapping[str, str]] = []

        def meaning(path: str, content: str) -> str | None:
            if side.code.get(path) != content:
                return None
            if not found:
                found.append(self._load(side.code, side, state).meanings)
            return found[0].get(path)

        return meaning

    def _load(self, files: Mapping[str, str], side: MergeSide, state: State | None = None) -> Project:
        """The project that files make, of which many may be those of `state`; the one that was asked for last is kept, since a side is
        mostly what its merge comes to."""
        if self._loaded is not None and self._loaded[0] == files:
            return self._loaded[1]
        earlier, key = None, ""
        if state is not None:
            earlier = EarlierFiles(state.files(), self._lake.objects.texts)
            key = state.code if files == earlier.files else ""
        key = key or code_id(files)
        projects = self._workspace.projects
        known = projects.get(key)

        def read(path: str) -> bytes:
            sha = files[path]
            if side.code.get(path) == sha:
                return side.read(path, sha)
            return self._lake.objects.text(sha)

        project = known if known is not None else load(files, read, self._workspace.cache, earlier=earlier, key=key)
        projects.put(key, project)
        self._loaded = (files, project)
        return project

    def _as_published(self, project: Project, state: State, edited: frozenset[str]) -> Project:
        """`project` with the definitions of the leaves: a dataset that was kept, failed or not selected was made by other texts of
        macros and modules than those that stand beside it now, perhaps by some that are gone, and is no problem for that.

        Args:
            edited: files that are others than the branch's: what they make is as they say, and code with problems is none to judge by.
        """
        if edited and project.problems:
            return project
        new = {
            name for name, dataset in project.datasets.items() if not edited.isdisjoint(p for p, _ in dataset.own_files)
        }
        gone = {name for name, leaf in state.leaves.items() if not edited.isdisjoint(path for path, _ in leaf.files)}
        # rows that are set aside have no file of their own: they go with those that they would be among
        new |= {aside for name in new if (aside := project.datasets[name].definition.aside) is not None}
        gone |= {aside_of(name) for name in gone}
        # What has problems is not linked whole, so its definitions are not believed.
        said = {} if project.problems else project.ids
        behind = {
            name: leaf
            for name, leaf in state.leaves.items()
            if said.get(name) != leaf.definition and name not in new and name not in gone
        }
        stored = self._lake.objects.definitions({leaf.definition for leaf in behind.values()})
        if len(stored) < len({leaf.definition for leaf in behind.values()}):
            return project  # by another version of Andon's normal form, with nothing kept: what the texts say counts
        datasets = {n: dataset for n, dataset in project.datasets.items() if n in new or n in state.leaves}
        for name, leaf in behind.items():
            definition = stored[leaf.definition]
            shown = datasets.get(name) or Dataset(definition)
            datasets[name] = replace(shown, definition=definition, own_files=leaf.files)
        return replace(project, datasets=datasets, problems=(), levels=())

    # -- raw files

    def _folder_raw(self, definition: Definition) -> Mapping[str, InputFile]:
        """The folder's raw files that a source reads, looked at once: what is planned, built and remembered are the same."""
        if definition.id not in self._seen:
            self._seen[definition.id] = self._look(definition)
        return self._seen[definition.id]

    def _look(self, definition: Definition) -> Mapping[str, InputFile]:
        root = self._workspace.root
        paths = sorted(
            {p for read in definition.reads for pattern in local_patterns(read) for p in glob(root, pattern)}
        )
        facts: Mapping[str, FileFact] = hash_files(root, paths, self._workspace.cache)
        return {path: InputFile(path, fact.sha256, fact.size) for path, fact in facts.items()}
