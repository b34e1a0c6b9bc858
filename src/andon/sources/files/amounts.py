"""Amounts as people write them: `AMOUNT(18,2,$)` and `PERCENT(9,4)` are types that a source's call may state beside the engine's own.

They become decimals. What is no amount, has more digits than the decimal, or another currency is refused like any value that does not
fit its type.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from andon.base.names import literal
from andon.base.record import Record, replace
from andon.sources.files.dialect import Dialect

_TYPE = re.compile(r"\s*(AMOUNT|PERCENT)\s*(?:\(\s*(\d+)\s*,\s*(\d+)\s*((?:,[^,()\d]+)*)\))?\s*", re.IGNORECASE)
#: Signs and codes by which a currency is told from a unit: `3.20 kg` is no amount.
_SIGNS = frozenset(
    re.findall(
        r"\S+",
        "$ € £ ¥ ₹ ₩ ₽ ₺ ₫ ₪ ฿ ₴ ₦ ¢ R$ US$ A$ C$ CA$ AU$ kr kr. Fr Fr. SFr. zł Kč Ft lei лв руб руб. Rs Rs.",
    )
)
_CODES = frozenset(
    re.findall(
        r"\S+",
        """AED ARS AUD BGN BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR ISK JPY KES KRW MAD MXN MYR NGN NOK NZD PEN PHP
    PKR PLN QAR RON RSD RUB SAR SEK SGD THB TRY TWD UAH USD VND ZAR""",
    )
)
#: As part of a class of characters.
_MINUS = "\\-\u2212\u2013"
#: Marks before decimals and between thousands, the likelier first.
_MARKS = (
    (".", ""), (".", ","), (",", ""), (",", "."), (".", " "), (".", "\xa0"), (".", "\u202f"), (".", "'"), (".", "\u2019"),
    (",", " "), (",", "\xa0"), (",", "\u202f"), (",", "'"),
)  # fmt: skip


class Amount(Record):
    """A decimal of amounts.

    Attributes:
        signs: what may stand before or after a number: the signs of one currency.
        percent: whether a percent sign stands behind each number; 12% is 0.12.
    """

    width: int
    scale: int
    signs: tuple[str, ...] = ()
    percent: bool = False

    @property
    def type(self) -> str:
        """The engine's type of the values."""
        return f"DECIMAL({self.width},{self.scale})"

    @property
    def written(self) -> str:
        """The type as a call states it."""
        name = "PERCENT" if self.percent else "AMOUNT"
        return f"{name}({','.join([str(self.width), str(self.scale), *self.signs])})"

    def sql(self, v: str, dialect: Dialect) -> tuple[str, str]:
        """SQL: the value of the text `v` (SQL), and whether `v` is such an amount and the decimal holds it."""
        bare = v
        for sign in self.signs:
            bare = f"replace({bare}, {literal(sign)}, '')"
        digits = f"regexp_replace({bare}, {literal(f'[^0-9{_escaped(dialect.decimal)}]')}, '', 'g')"
        minus = f"case when regexp_matches({bare}, {literal(f'[({_MINUS}]')}) then '-' else '' end"
        number = f"({minus} || replace({digits}, {literal(dialect.decimal)}, '.'))"
        scale = self.scale - 2 * self.percent
        value = f"try_cast({number} as DECIMAL({self.width},{scale}))"
        if self.percent:
            value = f"try_cast({value} * 0.01 as {self.type})"
        fits = f"regexp_full_match({v}, {literal(self._pattern(dialect, scale))})"
        return value, fits

    def takes(self, text: str, dialect: Dialect) -> bool:
        """Whether `text` is such an amount."""
        return re.fullmatch(self._pattern(dialect, self.scale - 2 * self.percent), text.strip()) is not None

    def _pattern(self, dialect: Dialect, scale: int) -> str:
        point = re.escape(dialect.decimal)
        whole = "[0-9]+"
        if dialect.thousands:
            whole = f"(?:[0-9]{{1,3}}(?:{re.escape(dialect.thousands)}[0-9]{{3}})+|[0-9]+)"
        fraction = f"{point}[0-9]{{0,{scale}}}0*" if scale else f"{point}0*"
        number = f"(?:{whole}(?:{fraction})?|{point}[0-9]{{1,{max(scale, 1)}}}0*)" + (r"\s*%" if self.percent else "")
        some = "|".join(re.escape(s) for s in sorted(self.signs, key=len, reverse=True))
        before, after = (rf"(?:(?:{some})\s*)?", rf"(?:\s*(?:{some}))?") if some else ("", "")
        plain = f"{before}{number}{after}"
        minus = f"[{_MINUS}]"
        ways = [
            rf"[+{_MINUS}]?\s*{plain}",
            rf"{before}[+{_MINUS}]\s*{number}",
            rf"{plain}\s*{minus}",
            rf"{number}\s*{minus}{after}",
            rf"\(\s*{plain}\s*\)",
            rf"{before}\(\s*{number}\s*\){after}",
        ]
        return "|".join(f"(?:{way})" for way in ways)


def amount_of(kind: str) -> Amount | None:
    """The amount that a stated type is; None for any other type."""
    found = _TYPE.fullmatch(kind)
    if found is None:
        return None
    percent = found.group(1).upper() == "PERCENT"
    width, scale = int(found.group(2) or 18), int(found.group(3) or (4 if percent else 2))
    if not 2 * percent <= scale <= width <= 35:
        return None
    return Amount(width, scale, tuple(s.strip() for s in (found.group(4) or "").split(",") if s.strip()), percent)


def proposals(values: Sequence[str], dialect: Dialect) -> Iterator[tuple[Amount | None, Dialect]]:
    """The ways in which all of `values` are amounts: with the marks to state, and the amount where more than marks are in the way.

    Two ways come where the marks can be read in two ways; none where values have the signs of several currencies, or are
    something else.
    """
    signs = {sign for value in values for sign in _signs(value)}
    strange = any(s not in _SIGNS and s not in _CODES for s in signs)
    if strange or len(signs) > 1 or not all(re.search("[0-9]", v) for v in values):
        return
    dressed = bool(signs) or any(re.search(rf"[(\u2212\u2013]|[0-9]\s*[{_MINUS}]", v) for v in values)
    widest = Amount(35, 18, tuple(signs))
    stated = dialect.decimal != "." or dialect.thousands != ""
    found: list[tuple[str, str]] = []
    for decimal, thousands in [(dialect.decimal, dialect.thousands)] if stated else _MARKS:
        here = replace(dialect, decimal=decimal, thousands=thousands)
        # With one mark less it is the same way.
        if any(d == decimal and not t for d, t in found) or not all(widest.takes(v, here) for v in values):
            continue
        if (decimal, thousands) == (".", ""):
            if dressed:
                yield _sized(values, tuple(signs), here), here
            return
        found.append((decimal, thousands))
        if thousands in ("", ",") or not found[:-1]:
            yield (_sized(values, tuple(signs), here) if dressed else None), here


def _signs(value: str) -> Iterable[str]:
    """What stands in a value beside its number."""
    bare = re.sub(rf"[0-9][0-9.,'\u2019 \xa0\u202f]*|[.,][0-9]+|[()+{_MINUS}]", " ", value)
    return bare.split()


def _sized(values: Sequence[str], signs: tuple[str, ...], dialect: Dialect) -> Amount:
    ends = (re.search(rf"{re.escape(dialect.decimal)}([0-9]+)[^0-9]*$", value) for value in values)
    return Amount(18, max(2, *(len(e.group(1)) for e in ends if e), 2), signs)


def _escaped(mark: str) -> str:
    return re.escape(mark)
