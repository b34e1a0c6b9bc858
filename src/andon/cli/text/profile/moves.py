"""What moved between two profiles, for a terminal: the most important first, nothing where nothing moved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from andon.base.text import plural
from andon.cli.output import Cell, Console
from andon.cli.table import table
from andon.model.profile import Profile
from andon.model.profile_diff import ColumnMoves, Move, ProfileDiff
from andon.render.profiles import column_text, move_text, move_word
from andon.render.words import listed

#: Moves of one column that are shown, unless it was asked for by name.
_MOVES = 3
#: A move of this weight nobody should miss; one below the other is only named.
_HEAVY, _LITTLE = 1.0, 0.05
_NAMES = 8


def diff_lines(moved: ProfileDiff, names: tuple[str, str], console: Console, *, whole: bool) -> list[str]:
    """What moved between two profiles.

    Args:
        names: what the two commits were called.
        whole: whether all moves of a column are shown.
    """
    ink = console.out
    head = f"{ink.paint(moved.after.dataset, 'bold')}  {names[0]} → {names[1]} · {_rows(moved.before, moved.after)}"
    lines = [head]
    if moved.before.sample is not None or moved.after.sample is not None:
        text = "samples were looked at; what chance explains is left out"
        lines.append(ink.paint(text, "warn"))
    if moved.same_content:
        return [*lines, "", "no difference: the same content"]
    if not moved.columns:
        return [*lines, "", "no column looks different"]
    told = [c for c in moved.columns if whole or c.weight >= _LITTLE]
    rows = [row for c in told for row in _column_rows(c, c.moves if whole else c.moves[:_MOVES])]
    if rows:
        lines += ["", *table(rows, ink, width=console.width, whole=[0, 1], wrap=[2], drop=())]
    if not whole:
        lines += ["", *(ink.paint(text, "dim") for text in _rest(moved, told, names[0]))]
    return lines if lines[-1] else lines[:-1]


def _rest(moved: ProfileDiff, told: Sequence[ColumnMoves], against: str) -> Iterator[str]:
    """What isn't shown in full."""
    little = [c.name for c in moved.columns if c not in told]
    if little:
        yield f"moved a little: {listed(little, _NAMES)}"
    changed = {c.name for c in moved.columns}
    same = sum(1 for c in moved.after.columns if c.name not in changed)
    if same:
        yield plural(same, "column looks the same", "columns look the same")
    cut = [c for c in told if len(c.moves) > _MOVES]
    if cut:
        yield f"all about one column: `andon profile {moved.after.dataset}.{cut[0].name} --against {against}`"


def _rows(before: Profile, after: Profile) -> str:
    if before.rows == after.rows:
        return plural(after.rows, "row")
    change = f"{after.rows - before.rows:+,}"
    if before.rows:
        change += f", {100 * (after.rows - before.rows) / before.rows:+.1f}%"
    return f"{before.rows:,} → {plural(after.rows, 'row')} ({change})"


def _column_rows(column: ColumnMoves, moves: Sequence[Move]) -> list[Sequence[Cell]]:
    if column.change == "added" and column.after is not None:
        return [(column.name, ("added", "good"), (column_text(column.after), "dim"))]
    if column.change == "removed" and column.before is not None:
        return [(column.name, ("removed", "bad"), (column_text(column.before), "dim"))]
    return [
        (
            column.name if i == 0 else "",
            (move_word(move), "warn" if move.weight >= _HEAVY else "dim"),
            move_text(column, move),
        )
        for i, move in enumerate(moves)
    ]
