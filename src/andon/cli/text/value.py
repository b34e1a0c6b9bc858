"""What a lake is worth, as lines for people. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from andon.base.text import plural
from andon.cli.output import Cell, Ink
from andon.cli.table import table
from andon.render.costs import cost_columns
from andon.render.value import amounts_words, repair_words, unreviewed_words
from andon.service.costs import CostPart
from andon.service.value import ValueDocument

#: Insights that are named beside a dataset.
_NAMED = 3


def value_lines(found: ValueDocument, ink: Ink, width: int | None, limit: int) -> list[str]:
    """Totals, datasets by how many rely on them, and the repair that helps most."""
    if not found.insights:
        return ["no insights yet: `andon insight add` says what an answer is for and what it is worth"]
    lines = [f"{ink.paint(found.branch, 'bold')}: {plural(len(found.insights), 'insight')}"]
    lines.append(f"  worth {amounts_words(found.totals) or 'not said'}")
    for told in (
        f"of that on no dataset: {amounts_words(found.unplaced)}" if found.unplaced else "",
        unreviewed_words(found),
        f"nobody says what it is worth: {', '.join(found.unvalued)}" if found.unvalued else "",
    ):
        lines += [f"  {ink.paint(told, 'dim')}"] if told else []
    lines += ["", *_datasets(found, ink, width, limit)]
    if found.repairs:
        first, *others = found.repairs
        lines += [
            "",
            ink.paint("The one repair that helps most", "bold"),
            f"  {repair_words(first)}",
            f"  {first.flaw.repair}",
        ]
        lines += [ink.paint(f"  {plural(len(others), 'more repair')}", "dim")] if others else []
    return lines


def _datasets(found: ValueDocument, ink: Ink, width: int | None, limit: int) -> list[str]:
    shown = found.datasets[:limit]
    parts = [each.cost or CostPart(each.dataset, 0, 0, "0.00" if found.rates.compute_hour else None) for each in shown]
    whole = CostPart(
        None,
        sum(part.microseconds for part in parts),
        sum(part.byte_days for part in parts),
        parts[0].money if parts else None,
    )
    heads, cells = cost_columns(whole, parts, found.rates)
    rows: list[Sequence[Cell]] = [
        [
            each.dataset,
            str(len(each.relied_on)),
            amounts_words(each.shares) or ("no share", "dim"),
            *own,
            (_named(each.relied_on), "dim"),
        ]
        for each, own in zip(shown, cells, strict=False)
    ]
    headers = ["dataset", "relied on by", "share of what that is worth", *heads, "insights"]
    numbers = [1, *range(3, 3 + len(heads))]
    lines = list(
        table(
            rows,
            ink,
            headers=headers,
            right=numbers,
            width=width,
            whole=[0, *numbers],
            wrap=[2],
            drop=[len(headers) - 1],
        )
    )
    more = len(found.datasets) - len(shown)
    return [*lines, ink.paint(f"{plural(more, 'more dataset')}: --limit", "dim")] if more else lines


def _named(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
