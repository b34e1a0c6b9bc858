"""Proposals about the values of columns: filled, of a set, of a shape, within bounds, in an order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import permutations

from andon.base.names import literal
from andon.checks.language.patterns import REGEXES
from andon.checks.language.tokens import RESERVED
from andon.checks.watch import short_number
from andon.model.profile import ColumnKind, ColumnProfile, is_cut
from andon.proposals.facts import (
    Candidate,
    Known,
    Subject,
    counted,
    is_whole_type,
    nice_above,
    number,
    written,
)
from andon.proposals.names import looks_like_id, only_names, pattern_of, words_of

#: Below so many rows values say little about what values may come.
ENOUGH_ROWS = 50
#: Columns of smaller tables that are filled are so by chance, unless they identify a row or date it.
_MANY_ROWS = 100
_MOST_VALUES = 12
_LONGEST_VALUE = 40
_ROWS_PER_VALUE = 10
#: Ranges that are suggested for a dataset that is no source.
_MOST_COMPUTED = 3
#: Parts of a calendar or a clock: their names say already what they may be.
_CALENDAR = frozenset(
    ("month", "day", "weekday", "dow", "doy", "week", "quarter", "hour", "minute", "second", "isodow", "year")
)
_WORD = re.compile(r"[A-Za-z_]\w*\Z")
_MODIFIERS = frozenset(("where", "allow", "warn", "info", "quarantine", "null", "in", "is"))

#: Patterns that values alone point at: nothing else looks so.
_TELLING = ("uuid", "email", "url", "ipv4")

_TIME_WORDS = frozenset(("at", "on", "date", "time", "ts", "timestamp", "day", "datetime", "utc"))
_EARLIER_LATER = (
    ("first", "last"),
    ("start", "end"),
    ("started", "ended"),
    ("started", "finished"),
    ("begin", "end"),
    ("from", "to"),
    ("from", "until"),
    ("opened", "closed"),
    ("created", "updated"),
    ("created", "modified"),
    ("created", "changed"),
    ("created", "deleted"),
    ("created", "closed"),
    ("order", "ship"),
    ("order", "delivery"),
    ("ordered", "paid"),
    ("ordered", "shipped"),
    ("ordered", "delivered"),
    ("shipped", "delivered"),
    ("delivered", "returned"),
    ("issued", "due"),
    ("min", "max"),
    ("low", "high"),
    ("lower", "upper"),
    ("birth", "death"),
)


def filled(subject: Subject, known: Known) -> Iterator[Candidate]:
    """`not null a`, for each column without a NULL; they are made one line later."""
    rows = subject.profile.rows
    for column in subject.shown():
        if column.nulls or not rows or column.nulls_of < rows or column.name.lower() in known.filled:
            continue
        telling = looks_like_id(column.name) or column.kind is ColumnKind.MOMENT
        if rows >= _MANY_ROWS or (rows >= 10 and telling):
            yield Candidate(
                f"not null {name_in_line(column.name)}",
                (column.name,),
                "not null",
                f"none of {counted(rows)} is empty",
                40,
            )


def values(subject: Subject, known: Known) -> Iterator[Candidate]:
    """`status in new, paid`, for columns of few texts that come again and again."""
    for column in subject.shown():
        if not _has_few_values(column) or column.name.lower() in known.shaped | known.referring | known.identified:
            continue
        found = [top.value for top in column.top]
        numbered = sum(any(letter.isdigit() for letter in str(value)) for value in found)
        if not all(_is_listable(value) for value in found) or looks_like_id(column.name) or 2 * numbered > len(found):
            continue  # `c1, c2, c3` are names of things, of which there will be more
        listed = ", ".join(_element(str(value)) for value in found)
        rarest = min(top.count for top in column.top)
        yield Candidate(
            f"{name_in_line(column.name)} in {listed}",
            (column.name,),
            "values",
            f"{len(found)} values in {counted(column.rows)}, the rarest {rarest:,} times",
            50,
        )


def _has_few_values(column: ColumnProfile) -> bool:
    if column.kind is not ColumnKind.TEXT or not column.top_complete or column.masked or not column.top:
        return False
    enough = column.rows >= ENOUGH_ROWS and column.rows >= _ROWS_PER_VALUE * len(column.top)
    return enough and 2 <= len(column.top) <= _MOST_VALUES and min(top.count for top in column.top) >= 3


def _is_listable(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_VALUE and not is_cut(value) and value.isprintable()


def _element(value: str) -> str:
    return value if _WORD.match(value) and value.lower() not in _MODIFIERS else literal(value)


def shapes(subject: Subject, known: Known) -> Iterator[Candidate]:
    """`email is email`, `length(code) = 6`."""
    few = {name for candidate in values(subject, known) for name in candidate.columns}
    for column in subject.shown():
        if column.kind is not ColumnKind.TEXT or column.name.lower() in known.shaped:
            continue
        pattern = _pattern(column)
        if pattern is not None:
            seen = "by its name and values" if pattern_of(column.name) else "all values"
            how = "by its name" if column.masked else seen
            yield Candidate(
                f"{name_in_line(column.name)} is {pattern}",
                (column.name,),
                "pattern",
                f"{how} {'is' if how != 'all values' else 'are'} {_article(pattern)}",
                30,
                is_tolerant=True,
            )
        elif column.name not in few and column.name.lower() not in known.bounded and _has_one_length(column):
            assert column.lengths is not None  # asked before
            yield Candidate(
                f"length({name_in_line(column.name)}) = {column.lengths.minimum}",
                (column.name,),
                "length",
                f"all {column.distinct:,} different values have {column.lengths.minimum} characters",
                70,
            )


def _pattern(column: ColumnProfile) -> str | None:
    """The pattern that the name points at (the data decides when it is run), or the one that all known values point at."""
    named = pattern_of(column.name)
    if named is not None:
        return named if column.distinct else None
    sample = {v for v in (*(top.value for top in column.top), column.minimum, column.maximum) if isinstance(v, str)}
    sample = {value for value in sample if not is_cut(value)}
    if column.masked or (column.distinct or 0) < 10 or len(sample) < 2:
        return None
    return next((p for p in _TELLING if all(re.fullmatch(REGEXES[p], value) for value in sample)), None)


def _article(pattern: str) -> str:
    names = {
        "email": "an e-mail address",
        "uuid": "a UUID",
        "url": "a web address",
        "ip": "an IP address",
        "ipv4": "an IP address",
        "iban": "an IBAN",
        "country": "a country's code",
        "currency": "a currency's code",
        "phone": "a phone number",
        "slug": "a slug",
    }
    return names[pattern]


def _has_one_length(column: ColumnProfile) -> bool:
    lengths = column.lengths
    if lengths is None or lengths.minimum != lengths.maximum or not 2 <= lengths.minimum <= 64:
        return False
    return column.rows >= _MANY_ROWS and (column.distinct or 0) > 2 * _MOST_VALUES and looks_like_id(column.name)


def bounds(subject: Subject, known: Known) -> Iterable[Candidate]:
    """`amount 0..5_000`: no number below zero, and for sources none above twice the largest, rounded up.

    What is computed from sources is rarely negative by mistake: of it only the first few are worth a line.
    """
    found = sorted(_bounds(subject, known), key=lambda one: one.rank)
    numbers = {column.name.lower() for column in subject.profile.columns if column.kind is ColumnKind.NUMBER}
    return found if subject.is_source else found[: max(0, _MOST_COMPUTED - len(numbers & known.bounded))]


def _bounds(subject: Subject, known: Known) -> Iterator[Candidate]:
    if subject.profile.rows < ENOUGH_ROWS:
        return
    identified = known.identified | {column.lower() for column in subject.key}
    for column in subject.shown():
        lower = column.name.lower()
        if (
            column.kind is not ColumnKind.NUMBER
            or column.masked
            or lower in known.bounded | identified | known.referring
        ):
            continue
        low, high = number(column.minimum), number(column.maximum)
        if low is None or high is None or low < 0 or only_names(column.name) or low == high:
            continue
        if not _CALENDAR.intersection(words_of(column.name)):
            yield from _bound(subject, column, low, high)


def _is_said_by_type(column: ColumnProfile, first: str) -> bool:
    """Whether a lower bound says no more than the type does."""
    return first == "0" and column.type.startswith("U")


def _bound(subject: Subject, column: ColumnProfile, low: Decimal, high: Decimal) -> Iterator[Candidate]:
    name, seen = name_in_line(column.name), f"{_short(low)} to {_short(high)}"
    found = words_of(column.name)
    if not is_whole_type(column.type) and high <= 1 and (column.distinct or 0) > 10:
        yield Candidate(f"{name} 0..1", (column.name,), "range", f"{seen}, a share", 60)
        return
    if high <= 100 and any(word in ("percent", "pct", "percentage") for word in found):
        yield Candidate(f"{name} 0..100", (column.name,), "range", f"{seen}, percent", 60)
        return
    if is_whole_type(column.type) and low == 0 and high == 1:
        yield Candidate(f"{name} in 0, 1", (column.name,), "values", f"a flag in {counted(column.rows)}", 50)
        return
    first = "1" if is_whole_type(column.type) and 1 <= low <= 10 else "0"
    # of few whole numbers the largest says nothing about what may come
    is_few = is_whole_type(column.type) and (column.distinct or 0) <= _MOST_VALUES
    if not subject.is_source or is_few:
        if not _is_said_by_type(column, first):
            told = f"{seen}; none is {'0 or ' * (first == '1')}negative"
            yield Candidate(f"{name} {first}..", (column.name,), "range", told, 65)
        return
    last = nice_above(2 * high)
    yield Candidate(
        f"{name} {first}..{written(last)}", (column.name,), "range", f"{seen}; twice the largest, rounded up", 60
    )


def _short(value: Decimal) -> str:
    """A number for people: four digits, or two decimals of a large one."""
    if abs(value) < 1000:
        return short_number(float(value))
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def orders(subject: Subject, known: Known) -> Iterator[Candidate]:
    """`first_purchase <= last_purchase`: two columns of one kind whose names say which comes first."""
    of_kind = [c for c in subject.shown() if c.kind in (ColumnKind.MOMENT, ColumnKind.NUMBER) and c.nulls < c.nulls_of]
    for one, other in permutations(of_kind, 2):
        pair = frozenset((one.name.lower(), other.name.lower()))
        if one.kind is not other.kind or pair in known.together or not _comes_first(one.name, other.name):
            continue
        if subject.profile.rows >= 10 and one.type == other.type:
            yield Candidate(
                f"{name_in_line(one.name)} <= {name_in_line(other.name)}",
                (one.name, other.name),
                "order",
                f"in all of {counted(subject.profile.rows)} that have both",
                55,
            )


def _comes_first(one: str, other: str) -> bool:
    ones, others = words_of(one), words_of(other)
    for early, late in _EARLIER_LATER:
        if early in ones and late in others:
            rest = [frozenset(found) - {early, late} - _TIME_WORDS for found in (ones, others)]
            if rest[0] == rest[1]:
                return True
    return False


def name_in_line(name: str) -> str:
    """A column's name as it stands in a check: quoted where it must be."""
    plain = (
        re.fullmatch(r"[^\W\d]\w*", name) is not None and name.lower() not in RESERVED and name.lower() not in _FIRST
    )
    return name if plain else '"' + name.replace('"', '""') + '"'


#: Words that begin a form: a column of that name is quoted so that nobody has to think.
_FIRST = frozenset(("key", "unique", "rows", "max_age", "schema", "watch", "lost", "changed", "share", *_MODIFIERS))


def all_columns(subject: Subject, known: Known) -> Iterable[Candidate]:
    """All proposals about values of columns."""
    yield from shapes(subject, known)
    yield from filled(subject, known)
    yield from values(subject, known)
    yield from orders(subject, known)
    yield from bounds(subject, known)
