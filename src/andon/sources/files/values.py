"""What the values of a text column are: the type that holds them all unchanged, or why there is none that can be taken without asking."""

from __future__ import annotations

from collections.abc import Mapping, Set

from andon.base.record import Record, field, replace
from andon.sources.failures import shown
from andon.sources.files.casts import SHORT, Cast
from andon.sources.files.dialect import Dialect


class Stop(Record):
    """Why no type holds a column's values unchanged; `classes` are those of the offending values."""

    message: str
    classes: tuple[str, ...]
    #: What to write, the likeliest first: `type:VARCHAR`, `decimal` (an exact one), `dateformat:%d/%m/%Y`, `decimal_separator:,`,
    #: `marks:.,` (between thousands, before decimals), `nanos`, `nullstr`, `amount` (in other clothes, if all values are).
    ways: tuple[str, ...]
    #: The type that the other values have.
    likely: str = "VARCHAR"


class ValueFacts(Record):
    """What is known about a column's values: how many of each class, a value of each, for dates the largest first and second part."""

    counts: Mapping[str, int]
    first: int = 0
    second: int = 0
    mark: str = ""
    marks: int = 1
    short_year: bool = False
    seconds: str = ""
    words: Mapping[str, str] = field(default_factory=dict)


#: Decimals that say no more than their number, and those that may say more.
_DECIMALS = frozenset({"dec", "v1", "v2", "v0"})
_DOTS = frozenset({"dot3", "dot0"})
_NUMBERS = _DECIMALS | _DOTS | {"int", "wide", "exp", "nan", "zero", "huge", "long", "vast"}
_MARKED = frozenset({"comma", "group", "points", "ticks", "point"})
_MOMENTS = frozenset({"iso", "stamp", "zoned", "nano"})
_DAYS = frozenset({"day", "daytime"})
#: Texts of JSON come with their types: a number is one.
JSON_DELIM = "\x01"


def decide(column: str, facts: ValueFacts, dialect: Dialect) -> Cast | Stop:
    """The type that holds all values of `column` unchanged, or why there is none that can be taken without asking."""
    classes = {c for c, n in facts.counts.items() if n}
    total = sum(facts.counts.values())
    if not classes:
        return Cast(column, "VARCHAR")
    if "text" in classes or "plus" in classes or not _one_family(classes):
        return _mixed(column, facts, total, dialect)
    if classes <= _NUMBERS and classes != {"nan"}:
        return _number(column, classes, dialect)
    if classes & _MARKED:
        return _separators(column, classes, dialect)
    if "far" in classes:
        message = f"column `{column}` has what may be dates, of years that hardly are: dates, or numbers of something?"
        return Stop(message, ("far",), _far_ways(classes))
    if classes <= _MOMENTS:
        return _iso(column, classes)
    if classes <= _DAYS:
        return _day_first(column, facts)
    if classes == {"time"}:
        return Cast(column, "TIME")
    if classes == {"bool"}:
        return Cast(column, "BOOLEAN")
    return Cast(column, "VARCHAR")


def _one_family(classes: set[str]) -> bool:
    families = (_NUMBERS | _MARKED, _MOMENTS | {"far"}, _DAYS | {"far"}, {"time"}, {"bool"})
    return any(classes <= family for family in families)


def _far_ways(classes: set[str]) -> tuple[str, ...]:
    known = ("type:TIMESTAMP",) if "stamp" in classes else ("type:DATE",) if "iso" in classes else ()
    return ("type:VARCHAR", *known)


