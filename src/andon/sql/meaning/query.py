"""What a query means: a digest of its rows and one of each column, the same for texts that ask the same in another way.

Read from the engine's own bound plan over empty tables. Equal digests are a proof: whatever the datasets hold, the values are equal.
Unequal ones prove nothing. See `meaning_terms` for how a plan is turned into digests, and what *open* and *rounded* say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from andon.base.record import Record, field
from andon.base.recursion import deeply
from andon.model.version import Schemas
from andon.sql.bound_plan import Node, Planner, UntracedError, forget, planner, words_of
from andon.sql.meaning.expressions import whole_of
from andon.sql.meaning.reader import PlanReader
from andon.sql.meaning.terms import Closed, mark


class Meaning(Record):
    """What one query means.

    Attributes:
        columns: `(name, DuckDB type)` of its output, in order.
        values: column -> digest of its value.
        rows: digest of which rows there are, and how often.
        order: digest of the keys by which they are sorted at last.
        layout: digest of how they lie, over inputs whose rows lie in one and the same way.
        is_fixed: they lie in one way, and hold the same values, however the rows of the inputs lie.
        whole: digest of the plan as it stands; equal only for texts that the engine takes for the same letter by letter.
        open: columns whose values the engine may choose; with them the digest holds `whole`.
        rounded: columns whose last digits the order of adding floating-point numbers decides.
        rows_open, rows_rounded: the same of which rows there are.
        datasets: all that it scans, in lower case.
        reason: why it could not be read; then only `columns`, and `whole` if there is a plan, say something.
    """

    columns: tuple[tuple[str, str], ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    rows: str = ""
    order: str = ""
    layout: str = ""
    is_fixed: bool = False
    whole: str = ""
    open: frozenset[str] = frozenset()
    rounded: frozenset[str] = frozenset()
    rows_open: bool = False
    rows_rounded: bool = False
    datasets: frozenset[str] = frozenset()
    reason: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether the result depends on how the rows of what it reads lie."""
        return self.rows_open or bool(self.open)


def meaning_of(sql: str, schemas: Schemas, macros: Sequence[str] = ()) -> Meaning:
    """What a query means. Raises nothing for what the text holds.

    Args:
        sql: one SELECT.
        schemas: the datasets that it may read; more than it reads does no harm.
        macros: `CREATE MACRO` statements, in an order in which they can be made.
    """
    asked = planner()
    columns: tuple[tuple[str, str], ...] = ()
    whole = ""
    try:
        datasets = _declare(asked, sql, schemas, macros)
        found, root = asked.shown(sql, macros)
        columns = tuple(found)
        if isinstance(root, str):
            return Meaning(columns, reason=root)
        whole = deeply(lambda: whole_of(root, [name for name, _ in columns]))
        return deeply(lambda: _read(root, columns, whole, datasets))
    except UntracedError as error:
        if asked.broken:
            forget()
        reason = str(error)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        # the plan is the engine's own form, and promised to nobody
        reason = f"the plan has another form than expected ({error!r})"
    except RecursionError:
        reason = "the SQL is nested too deeply"
    return Meaning(columns, whole=whole, reason=reason)


def _declare(asked: Planner, sql: str, schemas: Schemas, macros: Sequence[str]) -> frozenset[tuple[str, str]]:
    """Make known the datasets that the texts may read: those whose name stands in them."""
    words = words_of(sql, *macros)
    datasets = set()
    for dataset, columns in schemas.items():
        schema, _, table = dataset.lower().partition(".")
        if table in words and schema in words:
            asked.declare(dataset, columns)
            datasets.add((schema, table))
    return frozenset(datasets)


def _read(
    root: Node, columns: tuple[tuple[str, str], ...], whole: str, datasets: frozenset[tuple[str, str]]
) -> Meaning:
    reader = PlanReader(whole, datasets)
    found = reader.read(root)
    if len(found.cells) != len(columns):
        raise UntracedError(f"{len(found.cells)} columns were read where there are {len(columns)}")
    closed = Closed(found)
    chosen = sorted(factor.choice for factor in found.factors if factor.choice)
    layout = reader.layout
    named = [(name, cell.term) for (name, _), cell in zip(columns, found.cells, strict=True)]
    is_open = closed.open or bool(chosen) or any(term.open for _, term in named)
    return Meaning(
        columns,
        {name: closed.digest(term) for name, term in named},
        mark(closed.rows, chosen),
        mark("order", [closed.digest(key) for key in found.order]) if found.order else "",
        layout.digest,
        layout.is_fixed and layout.is_exact and not is_open,
        whole,
        frozenset(name for name, term in named if term.open),
        frozenset(name for name, term in named if term.rounded),
        closed.open or bool(chosen),
        closed.rounded,
        frozenset(reader.scanned),
    )
