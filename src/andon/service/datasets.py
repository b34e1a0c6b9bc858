"""Datasets as they are at a commit: the list, and one page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from andon.base.clock import from_text, to_text
from andon.base.document import Document
from andon.base.graph import reach, reverse
from andon.base.names import literal, quote, quote_name
from andon.base.record import Record
from andon.errors import DamagedError, MachineError
from andon.lineage.caveats import inherited_caveats
from andon.model.build import EXTRACT
from andon.model.commit import Commit, State
from andon.model.dataset import Materialize
from andon.model.glossary import terms_by_place
from andon.model.lamp import Lamp
from andon.model.mask import MASK
from andon.model.project import Project
from andon.model.trouble import Trouble
from andon.model.version import Version
from andon.project.select import select as choose
from andon.project.select import selectable
from andon.runs.inspection.personal import discreet_kept
from andon.service.dataset_page import Page
from andon.workspace.masks import masked_columns
from andon.workspace.view import View, commit_ref

if TYPE_CHECKING:
    from andon.lineage.descriptions import Descriptions
    from andon.lineage.kept import LineageGraphs
    from andon.model.build import Build
    from andon.model.glossary import GlossaryTerm
    from andon.query.ask import Querying
    from andon.runs.inspection.history import CheckHistory
    from andon.service.question_places import QuestionCount
    from andon.service.troubles import Troubles
    from andon.service.trust import TrustNote
    from andon.workspace.workspace import Workspace


class DatasetInfo(Document):
    """One line of `ls`."""

    dataset: str
    kind: str
    materialize: str
    rows: int | None
    bytes: int
    owner: str | None
    tags: tuple[str, ...]
    description: str | None
    version: str


class DatasetStanding(Record):
    """How a dataset stands.

    Attributes:
        troubles: what is known against it, the worst first.
        last: when it was brought up to date, where it promises an age and readers of a branch look (ISO text).
        due: when that promise is broken (ISO text).
    """

    lamp: Lamp
    troubles: tuple[Trouble, ...]
    last: str | None = None
    due: str | None = None


#: So many commits are looked through for earlier snapshots of a table.
_SNAPSHOTS = 100
#: Files that these may have together: the metadata of 10,000 take a second to make.
_SNAPSHOT_FILES = 10_000


class Datasets:
    """Describes the datasets of one workspace's lake."""

    def __init__(
        self,
        workspace: Workspace,
        querying: Querying,
        checks: CheckHistory,
        troubles: Troubles,
        graphs: Callable[[], LineageGraphs],
        descriptions: Callable[[], Descriptions],
        notes: Callable[[Commit, Sequence[str], str | None], list[TrustNote]],
        questions: Callable[[str, Commit], QuestionCount],
    ) -> None:
        self._workspace = workspace
        self._troubles = troubles
        self._querying = querying
        self._checks = checks
        self._graphs = graphs
        self._descriptions = descriptions
        self._notes = notes
        self._questions = questions
        self._lake = workspace.lake

    def list(self, at: str | None = None, select: tuple[str, ...] = ()) -> list[DatasetInfo]:
        """All datasets at a commit, by name.

        Raises:
            UsageError: `lake.ref_not_found`, or a selection that names nothing.
        """
        view = View.at(self._workspace, at)
        state, project = view.state, view.project
        counts = self._lake.objects.row_counts(leaf.version for leaf in state.leaves.values())
        names = _selected(select, project, state) if select else set(state.leaves)
        found = []
        for name in sorted(names):
            leaf, info = state.leaves[name], project.datasets.get(name)
            rows, size = counts.get(leaf.version, (None, 0))
            found.append(
                DatasetInfo(
                    name,
                    leaf.kind,
                    leaf.materialize,
                    rows,
                    size,
                    info.owner if info else None,
                    info.tags if info else (),
                    info.description if info else None,
                    leaf.version,
                )
            )
        return found

    def show(self, name: str, at: str | None = None, *, rows: int = 10, places: bool = True) -> Page:
        """The page of a dataset.

        Args:
            name: `schema.name`, or `schema.name@REF` in the place of `at`.
            rows: of the sample; without any nothing is asked.
            places: whether to tell where its metadata lies, which is written where nobody asked for it before.

        Raises:
            UsageError: `lake.dataset_not_found`, `lake.ref_not_found`.
        """
        from andon.service.analysis_code import refuse_analysis

        refuse_analysis(self._workspace, name, "`andon analysis show {0}` shows it")
        name, _, ref = name.partition("@")
        at = commit_ref(self._workspace, ref) if ref else at
        view = View.at(self._workspace, at)
        leaf = view.leaf(name)
        commit, state, project = view.commit, view.state, view.project
        info = project.datasets.get(name)
        objects = self._lake.objects
        version = objects.versions([leaf.version])[leaf.version]
        build = objects.builds([leaf.build]).get(leaf.build)
        definitions = objects.definitions([x.definition for x in state.leaves.values()])
        needs = {d: definitions[x.definition].inputs for d, x in state.leaves.items() if x.definition in definitions}
        readers = reverse(needs)
        below = {name, *reach(readers, [name])}
        marked = masked_columns(self._workspace, commit)
        masked = marked.get(name, frozenset())
        sample: list[tuple[Any, ...]] = []
        gone: DamagedError | None = None
        if rows:
            asked = f"select {_sampled(version, masked)} from {quote_name(name)} limit {rows}"
            try:
                sample = self._querying.ask_commit(asked, commit, "show").fetch()
            except DamagedError as error:
                if error.code != "lake.gone":
                    raise
                gone = error
        entry = definitions[leaf.definition].entry
        sha = dict(leaf.files).get(entry)
        return Page(
            commit,
            name,
            leaf,
            version,
            build,
            info,
            needs.get(name, ()),
            tuple(sorted(readers.get(name, ()))),
            tuple(i for i in project.insights if below.intersection(i.datasets)),
            sample,
            _contract_lines(build),
            objects.text(sha).decode(errors="replace") if sha else "",
            None if version.is_view or not places or gone is not None else self._iceberg(name, version, commit),
            tuple(discreet_kept(r, marked) for r in self._checks.of_commit(name, commit, state, project)),
            tuple(query.name for query in project.queries if name in query.datasets),
            self._inherited(name, project, commit),
            self._descriptions().of(commit, [name]).get(name, {}),
            _terms(name, project),
            to_text(self._workspace.clock())[:10],
            tuple(self._notes(commit, [name], at)) if rows else (),
            self._questions(name, commit),
            self._workspace.reproductions.newest(name, leaf.build),
            self._workspace.origins.of(build.run) if build is not None else None,
            gone,
        )

    def _inherited(self, name: str, project: Project, commit: Commit) -> tuple[tuple[str, str], ...]:
        found = inherited_caveats(project.datasets, lambda: self._graphs().graph(commit), [name]).get(name, ())
        return tuple((each.origin, each.caveat.text) for each in found)

    def standing(self, name: str, at: str | None = None) -> DatasetStanding:
        """How a dataset stands. Raises as `show`."""
        view = View.at(self._workspace, at)
        view.leaf(name)
        found = tuple(each for each in self._troubles.of(view) if each.dataset == name)
        promised = next((each for each in self._troubles.known(view).promised if each.dataset == name), None)
        lamp = found[0].lamp if found else Lamp.OK
        if promised is None:
            return DatasetStanding(lamp, found)
        return DatasetStanding(lamp, found, promised.last, promised.due)

    def _iceberg(self, name: str, version: Version, commit: Commit) -> str | None:
        """Where its metadata lies, with what was shown before it; None where nobody made it yet and this account can't."""
        from andon.lake.iceberg.kept import iceberg_metadata

        try:
            *earlier, (_, since) = self._shown(name, commit)
            return iceberg_metadata(self._lake.storage, version, earlier, since, self._lake.locks.writing)
        except MachineError as failure:
            if failure.code not in ("machine.read_only", "machine.disk", "machine.storage"):
                raise
            return None

    def _shown(self, name: str, commit: Commit) -> Sequence[tuple[Version, int]]:
        """What the newest commits back from `commit` showed of a dataset, oldest first, with since when; tables only, its own last,
        and none whose data are gone.

        A version may be known by another dataset of the same content, so it is asked for by name.
        """
        found: dict[str, int] = {}
        after: str | None = None
        commits = self._lake.commits
        for each in islice(commits.first_parents(commit), _SNAPSHOTS):
            leaf = commits.state(each).leaves.get(name)
            if leaf is None or not Materialize(leaf.materialize).has_files:
                break
            if leaf.version not in found or leaf.version == after:
                found[leaf.version] = int(from_text(each.time).timestamp() * 1000)
            after = leaf.version
        versions = self._lake.objects.versions(found)
        closed = self._lake.going.closed_of(file.path for version in versions.values() for file in version.files)
        shown: list[tuple[Version, int]] = []
        files = 0
        for id, since in found.items():
            version = versions[id]
            files += len(version.files)
            # of what is gone a snapshot would name files that are not there
            if not shown or (files <= _SNAPSHOT_FILES and closed.isdisjoint(file.path for file in version.files)):
                shown.append((version, since))
        return shown[::-1]