def _mixed(column: str, facts: ValueFacts, total: int, dialect: Dialect) -> Cast | Stop:
    """Words among numbers: text, unless most are of one kind: the others may be mistakes or marks for nothing, so ask."""
    families: dict[str, Set[str]] = {
        "numbers": _NUMBERS - {"nan"} | _MARKED,
        "dates or times": _MOMENTS | _DAYS | {"far"},
        "times": frozenset({"time"}),
        "true or false": frozenset({"bool"}),
    }
    for name, family in families.items():
        most = sum(n for c, n in facts.counts.items() if c in family)
        if total / 2 < most < total:
            few = tuple(c for c, n in facts.counts.items() if n and c not in family)
            words = ", ".join(f"`{shown(facts.words[c])}`" for c in few[:3] if c in facts.words) or "others"
            left = total - most
            message = f"column `{column}` holds {name}, but {left:,} of {total:,} values {'is' if left == 1 else 'are'} not: {words}"
            rest = decide(
                column, replace(facts, counts={c: n for c, n in facts.counts.items() if c in family}), dialect
            )
            likely = rest.type if isinstance(rest, Cast) else "VARCHAR"
            ways = ("amount",) if name == "numbers" else ()
            return Stop(message, few, (*ways, "nullstr", "type:VARCHAR"), likely)
    dates = {c: n for c, n in facts.counts.items() if n}
    if set(dates) <= _MOMENTS | _DAYS | {"far"}:
        few = tuple(c for c in dates if c != max(dates, key=lambda c: dates[c]))
        return Stop(f"column `{column}` has dates that are written in more than one way", few, ("type:VARCHAR",))
    return Cast(column, "VARCHAR")


def _number(column: str, classes: set[str], dialect: Dialect) -> Cast | Stop:
    decimals = classes & (_DECIMALS | _DOTS)
    if "vast" in classes:
        message = f"column `{column}` has numbers beyond the range of a DOUBLE, which would become infinite"
        return Stop(message, ("vast",), ("type:VARCHAR",))
    if "huge" in classes:
        message = f"column `{column}` has integers too large for BIGINT; as DOUBLE they would lose digits"
        return Stop(message, ("huge",), ("type:DECIMAL(38,0)", "type:VARCHAR"))
    if "zero" in classes:
        message = f"column `{column}` has numbers with leading zeros, which a number can't keep"
        return Stop(message, ("zero",), ("type:VARCHAR", "type:DOUBLE" if decimals else "type:BIGINT"))
    if "long" in classes or ("wide" in classes and not classes <= {"int", "wide"}):
        message = f"column `{column}` has numbers with more digits than a DOUBLE says again"
        return Stop(message, ("long", "wide"), ("decimal", "type:VARCHAR", "type:DOUBLE"))
    if dialect.delim != JSON_DELIM:
        doubtful = _doubtful_points(column, classes, dialect) or _versions(column, classes)
        if doubtful is not None:
            return doubtful
    if "exp" in classes and not decimals:
        message = f"column `{column}` has values such as 1e5: codes, or numbers with an exponent?"
        return Stop(message, ("exp",), ("type:VARCHAR", "type:DOUBLE"))
    if "nan" in classes and not decimals:
        message = f"column `{column}` has integers and `nan` or `inf`"
        return Stop(message, ("nan",), ("nullstr", "type:DOUBLE"), "BIGINT")
    if "v1" in classes and classes <= {"v1", "v2"} and dialect.delim != JSON_DELIM:
        return Cast(column, "DOUBLE", SHORT)
    return Cast(column, "BIGINT" if classes <= {"int", "wide"} else "DOUBLE")


def _doubtful_points(column: str, classes: set[str], dialect: Dialect) -> Stop | None:
    """Where every point has three digits behind it, it may stand between thousands: sure enough only between commas."""
    if not classes & _DOTS or classes & (_DECIMALS | {"exp"}) or dialect.thousands or dialect.decimal != ".":
        return None
    if dialect.delim not in (";", "\t", "|") and not ("int" in classes and "dot0" in classes):
        return None
    message = f"column `{column}`: is `.` the decimal point or between thousands?"
    return Stop(message, tuple(sorted(classes & _DOTS)), ("thousands:.", "type:DOUBLE", "type:VARCHAR"))


