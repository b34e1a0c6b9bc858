"""The page of a dataset: all that is known about it at one commit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from andon.base.document import UNSET, Document, Documented, UnsetType
from andon.base.record import field
from andon.errors import DamagedError, MachineError
from andon.lake.iceberg.metadata import no_files
from andon.lineage.descriptions import HandedText
from andon.model.acceptance import Acceptance
from andon.model.check_result import CheckDocument, CheckResult
from andon.model.commit import Commit, Leaf
from andon.model.dataset import Dataset, Materialize
from andon.model.glossary import GlossaryTerm
from andon.model.growth import Grown
from andon.model.insight import Insight
from andon.model.origin import Origin
from andon.model.reproduction_sample import NotedReproduction
from andon.model.version import Column, Version
from andon.service.question_places import QuestionCount
from andon.service.trust import TrustNote

if TYPE_CHECKING:
    from andon.model.build import Build


class ColumnDocument(Document):
    """A column of a stored table.

    Attributes:
        description: what its file says.
        inherited: where that says nothing: what is said of the column above whose values it holds as they are.
        terms: words of the glossary that stand in it.
    """

    name: str
    type: str
    field_id: int
    description: str | None
    inherited: HandedText | None
    terms: list[str]


class InputFileDocument(Document):
    """A raw file that a source read."""

    path: str
    sha256: str
    size: int


class BuildDocument(Document):
    """How a version came about; `origin` says where its run came from."""

    id: str
    key: str
    run: int | None
    created: str
    seconds: float
    engine: dict[str, Any]
    inputs: dict[str, str]
    files: list[InputFileDocument]
    logical_time: str | None
    lock: str | None
    proof: str | None
    log: str | None
    origin: Origin | UnsetType = UNSET


class GrowthDocument(Document):
    """How a table grows: by what, what its last build made, what is filled where that is not all, and what stays by whose word."""

    by: str
    way: str
    filled: list[list[str | None]] | None
    words: list[str]


class PageDocument(Document):
    """All that is known about one dataset at one commit; `terms` are words of the glossary for it as a whole. `review` is `owner` where
    its owner approves what others change of it, else null: checks and plan are all that a publish needs."""

    dataset: str
    commit: str
    kind: str
    materialize: str
    description: str | None
    owner: str | None
    review: str | None
    tags: list[str]
    terms: list[str]
    caveats: list[str]
    checks: list[CheckDocument]
    accepted: list[Acceptance]
    key: list[str]
    definition: str
    version: str
    rows: int | None
    bytes: int
    columns: list[ColumnDocument]
    reads: list[str]
    read_by: list[str]
    insights: list[str]
    queries: list[str]
    files: list[str]
    build: BuildDocument | None
    contract: list[str]
    sample: list[list[Any]]
    code: str
    iceberg: str | None
    growth: GrowthDocument | UnsetType = UNSET
    notes: list[TrustNote] | UnsetType = UNSET
    questions: QuestionCount | UnsetType = UNSET
    rebuilt: NotedReproduction | UnsetType = UNSET


class Page(Documented):
    """All that is known about one dataset at one commit.

    Attributes:
        reads, read_by: datasets directly upstream and downstream.
        insights: insights that it serves, directly or through what reads it.
        queries: saved queries that read it.
        sample: up to ten rows.
        contract: for sources: how its files are read, as lines.
        checks: what the commit's own checks said of the versions that it has.
        notes: what to know before the sample is trusted, the worst first.
        inherited: caveats of what stands above it, each with the dataset that states it.
        handed: by column in lower case, what is said of the column above whose values it holds.
        terms: by column in lower case, words of the glossary; by "", those of the dataset as a whole.
        questions: how many people ask about it.
        rebuilt: what came out when its version, else another one of it, was last built again.
        origin: where the run came from that built it; None where nobody noted that.
        gone: that its data are kept no more, and what brings them back, where rows of it were asked for; None where they are there.
        today: the day on which it is looked at (ISO).
        iceberg: place of metadata that any Iceberg reader can be pointed at (tables only).
    """

    commit: Commit
    dataset: str
    leaf: Leaf
    version: Version
    build: Build | None
    info: Dataset | None
    reads: tuple[str, ...]
    read_by: tuple[str, ...]
    insights: tuple[Insight, ...]
    sample: list[tuple[Any, ...]]
    contract: tuple[str, ...]
    code: str
    iceberg: str | None
    checks: tuple[CheckResult, ...] = ()
    queries: tuple[str, ...] = ()
    inherited: tuple[tuple[str, str], ...] = ()
    handed: Mapping[str, HandedText] = field(default_factory=dict)
    terms: Mapping[str, tuple[GlossaryTerm, ...]] = field(default_factory=dict)
    today: str = ""
    notes: tuple[TrustNote, ...] = ()
    questions: QuestionCount = QuestionCount(0, 0)
    rebuilt: NotedReproduction | None = None
    origin: Origin | None = None
    gone: DamagedError | None = None

    def document(self) -> PageDocument:
        """As in `show --json`."""
        info, build = self.info, self.build
        return PageDocument.about(
            self,
            commit=self.commit.id,
            kind=self.leaf.kind,
            materialize=self.leaf.materialize,
            description=info.description if info else None,
            owner=info.owner if info else None,
            review=info.review if info else None,
            tags=info.tags if info else (),
            caveats=[each.text for each in info.caveats] if info else [],
            accepted=[a for a in self.commit.acceptances if a.dataset == self.dataset],
            key=info.definition.key if info else (),
            definition=self.leaf.definition,
            version=self.version.id,
            rows=self.version.rows,
            bytes=self.version.bytes,
            terms=[term.term for term in self.terms.get("", ())],
            columns=[self._column(c) for c in self.version.columns],
            insights=[i.name for i in self.insights],
            files=[f.path for f in self.version.files],
            build=_build_document(build, self.origin) if build else None,
            sample=[[_plain(v) for v in row] for row in self.sample],
            growth=self._growth(),
            notes=list(self.notes) or UNSET,
            questions=self.questions if self.questions.open or self.questions.answered else UNSET,
            rebuilt=self.rebuilt or UNSET,
        )

    def _column(self, column: Column) -> ColumnDocument:
        name = column.name.lower()
        return ColumnDocument.about(
            column,
            description=self.described.get(name),
            inherited=self.handed.get(name),
            terms=[term.term for term in self.terms.get(name, ())],
        )

    @property
    def described(self) -> Mapping[str, str | None]:
        """What its file says of its columns, by their names in lower case."""
        return {c.name.lower(): c.description for c in self.info.columns} if self.info else {}

    @property
    def grown(self) -> Grown | None:
        """How a table that grows came to hold its rows; None for all others."""
        is_growing = self.leaf.materialize == Materialize.INCREMENTAL and self.build is not None
        return Grown.of(self.build.grown) if is_growing and self.build is not None else None

    def _growth(self) -> GrowthDocument | UnsetType:
        grown = self.grown
        if grown is None or self.info is None or self.info.definition.growth is None:
            return UNSET
        filled = [list(each) for each in grown.filled] if grown.filled is not None else None
        return GrowthDocument(str(self.info.definition.growth.by), grown.way, filled, list(grown.words))


def iceberg_place(page: Page) -> str:
    """Where the Iceberg metadata of a dataset lie.

    Raises:
        DamagedError: `lake.gone` where its data are gone.
        DatasetError: `build.not_supported` for a view.
        MachineError: `machine.read_only` where nobody made them yet and this account can't.
    """
    if page.gone is not None:
        raise page.gone
    if page.version.is_view:
        raise no_files(page.version)
    if page.iceberg is None:
        raise MachineError(
            "machine.read_only",
            f"the Iceberg metadata of `{page.dataset}` are not there yet, and this account can't write them",
            where=page.dataset,
            hint=f"an account that may write to the lake makes them by `andon show {page.dataset} --iceberg`",
        )
    return page.iceberg


def _build_document(build: Build, origin: Origin | None) -> BuildDocument:
    files = [InputFileDocument.about(f) for f in build.files]
    return BuildDocument.about(build, seconds=round(build.seconds, 4), files=files, origin=origin or UNSET)


def _plain(value: Any) -> Any:
    """A value as JSON shows it."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if value == value and value not in (float("inf"), float("-inf")) else str(value)
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return str(value)
