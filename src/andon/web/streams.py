"""Answers of queries on their way: rows as a document, or bytes as they come, by what the caller can take."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

import anyio
import anyio.to_thread
from starlette.responses import Response, StreamingResponse

from andon.base.cancel import CancelToken
from andon.base.document import UNSET, Document
from andon.errors import AndonError, UsageError
from andon.render.values import as_json_text
from andon.service.documents import AnswerDocument
from andon.service.trust import TrustNote, notes_text

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Send

    from andon.query.streaming import Streamed
    from andon.web.metrics import Metrics

T = TypeVar("T")
#: What is written of an error.
Told = Callable[[AndonError], Document]
#: Tells what is to be known of what an answer read.
Notes = Callable[["Streamed"], list[TrustNote]]

_log = logging.getLogger("andon.web")

JSON = "application/json"
ARROW = "application/vnd.apache.arrow.stream"
#: What an answer can be given as: media type, and the format's name.
MEDIA = {
    JSON: "json",
    ARROW: "arrow",
    "text/csv": "csv",
    "application/vnd.apache.parquet": "parquet",
    "application/x-ndjson": "lines",
}
#: Answers that somebody reads here and now; the others are files to keep.
_SHOWN = ("json", "arrow", "lines")
#: Rows of a document, where the caller does not say how many.
ROWS_OF_DOCUMENT = 10_000
#: Characters of notes in a header, and of one of them in full.
_HEADER, _LONGEST_NOTE = 4_000, 1_500


class LinesHeading(Document):
    """The first line of an answer in lines; arrays of rows follow."""

    columns: list[str]
    types: list[str]
    commit: str
    datasets: list[str]
    seconds: float


class LinesEnding(Document):
    """The last line of an answer in lines: what came, whether there were more rows than a server gives, what is known of what was read."""

    rows: int
    bytes: int
    truncated: bool
    notes: list[TrustNote]


class Streaming:
    """The answer of a query that is asked when the response is made.

    Args:
        ask: asks it for at most so many rows (None: as many as the server gives), up to its first rows.
        limit: rows that the caller wants at most.
        notes: tells what is to be known of what it read.
        form: what it is given as, where the address says so and not what the caller takes.
    """

    def __init__(
        self,
        ask: Callable[[int | None, CancelToken], Streamed],
        limit: int | None,
        notes: Notes,
        form: str | None = None,
    ) -> None:
        self._ask, self._limit, self._notes, self._form = ask, limit, notes, form

    async def response(
        self, request: Request, limiter: anyio.CapacityLimiter, metrics: Metrics, told: Told
    ) -> Response:
        """The answer in the form that the caller takes.

        Args:
            told: what is written of an error that comes among lines.

        Raises:
            AndonError: what is wrong with the query; after the first bytes went out, the connection is cut.
        """
        form = self._form or accepted(request.headers.get("accept", ""))
        limit = ROWS_OF_DOCUMENT if self._limit is None and form == "json" else self._limit
        cancel = CancelToken()
        try:
            answer = await _while_there(request, cancel, lambda: self._ask(limit, cancel), limiter)
            headers = {"Andon-Commit": answer.commit.id, "Andon-Seconds": f"{answer.seconds:.4f}"}
            known = await _while_there(request, cancel, lambda: _known(answer, self._notes), limiter)
            headers |= _headers(known)
            if form == "json":
                text = await _while_there(request, cancel, lambda: _document(answer, self._notes), limiter)
                metrics.queried("done", answer.rows_read)
                return Response(text, headers=headers, media_type=JSON)
            media = next(media for media, name in MEDIA.items() if name == form)
            parts = _lines(answer, self._notes, told) if form == "lines" else answer.file(form, notes_text(known))
            # what fails before the first byte is told as an error
            first = await _while_there(request, cancel, lambda: next(parts, b""), limiter)
        except AndonError as error:
            metrics.queried(error.code)
            raise
        if form not in _SHOWN or self._form is not None:
            headers["Content-Disposition"] = f'attachment; filename="answer.{form}"'
        body = _chunks(answer, first, parts, cancel, limiter, metrics)
        return _Streamed(body, headers=headers, media_type=media)


class _Streamed(StreamingResponse):
    """Bytes of an answer. Where the query fails on its way there is no last part: the connection is cut, so that nobody takes a part for
    the whole."""

    async def stream_response(self, send: Send) -> None:
        """See Starlette."""
        try:
            await super().stream_response(send)
        except AndonError as error:
            _log.info("an answer was cut: %s", error.message)  # whose query it was finds it in the log of queries


async def _while_there(
    request: Request, cancel: CancelToken, work: Callable[[], T], limiter: anyio.CapacityLimiter
) -> T:
    """What `work` gives, done in a thread; a caller who is gone stops it.

    Raises:
        AndonError: what came in between.
    """
    failed: list[AndonError] = []
    found: list[T] = []

    async def watch() -> None:
        while not await request.is_disconnected():
            await anyio.sleep(0.25)
        cancel.cancel()

    async with anyio.create_task_group() as group:
        group.start_soon(watch)
        try:
            found.append(await anyio.to_thread.run_sync(work, limiter=limiter))
        except AndonError as error:
            failed.append(error)  # raised outside: a group would wrap it
        group.cancel_scope.cancel()
    if failed:
        raise failed[0]
    return found[0]


def _known(answer: Streamed, notes: Notes) -> list[TrustNote]:
    try:
        return notes(answer)
    except AndonError:
        answer.close()
        raise


def _headers(found: list[TrustNote]) -> dict[str, str]:
    """Notes as a header, for forms that hold nothing but rows: JSON in ASCII, the worst first, as many as a header may hold."""
    if not found:
        return {}
    told = [_short(note) for note in found]
    kept: list[str] = []
    size = 0
    for text in told:
        size += len(text) + 2
        if kept and size > _HEADER:
            break
        kept.append(text)
    return {"Andon-Notes": f"[{', '.join(kept)}]", "Andon-Notes-Count": str(len(told))}


def _short(note: TrustNote) -> str:
    text = json.dumps(note.to_json())
    if len(text) <= _LONGEST_NOTE:
        return text
    return json.dumps({**note.to_json(), "what": note.what[:200], "below": note.below[:5], "columns": []})


def _document(answer: Streamed, notes: Notes) -> str:
    with answer:
        rows = [list(row) for row in answer.rows()]
        truncated = True if answer.truncated else UNSET
        seconds = round(answer.seconds, 4)
        head = AnswerDocument(
            answer.columns, answer.types, answer.commit.id, seconds, [], truncated, notes(answer) or UNSET
        )
        return as_json_text({**head.to_json(), "rows": rows}) + "\n"


def _lines(answer: Streamed, notes: Notes, told: Told) -> Iterator[bytes]:
    """An answer line by line: what it has, its rows in arrays, what it came to. What goes wrong on its way is the last line."""
    rows = answer.lines()
    first = next(rows, b"")  # what is wrong with the query is told before anything is
    head = LinesHeading(answer.columns, answer.types, answer.commit.id, list(answer.datasets), round(answer.seconds, 4))
    yield _line(head) + first
    try:
        yield from rows
    except AndonError as error:
        yield as_json_text({"problem": told(error).to_json()}).encode() + b"\n"
        return
    yield _line(LinesEnding(answer.rows_read, answer.bytes_read, answer.truncated, notes(answer)))


def _line(document: Document) -> bytes:
    return as_json_text(document.to_json()).encode() + b"\n"


def accepted(accept: str) -> str:
    """The format that a caller takes, of those that they name the first; JSON where they take anything.

    Raises:
        UsageError: `usage.bad_argument` where there is none.
    """
    wanted = [part.partition(";")[0].strip().lower() for part in accept.split(",") if part.strip()]
    for kind in wanted:
        if kind in MEDIA:
            return MEDIA[kind]
        if kind in ("*/*", "application/*"):
            return "json"
    if not wanted:
        return "json"
    raise UsageError(
        "usage.bad_argument",
        f"an answer can't be given as `{accept[:60]}`",
        where="Accept",
        hint=f"one of {', '.join(MEDIA)}",
    )


async def _chunks(
    answer: Streamed,
    first: bytes,
    rest: Iterator[bytes],
    cancel: CancelToken,
    limiter: anyio.CapacityLimiter,
    metrics: Metrics,
) -> AsyncIterator[bytes]:
    """The bytes of an answer as they come; a caller who is gone stops it."""
    is_done = False
    try:
        yield first
        # left alone when the caller is gone: the query is stopped below, which ends what is waited for
        while chunk := await anyio.to_thread.run_sync(next, rest, b"", limiter=limiter, abandon_on_cancel=True):
            yield chunk
        is_done = True
    finally:
        if not is_done:
            cancel.cancel()
        with anyio.CancelScope(shield=True):  # in a thread: it writes to the log, which may have to wait
            await anyio.to_thread.run_sync(answer.close)
        metrics.queried("done" if is_done else "cut", answer.rows_read)
