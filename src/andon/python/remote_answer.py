"""The answer to a query of a served lake."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from andon.base.document import from_json
from andon.errors import MachineError
from andon.python.server_link import ServerLink, no_server
from andon.service.trust import TrustNote

#: So many rows become tuples at a time, where they are taken one by one.
_ROWS = 10_000
#: What a server says in the metadata of an Arrow stream (`query/apart/answering.py`).
_TYPES, _TRUNCATED = b"andon.types", b"andon.truncated"


class _CommitRead:
    """The commit that an answer read."""

    def __init__(self, id: str) -> None:
        self.id = id


class RemoteAnswer:
    """The answer to a query of a served lake: read as one Arrow stream, kept, and given in the form that is asked for.

    Attributes:
        commit: that was read. columns, types: of the result (DuckDB types). seconds: until the first rows were there.
        notes: what is known of what it read, as many as the server could tell.
        truncated: whether the server gave only a part of the rows; then it warns.
    """

    def __init__(self, link: ServerLink, asked: Mapping[str, Any]) -> None:
        import pyarrow

        self.truncated = False
        batches = []
        with link.stream("/queries", asked) as reply:
            self.commit = _CommitRead(str(reply.headers["Andon-Commit"]))
            self.notes = from_json(list[TrustNote], json.loads(reply.headers.get("Andon-Notes", "[]")))
            self.seconds = float(reply.headers["Andon-Seconds"])
            with _whole(link.url), pyarrow.ipc.open_stream(reply.read()) as reader:
                for batch, said in reader.iter_batches_with_custom_metadata():
                    batches.append(batch)
                    self.truncated = said is not None and said.get(_TRUNCATED) == b"true"
                schema = reader.schema
        known = dict(schema.metadata or {})
        if _TYPES not in known:
            raise no_server(link.url, 200)
        self.types: list[str] = json.loads(known.pop(_TYPES))
        self._table = pyarrow.Table.from_batches(batches, schema).replace_schema_metadata(known or None)
        self.columns = list(self._table.column_names)
        if self.truncated:
            warnings.warn(
                f"only the first {len(self._table):,} rows: the server gives no more of one query", stacklevel=4
            )

    def fetch(self, limit: int | None = None) -> list[tuple[Any, ...]]:
        """Rows as tuples: all, or the first `limit`."""
        table = self._table if limit is None else self._table.slice(0, limit)
        return list(zip(*(column.to_pylist() for column in table.columns), strict=True))

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Rows as tuples."""
        for batch in self._table.to_batches(_ROWS):
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)

    def batches(self, size: int) -> Iterator[Any]:
        """Rows as `pyarrow.RecordBatch` of at most so many."""
        return iter(self._table.to_batches(size))

    def arrow(self) -> Any:
        """A `pyarrow.Table`."""
        return self._table

    def df(self) -> Any:
        """A pandas data frame. Raises as `Answer.df`."""
        from andon.query.ask import require_frames

        require_frames("pandas")
        return self._table.to_pandas()

    def pl(self) -> Any:
        """A Polars data frame. Raises as `Answer.pl`."""
        from andon.query.ask import require_frames

        require_frames("polars")
        import polars

        return polars.from_arrow(self._table)


@contextmanager
def _whole(url: str) -> Iterator[None]:
    """While an answer is read: what breaks off is told.

    Raises:
        MachineError: `machine.server`.
    """
    import pyarrow
    import urllib3

    try:
        yield
    except (pyarrow.ArrowInvalid, OSError, urllib3.exceptions.HTTPError) as error:
        raise MachineError(
            "machine.server",
            "the answer ended before its last row: the query was stopped on its way, or the connection was lost",
            where=url,
            hint="ask again, or for less at a time: a server limits time, memory and rows of each query",
            retryable=True,
        ) from error
