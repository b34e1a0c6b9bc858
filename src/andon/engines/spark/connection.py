"""One session with a Spark Connect endpoint, of one run. The client is heavy, and loaded when first asked."""

from __future__ import annotations

import re
import threading
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from andon.base.record import Record
from andon.base.text import plural, size
from andon.engines.spark.client import client_session
from andon.engines.spark.settings import SparkSettings
from andon.engines.spark.translation.spark_sql import SESSION, SparkServer
from andon.errors import DatasetError

#: What always holds in a session.
_CONF: Mapping[str, str] = {
    **SESSION,
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.fieldId.write.enabled": "false",
    "spark.sql.parquet.compression.codec": "zstd",
}
#: Milliseconds between two looks for a connection that was lost, at most; seconds that one may take; more of them than anybody waits for.
_LONGEST, _ONE_TRY, _TRIES = 5000, 25.0, 100_000
#: What Apache Spark, and what is built of it, says of its version: with the commit that it is made of.
_OF_APACHE = re.compile(r"\d+\.\d+\S* [0-9a-f]{7,}")
#: Seconds for which an endpoint is asked to stop, before nothing more is heard of it.
_ASKED = 2.0
#: The same, where it is told that it is needed no more.
_LEFT = 4.0


class SparkLine(Record, eq=False):
    """How a session is asked by its protocol.

    Attributes:
        channel: of the client.
        metadata: goes with each question.
        session, user: by which the endpoint knows it.
    """

    channel: Any
    metadata: tuple[tuple[str, str], ...]
    session: str
    user: str | None


