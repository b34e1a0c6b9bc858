"""A check: one assertion about a dataset, as its line states it. Facts only; `andon.checks` parses, compiles and judges."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, fields
from decimal import Decimal
from enum import StrEnum
from functools import cache
from operator import attrgetter
from typing import Any, cast

from andon.base.hashing import content_id

#: Version of what the forms mean; part of every check's id, so that results of another meaning are never taken.
MEANING = "c1"


class CheckKind(StrEnum):
    """What a check is about: each row, one number of the dataset, the step from the published version, columns, history,
    or (unit) rows made of given ones."""

    ROW = "row"
    TOTAL = "total"
    CHANGE = "change"
    SCHEMA = "schema"
    WATCH = "watch"
    UNIT = "unit"


class Severity(StrEnum):
    """What a check that fails does: holds the publish, warns, or is only shown."""

    HOLD = "hold"
    WARN = "warn"
    INFO = "info"


class CheckStatus(StrEnum):
    """How a check came out. `error`: it could not run, which is never a pass."""

    PASS = "pass"  # noqa: S105 - a status
    FAIL = "fail"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Literal:
    """A value written in a check. `kind` is number, text or date; `text` is a decimal number, the text itself, an ISO date."""

    kind: str
    text: str

    @property
    def shown(self) -> str:
        """As one would write it."""
        return "'" + self.text.replace("'", "''") + "'" if self.kind == "text" else self.text


@dataclass(frozen=True, slots=True)
class Tolerance:
    """`+- amount`; a relative one is a share (0.01 for 1%) of the absolute value of the right side."""

    amount: Decimal
    relative: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """`<operator> <right>`: `operator` is one of = <> < <= > >=, `right` an SQL expression or, for counts, a decimal number."""

    operator: str
    right: str
    tolerance: Tolerance | None = None


@dataclass(frozen=True, slots=True)
class Between:
    """Both ends included; a missing end is open."""

    low: Literal | None
    high: Literal | None


Condition = Comparison | Between


@dataclass(frozen=True, slots=True)
class NotNull:
    """No NULL in any of the columns."""

    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Key:
    """The columns together are unique and not null."""

    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unique:
    """No two rows alike in the columns; a row with a NULL among them is like no other."""

    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """Every value of the columns exists in `dataset`; `targets` are its columns, or None for its key or the same names."""

    columns: tuple[str, ...]
    dataset: str
    targets: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class InSet:
    """The expression is (not) one of the values."""

    expression: str
    values: tuple[Literal, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Range:
    """The expression lies within the bounds."""

    expression: str
    between: Between


@dataclass(frozen=True, slots=True)
class Pattern:
    """The expression, as text, is of a named shape."""

    expression: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Matches:
    """The regular expression matches the whole of the expression."""

    expression: str
    regex: str


@dataclass(frozen=True, slots=True)
class RowRule:
    """An SQL boolean over the row; with a tolerance `expression` is the left side, to be equal to `right` within it."""

    expression: str
    right: str | None = None
    tolerance: Tolerance | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """The number of rows."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class TotalRule:
    """An expression with aggregates, compared or within bounds."""

    expression: str
    condition: Condition


@dataclass(frozen=True, slots=True)
class AgainstOther:
    """A total rule with aggregates over other datasets (`schema.dataset.column`); each aggregate reads one dataset."""

    expression: str
    condition: Condition


class Measure(StrEnum):
    """What `AgainstPublished` measures."""

    ROWS = "rows"
    TOTAL = "total"
    LOST_KEYS = "lost keys"
    CHANGED_ROWS = "changed rows"


@dataclass(frozen=True, slots=True)
class AgainstPublished:
    """Against the published version. For rows and totals the condition's numbers are shares of the published value.

    Attributes:
        expression: of a total; else None.
        is_share: whether lost keys are meant as a share of the published keys; changed rows always are shares.
    """

    measure: Measure
    condition: Condition
    expression: str | None = None
    is_share: bool = True


@dataclass(frozen=True, slots=True)
class MaxAge:
    """The newest value of the expression is at most that much older than the logical time; `unit` is min, h, d, w or mo."""

    amount: Decimal
    unit: str
    expression: str


@dataclass(frozen=True, slots=True)
class SchemaRule:
    """Columns and types are those declared and published, but for what may be added or widened."""

    add: bool = False
    widen: bool = False


@dataclass(frozen=True, slots=True)
class Watch:
    """Limits for a number (an expression with aggregates, `count(*)` for rows), learned from its history."""

    expression: str


@dataclass(frozen=True, slots=True)
class Violations:
    """A rule across datasets (`checks/*.sql`): every row that the SELECT returns is a violation.

    Attributes:
        macros: `CREATE MACRO` statements that the SQL needs, in an order in which they can be made.
    """

    sql: str
    macros: tuple[str, ...] = ()


Form = (
    NotNull
    | Key
    | Unique
    | Reference
    | InSet
    | Range
    | Pattern
    | Matches
    | RowRule
    | Rows
    | TotalRule
    | AgainstOther
    | AgainstPublished
    | MaxAge
    | SchemaRule
    | Watch
    | Violations
)


@dataclass(frozen=True, slots=True)
class Allow:
    """How many rows may be bad: a count of rows, or a share of the rows that the check is about."""

    count: int | None = None
    share: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One check of one dataset.

    Attributes:
        id: content id over the dataset and all that decides the status; name, severity and reason don't change it.
        name: as given, or None.
        text: the line without comment; a column's line with the column's name put in front.
        where: SQL condition of the rows that the check is about.
        columns: the dataset's own columns that it reads, in order of appearance; empty when it needs none.
        others: other datasets that it reads, sorted.
        uses_clock: whether the result depends on the logical time.
        file, line, column: where it stands, from 1.
    """

    id: str
    dataset: str
    text: str
    form: Form
    kind: CheckKind
    name: str | None = None
    severity: Severity = Severity.HOLD
    where: str | None = None
    allow: Allow | None = None
    why: str | None = None
    columns: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    uses_clock: bool = False
    file: str | None = None
    line: int | None = None
    column: int | None = None

    def __reduce__(self) -> tuple[type[Check], tuple[Any, ...]]:
        # the dataclass's own way sets field by field in Python, and thousands of checks are loaded by a run that does nothing
        return Check, _values(self)

    @property
    def label(self) -> str:
        """Its name, else its text."""
        return self.name or self.text


_values = attrgetter(*(one.name for one in fields(Check)))


def check_id(dataset: str, form: Form, where: str | None, allow: Allow | None) -> str:
    """Id of the check of `dataset` that says `form` about the rows that satisfy `where`, with `allow`."""
    return content_id(["check", MEANING, dataset, type(form).__name__, _plain(form), where, _plain(allow)])


def _plain(value: Any) -> Any:
    """`value` as JSON types; numbers of one value are written alike."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, Allow):
        return [value.count, _plain(value.share)]
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return {name: _plain(getattr(value, name)) for name in _names(cast("Hashable", type(value)))}


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(one.name for one in fields(kind))
