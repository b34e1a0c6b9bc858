"""Two profiles compared: what moved and how much it matters. Pure.

Numbers that are only estimated (of a sample) count as moved when they differ by more than chance explains.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from andon.model.profile import ColumnKind, ColumnProfile, Profile, Value
from andon.model.profile_diff import ColumnMoves, Move, ProfileDiff
from andon.profiles.sample import CHUNK
from andon.profiles.shift import shift, shift_by_chance

#: From so large a population stability index on a shift is told (above what chance explains).
SHIFTED = 0.1

#: Values that a move lists.
_LISTED = 5


def compare(before: Profile, after: Profile, pairs: Iterable[tuple[str, str]] | None = None) -> ProfileDiff:
    """What differs between two profiles, the most important first.

    Args:
        pairs: names before and after of the columns that are the same; without it those of one name are.
    """
    if before.version == after.version:
        return ProfileDiff(before, after, ())
    later = dict(pairs) if pairs is not None else {c.name: c.name for c in before.columns if after.column(c.name)}
    found = []
    for old in before.columns:
        new = after.column(later[old.name]) if old.name in later else None
        moved = ColumnMoves(old.name, "removed", old, None) if new is None else _column(old, new)
        if moved is not None:
            found.append(moved)
    known = {name.lower() for name in later.values()}
    found += [ColumnMoves(c.name, "added", None, c) for c in after.columns if c.name.lower() not in known]
    return ProfileDiff(before, after, tuple(sorted(found, key=lambda c: -c.weight)))


def _column(old: ColumnProfile, new: ColumnProfile) -> ColumnMoves | None:
    moves = [m for m in _moves(old, new) if m.weight > 0]
    moved = shift(old, new) if old.kind == new.kind else None
    if moved is not None and moved - shift_by_chance(old, new) >= SHIFTED:
        moves.append(Move("shift", None, round(moved, 4), min(4 * moved, 3.0)))
    if not moves:
        return None
    return ColumnMoves(new.name, "changed", old, new, tuple(sorted(moves, key=lambda m: -m.weight)), moved)


def _moves(old: ColumnProfile, new: ColumnProfile) -> Iterator[Move]:
    if old.name.lower() != new.name.lower():
        yield Move("name", old.name, new.name, 1.0)
    if old.type != new.type:
        yield Move("type", old.type, new.type, 2.0)
    yield from _shares(old, new)
    if old.kind != new.kind:
        return
    yield from _distinct(old, new)
    yield from _center(old, new)
    yield from _range(old, new)
    yield from _values(old, new)


def _shares(old: ColumnProfile, new: ColumnProfile) -> Iterator[Move]:
    """Shares of NULL in the rows; of empty, NaN and infinite values in those that have one.

    The first ones ever matter more than some more of them.
    """
    pairs = [("nulls", old.nulls, old.nulls_of, new.nulls, new.nulls_of)]
    pairs += [
        (name, getattr(old, name) or 0, old.values, getattr(new, name) or 0, new.values)
        for name in ("empty", "nan", "infinite")
    ]
    for name, count_before, of_before, count_after, of_after in pairs:
        a, b = count_before / of_before if of_before else 0.0, count_after / of_after if of_after else 0.0
        if a == b or not of_before or not of_after:
            continue
        counted = name == "nulls" and old.nulls_of > old.rows and new.nulls_of > new.rows
        chance = 0.0 if counted else _chance(a, b, old, new)
        first = 1.0 if (count_before == 0) != (count_after == 0) else 0.0
        if abs(a - b) > chance:
            yield Move(name, a, b, max(first, min(5 * abs(a - b), 3.0)))


def _chance(a: float, b: float, old: ColumnProfile, new: ColumnProfile) -> float:
    """How far shares of samples differ by chance: four standard errors. 0 where all rows were looked at."""
    if not (_sampled(old) or _sampled(new)):
        return 0.0
    mean = (a + b) / 2
    return 4 * math.sqrt(max(mean * (1 - mean), 1e-6) * _one_over(old, new))


def _distinct(old: ColumnProfile, new: ColumnProfile) -> Iterator[Move]:
    a, b = old.distinct or 0, new.distinct or 0
    if a == b:
        return
    if old.is_unique and not new.is_unique and new.distinct_exact:
        yield Move("distinct", a, b, 1.5)  # was a key, and is none any more
        return
    ratio = abs(math.log((b + 1) / (a + 1)))
    if not (old.distinct_exact and new.distinct_exact) and ratio < 0.1:
        return
    grown = abs(math.log((new.rows + 1) / (old.rows + 1)))
    yield Move("distinct", a, b, max(min(abs(ratio - grown), ratio, 1.0), 0.01))


def _center(old: ColumnProfile, new: ColumnProfile) -> Iterator[Move]:
    if old.mean is not None and new.mean is not None and old.mean != new.mean:
        spread = old.deviation or new.deviation or abs(old.mean) or 1.0
        error = 0.0
        if _sampled(old) or _sampled(new):
            error = 4 * (old.deviation or 0.0) * math.sqrt(_one_over(old, new))
        if abs(new.mean - old.mean) > error:
            yield Move("mean", old.mean, new.mean, min(abs(new.mean - old.mean) / spread, 3.0))
    a, b = old.quantile(0.5), new.quantile(0.5)
    if a is not None and b is not None and a != b and not _sampled(old) and not _sampled(new):
        yield Move("median", a, b, 0.05)
    if old.lengths is not None and new.lengths is not None and old.lengths.maximum != new.lengths.maximum:
        ratio = abs(math.log((new.lengths.maximum + 1) / (old.lengths.maximum + 1)))
        yield Move("length", old.lengths.maximum, new.lengths.maximum, min(ratio / 3, 1.0))


def _range(old: ColumnProfile, new: ColumnProfile) -> Iterator[Move]:
    if not (old.range_exact and new.range_exact):
        return
    if old.kind is ColumnKind.TEXT and old.top_complete and new.top_complete:
        return  # values that came and went say more
    for name in ("minimum", "maximum"):
        a, b = getattr(old, name), getattr(new, name)
        if a != b and a is not None and b is not None:
            yield Move(name, a, b, _range_weight(old, a, b))


def _range_weight(old: ColumnProfile, a: Value, b: Value) -> float:
    """How far an end of the range moved, in lengths of the earlier range."""
    try:
        low, high = float(old.minimum or 0), float(old.maximum or 0)
        moved = abs(float(b or 0) - float(a or 0))
    except ValueError:
        return 0.1  # texts and moments
    length = high - low or abs(high) or 1.0
    return max(min(moved / length / 2, 2.0), 0.01)


def _values(old: ColumnProfile, new: ColumnProfile) -> Iterator[Move]:
    """Values that came or went, where all values are known."""
    if not (old.top_complete and new.top_complete) or old.masked or new.masked or not old.top or not new.top:
        return
    if old.is_unique and new.is_unique:
        return  # every new row brings a new one
    known, seen = {t.value for t in old.top}, {t.value for t in new.top}
    came = [t for t in new.top if t.value not in known and t.count > _overlooked(new, old)]
    gone = [t for t in old.top if t.value not in seen and t.count > _overlooked(old, new)]
    if came:
        yield Move("new values", None, _listed([t.value for t in came]), 0.6)
    if gone:
        yield Move("gone values", _listed([t.value for t in gone]), None, 0.5)


def _listed(values: list[Value]) -> str:
    shown = ", ".join(str(v).lower() if isinstance(v, bool) else str(v) for v in values[:_LISTED])
    return shown + (f" and {len(values) - _LISTED} more" if len(values) > _LISTED else "")


def _one_over(old: ColumnProfile, new: ColumnProfile) -> float:
    """1/n + 1/m, the rows of a sample's chunk counted as one: they may all be alike."""
    return sum(1 / max(c.rows / (CHUNK if _sampled(c) else 1), 1) for c in (old, new))


def _overlooked(here: ColumnProfile, there: ColumnProfile) -> float:
    """Up to how many times a value may stand in one profile and be missing in the other by chance."""
    return 0.002 * here.rows if _sampled(here) or _sampled(there) else 0


def _sampled(profile: ColumnProfile) -> bool:
    return not profile.distinct_exact
