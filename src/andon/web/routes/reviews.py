"""Reviews: how well the work went."""

from __future__ import annotations

from typing import Any

from andon.model.person import PersonRole
from andon.model.review import ReviewDocument
from andon.service.reviewing import WEEK
from andon.web.asking import OnBranch
from andon.web.endpoint import Endpoint, RouteCall


class ReviewAsked(OnBranch, kw_only=True):
    """Of which branch, and since when.

    Attributes:
        since: how long ago (`7d`, `4w`), or a moment.
    """

    since: str = WEEK


def _review(call: RouteCall) -> Any:
    asked: ReviewAsked = call.query
    return call.service.reviewing.review(asked.since, asked.branch)


ENDPOINTS = (
    Endpoint(
        "GET",
        "/review",
        "review",
        PersonRole.READER,
        "How well the work went: incidents, promises, changes, in numbers that are computed from what was recorded.",
        _review,
        (ReviewDocument,),
        ReviewAsked,
    ),
)
