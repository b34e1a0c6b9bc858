"""An acceptance: somebody publishes one result in spite of one check, once, and says why."""

from __future__ import annotations

from andon.base.document import Document


class Acceptance(Document):
    """What was accepted, by whom and why. Kept in the commit, as long as the accepted versions are in it.

    Attributes:
        subject: id of the check on the versions that it read (`check_result.subject_key`).
        check: id of the check.
        dataset, label: for people: the check's dataset, and its name or text.
        version: of the dataset; the acceptance is carried on while it is in the commit.
        run: whose result was accepted.
        who, reason, at: author, why, when (ISO text).
    """

    subject: str
    check: str
    dataset: str
    label: str
    version: str
    run: int | None
    who: str
    reason: str
    at: str
