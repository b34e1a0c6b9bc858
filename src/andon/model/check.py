"""A check: one assertion about a dataset, as its line states it. Facts only; `andon.checks` parses, compiles and judges."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Any

from andon.base.hashing import content_id
from andon.base.record import Record

#: Version of what the forms mean; part of every check's id, so that results of another meaning are never taken.
MEANING = "c2"


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


class Literal(Record):
    """A value written in a check. `kind` is number, text or date; `text` is a decimal number, the text itself, an ISO date."""

    kind: str
    text: str

    @property
    def shown(self) -> str:
        """As one would write it."""
        return "'" + self.text.replace("'", "''") + "'" if self.kind == "text" else self.text


class Tolerance(Record):
    """`+- amount`; a relative one is a share (0.01 for 1%) of the absolute value of the right side."""

    amount: Decimal
    relative: bool = False


class Comparison(Record, tag=True):
    """`<operator> <right>`: `operator` is one of = <> < <= > >=, `right` an SQL expression or, for counts, a decimal number; with
    `is_share` it was written as a share (0.05 for `5%`)."""

    operator: str
    right: str
    tolerance: Tolerance | None = None
    is_share: bool = False


class Between(Record, tag=True):
    """Both ends included; a missing end is open. With `is_share` the ends were written as shares."""

    low: Literal | None
    high: Literal | None
    is_share: bool = False


Condition = Comparison | Between


class NotNull(Record, tag=True):
    """No NULL in any of the columns."""

    columns: tuple[str, ...]


class Key(Record, tag=True):
    """The columns together are unique and not null."""

    columns: tuple[str, ...]


class Unique(Record, tag=True):
    """No two rows alike in the columns; a row with a NULL among them is like no other."""

    columns: tuple[str, ...]


class Reference(Record, tag=True):
    """Every value of the columns exists in `dataset`; `targets` are its columns, or None for its key or the same names."""

    columns: tuple[str, ...]
    dataset: str
    targets: tuple[str, ...] | None = None


class InSet(Record, tag=True):
    """The expression is (not) one of the values."""

    expression: str
    values: tuple[Literal, ...]
    negated: bool = False


class Range(Record, tag=True):
    """The expression lies within the bounds."""

    expression: str
    between: Between


class Pattern(Record, tag=True):
    """The expression, as text, is of a named shape."""

    expression: str
    pattern: str


class Matches(Record, tag=True):
    """The regular expression matches the whole of the expression."""

    expression: str
    regex: str


class RowRule(Record, tag=True):
    """An SQL boolean over the row; with a tolerance `expression` is the left side, to be equal to `right` within it."""

    expression: str
    right: str | None = None
    tolerance: Tolerance | None = None


class Rows(Record, tag=True):
    """The number of rows."""

    condition: Condition


class TotalRule(Record, tag=True):
    """An expression with aggregates, compared or within bounds."""

    expression: str
    condition: Condition


class AgainstOther(Record, tag=True):
    """A total rule with aggregates over other datasets (`schema.dataset.column`); each aggregate reads one dataset."""

    expression: str
    condition: Condition


class Measure(StrEnum):
    """What `AgainstPublished` measures."""

    ROWS = "rows"
    TOTAL = "total"
    LOST_KEYS = "lost keys"
    CHANGED_ROWS = "changed rows"


class AgainstPublished(Record, tag=True):
    """Against the published version. For rows and totals the condition's numbers are shares of the published value.

    Attributes:
        expression: of a total; else None.
        is_share: whether lost keys are meant as a share of the published keys; changed rows always are shares.
    """

    measure: Measure
    condition: Condition
    expression: str | None = None
    is_share: bool = True


class MaxAge(Record, tag=True):
    """The newest value of the expression is at most that much older than the logical time; `unit` is min, h, d, w or mo."""

    amount: Decimal
    unit: str
    expression: str


class SchemaRule(Record, tag=True):
    """Columns and types are those declared and published, but for what may be added or widened."""

    add: bool = False
    widen: bool = False


class Watch(Record, tag=True):
    """Limits for a number (an expression with aggregates, `count(*)` for rows), learned from its history."""

    expression: str


class Violations(Record, tag=True):
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


class Allow(Record):
    """How many rows may be bad: a count of rows, or a share of the rows that the check is about."""

    count: int | None = None
    share: Decimal | None = None


class Check(Record, omit_defaults=True):
    """One check of one dataset.

    Attributes:
        id: content id over the dataset and all that decides the status; name, severity and reason don't change it.
        name: as given, or None.
        text: the line without comment; a column's line with the column's name put in front.
        where: SQL condition of the rows that the check is about.
        columns: the dataset's own columns that it reads, in order of appearance; empty when it needs none.
        others: other datasets that it reads, sorted.
        uses_clock: whether the result depends on the logical time.
        quarantine: how many failing rows are set aside, so that the rest goes on; then `others` has their dataset.
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
    quarantine: Allow | None = None
    file: str | None = None
    line: int | None = None
    column: int | None = None

    @property
    def label(self) -> str:
        """Its name, else its text."""
        return self.name or self.text

    @property
    def spoken(self) -> str:
        """How people name it: its name, else its text without the reason."""
        return self.label.removesuffix(f'"{self.why}"').rstrip() if self.why else self.label


def check_id(dataset: str, form: Form, where: str | None, allow: Allow | None, quarantine: Allow | None = None) -> str:
    """Id of the check of `dataset` that says `form` about the rows that satisfy `where`, with `allow` or `quarantine`."""
    meant = ["check", MEANING, dataset, type(form).__name__, _plain(form), where, _plain(allow)]
    return content_id(meant if quarantine is None else [*meant, _plain(quarantine)])


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
    return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
