"""What is scheduled, as lines for people. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from andon.base.clock import from_text
from andon.base.text import plural, span
from andon.cli.output import Cell, Console
from andon.cli.table import table
from andon.render.words import moment, short

if TYPE_CHECKING:
    from andon.model.decision import Decision
    from andon.model.schedule_view import ScheduleView, WhyDocument

#: So many that come are listed where nobody selected.
_LISTED = 20


def schedule_lines(found: ScheduleView, console: Console) -> list[str]:
    """What is due and why, what is held back, what comes when, and what of it can't be kept."""
    pen, due, held, coming = console.out, found.due, found.held_back, found.coming
    head = f"{pen.paint(found.branch, 'bold')} at {pen.paint(short(found.commit), 'accent')}"
    said = f"{plural(len(due), 'dataset')} due" if due else "nothing is due"
    back = f", {len(held)} held back" if held else ""
    lines = [f"{head}: {said}{back}"]
    rows: list[Sequence[Cell]] = [_row("!", "warn", each, each.reason) for each in due]
    rows += [_row("‖", "dim", each, each.reason) for each in held]
    rows += [_row("·", "dim", each, _until(each, found.at)) for each in coming[:_LISTED]]
    if rows:
        lines += ["", *table(rows, pen, width=console.width, indent="  ", whole=[0, 1], wrap=[2, 3], drop=())]
    if len(coming) > _LISTED:
        lines.append(pen.paint(f"  … and {len(coming) - _LISTED} that come later: `andon due --json` has all", "dim"))
    for each in found.unreachable:
        lines += [f"{pen.paint('can not be kept', 'warn')}  {each.dataset}  {each.rule}: {each.why}"]
    for silent in found.silent:
        told = f"`{silent.trigger}` looked each {span(silent.usual)} and last at {moment(silent.last)}"
        lines += [f"{pen.paint('stays away', 'warn')}  {told}"]
    if due:
        lines += ["", f"{pen.paint('next:', 'dim')} andon tick"]
    return lines


def why_lines(found: WhyDocument, console: Console) -> list[str]:
    """Why a dataset was (not) brought up to date at a moment, in sentences."""
    pen = console.out
    head = f"{pen.paint(found.dataset, 'bold')} on {found.branch} at {moment(found.at)}"
    rules = f"  {pen.paint(', '.join(found.rules), 'dim')}" if found.rules else ""
    return [f"{head}{rules}", *(f"  {line}" for line in found.told)]


def _row(mark: str, style: str, each: Decision, told: str) -> Sequence[Cell]:
    return (mark, style), each.dataset, (each.rule or "", "dim"), (told, "dim")


def _until(each: Decision, at: str) -> str:
    if each.next is None:
        return each.reason
    left = (from_text(each.next) - from_text(at)).total_seconds()
    return f"{each.reason}, due in {span(left)}" if left > 0 else each.reason
