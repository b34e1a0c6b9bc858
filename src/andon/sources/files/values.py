"""What the values of a text column are: classes of texts, the type that holds them all unchanged, and strict casts to it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from andon.base.names import literal
from andon.base.record import Record
from andon.sources.files.dialect import Dialect

_INTEGERS = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "UHUGEINT",
)
_SYNONYMS = {
    "INT": "INTEGER",
    "INT8": "BIGINT",
    "LONG": "BIGINT",
    "INT4": "INTEGER",
    "INT2": "SMALLINT",
    "INT1": "TINYINT",
    "SHORT": "SMALLINT",
    "STRING": "VARCHAR",
    "TEXT": "VARCHAR",
    "CHAR": "VARCHAR",
    "FLOAT8": "DOUBLE",
    "REAL": "FLOAT",
    "FLOAT4": "FLOAT",
    "BOOL": "BOOLEAN",
    "DATETIME": "TIMESTAMP",
    "TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE",
    "NUMERIC": "DECIMAL",
}
_ISO_DATE = r"[0-9]{4}([-/])[0-9]{2}[-/][0-9]{2}"
_ISO_TIME = r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
_ISO_STAMP = _ISO_DATE + "[ T]" + _ISO_TIME
_OFFSET = r" ?(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)"
_DAY = r"([0-9]{1,2})([./-])([0-9]{1,2})[./-]([0-9]{4}|[0-9]{2})"
_DAY_TIME = r"([ T]+|, )[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?( ?[AaPp][Mm])?"
_FLOAT = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
_NAN = r"[+-]?(nan|inf|infinity)"

#: Largest count of characters of a number that a double gives back digit for digit.
_SAFE_DIGITS = 15
#: Below this a double holds every integer.
_LAST_INTEGER = 2**53


def type_name(text: str) -> str:
    """A type as DuckDB's own upper-case name, as far as this module cares."""
    upper = re.sub(r"\s+", " ", text.strip().upper())
    return _SYNONYMS.get(upper, upper)


def classify(column: str, dialect: Dialect) -> str:
    """SQL that gives the class of the text in `column` (SQL).

    Classes: `int`, `zero` (leading zeros), `huge` (beyond BIGINT), `dec`, `long` (more digits than a double holds), `exp`
    (`1e5`), `vast` (`1e400`, beyond DOUBLE), `comma` (`1,5`), `group` (`1,234`), `points` (`1.234,5`), `ticks` (`1'234'567`),
    `dot3` (`1.234`), `iso`, `stamp`, `zoned`, `nano`, `day`, `daytime`, `time`, `bool`, `nan`, `text`; `null` for NULL.
    """
    v = f"trim({column})"
    plain = _plain(v, dialect)

    def like(pattern: str, value: str = v) -> str:
        return f"regexp_full_match({value}, {literal(pattern)})"

    digits = f"length(ltrim(regexp_replace(rtrim({plain}, '0'), '[-+.]|[eE].*', '', 'g'), '0'))"
    integer = like("[+-]?[0-9]+", plain)
    thousands = re.escape(dialect.thousands)
    signs = like("[-+0-9.," + thousands + "]+")
    strange = like("[+-]?[0-9]+" + thousands + "?[0-9]*[.][0-9]+")
    arms: list[tuple[str, str]] = [(f"{v} is null", "null")]
    if dialect.decimal != ".":
        arms.append(
            (
                f"{strange} and not {_grouped(v, dialect)}",
                f"case when {like('[1-9][0-9]{0,2}([.][0-9]{3})+')} then 'points' else 'text' end",
            )
        )
    if dialect.thousands:
        arms.append(
            (
                f"contains({v}, {literal(dialect.thousands)}) and {signs} and not {_grouped(v, dialect)}",
                "'text'",
            )
        )
    arms += [
        (
            f"not regexp_matches({v}, '^[+-]?[.,]?[0-9]')",
            f"case when lower({v}) in ('true', 'false') then 'bool' when {like('(?i)' + _NAN)} then 'nan' else 'text' end",
        ),
        (f"{integer} and try_cast({plain} as bigint) is null", "'huge'"),
        (like("[+-]?(0|[1-9][0-9]*)", plain), "'int'"),
        (like("[+-]?0[0-9]+", plain), "'zero'"),
        (like("[1-9][0-9]{0,2}[.][0-9]{3}"), "'dot3'"),
        (f"regexp_matches({plain}, '[eE]') and {like(_FLOAT, plain)} and isinf(try_cast({plain} as double))", "'vast'"),
        (like("[+-]?[0-9]+[eE][+-]?[0-9]+", plain), "'exp'"),
        (f"{like(_FLOAT, plain)} and length({plain}) > 17 and {digits} > 17", "'long'"),
        (like(_FLOAT, plain), "'dec'"),
        (like("[+-]?[0-9]{1,3}(,[0-9]{3})+([.][0-9]+)?"), "'group'"),
        (like("[+-]?[0-9]{1,3}([.][0-9]{3})+,[0-9]+|[+-]?[0-9]{1,3}([.][0-9]{3}){2,}"), "'points'"),
        (like("[+-]?[0-9]{1,3}('[0-9]{3}){2,}([.,][0-9]+)?"), "'ticks'"),
        (like("[+-]?[0-9]*,[0-9]+"), "'comma'"),
        (f"{like(_ISO_DATE)} and try_cast({v} as date) is not null", "'iso'"),
        (f"{like(_ISO_STAMP)} and try_cast({v} as timestamp) is not null", "'stamp'"),
        (f"{like(_ISO_STAMP + _OFFSET)} and try_cast({v} as timestamptz) is not null", "'zoned'"),
        (like(_ISO_STAMP.replace("{1,6}", "{7,9}") + "(" + _OFFSET + ")?"), "'nano'"),
        (like(_DAY), "'day'"),
        (like(_DAY + _DAY_TIME), "'daytime'"),
        (f"{like(_ISO_TIME)} and try_cast({v} as time) is not null", "'time'"),
    ]
    return "case " + " ".join(f"when {condition} then {result}" for condition, result in arms) + " else 'text' end"


