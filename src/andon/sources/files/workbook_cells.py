"""Cells of a sheet as texts, each with what it is: a number, a text, a moment, an error."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from andon.base.record import Record
from andon.sources.failures import stop

if TYPE_CHECKING:
    import pyarrow as pa

#: Rows that are written at once.
_BATCH = 10_000
#: Excel keeps so many digits of a number.
_DIGITS = 10**15
#: A day that Excel counts and that never was, 29 February 1900: before it days are off by one in other programs.
_FIRST_SURE = dt.datetime(1900, 3, 1)  # noqa: DTZ001 - a cell has no zone


class SheetPart(Record):
    """A part of a sheet, counted from 1; None where it ends with the sheet."""

    top: int = 1
    left: int = 1
    bottom: int | None = None
    right: int | None = None


def letters(column: int) -> str:
    """The name of a column that is counted from 1."""
    out = ""
    while column:
        column, rest = divmod(column - 1, 26)
        out = chr(65 + rest) + out
    return out


class Wider(Exception):
    """A row has more cells than those before it."""

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.width = width


class SheetCells(Record):
    """Turns the cells of a sheet into texts."""

    path: str
    sheet: str
    within: SheetPart
    width: int
    filled: tuple[tuple[int, int, int, int], ...] = ()

    def rows(self, sheet: Any) -> Iterator[tuple[int, list[tuple[str, str] | None]]]:
        """Rows that have a cell, with their number."""
        inside, last = self.within, self.within.right
        held: dict[tuple[int, int, int, int], tuple[str, str] | None] = {}
        for number, row in enumerate(sheet.iter_rows(min_row=inside.top, max_row=inside.bottom), inside.top):
            cells = row[inside.left - 1 : last]
            found = [self._cell(cell, number) if cell.value is not None else None for cell in cells]
            if self.filled:
                self._fill(found, number, held)
            while found and found[-1] is None:
                found.pop()
            if not found:
                continue
            if len(found) > self.width:
                raise Wider(len(found))
            yield number, found + [None] * (self.width - len(found))

    def _fill(self, found: list[Any], row: int, held: dict[tuple[int, int, int, int], Any]) -> None:
        """Give cells that are one the value of the first of them."""
        for area in self.filled:
            top, left, bottom, right = area
            if not top <= row <= bottom or left < self.within.left or right > (self.within.right or right):
                continue
            first, last = left - self.within.left, right - self.within.left
            if row == top:
                held[area] = found[first] if first < len(found) else None
            found += [None] * (last + 1 - len(found))
            found[first : last + 1] = [held.get(area)] * (last + 1 - first)

    def _cell(self, cell: Any, row: int) -> tuple[str, str] | None:
        value, kind = cell.value, cell.data_type
        if isinstance(value, str):
            if kind == "e":
                return "error", value
            return ("text", value) if value else None
        if isinstance(value, bool):
            return "bool", "true" if value else "false"
        if isinstance(value, int | float):
            return self._amount(cell, value)
        return self._moment(cell, value, row)

    def _amount(self, cell: Any, value: float) -> tuple[str, str] | None:
        if isinstance(value, float) and not math.isfinite(value):
            return "error", str(value)
        form = cell.number_format or ""
        if value == int(value):
            whole = int(value)
            if len(form) > 1 and not form.strip("0") and 0 <= whole < 10 ** (len(form) - 1):
                return "zeros", str(whole).zfill(len(form))
            return ("whole" if abs(whole) < _DIGITS else "long"), str(whole)
        return "number", repr(float(value))

    def _moment(self, cell: Any, value: Any, row: int) -> tuple[str, str] | None:
        if isinstance(value, dt.timedelta):
            seconds = value.total_seconds()
            whole, rest = divmod(abs(round(seconds * 1000)), 1000)
            text = f"{'-' if seconds < 0 else ''}{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"
            return "duration", text + (f".{rest:03}" if rest else "")
        if isinstance(value, dt.time):
            return "time", value.isoformat()
        if isinstance(value, dt.datetime):
            if value < _FIRST_SURE and cell.parent.parent.epoch.year == 1899:
                return "odd", value.isoformat(" ")
            if value.time() != dt.time():
                return "moment", value.isoformat(" ")
            form = re.sub(r'"[^"]*"|\\.|\[[^\]]*\]', "", cell.number_format or "").lower()
            return ("moment" if "h" in form else "date"), value.date().isoformat()
        raise stop("source.ambiguous", f"`{self.sheet}!{letters(cell.column)}{row}` can't be read", self.path, row)


def write_cells(cells: SheetCells, sheet: Any, table: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    names = [("r", pa.int64())]
    for column in range(cells.width):
        names += [(f"t{column}", pa.string()), (f"k{column}", pa.string())]
    schema = pa.schema(names)
    with parquet.ParquetWriter(str(table), schema, compression="zstd") as writer:
        rows: list[tuple[int, list[tuple[str, str] | None]]] = []
        for row in cells.rows(sheet):
            rows.append(row)
            if len(rows) == _BATCH:
                writer.write_batch(_batch(rows, schema))
                rows = []
        if rows:
            writer.write_batch(_batch(rows, schema))


def _batch(rows: Sequence[tuple[int, list[tuple[str, str] | None]]], schema: pa.Schema) -> pa.RecordBatch:
    import pyarrow as pa

    columns: list[list[Any]] = [[number for number, _ in rows]]
    for column in range((len(schema) - 1) // 2):
        found = [cells[column] for _, cells in rows]
        columns.append([None if each is None else each[1] for each in found])
        columns.append([None if each is None else each[0] for each in found])
    arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    return pa.record_batch(arrays, schema=schema)
