"""Letters on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from andon.cli.output import Cell
from andon.cli.table import table
from andon.render.words import moment, names

if TYPE_CHECKING:
    from andon.cli.output import Console
    from andon.model.letter import Letter


def letter_lines(found: Sequence[Letter], console: Console) -> list[str]:
    """Letters, one a row."""
    if not found:
        return ["nothing for you"]
    rows: list[Sequence[Cell]] = [
        (
            (str(each.number), "accent"),
            (moment(each.at), "dim"),
            names(each.datasets),
            each.what,
            "" if each.seen or each.ended else each.next,
        )
        for each in found
    ]
    headers = ("", "at", "of", "what", "next")
    return list(table(rows, console.out, headers=headers, width=console.width, whole=[0], wrap=[2, 3, 4], drop=[1]))