def _plain(v: str, dialect: Dialect) -> str:
    """SQL: the number in `v` with the stated marks turned into those of SQL."""
    plain = v
    if dialect.thousands:
        plain = f"replace({plain}, {literal(dialect.thousands)}, '')"
    if dialect.decimal != ".":
        plain = f"replace({plain}, {literal(dialect.decimal)}, '.')"
    return plain


def _grouped(v: str, dialect: Dialect) -> str:
    """SQL: whether thousands marks stand where they may."""
    mark, point = re.escape(dialect.thousands), re.escape(dialect.decimal)
    groups = f"[+-]?[0-9]{{1,3}}({mark}[0-9]{{3}})*({point}[0-9]*)?" if mark else ""
    pattern = "|".join(p for p in (groups, f"[+-]?[0-9]*({point}[0-9]*)?") if p)
    return f"regexp_full_match({v}, {literal(pattern)})"


class Cast(Record):
    """What a text column becomes.

    Attributes:
        type: the DuckDB type.
        format: for dates and times that are not ISO: a strptime format.
        stated: whether a person named the type; leading zeros of a number then don't count.
    """

    column: str
    type: str
    format: str | None = None
    stated: bool = False

    def sql(self, text: str, dialect: Dialect, bad: str) -> str:
        """SQL that turns `text` (SQL, VARCHAR) into the type, `bad` (SQL) where that would change what it says."""
        kind = type_name(self.type)
        if kind == "VARCHAR":
            return text
        v = f"trim({text})"
        plain = _plain(v, dialect)
        marked = dialect.decimal != "." or dialect.thousands != ""
        fast, full, value = "", "", f"try_cast({plain} as {self.type})"
        if kind in _INTEGERS:
            fast = f"try_cast({text} as {self.type})::varchar = {text}"
            full = f"regexp_full_match({plain}, '[+-]?{'[0-9]+' if self.stated else '(0|[1-9][0-9]*)'}')"
        elif kind.startswith("DECIMAL"):
            full = self._decimal(plain, kind)
        elif kind in ("DOUBLE", "FLOAT"):
            full = self._float(plain, kind)
            fast = f"length({text}) <= {_SAFE_DIGITS} and not contains({text}, '_') and not isinf(try_cast({text} as {kind}))"
        elif kind == "DATE":
            full, value = self._moment(v, _ISO_DATE, "date")
            fast = f"length({text}) <= 10" if self.format is None else ""
        elif kind == "TIMESTAMP":
            full, value = self._moment(v, f"{_ISO_DATE}([ T]{_ISO_TIME})?", "timestamp")
            # 19 characters with seconds in their place have no room for a zone.
            fast = f"length({text}) = 19 and substring({text}, 17, 1) = ':'" if self.format is None else ""
        elif kind == "TIMESTAMP WITH TIME ZONE":
            full, value = self._moment(v, _ISO_STAMP + _OFFSET, "timestamptz")
        else:
            value = f"try_cast({v} as {self.type})"
        if marked and (kind in _INTEGERS or kind.startswith("DECIMAL") or kind in ("DOUBLE", "FLOAT")):
            fast, full = "", f"{_grouped(v, dialect)} and {full}"
        fits = f"{full} and {value} is not null" if full else f"{value} is not null"
        slow = f"case when {text} is null then null when {fits} then {value} else {bad} end"
        # Nearly all values take the fast way: one cast, no pattern.
        return f"coalesce(case when {fast} then try_cast({text} as {self.type}) end, {slow})" if fast else slow

    def _decimal(self, plain: str, kind: str) -> str:
        """A decimal must hold all digits after the point: the engine would round them away."""
        found = re.search(r",\s*(\d+)\s*\)", kind)
        scale = int(found.group(1)) if found else (0 if "(" in kind else 3)
        return f"regexp_full_match({plain}, '[+-]?[0-9]*([.][0-9]{{0,{scale}}}0*)?')"

    def _float(self, plain: str, kind: str) -> str:
        """A number must not become infinite, and a double must hold an integer to its last digit, unless a person asked for a double."""
        written = f"regexp_full_match({plain}, {literal('(?i)' + _NAN)})"
        finite = f"regexp_full_match({plain}, {literal(_FLOAT)}) and not isinf(try_cast({plain} as {kind}))"
        number = f"({written} or ({finite}))"
        if self.stated:
            return number
        integer = f"regexp_full_match({plain}, '[+-]?[0-9]+')"
        return f"{number} and not ({integer} and abs(try_cast({plain} as double)) >= {_LAST_INTEGER})"

    def _moment(self, v: str, pattern: str, target: str) -> tuple[str, str]:
        """ISO text, or the stated format; never a text of which a part would be dropped."""
        iso = f"regexp_full_match({v}, {literal(pattern)})"
        if self.format is None:
            return iso, f"try_cast({v} as {target})"
        parsed = f"try_cast(try_strptime({v}, {literal(self.format)}) as {target})"
        value = f"case when {iso} then try_cast({v} as {target}) else {parsed} end"
        return "", value


