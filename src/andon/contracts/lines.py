"""Check lines made of the parts that other tools know: columns, values, bounds, modifiers. Pure; the parser judges what comes out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from andon.base.names import folded, literal, quote
from andon.base.record import Record
from andon.checks.language.parse import NO_NAMES
from andon.checks.language.tokens import RESERVED
from andon.model.types import FLOATS, INTEGERS
from andon.project.files.nodes import PlacedValue
from andon.sql.names import words

_PLAIN = re.compile(r"[A-Za-z_]\w*\Z", re.ASCII)
#: Words with which a form begins: as a column they are quoted.
_FORMS = words("key unique rows max_age schema watch lost changed in is matches not null")
_NAME = re.compile(r"[a-z_][a-z0-9_]*\Z")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?\Z")
_UNITS = {
    "min": "min minute minutes m",
    "h": "h hour hours hr hrs",
    "d": "d day days",
    "w": "w week weeks",
    "mo": "mo month months mon",
}
_BY_WORD = {word: unit for unit, said in _UNITS.items() for word in said.split()}
_YEARS = words("y yr yrs year years")
_TAKEN = words("warn info allow where quarantine")


def column_text(name: str) -> str:
    """A column as it can be written in a line."""
    is_plain = _PLAIN.match(name) and name.lower() not in RESERVED | _FORMS | _TAKEN
    return name if is_plain else quote(name)


def columns_text(names: Sequence[str]) -> str:
    """Columns as they can be written in a line."""
    return ", ".join(column_text(name) for name in names)


def value_text(node: PlacedValue, kind: str | None = None, *, quoted: bool | None = None) -> str:
    """A value as an element of a list, or as an operand.

    Args:
        kind: the type of the column that it is compared with, if it is known.
        quoted: whether the other tool takes it as a text (True), as SQL (False), or by how it is written (None).
    """
    raw = str(node.value) if node.kind == "text" else node.raw
    is_number = _NUMBER.match(raw) is not None
    if is_number and kind is not None:
        return raw if kind in INTEGERS | FLOATS or kind.startswith("DECIMAL") else literal(raw)
    if is_number and (quoted is False or (quoted is None and node.kind == "number")):
        return raw
    if quoted is False and len(raw) > 1 and raw[0] == raw[-1] == "'":
        raw = raw[1:-1].replace("''", "'")
    return literal(raw)


def bound_text(node: PlacedValue) -> str | None:
    """A bound of a range: a number, a day or a moment; None for an expression. Quotes within the text, as SQL has them, are its own."""
    raw = (str(node.value) if node.kind == "text" else node.raw).strip()
    if len(raw) > 1 and raw[0] == raw[-1] and raw[0] in "'\"":
        raw = raw[1:-1].strip()
    if _NUMBER.match(raw) or _DAY.match(raw):
        return raw
    return literal(raw) if re.match(r"\d{4}-\d{2}-\d{2}[ T]\d", raw) else None


def duration_text(amount: str, unit: str) -> str | None:
    """An amount with the word that another tool has for its unit, `26` and `hour`, as a duration; None where it is none."""
    unit, number = unit.strip().lower(), re.match(r"\d{1,9}(\.\d{1,9})?\Z", amount.strip())
    if number is None or float(amount) <= 0:
        return None
    known = _BY_WORD.get(unit)
    if known is not None:
        return f"{amount.strip()}{'' if len(known) == 1 else ' '}{known}"
    if unit in ("s", "sec", "second", "seconds") and float(amount) % 60 == 0:
        return f"{int(float(amount)) // 60} min"
    if unit in ("q", "quarter", "quarters") and number[1] is None:
        return f"{int(amount) * 3} mo"
    return f"{int(amount) * 12} mo" if unit in _YEARS and number[1] is None else None


def range_text(what: str, low: str | None, high: str | None, *, strictly: bool = False) -> str | None:
    """`what` between two bounds, both included unless `strictly`."""
    if low is None and high is None:
        return None
    if not strictly:
        return f"{what} = {low}" if low == high else f"{what} {low or ''}..{high or ''}"
    quoted = [None if bound is None else f"date '{bound}'" if _DAY.match(bound) else bound for bound in (low, high)]
    parts = [f"{what} {sign} {bound}" for sign, bound in zip((">", "<"), quoted, strict=True) if bound is not None]
    return " and ".join(parts)


def matches_text(what: str, regex: str) -> str:
    """That the whole text, or where the expression is not anchored some part of it, is of a regular expression."""
    starts, ends = regex.startswith("^"), regex.endswith("$") and not regex.endswith("\\$")
    has_choice = "|" in regex
    if starts and ends and not has_choice:
        return f"{what} matches {literal(regex[1:-1])}"
    return f"regexp_matches({what}, {literal(regex)}) = true"


def reason_text(text: str | None) -> str:
    """A reason as it ends a line; nothing for a text that can't stand there."""
    if text is None:
        return ""
    said = " ".join(text.split()).replace('"', "'")
    return f' "{said}"' if said and len(said) <= 300 else ""


class LineModifiers(Record):
    """What stands around a form.

    Attributes:
        allow: `10 rows` or `5%`.
        severity: `warn`, `info` or nothing.
    """

    name: str | None = None
    where: str | None = None
    allow: str | None = None
    severity: str = ""
    why: str | None = None

    def around(self, form: str) -> str:
        """The whole line."""
        name = f"{self.name}: " if self.name and can_name(self.name) else ""
        where = f" where {self.where}" if self.where else ""
        allow = f" allow {self.allow}" if self.allow else ""
        severity = f" {self.severity}" if self.severity else ""
        return f"{name}{form}{where}{allow}{severity}{reason_text(self.why)}"


def can_name(name: str) -> bool:
    """Whether a text can name a check."""
    return _NAME.match(name) is not None and name not in NO_NAMES


def kind_of(types: Mapping[str, str] | None, column: str) -> str | None:
    """The type of a column, if it is known."""
    return None if types is None else types.get(folded(column))
