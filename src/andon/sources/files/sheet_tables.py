"""Where a table stands in a sheet: its header, its end, and what stands beside it, which is never passed over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from andon.base.names import did_you_mean, literal
from andon.base.record import Record, replace
from andon.sources.failures import shown, stop
from andon.sources.files.calls import Call
from andon.sources.files.raw_text import Source
from andon.sources.files.scratch import rows, scratch
from andon.sources.files.workbook import Sheet, sheet_of, stated_range
from andon.sources.files.workbook_cells import letters

#: The options of a call.
OPTIONS = (
    "sheet", "range", "header", "names", "types", "all_varchar", "nullstr", "stop_at_empty", "merged", "formulas",
    "union_by_name", "filename", "hive_partitioning", "hive_types", "hive_types_autocast",
)  # fmt: skip


class TableInSheet(Record):
    """Where a table stands in a sheet.

    Attributes:
        header: its row, None without one.
        names: of the columns; `first` is the place of the first of them in the sheet's table.
        last: the last row.
    """

    source: Source
    sheet: Sheet
    header: int | None
    names: tuple[str, ...]
    first: int
    last: int | None

    @property
    def rows(self) -> str:
        """SQL: what stands after FROM."""
        bounds = [f"r > {self.header}"] if self.header is not None else []
        bounds += [f"r <= {self.last}"] if self.last is not None else []
        return f"read_parquet({literal(str(self.sheet.table))}) where {' and '.join(bounds) or 'true'}"


def check_options(call: Call) -> None:
    for name in call.stated:
        if name not in OPTIONS:
            hint = did_you_mean(name, OPTIONS) or f"known are {', '.join(f'`{each}`' for each in OPTIONS)}"
            raise stop("source.ambiguous", f"`read_xlsx` has no option `{name}`", call.read.patterns[0], hint=hint)
    merged = call.get("merged")
    if merged not in (None, "fill", "first"):
        hint = f"`{call.suggest(merged=literal('fill'))}` gives each of them the value, `'first'` the first alone"
        raise stop("source.ambiguous", f"`merged` can't be `{shown(str(merged))}`", call.read.patterns[0], hint=hint)


def table_in(call: Call, source: Source, expected: Sequence[str] | None = None) -> TableInSheet:
    """Where the table of a workbook stands.

    Args:
        expected: the recorded columns.
    """
    sheet = sheet_of(source, call)
    texts = ", ".join(f"t{i}" for i in range(sheet.width))
    kinds = ", ".join(f"k{i}" for i in range(sheet.width))
    with scratch() as connection:
        table = f"read_parquet({literal(str(sheet.table))})"
        first = (
            rows(connection, f"select r, [{texts}], [{kinds}] from {table} order by r limit 2") if sheet.width else []
        )
        if not first:
            raise stop(
                "source.empty",
                f"there is nothing in the sheet `{sheet.name}`",
                source.path,
                hint="fetch the file again",
            )
        if call.get("header") is False:
            used = rows(connection, f"select {', '.join(f'count(t{i})' for i in range(sheet.width))} from {table}")[0]
            filled = [i for i, count in enumerate(used) if count]
            names = call.get("names") or []
            width = filled[-1] + 1 - filled[0]
            named = [*names, *(f"column{i}" for i in range(len(names), width))][:width]
            body = TableInSheet(source, sheet, None, tuple(named), filled[0], None)
        else:
            body = _headed(connection, call, source, sheet, first, expected)
        return _ended(connection, call, body, table)


def _headed(
    connection: Any, call: Call, source: Source, sheet: Sheet, first: Sequence[Any], expected: Sequence[str] | None
) -> TableInSheet:
    row, texts, kinds = first[0]
    filled = [i for i, text in enumerate(texts) if text is not None and text.strip()]
    if not filled:
        filled = [i for i, text in enumerate(texts) if text is not None]
    start, end = filled[0], filled[-1]
    cells = ["" if text is None else text.strip() for text in texts[start : end + 1]]
    below = [i for i, text in enumerate(first[1][1]) if text is not None] if len(first) > 1 else []
    stated = call.get("names") or []
    is_sure = call.get("header") is True or stated or expected is not None
    if len(filled) == 1 and len(below) > 1 and not is_sure:
        way = call.suggest(range=literal(_from_row(call, first[1][0])))
        message = f"row {row} may be a title above the table: `{shown(cells[0])}`"
        raise stop(
            "source.ambiguous", message, source.path, row, f"write `{way}` if row {first[1][0]} names the columns"
        )
    names = [*stated, *cells[len(stated) :]]
    blank = next((i for i, name in enumerate(names) if not name), None)
    if blank is not None:
        place = letters(sheet.left + start + blank)
        way = call.suggest(range=literal(_columns(call, sheet.left + start, sheet.left + start + blank - 1, row)))
        fixed = call.suggest(names="[" + ", ".join(literal(n or f"column{i}") for i, n in enumerate(names)) + "]")
        message = f"column {place} has no name in row {row}"
        raise stop(
            "source.ambiguous", message, source.path, row, f"name it: `{fixed}`; or read what is before it: `{way}`"
        )
    lowered = [name.lower() for name in names]
    twice = next((name for name in names if lowered.count(name.lower()) > 1), None)
    if twice is not None:
        unique = [n if lowered.index(n.lower()) == i else f"{n}_{i}" for i, n in enumerate(names)]
        way = call.suggest(names="[" + ", ".join(map(literal, unique)) + "]")
        raise stop(
            "source.ambiguous",
            f"two columns are named `{twice}` in row {row}",
            source.path,
            row,
            f"name the columns: `{way}`",
        )
    body = TableInSheet(source, sheet, row, tuple(names), start, None)
    odd = next((i for i in range(start, end + 1) if kinds[i] not in ("text", None)), None)
    if not is_sure and (odd is not None or not _names_below(connection, body, cells)):
        yes, no = call.suggest(header="true"), call.suggest(header="false")
        message = f"does row {row} name the columns? `{shown(', '.join(cells))}`"
        raise stop("source.ambiguous", message, source.path, row, f"write `{yes}` if it does, `{no}` if it is data")
    return body


def _names_below(connection: Any, body: TableInSheet, cells: Sequence[str]) -> bool:
    """Whether texts in the first row name the columns: a column has other cells than texts, or no name stands below it."""
    columns = range(body.first, body.first + len(cells))
    others = ", ".join(f"bool_or(k{i} <> 'text')" for i in columns)
    again = ", ".join(f"bool_or(trim(t{i}) = {literal(cell)})" for i, cell in zip(columns, cells, strict=True))
    count, *found = rows(connection, f"select count(*), {others}, {again} from {body.rows}")[0]
    if any(found[: len(cells)]):
        return True
    return count > 1 and not any(found[len(cells) :])


def _ended(connection: Any, call: Call, body: TableInSheet, table: str) -> TableInSheet:
    """The table with its end; what stands beside it or below is not passed over."""
    after = body.header if body.header is not None else 0
    gap = rows(
        connection,
        f"select min(p), min_by(r, p) from (select r, lag(r) over (order by r) as p from {table} where r >= {after}) where r > p + 1",
    )[0]
    bounded = stated_range(call).bottom is not None
    if gap[0] is not None and not (bounded and call.get("stop_at_empty") is None):
        if call.get("stop_at_empty") is None:
            on, off = call.suggest(stop_at_empty="false"), call.suggest(stop_at_empty="true")
            message = f"row {gap[0] + 1} is empty, and rows follow from row {gap[1]} on"
            hint = f"write `{on}` if they belong to the table, `{off}` if it ends there"
            raise stop("source.ambiguous", message, body.source.path, gap[0] + 1, hint)
        if call.get("stop_at_empty"):
            body = replace(body, last=int(gap[0]))
    end = body.first + len(body.names)
    outside = [i for i in range(body.sheet.width) if not body.first <= i < end]
    if outside:
        condition = " or ".join(f"t{i} is not null" for i in outside)
        texts = ", ".join(f"t{i}" for i in outside)
        found = rows(connection, f"select r, [{texts}] from {body.rows} and ({condition}) order by r limit 1")
        if found:
            row, values = found[0]
            at, value = next((i, v) for i, v in zip(outside, values, strict=True) if v is not None)
            left = body.sheet.left
            way = call.suggest(range=literal(_columns(call, left + body.first, left + end - 1, body.header or 1)))
            message = f"`{body.sheet.place(row, at)}` holds `{shown(value)}` in a column that has no name"
            raise stop(
                "source.ambiguous", message, body.source.path, row, f"name the column; or read the named ones: `{way}`"
            )
    return body


def _from_row(call: Call, row: int) -> str:
    within = stated_range(call)
    end = f":{letters(within.right)}{within.bottom or ''}" if within.right else ""
    return f"{letters(within.left)}{row}{end}"


def _columns(call: Call, first: int, last: int, row: int) -> str:
    bottom = stated_range(call).bottom
    return f"{letters(first)}{row}:{letters(max(first, last))}{bottom or ''}"


def check_names(call: Call, names: Sequence[str], body: TableInSheet, first: str | None) -> None:
    """Refuse another set of columns than `names`, which the file `first`, or the first load, had."""
    new = [name for name in body.names if name not in names]
    missing = [name for name in names if name not in body.names]
    by_name = bool(call.get("union_by_name"))
    if not (missing and not by_name) and not (new and (first is None or not by_name)):
        return
    parts = [f"new: `{n}`" for n in new] + [f"missing: `{n}`" for n in missing if not by_name]
    origin = f"in `{first}`" if first else "recorded at the first load"
    only_new = bool(new) and not (missing and not by_name) and first is None
    by_names = f"columns by their names, NULL where a file has not all: `{call.suggest(union_by_name='true')}`"
    raise stop(
        "source.contract",
        f"the columns differ from those {origin}: {'; '.join(parts[:5])}",
        body.source.path,
        body.header,
        call.more_columns(new) if only_new else by_names,
        expected=list(names),
        found=list(body.names),
        only_new=only_new,
    )


def check_merged(call: Call, body: TableInSheet) -> None:
    """Refuse cells that are one: only the first of them has the value."""
    if call.get("merged"):
        return
    left, right = body.sheet.left + body.first, body.sheet.left + body.first + len(body.names) - 1
    for top, first, bottom, last in body.sheet.merged:
        inside = first <= right and last >= left and bottom >= (body.header or 1)
        if inside and (body.last is None or top <= body.last) and top <= (stated_range(call).bottom or top):
            area = f"{body.sheet.name}!{letters(first)}{top}:{letters(last)}{bottom}"
            fill, one = call.suggest(merged=literal("fill")), call.suggest(merged=literal("first"))
            hint = f"write `{fill}` to read its value in each of them, `{one}` to read it once"
            raise stop("source.ambiguous", f"the cells `{area}` are merged into one", body.source.path, top, hint)
