"""The counted values of some columns of one type, in a temporary table, and what is asked of them: each statement is about all columns."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from andon.base.names import literal, quote
from andon.base.record import Record
from andon.model.profile import LONGEST_TEXT

if TYPE_CHECKING:
    import duckdb

_GROUPS, _SORTED = "temp.main.profile_groups", "temp.main.profile_sorted"


class Ranks(Record):
    """Sorted values around every hundredth, the first and the last included, as texts, with how many rows there are up to each."""

    values: tuple[str, ...]
    upto: tuple[int, ...]

    def at(self, rank: int) -> str:
        """The value of the row of that rank (from 0)."""
        return self.values[bisect_right(self.upto, rank)]


class Groups:
    """Counts the values of columns of one type: `k` is a column's place among them, `v` a value, `n` how often it comes.

    Args:
        connection: where temporary tables are made.
        relation: what stands after FROM.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, relation: str, names: Sequence[str]) -> None:
        self._connection = connection
        self.columns = range(len(names))
        columns = ", ".join(quote(name) for name in names)
        counted = f"select 0 as k, {columns} as v, count(*)::bigint as n from {relation} group by 2"
        if len(names) > 1:
            each = f"unnest(range({len(names)}))::integer as k, unnest([{columns}]) as v"
            counted = f"select k, v, count(*)::bigint as n from (select {each} from {relation}) group by 1, 2"
        connection.execute(f"create or replace temp table profile_groups as {counted}")

    def ask(self, expressions: Iterable[str], among: Iterable[int] | None = None) -> Mapping[int, tuple[Any, ...]]:
        """What the groups of each column aggregate to.

        Args:
            among: the columns that are asked about; None means all.
        """
        listed = ", ".join(expressions)
        if len(self.columns) == 1:
            return {0: self._connection.execute(f"select {listed} from {_GROUPS}").fetchall()[0]}
        where = "" if among is None else f" where {_is_among(among)}"
        found = self._connection.execute(f"select k, {listed} from {_GROUPS}{where} group by k").fetchall()
        if not found:  # there are no rows at all
            return dict.fromkeys(
                self.columns, self._connection.execute(f"select {listed} from {_GROUPS}").fetchall()[0]
            )
        return {row[0]: row[1:] for row in found}

    def top(self, few: Sequence[int], all_values: int, most_frequent: int) -> list[list[tuple[str, int]]]:
        """The most frequent values of each column as texts: `all_values` of the columns `few`, else those that come more than once."""
        frequent = f"v is not null and (n > 1 or {_is_among(few)})"
        text = f"left(v::varchar, {LONGEST_TEXT + 1})"
        if len(self.columns) > 1:
            ranked = (
                f"select *, row_number() over (partition by k order by n desc, v) as r from {_GROUPS} where {frequent}"
            )
            limit = f"case when {_is_among(few)} then {all_values} else {most_frequent} end"
            sql = f"select k, {text}, n from ({ranked}) where r <= {limit} order by k, r"
        else:
            limit = str(all_values if few else most_frequent)
            sql = f"select k, {text}, n from {_GROUPS} where {frequent} order by n desc, v limit {limit}"
        found: list[list[tuple[str, int]]] = [[] for _ in self.columns]
        for k, value, count in self._connection.execute(sql).fetchall():
            found[k].append((value, int(count)))
        return found

    def squares(self, above: str, finite: str, among: Sequence[int]) -> Mapping[int, float]:
        """The sum of squares around the mean of `above` (SQL over `v` and the smallest value `low`)."""
        low = f"select k, min(v) filter ({finite}) as low from {_GROUPS} where {_is_among(among)} group by k"
        away = f"select k, {above} as d, n from {_GROUPS} join ({low}) using (k) where {finite}"
        sql = (
            f"with away as ({away}), mean as (select k, sum(d * n) / sum(n)::bigint as m from away group by k)"
            f" select k, sum(n * (d - m) * (d - m)) from away join mean using (k) group by k"
        )
        return dict(self._connection.execute(sql).fetchall())

    def sort(self, expression: str, finite: str, counts: Mapping[int, int]) -> Mapping[int, Ranks]:
        """Sorts the groups of some columns by an expression.

        Args:
            counts: how many rows those columns have that are `finite`.
        """
        self._connection.execute(
            f"create or replace temp table profile_sorted as select k, {expression} as x, n from {_GROUPS}"
            f" where {finite} and {_is_among(counts)} order by k, x"
        )
        before, spans = 0, []
        for k in sorted(counts):
            spans.append(f"({k}, {before}, {counts[k]}, {max(counts[k] - 1, 1)})")
            before += counts[k]
        below = "(100 * {} + step - 1) // step"
        # one running sum over all columns, which needs no other order than that of the table
        running = f"select k, x, n, sum(n) over (rows unbounded preceding)::bigint as total from {_SORTED}"
        rows = self._connection.execute(
            f"select k, x::varchar, upto from (select k, x, n, (total - before)::bigint as upto, rows, step from ({running})"
            f" join (values {', '.join(spans)}) spans(k, before, rows, step) using (k))"
            f" where {below.format('upto')} > {below.format('greatest(upto - n - 1, 0)')} or upto = n or upto = rows"
        ).fetchall()
        found: dict[int, list[tuple[str, int]]] = {k: [] for k in counts}
        for k, value, upto in rows:
            found[k].append((str(value), int(upto)))
        for each in found.values():
            each.sort(key=itemgetter(1))
        return {k: Ranks(tuple(v for v, _ in each), tuple(u for _, u in each)) for k, each in found.items()}

    def up_to(self, left: str, kind: str, edges: Mapping[int, Sequence[Decimal | float]]) -> dict[int, list[int]]:
        """How many rows of each column lie below each of its edges; below or at the last one. `sort` came before.

        Args:
            left: SQL of what is compared, over the sorted `x`.
            kind: the type as which edges are compared.
        """
        if len(self.columns) == 1:
            return {k: self._below(left, kind, each) for k, each in edges.items()}
        listed = [
            (str(k), str(i), str(i == len(each) - 1).lower(), literal(_text(e)))
            for k, each in edges.items()
            for i, e in enumerate(each)
        ]
        if not listed:
            return {}
        named = zip(("k", "i", "last", "e"), zip(*listed, strict=True), strict=True)
        # lists are read faster than rows of VALUES
        unnested = ", ".join(f"unnest([{', '.join(values)}]) as {name}" for name, values in named)
        sql = (
            f"select k, i, sum(n)::bigint from (select k, {left} as x, n from {_SORTED} where {_is_among(edges)})"
            f" join (select k, i, last, e::{kind} as e from (select {unnested})) using (k)"
            f" where x < e or (last and x = e) group by k, i"
        )
        found = {k: [0] * len(each) for k, each in edges.items()}
        for k, i, count in self._connection.execute(sql).fetchall():
            found[k][i] = int(count)
        return found

    def _below(self, left: str, kind: str, edges: Sequence[Decimal | float]) -> list[int]:
        """See `up_to`, of one column, which may be long."""
        compared = [f"{left} {'<=' if i == len(edges) - 1 else '<'} {_text(e)}::{kind}" for i, e in enumerate(edges)]
        sums = ", ".join(f"coalesce(sum(n) filter ({each}), 0)::bigint" for each in compared)
        return [int(each) for each in self._connection.execute(f"select {sums} from {_SORTED}").fetchall()[0]]

    def texts(self, expression: str, values: Sequence[int]) -> list[str]:
        """The texts of an expression over each `x` of `values`."""
        listed = ", ".join(map(str, values))
        sql = f"select ({expression})::varchar from (select unnest([{listed}]::bigint[]) as x)"
        return [row[0] for row in self._connection.execute(sql).fetchall()]


def drop_groups(connection: duckdb.DuckDBPyConnection) -> None:
    """Take the temporary tables away."""
    connection.execute("drop table if exists temp.main.profile_groups")
    connection.execute("drop table if exists temp.main.profile_sorted")


def _is_among(columns: Iterable[int]) -> str:
    listed = ", ".join(map(str, columns))
    return f"k in ({listed})" if listed else "false"


def _text(edge: Decimal | float) -> str:
    return f"{edge:f}" if isinstance(edge, Decimal) else repr(edge)