def _versions(column: str, classes: set[str]) -> Stop | None:
    """`1.9` beside `1.10`: a number that is written with one digit has no zero at its end, a version may."""
    if not {"v1", "v0"} <= classes or not classes <= {"v1", "v2", "v0", "dot3", "dot0"}:
        return None
    message = (
        f"column `{column}` has values with a zero at their end among shorter ones: versions or codes, or numbers?"
    )
    return Stop(message, ("v0",), ("type:VARCHAR", "type:DOUBLE"))


def _separators(column: str, classes: set[str], dialect: Dialect) -> Stop:
    """What to write for numbers with marks that are not stated; both marks where one alone would read them wrong."""
    found = tuple(sorted(classes & _MARKED))
    if "point" in found:
        message = (
            f"column `{column}` has numbers with a decimal point, and the decimal separator is `{dialect.decimal}`"
        )
        alone = found == ("point",) and not classes & _DECIMALS and dialect.thousands != "."
        return Stop(message, ("point",), ("decimal_separator:.", "type:VARCHAR") if alone else ("type:VARCHAR",))
    thousands = found if found == ("comma",) else tuple(c for c in found if c != "comma")
    if thousands == ("comma",):
        message = f"column `{column}` has numbers with a decimal comma"
        return Stop(message, thousands, ("decimal_separator:,", "type:VARCHAR"))
    if found == ("comma", "group") and dialect.decimal == ".":
        message = f"column `{column}` has numbers with a decimal comma"
        return Stop(message, found, ("decimal_separator:,", "type:VARCHAR"))
    message = f"column `{column}` has numbers with marks between thousands"
    if thousands == ("points",):
        return Stop(message, thousands, ("marks:.,", "type:VARCHAR"))
    if found == ("group",):
        ways = ("thousands:,", "decimal_separator:,") if dialect.decimal == "." else ("marks:,.",)
        return Stop(message, found, (*ways, "type:VARCHAR"))
    if found == ("ticks",):
        return Stop(message, found, ("thousands:'", "type:VARCHAR"))
    return Stop(f"{message}, written in more than one way", found, ("type:VARCHAR",))


def _iso(column: str, classes: set[str]) -> Cast | Stop:
    if "nano" in classes:
        message = f"column `{column}` has times finer than a microsecond, and the lake keeps microseconds"
        return Stop(message, ("nano",), ("type:VARCHAR", "nanos"))
    if classes == {"iso"}:
        return Cast(column, "DATE")
    if "zoned" not in classes:
        return Cast(column, "TIMESTAMP")
    if classes == {"zoned"}:
        return Cast(column, "TIMESTAMP WITH TIME ZONE")
    message = f"column `{column}` has times with a zone and without one"
    return Stop(message, tuple(sorted(classes - {"zoned"})), ("type:VARCHAR",))


def _day_first(column: str, facts: ValueFacts) -> Cast | Stop:
    """Dates such as 31/01/2024: a part beyond 12 tells which one is the day; a dot means day first."""
    timed = facts.counts.get("daytime", 0)
    classes = ("day", "daytime")
    year = "%y" if facts.short_year else "%Y"
    day_first, month_first = f"%d{facts.mark}%m{facts.mark}{year}", f"%m{facts.mark}%d{facts.mark}{year}"
    option = "timestampformat" if timed else "dateformat"
    suffix = facts.seconds if timed else ""
    ways = (f"{option}:{day_first}{suffix}", f"{option}:{month_first}{suffix}", "type:VARCHAR")
    if (timed and facts.counts.get("day", 0)) or facts.marks > 1 or (facts.first > 12 and facts.second > 12):
        message = f"column `{column}` has dates that are written in more than one way"
        return Stop(message, classes, ("type:VARCHAR",))
    if facts.short_year:
        return Stop(f"column `{column}` has dates with a year of two digits", classes, ways)
    if facts.first <= 12 and facts.second <= 12 and facts.mark != ".":
        return Stop(f"column `{column}` has dates that can be day/month or month/day", classes, ways)
    order = month_first if facts.second > 12 else day_first
    return Cast(column, "TIMESTAMP" if timed else "DATE", order + suffix)
