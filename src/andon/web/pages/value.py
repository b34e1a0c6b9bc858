"""Value: what insights are worth and rest on, what the lake costs and whom that serves, and what nobody needs."""

from __future__ import annotations

from typing import Any, Literal

from andon.base.record import field
from andon.errors import AndonError, UsageError
from andon.render.costs import NAMELESS, SERVED, cost_columns
from andon.render.insights import LAMPS, LEVELS, STATES, review_words, value_words
from andon.render.value import amounts_words, unreviewed_words
from andon.runs.goal import RunOptions
from andon.service.costs import CostBy, CostDocument, CostPart, SpentBy, WasteDocument
from andon.service.value import ValueDocument
from andon.web.asking import AtCommit
from andon.web.pages.insights import STATE_LAMPS
from andon.web.pages.page import PageCall, PageRoute, Shown
from andon.web.problems import problem_of

#: Times of a bill, and what they are called.
TIMES = (("7d", "7 days"), ("30d", "30 days"), ("90d", "90 days"), ("365d", "a year"))
#: What is told apart for all; by person only owners see it.
BY = ("dataset", "insight", "run", "schedule")
#: Lines of a table that are shown.
_LINES = 25


class ValueLooked(AtCommit, kw_only=True):
    """How value is looked at.

    Attributes:
        since: the time of the bill.
        by: by what it is told apart.
        archive: datasets that are to be put away: what that would do is shown.
    """

    since: Literal["7d", "30d", "90d", "365d"] = "30d"
    by: Literal["dataset", "insight", "run", "schedule"] = "dataset"
    archive: list[str] = field(default_factory=list)


def _value(call: PageCall) -> Shown:
    asked: ValueLooked = call.query
    service = call.service
    known = service.costs.spent(asked.since, None, asked.at)
    found = service.worth.value(asked.since, asked.at, known=known)
    bill = service.costs.cost(CostBy(asked.by), known=known)
    waste, untold = _waste(call, known)
    return {
        "found": found,
        "bill": _bill(bill),
        "worths": _worths(found),
        "waste": waste,
        "waste_cells": _waste_cells(waste) if waste is not None else None,
        "untold": untold,
        **_archiving(call),
        "asked": asked,
        "times": TIMES,
        "kinds": BY,
        "lines": _LINES,
        "levels": LEVELS,
        "lamps": LAMPS,
        "states": STATES,
        "state_lamps": STATE_LAMPS,
        "value_words": value_words,
        "review_words": review_words,
        "amounts_words": amounts_words,
        "unreviewed_words": unreviewed_words(found),
        "may_change": call.may_change,
    }


def _bill(bill: CostDocument) -> dict[str, Any]:
    """The bill as cells: whom it served, and by what was asked for; both add up to the total."""
    served_heads, served = cost_columns(bill.total, bill.served, bill.rates)
    shown, rest = bill.parts[:_LINES], bill.parts[_LINES:]
    parts = [*shown, _sum(rest)] if rest else shown
    heads, cells = cost_columns(bill.total, parts, bill.rates)
    names: list[str | None] = [part.name for part in shown]
    told = [name or NAMELESS[bill.by] for name in names] + ([f"{len(rest)} more"] if rest else [])
    return {
        "document": bill,
        "served_heads": served_heads,
        "served": list(zip([SERVED[part.name or ""] for part in bill.served], served[:-1], _widths(bill), strict=True)),
        "total": served[-1],
        "heads": heads,
        "parts": list(zip(told, [*names, None][: len(told)], cells[:-1], strict=True)),
    }


def _widths(bill: CostDocument) -> list[int]:
    """How long the bar of each part is, in hundredths: of money where there are rates, else of computing."""
    sizes = [_size(part) for part in bill.served]
    whole = sum(sizes) or 1
    return [round(100 * each / whole) for each in sizes]


def _size(part: CostPart) -> int:
    return part.microseconds if part.money is None else int(part.money.replace(".", ""))


def _sum(parts: list[CostPart]) -> CostPart:
    money = None if parts[0].money is None else sum(int((part.money or "0").replace(".", "")) for part in parts)
    told = None if money is None else f"{money // 100}.{money % 100:02d}"
    return CostPart(None, sum(part.microseconds for part in parts), sum(part.byte_days for part in parts), told)


def _worths(found: ValueDocument) -> dict[str, Any]:
    """The datasets with what they cost, as cells."""
    shown = found.datasets[:_LINES]
    has_rates = found.rates.compute_hour is not None or found.rates.storage_gb_month is not None
    parts = [each.cost or CostPart(each.dataset, 0, 0, "0.00" if has_rates else None) for each in shown]
    heads, cells = cost_columns(_sum(parts) if parts else CostPart(None, 0, 0, None), parts, found.rates)
    return {"heads": heads, "lines": list(zip(shown, cells, strict=False)), "more": len(found.datasets) - len(shown)}


def _waste(call: PageCall, known: SpentBy) -> tuple[WasteDocument | None, UsageError | None]:
    """What nobody needs, or why that can't be told: the log of queries may not go back far enough."""
    try:
        return call.service.costs.waste(known=known), None
    except UsageError as error:
        if error.code != "usage.bad_argument":
            raise
        return None, error


def _waste_cells(waste: WasteDocument) -> dict[str, Any]:
    parts = [CostPart(each.dataset, each.microseconds, each.byte_days, each.money) for each in waste.datasets]
    heads, cells = cost_columns(waste.total, [*parts, waste.gone], waste.rates)
    return {
        "heads": heads,
        "lines": list(zip(waste.datasets, cells, strict=False)),
        "gone": cells[-2],
        "total": cells[-1],
    }


def _archiving(call: PageCall) -> dict[str, Any]:
    """What putting the chosen datasets away would do, or why it can't be done."""
    names = call.query.archive
    if not names or not call.may_change:
        return {"moved": None, "problem": None}
    try:
        moved = call.service.costs.archive(names, RunOptions(branch=call.query.at), is_dry=True)
    except AndonError as error:
        return {"moved": None, "problem": problem_of(error)}
    return {"moved": moved.document(), "problem": None}


PAGES = (PageRoute("/value", "value.html", _value, ValueLooked),)
