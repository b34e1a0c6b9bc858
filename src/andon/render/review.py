"""Numbers of a review in words, for terminal and pages. Pure."""

from __future__ import annotations

from andon.base.text import plural, span
from andon.model.review import PromiseKept, RepeatedFix, Share, Spread


def spread_words(found: Spread) -> str:
    """`12 min, nine of ten within 3 h (14)`."""
    if found.median is None or found.most is None:
        return "nothing to measure"
    return f"{duration_words(found.median)}, nine of ten within {duration_words(found.most)} ({found.count:,})"


def duration_words(seconds: float) -> str:
    """A duration by its largest unit, short ones with a tenth: `0.4 s`, `12 min`, `3 days`."""
    return f"{seconds:.1f} s" if seconds < 10 else span(seconds)


def share_words(found: Share, what: str) -> str:
    """`3 of 4 actions, 75%`; what there is none of has no share."""
    return (
        f"no {what} yet" if found.share is None else f"{found.count:,} of {plural(found.of, what)}, {found.share:.0%}"
    )


def fix_words(found: RepeatedFix | None) -> str:
    """What people mended by hand most."""
    if found is None:
        return "nothing twice"
    return f"{found.action} of {found.dataset}, {plural(found.times, 'time')}: the next to automate"


def late_words(found: PromiseKept) -> str:
    """How much of its error budget a dataset used up."""
    return f"late for {duration_words(found.late)}, the budget is {duration_words(found.budget)}"