class Stop(Record):
    """Why no type holds a column's values unchanged; `classes` are those of the offending values."""

    message: str
    classes: tuple[str, ...]
    #: What to write, the likeliest first: `type:VARCHAR`, `dateformat:%d/%m/%Y`, `decimal_separator:,`,
    #: `marks:.,` (between thousands, before decimals), `nullstr`.
    ways: tuple[str, ...]


class ValueFacts(Record):
    """What is known about a column's values: how many of each class, and for dates the largest first and second part."""

    counts: Mapping[str, int]
    first: int = 0
    second: int = 0
    mark: str = ""
    marks: int = 1
    short_year: bool = False
    seconds: str = ""
    words: tuple[str, ...] = ()


_NUMBERS = frozenset({"int", "dec", "dot3", "exp", "nan", "zero", "huge", "long", "vast"})
_MARKED = frozenset({"comma", "group", "points", "ticks"})
_MOMENTS = frozenset({"iso", "stamp", "zoned", "nano"})


def decide(column: str, facts: ValueFacts, dialect: Dialect) -> Cast | Stop:
    """The type that holds all values of `column` unchanged, or why there is none that can be taken without asking."""
    classes = {c for c, n in facts.counts.items() if n}
    total = sum(facts.counts.values())
    if not classes:
        return Cast(column, "VARCHAR")
    if "text" in classes or not _one_family(classes):
        return _mixed(column, facts, total)
    if classes <= _NUMBERS and classes != {"nan"}:
        return _number(column, classes, dialect)
    if classes & _MARKED:
        return _separators(column, classes, dialect)
    if classes <= _MOMENTS:
        return _iso(column, classes)
    if classes <= {"day", "daytime"}:
        return _day_first(column, facts)
    if classes == {"time"}:
        return Cast(column, "TIME")
    if classes == {"bool"}:
        return Cast(column, "BOOLEAN")
    return Cast(column, "VARCHAR")


