"""The nine principles, as a team may hang them on a wall."""

from __future__ import annotations

from andon.errors import UsageError
from andon.render.principles import LINE_HEIGHT, LINE_WIDTH, beside, figure, out_of, points, trend_words
from andon.service.costs import MONTH
from andon.web.asking import OnBranch
from andon.web.pages.page import PageCall, PageRoute, Shown

#: Times that are offered: what the address says, and the word.
TIMES = (("7d", "A week"), (MONTH, "A month"), ("3 mo", "Three months"))


class PrinciplesLooked(OnBranch, kw_only=True):
    """Of which branch, and since when.

    Attributes:
        since: how long ago, or a moment.
    """

    since: str = MONTH


def _principles(call: PageCall) -> Shown:
    asked: PrinciplesLooked = call.query
    problem = None
    try:
        found = call.service.scorecards.scorecard(asked.since, asked.branch)
    except UsageError as error:
        problem, found = error, call.service.scorecards.scorecard(MONTH, None)
    return {
        "found": found,
        "problem": problem,
        "since": asked.since if problem is None else MONTH,
        "times": TIMES,
        "figure": figure,
        "beside": beside,
        "out_of": out_of,
        "points": points,
        "trend_words": trend_words,
        "line": (LINE_WIDTH, LINE_HEIGHT),
    }


PAGES = (PageRoute("/principles", "principles.html", _principles, PrinciplesLooked),)
