"""What is at stake in a plan: the insights that rest on what it makes again, each counted once, and what they are worth. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from andon.model.insight import Insight
from andon.model.stake import StakeValue
from andon.value.resting import rests_on
from andon.value.shares import ValueKind, is_unreviewed, yearly


def at_stake(
    insights: Iterable[Insight], needs: Mapping[str, Iterable[str]], made: Collection[str], today: str
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[StakeValue, ...]]:
    """What rests on the datasets that are `made`: all insights, those past their review, what the others are worth by what may be added.

    Args:
        needs: by dataset, what it is made of.
        today: a day (ISO).
    """
    all_of_them = sorted(insights, key=lambda each: each.name)
    resting, wanted = rests_on(all_of_them, needs), set(made)
    found = [each for each in all_of_them if not wanted.isdisjoint(resting.on[each.name])]
    unreviewed = [each.name for each in found if is_unreviewed(each, today)]
    sums: dict[ValueKind, tuple[int, int]] = {}
    for each in found:
        worth = yearly(each.worth)
        if worth is None or is_unreviewed(each, today):
            continue
        kind, cents = worth
        before, count = sums.get(kind, (0, 0))
        sums[kind] = (before + cents, count + 1)
    kinds = sorted(sums, key=lambda kind: (kind.basis != "measured", kind.currency, kind.per == "once"))
    worths = [
        StakeValue(str(kind.basis), kind.currency, str(kind.per), _amount(sums[kind][0]), sums[kind][1])
        for kind in kinds
    ]
    return tuple(each.name for each in found), tuple(unreviewed), tuple(worths)


def _amount(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"
