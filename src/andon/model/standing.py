"""What is said of a dataset for those who use it: its known limits, whether it ends, who vouches for it."""

from __future__ import annotations

from andon.base.record import Record


class Caveat(Record, omit_defaults=True):
    """A known limit or bias of a dataset, inherited by what reads it.

    Attributes:
        id: by which a dataset below says that it deals with it (`handles`); made of the text where none is given.
        columns: those that it is about; none: all.
        since: the day from which on it holds (ISO).
    """

    id: str
    text: str
    columns: tuple[str, ...] = ()
    since: str | None = None


class Handling(Record, omit_defaults=True):
    """How a dataset deals with a caveat of what it reads: from here on nobody inherits it.

    Attributes:
        caveat: its id; `schema.dataset/id` where several datasets above have one of that id.
        how: in a sentence.
        line, column: where it stands.
    """

    caveat: str
    how: str
    line: int = 1
    column: int = 1


class Deprecation(Record, omit_defaults=True):
    """That a dataset ends.

    Attributes:
        use: the dataset to use in its place.
        until: the day (ISO) until which it stays.
        why: in a sentence.
        line, column: where `use` stands.
    """

    use: str | None = None
    until: str | None = None
    why: str | None = None
    line: int = 1
    column: int = 1

    def is_over(self, today: str) -> bool:
        """Whether the day until which it stays is past, seen from `today` (ISO)."""
        return self.until is not None and self.until < today

    @property
    def words(self) -> str:
        """That it ends, in a sentence without the dataset's name: until when, why, and what to use."""
        return self.told("")

    def told(self, today: str) -> str:
        """The same, seen from `today` (ISO): of a day that is past it is said so."""
        said = "is deprecated"
        if self.until:
            said += f", and was to go by {self.until}" if self.is_over(today) else f", and stays until {self.until}"
        said += f": {self.why}" if self.why else ""
        return f"{said}; use {self.use}" if self.use else said


class Certification(Record, omit_defaults=True):
    """Who vouches for a dataset, and since when (a day, ISO)."""

    by: str
    on: str | None = None

    @property
    def words(self) -> str:
        """By whom, and since when."""
        return f"{self.by}, since {self.on}" if self.on else self.by
