"""A question without some of its values: for all values at once, with the column to tell them apart, or with parameters. Pure.

The text stays as somebody wrote it but for what has to be another. Where it is not plain how, there is no answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from andon.base.record import Record
from andon.sql.question import FilterValue, QuestionForm, question_form
from andon.sql.tokens import SqlToken, tokens

_AFTER_WHERE = frozenset(
    {"group", "having", "window", "qualify", "order", "limit", "offset", "using", "union", "intersect", "except"}
)
_NEVER = frozenset(
    {"union", "intersect", "except", "limit", "offset", "qualify", "window", "fetch", "sample", "tablesample"}
)
_NO_GROUPS = frozenset({"rollup", "cube", "grouping"})


def for_all_values(sql: str, form: QuestionForm, gone: Sequence[FilterValue]) -> str | None:
    """The text without the conditions on `gone`, with their columns in the result, and grouped by them where it is grouped."""
    if not gone or any(not one.is_alone or one.sign not in ("=", "in") for one in gone):
        return None
    cut = _cut(sql)
    if cut is None:
        return None
    kept, columns = [], []
    for start, end in cut.conditions:
        mine = [one for one in gone if any(start <= at < end for at, _ in one.spans)]
        if not mine:
            kept.append(sql[start:end])
            continue
        column = _column(sql, start, end, mine[0])
        if column is None:
            return None
        columns.append(column)
    if len(columns) != len(gone):
        return None
    added = [column for column in dict.fromkeys(columns) if not cut.shows(column, sql)]
    edits: list[tuple[int, int, str]] = []
    where = f" where {' and '.join(kept)}" if kept else ""
    edits.append((cut.where, cut.where_end, where))
    if added:
        edits.append((cut.outputs_end, cut.outputs_end, "".join(f", {column}" for column in added)))
    if form.is_grouped and not cut.is_grouped_by_all:
        if cut.groups_end is not None:
            edits.append((cut.groups_end, cut.groups_end, "".join(f", {column}" for column in added)))
        else:
            last = edits[0]
            grouped = f"group by {', '.join(dict.fromkeys(columns))}"
            edits[0] = (last[0], last[1], f"{where} {grouped}")
    made = _edited(sql, edits)
    return made if question_form(made) is not None else None


def with_parameters(sql: str, names: Mapping[str, str], form: QuestionForm) -> str | None:
    """The text with `$name` in place of the values in the slots of `names`."""
    edits = []
    for one in form.filters:
        if one.slot in names:
            if len(one.spans) != 1:
                return None
            edits.append((*one.spans[0], f"${names[one.slot]}"))
    made = _edited(sql, edits)
    return made if len(edits) == len(names) and question_form(made) is not None else None


class _Cut(Record):
    """Where the clauses of the outermost query stand; `groups_end` None where it has none."""

    outputs: tuple[tuple[int, int], ...]
    outputs_end: int
    where: int
    where_end: int
    conditions: tuple[tuple[int, int], ...]
    groups_end: int | None = None
    is_grouped_by_all: bool = False

    def shows(self, column: str, sql: str) -> bool:
        """Whether the column is in the result as it is."""
        return any(sql[start:end].strip().lower() in (column.lower(), "*") for start, end in self.outputs)


def _cut(sql: str) -> _Cut | None:
    found = list(_outermost(sql))
    words = [token.word for token in found]
    if "select" not in words or not _NEVER.isdisjoint(words):
        return None
    select = words.index("select")
    if "from" not in words[select:] or words[select + 1] == "distinct":
        return None
    source = words.index("from", select)
    if "where" not in words[source:]:
        return None
    where = words.index("where", source)
    end = next((n for n in range(where, len(found)) if words[n] in _AFTER_WHERE), len(found))
    conditions = _parted(found[where + 1 : end], "and")
    outputs = _parted(found[select + 1 : source], ",")
    if not conditions or not outputs:
        return None
    groups_end, is_all = None, False
    if "group" in words[end:]:
        group = words.index("group", end)
        stop = next((n for n in range(group + 1, len(found)) if words[n] in _AFTER_WHERE), len(found))
        if not _NO_GROUPS.isdisjoint(words[group:stop]):
            return None
        groups_end, is_all = found[stop - 1].end, words[group + 2 : group + 3] == ["all"]
    return _Cut(
        tuple(outputs), outputs[-1][1], found[where - 1].end, found[end - 1].end, tuple(conditions), groups_end, is_all
    )


def _outermost(sql: str) -> list[SqlToken]:
    """The tokens that stand in no bracket but for the brackets themselves; a final `;` is left out."""
    found, depth = [], 0
    for token in tokens(sql):
        opens, closes = token.text in "([{", token.text in ")]}"
        if depth == 0 or (closes and depth == 1):
            found.append(token)
        depth += opens - closes
    while found and found[-1].text == ";":
        found.pop()
    return found


def _parted(found: Sequence[SqlToken], mark: str) -> list[tuple[int, int]]:
    """The ranges between marks; the `and` of a `between` parts nothing."""
    parts: list[list[SqlToken]] = [[]]
    is_between = False
    for token in found:
        if token.word == mark and not (mark == "and" and is_between):
            parts.append([])
            continue
        if token.word == "between":
            is_between = True
        elif token.word == "and":
            is_between = False
        parts[-1].append(token)
    return [(part[0].start, part[-1].end) for part in parts if part]


def _column(sql: str, start: int, end: int, filtered: FilterValue) -> str | None:
    """The column of a condition, as it is written there."""
    at = filtered.spans[0][0]
    sign = next(
        (
            t
            for t in tokens(sql, start)
            if t.start < end and (t.word == "in" if filtered.sign == "in" else t.text == "=")
        ),
        None,
    )
    if sign is None:
        return None
    left, right = sql[start : sign.start].strip(), sql[sign.end : end].strip()
    column = (right.lstrip("=").strip() if at < sign.start else left).strip()
    return column if column and not set(column) & set("()'") else None


def _edited(sql: str, edits: Sequence[tuple[int, int, str]]) -> str:
    for start, end, text in sorted(edits, reverse=True):
        sql = f"{sql[:start]}{text}{sql[end:]}"
    return sql
