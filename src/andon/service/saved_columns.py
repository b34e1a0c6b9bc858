"""What a definition or a query that is planned will return: its columns, and those that their values are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from andon.base.document import Document
from andon.model.dataset import Kind
from andon.model.lineage import column_id
from andon.runs.planning.bound_columns import known_columns
from andon.runs.planning.saved_queries import as_select

if TYPE_CHECKING:
    from andon.runs.prepare import Prepared
    from andon.workspace.workspace import Workspace


class SavedColumn(Document):
    """A column of what is saved, the columns that its values are made of, and whether it is marked as personal."""

    name: str
    type: str
    made_of: tuple[str, ...]
    personal: bool = False


#: Columns, and the datasets that are read.
Returned = tuple[tuple[SavedColumn, ...], tuple[str, ...]]


def of_query(workspace: Workspace, name: str, prepared: Prepared) -> Returned:
    """What a saved query returns."""
    query = next(query for query in prepared.gathered.project.queries if query.name == name)
    types = prepared.queries.get(name, ())
    made_of = _made_of(workspace, prepared, query.sql, as_select(query)[0], (), query.datasets, len(types))
    return with_origin(types, made_of), query.datasets


def of_dataset(workspace: Workspace, name: str, prepared: Prepared) -> Returned:
    """What a dataset returns."""
    definition = prepared.gathered.definitions[name]
    known = known_columns(workspace, prepared.gathered, prepared.bound, [name])
    types, inputs = known.get(name, ()), definition.inputs
    personal = prepared.gathered.project.datasets[name].personal
    if definition.kind is not Kind.SQL or definition.sql is None:
        return with_origin(types, [()] * len(types), personal), inputs
    made_of = _made_of(workspace, prepared, definition.id, definition.sql, definition.macros, inputs, len(types))
    return with_origin(types, made_of, personal), inputs


def with_origin(
    types: Sequence[tuple[str, str]], made_of: Sequence[Sequence[str]], personal: frozenset[str] = frozenset()
) -> tuple[SavedColumn, ...]:
    """Columns with what each is made of."""
    pairs = zip(types, made_of, strict=True)
    return tuple(SavedColumn(name, kind, tuple(of), name.lower() in personal) for (name, kind), of in pairs)


def _made_of(
    workspace: Workspace,
    prepared: Prepared,
    meaning: str,
    sql: str,
    macros: Sequence[str],
    inputs: Sequence[str],
    count: int,
) -> Sequence[Sequence[str]]:
    """For each column of a SELECT those that its values are made of; nothing where it can't be traced."""
    from andon.lineage.graph import TraceQuestion, trace

    schemas = known_columns(workspace, prepared.gathered, prepared.bound, inputs)
    question = TraceQuestion(meaning, sql, schemas, tuple(macros))
    found = trace({"": question}, workspace.cache)[""]
    if found.fallback is not None or len(found.columns) != count:
        return [()] * count
    return [sorted(column_id(*source) for source in sources) for sources in found.columns.values()]
