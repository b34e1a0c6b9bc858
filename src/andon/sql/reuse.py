"""Whether a dataset's last result still holds although its inputs have new versions: by the columns that it reads of them.

A result is a function of the columns that are read, taken together as one tuple of each row, and of the order in which these rows lie:
they come out in it, and last digits of floating-point sums hang on it. So it holds if, bound anew, the query means the same, and of each
changed input those tuples are the same in the same order: by the verdict of that input's change, or by equal fingerprints of exactly
those columns. The order says nothing to a query that gives one row, or sorts by all that it gives.

A query that leaves something open (a LIMIT without a full order, `first`, ties in `row_number`) is built again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from andon.base.record import Record, field
from andon.model.verdict import Verdict
from andon.model.version import Schemas
from andon.sql.lineage.query import column_lineage
from andon.sql.meaning.query import Meaning, meaning_of


class Reading(Record):
    """What a query reads.

    Attributes:
        columns: each dataset that it reads -> the columns on which values or rows of its result depend, and those that it is sorted
            by. None of them: only how many rows there are.
        is_open: whether the result depends on how the rows lie, too.
        reason: why it can't be said; then all columns of all datasets count.
    """

    columns: Mapping[str, frozenset[str]] = field(default_factory=dict)
    is_open: bool = False
    reason: str | None = None


class Reuse(Record):
    """The last result holds. `proofs`: changed input -> why it makes no difference."""

    proofs: Mapping[str, str]


class Needs(Record):
    """It holds if the fingerprints of these columns (as one tuple, with the count of rows) are what they were.

    Attributes:
        columns: input -> the columns, sorted.
        in_order: whether the order of the rows counts.
        proofs: the other changed inputs, with their proofs.
    """

    columns: Mapping[str, tuple[str, ...]]
    in_order: bool = True
    proofs: Mapping[str, str] = field(default_factory=dict)


class Rebuild(Record):
    """It has to be built."""

    reason: str


def reads_of(sql: str, schemas: Schemas, macros: Sequence[str] = ()) -> Reading:
    """What a query reads. Raises nothing for what the text holds.

    Args:
        sql: one SELECT.
        schemas: dataset (`schema.name`) -> its `(column, DuckDB type)`s.
        macros: `CREATE MACRO` statements, in an order in which they can be made.
    """
    return _reading(meaning_of(sql, schemas, macros), sql, schemas, macros)


def same_reading(sql: str, macros: Sequence[str], schemas_old: Schemas, schemas_new: Schemas) -> str | None:
    """Why a query would mean something else over the new schemas, or None if it is proved to mean the same.

    A new column can be taken by a `*`, join a NATURAL JOIN, or stand where an alias was meant.
    """
    return _difference(meaning_of(sql, schemas_old, macros), meaning_of(sql, schemas_new, macros))


def can_reuse(
    sql: str,
    macros: Sequence[str],
    schemas_old: Schemas,
    schemas_new: Schemas,
    changed: Mapping[str, Verdict | None],
) -> Reuse | Needs | Rebuild:
    """Whether the result that `sql` gave over the old inputs is the one that it would give over the new ones.

    Args:
        sql: one SELECT; the same text made the old result.
        macros: the `CREATE MACRO` statements that it uses; the same as then.
        schemas_old, schemas_new: dataset -> its `(column, DuckDB type)`s, then and now.
        changed: each input that has another version -> the verdict of all that happened to it, with the changes of its own
            inputs (`carried`). None where that is not known: other files of a source, a change outside of any definition.
    """
    before, after = meaning_of(sql, schemas_old, macros), meaning_of(sql, schemas_new, macros)
    if before.is_open or after.is_open:
        return Rebuild("its result depends on how the rows of its inputs lie")
    other = _difference(before, after)
    if other is not None:
        return Rebuild(other)
    reading = _reading(after, sql, schemas_new, macros)
    if reading.reason is not None:
        return Rebuild(f"which columns it reads is not known: {reading.reason}")
    proofs: dict[str, str] = {}
    needs: dict[str, tuple[str, ...]] = {}
    for dataset, verdict in sorted(changed.items()):
        columns = reading.columns.get(dataset)
        if columns is None:
            proofs[dataset] = "it is not read"
        elif verdict is not None and verdict.keeps(columns) and (after.is_fixed or not verdict.reordered):
            proofs[dataset] = _proof(verdict, columns)
        else:
            needs[dataset] = tuple(sorted(columns))
    return Needs(needs, not after.is_fixed, proofs) if needs else Reuse(proofs)


def _reading(meaning: Meaning, sql: str, schemas: Schemas, macros: Sequence[str]) -> Reading:
    if meaning.reason is not None:
        return Reading(reason=meaning.reason)
    lineage = column_lineage(sql, schemas, macros)
    if lineage.fallback is not None:
        return Reading(reason=lineage.fallback)
    read: dict[str, set[str]] = {name: set() for name in schemas if name.lower() in meaning.datasets}
    for dataset, column in lineage.influence.union(lineage.order, *lineage.columns.values()):
        read.setdefault(dataset, set()).add(column)
    return Reading({name: frozenset(columns) for name, columns in read.items()}, meaning.is_open)


def _difference(before: Meaning, after: Meaning) -> str | None:
    reason = before.reason or after.reason
    if reason is not None:
        return f"its columns can't be followed, because {reason}"
    if [name for name, _ in before.columns] != [name for name, _ in after.columns]:
        return "it has other columns over the new schemas"
    if before.columns != after.columns:
        return "its columns have other types over the new schemas"
    if before.rows != after.rows:
        return "bound to the new schemas, it decides in another way which rows there are"
    for name, value in before.values.items():
        if value != after.values[name]:
            return f"bound to the new schemas, `{name}` is something else"
    if before.layout != after.layout:
        return "bound to the new schemas, its rows lie in another way"
    return None


def _proof(verdict: Verdict, columns: frozenset[str]) -> str:
    if not columns:
        return f"{verdict.kind}: only the number of rows is read, and the rows are the same"
    return f"{verdict.kind}: {', '.join(f'`{name}`' for name in sorted(columns))} and the rows are the same"
