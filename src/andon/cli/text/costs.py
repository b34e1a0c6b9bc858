"""Bills and waste, as lines for people. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from andon.base.text import plural
from andon.cli.output import Cell, Ink
from andon.cli.table import table
from andon.render.costs import NAMELESS, SERVED, cost_columns
from andon.service.costs import CostDocument, CostPart, CostRates, WasteDocument


def cost_lines(found: CostDocument, ink: Ink, width: int | None) -> list[str]:
    """The bill by whom it served, and by what was asked for; both add up to the total."""
    lines = [f"{ink.paint(found.branch, 'bold')} from {found.since[:10]} until {found.until[:10]}", ""]
    served = [(SERVED[part.name or ""], part) for part in found.served]
    lines += _table("served", served, found.total, found.rates, ink, width)
    nameless = NAMELESS[found.by]
    lines += [
        "",
        *_table(
            found.by, [(part.name or nameless, part) for part in found.parts], found.total, found.rates, ink, width
        ),
    ]
    return [*lines, "", *_rates(found.rates, ink)]


def waste_lines(found: WasteDocument, ink: Ink, width: int | None) -> list[str]:
    """Datasets that nothing needs, who read them last, and what they cost."""
    if not found.datasets:
        lines = [f"nothing on {found.branch} is waste: insights rest on each dataset, or people read it, or it is new"]
    else:
        lines = [f"{plural(len(found.datasets), 'dataset')} on {found.branch} that nothing live needs", ""]
    parts = [CostPart(each.dataset, each.microseconds, each.byte_days, each.money) for each in found.datasets]
    if found.gone.microseconds or found.gone.byte_days:
        parts.append(found.gone)
    heads, cells = cost_columns(found.total, parts, found.rates)
    rows: list[Sequence[Cell]] = []
    for each, own in zip(found.datasets, cells, strict=False):
        last = f"named in {', '.join(each.named)}; " if each.named else ""
        last += f"{each.reader} on {(each.read or '')[:10]}" if each.reader else "nobody, as far as is known"
        last += f"; tool {each.tool} on {(each.tool_read or '')[:10]}" if each.tool else ""
        rows.append([each.dataset, *own, (last, "dim")])
    if len(parts) > len(found.datasets):
        rows.append([("not on the branch", "dim"), *cells[-2], ("kept in its history, or aside", "dim")])
    if rows:
        rows.append([("total", "bold"), *cells[-1], ""])
        right = range(1, len(heads) + 1)
        lines += table(
            rows, ink, headers=["dataset", *heads, "read last by"], right=right, width=width, whole=[0, *right]
        )
    if found.together:
        lines += ["", ink.paint(f"andon archive {' '.join(found.together)}", "dim")]
    return [*lines, "", *_rates(found.rates, ink)]


def _table(
    head: str,
    named: Sequence[tuple[str, CostPart]],
    total: CostPart,
    rates: CostRates,
    ink: Ink,
    width: int | None,
) -> list[str]:
    heads, cells = cost_columns(total, [part for _, part in named], rates)
    names: list[Cell] = [*(name for name, _ in named), ("total", "bold")]
    rows = [[name, *own] for name, own in zip(names, cells, strict=True)]
    right = range(1, len(heads) + 1)
    return table(rows, ink, headers=[head, *heads], right=right, width=width, whole=[0, *right])


def _rates(rates: CostRates, ink: Ink) -> list[str]:
    said = [
        f"{rate} {rates.currency or ''}".rstrip() + f" for {what}"
        for rate, what in ((rates.compute_hour, "an hour"), (rates.storage_gb_month, "a GB for 30 days"))
        if rate is not None
    ]
    text = "rates: " + ", ".join(said) if said else "no money: `[cost]` in andon.toml has no rates"
    return [ink.paint(text, "dim")]
