"""Lineage and impact as lines for people. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from andon.base.text import plural
from andon.cli.output import Cell, Console
from andon.cli.table import table
from andon.cli.text.lineage_tree import DECLARED, LEGEND, tree_lines
from andon.render.words import short

if TYPE_CHECKING:
    from andon.model.lineage import Node, Reader
    from andon.service.lineage import Impact, Trail

_READERS = ("steps", "dataset", "what of it", "owner")
_INSIGHTS = ("steps", "insight", "kind", "owner", "decision")
_CHECKS = ("checked in", "check", "place")


def trail_lines(found: Trail, ref: str, console: Console) -> list[str]:
    """The tree for people."""
    ink, start = console.out, found.start
    lines = [_title(start, ref, found.commit.id, console)]
    holder = found.whole.nodes[found.whole.holder(start.id)]
    if holder.reason or holder.type == "python":
        lines.append(ink.paint(holder.reason or DECLARED, "dim"))
    dotted = False
    for wanted, up, title in ((found.up, True, "made of"), (found.down, False, "goes into")):
        if wanted:
            tree = tree_lines(found.whole, start, up=up, depth=found.depth, ink=ink, width=console.width)
            lines += ["", ink.paint(title, "dim"), *(tree or ["nothing"])]
            dotted = dotted or any("╌" in line for line in tree)
    if not dotted:
        return lines
    legend = [LEGEND] if console.width is None else wrap(LEGEND, console.width)
    return [*lines, "", *(ink.paint(line, "dim") for line in legend)]


def impact_lines(found: Impact, ref: str, console: Console) -> list[str]:
    """Who is reached, for people."""
    ink, width = console.out, console.width
    lines = [_title(found.start, ref, found.commit.id, console)]
    if not (found.readers or found.insights or found.queries or found.checks):
        return [*lines, "", "nothing reads it"]
    lines += ["", _summary(found)]
    if found.readers:
        rows: list[Sequence[Cell]] = [
            ((str(r.hops), "dim"), r.dataset, _touched(r), (r.owner or "", "dim")) for r in found.readers
        ]
        lines += ["", *table(rows, ink, headers=_READERS, width=width, whole=[0, 1], wrap=[2, 3], right=[0], drop=[3])]
    if found.insights:
        rows = [
            (
                (str(hops), "dim"),
                (n.name, "accent"),
                (n.type or "", "dim"),
                (n.owner or "", "dim"),
                (n.decision or "", "dim"),
            )
            for n, hops in found.insights
        ]
        lines += [
            "",
            *table(rows, ink, headers=_INSIGHTS, width=width, whole=[0], wrap=[1, 2, 3, 4], right=[0], drop=[3, 2]),
        ]
    if found.queries:
        lines += ["", f"{ink.paint('saved queries', 'dim')}  {', '.join(found.queries)}"]
    if found.checks:
        rows = [
            (c.dataset or ("rule", "dim"), c.text, (f"{c.file}:{c.line}" if c.line else c.file, "dim"))
            for c in found.checks
        ]
        lines += ["", *table(rows, ink, headers=_CHECKS, width=width, whole=[0, 2], wrap=[1], drop=[2])]
    return lines


def _title(start: Node, ref: str, commit: str, console: Console) -> str:
    ink = console.out
    kind = f"  {ink.paint(start.type, 'dim')}" if start.type else ""
    return f"{ink.paint(start.name if start.of is None else start.id, 'bold')}{kind}  {ink.paint(f'{ref} at {short(commit)}', 'dim')}"


def _summary(found: Impact) -> str:
    parts = [plural(len(found.readers), "dataset")]
    farthest = max((r.hops for r in found.readers), default=0)
    if farthest > 1:
        parts[0] += f" in up to {farthest} steps"
    parts.append(plural(len(found.insights), "insight"))
    if found.radius.owners:
        parts.append(plural(len(found.radius.owners), "owner") + f" ({', '.join(found.radius.owners)})")
    if found.queries:
        parts.append(plural(len(found.queries), "saved query", "saved queries"))
    if found.checks:
        parts.append(plural(len(found.checks), "check") + " elsewhere")
    return " · ".join(parts)


def _touched(reader: Reader) -> Cell:
    if reader.reason is not None:
        return (reader.reason, "dim")
    columns = ", ".join(reader.columns)
    if not reader.influenced:
        return columns
    return f"{columns} · its rows" if columns else ("its rows", "dim")
