"""Values written in a check: numbers, texts, dates, shares, durations."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from andon.checks.language.expression import share_text
from andon.checks.language.tokens import Flaw, cut
from andon.model.check import Literal

_NUMBER = re.compile(r"[+-]?(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d{1,3})?\Z")
_SHARE = re.compile(r"([+-]?(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*))%\Z")
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}\Z")
_QUOTED_DAY = re.compile(r"'\d{4}-\d{2}-\d{2}'\Z", re.ASCII)
_TEXT = re.compile(r"'(?:[^']|'')*'\Z")
_WORD = re.compile(r"[^\W\d]\w*\Z")
_LONGEST = 60

#: Units of a duration, and what people write for them.
UNITS = ("min", "h", "d", "w", "mo")
_OTHER_UNITS = {
    "minute": "min",
    "minutes": "min",
    "mins": "min",
    "hour": "h",
    "hours": "h",
    "hr": "h",
    "hrs": "h",
    "day": "d",
    "days": "d",
    "week": "w",
    "weeks": "w",
    "month": "mo",
    "months": "mo",
}


def read_number(text: str) -> str | None:
    """`text` as a decimal number without `_`, or None if it is no number."""
    if not _NUMBER.match(text) or len(text) > _LONGEST:
        return None
    plain = text.replace("_", "")
    return format(Decimal(plain), "f") if "e" in plain.lower() else plain.removeprefix("+")


def read_share(text: str) -> Decimal | None:
    """`5%` as 0.05; None if `text` is no share."""
    match = _SHARE.match(text)
    return None if match is None or len(text) > _LONGEST else Decimal(share_text(match[1]))


def read_bound(text: str, offset: int) -> Literal | Flaw:
    """A bound of a range: a signed number, a share, a date, or a quoted text; a quoted day is that day."""
    share = read_share(text)
    if share is not None:
        return Literal("number", format(share, "f"))
    if _QUOTED_DAY.match(text) and _is_day(text[1:-1]):
        return Literal("date", text[1:-1])
    return _read(text, offset, "a bound is a number, a date (`2020-01-01`) or a quoted text", words=False)


def read_element(text: str, offset: int) -> Literal | Flaw:
    """An element of `in`: a number, a date, a quoted text, or a bare word, which is a text."""
    return _read(text, offset, "an element is a word, a quoted text or a number", words=True)


def _read(text: str, offset: int, expected: str, *, words: bool) -> Literal | Flaw:
    number = read_number(text)
    if number is not None:
        return Literal("number", number)
    if _TEXT.match(text):
        return Literal("text", text[1:-1].replace("''", "'"))
    if _DATE.match(text):
        try:
            return Literal("date", date.fromisoformat(text).isoformat())
        except ValueError:
            return Flaw(f"`{text}` is no date", offset, "write a day that exists, as `2020-01-31`")
    if words and _WORD.match(text):
        if text.lower() == "null":
            hint = "leave it out (NULL passes), or quote it if the text is meant: `'null'`"
            return Flaw("NULL is no value to be in a list", offset, hint)
        return Literal("text", text)
    if not text:
        return Flaw("a value is missing", offset, expected)
    if text.startswith('"'):
        return Flaw(f"{text} is the name of a column", offset, "write a text in single quotes")
    return Flaw(
        f"`{text}` is no value", offset, f"{expected}; put quotes around a text: `'{text.replace(chr(39), '')}'`"
    )


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def duration_at(text: str, offset: int) -> tuple[Decimal, str] | Flaw:
    """`26h`, `30 min`, `3 mo` as amount and unit."""
    parts = cut(text)
    example = "durations are `30 min`, `26h`, `2d`, `1w`, `3 mo`"
    if not parts or parts[0].kind != "number" or read_number(parts[0].text) is None:
        return Flaw("a duration is missing", offset, example)
    if len(parts) == 1:
        return Flaw(f"`{parts[0].text}` has no unit", parts[0].start, example)
    unit = parts[1].word
    if unit == "m":
        return Flaw("`m` may be minutes or months", parts[1].start, "write `min` or `mo`")
    if unit not in UNITS or len(parts) > 2:
        known = _OTHER_UNITS.get(unit)
        at = parts[1].start if unit not in UNITS else parts[2].start
        return Flaw(f"`{text.strip()}` is no duration", at, f"write `{parts[0].text}{known}`" if known else example)
    amount = Decimal(str(read_number(parts[0].text)))
    if amount <= 0 or amount > Decimal(10) ** 9 or (unit == "mo" and amount != amount.to_integral_value()):
        return Flaw(f"`{text.strip()}` is no duration", parts[0].start, "write a positive number; months are whole")
    return amount, unit
