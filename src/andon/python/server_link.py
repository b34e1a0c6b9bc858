"""What a served lake is asked through: HTTP, with errors as they were raised over there, and answers that survive a lost connection."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from datetime import time as time_of_day
from decimal import Decimal
from typing import IO, Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from andon.errors import (
    CODES,
    AccessError,
    AndonError,
    ConflictError,
    DatasetError,
    HeldError,
    MachineError,
    Problem,
    ProjectError,
    UsageError,
)

#: Hears of progress: names of events (`planned`, `task-started`, …) and their documents.
Hears = Callable[[str, Any], None]

ARROW = "application/vnd.apache.arrow.stream"
_JSON = "application/json"
#: A lost connection is tried again so often, after so many seconds each.
_WAITS = (0.2, 1.0, 3.0)
_CONFLICTS = frozenset({"lake.ref_moved", "lake.folder_conflict", "lake.folder_dirty", "usage.in_progress"})
_CONFLICTS |= {"request.claimed", "request.over", "question.over", "question.no_answer", "isolate.moved_on"}


class ServerLink:
    """Calls the routes of a server.

    Args:
        url: its address, `http://localhost:7411`.
        token: by which it knows who asks; None where it knows nobody.
        timeout: seconds to wait for a connection, and for the first answer; later ones may take as long as they take.

    Raises:
        UsageError: `usage.bad_argument` for what is no address.
    """

    def __init__(self, url: str, token: str | None, timeout: float) -> None:
        import urllib3

        try:
            parts = urlsplit(url)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in ("http", "https") or not parts.netloc:
            bare = url.partition("://")[2] or url
            hint = f'`andon.connect("http://{bare or "localhost:7411"}")`'
            raise UsageError(
                "usage.bad_argument",
                f"`{url}` is no address of a server",
                hint=hint if "@" not in bare else '`andon.connect("http://localhost:7411", token=…)`',
            )
        if "@" in parts.netloc:  # not repeated: it would be told with every error
            raise UsageError(
                "usage.bad_argument",
                "the address names a user or a password",
                hint="`andon.connect('http://localhost:7411', token=…)` says who asks",
            )
        # Who copied the address of the API means the server.
        path = parts.path.rstrip("/").removesuffix("/api/v1")
        self.url = f"{parts.scheme}://{parts.netloc}{path}"
        self._token = token
        self._has_answered = False
        self._pool = urllib3.PoolManager(retries=False, maxsize=8, headers={})
        # whether something answers at all is known soon; what it is asked then takes as long as it takes
        self._first, self._later = urllib3.Timeout(timeout), urllib3.Timeout(connect=timeout, read=None)

    def get(self, path: str, **query: Any) -> Any:
        """The document at a path. Raises what was raised over there."""
        return self._document("GET", path, query, None, {})

    def delete(self, path: str, **query: Any) -> Any:
        """The document of what was removed."""
        return self._document("DELETE", path, query, None, _named())

    def post(self, path: str, body: Mapping[str, Any], **query: Any) -> Any:
        """The document of what was done. It has an id of its own: asked again after a lost answer, it is not done twice."""
        headers = {**_named(), "Content-Type": _JSON}
        return self._document("POST", path, query, json.dumps(_said(body)).encode(), headers)

    def send(self, path: str, content: bytes, **query: Any) -> Any:
        """The document of what became of a file."""
        return self._document("POST", path, query, content, {**_named(), "Content-Type": "application/octet-stream"})

    def follow(self, path: str, body: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        """Events of what is done: names and documents, the answer the last. A lost connection is taken up again: each is told once.

        Raises:
            AndonError: what was raised over there; `machine.server` where it stops telling.
        """
        import urllib3

        headers = {**_named(), "Content-Type": _JSON, "Accept": "text/event-stream"}
        data, told = json.dumps(_said(body)).encode(), 0
        for wait in (*_WAITS, None):
            try:
                with self._asked("POST", path, {}, data, headers) as reply:
                    for number, name, text in _events(reply):
                        if name == "error":
                            raise error_of(_read(text, self.url))
                        if number > told or name == "answer":
                            told = number
                            yield name, _read(text, self.url)
                        if name == "answer":
                            return
            except urllib3.exceptions.HTTPError:
                pass  # asked again below, by the same id
            if wait is not None:
                time.sleep(wait)
        raise MachineError(
            "machine.server",
            "the server stopped telling before the answer was there",
            where=self.url,
            hint="`lake.log()` shows what was published",
            retryable=True,
        )

    def stream(self, path: str, body: Mapping[str, Any]) -> Any:
        """The answer of a query as it comes: a file-like reply with headers; to be released by who reads it."""
        headers = {"Content-Type": _JSON, "Accept": ARROW}
        reply = self._asked("POST", path, {}, json.dumps(_said(body), default=_parameter).encode(), headers)
        if "Andon-Commit" not in reply.headers:
            reply.close()
            raise no_server(self.url, reply.status)
        return reply

    def file(self, path: str, body: Mapping[str, Any], into: IO[bytes]) -> None:
        """Write the file that a server answers with. Raises what was raised over there."""
        import shutil

        import urllib3

        headers = {"Content-Type": _JSON, "Accept": "application/zip"}
        try:
            with self._asked("POST", path, {}, json.dumps(_said(body)).encode(), headers) as reply:
                shutil.copyfileobj(reply, into, 1 << 20)
        except urllib3.exceptions.HTTPError as error:
            raise _unreachable(self.url, error) from error

    def close(self) -> None:
        """Close connections."""
        self._pool.clear()

    def _document(
        self, method: str, path: str, query: Mapping[str, Any], body: bytes | None, headers: Mapping[str, str]
    ) -> Any:
        reply = self._asked(method, path, query, body, headers, is_whole=True)
        return _read(reply.data, self.url) if reply.data else None

    def _asked(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any],
        body: bytes | None,
        headers: Mapping[str, str],
        *,
        is_whole: bool = False,
    ) -> Any:
        """The reply to a call that went well, not read yet but where `is_whole` says so.

        Raises:
            AndonError: what was raised over there; `machine.server` where nothing answers.
        """
        import urllib3

        sent = dict(headers)
        if self._token is not None:
            sent["Authorization"] = f"Bearer {self._token}"
        fields = [(name, text) for name, value in query.items() for text in _texts(value)]
        address = f"{self.url}/api/v1{path}"
        if fields:
            address += f"?{urlencode(fields)}"
        for wait in (*_WAITS, None):
            try:
                timeout = self._later if self._has_answered else self._first
                reply = self._pool.request(
                    method, address, body=body, headers=sent, preload_content=is_whole, timeout=timeout
                )
            except urllib3.exceptions.HTTPError as error:
                if wait is None or not self._has_answered:
                    raise _unreachable(self.url, error) from error
                time.sleep(wait)
                continue
            self._has_answered = True
            if reply.status == 503 and wait is not None and path != "/queries":
                reply.drain_conn()
                time.sleep(wait)
                continue
            if reply.status >= 400:
                raise _refused(reply, self.url)
            if reply.status >= 300:
                reply.drain_conn()
                raise no_server(self.url, reply.status)
            return reply
        raise AssertionError("the last try returns or raises")


def error_of(document: Mapping[str, Any]) -> AndonError:
    """The error that problem details tell, as it was raised over there."""
    code = str(document.get("code", ""))
    if code not in CODES:
        return MachineError("machine.server", str(document.get("detail", "the server could not do it")))
    details = dict(document.get("details") or {})
    details |= {key: document[key] for key in ("plan", "digest") if key in document}
    return _kind(code)(
        code,
        str(document.get("detail", "")),
        where=document.get("where"),
        hint=document.get("hint"),
        retryable=bool(document.get("retryable")),
        details=details,
        problems=tuple(Problem(**each) for each in document.get("problems", ())),
    )


def _kind(code: str) -> type[AndonError]:
    family = code.partition(".")[0]
    if code in _CONFLICTS:
        return ConflictError
    if code in ("lake.corrupt", "lake.format"):
        return MachineError
    kinds: Mapping[str, type[AndonError]] = {
        "usage": UsageError,
        "lake": UsageError,
        "request": UsageError,
        "question": UsageError,
        "project": ProjectError,
        "access": AccessError,
        "build": DatasetError,
        "source": DatasetError,
        "history": DatasetError,
        "run": HeldError,
        "isolate": UsageError,
    }
    return kinds.get(family, MachineError)


def _refused(reply: Any, url: str) -> AndonError:
    import urllib3

    try:
        return error_of(_read(reply.data, url))
    except (urllib3.exceptions.HTTPError, MachineError, AttributeError, TypeError, ValueError):
        return no_server(url, reply.status)


def no_server(url: str, status: int) -> MachineError:
    """What is told of an answer that Andon does not give."""
    return MachineError(
        "machine.server",
        f"what answers at `{url}` with status {status} is no server of Andon",
        where=url,
        hint="is the address right, and does a proxy stand between?",
    )


def _read(text: bytes | str, url: str) -> Any:
    """The document of an answer.

    Raises:
        MachineError: `machine.server` for what is none.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise no_server(url, 200) from error


