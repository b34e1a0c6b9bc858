"""The port of engines that answer queries over the lake's tables where these lie, though they are not embedded.

They answer only what they are known to answer as the embedded engine does; all else they refuse, and who asked goes there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from andon.base.record import Record, field
from andon.engines.engine import Types
from andon.engines.relation import Relation
from andon.model.dataset import Definition


class NotAnswered(Exception):
    """A query is not known to be answered as the embedded engine does, or could not be; the message says why."""


class AskedTables(Record):
    """What queries read.

    Attributes:
        definition: of the dataset that they are about.
        moment: the logical time; aware.
        tables: relations by the names that queries have for them, `schema.table`.
        columns: their columns, by the same names.
        macros: what queries may call, in an order in which they can be made.
    """

    definition: Definition
    moment: datetime
    tables: Mapping[str, Relation]
    columns: Mapping[str, Types]
    macros: Sequence[str] = field(default_factory=tuple)


class AnswerSession(Protocol):
    """Queries over the tables of one question; for use by one thread."""

    def said(self, sql: str) -> str:
        """A query of the embedded engine's SQL as this engine is asked it; nothing is computed.

        Raises:
            NotAnswered: it is not known to give the same.
        """
        ...

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What the query gives, in values of Python as the embedded engine gives them.

        Raises:
            NotAnswered: it is not known to give the same, or failed.
            Cancelled: the engine was stopped.
        """
        ...

    def keep(self, name: str, sql: str) -> str:
        """Keep what a query gives as a table that later queries read under `name`, with columns `c0`, `c1`, …, until the session ends.

        Returns:
            what stands after FROM for the embedded engine: the same rows, their columns named as the query names them.

        Raises:
            NotAnswered, Cancelled: as `rows`.
        """
        ...


@runtime_checkable
class Answers(Protocol):
    """An engine that answers; called from several threads at once."""

    def answering(self, asked: AskedTables) -> AbstractContextManager[AnswerSession]:
        """Ways to ask about some tables, for as long as the block runs. Nothing is asked before the first query."""
        ...


class AnsweredBy(Record):
    """Who is asked about a dataset that is not the embedded engine's.

    Attributes:
        name: of the engine.
        engine: itself; None where it can't be asked, for the reason in `why`.
    """

    name: str
    engine: Answers | None
    why: str = ""


#: Gives who is asked about a dataset where so many bytes are read for it; None: the embedded engine.
AskedAbout = Callable[[Definition, int], AnsweredBy | None]
