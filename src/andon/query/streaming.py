"""An answer on its way from the process that works it out: read in pieces as they come, so that none of it piles up here."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from andon.base.cancel import Cancelled, CancelToken
from andon.base.record import Record, replace
from andon.errors import AndonError, MachineError, UsageError
from andon.model.commit import Commit
from andon.query.apart.line import DATA, LineBrokenError, understood
from andon.query.apart.messages import (
    Afterword,
    Ending,
    Grant,
    Greeting,
    Heading,
    Inquiry,
    Order,
    Outlined,
    Readout,
    as_nodes,
    raised,
)
from andon.query.apart.values import read_rows
from andon.query.asking import arguments_of, check_names
from andon.query.gate import check_length
from andon.query.limits import NOT_TAKEN, QueryLimits, cancelled, not_taken, too_much_time
from andon.query.turns import it_ends
from andon.query.workers import Worker, Workers
from andon.sql.uses import TableUse

if TYPE_CHECKING:
    from andon.engines.duckdb.parameters import Parameters
    from andon.engines.relation import Relation
    from andon.query.logged import QueryEntry

#: After a person asked a query to stop, so many seconds until its process is ended.
_CANCEL_GRACE = 0.7
_AFTERWORD = 0.25
_NOT_READ = "the answer was not read to its end"
#: For a process to be there: the first one loads much.
_START = 60.0

T = TypeVar("T", bound=Record)


class Talk:
    """What is said with a worker about one question, within its time: only what is waited for counts."""

    def __init__(self, worker: Worker, limits: QueryLimits) -> None:
        self.worker = worker
        self.limits = limits
        self._left = limits.seconds
        self._is_late = False
        self._is_cancelled = False
        self._lock = threading.Lock()

    def say(self, message: Record) -> None:
        """Send a message.

        Raises:
            AndonError: why the worker is gone.
        """
        try:
            self.worker.line.tell(message)
        except LineBrokenError:
            raise self._gone() from None

    def hear(self, kind: type[T]) -> T:
        """The message of this type that comes next. Raises as `next`."""
        letter, body = self.next()
        try:
            if letter == DATA:
                raise LineBrokenError
            return understood(kind, body)
        except LineBrokenError:
            raise self._gone() from None

    def next(self) -> tuple[bytes, bytes]:
        """What comes next: its letter and its body.

        Raises:
            AndonError: the query was stopped because of its time, was cancelled, or its process is gone.
        """
        began = time.monotonic()
        try:
            return self.worker.line.receive(max(self._left, 0.001))
        except LineBrokenError:
            raise self._gone() from None
        except TimeoutError:
            self._is_late = True
            self._stop(self.limits.grace)
            return self._last()
        finally:
            self._left -= time.monotonic() - began

    def afterword(self) -> tuple[str, ...] | None:
        """The columns that were read, if the worker tells in time: the answer is there, and nothing hangs on that."""
        try:
            return understood(Afterword, self.worker.line.receive(_AFTERWORD)[1]).columns
        except (LineBrokenError, TimeoutError):
            return None

    def cancel(self) -> None:
        """Stop it; whoever waits for it is told within a second."""
        with self._lock:
            if self._is_cancelled:
                return
            self._is_cancelled = True
        self._stop(min(self.limits.grace, _CANCEL_GRACE))

    @property
    def is_late(self) -> bool:
        """Whether it was stopped because of its time."""
        return self._is_late

    def _stop(self, grace: float) -> None:
        self.worker.line.cancel()
        ending = threading.Timer(grace, self.worker.kill)
        ending.daemon = True
        ending.start()

    def _last(self) -> tuple[bytes, bytes]:
        try:
            return self.worker.line.receive(self.limits.grace + _START)
        except (LineBrokenError, TimeoutError):
            raise self._gone() from None

    def _gone(self) -> AndonError:
        if self._is_late:
            return too_much_time(self.limits)
        if self._is_cancelled:
            return cancelled()
        if self.worker.is_closed:
            return it_ends()
        return _ended(self.worker.how_it_ended(), self.limits)


def _ended(status: int | None, limits: QueryLimits) -> AndonError:
    import signal

    if status == NOT_TAKEN:
        return not_taken(limits)
    how = "ended"
    if status is not None and status < 0:
        if status == -signal.SIGXCPU:
            return too_much_time(limits)
        how = f"was ended by {signal.Signals(-status).name}"
    return MachineError(
        "machine.worker",
        f"the process that answered the query {how}",
        where="query",
        hint="ask again; if it ends again, ask for less at a time: it may need more memory than the machine has",
        retryable=True,
    )


def greeted(workers: Workers, who: str, limits: QueryLimits, cancel: CancelToken) -> Talk:
    """A worker that is there, and the talk with it.

    Raises:
        MachineError: `machine.busy`, `machine.worker` if none can be started.
        UsageError: `usage.query_cancelled` before it was its turn.
    """
    for _ in range(2):
        try:
            worker = workers.worker(who, cancel)
        except Cancelled:
            raise cancelled() from None
        try:
            _, body = worker.line.receive(_START)
            understood(Greeting, body)
        except (LineBrokenError, TimeoutError):
            last = worker.nursery_says()
            worker.release()
            continue
        # who asks while others are answered shares the cores with them
        return Talk(worker, replace(limits, threads=max(limits.threads // max(workers.running, 1), 1)))
    raise MachineError(
        "machine.worker",
        f"the processes that answer queries can't be started{f': {last}' if last else ''}",
        hint="`andon doctor` looks at the machine; `andon query` asks without them",
    )


class Streamed:
    """An answer on its way. It is read once, by one of `arrow`, `rows`, `lines`, `csv`, `json` and `parquet`; what is not read is dropped
    by `close`, or when it is collected.

    Attributes:
        sql: the query. commit: the commit that was read. datasets: what was read.
        columns, types: of the result (DuckDB types).
        seconds: until the first rows were there.
        truncated: whether there are more rows than were given, known when all were read.
        rows_read, bytes_read: what came so far; of rows, when all were read.
    """

    def __init__(
        self,
        talk: Talk,
        heading: Heading,
        sql: str,
        commit: Commit,
        datasets: tuple[str, ...],
        seconds: float,
        entry: QueryEntry,
        cancel: CancelToken,
    ) -> None:
        self.sql = sql
        self.commit = commit
        self.datasets = datasets
        self.columns = list(heading.columns)
        self.types = list(heading.types)
        self.seconds = seconds
        self.truncated = False
        self.rows_read = 0
        self.bytes_read = 0
        self._talk = talk
        self._entry = entry
        self._cancel = cancel
        self._is_done = False
        self._is_ordered = False
        self._lock = threading.Lock()

    def __enter__(self) -> Streamed:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if self.__dict__.get("_is_done") is False:
            self._talk.worker.release()

    def arrow(self) -> Iterator[bytes]:
        """The Arrow IPC stream, in pieces as they come."""
        return self._pieces("arrow")

    def lines(self) -> Iterator[bytes]:
        """Rows as lines of JSON, each an array of rows: for a page that shows them while they come."""
        return self._pieces("lines")

    def csv(self) -> Iterator[bytes]:
        """A CSV file with a line of names, in pieces. Raises as `file`."""
        return self.file("csv")

    def json(self) -> Iterator[bytes]:
        """A JSON file, one array of objects, in pieces. Raises as `file`."""
        return self.file("json")

    def parquet(self) -> Iterator[bytes]:
        """A Parquet file, in pieces. Raises as `file`."""
        return self.file("parquet")

    def file(self, form: str, notes: str | None = None) -> Iterator[bytes]:
        """A file in the format `csv`, `json`, `parquet` or `arrow` (a stream), in pieces.

        Args:
            notes: what Arrow and Parquet hold beside the rows (JSON).

        Raises:
            UsageError: `usage.bad_argument` for another format, or for columns of one name where only names tell them apart.
        """
        check_names(self.columns, form)
        return self._pieces(form, notes=notes)

    def rows(self, limit: int | None = None) -> list[tuple[Any, ...]]:
        """Rows as tuples: all, or the first `limit`; the values that `Answer.fetch` gives.

        Raises:
            AndonError: what came in between.
        """
        found: list[tuple[Any, ...]] = []
        for piece in self._pieces("rows", limit):
            try:
                found += read_rows(piece)
            except ValueError:
                raise self._failed(_ended(None, self._talk.limits)) from None
        return found

    def cancel(self) -> None:
        """Stop the query, from any thread: who reads the answer gets `usage.query_cancelled` within a second."""
        self._talk.cancel()

    def close(self) -> None:
        """Drop what was not read."""
        self._end(None, _NOT_READ)

    def _pieces(self, form: str, limit: int | None = None, notes: str | None = None) -> Iterator[bytes]:
        with self._lock:
            if self._is_ordered:
                raise UsageError(
                    "usage.bad_argument", "the answer was read already: it is on its way once", hint="ask again"
                )
            self._is_ordered = True
        return self._read(Order(form, limit, notes))

    def _read(self, order: Order) -> Iterator[bytes]:
        is_whole = False
        try:
            with self._cancel.calling(self._talk.cancel):
                yield from self._told(order)
            is_whole = True
        except LineBrokenError:
            raise self._failed(_ended(None, self._talk.limits)) from None
        except AndonError as error:
            raise self._failed(error) from None
        finally:
            self._end(self.rows_read if is_whole else None, None if is_whole else _NOT_READ)

    def _told(self, order: Order) -> Iterator[bytes]:
        self._talk.say(order)
        while True:
            letter, body = self._talk.next()
            if letter == DATA:
                self.bytes_read += len(body)
                yield body
                continue
            ending = understood(Ending, body)
            self.rows_read, self.truncated = ending.rows, ending.truncated
            if ending.error is not None:
                raise self._meant(raised(ending.error))
            self._entry.columns = self._talk.afterword()
            return

    def _meant(self, error: AndonError) -> AndonError:
        return meant(error, self._talk)

    def _failed(self, error: AndonError) -> AndonError:
        try:
            error = self._talk.worker.told(error)
        finally:
            self._end(None, error.message)
        return error

    def _end(self, rows: int | None, error: str | None) -> None:
        with self._lock:
            if self._is_done:
                return
            self._is_done = True
        self._talk.worker.release()
        self._entry.write(rows, self.bytes_read, self._entry.elapsed, error, soon=True)


def meant(error: AndonError, talk: Talk) -> AndonError:
    """A query that is late is cancelled; what that was for is said."""
    if error.code == "usage.query_cancelled" and talk.is_late:
        return too_much_time(talk.limits)
    return error


def begin(
    workers: Workers,
    who: str,
    limits: QueryLimits,
    text: str,
    commit: Commit,
    entry: QueryEntry,
    parameters: Parameters | None,
    resolve: Callable[[Sequence[TableUse]], Mapping[str, Relation]],
    cancel: CancelToken,
    part: str | None = None,
) -> Streamed:
    """The answer to `text`, at its first rows. It is read by a worker; this process reads none of it.

    Args:
        resolve: what the names in it stand for; raises for a name that stands for nothing.
        cancel: stops it until it was read.
        part: the name of a CTE of it that is asked alone.

    Raises:
        AndonError: see `Querying.stream`.
    """
    talk: Talk | None = None
    try:
        check_length(text)
        talk = greeted(workers, who, limits, cancel)
        with cancel.calling(talk.cancel):
            heading = _heading(talk, Inquiry(text, talk.limits, part), entry, parameters, resolve)
    except BaseException as error:
        said = error
        if talk is not None:
            try:
                said = talk.worker.told(error) if isinstance(error, AndonError) else error
            finally:
                talk.worker.release()
        message = said.message if isinstance(said, AndonError) else type(said).__name__
        entry.write(None, None, entry.elapsed, message, soon=True)
        if said is error:
            raise
        raise said from error

    return Streamed(talk, heading, entry.sql, commit, entry.datasets, entry.elapsed, entry, cancel)


def outline(workers: Workers, who: str, text: str) -> Outlined:
    """What a text is made of. It is read by a worker, as a question is.

    Raises:
        UsageError: `usage.query_limit` for a text that is too long.
        MachineError: as `begin`.
    """
    check_length(text)
    talk = greeted(workers, who, workers.limits, CancelToken())
    try:
        talk.say(Inquiry(text, talk.limits, only_outline=True))
        return talk.hear(Outlined)
    finally:
        talk.worker.release()


def _heading(
    talk: Talk,
    inquiry: Inquiry,
    entry: QueryEntry,
    parameters: Parameters | None,
    resolve: Callable[[Sequence[TableUse]], Mapping[str, Relation]],
) -> Heading:
    talk.say(inquiry)
    readout = talk.hear(Readout)
    if readout.error is not None:
        raise meant(raised(readout.error), talk)
    entry.shape, entry.exact = readout.shape, readout.exact
    if readout.part is not None:
        entry.sql = readout.part
    relations = resolve([TableUse(name, offset) for name, offset in readout.tables])
    nodes, names = as_nodes(relations)
    talk.say(Grant(nodes, names, arguments_of(readout.parameters, parameters)))
    heading = talk.hear(Heading)
    if heading.error is not None:
        raise meant(raised(heading.error), talk)
    return heading
