"""Where a run came from, beside the lake: the state of git in its folder, the machine, the account, and Andon itself."""

from __future__ import annotations

from andon.base.document import UNSET, Document, UnsetType


class GitState(Document):
    """A checkout of git as a run found it.

    Attributes:
        commit: that is checked out; None before the first.
        branch: None on a detached HEAD.
        changed: paths of code, from the project's folder, that were otherwise than in the commit, without those it does not have.
        added: those that it does not have.
        diff: sha256 of what was changed, as it is kept; None where nothing was, or nothing of it could be kept.
        left_out: paths of which the diff says nothing: something looks like a secret, or it would be too long.
    """

    commit: str | None
    branch: str | None
    changed: list[str]
    added: list[str]
    diff: str | None
    left_out: list[str]

    @property
    def is_dirty(self) -> bool:
        """Whether the folder held other code than the commit."""
        return bool(self.changed or self.added)


class Origin(Document):
    """Where a run came from.

    Attributes:
        andon, python: versions.
        platform: system, its release, architecture and C library.
        processor: its model, as the system calls it; empty where it does not.
        user: the account that ran it.
        git: missing where the folder is no checkout, or git could not be asked.
    """

    andon: str
    python: str
    platform: str
    processor: str
    user: str
    git: GitState | UnsetType = UNSET
