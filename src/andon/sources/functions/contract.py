"""What was recorded about the columns that a function handed out, and what later loads are held to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from andon.base.names import quote
from andon.engines.python.task import PythonPart
from andon.errors import DatasetError
from andon.model.build import EXTRACT
from andon.model.dataset import Definition
from andon.model.load import SchemaPolicy
from andon.model.version import Columns
from andon.sources.files.widening import common
from andon.sql.bind import find_twins


def columns_of(contract: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """The columns that a contract records."""
    return [(name, kind) for name, _, kind in ((contract or {}).get(EXTRACT) or {}).get("columns", ())]


def handed_out(definition: Definition, parts: Sequence[PythonPart]) -> list[tuple[str, str]]:
    """The columns of all that was handed out: each of the narrowest type that holds the values of all parts.

    Raises:
        DatasetError: `source.ambiguous` where there is none, `project.bad_value` where two names differ in case only.
    """
    found: dict[str, str] = {}
    for part in parts:
        for name, kind in part.columns:
            wide = common([found.get(name, kind), kind])
            if wide is None:
                message = f"`{definition.entry}` hands out the column `{name}` as {found[name]} and as {kind}"
                hint = "convert its values to one type in the function"
                raise DatasetError("source.ambiguous", message, where=definition.entry, hint=hint)
            found[name] = wide
    twins = find_twins([*found.items()])
    if twins is not None:
        raise DatasetError(twins.code, twins.message, where=definition.entry, hint=twins.hint)
    return [*found.items()]


def held(definition: Definition, previous: Mapping[str, Any] | None, found: Columns) -> list[tuple[str, str]]:
    """What is stored of what was handed out: the columns that were recorded, in their order and of their types, and new ones last.

    Raises:
        DatasetError: `source.contract` where something else came than was recorded, `source.empty` where nothing is known yet.
    """
    known = columns_of(previous) if (previous or {}).get("recorded", 0) == definition.recorded else []
    if not known and not found:
        message = f"`{definition.entry}` hands out no row, so nobody can say what columns it has"
        hint = "run again when it has some, or hand out a table with typed columns"
        raise DatasetError("source.empty", message, where=definition.entry, hint=hint)
    if not known:
        return [*found]
    now, accept = dict(found), f"`andon source accept {definition.dataset}` and then `andon run` record it anew"
    kept = []
    for name, kind in known:
        wide = common([kind, now.get(name, kind)])
        if wide is None or (wide != kind and definition.schema is not SchemaPolicy.WIDEN):
            message = f"the column `{name}` of `{definition.dataset}` was {kind} and is {now[name]}"
            hint = f"convert it in the function; or {accept}"
            raise DatasetError("source.contract", message, where=definition.entry, hint=hint)
        kept.append((name, wide))
    new = [(name, kind) for name, kind in found if name not in dict(known)]
    if new and definition.schema is SchemaPolicy.EXACT:
        names = ", ".join(quote(name) for name, _ in new)
        message = f"`{definition.entry}` hands out a new column: {names}"
        raise DatasetError(
            "source.contract",
            message,
            where=definition.entry,
            hint=f'{accept}; `schema="add"` takes such columns as they come',
        )
    return [*kept, *new]


def established(definition: Definition, columns: Columns, state: Mapping[str, Any]) -> dict[str, Any]:
    """The contract of a load."""
    listed = [[name, kind, kind] for name, kind in columns]
    extract = {"kind": "python", "path": definition.entry, "columns": listed, "state": dict(state)}
    contract: dict[str, Any] = {"reads": [], EXTRACT: extract}
    return {**contract, "recorded": definition.recorded} if definition.recorded else contract
