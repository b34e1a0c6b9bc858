"""What a load of a source would meet: whether it can be reached, whether its contract holds, what it would bring. Nothing is loaded."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from andon.base.document import Document, Documented, ErrorDocument, from_json
from andon.base.text import plural
from andon.errors import AndonError
from andon.model.build import Build
from andon.model.dataset import Definition
from andon.proposals.names import looks_personal
from andon.runs.planning.going_on import asked_since, asks
from andon.runs.planning.raw_files import RawFiles
from andon.runs.planning.schemas import with_contracts
from andon.service.source_list import kind_of
from andon.service.sources import chosen_sources, gathered_sources
from andon.sources.apis.pages import look
from andon.sources.databases.contract import columns_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from andon.runs.planning.gather import Gathered
    from andon.runs.planning.steps import SourceInput
    from andon.workspace.workspace import Workspace


class SourceReportDocument(Document):
    """What a load of a source would meet."""

    dataset: str
    file: str
    kind: str
    holds: bool
    error: ErrorDocument | None
    brings: str | None
    rows: int | None
    notices: list[str]
    personal: list[str]
    unmarked: list[str]


class SourceReport(Documented):
    """What a load of a source would meet.

    Attributes:
        error: why it can't be reached, or why its contract does not hold; None if a load would go through so far.
        brings: what it would ask for or read.
        rows: how many rows that are, where that can be known before.
        notices: columns that would be taken.
        personal: columns that are marked as personal; unmarked: such as are not, and are called like one that is.
    """

    dataset: str
    file: str
    kind: str
    error: AndonError | None
    brings: str | None
    rows: int | None
    notices: tuple[str, ...]
    personal: tuple[str, ...]
    unmarked: tuple[str, ...]

    def document(self) -> SourceReportDocument:
        """As in `source check --json`."""
        error = from_json(ErrorDocument, self.error.to_json()) if self.error is not None else None
        return SourceReportDocument.about(self, holds=self.error is None, error=error)


def check_sources(workspace: Workspace, names: Sequence[str] = (), branch: str | None = None) -> list[SourceReport]:
    """Look at sources as a load would find them; all where none is named.

    Raises:
        UsageError: `usage.bad_argument` for a name that is no source.
    """
    gathered = gathered_sources(workspace, branch, anew=True)
    chosen = chosen_sources(gathered, names)
    loads = {name: _asked_anew(gathered, name) for name in chosen}
    before = len(gathered.notices)
    raw = RawFiles(workspace.root, workspace.lake.storage, workspace.lake.intact)
    looked = with_contracts(workspace, gathered.with_sources(loads, {}), raw, chosen)
    told = looked.notices[before:]
    return [_report(workspace, looked, name, told) for name in chosen]


def _asked_anew(gathered: Gathered, name: str) -> SourceInput:
    """A source as a refresh would find it: a database is asked though it was loaded."""
    from andon.base.record import replace

    definition, source = gathered.definitions[name], gathered.sources[name]
    if definition.asks is None or source.kept_because:
        return source
    return replace(source, load=asks(definition, gathered.builds.get(name)))


def _report(workspace: Workspace, looked: Gathered, name: str, told: Sequence[str]) -> SourceReport:
    definition, build, source = looked.definitions[name], looked.builds.get(name), looked.sources[name]
    error, rows, brings = looked.failures.get(name), None, None
    if error is None:
        if definition.connection is not None:
            brings = source.load
            try:
                rows = _count(workspace, definition, source, build)
            except AndonError as found:
                error = found
        elif definition.rest is not None:
            brings = source.load
            try:
                look(definition.rest, lambda text: _resolved(workspace, definition, text), definition.entry)
            except AndonError as found:
                error = found
        else:
            brings = _files(source) if definition.asks is None else source.load
    columns = _columns(source)
    marked = looked.project.datasets[name].personal
    return SourceReport(
        name,
        definition.entry,
        kind_of(workspace, definition),
        error,
        source.kept_because or brings,
        rows,
        tuple(line.partition(": ")[2] for line in told if line.startswith(f"{name}: ")),
        tuple(sorted(marked)),
        tuple(column for column in columns if looks_personal(column) and column.lower() not in marked),
    )


def _resolved(workspace: Workspace, definition: Definition, text: str) -> str:
    return workspace.resolve(text, f"`auth` in `{definition.entry}`", definition.entry)


def _columns(source: SourceInput) -> list[str]:
    contract = source.contract or {"reads": []}
    found = [column.name for column in columns_of(contract)]
    return found or [name for entry in contract.get("reads", ()) for name, _ in entry["columns"]]


def _files(source: SourceInput) -> str:
    parts = [
        f"{len(paths):,} {word}"
        for paths, word in ((source.added, "new"), (source.changed, "changed"), (source.removed, "removed"))
        if paths
    ]
    return f"{', '.join(parts)} of {plural(len(source.files), 'file')}" if parts else "nothing new"


def _count(workspace: Workspace, definition: Definition, source: SourceInput, build: Build | None) -> int:
    """How many rows a load would be given."""
    sql = asked_since(definition, build, source.contract)
    with closing(workspace.databases.open(str(definition.connection), definition.entry)) as session:
        counting = f"select count(*) as n from (\n{sql}\n) q"
        columns = session.describe(counting, definition.entry)
        return int(session.rows(counting, columns, None, definition.entry)[0][0])
