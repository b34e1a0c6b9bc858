"""What is due: which datasets have to be brought up to date now, by what they promise, and why."""

from __future__ import annotations

from andon.base.document import Document, Documented


class DueDataset(Document):
    """Where a dataset stands against what its `refresh` promises. `rule` is as written; `next` is when time makes it due, if it does."""

    dataset: str
    due: bool
    rule: str
    reason: str
    last: str | None
    next: str | None


class DueDocument(Document):
    """What is due on a branch at `at`; `command` brings it up to date, null where nothing is due."""

    branch: str
    base: str
    at: str
    due: list[DueDataset]
    waiting: list[DueDataset]
    command: str | None


class Due(Documented):
    """What is due on a branch.

    Attributes:
        base: the commit that was looked at.
        at: the time that counts, as text.
        datasets: those that are due and those that wait, by name.
        asked: databases and other systems that are asked when it is done.
    """

    branch: str
    base: str
    at: str
    datasets: tuple[DueDataset, ...]
    asked: tuple[str, ...] = ()

    @property
    def due(self) -> list[DueDataset]:
        """Those that are due."""
        return [each for each in self.datasets if each.due]

    @property
    def waiting(self) -> list[DueDataset]:
        """Those that are not, those whose time comes first before the others."""
        return sorted((each for each in self.datasets if not each.due), key=lambda x: (x.next is None, x.next or ""))

    @property
    def command(self) -> str | None:
        """What brings it up to date, with all that stands above and below it."""
        return f"andon refresh {' '.join(f'+{each.dataset}+' for each in self.due)}" if self.due else None

    def document(self) -> DueDocument:
        """As in `plan --due --json`."""
        return DueDocument.about(self, due=self.due, waiting=self.waiting, command=self.command)
