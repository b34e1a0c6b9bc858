"""Strict casts: a text becomes a value only if the value says the same again. What would change it is refused."""

from __future__ import annotations

import re

from andon.base.names import literal
from andon.base.record import Record
from andon.model.types import INTEGERS
from andon.sources.files import patterns as p
from andon.sources.files.amounts import amount_of
from andon.sources.files.dialect import Dialect
from andon.sources.files.patterns import all_of, format_pattern, grouped, keeps_digits, matches, plain_number, type_name

#: Digits after the seconds that are kept. The lake keeps microseconds of every time.
_FRACTIONS = {"TIMESTAMP": 6, "TIMESTAMP_S": 0, "TIMESTAMP_MS": 3, "TIMESTAMP_NS": 6, "TIME": 6, "TIME_NS": 6}
_ZONED = "TIMESTAMP WITH TIME ZONE"
#: The text that the slow way of a cast looks at.
_VALUE = "andon_text"
#: Types whose values are written in many ways, none of which loses anything.
_FREE = frozenset({"INTERVAL", "BLOB", "BIT", "UUID", "JSON"})


#: The format of small decimals of which none had a zero at its end so far: with one, they may be versions.
SHORT = "short"


class Cast(Record):
    """What a text column becomes.

    Attributes:
        type: the DuckDB type, or one of amounts.
        format: for dates and times that are not ISO: a strptime format; `SHORT` for decimals.
        stated: whether a person named the type; then what is no part of the value, a plus or zeros in front, doesn't count.
        empty: whether no value was seen yet: the type is that of the first load that has some.
        amounts: of texts that were all amounts when they were recorded: the call that reads them as such.
    """

    column: str
    type: str
    format: str | None = None
    stated: bool = False
    empty: bool = False
    amounts: str = ""

    @property
    def kept(self) -> str:
        """The DuckDB type of the values."""
        amount = amount_of(self.type)
        return self.type if amount is None else amount.type

    def sql(self, text: str, dialect: Dialect, bad: str) -> str:
        """SQL that turns `text` (SQL, VARCHAR) into the type, `bad` (SQL) where that would change what it says."""
        kind = type_name(self.type)
        if kind == "VARCHAR":
            return text
        fast, value, fits = self._parts(kind, text, f"trim({_VALUE})", dialect)
        if not fast:
            _, value, fits = self._parts(kind, text, f"trim({text})", dialect)
            return f"case when {text} is null then null when {fits} and {value} is not null then {value} else {bad} end"
        # Nearly all values take the fast way: one cast there and back, or one pattern. What the slow way looks at stands in a lambda:
        # the engine would compute its repeated parts for every row beforehand.
        slow = f"case when {fits} and {value} is not null then {value} else {bad} end"
        slow = f"list_transform([{text}], lambda {_VALUE}: {slow})[1]"
        quick = self._fast_value(text, dialect)
        # Where the fast way is no cast there and back, NULL is no answer.
        if kind == _ZONED:
            return f"coalesce(case when {fast} then {quick} end, case when {text} is not null then {slow} end)"
        return f"case when {fast} then {quick} when {text} is not null then {slow} end"

    def _parts(self, kind: str, text: str, v: str, dialect: Dialect) -> tuple[str, str, str]:
        """SQL for the cast of `text` to a kind: when the fast way is right ("": never); else the value of `v`, and whether it fits."""
        amount = amount_of(self.type)
        if amount is not None:
            return "", *amount.sql(v, dialect)
        if kind in INTEGERS or kind.startswith("DECIMAL") or kind in ("DOUBLE", "FLOAT"):
            return self._number(kind, text, v, dialect)
        if kind == "BOOLEAN":
            fits = "true" if self.stated else f"lower({v}) in ('true', 'false')"
            fast = f"case when {text} = 'true' then true else {text} = 'false' end"
            return fast, f"try_cast({v} as boolean)", fits
        if self.format is not None and kind in ("DATE", "TIMESTAMP", _ZONED):
            return self._formatted(kind, text, v)
        if kind == "DATE" or kind == _ZONED or kind in _FRACTIONS:
            return self._moment(kind, text, v)
        value = f"try_cast({v} as {self.type})"
        return "", value, _says_again(v, value, kind)

    def _fast_value(self, text: str, dialect: Dialect) -> str:
        if self.format is not None and self.format != SHORT:
            return f"try_strptime({text}, {literal(self.format)})::{self.type}"
        if type_name(self.type) in ("DOUBLE", "FLOAT") and dialect.decimal != ".":
            return f"try_cast(replace({text}, {literal(dialect.decimal)}, '.') as {self.type})"
        return f"try_cast({text} as {self.type})"

    def _number(self, kind: str, text: str, v: str, dialect: Dialect) -> tuple[str, str, str]:
        plain = plain_number(v, dialect)
        value = f"try_cast({plain} as {self.type})"
        again = f"try_cast({text} as {self.type})::varchar = {text}"
        marked = dialect.decimal != "." or dialect.thousands != ""
        if kind in INTEGERS:
            fast, fits = again, matches(plain, "[+-]?[0-9]+" if self.stated else p.INTEGER)
            if not self.stated:
                fits += f" and {plain} <> '-0'"
        elif kind.startswith("DECIMAL"):
            fast, fits = again, _decimal(plain, kind)
        else:
            fast, fits = self._float(kind, text, dialect), self._float_fits(kind, plain)
        if marked:
            fits = f"{grouped(v, dialect)} and {fits}"
            if kind not in ("DOUBLE", "FLOAT") or dialect.thousands:
                fast = ""
        return fast, value, fits

    def _float(self, kind: str, text: str, dialect: Dialect) -> str:
        """Few digits, nothing but digits and a point, no zeros in front: a double says all of that again."""
        size = p.SAFE_DIGITS if kind == "DOUBLE" or self.stated else 6
        few = matches(text, p.short_float(dialect.decimal, size, zeros=self.format != SHORT))
        if dialect.decimal != "." or self.format == SHORT:
            return few
        value = f"try_cast({text} as {kind})"
        return f"case when {few} then true when {value}::varchar = {text} then not isinf({value}) end"

    def _float_fits(self, kind: str, plain: str) -> str:
        """A number must not become infinite or nothing; unless a person asked for a double, it must say all digits again."""
        written = matches(plain, p.NAN)
        value = f"try_cast({plain} as {kind})"
        if self.stated:
            gone = f"({value} = 0 and regexp_matches(split_part(lower({plain}), 'e', 1), '[1-9]'))"
            return f"({written} or ({matches(plain, p.STATED_FLOAT)} and not isinf({value}) and not {gone}))"
        integer = f"({matches(plain, '-?[0-9]+')} and try_cast({plain} as bigint) is null)"
        number = f"{matches(plain, p.FLOAT)} and not isinf({value}) and {keeps_digits(plain)} and not {integer}"
        if self.format == SHORT:
            number += f" and not {matches(plain, '[0-9]{1,2}[.][0-9]{1,2}0')}"
        return f"({written} or ({number}))"

    def _formatted(self, kind: str, text: str, v: str) -> tuple[str, str, str]:
        """The stated format and no other; never a text of which a part would be dropped."""
        form = self.format or ""
        parsed, again = f"try_strptime({text}, {literal(form)})", f"strftime(try_strptime({text}, {literal(form)}), "
        fast = f"{again}{literal(form)}) = {text}"
        value = f"try_strptime({v}, {literal(form)})::{self.type}"
        pattern = format_pattern(form)
        fits = matches(v, pattern) if pattern is not None else f"strftime({value}, {literal(form)}) = {v}"
        if kind == "DATE" and re.search("%-?[^dmYybBaAj%]", form):
            whole = f"{parsed}::date = {parsed}"  # no time that a date would drop
            fast, fits = all_of(fast, whole), f"{fits} and {value}::timestamp = try_strptime({v}, {literal(form)})"
        if not self.stated:
            years = f"(year({value}) between 1500 and 2299 or year({value}) in (1, 9999))"
            fast, fits = all_of(fast, f"year({parsed}) >= 1500", f"year({parsed}) <= 2299"), f"{fits} and {years}"
        return fast, value, fits

    def _moment(self, kind: str, text: str, v: str) -> tuple[str, str, str]:
        """ISO text."""
        value = f"try_cast({v} as {self.type})"
        date = p.STATED_DATE if self.stated else p.ISO_DATE
        clock = p.clock(_FRACTIONS.get(kind, 6))
        likely = f"{text} >= '1500'", f"{text} < '2300'"
        if kind == "DATE":
            return all_of(f"try_cast({text} as date)::varchar = {text}", *likely), value, matches(v, date)
        if kind.startswith("TIME") and not kind.startswith("TIMESTAMP"):
            fast = all_of(f"try_cast({text} as time)::varchar = {text}", f"{text} < '24'")
            return fast if kind == "TIME" else "", value, matches(v, clock)
        if kind == _ZONED:
            start = f"left({text}, 19)"
            fast = all_of(
                f"case when length({text}) = 20 then true else length({text}) = 25 end",
                f"replace({start}, 'T', ' ') = try_cast({start} as timestamp)::varchar",
                *likely,
                f"regexp_matches({text}, '(Z|[+-][01][0-9]:[0-5][0-9])$')",
            )
            return fast, _zoned(v), matches(v, f"{date}[ T]{p.ISO_TIME}{p.OFFSET}")
        moment = f"try_cast({text} as timestamp)::varchar"
        fast = f"case when {text} = {moment} then true when contains({text}, 'T') then replace({text}, 'T', ' ') = {moment} end"
        fast = all_of(fast, *likely)
        return fast if kind == "TIMESTAMP" else "", value, matches(v, f"{date}([ T]{clock})?")


