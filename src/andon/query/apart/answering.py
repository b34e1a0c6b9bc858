"""One question, answered in a process of its own: the gate, an engine that can reach the files of the datasets that were named and no
other, the answer in pieces as they are taken."""

from __future__ import annotations

import contextlib
import gc
import json
import math
import os
import queue
import select
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from andon.engines.duckdb.failures import batches_of, query_error
from andon.engines.duckdb.instance import Instance
from andon.engines.duckdb.reads import columns_read
from andon.engines.duckdb.universe import Universe
from andon.errors import AndonError
from andon.query.apart.line import CANCEL, DATA, MESSAGE, PIECE, Line, LineBrokenError, understood
from andon.query.apart.lines import write_lines
from andon.query.apart.messages import (
    Afterword,
    Ending,
    Grant,
    Greeting,
    Heading,
    Inquiry,
    Order,
    Readout,
    as_relations,
    telling,
)
from andon.query.apart.parts import outlined, part
from andon.query.apart.values import write_rows
from andon.query.asking import NOTES, ask, before, copy, shape_of
from andon.query.gate import Question, permit
from andon.query.limits import NOT_TAKEN, QueryLimits, cancelled, too_long, too_much_memory

#: In the metadata of an Arrow stream: DuckDB's types of the columns, as a JSON list; and in that of its last batch, which is empty then,
#: whether there were more rows than it holds.
TYPES, TRUNCATED = "andon.types", "andon.truncated"
#: Rows of a batch that is sent.
_BATCH = 16_384
#: Rows of a piece; of an answer that somebody looks at the first is small, so that it is soon there.
_ROWS_A_PIECE, _ROWS_TO_SEE, _ROWS_AFTER = 256, 200, 2_000
#: Seconds after which a question counts as a long one, and how far it lets others pass from then on.
_LONG, _NICE = 0.3, 15
_VERY_LONG, _NICER = 5.0, 19
#: One that reads less is answered by one thread: to share such work takes longer than to do it.
_SMALL = 8_000_000
#: A process that nobody asks for so many seconds touches what it will need: a copy of memory is made when it is first touched.
_IDLE = 1.0
#: Address space beside the engine's own memory: what it takes for libraries, threads, and what it does not count.
_BESIDE = 1_500_000_000
_GRACE = 2
#: With more files it takes longer to tell which columns were read.
_FEW_FILES = 64


class Answering:
    """What is loaded once and copied into each process."""

    def __init__(self, isolation: str, guard: str, readable: list[str]) -> None:
        self._isolation = isolation
        self._readable = readable
        if guard not in sys.path:
            sys.path.append(guard)
        self._instance = Instance(threads=1)
        self._taken = 0

    def warm(self) -> None:
        """Do each thing once that takes long when it is first done. Leaves one thread."""
        import duckdb
        import pyarrow

        duckdb.default_connection().close()  # importing it opened one, with threads
        session = self._instance.session()
        session.connection.execute("set global allow_persistent_secrets = false")
        permit("explain select a, count(*) from s.t where b = 1 group by a order by 1 limit 3")
        session.connection.execute("select now(), 1::decimal(3, 1), uuid(), date '2000-01-01'").fetchall()
        reader = session.connection.execute("select 1 as a").to_arrow_reader(10)
        with pyarrow.ipc.new_stream(pyarrow.BufferOutputStream(), reader.schema) as stream:
            for batch in reader:
                stream.write_batch(batch)
        with contextlib.suppress(ImportError):
            import _andon_landlock  # type: ignore[import-not-found] # noqa: F401
        with contextlib.suppress(OSError):  # there is no such file but on Linux
            self._taken = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")

    def _touch(self) -> None:
        permit(
            "select a, count(*) as n, sum(b) from s.t where c = 'x' and d in (1, 2) group by 1 order by 2 desc limit 5"
        )
        connection = self._instance.session().connection
        text = (
            "select x % 10 as a, count(*) as n, max(x::varchar) from range(3000) t(x) where x > 5 group by 1 order by 1"
        )
        connection.execute(text).fetchall()

    def answer(self, end: socket.socket, folder: Path) -> None:
        """Answer the one question that comes from `end`; `folder` is this process's own."""
        line = Line(end)
        gc.disable()  # it would touch all that there is, and there is no time for it to matter
        with contextlib.suppress(LineBrokenError):
            line.tell(Greeting(os.getpid(), self._isolation))
            if not select.select([line.fileno()], [], [], _IDLE)[0]:
                self._touch()
            job = _next(line, Inquiry)
            _limit(job.limits, self._taken)
            _One(self._instance, line, job, folder, self._readable).run()


