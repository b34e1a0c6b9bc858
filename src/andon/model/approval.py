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


class ChangeToApprove(Document):
    """A change of a dataset that its owner approves, or does not.

    Attributes:
        approval: the one that stands; null while it waits.
    """

    dataset: str
    owner: str
    change: str
    approval: Approval | None


class ApprovalsDocument(Document):
    """What of a run or a branch owners approve before it is published; empty where nobody has to."""

    ref: str
    commit: str
    changes: list[ChangeToApprove]


class DisapprovedDocument(Document):
    """The approvals that were taken back: what they agreed to is not published without another one."""

    ref: str
    commit: str
    withdrawn: list[Approval]


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
