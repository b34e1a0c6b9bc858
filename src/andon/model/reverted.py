"""What an undo or a redo did."""

from __future__ import annotations

from andon.base.document import UNSET, Document, Documented, UnsetType
from andon.model.commit import Cause, CauseDocument, Commit, CommitKind


class RevertedDocument(Document, kw_only=True):
    """What an undo or a redo did."""

    branch: str
    commit: str
    undone: str | UnsetType = UNSET
    redone: str | UnsetType = UNSET
    message: str
    datasets: list[str]
    rejected: list[CauseDocument]


class Reverted(Documented):
    """What an undo or redo did.

    Attributes:
        commit: the new commit.
        target: the publish that was taken back (or, for a redo, brought again).
        datasets: what changed for readers.
        rejected: causes that are kept out from now on.
    """

    branch: str
    commit: Commit
    target: Commit
    datasets: tuple[str, ...]
    rejected: tuple[Cause, ...]

    def document(self) -> RevertedDocument:
        """As in `undo --json` and `redo --json`."""
        is_undo = self.commit.kind is CommitKind.UNDO
        return RevertedDocument.about(
            self,
            commit=self.commit.id,
            undone=self.target.id if is_undo else UNSET,
            redone=UNSET if is_undo else self.target.id,
            message=self.target.message,
            rejected=[CauseDocument.about(c) for c in self.rejected],
        )