class _One:
    """The question of this process."""

    def __init__(self, instance: Instance, line: Line, job: Inquiry, folder: Path, readable: list[str]) -> None:
        self._instance = instance
        self._line = line
        self._limits = job.limits
        self._job = job
        self._folder = folder
        self._readable = readable
        self._heard: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._catalog = ""
        self._is_cancelled = False
        self._sending_since: float | None = None

    def run(self) -> None:
        watch = threading.Thread(target=self._listen, daemon=True)
        watch.start()
        threading.Thread(target=self._yield_to_others, daemon=True).start()
        if self._job.only_outline:
            self._line.tell(outlined(self._job.text))
            return
        try:
            text = self._job.text if self._job.part is None else part(self._job.text, self._job.part)
            question = permit(text)
        except AndonError as error:
            self._line.tell(Readout(error=telling(error)))
            return
        tables = tuple((use.name, use.offset) for use in question.tables)
        own = question.text if self._job.part is not None else None
        self._line.tell(Readout(tables, question.parameters, question.shape, question.exact, part=own))
        grant = self._message(Grant)
        try:
            connection = self._asked(question, grant)
            columns, types = shape_of(connection)
        except Exception as error:  # noqa: BLE001 - whatever it is, who asked is told
            self._line.tell(Heading(error=telling(self._problem(error, question, grant))))
            return
        self._line.tell(Heading(tuple(columns), tuple(types)))
        order = self._message(Order, self._limits.patience)
        ending = _Counted()
        try:
            self._give(connection, question, grant, order, ending)
        except LineBrokenError:
            return
        except Exception as error:  # noqa: BLE001 - as above
            found = telling(self._problem(error, question, grant))
            self._line.tell(Ending(ending.rows, ending.bytes, ending.truncated, found))
            return
        self._line.tell(Ending(ending.rows, ending.bytes, ending.truncated))
        self._line.tell(Afterword(self._columns(question, grant)))

    # -- the question

    def _asked(self, question: Question, grant: Grant) -> Any:
        relations = as_relations(grant.nodes, grant.names)
        files = grant.files
        self._folder.mkdir(mode=0o700)
        self._confine(files)
        self._instance.give(
            threads=1 if _size(files) < _SMALL else self._limits.threads,
            memory_limit=f"{self._limits.memory}B",
            temporary=self._folder,
            temp_limit=f"{self._limits.temporary}B",
        )
        self._instance.shut([self._folder], files)
        universe = Universe(self._instance, relations.get)
        universe.ensure(grant.names)
        self._catalog = universe.catalog
        # a session of its own: chance of one that was copied would give all the same; held, as only those are interrupted
        self._session = self._instance.new_session()
        connection = self._session.at(self._catalog)
        ask(connection, question, grant.arguments)
        return connection

    def _confine(self, files: list[str]) -> None:
        """Let the kernel refuse all other files, to this thread and those that it starts."""
        if not sys.platform.startswith("linux"):
            return
        import _andon_landlock

        _andon_landlock.confine([*self._readable, *files], str(self._folder), shared=())

    def _problem(self, error: Exception, question: Question, grant: Grant) -> AndonError:
        import duckdb

        if self._is_cancelled or isinstance(error, duckdb.InterruptException):
            return cancelled()
        if isinstance(error, duckdb.OutOfMemoryException | MemoryError) or "bad_alloc" in str(error):
            return too_much_memory(self._limits)
        return query_error(error, question.select, before(question, grant.arguments))

    # -- the answer

    def _give(self, connection: Any, question: Question, grant: Grant, order: Order, ending: _Counted) -> None:
        most = min((each for each in (order.rows, self._limits.rows) if each is not None), default=None)
        if order.form == "arrow":
            self._arrow(connection, most, ending, order.notes)
        elif order.form in ("rows", "lines"):
            self._rows(connection, order.form, most, ending)
        else:
            path = self._folder / "answer"

            def write(limit: int | None) -> int:
                return copy(connection, question, grant.arguments, path, order.form, limit, order.notes)

            self._file(path, write, most, ending)

    def _rows(self, connection: Any, form: str, most: int | None, ending: _Counted) -> None:
        write = write_rows if form == "rows" else write_lines
        while True:
            piece = _ROWS_A_PIECE if form == "rows" else _ROWS_AFTER if ending.rows else _ROWS_TO_SEE
            wanted = piece if most is None else min(piece, most - ending.rows)
            rows = connection.fetchmany(max(wanted, 1))
            if not rows:
                return
            if wanted <= 0 or self._is_over(ending):
                ending.truncated = True
                return
            self._send(write(rows), ending)
            ending.rows += len(rows)

    def _arrow(self, connection: Any, most: int | None, ending: _Counted, notes: str | None) -> None:
        import pyarrow

        sink = _Sink(lambda piece: self._send(piece, ending))
        types = json.dumps([str(described[1]) for described in connection.description])
        with connection.to_arrow_reader(_BATCH) as reader:
            beside = {NOTES: notes} if notes is not None else {}
            schema = reader.schema.with_metadata({**(reader.schema.metadata or {}), TYPES: types, **beside})
            stream = pyarrow.ipc.new_stream(pyarrow.PythonFile(sink, "w"), schema)
            for batch in filter(len, batches_of(reader)):
                left = len(batch) if most is None else most - ending.rows
                ending.truncated = left < len(batch) or self._is_over(ending)
                if left > 0 and not self._is_over(ending):
                    part = batch.slice(0, left)
                    stream.write_batch(part)
                    ending.rows += len(part)
                if ending.truncated:
                    stream.write_batch(batch.slice(0, 0), custom_metadata={TRUNCATED: "true"})
                    break
            stream.close()
        sink.flush()

    def _file(self, path: Path, write: Callable[[int | None], int], most: int | None, ending: _Counted) -> None:
        rows = write(None if most is None else most + 1)
        if most is not None and rows > most:
            ending.truncated = True
            rows = write(most)
        if self._limits.bytes is not None and path.stat().st_size > self._limits.bytes:
            raise too_long(self._limits)
        ending.rows = rows
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                self._send(piece, ending)

    def _columns(self, question: Question, grant: Grant) -> tuple[str, ...] | None:
        """The columns that were read; not where it would take long to tell, or values stand for parameters."""
        if grant.arguments is not None or len(grant.files) > _FEW_FILES:
            return None
        session = self._instance.new_session()
        return columns_read(session.at(self._catalog), question.select, grant.tables)

    def _is_over(self, ending: _Counted) -> bool:
        return self._limits.bytes is not None and ending.bytes >= self._limits.bytes

    def _send(self, piece: bytes | memoryview, ending: _Counted) -> None:
        if self._is_cancelled:
            raise cancelled()
        self._sending_since = time.monotonic()
        self._line.send(DATA, piece)
        self._sending_since = None
        ending.bytes += len(piece)

    # -- who asked

    def _message(self, kind: Any, patience: float | None = None) -> Any:
        try:
            body = self._heard.get(timeout=patience)
        except queue.Empty:
            os._exit(NOT_TAKEN)
        if body is None:
            raise LineBrokenError
        return understood(kind, body)

    def _listen(self) -> None:
        """Hear what is said while the engine works. When nobody is there any more nothing is left to do."""
        while True:
            try:
                letter, body = self._line.receive()
            except LineBrokenError:
                os._exit(0)
            if letter == CANCEL:
                self._is_cancelled = True
                self._heard.put(None)
                threading.Thread(target=self._interrupt, daemon=True).start()
            else:
                self._heard.put(body)

    def _interrupt(self) -> None:
        while True:  # one that comes before a statement begins is lost
            self._instance.interrupt()
            time.sleep(0.05)

    def _yield_to_others(self) -> None:
        """Let others pass when this takes long; drop an answer that nobody takes."""
        began, steps = time.monotonic(), [(_LONG, _NICE), (_VERY_LONG, _NICER)]
        while True:
            time.sleep(_LONG)
            now, since = time.monotonic(), self._sending_since
            if steps and now - began >= steps[0][0]:
                with contextlib.suppress(OSError):
                    os.setpriority(os.PRIO_PGRP, 0, steps.pop(0)[1])
            if since is not None and now - since > self._limits.patience:
                os._exit(NOT_TAKEN)


