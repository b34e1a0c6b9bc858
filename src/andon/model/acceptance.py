"""An acceptance: somebody publishes one result in spite of one check, once, and says why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from andon.base.record import Record


class Acceptance(Record):
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

    def to_json(self) -> dict[str, Any]:
        """As stored in a commit and shown with `--json`."""
        return {
            "subject": self.subject,
            "check": self.check,
            "dataset": self.dataset,
            "label": self.label,
            "version": self.version,
            "run": self.run,
            "who": self.who,
            "reason": self.reason,
            "at": self.at,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Acceptance:
        """Inverse of `to_json`."""
        return cls(**value)