def _one_family(classes: set[str]) -> bool:
    families = (_NUMBERS | _MARKED, _MOMENTS, {"day", "daytime"}, {"time"}, {"bool"})
    return any(classes <= family for family in families)


def _mixed(column: str, facts: ValueFacts, total: int) -> Cast | Stop:
    """Words among numbers: text, unless most are of one kind: the others may be mistakes or marks for nothing, so ask."""
    families = {
        "numbers": _NUMBERS - {"nan"} | _MARKED,
        "dates or times": _MOMENTS | {"day", "daytime"},
        "times": frozenset({"time"}),
        "true or false": frozenset({"bool"}),
    }
    for name, family in families.items():
        most = sum(n for c, n in facts.counts.items() if c in family)
        if total / 2 < most < total:
            few = tuple(c for c, n in facts.counts.items() if n and c not in family)
            words = ", ".join(f"`{w}`" for w in facts.words[:3]) or "others"
            message = f"column `{column}` holds {name}, but {total - most:,} of {total:,} values are not: {words}"
            return Stop(message, few, ("nullstr", "type:VARCHAR"))
    return Cast(column, "VARCHAR")


def _number(column: str, classes: set[str], dialect: Dialect) -> Cast | Stop:
    if "vast" in classes:
        message = f"column `{column}` has numbers beyond the range of a DOUBLE, which would become infinite"
        return Stop(message, ("vast",), ("type:VARCHAR",))
    if "huge" in classes:
        message = f"column `{column}` has integers too large for BIGINT; as DOUBLE they would lose digits"
        return Stop(message, ("huge",), ("type:DECIMAL(38,0)", "type:VARCHAR"))
    if "zero" in classes:
        message = f"column `{column}` has numbers with leading zeros, which a number can't keep"
        return Stop(message, ("zero",), ("type:VARCHAR", "type:DOUBLE" if classes & {"dec", "dot3"} else "type:BIGINT"))
    if "long" in classes:
        message = f"column `{column}` has numbers with more digits than a DOUBLE holds"
        return Stop(message, ("long",), ("type:DECIMAL(38,18)", "type:DOUBLE", "type:VARCHAR"))
    if (
        "dot3" in classes
        and not classes & {"dec", "exp"}
        and dialect.delim == ";"
        and not dialect.thousands
        and dialect.decimal == "."
    ):
        message = f"column `{column}`: is `.` the decimal point or between thousands?"
        return Stop(message, ("dot3",), ("thousands:.", "type:DOUBLE"))
    if "exp" in classes and not classes & {"dec", "dot3"}:
        message = f"column `{column}` has values such as 1e5: codes, or numbers with an exponent?"
        return Stop(message, ("exp",), ("type:VARCHAR", "type:DOUBLE"))
    if "nan" in classes and not classes & {"dec", "dot3"}:
        message = f"column `{column}` has integers and `nan` or `inf`"
        return Stop(message, ("nan",), ("nullstr", "type:DOUBLE"))
    return Cast(column, "BIGINT" if classes == {"int"} else "DOUBLE")


def _separators(column: str, classes: set[str], dialect: Dialect) -> Stop:
    """What to write for numbers with marks that are not stated; both marks where one alone would read them wrong."""
    found = tuple(sorted(classes & _MARKED))
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
        message = f"column `{column}` has times finer than a microsecond, which TIMESTAMP would cut off"
        return Stop(message, ("nano",), ("type:TIMESTAMP_NS", "type:VARCHAR"))
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
