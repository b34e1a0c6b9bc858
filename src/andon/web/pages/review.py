"""How well the work went: numbers with what each is, and what hangs on them."""

from __future__ import annotations

from andon.errors import UsageError
from andon.render.review import duration_words, fix_words, late_words, share_words, spread_words
from andon.service.reviewing import WEEK
from andon.web.asking import OnBranch
from andon.web.pages.page import PageCall, PageRoute, Shown

#: Times that are offered: what the address says, and the word.
TIMES = (("7d", "A week"), ("4w", "Four weeks"), ("3 mo", "Three months"))


class ReviewLooked(OnBranch, kw_only=True):
    """Of which branch, and since when.

    Attributes:
        since: how long ago, or a moment.
    """

    since: str = WEEK


def _review(call: PageCall) -> Shown:
    asked: ReviewLooked = call.query
    problem = None
    try:
        found = call.service.reviewing.review(asked.since, asked.branch)
    except UsageError as error:
        problem, found = error, call.service.reviewing.review(WEEK, None)
    return {
        "review": found,
        "since": asked.since if problem is None else WEEK,
        "times": TIMES,
        "problem": problem,
        "spread_words": spread_words,
        "share_words": share_words,
        "fix_words": fix_words,
        "late_words": late_words,
        "duration_words": duration_words,
    }


PAGES = (PageRoute("/review", "review.html", _review, ReviewLooked),)
