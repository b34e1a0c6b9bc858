"""Incidents on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from andon.base.text import plural
from andon.cli.output import Cell
from andon.cli.table import table
from andon.cli.text.find import lamp_cell
from andon.cli.text.requests import state_line
from andon.render.words import moment

if TYPE_CHECKING:
    from andon.cli.output import Console
    from andon.service.incident_documents import BadRows, IncidentInfo, IncidentPage

#: Events, samples and names that are shown of many.
_EVENTS, _SAMPLES, _NAMED = 20, 5, 8


def incident_line(found: IncidentInfo) -> str:
    """An incident in one line."""
    where = f"{found.dataset}: " if found.dataset else ""
    return f"incident {found.incident} is {_state(found)}: {where}{found.title}"


def incident_lines(found: Sequence[IncidentInfo], console: Console) -> list[str]:
    """The list of incidents."""
    rows: list[Sequence[Cell]] = [
        (
            (str(each.incident), "accent"),
            lamp_cell(each.status),
            _state(each),
            each.dataset,
            each.title,
            (reach_words(each), "dim"),
            (moment(each.since), "dim"),
            each.owner or "",
        )
        for each in found
    ]
    if not rows:
        return ["no incidents"]
    headers = ("", "", "state", "dataset", "what", "reaches", "since", "owner")
    return table(
        rows, console.out, headers=headers, width=console.width, whole=[0, 1], wrap=[2, 4], first=[5], drop=[6, 5, 7]
    )


def page_lines(page: IncidentPage, console: Console) -> list[str]:
    """All of an incident."""
    info, ink = page.incident, console.out
    lines = [f"{ink.paint(f'incident {info.incident}', 'accent')} · {_state(info)} · {info.dataset or info.branch}"]
    lines += [
        f"  {info.title}",
        f"  since {moment(info.since)} · {reach_words(info)}{f' · {info.owner}' if info.owner else ''}",
    ]
    if info.part_of is not None:
        lines.append(f"  it is part of incident {info.part_of}")
    if page.below:
        lines.append(f"  below: {_named(page.below)}")
    if info.affected.insights:
        lines.append(f"  insights: {_named(info.affected.insights)}")
    if page.people:
        lines.append(f"  read by: {_named(page.people)}")
    if page.differences:
        lines += ["", ink.paint("What changed since it was good", "bold")]
        lines += [f"  {f'{each.dataset}: ' if each.dataset else ''}{each.what}" for each in page.differences]
        lines += [f"  {ink.paint(page.compare.command, 'dim')}"] if page.compare is not None else []
    for rows in page.rows:
        lines += ["", *_bad_rows(rows, console)]
    if page.requests:
        lines += ["", ink.paint("What was asked", "bold")]
        lines += [f"  {state_line(each)}" for each in page.requests]
    lines += ["", ink.paint("What was noticed", "bold")]
    for signal in page.signals:
        sign = ink.paint("✓", "good") if signal.cleared is not None else ink.paint("✗", "bad")
        times = f", {plural(signal.times, 'time')}" if signal.times > 1 else ""
        run = f", run {signal.run}" if signal.run is not None else ""
        lines.append(f"  {sign} {signal.dataset or 'the lake'}: {signal.what}{ink.paint(f'{run}{times}', 'dim')}")
    lines += ["", ink.paint("What happened", "bold")]
    events = page.events[-_EVENTS:]
    lines += [f"  … {plural(len(page.events) - _EVENTS, 'event')} before"] if len(events) < len(page.events) else []
    lines += [f"  {ink.paint(moment(event.at), 'dim')}  {event.what}{_by(event.who)}" for event in events]
    return lines


def reach_words(found: IncidentInfo) -> str:
    """Whom an incident reaches, in few words."""
    affected = found.affected
    parts = [
        plural(count, word)
        for count, word in (
            (affected.people, "reader"),
            (len(affected.insights), "insight"),
            (affected.datasets, "dataset"),
        )
        if count
    ]
    return ", ".join(parts) or "nothing below it"


def _state(found: IncidentInfo) -> str:
    if found.verdict is not None:
        return f"{found.state} ({found.verdict})"
    return f"{found.state}, quiet until {moment(found.snoozed)}" if found.snoozed is not None else found.state


def _bad_rows(rows: BadRows, console: Console) -> list[str]:
    count = f"{rows.bad:,} of {rows.total:,} rows" if rows.bad is not None and rows.total is not None else "rows"
    lines = [console.out.paint(f"{rows.dataset}: `{rows.check}` fails in {count}", "bold")]
    if rows.new is not None and rows.before is not None:
        lines.append(f"  by {', '.join(rows.key)}: {rows.new:,} new, {rows.before:,} failed before")
    for sample in rows.samples[:_SAMPLES]:
        lines.append(
            "  " + ", ".join(f"{name} {value if value is not None else 'NULL'}" for name, value in sample.items())
        )
    return lines


def _by(who: str) -> str:
    return "" if who == "andon" else f" ({who})"


def _named(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
