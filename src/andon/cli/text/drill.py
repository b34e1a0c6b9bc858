"""The drill, as lines for people. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.cli.output import Cell, Ink
from andon.cli.table import table

if TYPE_CHECKING:
    from andon.drill.line import DayTold
    from andon.drill.report import DrillDocument

_HEAD = ("fault", "injected", "noticed", "right root", "corrected", "seen by readers")


def day_lines(day: DayTold, ink: Ink) -> list[str]:
    """What happened on a day, and what Andon did about it."""
    what = "; ".join(f"{fault.kind}: {fault.words}" for fault in day.faults) or "quiet"
    lines = [f"{ink.paint(f'day {day.day + 1:>2}', 'bold')}  {what if day.faults else ink.paint(what, 'dim')}"]
    for opened in day.opened:
        where = opened.dataset or "the lake"
        lines.append(f"        {ink.paint('opened', 'warn')} {opened.number}  {where}: {opened.what}")
    lines += [f"        {action.action} {action.outcome}" for action in day.actions]
    if day.closed:
        closed = ", ".join(str(number) for number in day.closed)
        lines.append(f"        {ink.paint('closed', 'good')} {closed}")
    if day.wrong.rows:
        wrong = ", ".join(f"{count:,} in {name}" for name, count in day.wrong.rows.items())
        lines.append(f"        {ink.paint('wrong rows on main', 'bad')}: {wrong}")
    return lines


def report_lines(found: DrillDocument, ink: Ink, width: int | None) -> list[str]:
    """The table, a line for each kind, and the totals beside what is promised."""
    rows: list[list[Cell]] = [
        [
            each.kind,
            str(each.injected),
            str(each.detected),
            str(each.right_root),
            str(each.corrected),
            str(each.visible + each.shown),
        ]
        for each in found.kinds
    ]
    lines = ["", *table(rows, ink, headers=_HEAD, right=range(1, len(_HEAD)), width=width, whole=[0])]
    lines += ["", f"{found.days} days, {found.quiet} of them quiet; {found.metric_days:,} metric-days"]
    for total in found.totals:
        sign = ink.paint("✓", "good") if total.is_met else ink.paint("✗", "bad")
        lines.append(f"{sign} {total.name}: {total.value:g} ({total.target})")
    lines += [f"  {ink.paint('missed', 'warn')} day {f.day}: {f.words}" for f in found.faults if not f.right_root]
    lines += [f"  {ink.paint('false alarm', 'warn')} {each}" for each in found.false_alarms]
    return lines