def _decimal(plain: str, kind: str) -> str:
    """A decimal must hold all digits after the point: the engine would round them away."""
    found = re.search(r",\s*(\d+)\s*\)", kind)
    scale = int(found.group(1)) if found else (0 if "(" in kind else 3)
    return matches(
        plain, f"[+-]?([0-9]+[.]?|[0-9]*[.][0-9]{{1,{scale}}}0*|[0-9]+[.]0*)" if scale else "[+-]?[0-9]+([.]0*)?"
    )


def _zoned(v: str) -> str:
    """SQL: a time with its zone, written as the engine takes it: with seconds, and the zone without a blank before it."""
    part = literal(r"^(.+?) ?(Z|UTC|[+-][0-9]{2}):?([0-9]{2})?$")
    moment = f"try_cast(regexp_extract({v}, {part}, 1) as timestamp)::varchar"
    zone = f"replace(replace(regexp_extract({v}, {part}, 2), 'UTC', '+00'), 'Z', '+00')"
    minutes = f"coalesce(nullif(regexp_extract({v}, {part}, 3), ''), '00')"
    return f"try_cast({moment} || {zone} || ':' || {minutes} as timestamptz)"


def _says_again(v: str, value: str, kind: str) -> str:
    """Other types: the value as text must be the text; blanks inside of lists don't count."""
    if kind in _FREE or kind.startswith("ENUM"):
        return "true"
    return f"replace({value}::varchar, ' ', '') = replace({v}, ' ', '')"
