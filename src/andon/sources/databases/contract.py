"""What was recorded about a database's query at its first load, and what later loads are held to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from andon.base.names import quote
from andon.errors import DatasetError
from andon.model.build import EXTRACT
from andon.model.connection import Connection
from andon.model.dataset import Definition
from andon.model.load import SchemaPolicy
from andon.sources.databases.database import EITHER, NO_VALUES, RemoteColumn
from andon.sources.files.widening import widens
from andon.sql.bind import find_twins


def establish_extract(
    definition: Definition, connection: Connection, columns: Sequence[RemoteColumn], previous: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The contract of a source over `columns`, held to the contract of the build before, if there is one that counts.

    Raises:
        DatasetError: `source.contract` where the query returns something else than what was recorded.
    """
    twins = find_twins([(column.name, column.stored) for column in columns])
    if twins is not None:
        raise DatasetError(twins.code, twins.message, where=definition.entry, hint=twins.hint)
    before = columns_of(previous)
    if before and (previous or {}).get("recorded", 0) == definition.recorded:
        columns = _held(definition, before, columns)
    extract = {
        "connection": connection.name,
        "kind": connection.kind,
        "path": definition.entry,
        "columns": [list(column) for column in _lists(columns)],
    }
    contract: dict[str, Any] = {"reads": [], EXTRACT: extract}
    return {**contract, "recorded": definition.recorded} if definition.recorded else contract


def columns_of(contract: Mapping[str, Any] | None) -> tuple[RemoteColumn, ...]:
    """The columns that a contract records."""
    extract = (contract or {}).get(EXTRACT) or {}
    return tuple(RemoteColumn(*column) for column in extract.get("columns", ()))


def with_content(contract: Mapping[str, Any], content: str) -> dict[str, Any]:
    """A contract with what was extracted, by its content."""
    return {**contract, EXTRACT: {**contract[EXTRACT], "content": content}}


def describe_extract(contract: Mapping[str, Any]) -> list[str]:
    """What a person reads at a first load: where the rows come from, and the columns with their types."""
    extract = contract[EXTRACT]
    columns = columns_of(contract)
    width = max((len(column.name) for column in columns), default=0)
    stored = max((len(column.stored) for column in columns), default=0)
    lines = [f"asked of the {extract['kind']} connection {extract['connection']}"]
    for column in columns:
        lines.append(f"  {column.name:<{width}}  {column.stored:<{stored}}  from {column.kind}")
    return lines


def _lists(columns: Iterable[RemoteColumn]) -> Iterable[tuple[str, str, str]]:
    return ((column.name, column.kind, column.stored) for column in columns)


def _held(
    definition: Definition, before: Sequence[RemoteColumn], columns: Sequence[RemoteColumn]
) -> Sequence[RemoteColumn]:
    """What is read of `columns` for a source that recorded `before`: in that order, new ones last."""
    now = {column.name: column for column in columns}
    known = {column.name for column in before}
    accept = f"`andon source accept {definition.dataset}` and then `andon run` record it anew"

    def stop(message: str, hint: str, columns: Sequence[str]) -> DatasetError:
        return DatasetError(
            "source.contract", message, where=definition.entry, hint=hint, details={"columns": list(columns)}
        )

    for column in before:
        found = now.get(column.name)
        if found is None:
            raise stop(
                f"the query of `{definition.dataset}` returns no column `{column.name}` any more", accept, [column.name]
            )
        if _taken(definition, column, found) is None:
            message = f"the column `{column.name}` of `{definition.dataset}` was {column.kind} and is {found.kind}"
            wider = "`schema: widen` takes it; " if widens(column.stored, found.stored) else ""
            raise stop(message, f"{wider}{accept}; or cast it in the query", [column.name])
    new = [column for column in columns if column.name not in known]
    if new and definition.schema is SchemaPolicy.EXACT:
        message = f"the query of `{definition.dataset}` returns a new column: {', '.join(quote(c.name) for c in new)}"
        raise stop(message, f"{accept}; `schema: add` takes such columns as they come", [])
    return [*(_taken(definition, column, now[column.name]) or column for column in before), *new]


def _taken(definition: Definition, recorded: RemoteColumn, found: RemoteColumn) -> RemoteColumn | None:
    """As `held_to`; a wider type is taken where the source wants that."""
    held = held_to(recorded, found)
    if held is None and definition.schema is SchemaPolicy.WIDEN and widens(recorded.stored, found.stored):
        return found
    return held


def held_to(recorded: RemoteColumn, found: RemoteColumn) -> RemoteColumn | None:
    """What a column is read as that was recorded and is now found as `found`; None where it is another one.

    Where only values say what a column is (SQLite), it stays what it was while all values are of its kinds, or there are none; one that
    had none yet becomes what its first values are.
    """
    if found == recorded:
        return recorded
    before, now = set(recorded.kind.split(EITHER)), set(found.kind.split(EITHER)) - {NO_VALUES}
    if recorded.kind == NO_VALUES:
        return found
    return recorded if now < before or (not now and NO_VALUES in found.kind) else None
