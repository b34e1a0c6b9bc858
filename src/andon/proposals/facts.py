"""What proposals are made from: facts of a dataset and of the datasets beside it, and what its declared checks say already."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal, InvalidOperation

from andon.base.record import Record
from andon.checks.language.lines import follow
from andon.model.check import (
    AgainstPublished,
    Check,
    InSet,
    Key,
    Matches,
    MaxAge,
    Measure,
    NotNull,
    Pattern,
    Range,
    Reference,
    RowRule,
    Rows,
    TotalRule,
    Unique,
    Watch,
)
from andon.model.profile import ColumnProfile, Profile, Value


class Neighbour(Record):
    """Another dataset of the same commit.

    Attributes:
        key: its key, declared or checked.
        above: how many datasets it is made from, directly or not.
        is_upstream: whether the subject is made from it.
        is_downstream: whether it is made from the subject.
        profile: of its version, where one was made.
    """

    name: str
    columns: tuple[tuple[str, str], ...]
    key: tuple[str, ...] = ()
    above: int = 0
    is_upstream: bool = False
    is_downstream: bool = False
    profile: Profile | None = None


class Subject(Record):
    """The dataset that checks are suggested for.

    Attributes:
        columns: names and types of its version.
        key: its declared key.
        declared: its declared checks.
        masked: columns marked `pii`, in lower case.
        is_source: whether its rows come from outside.
        moment: the logical time of the version, if it is known.
        earlier_rows: numbers of rows of earlier versions, oldest first.
    """

    dataset: str
    columns: tuple[tuple[str, str], ...]
    profile: Profile
    key: tuple[str, ...] = ()
    declared: tuple[Check, ...] = ()
    masked: frozenset[str] = frozenset()
    is_source: bool = False
    moment: datetime | None = None
    earlier_rows: tuple[int, ...] = ()
    others: tuple[Neighbour, ...] = ()

    def shown(self) -> tuple[ColumnProfile, ...]:
        """Profiles of its columns, without values where they are `pii`."""
        return tuple(c.hidden() if c.name.lower() in self.masked and not c.masked else c for c in self.profile.columns)


class Candidate(Record):
    """A line that may be suggested, before it was run.

    Attributes:
        columns: those that it is about.
        rank: the smaller, the earlier it is shown.
        is_tolerant: whether it may be suggested with `allow` if nearly all rows satisfy it.
    """

    line: str
    columns: tuple[str, ...]
    rule: str
    evidence: str
    rank: int
    is_tolerant: bool = False


class Tried(Record):
    """A candidate that holds on the present version, and how it did on earlier ones."""

    candidate: Candidate
    past_failures: int = 0
    past_versions: int = 0


class Known(Record):
    """What declared checks say already, column names in lower case."""

    filled: frozenset[str] = frozenset()
    identified: frozenset[str] = frozenset()
    has_key: bool = False
    referring: frozenset[str] = frozenset()
    shaped: frozenset[str] = frozenset()
    bounded: frozenset[str] = frozenset()
    together: frozenset[frozenset[str]] = frozenset()
    summed: frozenset[str] = frozenset()
    counts_rows: bool = False
    keeps_keys: bool = False
    is_dated: bool = False


def known(subject: Subject) -> Known:
    """What the declared checks and the key of `subject` say, and imply."""
    filled = {column.lower() for column in subject.key}
    identified = {subject.key[0].lower()} if len(subject.key) == 1 else set()
    referring: set[str] = set()
    shaped: set[str] = set()
    bounded: set[str] = set()
    together: set[frozenset[str]] = set()
    summed: set[str] = set()
    forms = [check.form for check in subject.declared]
    for check in subject.declared:
        columns = frozenset(column.lower() for column in check.columns)
        match check.form:
            case NotNull():
                filled |= columns if check.where is None else set()
            case Key():
                filled |= columns
                identified |= columns if len(columns) == 1 else set()
            case Unique():
                identified |= columns if len(columns) == 1 else set()
            case Reference():
                referring |= columns
            case InSet() | Pattern() | Matches():
                shaped |= columns
                bounded |= columns
            case Range():
                bounded |= columns
                shaped |= columns if check.form.expression.startswith("length") else set()
            case RowRule():
                together.add(columns)
                bounded |= columns if len(columns) == 1 else set()
                if len(columns) == 1 and follow(check.form.expression, "is", "not", "null"):
                    filled |= columns
            case TotalRule() | Watch():
                pass
            case _:
                summed |= columns if check.others else set()
    return Known(
        filled=frozenset(filled),
        identified=frozenset(identified),
        has_key=bool(subject.key) or any(isinstance(form, Key) for form in forms),
        referring=frozenset(referring),
        shaped=frozenset(shaped),
        bounded=frozenset(bounded),
        together=frozenset(together),
        summed=frozenset(summed),
        counts_rows=any(_counts_rows(form) for form in forms),
        keeps_keys=any(isinstance(f, AgainstPublished) and f.measure is Measure.LOST_KEYS for f in forms),
        is_dated=any(isinstance(form, MaxAge) for form in forms),
    )


def _counts_rows(form: object) -> bool:
    match form:
        case Rows():
            return True
        case AgainstPublished(measure=measure):
            return measure is Measure.ROWS
        case Watch(expression=expression) | TotalRule(expression=expression):
            return expression.replace(" ", "").lower() == "count(*)"
    return False


# -- numbers


def number(value: Value) -> Decimal | None:
    """A profile's value as a number, if it is a finite one."""
    if value is None or isinstance(value, bool):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def nice_above(value: Decimal) -> Decimal:
    """The smallest of 1, 2, 5 times a power of ten that is not below `value` (which is positive)."""
    power = Decimal(10) ** value.adjusted()
    return next(power * step for step in (1, 2, 5, 10) if power * step >= value)


def written(value: Decimal) -> str:
    """A number as one writes it in a check: `5_000`, `0.5`."""
    text = format(value.normalize(), "f")
    whole, dot, rest = text.partition(".")
    return f"{int(whole):_}{dot}{rest}" if whole not in ("-0",) else text


def counted(rows: int, noun: str = "row") -> str:
    """`1 row`, `2,357 rows`."""
    return f"{rows:,} {noun if rows == 1 else noun + 's'}"


def joined(names: Iterable[str]) -> str:
    """Names with commas."""
    return ", ".join(names)


def is_whole_type(kind: str) -> bool:
    """Whether the lake type holds whole numbers."""
    return kind.removeprefix("U") in ("BIGINT", "INTEGER", "SMALLINT", "TINYINT", "HUGEINT")
