"""Proposed checks as lines for people. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from andon.base.text import plural
from andon.cli.output import Cell, Ink
from andon.cli.table import lay_out, table
from andon.model.proposed_line import ProposedLine
from andon.render.words import names

if TYPE_CHECKING:
    from andon.service.proposing import ProposedChecks


def proposal_lines(found: Sequence[ProposedChecks], ink: Ink, width: int | None) -> list[str]:
    """A block for each dataset that has proposals, then those that have none."""
    lines: list[str] = []
    for one in found:
        if one.suggestions:
            lines += [*_block(one, ink, width), ""]
    rest = [one.dataset for one in found if not one.suggestions]
    if rest:
        lines.append(ink.paint(f"nothing to add to {names(rest)}", "dim"))
    return lines[:-1] if lines and not lines[-1] else lines


def _block(one: ProposedChecks, ink: Ink, width: int | None) -> list[str]:
    tried = f"tried on {plural(one.past, 'earlier version')}" if one.past else "no earlier version to try them on"
    facts = " · ".join((plural(one.rows, "row"), f"{plural(one.declared, 'check')} so far", tried))
    rows: list[Sequence[Cell]] = [((s.line, "accent"), _past(s), (s.evidence, "dim")) for s in one.suggestions]
    headers = ["line", "would have failed", "because"]
    if not one.past:
        rows, headers = [[line, because] for line, _, because in rows], ["line", "because"]
    title = [f"{ink.paint(one.dataset, 'bold')}  {ink.paint(facts, 'dim')}"]
    if width is not None and len(one.dataset) + len(facts) + 2 > width:
        title = [ink.paint(one.dataset, "bold"), *(f"  {ink.paint(text, 'dim')}" for text in wrap(facts, width - 2))]
    wide = tuple(table(rows, ink, headers=headers, indent="  "))
    if width is None or lay_out(rows, ink, headers=headers, width=width, indent="  ").lines == wide:
        return [*title, *wide]
    return [*title, *(line for s in one.suggestions for line in _stacked(s, ink, width))]


def _stacked(one: ProposedLine, ink: Ink, width: int) -> list[str]:
    """The line to write, and below it what speaks for it: for narrow terminals. The line is whole, to be copied."""
    past, style = _past(one)
    failed = f"would have failed on {past} · " if past else ""
    lines = wrap(failed + one.evidence, width, initial_indent="    ", subsequent_indent="    ")
    return [
        f"  {ink.paint(one.line, 'accent')}",
        *(ink.paint(line, style if failed and not at and not one.is_safe else "dim") for at, line in enumerate(lines)),
    ]


def _past(one: ProposedLine) -> tuple[str, str]:
    if not one.past_versions:
        return "", "dim"
    return f"{one.past_failures} of {one.past_versions}", "good" if one.is_safe else "warn"
