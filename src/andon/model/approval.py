"""An approval: the owner of a dataset agrees to exactly one change of its code."""

from __future__ import annotations

from andon.base.document import Document


class Approval(Document):
    """What an owner agreed to.

    Attributes:
        change: content id of the code before and after; another edit is another change.
        ref: where it was looked at, a run or a branch; `commit` what that was.
        who, at: who agreed, and when (ISO text).
    """

    dataset: str
    change: str
    ref: str
    commit: str
    who: str
    at: str


class AwaitedApproval(Document):
    """A change of a dataset that waits for its owner."""

    dataset: str
    owner: str
    change: str


class ApprovedDocument(Document):
    """What came of an approval.

    Attributes:
        approved: what may be published from now on.
        waiting: what somebody else must approve of the same change.
    """

    ref: str
    commit: str
    approved: list[Approval]
    waiting: list[AwaitedApproval]
