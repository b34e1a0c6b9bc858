"""Plans of checks, and what they are made from: plain data, so that plans that were kept load without what makes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from andon.base.record import Record
from andon.model.check import Check
from andon.model.dataset import CheckLine
from andon.model.quarantine import aside_of


class RowPlan(Record, tag=True):
    """Rows that satisfy `bad` (never NULL) among those that satisfy `scope`. With a window, `bad` is over the rows in scope."""

    bad: str
    scope: str | None = None
    has_window: bool = False


class UniquePlan(Record, tag=True):
    """Rows whose values in `columns` occur more than once; with `nulls_bad` also rows with a NULL."""

    columns: tuple[str, ...]
    nulls_bad: bool
    scope: str | None = None


class ReferencePlan(Record, tag=True):
    """Rows whose values in `columns`, none of them NULL, aren't in `targets` of `dataset`."""

    columns: tuple[str, ...]
    dataset: str
    targets: tuple[str, ...]
    scope: str | None = None


class TotalPlan(Record, tag=True):
    """One number: `value` over the rows in scope, its `limit` if that is measured too, and `holds`, the engine's verdict.

    Standalone expressions hold queries of their own and need no FROM; see `aggregates.with_relations`.
    """

    value: str
    limit: str | None = None
    holds: str | None = None
    scope: str | None = None
    is_standalone: bool = False


class PublishedPlan(Record, tag=True):
    """`value` over the rows in scope of both versions (rows and totals), or the keys to compare them by."""

    value: str | None
    key: tuple[str, ...] = ()
    changes: bool = False
    scope: str | None = None


class AgePlan(Record, tag=True):
    """The newest value: `newest` is microseconds since 1970 (NULL for none or infinite), `infinite` whether it is infinitely late."""

    newest: str
    infinite: str
    scope: str | None = None


class SchemaPlan(Record, tag=True):
    """Nothing to query: columns are compared."""


class ViolationsPlan(Record, tag=True):
    """A query of its own whose rows are bad. It names datasets as they are, so the connection must know them by name.

    Attributes:
        macros: `CREATE MACRO` statements that it needs.
        columns: names and DuckDB types of the rows that it returns.
    """

    sql: str
    macros: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()


Plan = RowPlan | UniquePlan | ReferencePlan | TotalPlan | PublishedPlan | AgePlan | SchemaPlan | ViolationsPlan


class Catalog(Record):
    """What is known of all datasets that checks name.

    Attributes:
        columns: `{dataset: ((column, DuckDB type) …)}`.
        keys: `{dataset: columns of its key}`.
        patterns: the project's own named patterns, as regular expressions.
        macros: `CREATE MACRO` statements that checks may use.
    """

    columns: Mapping[str, Sequence[tuple[str, str]]]
    keys: Mapping[str, Sequence[str]]
    patterns: Mapping[str, str]
    macros: Sequence[str] = ()


class DeclaredChecks(Record):
    """What a dataset's file says must hold: its lines, and the columns of its `key:`."""

    dataset: str
    lines: tuple[CheckLine, ...]
    key: tuple[str, ...] = ()


class Compiled(Record):
    """A check and its plan; None while columns of a dataset that it reads aren't known, so that it is only parsed."""

    check: Check
    plan: Plan | None


def named_others(check: Check) -> tuple[str, ...]:
    """The other datasets whose columns a check names; of what it sets aside it names none."""
    own = aside_of(check.dataset) if check.quarantine is not None else None
    return tuple(name for name in check.others if name != own)


Read = dict[str, tuple[Compiled, ...]]
"""The checks of each dataset."""
