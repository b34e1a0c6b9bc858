"""The answer to a question, for a program: rows, tables, data frames, files."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from andon.base.text import plural
from andon.query.ask import Answer
from andon.query.asking import NOTES
from andon.service.trust import notes_text

if TYPE_CHECKING:
    from andon.python.remote_answer import RemoteAnswer
    from andon.service.trust import TrustNote

_SHOWN_ROWS = 20


class TrustWarning(UserWarning):
    """Something to know before a frame is trusted that can't hold it itself."""


class Result:
    """The result of a query: rows of one commit, in the form that you want, as often as you want."""

    def __init__(self, answer: Answer | RemoteAnswer, notes: Callable[[], list[TrustNote]]) -> None:
        self._answer = answer
        self._told = notes
        self._rows: list[tuple[Any, ...]] | None = None

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return self._answer.columns

    @property
    def types(self) -> list[str]:
        """DuckDB types of the columns."""
        return self._answer.types

    @property
    def commit(self) -> str:
        """Id of the commit that was read."""
        return self._answer.commit.id

    @cached_property
    def notes(self) -> list[TrustNote]:
        """What to know before the answer is trusted, the worst first: of what it read is held, late, deprecated, without an owner, or has
        a caveat; nothing where all is well. Arrow tables and pandas frames carry it along, as `andon.notes`."""
        return self._told()

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows as tuples."""
        if self._rows is None:
            self._rows = self._answer.fetch()
        return self._rows

    def fetchone(self) -> tuple[Any, ...] | None:
        """The first row, or None."""
        rows = self.fetchall()
        return rows[0] if rows else None

    def df(self) -> Any:
        """A pandas data frame; `notes` lie in its `attrs`, where there are any."""
        frame = self._answer.df()
        if self.notes:
            frame.attrs[NOTES] = [note.to_json() for note in self.notes]
        return frame

    def pl(self) -> Any:
        """A Polars data frame. It holds nothing beside its values, so each of `notes` is a `TrustWarning`."""
        frame = self._answer.pl()
        for note in self.notes:
            warnings.warn(note.words, TrustWarning, stacklevel=2)
        return frame

    def arrow(self) -> Any:
        """A `pyarrow.Table`; `notes` lie in its metadata as JSON, where there are any."""
        table = self._answer.arrow()
        if not self.notes:
            return table
        return table.replace_schema_metadata({**(table.schema.metadata or {}), NOTES: notes_text(self.notes)})

    def batches(self, rows: int = 100_000) -> Iterator[Any]:
        """All rows as one `pyarrow.RecordBatch` of at most `rows` after the other, read as they are taken, so that an answer of any size
        goes through little memory; `notes` as in `arrow`. Of a server's lake the answer is kept whole."""
        beside = {NOTES: notes_text(self.notes)} if self.notes else None
        for batch in self._answer.batches(rows):
            yield (
                batch if beside is None else batch.replace_schema_metadata({**(batch.schema.metadata or {}), **beside})
            )

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self._rows) if self._rows is not None else self._answer.rows()

    def __repr__(self) -> str:
        rows = self.fetchall()
        lines = [" | ".join(self.columns), *(" | ".join(_text(v) for v in row) for row in rows[:_SHOWN_ROWS])]
        more = f"… and {len(rows) - _SHOWN_ROWS:,} more rows\n" if len(rows) > _SHOWN_ROWS else ""
        known = "".join(f"\n{note.words}" for note in self.notes)
        return "\n".join(lines) + f"\n{more}[{plural(len(rows), 'row')} at commit {self.commit[:8]}]{known}"

    def _repr_html_(self) -> str:
        from html import escape

        rows = self.fetchall()
        head = "".join(f"<th>{escape(c)}</th>" for c in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(_text(v))}</td>" for v in row) + "</tr>" for row in rows[:_SHOWN_ROWS]
        )
        first = f"the first {_SHOWN_ROWS} of " if len(rows) > _SHOWN_ROWS else ""
        note = f"{first}{plural(len(rows), 'row')} at commit <code>{self.commit[:8]}</code>"
        known = "".join(f"<br><strong>{escape(each.words)}</strong>" for each in self.notes)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><small>{note}{known}</small>"


def _text(value: Any) -> str:
    return "" if value is None else str(value)
