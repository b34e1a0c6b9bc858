"""What moved between two profiles, for a terminal: the most important first, nothing where nothing moved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from andon.base.text import plural
from andon.cli.output import Cell, Console, table
from andon.cli.text.profile_column import number, percent, shown
from andon.model.profile import ColumnProfile, Profile, Value
from andon.model.profile_diff import ColumnMoves, Move, ProfileDiff

#: Moves of one column that are shown, unless it was asked for by name.
_MOVES = 3
_SHARES = frozenset({"nulls", "empty", "nan", "infinite"})
#: From so large a population stability index on it is said in stronger words.
_ANOTHER = 0.25
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
        lines += ["", *table(rows, ink, width=console.width, whole=[0, 1])]
    if not whole:
        lines += ["", *(ink.paint(text, "dim") for text in _rest(moved, told, names[0]))]
    return lines if lines[-1] else lines[:-1]


def _rest(moved: ProfileDiff, told: Sequence[ColumnMoves], against: str) -> Iterator[str]:
    """What isn't shown in full."""
    little = [c.name for c in moved.columns if c not in told]
    if little:
        yield f"moved a little: {_some(little)}"
    changed = {c.name for c in moved.columns}
    same = sum(1 for c in moved.after.columns if c.name not in changed)
    if same:
        yield plural(same, "column looks the same", "columns look the same")
    cut = [c for c in told if len(c.moves) > _MOVES]
    if cut:
        yield f"all about one column: `andon profile {moved.after.dataset}.{cut[0].name} --against {against}`"


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMES
    return ", ".join(names[:_NAMES]) + (f" and {more} more" if more > 0 else "")


def _rows(before: Profile, after: Profile) -> str:
    if before.rows == after.rows:
        return plural(after.rows, "row")
    change = f"{after.rows - before.rows:+,}"
    if before.rows:
        change += f", {100 * (after.rows - before.rows) / before.rows:+.1f}%"
    return f"{before.rows:,} → {plural(after.rows, 'row')} ({change})"


def _column_rows(column: ColumnMoves, moves: Sequence[Move]) -> list[Sequence[Cell]]:
    if column.change == "added" and column.after is not None:
        return [(column.name, ("added", "good"), (_about(column.after), "dim"))]
    if column.change == "removed" and column.before is not None:
        return [(column.name, ("removed", "bad"), (_about(column.before), "dim"))]
    return [
        (column.name if i == 0 else "", (_word(move), "warn" if move.weight >= _HEAVY else "dim"), _text(column, move))
        for i, move in enumerate(moves)
    ]


def _about(column: ColumnProfile) -> str:
    return f"{column.type}, {column.distinct or 0:,} distinct, {percent(column.null_share)} nulls"


def _word(move: Move) -> str:
    return {"nan": "NaN", "length": "longest", "deviation": "deviation"}.get(move.what, move.what)


def _text(column: ColumnMoves, move: Move) -> str:
    if move.what == "shift":
        index = float(move.after) if isinstance(move.after, int | float) else 0.0
        words = "the values are of another population" if index >= _ANOTHER else "the values moved"
        return f"{words} (index {index:.2f})"
    if move.what == "new values":
        return shown(move.after)
    if move.what == "gone values":
        return shown(move.before)
    if move.what in _SHARES:
        return f"{_share(move.before)} → {_share(move.after)}"
    about = _estimate(column.before), _estimate(column.after)
    if move.what == "distinct":
        unique = (
            column.before is not None
            and column.after is not None
            and column.before.is_unique
            and not column.after.is_unique
        )
        return f"{about[0]}{number(move.before)} → {about[1]}{number(move.after)}" + (
            ", no longer unique" if unique else ""
        )
    return f"{number(move.before)} → {number(move.after)}{_factor(move.before, move.after)}"


def _share(value: Value) -> str:
    return percent(float(value)) if isinstance(value, int | float) else shown(value)


def _estimate(column: ColumnProfile | None) -> str:
    return "" if column is None or column.distinct_exact else "≈"


def _factor(before: Value, after: Value) -> str:
    """` (×100)` where a number is many times what it was: a unit may have changed."""
    try:
        a, b = float(before or 0), float(after or 0)
    except ValueError:
        return ""
    if a <= 0 or b <= 0 or not (b / a >= 1.5 or a / b >= 1.5):
        return ""
    factor = b / a
    return f"  ×{factor:,.0f}" if factor >= 100 else f"  ×{factor:.3g}"
