"""Each question as a line of the log, whoever asked it through which door, and however it ended."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.base.duration import read_duration
from andon.errors import MachineError
from andon.state.queries import QueryRecord

if TYPE_CHECKING:
    from andon.workspace.workspace import Workspace

#: Old lines are dropped after so many new ones, and when a process writes its first.
_FORGET_EVERY = 500
_written = itertools.count()
#: Characters of a text, and of an error, that are kept.
_LONGEST_TEXT, _LONGEST_ERROR = 20_000, 1_000


class QueryEntry:
    """The line of one question, written once.

    Attributes:
        sql: as it is asked. datasets, columns, shape, exact: what is known of it so far; see `QueryRecord`.
        seconds: what it took so far.
    """

    def __init__(self, book: Logbook, sql: str, commit: str, face: str, request: str | None) -> None:
        self.datasets: tuple[str, ...] = ()
        self.columns: tuple[str, ...] | None = None
        self.shape: str | None = None
        self.exact: str | None = None
        self.seconds = 0.0
        self._book = book
        self.sql = sql
        self._commit = commit
        self._face = face
        self._request = request
        self._began = time.perf_counter()

    @property
    def elapsed(self) -> float:
        """Seconds since it was asked."""
        return time.perf_counter() - self._began

    def write(
        self, rows: int | None, bytes: int | None, seconds: float, error: str | None, *, soon: bool = False
    ) -> None:
        """Write it; `soon`: together with others that end now."""
        record = QueryRecord(
            at=self._book.now(),
            who=self._book.who,
            face=self._face,
            sql=_cut(self.sql, _LONGEST_TEXT),
            datasets=self.datasets,
            commit=self._commit,
            seconds=seconds,
            rows=rows,
            error=error and _cut(error, _LONGEST_ERROR),
            columns=self.columns,
            shape=self.shape,
            exact=self.exact,
            bytes=bytes,
            request=self._request,
        )
        self._book.write(record, soon=soon)


class Logbook:
    """The log in the hands of one caller.

    Attributes:
        is_logged: whether what was asked so far is in the log; it is not where the lake can only be read.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.is_logged = True
        self._workspace = workspace

    @property
    def who(self) -> str:
        """Who asks."""
        return self._workspace.caller.author

    def now(self) -> str:
        """The time, as it is written."""
        return to_text(self._workspace.clock())

    def entry(self, sql: str, commit: str, face: str | None = None, request: str | None = None) -> QueryEntry:
        """The line of a question that is asked now."""
        return QueryEntry(self, sql, commit, face or self._workspace.caller.face, request)

    def write(self, record: QueryRecord, *, soon: bool = False) -> None:
        """Write a line; who may read and not write (a shared lake, a read-only disk) can still ask."""
        log = self._workspace.query_log
        try:
            if soon:
                log.add_soon(record, self._missed)
            else:
                log.add(record)
            if next(_written) % _FORGET_EVERY == 0:
                self._forget()
        except MachineError as failure:
            if failure.code not in ("machine.read_only", "machine.disk"):
                raise
            self._missed(failure)

    def _missed(self, _: MachineError) -> None:
        self.is_logged = False

    def _forget(self) -> None:
        """Drop what is older than the setting `query.keep_log` says."""
        kept = read_duration(str(self._workspace.settings.get("query.keep_log")))
        if kept is not None:
            self._workspace.query_log.drop_before(to_text(kept.before(self._workspace.clock())))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}…"