def _events(reply: Any) -> Iterator[tuple[int, str, str]]:
    """Server-sent events: number, name, text."""
    number, name = 0, ""
    for line in reply:
        key, _, text = line.decode("utf-8", "replace").rstrip("\n").partition(": ")
        if key == "id":
            number = int(text) if text.isdecimal() else 0
        elif key == "event":
            name = text
        elif key == "data":
            yield number, name, text


def _parameter(value: Any) -> str:
    """What JSON has no word for and SQL reads from text.

    Raises:
        UsageError: `usage.bad_argument` for the rest.
    """
    if isinstance(value, date | time_of_day | Decimal | UUID):
        return str(value)
    raise UsageError(
        "usage.bad_argument",
        f"a value of type `{type(value).__name__}` can't be sent to a server",
        where="query",
        hint="give text, a number, a date, a list or a mapping of these",
    )


def _unreachable(url: str, error: Exception) -> MachineError:
    return MachineError(
        "machine.server",
        f"the server does not answer: {_reason(error)}",
        where=url,
        hint="is `andon up` running there, and the address right?",
        retryable=True,
    )


def _reason(error: BaseException) -> str:
    """What the system says, without the words of the libraries between it and us."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror[:1].lower() + cause.strerror[1:]
        cause = cause.__cause__ or cause.__context__
    return str(getattr(error, "reason", None) or error)


def _named() -> dict[str, str]:
    return {"Idempotency-Key": secrets.token_hex(16)}


def _said(body: Mapping[str, Any]) -> dict[str, Any]:
    """What was said; the rest has its default."""
    return {key: list(value) if isinstance(value, tuple) else value for key, value in body.items() if value is not None}


def _texts(value: Any) -> Sequence[str]:
    if value is None:
        return ()
    if isinstance(value, bool):
        return ("true" if value else "false",)
    return [str(each) for each in value] if isinstance(value, (list, tuple)) else (str(value),)
