"""A file as a package index tells of it."""

from __future__ import annotations

from andon.base.record import Record


class IndexFile(Record):
    """A file of a package. `yanked` is the reason why it was ("" where none was given), None where it was not."""

    name: str
    url: str
    sha256: str | None
    yanked: str | None = None
