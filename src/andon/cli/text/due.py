"""What is due, as lines for people. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from andon.base.clock import from_text
from andon.base.text import plural, span
from andon.cli.output import Cell, Console
from andon.cli.table import table
from andon.render.words import names, short

if TYPE_CHECKING:
    from andon.model.due import Due, DueDataset


def due_lines(found: Due, console: Console) -> list[str]:
    """What is due and why, what waits and until when, and the command that does it."""
    pen, due, waiting = console.out, found.due, found.waiting
    head = f"{pen.paint(found.branch, 'bold')} at {pen.paint(short(found.base), 'accent')}"
    said = f"{plural(len(due), 'dataset')} due" if due else "nothing is due"
    lines = [f"{head}: {said}"]
    rows: list[Sequence[Cell]] = [
        (("!", "warn"), each.dataset, (each.rule, "dim"), (each.reason, "dim")) for each in due
    ]
    rows += [(("·", "dim"), each.dataset, (each.rule, "dim"), (_until(each, found.at), "dim")) for each in waiting]
    if rows:
        lines += ["", *table(rows, pen, width=console.width, indent="  ", whole=[0, 1], wrap=[2, 3], drop=())]
    else:
        lines += ["", "no dataset promises how new it is: `refresh: {max_age: 6h}` in its front matter does"]
    if found.asked:
        lines += ["", f"{pen.paint('asks anew', 'dim')}  {names(found.asked)}"]
    if found.command is not None:
        lines += ["", f"{pen.paint('next:', 'dim')} {found.command}"]
    return lines


def _until(each: DueDataset, at: str) -> str:
    if each.next is None:
        return each.reason
    left = (from_text(each.next) - from_text(at)).total_seconds()
    return f"{each.reason}, due in {span(left)}"
