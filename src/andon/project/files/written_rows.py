"""CellRows written in a unit test: a YAML list of mappings, or CSV in the test or in a file beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from json import dumps

from andon.model.unit_tests import Cell, CellKind, CellRows
from andon.project.files.facts import RowSource
from andon.project.files.nodes import FileFlaw, Flawed, PlacedValue
from andon.project.files.reading import FieldReader

_FIELD = re.compile(r'"((?:[^"]|"")*)"|([^",\n]*)')


def read_written(reader: FieldReader, what: str, node: PlacedValue, *, same: bool) -> RowSource | None:
    """What the value `node` of `what` stands for. With `same` each row must list the columns of the first one."""
    if node.kind == "list":
        rows = _listed(reader, what, node, same)
        return None if rows is None else RowSource(rows, None, None, node.line, node.column)
    if node.kind != "text":
        hint = "`- {id: 1, amount: 2.50}` for each row; `[]` for none; CSV after `|`; or the path of a file in `tests/`"
        reader.wrong(
            node, f"{what} must be a list of rows, CSV, or the path of a CSV file", f"found {node.shown()}", hint
        )
        return None
    text = str(node.value)
    if "\n" not in text.strip() and text.strip().lower().endswith(".csv") and "," not in text:
        return RowSource(None, None, text.strip(), node.line, node.column)
    return RowSource(None, text, None, node.line, node.column, node.lines, node.indent)


def _listed(reader: FieldReader, what: str, node: PlacedValue, same: bool) -> CellRows | None:
    columns: dict[str, str] = {}
    places: list[tuple[int, int]] = []
    good = True
    for item in node.value:
        if item.kind != "map":
            reader.wrong(
                item, f"each row of {what} must be a mapping", f"found {item.shown()}", "`- {id: 1, amount: 2.50}`"
            )
            good = False
            continue
        seen: set[str] = set()
        for name in item.value:
            line, column = item.keys[name]
            if name.lower() in seen:
                reader.add("project.bad_test", f"column `{name}` is there twice", line, column, "keep one of them")
                good = False
            seen.add(name.lower())
            if name.lower() not in columns:
                if same and item is not node.value[0]:
                    message = f"the first row does not list `{name}`"
                    reader.add("project.bad_test", message, line, column, "every expected row lists the same columns")
                    good = False
                columns[name.lower()] = name
                places.append((line, column))
        lacking = [columns[name] for name in columns if name not in seen] if same else []
        if lacking:
            names = ", ".join(f"`{name}`" for name in lacking)
            hint = "every expected row lists the same columns; a NULL is written `null`"
            reader.add("project.bad_test", f"the row does not list {names}", item.line, item.column, hint)
            good = False
    if not good:
        return None
    rows = tuple(_row(item, tuple(columns)) for item in node.value)
    return CellRows(tuple(columns.values()), rows, reader.file, tuple(places), node.line, node.column)


def _row(item: PlacedValue, columns: Sequence[str]) -> tuple[Cell, ...]:
    values = {name.lower(): value for name, value in item.value.items()}
    empty = Cell(CellKind.NULL, "", item.line, item.column)
    return tuple(_cell(values[name]) if name in values else empty for name in columns)


def _cell(node: PlacedValue) -> Cell:
    match node.kind:
        case "number":
            return Cell(CellKind.NUMBER, node.raw, node.line, node.column)
        case "flag":
            return Cell(CellKind.FLAG, "true" if node.value else "false", node.line, node.column)
        case "null":
            return Cell(CellKind.NULL, "", node.line, node.column)
        case "list" | "map":
            return Cell(CellKind.JSON, _json(node), node.line, node.column)
    return Cell(CellKind.TEXT, str(node.value), node.line, node.column)


def _json(node: PlacedValue) -> str:
    """The value as JSON; numbers keep their digits."""
    match node.kind:
        case "list":
            return "[" + ", ".join(_json(item) for item in node.value) + "]"
        case "map":
            return "{" + ", ".join(f"{dumps(name)}: {_json(value)}" for name, value in node.value.items()) + "}"
        case "number":
            return format(Decimal(node.raw), "f")
        case "flag":
            return "true" if node.value else "false"
        case "null":
            return "null"
    return dumps(str(node.value))


def rows_of_csv(text: str, file: str, written: RowSource | None = None) -> CellRows:
    """The rows of CSV: commas, a header, double quotes; an empty field without quotes is NULL.

    Args:
        file: for places. written: where the text stands in it; None if the file is the text.

    Raises:
        Flawed: `project.bad_test` with its place.
    """
    place = _Places(written)
    records = list(_records(text, place))
    if not records:
        raise Flawed(FileFlaw("project.bad_test", "the CSV is empty", *place(1, 1), "its first line names the columns"))
    header, *rest = records
    names = [cell.text.strip() for cell in header]
    seen: set[str] = set()
    for cell, name in zip(header, names, strict=True):
        if not name or name.lower() in seen:
            message = f"column `{name}` is named twice" if name else "a column has no name"
            raise Flawed(
                FileFlaw("project.bad_test", message, cell.line, cell.column, "the first line names each column once")
            )
        seen.add(name.lower())
    for record in rest:
        if len(record) != len(names):
            message = f"the line has {len(record)} fields, and the header {len(names)}"
            hint = "put a text with a comma in it into double quotes"
            raise Flawed(FileFlaw("project.bad_test", message, record[0].line, record[0].column, hint))
    places = tuple((cell.line, cell.column) for cell in header)
    line, column = place(1, 1)
    return CellRows(tuple(names), tuple(tuple(record) for record in rest), file, places, line, column)


class _Places:
    """From line and column of a text to those of the file that it stands in."""

    def __init__(self, written: RowSource | None) -> None:
        self._written = written

    def __call__(self, line: int, column: int) -> tuple[int, int]:
        written = self._written
        if written is None:
            return line, column
        if written.lines is None:
            return written.line, written.column
        return written.lines + line - 1, column + written.indent


def _records(text: str, place: _Places) -> Iterator[list[Cell]]:
    text = text.replace("\r\n", "\n")
    at, line, begin = 0, 1, 0
    while at < len(text):
        if text[at] == "\n":  # an empty line
            at, line, begin = at + 1, line + 1, at + 1
            continue
        record: list[Cell] = []
        while True:
            match = _FIELD.match(text, at)
            assert match is not None  # the second branch takes anything, or nothing
            where = place(line, at - begin + 1)
            end = match.end()
            if end < len(text) and text[end] not in ",\n":
                message = "a quote is not closed, or something stands beside it"
                raise Flawed(FileFlaw("project.bad_test", message, *where, 'write `"a ""quoted"" word"`'))
            quoted, bare = match[1], match[2]
            if quoted is not None:
                record.append(Cell(CellKind.TEXT, quoted.replace('""', '"'), *where))
                line += quoted.count("\n")
                begin = at + 1 + quoted.rindex("\n") + 1 if "\n" in quoted else begin
            else:
                stripped = bare.strip()
                record.append(Cell(CellKind.BARE if stripped else CellKind.NULL, stripped, *where))
            at = end + 1
            if end >= len(text) or text[end] == "\n":
                break
        line, begin = line + 1, at
        yield record
