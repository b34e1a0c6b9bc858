"""The cord: a person holds a dataset, and what is made of it stays as readers see it until somebody lets it go on."""

from __future__ import annotations

from andon.base.document import Document


class Cord(Document):
    """A cord that was pulled.

    Attributes:
        branch, dataset: what is held; all that reads it, directly or not, is held with it.
        reason: what the person said that is wrong.
        who, pulled: who pulled it, and when (ISO text).
        released, released_by, note: when and by whom it was let go on, and what they said; None while it holds.
    """

    number: int
    branch: str
    dataset: str
    reason: str
    who: str
    pulled: str
    released: str | None = None
    released_by: str | None = None
    note: str | None = None

    @property
    def said(self) -> str:
        """Who holds it and why, in a few words."""
        return f"{self.who} holds it: {self.reason}"