class SparkConnection:
    """Safe under threads: tasks share the session, each with views of its own."""

    def __init__(self, settings: SparkSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._session: Any = None
        self._stopped = threading.Event()
        self._hears = threading.local()

    @property
    def session(self) -> Any:
        """The session, opened when first asked.

        Raises:
            Exception: what the client says.
            InterruptedError: after `interrupt`.
        """
        with self._lock:
            if self._session is None:
                self._session = self._opened()
            if self._stopped.is_set():  # `interrupt` found no session yet
                raise InterruptedError
            return self._session

    def version(self) -> str:
        """The version of the endpoint.

        Raises:
            DatasetError: `engine.not_set` where somebody else answers than the settings say.
        """
        said = str(self.session.sql("select version() as v").toArrow().column(0)[0].as_py())
        found = SparkServer.APACHE if _OF_APACHE.match(said) else SparkServer.SAIL
        if found is not self._settings.server:
            raise DatasetError(
                "engine.not_set",
                f"at {self._settings.shown} answers {found}, and the SQL is translated for {self._settings.server}",
                hint=f'write `server = "{found}"` below `[engines.spark]`',
            )
        return said.partition(" ")[0]

    def view(self, name: str, files: Sequence[str], schema: str) -> None:
        """Make a view over Parquet files; `forget` takes it away."""
        self.session.read.schema(schema).parquet(*files).createOrReplaceTempView(name)

    def over(self, name: str, sql: str) -> None:
        """Make a view over others."""
        self.session.sql(sql).createOrReplaceTempView(name)

    def line(self) -> SparkLine:
        """The session, for who speaks its protocol."""
        client = self.session.client
        return SparkLine(client._channel, tuple(client._builder.metadata()), client._session_id, client._user_id)

    def over_plan(self, name: str, plan: bytes) -> Any:
        """Make a view over a relation of the protocol; gives its columns as Spark types them."""
        from pyspark.sql.connect.proto import commands_pb2, relations_pb2

        command = commands_pb2.Command()
        view = command.create_dataframe_view
        view.name, view.replace = name, True
        view.input.CopyFrom(relations_pb2.Relation.FromString(plan))
        self.session.client.execute_command(command)
        return self.session.table(name).schema

    def forget(self, name: str) -> None:
        """Take a view away."""
        self.session.catalog.dropTempView(name)

    def columns(self, sql: str) -> list[tuple[str, str]]:
        """Names and Spark types of what Spark SQL returns; nothing is computed."""
        return [(field.name, field.dataType.simpleString()) for field in self.session.sql(sql).schema.fields]

    def write(
        self, sql: str, listed: Sequence[str], place: str, told: Callable[[str], None] | None = None
    ) -> dict[str, int]:
        """Compute Spark SQL, and write its columns as `c0`, `c1`, … into a folder; each item of `listed` is one of them.

        Args:
            told: hears how far it is.

        Returns:
            What it took, as far as the endpoint says: stages, tasks, bytes read.
        """
        rows = self.session.sql(sql).toDF(*(f"c{at}" for at in range(len(listed))))
        self._hears.told, self._hears.took = told, {}
        try:
            rows.selectExpr(*listed).write.mode("overwrite").parquet(place)
            return dict(self._hears.took)
        finally:
            self._hears.told = None

    def _moved(self, *, stages: Any, **_: Any) -> None:
        """Hear of this thread's job from the client."""
        found = list(stages or ())
        if not found:
            return
        tasks, done = sum(stage.num_tasks for stage in found), sum(stage.num_completed_tasks for stage in found)
        read = sum(stage.num_bytes_read for stage in found)
        self._hears.took = {"stages": len(found), "tasks": tasks, "bytes_read": read}
        told = getattr(self._hears, "told", None)
        if told is not None:
            over = sum(bool(stage.done) for stage in found)
            told(f"{over} of {plural(len(found), 'stage')}, {done} of {plural(tasks, 'task')}, {size(read)} read")

    def leave(self, work: Callable[[], None]) -> None:
        """Do what the endpoint is told last, and wait for it no longer than for one that is away: Sail hears nothing while it computes."""

        def told() -> None:
            with suppress(Exception):  # it is away, and has nothing to forget
                work()

        thread = threading.Thread(target=told, daemon=True)
        thread.start()
        thread.join(_LEFT)

    @property
    def is_stopped(self) -> bool:
        """Whether it begins nothing more."""
        return self._stopped.is_set()

    def interrupt(self) -> None:
        """Stop all that runs, and begin nothing more; it waits for no endpoint that is away."""
        self._stopped.set()
        session = self._session
        if session is None:
            return

        def ask() -> None:
            with suppress(Exception):  # it is away, or was never there: what waits for it is cut off
                session.interruptAll()

        def stop() -> None:
            asked = threading.Thread(target=ask, daemon=True)
            asked.start()
            asked.join(_ASKED)
            # its own `close` waits first for what the endpoint does not answer
            getattr(session.client, "_channel", session.client).close()

        threading.Thread(target=stop, daemon=True).start()

    def close(self) -> None:
        """Leave the session."""
        with self._lock:
            session, self._session = self._session, None
        if session is None or self._stopped.is_set():
            return
        self.leave(session.stop)

    def _opened(self) -> Any:
        session = client_session()(self._settings.url)
        session.client.set_retry_policies([patience(self._settings.patience, self._stopped.is_set)])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Sail advises against settings that only say what it does anyway
            for name, value in _CONF.items():
                session.conf.set(name, value)
        session.registerProgressHandler(self._moved)
        return session


def patience(seconds: float, is_over: Callable[[], bool]) -> Any:
    """How the client looks for a connection that was lost: again and again for so long, or until it is over."""
    from pyspark.sql.connect.client.retries import DefaultPolicy

    class Patience(DefaultPolicy):
        def __init__(self) -> None:
            super().__init__(
                max_retries=_TRIES,
                initial_backoff=50,
                max_backoff=_LONGEST,
                backoff_multiplier=2.0,
                jitter=0,
                min_jitter_threshold=_LONGEST,
            )
            self._lost = threading.local()

        def can_retry(self, exception: BaseException) -> bool:
            if is_over() or not super().can_retry(exception):
                return False
            now = time.monotonic()
            first, last = getattr(self._lost, "times", (now, now))
            # what failed long ago is another loss
            first = now if now - last > _LONGEST / 1000 + _ONE_TRY else first
            self._lost.times = first, now
            return now - first < seconds

    return Patience()
