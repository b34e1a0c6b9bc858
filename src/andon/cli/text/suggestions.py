"""Proposed checks as lines for people. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from andon.base.text import plural
from andon.cli.output import Cell, Ink, table
from andon.model.suggestion import Suggestion
from andon.render.words import names

if TYPE_CHECKING:
    from andon.service.suggestions import Suggested


def suggestion_lines(found: Sequence[Suggested], ink: Ink, width: int | None) -> list[str]:
    """A block for each dataset that has suggestions, then those that have none."""
    lines: list[str] = []
    for one in found:
        if one.suggestions:
            lines += [*_block(one, ink, width), ""]
    rest = [one.dataset for one in found if not one.suggestions]
    if rest:
        lines.append(ink.paint(f"nothing to add to {names(rest)}", "dim"))
    return lines[:-1] if lines and not lines[-1] else lines


def _block(one: Suggested, ink: Ink, width: int | None) -> list[str]:
    tried = f"tried on {plural(one.past, 'earlier version')}" if one.past else "no earlier version to try them on"
    facts = " · ".join((plural(one.rows, "row"), f"{plural(one.declared, 'check')} so far", tried))
    rows: list[Sequence[Cell]] = [((s.line, "accent"), _past(s), (s.evidence, "dim")) for s in one.suggestions]
    headers = ["line", "would have failed", "because"]
    if not one.past:
        rows, headers = [[line, because] for line, _, because in rows], ["line", "because"]
    last = len(headers) - 1
    return [
        f"{ink.paint(one.dataset, 'bold')}  {ink.paint(facts, 'dim')}",
        *table(rows, ink, headers=headers, width=width, indent="  ", whole=range(last), first=[last]),
    ]


def _past(one: Suggestion) -> Cell:
    if not one.past_versions:
        return "", "dim"
    return f"{one.past_failures} of {one.past_versions}", "good" if one.is_safe else "warn"
