"""What an insight is worth, and what came of it: how their values in YAML are read."""

from __future__ import annotations

import re
from decimal import Decimal

from andon.model.insight import Basis, InsightOutcome, Period, Pin, Worth
from andon.project.files.nodes import PlacedValue
from andon.project.files.reading import FieldReader, FieldSpec, read_choice, read_day, read_text

#: ISO 4217 has three letters; which of them there are is not ours to say.
_CURRENCY = re.compile(r"[A-Z]{3}\Z")
_COMMIT = re.compile(r"[0-9a-f]{8,64}\Z")
_MOST = Decimal(10) ** 18
_PINNED = "write `pinned: {commit: 7300e884}`; `andon log` lists commits"


def _read_amount(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> Decimal | None:
    if node.kind == "number":
        amount = Decimal(node.raw)
        if abs(amount) < _MOST:
            return amount
    reader.wrong(node, f"`{known.name}` must be a number", f"found {node.shown()}", "such as `amount: 16858`")
    return None


def _read_currency(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> str | None:
    text = read_text(reader, known, node)
    if text is None or _CURRENCY.match(text):
        return text
    reader.wrong(node, "`currency` must be three capital letters", f"found `{text}`", "such as `USD`")
    return None


#: Keys of `value`.
WORTH_FIELDS: tuple[FieldSpec, ...] = (
    FieldSpec("amount", "number", "none", "How much it is worth.", _read_amount),
    FieldSpec("currency", "three letters", "none", "In which money.", _read_currency),
    FieldSpec("per", ", ".join(Period), "once", "For which time.", read_choice, tuple(str(each) for each in Period)),
    FieldSpec(
        "basis",
        ", ".join(Basis),
        "estimated with an amount, else none",
        "How it is known. What is measured and what is estimated are never added.",
        read_choice,
        tuple(str(each) for each in Basis),
    ),
    FieldSpec("words", "text", "none", "What it is worth, in words.", read_text),
)


def read_worth(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> Worth | None:
    """A mapping, or what it is worth in words."""
    if node.kind in ("text", "number"):
        text = str(node.value).strip() if node.kind == "text" else node.raw
        return Worth(words=text) if text else None
    if node.kind != "map":
        hint = "write `value: {amount: 5000, currency: USD, per: year, basis: estimated}`, or say it in words"
        reader.wrong(node, f"`{known.name}` must be a mapping or a text", f"found {node.shown()}", hint)
        return None
    return _worth(reader, node, reader.read(node, WORTH_FIELDS).values)


def _worth(reader: FieldReader, node: PlacedValue, values: object) -> Worth | None:
    said = dict(values) if isinstance(values, dict) else {}
    amount, currency = said.get("amount"), said.get("currency")
    if amount is not None and currency is None and "currency" not in node.value:
        reader.wrong(node, "an amount has a currency", "found none", "add `currency: USD`")
        return None
    basis = Basis(said.get("basis", Basis.NONE if amount is None else Basis.ESTIMATED))
    if amount is None and basis is not Basis.NONE and "amount" not in node.value:
        reader.wrong(node, f"what is {basis} has an amount", "found none", "add `amount: …`, or write `basis: none`")
        return None
    return Worth(amount, currency, Period(said.get("per", Period.ONCE)), basis, said.get("words"))


#: Keys of an outcome.
OUTCOME_FIELDS: tuple[FieldSpec, ...] = (
    FieldSpec("on", "day", "required", "When it happened.", read_day),
    FieldSpec("what", "text", "required", "What happened, in one line.", read_text),
    FieldSpec("value", "mapping", "none", "The value that was realised: once.", read_worth),
)


def read_outcomes(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> tuple[InsightOutcome, ...] | None:
    """A list of outcomes, in the order of the file."""
    if node.kind != "list":
        hint = "write `- {on: 2026-11-30, what: …}` on each line below `outcomes:`"
        reader.wrong(node, f"`{known.name}` must be a list", f"found {node.shown()}", hint)
        return None
    found = []
    for item in node.value:
        made = _outcome(reader, item)
        if made is not None:
            found.append(made)
    return tuple(found)


def _outcome(reader: FieldReader, node: PlacedValue) -> InsightOutcome | None:
    if node.kind != "map":
        reader.wrong(node, "an outcome is a mapping", f"found {node.shown()}", "write `{on: 2026-11-30, what: …}`")
        return None
    said = reader.read(node, OUTCOME_FIELDS).values
    for key in ("on", "what"):
        if key not in node.value:
            reader.wrong(node, f"an outcome needs `{key}`", "found none", "write `{on: 2026-11-30, what: …}`")
    worth: Worth | None = said.get("value")
    if worth is not None and worth.per is not Period.ONCE:
        reader.wrong(
            node.value["value"], "what was realised is a sum", f"found one for each {worth.per}", "say it once"
        )
        return None
    if "on" not in said or "what" not in said:
        return None
    return InsightOutcome(said["on"], said["what"], worth)


def _read_commit(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> str | None:
    # a commit may be all digits
    text = node.raw if node.kind == "number" else read_text(reader, known, node)
    if text is None or _COMMIT.match(text):
        return text
    reader.wrong(node, "`commit` must be the id of a commit", f"found `{text}`", "`andon log` lists them")
    return None


def _read_hash(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> str | None:
    return node.raw if node.kind == "number" else read_text(reader, known, node)


#: Keys of `pinned`.
PIN_FIELDS: tuple[FieldSpec, ...] = (
    FieldSpec("commit", "id of a commit", "required", "Whose data the query saw.", _read_commit),
    FieldSpec("result", "hash", "none", "The hash of its answer.", _read_hash),
)


def read_pin(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> Pin | None:
    """What an insight was read from."""
    if node.kind != "map":
        reader.wrong(node, f"`{known.name}` must be a mapping", f"found {node.shown()}", _PINNED)
        return None
    said = reader.read(node, PIN_FIELDS).values
    if "commit" not in node.value:
        reader.wrong(node, "`pinned` names a `commit`", "found none", _PINNED)
    return Pin(said["commit"], said.get("result")) if "commit" in said else None