class _Counted:
    """What was given so far."""

    rows = 0
    bytes = 0
    truncated = False


class _Sink:
    """A file for Arrow that sends what is written in pieces."""

    closed = False

    def __init__(self, send: Any) -> None:
        self._send = send
        self._held = bytearray()

    def write(self, data: Any) -> int:
        self._held += data
        if len(self._held) >= PIECE // 2:
            self.flush()
        return len(data)

    def flush(self) -> None:
        if self._held:
            held, self._held = self._held, bytearray()
            for at in range(0, len(held), PIECE):
                self._send(memoryview(held)[at : at + PIECE])

    def close(self) -> None:
        """Nothing: the end of the answer is told by itself."""

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False


def _size(files: list[str]) -> int:
    """The bytes of `files`, as far as it matters."""
    return _SMALL if len(files) > _FEW_FILES else sum(Path(file).stat().st_size for file in files)


def _next(line: Line, kind: Any) -> Any:
    letter, body = line.receive()
    if letter != MESSAGE:
        raise LineBrokenError
    return understood(kind, body)


def _limit(limits: QueryLimits, taken: int) -> None:
    """Take no more of the machine than the question may, whatever the engine counts; `taken` is what a process has before it."""
    import resource

    seconds = math.ceil(limits.seconds * limits.threads) + _GRACE
    file = limits.temporary + (limits.bytes or 0)
    for kind, most in ((resource.RLIMIT_CPU, seconds), (resource.RLIMIT_FSIZE, file)):
        resource.setrlimit(kind, (most, most))
    if sys.platform.startswith("linux"):
        most = taken + limits.memory + _BESIDE
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
