"""What a foreign file adds, as lines for people. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from andon.base.text import plural
from andon.cli.output import Cell, Ink
from andon.cli.table import table

if TYPE_CHECKING:
    from andon.service.contracts import ContractDataset, ContractImport

_COLOURS = {"+": "good", "-": "bad", "@": "dim"}


def import_lines(found: ContractImport, ink: Ink, width: int | None) -> list[str]:
    """A block for each dataset, then what is not carried over."""
    lines: list[str] = []
    for one in found.datasets:
        lines += [*_block(one, ink), ""]
    if found.left_out:
        lines.append(ink.paint(f"not carried over: {len(found.left_out)}", "bold"))
        rows: list[Sequence[Cell]] = [
            ((f"{one.file}:{one.line}", "dim"), one.what, (one.why, "dim")) for one in found.left_out
        ]
        lines += table(rows, ink, headers=["where", "what", "because"], indent="  ", width=width)
    return lines[:-1] if lines and not lines[-1] else lines


def _block(one: ContractDataset, ink: Ink) -> list[str]:
    facts = f"{plural(one.there, 'thing')} said already" if one.there else ""
    name = one.dataset or one.name
    head = f"{ink.paint(name, 'bold')}  {ink.paint(facts, 'dim')}".rstrip()
    if one.needed is not None:
        body = [f"  {ink.paint(one.needed, 'warn')}"]
        return [head, *body, *(f"  {ink.paint(line, 'dim')}" for line in one.diff.splitlines())]
    if not one.diff:
        return [head, f"  {ink.paint('nothing to add', 'dim')}"]
    shown = []
    for line in one.diff.splitlines():
        style = None if line.startswith(("---", "+++")) else _COLOURS.get(line[:1])
        shown.append(
            f"  {ink.paint(line, style) if style else ink.paint(line, 'dim') if line[:3] in ('---', '+++') else line}"
        )
    return [head, *shown]


def next_step(found: ContractImport, command: Callable[[str], str]) -> str:
    """What to do now."""
    changed = sum(bool(one.diff) and one.needed is None for one in found.datasets)
    if found.applied:
        return f"{plural(changed, 'file')} changed; `{command('run')}` publishes them"
    if not changed:
        return "nothing to add to the datasets that are there"
    return f"nothing is written: `--apply` changes {plural(changed, 'file')}"
