"""Insights in words, the same on every face. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from andon.base.text import plural
from andon.value.movement import AnswerChangeKind

if TYPE_CHECKING:
    from andon.service.insight_documents import InsightFlaw, InsightValue
    from andon.value.movement import AnswerChange
    from andon.value.through import MovedDataset

#: What a level of a weakest link is called beside its colour, and the lamp that has that colour.
LEVELS = {"green": "sound", "amber": "with care", "red": "broken"}
LAMPS = {"green": "ok", "amber": "warn", "red": "fail"}
#: What was found at the last look.
STATES = {
    "true": "still true",
    "moved": "moved",
    "failed": "can't be asked",
    "unpinned": "not pinned",
    "no_query": "no query",
}
_CHANGES = {"data": "other rows", "code": "made in another way", "new": "new since", "gone": "gone since"}


def value_words(value: InsightValue) -> str:
    """What it is worth, with how that is known: `5,000 USD a year, estimated`; empty where nothing is said."""
    if value.amount is None:
        return value.words or ""
    per = "" if value.per == "once" else f" a {value.per}"
    basis = f", {value.basis}" if value.basis != "none" else ", on no basis"
    return f"{Decimal(value.amount):,f} {value.currency}{per}{basis}"


def review_words(review_by: str | None, *, unreviewed: bool) -> str:
    """Until when it counts, or that nobody looked at it again."""
    if review_by is None:
        return ""
    return f"unreviewed since {review_by}" if unreviewed else f"until {review_by}"


def flaw_words(flaw: InsightFlaw) -> str:
    """A flaw in a line."""
    return f"{flaw.dataset}: {flaw.what}"


def cell_words(value: Any) -> str:
    """A value of an answer."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:,}" if isinstance(value, int) else str(value)


def movement_words(movement: AnswerChange) -> str:
    """What moved, in a line: `ada: amount 15 → 27`."""
    key = ", ".join(cell_words(value) for value in movement.key.values())
    if movement.kind is AnswerChangeKind.COLUMNS:
        return f"columns {', '.join(movement.before)} → {', '.join(movement.after)}"
    if movement.kind is AnswerChangeKind.CHANGED:
        before, after = cell_words(movement.before), cell_words(movement.after)
        return f"{key}: {movement.column} {before} → {after}" if key else f"{movement.column} {before} → {after}"
    row = movement.after if movement.kind is AnswerChangeKind.CAME else movement.before
    told = ", ".join(f"{name} {cell_words(value)}" for name, value in row.items())
    what = "came" if movement.kind is AnswerChangeKind.CAME else "went"
    return f"{key or 'a row'} {what}{f': {told}' if told else ''}"


def through_words(moved: MovedDataset) -> str:
    """A dataset that moved, in a line."""
    begun = ", where it began" if moved.is_origin else ""
    return f"{moved.dataset}: {_CHANGES[moved.change]}{begun}"


def more_words(total: int, shown: int) -> str:
    """How much more there is than what is shown; empty where that is all."""
    return f"{plural(total - shown, 'more movement')}" if total > shown else ""
