"""Queries about the lake's tables that Spark answers: translated as datasets are, and only where no digit may come out otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from andon.base.cancel import Cancelled
from andon.base.names import quote
from andon.engines.answers import AskedTables, NotAnswered
from andon.engines.engine import Embedded, Recipe, Types
from andon.engines.spark.failures import is_away
from andon.engines.spark.translation.spark_sql import NotTranslated, SparkServer
from andon.engines.spark.translation.translate import translate
from andon.engines.spark.views import Columns, SparkViews
from andon.errors import AndonError

if TYPE_CHECKING:
    from collections.abc import Callable

    from andon.engines.spark.connection import SparkConnection
    from andon.engines.spark.places import SparkPlaces


class SparkAnswerSession:
    """See `AnswerSession`.

    Args:
        hand_over: lets Spark find files that were written just now.
        is_stopped: whether nothing more is to be asked.
    """

    def __init__(
        self,
        asked: AskedTables,
        connection: SparkConnection,
        places: SparkPlaces,
        server: SparkServer,
        embedded: Embedded,
        hand_over: Callable[[AskedTables], None],
        is_stopped: Callable[[], bool],
    ) -> None:
        self._asked = asked
        self._connection = connection
        self._server = server
        self._hand_over = hand_over
        self._is_stopped = is_stopped
        self._recipe = Recipe(asked.definition, asked.tables, asked.moment, sql="select 1")
        self._views = SparkViews(connection, places, Columns(embedded, self._recipe), server)
        self._names = self._views.names(asked.tables)
        self._made = False
        self._away = ""

    def said(self, sql: str) -> str:
        """See `AnswerSession`."""
        return self._translated(sql)[0]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """See `AnswerSession`."""
        text, types = self._translated(sql)
        if self._away:
            raise NotAnswered(self._away)
        try:
            if not self._made:
                self._connection.version()
                self._hand_over(self._asked)
                self._views.make(self._recipe, self._names)
                self._made = True
            return _values(self._connection.session.sql(text).toArrow(), types)
        except Exception as error:
            if self._is_stopped():
                raise Cancelled from error
            if isinstance(error, AndonError):
                raise NotAnswered(error.message) from error
            if is_away(error):
                self._away = "it does not answer"
                raise NotAnswered(self._away) from error
            raise NotAnswered("it failed there") from error  # its own words may quote a value that nobody may see

    def forget(self) -> None:
        """Take its views away."""
        if not self._is_stopped():
            self._views.forget()

    def _translated(self, sql: str) -> tuple[str, Types]:
        asked = self._asked
        try:
            found = translate(
                sql,
                asked.columns,
                server=self._server,
                macros=asked.macros,
                moment=asked.moment,
                views=self._names,
            )
        except NotTranslated as error:
            raise NotAnswered(f"not known to mean the same there: {error.construct}") from error
        if found.notes:  # of a dataset they are told; here nothing may come out otherwise
            raise NotAnswered(min(found.notes))
        return found.text, found.columns


def _values(table: Any, types: Types) -> list[tuple[Any, ...]]:
    """Rows as the embedded engine gives them: it reads them, and casts what has another type there."""
    import duckdb

    items = ", ".join(f"cast({quote(name)} as {kind})" for name, kind in types)
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.register("answered", table)
        return connection.execute(f"select {items} from answered").fetchall()


@contextmanager
def forgotten(answering: SparkAnswerSession) -> Iterator[SparkAnswerSession]:
    """The same, for as long as the block runs; its views are gone afterwards."""
    try:
        yield answering
    finally:
        answering.forget()
