"""Which rows of two tables differ, in memory that depends on what differs and not on how much is compared.

First pass: rows fall into buckets by the hash of their key (without a key, by their own), and each bucket adds up the hashes of its
rows, plus for one side, minus for the other. A bucket with sum 0 holds the same rows on both sides. Second pass: only the rows of
uneven buckets are taken out and compared value by value. A row that differs is missed only if 63 bits of hash agree by chance; what
is called different is always compared by its values.

Rows that are the same on both sides are paired first, duplicates included. Of those left, rows whose key is there once on either side are
paired by key; where a key is NULL or not unique, whole rows count as added or removed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from andon.base.names import literal
from andon.base.record import Record
from andon.engines.duckdb import row_diff_sql as sql
from andon.engines.duckdb.failures import lost_file, query_error
from andon.engines.duckdb.instance import Session
from andon.errors import AndonError, UsageError
from andon.model.check import Tolerance
from andon.model.row_diff import ColumnChange, RowChange, RowCounts, RowDiff, RowSample, ValuePair
from andon.model.version import Column, paired

if TYPE_CHECKING:
    import duckdb

_OLD, _NEW, _UNEVEN = "temp.andon_rows_old", "temp.andon_rows_new", "temp.andon_rows_uneven"
_TWICE, _REST, _ONCE, _PAIRS = (f"temp.andon_rows_{name}" for name in ("twice", "rest", "once", "pairs"))

#: Fewer rows than this on both sides together are compared at once, in one pass.
_FEW = 200_000
#: Values of one side up to which copying them costs less than reading them twice.
_FEW_VALUES = 1_000_000
#: From here on one side's files are read again rather than rows kept aside: most of them differ.
_MOST = 0.3
_BITS = 16
_MANY_BITS = 21
#: With more rows than this, 16 bits of buckets would hold too many rows each.
_MANY = 60_000_000
_PAIRS_SHOWN = 3
#: Columns that are measured in one query.
_AT_ONCE = 100
#: Examples of rows on one side only, beside those of changed ones.
_OTHERS_SHOWN = 5


class DiffSide(Record):
    """One of the two tables.

    Attributes:
        relation: what stands after FROM.
        columns: names and types of what it holds.
        rows: how many, where known.
        is_stored: whether reading it twice costs nothing but the reading: its data files, not a view's query.
    """

    relation: str
    columns: tuple[Column, ...]
    rows: int | None
    is_stored: bool = True


class DiffQuestion(Record):
    """What is asked.

    Attributes:
        key: the columns that tell which row is which, as the new side names them, on both sides; empty compares whole rows.
        where: an SQL condition; counted and shown are only rows that satisfy it before or after.
        masked: columns whose values are not handed out, in lower case.
        samples: examples of changed rows at most; 0 leaves out all values.
        tolerance: numbers of rows with one key that differ by no more count as the same.
        output: where to write all differing rows as Parquet.
    """

    dataset: str
    key: tuple[str, ...] = ()
    where: str | None = None
    masked: frozenset[str] = frozenset()
    samples: int = 20
    tolerance: Tolerance | None = None
    output: Path | None = None


def compare(session: Session, old: DiffSide, new: DiffSide, question: DiffQuestion) -> RowDiff:
    """How the rows of `new` differ from those of `old`.

    Raises:
        UsageError: `usage.query_failed` for a condition that the engine refuses.
        MachineError: `lake.corrupt` for a data file that is gone.
    """
    comparison = _Comparison(session.connection, old, new, question)
    try:
        return comparison.run()
    except AndonError:
        raise
    except Exception as error:
        raise _explained(error, question) from error
    finally:
        comparison.clean()


def _explained(error: Exception, question: DiffQuestion) -> AndonError:
    import duckdb

    # The engine quotes the value that did not fit; of a column marked pii nobody may see it.
    if question.where and question.masked and isinstance(error, (duckdb.DataError, duckdb.InvalidInputException)):
        message = "the condition fails on a value, which is not shown: the dataset has columns marked `pii`"
        return UsageError("usage.query_failed", message, where="where", hint="`try_cast(… as …)` gives NULL instead")
    return lost_file(error, question.dataset) or query_error(error, question.where or "")


class _Comparison:
    def __init__(
        self, connection: duckdb.DuckDBPyConnection, old: DiffSide, new: DiffSide, question: DiffQuestion
    ) -> None:
        self._connection = connection
        self._question = question
        self._sides = (old, new)
        self._columns = common_columns(old.columns, new.columns, question.key)
        self._keys = len(question.key)
        renamed = [c for c in self._columns if c.is_renamed]
        self._aliases = (
            {c.new.name.lower(): c.old.name for c in renamed},
            {c.old.name.lower(): c.new.name for c in renamed},
        )
        self._old = sql.rows_of(old.relation, old.columns, new.columns, self._aliases[0])
        self._new = sql.rows_of(new.relation, new.columns, old.columns, self._aliases[1])
        self._notes: list[str] = []
        self._made: dict[str, str] = {}

    def run(self) -> RowDiff:
        self._check_condition()
        sides = [f"{to}{i} {c.type}" for to in "on" for i, c in enumerate(self._columns)]
        self._make(_PAIRS, f"(c varchar, m bigint, {', '.join(sides)})")
        if self._columns and self._take_candidates():
            if self._keys:
                self._pair_by_key()
            else:
                if self._question.tolerance is not None:
                    self._notes.append("without a key rows are compared as a whole: the tolerance does not apply")
                self._take_whole_rows()
        return self._facts()

    def clean(self) -> None:
        """Drop what was made."""
        drops = [f"drop {kind} if exists {name}" for name, kind in self._made.items()]
        self._do("; ".join([*drops, "reset perfect_ht_threshold"]))

    # -- which rows may differ

    def _check_condition(self) -> None:
        """A condition that has no meaning is refused before anything is read."""
        if self._question.where:
            own, other = (s.columns for s in self._sides)
            empty = sql.rows_of(sql.nothing(own), own, other, self._aliases[0])
            self._ask(f"select 1 from {empty} where (\n{self._question.where}\n)")

    def _take_candidates(self) -> bool:
        """Make the tables of rows that may differ; False if none does."""
        counts = [side.rows for side in self._sides]
        known = [rows for rows in counts if rows is not None]
        conditions, share = ("", ""), 1.0
        if len(known) < len(counts) or sum(known) > _FEW:
            bits = _MANY_BITS if sum(known) > _MANY else _BITS
            by = self._columns[: self._keys] or self._columns
            self._do(f"set perfect_ht_threshold = {_BITS + 2}")  # buckets are counted in an array
            self._make(_UNEVEN, f"as {sql.uneven_buckets(self._old, self._new, self._columns, by, bits)}")
            found = self._ask(f"select count(*) from {_UNEVEN}")[0][0]
            if not found:
                return False
            share = found / 2**bits
            if share < _MOST:
                conditions = tuple(  # type: ignore[assignment]
                    f" where {sql.bucket(by, of_old, bits)} in (from {_UNEVEN})" for of_old in (True, False)
                )
        for of_old, condition in zip((True, False), conditions, strict=True):
            self._take(of_old, condition)
        return True

    def _take(self, of_old: bool, condition: str) -> None:
        side = self._sides[0 if of_old else 1]
        relation = (self._old if of_old else self._new) + " r" + condition
        # Rows of a stored table that nearly all differ, or that are wide, are not copied: they are read again where they are.
        many = (side.rows or 0) * len(self._columns) > _FEW_VALUES
        again = not condition and side.is_stored and many
        body = sql.values_of(relation, self._columns, of_old, self._question.where)
        self._make(_OLD if of_old else _NEW, f"as {body}", "view" if again else "table")

    # -- which rows differ, and how

    def _pair_by_key(self) -> None:
        keys, count = self._keys, len(self._columns)
        key, null = sql.listed(keys), sql.any_null(keys)
        many = " union all ".join(
            f"select {key} from {t} where not ({null}) group by {key} having count(*) > 1" for t in (_OLD, _NEW)
        )
        self._make(_TWICE, f"as select distinct {key} from ({many})")
        nulls = " or ".join(f"exists (select 1 from {t} where {null})" for t in (_OLD, _NEW))
        twice, has_null = self._ask(f"select (select count(*) from {_TWICE}), {nulls}")[0]
        clean = [self._side_with_key(t, bool(twice), bool(has_null)) for t in (_OLD, _NEW)]
        change = "case when a.one is null then 'added' when b.one is null then 'removed' else 'changed' end"
        differs, same = self._differs()
        self._do(
            f"insert into {_PAIRS} select {change}, 1, {sql.as_old_and_new(count, 'a', 'b', same)}"
            f" from {clean[0]} a full join {clean[1]} b on {sql.equal_keys('a', 'b', keys)}"
            f" where (a.one is null or b.one is null or {differs}) and (a.hit or b.hit)"
        )
        if twice or has_null:
            odd = f"({null}) or exists (select 1 from {_TWICE} t where {sql.equal_keys('t', 's', keys)})"
            self._take_whole_rows(odd)

    def _differs(self) -> tuple[str, dict[int, str]]:
        """The condition that two rows of one key differ, and those under which a column counts as the same."""
        tolerance = self._question.tolerance
        near = {i: sql.near(i, c.type, tolerance) for i, c in enumerate(self._columns) if i >= self._keys}
        return sql.distinct(self._columns, self._keys, tolerance), near

    def _side_with_key(self, table: str, twice: bool, has_null: bool) -> str:
        conditions = [f"not ({sql.any_null(self._keys)})"] if has_null else []
        if twice:
            same = sql.equal_keys("t", "s", self._keys)
            conditions.append(f"not exists (select 1 from {_TWICE} t where {same})")
        where = f" where {' and '.join(conditions)}" if conditions else ""
        return f"(select *, true as one from {table} s{where})"

    def _take_whole_rows(self, only: str = "true") -> None:
        """Rows by what they hold: how often each is there more, or less, on the new side."""
        count = len(self._columns)
        values = sql.listed(count)
        union = " union all ".join(
            f"select {values}, hit, {sign} as s from {table} s where {only}" for table, sign in ((_NEW, 1), (_OLD, -1))
        )
        self._make(
            _REST,
            f"as select {values}, cast(sum(s) as bigint) as s,"
            f" bool_or(hit) as hit from ({union}) group by {values} having sum(s) <> 0",
        )
        left = "true"
        if self._keys:
            self._pair_the_rest()
            left = f"not exists (select 1 from {_ONCE} t where {sql.equal_keys('t', 'r', self._keys)})"
        for change, sign, sides in (("added", ">", (None, "r")), ("removed", "<", ("r", None))):
            self._do(
                f"insert into {_PAIRS} select '{change}', abs(s), {sql.as_old_and_new(count, *sides)}"
                f" from {_REST} r where s {sign} 0 and hit and {left}"
            )

    def _pair_the_rest(self) -> None:
        """Of rows whose key was not unique: when the equal ones are gone, some keys are there once on either side."""
        keys, count = self._keys, len(self._columns)
        key = sql.listed(keys)
        self._make(
            _ONCE,
            f"as select {key} from {_REST} where not ({sql.any_null(keys)})"
            f" group by {key} having count(*) = 2 and min(s) = -1 and max(s) = 1",
        )
        same = sql.equal_keys("a", "b", keys)
        differs, alike = self._differs()
        self._do(
            f"insert into {_PAIRS} select 'changed', 1, {sql.as_old_and_new(count, 'a', 'b', alike)} from {_REST} a"
            f" join {_REST} b on {same} join {_ONCE} t on {sql.equal_keys('a', 't', keys)}"
            f" where a.s < 0 and b.s > 0 and (a.hit or b.hit) and ({differs})"
        )
        nulls, many = self._ask(
            f"select coalesce(sum(n) filter (x), 0), coalesce(sum(n) filter (not x and n > 1), 0)"
            f" from (select {key}, {sql.any_null(keys)} as x, sum(abs(s)) as n from {_REST} r where not exists"
            f" (select 1 from {_ONCE} t where {sql.equal_keys('t', 'r', keys)}) group by all)"
        )[0]
        name = ", ".join(self._question.key)
        for number, what in ((int(nulls), "NULL"), (int(many), "not unique")):
            if number:
                rows = "1 row that differs" if number == 1 else f"{number:,} rows that differ"
                self._notes.append(f"the key ({name}) is {what} in {rows}: compared as whole rows")

    # -- facts

    def _facts(self) -> RowDiff:
        old, new = (tuple(side.columns) for side in self._sides)
        paired_old, paired_new = {c.old.name for c in self._columns}, {c.new.name for c in self._columns}
        counts = self._counts()
        changes = self._column_changes() if counts.changed else ()
        return RowDiff(
            dataset=self._question.dataset,
            names=tuple(c.name for c in self._columns),
            key=tuple(c.name for c in self._columns[: self._keys]),
            rows=counts,
            columns=changes,
            columns_added=tuple(c.name for c in new if c.name not in paired_new),
            columns_removed=tuple(c.name for c in old if c.name not in paired_old),
            renamed=tuple((c.old.name, c.new.name) for c in self._columns if c.is_renamed),
            retyped=tuple((c.name, c.old.type, c.new.type, c.type) for c in self._columns if c.is_retyped),
            samples=self._samples(counts, changes) if self._question.samples else (),
            notes=tuple(self._notes),
            where=self._question.where,
            output=self._write(),
        )

    def _counts(self) -> RowCounts:
        found = dict(self._ask(f"select c, cast(sum(m) as bigint) from {_PAIRS} group by c"))
        return RowCounts(found.get("added", 0), found.get("removed", 0), found.get("changed", 0))

    def _column_changes(self) -> tuple[ColumnChange, ...]:
        rest = list(enumerate(self._columns))[self._keys :] if self._keys else []
        if not rest:
            return ()
        items = ", ".join(sql.changed(index) for index, _ in rest)
        counts = self._ask(f"select {items} from {_PAIRS} where c = 'changed'")[0]
        found = [(i, column, int(count)) for (i, column), count in zip(rest, counts, strict=True) if count]
        changes: list[ColumnChange] = []
        for start in range(0, len(found), _AT_ONCE):
            changes += self._measured(found[start : start + _AT_ONCE])
        return tuple(sorted(changes, key=lambda c: -c.changed))

    def _measured(self, found: Sequence[tuple[int, sql.Common, int]]) -> list[ColumnChange]:
        """How the values of some columns changed, so many of each."""
        counts_only = not self._question.samples
        items = [m for i, c, _ in found for m in sql.measures(i, c.type, counts_only or self._is_masked(c))]
        values = iter(self._ask(f"select {', '.join(items)} from {_PAIRS} where c = 'changed'")[0])
        changes = []
        for index, column, changed in found:
            filled, emptied, total, largest = (next(values) for _ in range(4))
            masked = self._is_masked(column)
            pairs = self._pairs(index, column) if not counts_only and not masked else ()
            changes.append(ColumnChange(column.name, changed, filled, emptied, total, largest, pairs, masked))
        return changes

    def _pairs(self, index: int, column: sql.Common) -> tuple[ValuePair, ...]:
        if sql.is_number(column.type):
            return ()
        old, new = (
            sql.shown(f"{to}{index}", column.type, False, f"{on}{index}") for to, on in (("o", "n"), ("n", "o"))
        )
        rows = self._ask(
            f"select {old}, {new}, n from (select o{index}, n{index}, count(*) as n from {_PAIRS}"
            f" where c = 'changed' and o{index} is distinct from n{index} group by all"
            f" order by n desc, o{index}, n{index} limit {_PAIRS_SHOWN})"
        )
        return tuple(ValuePair(*sql.cut_apart(before, after), count) for before, after, count in rows)

    def _samples(self, counts: RowCounts, changes: Sequence[ColumnChange]) -> tuple[RowSample, ...]:
        changed = frozenset(change.name for change in changes)
        most = self._question.samples
        others = min(_OTHERS_SHOWN, most) if counts.changed else (most + 1) // 2
        wanted = (
            (RowChange.CHANGED, counts.changed, most),
            (RowChange.ADDED, counts.added, others),
            (RowChange.REMOVED, counts.removed, others),
        )
        return tuple(
            sample for change, count, limit in wanted if count for sample in self._sample(change, limit, changed)
        )

    def _sample(self, change: RowChange, most: int, changed: frozenset[str]) -> tuple[RowSample, ...]:
        """The first rows of a kind by key; of columns that no row changed one side is as good as the other."""
        side, columns = "o" if change is RowChange.REMOVED else "n", list(enumerate(self._columns))
        twice = [i for i, c in columns if change is RowChange.CHANGED and c.name in changed]
        items = [self._shown(i, side, "o" if i in set(twice) else None) for i, _ in columns]
        items += [item for i in twice for item in (self._shown(i, "o", "n"), f"o{i} is distinct from n{i}")]
        order = ", ".join(f"{side}{i}" for i in range(self._keys or len(columns)))
        rows = self._ask(
            f"select m, {', '.join(items)}"
            f" from (from {_PAIRS} where c = '{change}' order by {order} limit {most}) order by {order}"
        )
        return tuple(self._as_sample(change, twice, row) for row in rows)

    def _shown(self, index: int, side: str, beside: str | None) -> str:
        column = self._columns[index]
        other = None if beside is None else f"{beside}{index}"
        return sql.shown(f"{side}{index}", column.type, self._is_masked(column), other)

    def _as_sample(self, change: RowChange, twice: Sequence[int], row: tuple[Any, ...]) -> RowSample:
        """A row as `_sample` asks for it: how often it is there, all columns of one side, and of some those of the other side."""
        count = len(self._columns)
        new, rest = list(row[1 : count + 1]), row[count + 1 :]
        old, names = list(new), []
        for place, index in enumerate(twice):
            before, differs = rest[2 * place : 2 * place + 2]
            if differs:
                names.append(self._columns[index].name)
                old[index], new[index] = sql.cut_apart(before, new[index])
        return RowSample(
            change,
            row[0],
            None if change is RowChange.ADDED else tuple(old),
            None if change is RowChange.REMOVED else tuple(new),
            tuple(names),
        )

    def _write(self) -> str | None:
        if self._question.output is None:
            return None
        rows = sql.differences_file(self._columns, self._keys, self._question.masked, _PAIRS)
        path = literal(str(self._question.output))
        self._do(f"copy ({rows}) to {path} (format parquet, compression zstd)")
        return str(self._question.output)

    def _is_masked(self, column: sql.Common) -> bool:
        return not self._question.masked.isdisjoint(column.names)

    def _make(self, name: str, body: str, kind: str = "table") -> None:
        """Make a temporary table or view; an older one of that name is replaced."""
        self._do(f"create or replace temp {kind} {_bare(name)} {body}")
        self._made[name] = kind

    def _do(self, statement: str) -> None:
        self._connection.execute(statement)

    def _ask(self, query: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(query).fetchall()


def common_columns(old: Sequence[Column], new: Sequence[Column], key: Sequence[str]) -> list[sql.Common]:
    """The columns of both sides, the key's first, then in the new side's order."""
    both = [sql.Common(was, now, sql.common_type(was.type, now.type)) for was, now in paired(old, new)]
    first = [name.lower() for name in key]
    return sorted(both, key=lambda c: first.index(c.name.lower()) if c.name.lower() in first else len(first))


def _bare(name: str) -> str:
    return name.rpartition(".")[2]
