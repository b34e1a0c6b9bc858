"""The class of a text: what it would be as a value. What a cast takes and what a class says are one thing, wherever a value stands."""

from __future__ import annotations

import re

from andon.base.names import literal
from andon.sources.files import patterns as p
from andon.sources.files.dialect import Dialect
from andon.sources.files.patterns import grouped, keeps_digits, matches, plain_number


def classify(column: str, dialect: Dialect) -> str:
    """SQL that gives the class of the text in `column` (SQL).

    Numbers: `int`, `wide` (an integer that a double can't hold), `zero` (leading zeros), `plus` (`+5`), `huge` (beyond BIGINT),
    `dec`, `v1` (`1.8`), `v2` (`1.25`), `v0` (`1.10`, a zero at its end), `long` (more digits than a double says again), `exp` (`1e5`),
    `vast` (`1e400`, beyond DOUBLE), `comma` (`1,5`), `group` (`1,234`), `points` (`1.234,5`), `ticks` (`1'234'567`), `dot3` (`1.234`),
    `dot0` (`1.230`), `nan`, `point` (`1.5` where another decimal mark is stated). Moments: `iso`, `stamp`, `zoned`, `nano`, `day`,
    `daytime`, `far` (a date of a year that is hardly one), `time`. Others: `bool`, `text`; `null` for NULL.
    """
    v = f"trim({column})"
    plain = plain_number(v, dialect)
    arms: list[tuple[str, str]] = [(f"{v} is null", "'null'")]
    arms += _marked(v, dialect)
    arms += [
        (
            f"not regexp_matches({v}, '^[+-]?[.,]?[0-9]')",
            f"case when lower({v}) in ('true', 'false') then 'bool' when {matches(v, p.NAN)} then 'nan' else 'text' end",
        ),
        (
            f"{v} <> '-0' and try_cast({plain} as bigint)::varchar = {plain}",
            f"case when length({plain}) > {p.SAFE_DIGITS} and not ({keeps_digits(plain)}) then 'wide' else 'int' end",
        ),
        *_numbers(v, plain),
        *_moments(v),
    ]
    return "case " + " ".join(f"when {condition} then {result}" for condition, result in arms) + " else 'text' end"


def _marked(v: str, dialect: Dialect) -> list[tuple[str, str]]:
    """Numbers whose marks are not those that were stated."""
    arms = []
    thousands = re.escape(dialect.thousands)
    if dialect.thousands == ".":  # `15.09.2026` has points where no number may have them
        arms += [(matches(v, p.DAY), "'day'"), (matches(v, p.FAR_DAY), "'far'")]
    if dialect.decimal != ".":
        strange = matches(v, "[+-]?[0-9]+" + thousands + "?[0-9]*[.][0-9]+")
        points = matches(v, "[1-9][0-9]{0,2}([.][0-9]{3})+")
        arms.append(
            (
                f"{strange} and not {grouped(v, dialect)}",
                f"case when {points} and not {matches(v, p.ADDRESS)} then 'points' "
                f"when {matches(v, '[+-]?[0-9]+[.][0-9]+')} then 'point' else 'text' end",
            )
        )
    if dialect.thousands:
        signs = matches(v, "[-+0-9.," + thousands + "]+")
        mark = literal(dialect.thousands)
        arms.append((f"contains({v}, {mark}) and {signs} and not {grouped(v, dialect)}", "'text'"))
    return arms


def _numbers(v: str, plain: str) -> list[tuple[str, str]]:
    double = f"try_cast({plain} as double)"
    return [
        (matches(plain, "[+]" + p.STATED_FLOAT.removeprefix("[+-]?")), "'plus'"),
        (f"{matches(plain, '-?[0-9]+')} and try_cast({plain} as bigint) is null", "'huge'"),
        (matches(plain, r"-?0[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?"), "'zero'"),
        (matches(v, "[1-9][0-9]{0,2}[.][0-9]{3}"), f"case when ends_with({v}, '0') then 'dot0' else 'dot3' end"),
        (f"{matches(plain, p.FLOAT)} and isinf({double})", "'vast'"),
        (
            f"{matches(plain, p.FLOAT)} and (length({plain}) > {p.SAFE_DIGITS} or regexp_matches({plain}, '[eE]')) "
            f"and not ({keeps_digits(plain)})",
            "'long'",
        ),
        (matches(plain, "-?[0-9]+[eE][+-]?[0-9]+"), "'exp'"),
        (
            matches(v, r"[0-9]{1,2}\.[0-9]{1,3}"),
            f"case when {matches(v, '.*[.][0-9]')} then 'v1' when ends_with({v}, '0') then 'v0' else 'v2' end",
        ),
        (matches(plain, p.FLOAT), "'dec'"),
        (matches(v, "[+-]?[0-9]{1,3}(,[0-9]{3})+([.][0-9]+)?"), "'group'"),
        (
            matches(v, "[+-]?[0-9]{1,3}([.][0-9]{3})+,[0-9]+|[+-]?[0-9]{1,3}([.][0-9]{3}){2,}"),
            f"case when {matches(v, p.ADDRESS)} then 'text' else 'points' end",
        ),
        (matches(v, "[+-]?[0-9]{1,3}('[0-9]{3}){2,}([.,][0-9]+)?"), "'ticks'"),
        (matches(v, "[+-]?[0-9]*,[0-9]+"), "'comma'"),
    ]


def _moments(v: str) -> list[tuple[str, str]]:
    return [
        (f"{matches(v, p.ISO_DATE)} and try_cast({v} as date) is not null", "'iso'"),
        (f"{matches(v, p.ISO_STAMP)} and try_cast({v} as timestamp) is not null", "'stamp'"),
        (f"{matches(v, p.ISO_STAMP + p.OFFSET)} and try_cast(left({v}, 16) as timestamp) is not null", "'zoned'"),
        (matches(v, p.NANO), "'nano'"),
        (f"{matches(v, p.FAR)} and try_cast(left({v}, 10) as date) is not null", "'far'"),
        (matches(v, p.DAY), "'day'"),
        (matches(v, p.DAY + p.DAY_TIME), "'daytime'"),
        (matches(v, f"{p.FAR_DAY}({p.DAY_TIME})?"), "'far'"),
        (f"{matches(v, p.ISO_TIME)} and try_cast({v} as time) is not null", "'time'"),
    ]
