"""A named way to a database, as `andon.toml` states it. Secrets in it are references; what they stand for is never kept."""

from __future__ import annotations

from andon.base.record import Record


class Connection(Record):
    """One table `[connections.NAME]`.

    Attributes:
        kind: which kind of database it is, one of `settings.connections.KINDS`.
        options: its other entries as texts, references (`${env:NAME}`) as written.
        at_once: how many scheduled runs ask it at the same time; None: any number.
    """

    name: str
    kind: str
    options: tuple[tuple[str, str], ...] = ()
    at_once: int | None = None
