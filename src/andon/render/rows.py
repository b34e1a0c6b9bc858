"""Row diffs in words: what differs, how a column changed, which columns stand side by side. Pure."""

from __future__ import annotations

from andon.base.text import plural
from andon.model.row_diff import ColumnChange, RowChange, RowDiff
from andon.render.pairs import WIDEST, told_apart
from andon.render.values import cell_text

#: Between a value before and after: it reads without colour.
ARROW = " → "
#: Columns named in a summary, and shown side by side, at most.
_NAMED = 4
_WIDEST = 8
#: Up to here unchanged columns are shown too, if there are rows on one side only.
_FILLED = 6


def counts_text(found: RowDiff) -> str:
    """`12 rows changed (segment 12), 3 added, 1 removed`."""
    parts = [differing_text(found) or "no row differs"]
    for names, what in ((found.columns_added, "added"), (found.columns_removed, "removed")):
        if names:
            parts.append(f"column{'s' if len(names) > 1 else ''} {', '.join(names)} {what}")
    parts += [f"{old} is now {new}" for old, new in found.renamed]
    parts += [f"{name} is {new} instead of {old}" for name, old, new, _ in found.retyped]
    return ", ".join(parts)


def differing_text(found: RowDiff) -> str:
    """`counts_text` without what changed about the columns themselves; empty if no row differs."""
    if found.skipped:
        return f"rows not compared: {found.skipped}"
    parts: list[str] = []
    for count, what in ((found.rows.changed, "changed"), (found.rows.added, "added"), (found.rows.removed, "removed")):
        if count:
            number = f"{count:,}" if parts else plural(count, "row")
            parts.append(f"{number} {what}{_in_columns(found) if what == 'changed' else ''}")
    return ", ".join(parts)


def _in_columns(found: RowDiff) -> str:
    named = [f"{c.name} {c.changed:,}" for c in found.columns[:_NAMED]]
    more = len(found.columns) - len(named)
    return f" ({', '.join(named)}{f' and {more} more columns' if more else ''})" if named else ""


def change_text(change: ColumnChange, room: int = WIDEST) -> str:
    """How the values of a column changed: `a → b (12)`, or the sum of all changes and the largest; long values in `room` each."""
    parts = []
    if change.masked:
        parts.append("values are not shown (pii)")
    if change.pairs:
        parts.append(", ".join(f"{pair_text(p.old, p.new, room)} ({p.rows:,})" for p in change.pairs))
    if change.largest is not None:
        largest = f" in all, largest {_signed(change.largest)}" if change.changed > 1 else ""
        parts.append(f"{_signed(change.sum)}{largest}")
    if not change.pairs:
        parts += [f"{n:,} {what}" for n, what in ((change.filled, "were NULL"), (change.emptied, "are NULL now")) if n]
    return "; ".join(parts)


def _signed(value: object) -> str:
    text = cell_text(value)
    return text if text.startswith("-") or text in ("0", "nan") else f"+{text}"


def shown_columns(found: RowDiff) -> tuple[list[int], int]:
    """Places of the columns that stand side by side, and how many more are left out.

    They are the key and the columns with changes; where no value changed, as many as fit.
    """
    changed = {c.name for c in found.columns}
    wanted = [i for i, name in enumerate(found.names) if not changed or name in changed or name in found.key]
    shown = wanted[: max(_WIDEST, len(found.key) + 1)]
    if any(s.change is not RowChange.CHANGED for s in found.samples):  # of a row that is new, people want to see more
        rest = [i for i in range(len(found.names)) if i not in wanted]
        shown = sorted([*shown, *rest[: max(0, _FILLED - len(shown))]])
    return shown, len(wanted) - sum(1 for i in wanted if i in shown)


def value_text(value: object, room: int = WIDEST) -> str:
    """A value beside others: cut where it is longer than `room`, with its length."""
    text = cell_text(value)
    return text if len(text) <= room else f"{text[: room - 1]}… ({len(text):,} characters)"


def pair_text(old: object, new: object, room: int = WIDEST) -> str:
    """A value that became another, so that the difference is seen; where they are cut to `room` each, with their length."""
    length = max(len(cell_text(old)), len(cell_text(new)))
    told = f" (up to {length:,} characters)" if length > room else ""
    return ARROW.join(told_apart(old, new, room)) + told
