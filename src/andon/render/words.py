"""Words that every face says alike: ids, moments, lists of names, verdicts, reaches. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from andon.base.clock import to_minute
from andon.base.text import plural, seconds
from andon.model.approval import AwaitedApproval
from andon.model.reach import Reach
from andon.model.stake import Stake
from andon.model.verdict import Verdict, VerdictKind

#: How many names a line lists before it says how many more there are.
_NAMES = 6
#: Of what stands beside other words, fewer.
_LISTED = 4


def short(commit: str) -> str:
    """A commit's id as people see it."""
    return commit[:8]


def moment(text: str) -> str:
    """A moment of the lake (ISO, UTC) to the minute."""
    return to_minute(text)


def names(things: Iterable[str]) -> str:
    """`a, b, c and 4 more`: all of them where they are few."""
    found = list(things)
    if len(found) <= _NAMES:
        return ", ".join(found)
    return f"{', '.join(found[: _NAMES - 1])} and {len(found) - _NAMES + 1} more"


def verdict_text(verdict: Verdict) -> str:
    """`columns: revenue, orders`."""
    match verdict.kind:
        case VerdictKind.NONE:
            return "none: the same rows, perhaps in another order" if verdict.reordered else "none: proved equal"
        case VerdictKind.ADDITIVE:
            return f"additive: {listed(verdict.added)}" if verdict.added else f"additive: {verdict.reasons[0]}"
        case VerdictKind.COLUMNS:
            return f"columns: {listed(verdict.columns)}"
        case VerdictKind.ROWS:
            return "rows: any may differ"
    breaks = [f"{name} is gone" for name in verdict.dropped]
    breaks += [f"{old} is now {new}" for old, new in verdict.renamed]
    breaks += [f"{name} is {new} instead of {old}" for name, old, new in verdict.retyped]
    breaks += ["another key"] if verdict.key_changed else []
    return f"contract: {'; '.join(breaks[:_LISTED])}" + (
        f" and {len(breaks) - _LISTED} more" if len(breaks) > _LISTED else ""
    )


def listed(names: Sequence[str], most: int = _LISTED) -> str:
    """`a, b, c, d and 3 more`: the first `most`, and how many there are beside them."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")


def reach_text(reach: Reach, *, is_asked: bool = False) -> str:
    """`reaches 3 datasets (a, b, c), insight revenue; 2 to build, 23,588 rows, about 0.2 s`.

    Args:
        is_asked: whether people or saved queries read what changes, beside datasets and insights.
    """
    parts = []
    if reach.datasets:
        parts.append(f"{plural(len(reach.datasets), 'dataset')} ({listed(reach.datasets)})")
    if reach.insights:
        parts.append(f"{'insight' if len(reach.insights) == 1 else 'insights'} {listed(reach.insights)}")
    work = []
    if reach.build:
        work.append(f"{reach.build:,} to build")
    if reach.rows:
        work.append(plural(reach.rows, "row"))
    if reach.seconds is not None and reach.seconds >= 0.1:
        work.append(f"about {seconds(reach.seconds)}")
    nobody = "no dataset reads what changes" if is_asked else "nobody reads what changes"
    told = f"reaches {', '.join(parts)}" if parts else nobody
    return f"{told}; {', '.join(work)}" if work else told


def stake_text(stake: Stake) -> str:
    """`rebuilds 12 datasets, ≈ 40 s (≈ 0.02 EUR); 2 insights rest on it (a, b): 60,000 USD a year measured; 1 of them unreviewed;
    ≈ 40 s of the 30min that a publish may take`; empty where nothing is built, nothing rests on it, and no budget counts."""
    return "; ".join(each for each in (_rebuilt(stake), _resting(stake), *_budgets(stake)) if each)


def _rebuilt(stake: Stake) -> str:
    if not stake.builds:
        return ""
    if stake.seconds is None:
        return f"builds {plural(stake.builds, 'dataset')}, for how long is not known yet"
    told = f"rebuilds {plural(stake.builds, 'dataset')}"
    of = f", of {stake.known:,} of them known:" if stake.known < stake.builds else ","
    money = "" if stake.money is None else f" ({_about(_cents(stake.money, stake.currency))})"
    return f"{told}{of} ≈ {seconds(stake.seconds)}{money}"


def _budgets(stake: Stake) -> list[str]:
    """That of the publish, and of datasets those that what they took before is over."""
    return [
        (f"{_about(each.expected)} of the {each.budget}" if each.expected else f"{each.budget} is all")
        + f" that {each.dataset or 'a publish'} may take{': it would be held' if each.over else ''}"
        for each in stake.budgets
        if each.dataset is None or each.over
    ]


def _cents(amount: str, currency: str | None) -> str:
    return f"{amount if amount.strip('0.') else '< 0.01'} {currency or ''}".rstrip()


def _about(text: str) -> str:
    return text if text.startswith("<") else f"≈ {text}"


def _resting(stake: Stake) -> str:
    if not stake.insights:
        return ""
    count = len(stake.insights)
    rest = "insight rests" if count == 1 else "insights rest"
    told = f"{count:,} {rest} on it ({listed(stake.insights)})"
    worth = [
        f"{_amount(each.amount)} {each.currency}{'' if each.per == 'once' else f' a {each.per}'} {each.basis}"
        for each in stake.worth
    ]
    told += f": {', '.join(worth)}" if worth else ""
    return f"{told}; {len(stake.unreviewed):,} of them unreviewed" if stake.unreviewed else told


def _amount(text: str) -> str:
    whole, _, cents = text.partition(".")
    return f"{int(whole):,}" + (f".{cents}" if cents.strip("0") else "")


def approvals_text(waiting: Sequence[AwaitedApproval]) -> str:
    """Whose approval is needed for what: `ana's of marts.margin, marts.sales; ben's of m.x`."""
    by: dict[str, list[str]] = {}
    for each in waiting:
        by.setdefault(each.owner, []).append(each.dataset)
    return "; ".join(f"{owner}'s of {names(mine)}" for owner, mine in by.items())


def review_text(owner: str | None, review: str | None) -> str:
    """What a publish of a change of a dataset needs beside checks and plan; empty where nobody owns it."""
    if owner is None:
        return ""
    return f"owner: {owner} approves what others change of it" if review is not None else "none: anyone may change it"
