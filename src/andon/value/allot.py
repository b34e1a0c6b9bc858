"""A whole number shared out so that nothing of it is lost or made. Pure."""

from __future__ import annotations

from collections.abc import Sequence


def allot(total: int, count: int) -> list[int]:
    """`total` in `count` parts as equal as can be, the greater first; they add up to it exactly.

    Raises:
        ValueError: there is nobody to share it.
    """
    if count < 1:
        raise ValueError("there is nobody to share it")
    each, rest = divmod(total, count)
    return [each + 1] * rest + [each] * (count - rest)


def allot_by(total: int, weights: Sequence[int]) -> list[int]:
    """`total` in parts as the whole `weights` are, by largest remainder, ties to the first; they add up to it exactly.

    Where no weight is above zero, the parts are equal.

    Raises:
        ValueError: a weight is below zero, or there are none.
    """
    if any(weight < 0 for weight in weights):
        raise ValueError("a weight is below zero")
    whole = sum(weights)
    if not whole:
        return allot(total, len(weights))
    parts = [total * weight // whole for weight in weights]
    left = total - sum(parts)
    order = sorted(range(len(weights)), key=lambda place: (-(total * weights[place] % whole), place))
    for place in order[:left]:
        parts[place] += 1
    return parts
