"""What came of copying a catalog."""

from __future__ import annotations

from andon.base.document import Document


class CatalogCopy(Document):
    """A catalog that was copied into another database, where each row was read back.

    Attributes:
        source, target: where they are, without who asks.
        tables: how many tables of how many rows there are.
        setting: the line of `andon.toml` by which the project goes on with the copy.
    """

    source: str
    target: str
    tables: int
    rows: int
    seconds: float
    setting: str


class CatalogGrants(Document):
    """The SQL by which the owner of a catalog in Postgres lets roles read it, or work in it."""

    place: str
    statements: list[str]
