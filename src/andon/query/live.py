"""Questions to a database itself: what it says now. Nobody can ask that again, so such an answer is no dataset and no part of one."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from andon.errors import UsageError
from andon.sources.databases.failures import LIVE
from andon.sql.outline import outline
from andon.workspace.engine_settings import temporary

if TYPE_CHECKING:
    from andon.sources.databases.database import RemoteColumn
    from andon.sources.databases.session import DatabaseSession
    from andon.workspace.workspace import Workspace


class LiveAnswer:
    """What a database answers; each reading asks it again.

    Attributes:
        connection: its name.
        columns, types: of the result, as the lake would store it.
        seconds: until it said what it would return.
    """

    def __init__(
        self, session: DatabaseSession, sql: str, found: Sequence[RemoteColumn], place: Path, seconds: float
    ) -> None:
        self.connection = session.connection.name
        self.columns = [column.name for column in found]
        self.types = [column.stored for column in found]
        self.seconds = seconds
        self._session, self._sql, self._found, self._place = session, sql, found, place

    def fetch(self, limit: int | None = None) -> list[tuple[Any, ...]]:
        """Rows as tuples: all, or the first `limit`."""
        return self._session.rows(self._sql, self._found, limit, LIVE)

    def write(self, path: Path, format: str) -> int:
        """Write all rows to `path` as `csv`, `json` or `parquet`; returns how many.

        Raises:
            UsageError: `usage.bad_argument` for another format.
        """
        written = self._place / f"answer.{format}"
        rows = self._session.copy(self._sql, self._found, written, format, LIVE)
        shutil.move(written, path)
        return rows


class Live:
    """An open question; use as a context manager.

    Args:
        connection: a name of `andon.toml`.
        sql: one SELECT in the database's own language.

    Raises:
        DatasetError: there is no such connection, it can't be reached, or the database refuses the question.
        UsageError: `usage.not_one_select`.
    """

    def __init__(self, workspace: Workspace, connection: str, sql: str) -> None:
        said = outline(sql)
        if said.problem is not None:
            message, hint = said.problem[1:]
            raise UsageError("usage.not_one_select", message, where=LIVE, hint=hint)
        self._folder = temporary(workspace.settings, workspace.folder, "live")
        try:
            began = time.perf_counter()
            place = self._folder.path.resolve()
            self._session = workspace.databases.open(connection, writes=[place])
            try:
                found = self._session.describe(said.sql, LIVE)
            except BaseException:
                self._session.close()
                raise
        except BaseException:
            self._folder.close()
            raise
        self.answer = LiveAnswer(self._session, said.sql, found, place, time.perf_counter() - began)

    def __enter__(self) -> LiveAnswer:
        return self.answer

    def __exit__(self, *_: object) -> None:
        with closing(self._session):
            self._folder.close()
