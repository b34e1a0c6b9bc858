"""How a file says that its dataset keeps what its rows were before."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from andon.model.history import GivenRows, RowHistory
from andon.project.files.nodes import PlacedValue
from andon.project.files.reading import FieldReader, FieldSpec, read_choice, read_text

_EXAMPLE = "write `history: {changed_at: updated_at}`"

#: Keys of the mapping `history`. The reference page of project files is made from it.
HISTORY_FIELDS: tuple[FieldSpec, ...] = (
    FieldSpec(
        "changed_at",
        "column",
        "the run that finds a row so",
        "The column, a date or a time, that says since when a row is as it is; then late rows find their place.",
        read_text,
    ),
    FieldSpec(
        "rows",
        "all or changed",
        "all",
        "What the SQL returns: all rows that there are, so that one that is missing was deleted; or those that changed.",
        read_choice,
        tuple(GivenRows),
    ),
    FieldSpec(
        "deleted",
        "column",
        "none",
        "The column that is true where a row says that there is none with its key any more; it is not kept.",
        read_text,
    ),
)


def read_history(reader: FieldReader, _known: FieldSpec, node: PlacedValue) -> RowHistory | None:
    """The value of `history`."""
    if node.kind != "map":
        reader.wrong(node, "`history` must be a mapping", f"found {node.shown()}", _EXAMPLE)
        return None
    inner = FieldReader(reader.file)
    values: dict[str, Any] = dict(inner.read(node, HISTORY_FIELDS).values)
    reader.flaws += inner.flaws
    for name in ("changed_at", "deleted"):
        if name in values:
            reader.named[f"history:{values[name]}"] = (node.value[name].line, node.value[name].column)
    return RowHistory((), values.get("changed_at"), GivenRows(values.get("rows", GivenRows.ALL)), values.get("deleted"))


def history_problem(values: Mapping[str, Any], said: Container[str], kind: str) -> tuple[str, str, str] | None:
    """What is wrong with how a file says that its dataset is a history: the key to show, what, and what to do. None if nothing is.

    Args:
        said: the keys that the file has, with good values or not.
        kind: `sql`, `source` or `python`.
    """
    keeps, stated = values.get("materialize") == "history", "history" in said
    if kind != "sql" and (keeps or stated):
        what = "a source" if kind == "source" else "a Python dataset"
        hint = "take it out, and make a dataset of one line that reads this one: `from schema.name`, with `materialize: history`"
        return "materialize" if keeps else "history", f"a history is made by SQL, not by {what}", hint
    if keeps and "key" not in said:
        return "materialize", "a history needs the `key` of the dataset: whose history it is", "add `key: customer_id`"
    if stated and not keeps:
        return "history", "`history` says how a history is kept, and this dataset is none", "add `materialize: history`"
    return None
