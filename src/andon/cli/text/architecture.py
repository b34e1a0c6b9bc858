"""An architecture as lines for people. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from andon.cli.output import Cell, Ink
from andon.cli.table import table
from andon.model.architecture import ArchitectureBlock, ArchitectureDocument, BlockKind, Presence
from andon.model.lamp import Lamp
from andon.render.architecture import HEADS, change_words, compared_words, count_words, title_of, words_of

#: Blocks that a line goes to, named beside the one that it comes from.
_NAMED = 4


def architecture_lines(found: ArchitectureDocument, ink: Ink, width: int | None) -> list[str]:
    """Counts, blocks by kind with where their lines go, and what came and went."""
    lines = [f"{ink.paint(found.branch, 'bold')}: {count_words(found.now)}"]
    lines.append(ink.paint(f"  {compared_words(found)}", "dim"))
    titles = {block.id: title_of(block) for block in found.blocks}
    to: dict[str, list[str]] = {}
    for line in found.lines:
        if line.state is not Presence.GONE:
            count = f" ({line.edges})" if line.edges > 1 else ""
            to.setdefault(line.source, []).append(f"{titles[line.target]}{count}")
    rows: list[Sequence[Cell]] = []
    last: BlockKind | None = None
    for block in found.blocks:
        head = HEADS[block.kind] if block.kind is not last else ""
        last = block.kind
        rows.append(
            [(head, "bold"), title_of(block), (words_of(block), "dim"), _lights(block), _named(to.get(block.id, []))]
        )
    if rows:
        lines += ["", *table(rows, ink, headers=["", "block", "what", "stands", "goes into"], width=width, whole=[1])]
    told = change_words(found)
    if told:
        lines += ["", ink.paint("Since then", "bold"), *(f"  {each}" for each in told)]
    return lines


def _lights(block: ArchitectureBlock) -> str:
    return ", ".join(f"{count} {name}" for name, count in block.lights.items() if name != Lamp.OK)


def _named(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