def _sampled(version: Version, masked: frozenset[str]) -> str:
    """What the sample selects: values of personal columns do not leave the engine."""
    hidden = [quote(c.name) for c in version.columns if c.name.lower() in masked]
    if not hidden:
        return "*"
    covers = (f"case when {column} is not null then {literal(MASK)} end as {column}" for column in hidden)
    return f"* replace ({', '.join(covers)})"


def _terms(name: str, project: Project) -> dict[str, tuple[GlossaryTerm, ...]]:
    """Words of the glossary, by column in lower case; by "", those of the dataset as a whole."""
    start = f"{name}."
    places = terms_by_place(project.glossary)
    return {place[len(start) :]: terms for place, terms in places.items() if f"{place}.".startswith(start)}


def _selected(select: tuple[str, ...], project: Project, state: State) -> set[str]:
    datasets = {d: x for d, x in project.datasets.items() if d in state.leaves}
    needs = {d: datasets[d].definition.inputs if d in datasets else () for d in state.leaves}
    return choose(select, selectable(datasets, needs, files={d: leaf.files for d, leaf in state.leaves.items()}))


def _contract_lines(build: Build | None) -> tuple[str, ...]:
    if build is None or not build.contract:
        return ()
    if EXTRACT in build.contract:
        from andon.sources.asked import describe_asked

        return tuple(describe_asked(build.contract))
    from andon.sources.contract import describe

    return tuple(describe(build.contract))
