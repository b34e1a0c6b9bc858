"""What was asked before: the log of queries as a person reads it, one line for questions that differ in values alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.document import Document
from andon.state.queries import UNASKED, QueryRecord

if TYPE_CHECKING:
    from andon.workspace.workspace import Workspace

#: So many lines of the log are looked through.
_LOOKED_THROUGH = 2_000


class AskedQuery(Document):
    """A question as it was asked last.

    Attributes:
        at: when. own: whether whoever looks asked it.
        times: how often it was asked, with whatever values.
    """

    sql: str
    who: str
    own: bool
    at: str
    face: str
    commit: str | None
    datasets: list[str]
    seconds: float
    rows: int | None
    bytes: int | None
    error: str | None
    times: int


class QueryHistory:
    """Reads the log of queries for one caller."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def newest(self, limit: int = 50, dataset: str | None = None) -> list[AskedQuery]:
        """Questions, those of whoever looks before those of others, the newest first; `limit` of each.

        Args:
            dataset: only those that read it.
        """
        who = self._workspace.caller.author
        last: dict[tuple[bool, str], QueryRecord] = {}
        times: dict[tuple[bool, str], int] = {}
        for record in self._workspace.query_log.newest(_LOOKED_THROUGH):
            if record.face in UNASKED or (dataset is not None and dataset not in record.datasets):
                continue
            key = (record.who == who, record.shape or record.sql)
            last.setdefault(key, record)
            times[key] = times.get(key, 0) + 1
        found = []
        for own in (True, False):
            keys = [key for key in last if key[0] is own][:limit]
            found += [_asked(last[key], own, times[key]) for key in keys]
        return found


def _asked(record: QueryRecord, own: bool, times: int) -> AskedQuery:
    return AskedQuery.about(record, own=own, times=times, datasets=list(record.datasets))
