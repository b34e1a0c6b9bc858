"""What of a run or a branch owners approve, for the pages that show it: who approved, and the button of whoever still may."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.record import Record
from andon.errors import AndonError
from andon.model.approval import ChangeToApprove
from andon.runs.planning.owners import is_owner

if TYPE_CHECKING:
    from andon.web.pages.page import PageCall


class ShownApprovals(Record):
    """Changes that owners approve, as a page shows them.

    Attributes:
        ref: a run or a branch.
        changes: all of them.
        mine: those that whoever looks may approve now; `given` those that they may take back.
    """

    ref: str
    changes: tuple[ChangeToApprove, ...]
    mine: tuple[ChangeToApprove, ...]
    given: tuple[ChangeToApprove, ...]


def shown_approvals(call: PageCall, ref: str) -> ShownApprovals | None:
    """What owners approve of a run or a branch; None where nobody has to, or it is gone."""
    try:
        found = call.service.approving.show(ref).changes
    except AndonError:  # a run that was long ago: nothing of it is left to approve
        return None
    own = [each for each in found if call.may_change and is_owner(each.owner, call.asking.person.name)]
    mine = tuple(each for each in own if each.approval is None)
    given = tuple(each for each in own if each.approval is not None)
    return ShownApprovals(ref, tuple(found), mine, given) if found else None
