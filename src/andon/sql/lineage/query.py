"""Which source columns a query's columns come from, as the engine itself understands the query.

Two kinds are told apart. *Derivation*: the values go into the value (`a + b`, `sum(a)`, the conditions of a CASE and of an
aggregate's FILTER). *Influence*: they decide which rows, groups, matches or neighbours there are (filters, join keys, grouping,
DISTINCT, the order under a LIMIT, partitions and order of windows, order of aggregates). A source column in neither can't change the
values that come out: the values of each output column, taken without their order, stay the same whatever it holds.
What a query leaves open (a LIMIT without an ORDER BY, `first` without one) is decided by the order in which its sources' rows lie, or
by chance where the engine gives rows in any order; neither is a column. A struct, list or map is one value: its parts are not told
apart, so what takes one part has the sources of all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from andon.base.record import Record, field
from andon.base.recursion import deeply
from andon.sql.bound_plan import Node, Planner, UntracedError, forget, planner, words_of
from andon.sql.lineage.columns import TracedRelation
from andon.sql.lineage.scans import Datasets
from andon.sql.lineage.tracer import Tracer

#: `(dataset, column)`, as the schemas name them.
SourceColumn = tuple[str, str]

_FALLBACK = "table-level, because "


class Lineage(Record):
    """The column lineage of one query.

    Attributes:
        columns: for each output column, in order, the source columns that its values are made of.
        influence: the source columns that decide which rows there are and which values meet.
        unchanged: for output columns whose every value is NULL or the value of a source column as it is: which these are.
        order: the source columns that rows are sorted by, last or on the way.
        fallback: "table-level, because …" if the query can't be traced. Then the others are empty and mean nothing.
    """

    columns: Mapping[str, frozenset[SourceColumn]] = field(default_factory=dict)
    influence: frozenset[SourceColumn] = frozenset()
    order: frozenset[SourceColumn] = frozenset()
    fallback: str | None = None
    unchanged: Mapping[str, frozenset[SourceColumn]] = field(default_factory=dict)


def column_lineage(sql: str, schemas: Mapping[str, Sequence[tuple[str, str]]], macros: Sequence[str] = ()) -> Lineage:
    """The column lineage of a query. Raises nothing for what the text holds.

    Args:
        sql: one SELECT.
        schemas: dataset (`schema.name`) -> its `(column, DuckDB type)`s; more than the query reads does no harm.
        macros: `CREATE MACRO` statements, in an order in which they can be made.
    """
    return planned_lineage(sql, schemas, macros)[0]


def planned_lineage(
    sql: str, schemas: Mapping[str, Sequence[tuple[str, str]]], macros: Sequence[str] = ()
) -> tuple[Lineage, Node | None]:
    """As `column_lineage`, with the root of the plan; None where the engine shows none."""
    asked = planner()
    root: Node | None = None
    try:
        datasets = _declare(asked, sql, schemas, macros)
        columns, root = asked.plan(sql, macros)
        tracer = Tracer(datasets)
        found = deeply(lambda: tracer.trace(root))
        return _lineage([name for name, _ in columns], found, tracer), root
    except UntracedError as error:
        if asked.broken:
            forget()
        return Lineage(fallback=_FALLBACK + str(error)), root
    except (KeyError, IndexError, TypeError, ValueError) as error:
        # the plan is the engine's own form, and promised to nobody
        return Lineage(fallback=f"{_FALLBACK}the plan has another form than expected ({error!r})"), root
    except RecursionError:
        return Lineage(fallback=_FALLBACK + "the SQL is nested too deeply"), root


def look_ahead(
    asked: Sequence[tuple[str, Mapping[str, Sequence[tuple[str, str]]]]], macros: Sequence[str] = ()
) -> None:
    """Plan queries that will be asked for next, by this thread, at once; no two of them may know a dataset by other columns.

    Args:
        asked: SQL and schemas, as `column_lineage` takes them.
    """
    ahead = planner()
    for sql, schemas in asked:
        _declare(ahead, sql, schemas, macros)
    ahead.look_ahead([sql for sql, _ in asked], macros)


def _declare(
    asked: Planner, sql: str, schemas: Mapping[str, Sequence[tuple[str, str]]], macros: Sequence[str]
) -> Datasets:
    """Make known the datasets that the texts may read: those whose name stands in them."""
    words = words_of(sql, *macros)
    datasets: dict[tuple[str, str], tuple[str, Mapping[str, str]]] = {}
    for dataset, columns in schemas.items():
        schema, _, table = dataset.lower().partition(".")
        if table in words and schema in words:
            asked.declare(dataset, columns)
            datasets[schema, table] = dataset, {name.lower(): name for name, _ in columns}
    return datasets


def _lineage(names: Sequence[str], found: TracedRelation, tracer: Tracer) -> Lineage:
    if len(names) != len(found.columns):
        raise UntracedError(f"{len(found.columns)} columns were traced where there are {len(names)}")
    influence = found.rows
    columns, unchanged = {}, {}
    for name, column in zip(names, found.columns, strict=True):
        if column.reason is not None:
            raise UntracedError(column.reason)
        influence |= column.use.influence
        columns[name] = tracer.sources.names(column.use.derive)
        if column.carried:
            unchanged[name] = tracer.sources.names(column.carried)
    order = tracer.sources.names(tracer.order)
    return Lineage(columns, tracer.sources.names(influence), order, unchanged=unchanged)
