"""Numbers of corrective actions: how many needed no person, how many helped, which one people do again and again. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from andon.base.record import Record
from andon.model.review import RepeatedFix, Share
from andon.operations.review.spread import share


class ReviewedAction(Record):
    """A corrective action that ended.

    Attributes:
        is_by_itself: whether no person decided that it is done.
        is_verified: whether the checks passed after it.
        came_back: whether its incident came back within 7 days.
        kind: of the incident.
    """

    action: str
    dataset: str
    kind: str
    is_by_itself: bool
    at: str
    is_verified: bool
    came_back: bool = False


def automatic(actions: Sequence[ReviewedAction]) -> Share:
    """See `DEFINITIONS["automatic"]`."""
    return share(sum(each.is_by_itself for each in actions), len(actions))


def success(actions: Sequence[ReviewedAction]) -> Share:
    """See `DEFINITIONS["success"]`."""
    own = [each for each in actions if each.is_by_itself]
    return share(sum(each.is_verified and not each.came_back for each in own), len(own))


def repeated_fix(actions: Sequence[ReviewedAction]) -> RepeatedFix | None:
    """See `DEFINITIONS["repeated_fix"]`; None where nothing was done twice."""
    by_hand = [each for each in actions if not each.is_by_itself]
    times = Counter((each.action, each.dataset, each.kind) for each in by_hand)
    if not times:
        return None
    (action, dataset, kind), count = min(times.items(), key=lambda item: (-item[1], item[0]))
    if count < 2:
        return None
    last = max(each.at for each in by_hand if (each.action, each.dataset, each.kind) == (action, dataset, kind))
    return RepeatedFix(action, dataset, kind, count, last)
