"""Queries about the lake's tables that Spark answers: translated as datasets are, and only where no digit may come out otherwise."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from andon.base.cancel import Cancelled
from andon.base.names import quote
from andon.engines.answers import AskedTables, NotAnswered
from andon.engines.engine import Embedded, Recipe, Types
from andon.engines.spark.failures import is_away
from andon.engines.spark.results import listed, read
from andon.engines.spark.staging import Staging
from andon.engines.spark.translation.spark_sql import NotTranslated, SparkServer
from andon.engines.spark.translation.translate import translate
from andon.engines.spark.types import schema_of
from andon.engines.spark.views import Columns, SparkViews
from andon.engines.types import stored_types
from andon.errors import AndonError

if TYPE_CHECKING:
    from collections.abc import Callable

    from andon.engines.spark.connection import SparkConnection
    from andon.engines.spark.places import SparkPlaces


class SparkAnswerSession:
    """See `AnswerSession`.

    Args:
        staging: makes folders for what is kept while the session lasts.
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
        staging: Callable[[], Staging],
        hand_over: Callable[[AskedTables], None],
        is_stopped: Callable[[], bool],
    ) -> None:
        self._asked = asked
        self._connection = connection
        self._server = server
        self._places = places
        self._staging = staging
        self._staged: list[Staging] = []
        self._kept: list[str] = []
        self._columns = dict(asked.columns)
        self._hand_over = hand_over
        self._is_stopped = is_stopped
        self._recipe = Recipe(asked.definition, asked.tables, asked.moment, sql="select 1")
        self._views = SparkViews(connection, places, Columns(embedded, self._recipe), server)
        self._given = self._views.names(asked.tables)
        self._names = dict(self._given)
        self._made = False
        self._away = ""

    def said(self, sql: str) -> str:
        """See `AnswerSession`."""
        return self._translated(sql)[0]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """See `AnswerSession`."""
        text, types = self._translated(sql)
        with self._asked_there():
            table = self._connection.session.sql(text).toArrow()
        return _values(table, types)

    def keep(self, name: str, sql: str) -> str:
        """See `AnswerSession`."""
        text, types = self._translated(sql, is_stored=True)
        staging = self._staging()
        self._staged.append(staging)
        view = f"andon_{secrets.token_hex(8)}"
        with self._asked_there():
            self._connection.write(text, list(listed(types)), self._places.seen(staging.place()))
            files = staging.files()
            named = [(f"c{at}", kind) for at, (_, kind) in enumerate(types)]
            self._connection.view(view, [self._places.seen(staging.place())], schema_of(named))
        self._kept.append(view)
        self._names[name], self._columns[name] = view, named
        return f"({read(files, types)})"

    @contextmanager
    def _asked_there(self) -> Iterator[None]:
        """Whatever is asked within it has the tables, and fails as `AnswerSession` says."""
        if self._away:
            raise NotAnswered(self._away)
        try:
            if not self._made:
                self._connection.version()
                self._hand_over(self._asked)
                self._views.make(self._recipe, self._given)
                self._made = True
            yield
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
        """Take its views and files away."""
        if not self._is_stopped() and not self._away:
            self._views.forget()
            for view in self._kept:
                self._connection.forget(view)
        for staging in self._staged:
            staging.clear()

    def _translated(self, sql: str, *, is_stored: bool = False) -> tuple[str, Types]:
        """The query in Spark SQL, and the columns that it gives; `is_stored`: of types that the lake has."""
        asked, output = self._asked, None
        if is_stored:
            output = stored_types(self._translated(sql)[1])
        try:
            found = translate(
                sql,
                self._columns,
                output,
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
