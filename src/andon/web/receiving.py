"""What comes with a request: its document, its id, a file; within bounds."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from andon.base.files import machine_error
from andon.errors import UsageError
from andon.web.endpoint import Endpoint
from andon.web.reading import MOST_BYTES, read_body

if TYPE_CHECKING:
    from starlette.requests import Request

_ID = re.compile(r"[\x21-\x7e]{1,200}\Z")


@contextlib.contextmanager
def on_disk(what: str) -> Iterator[None]:
    """Tell what goes wrong with the disk as that.

    Raises:
        MachineError: `machine.disk`.
    """
    try:
        yield
    except OSError as error:
        raise machine_error(error, what) from error


async def body_of(endpoint: Endpoint, request: Request) -> Any:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    size = request.headers.get("content-length", "0")
    if size.isdecimal() and int(size) > MOST_BYTES:
        raise UsageError("usage.too_large", "the document is larger than this server takes", where=endpoint.address)
    parts, length = [], 0
    async for chunk in request.stream():
        length += len(chunk)
        if length > MOST_BYTES:
            raise UsageError("usage.too_large", "the document is larger than this server takes", where=endpoint.address)
        parts.append(chunk)
    data = b"".join(parts)
    request._body = data  # as `Request.body` keeps what it read
    if endpoint.body is None:
        return None
    if data.strip() and kind != "application/json":
        raise UsageError(
            "usage.bad_argument",
            f"`{kind[:40] or 'nothing'}` is not a kind of document that is taken here",
            where="Content-Type",
            hint="send JSON, with `Content-Type: application/json`",
        )
    return read_body(endpoint.body, data, endpoint.address)


def request_id(request: Request) -> str | None:
    """The id that who asks gave.

    Raises:
        UsageError: `usage.bad_argument`.
    """
    given = request.headers.get("idempotency-key")
    if given is not None and not _ID.match(given):
        raise UsageError(
            "usage.bad_argument",
            "an id of a request is up to 200 letters, digits and signs without spaces",
            where="Idempotency-Key",
            hint="take a UUID",
        )
    return given


def refuse_id(request: Request) -> None:
    """Refuse an id where no answer is kept for who asks again.

    Raises:
        UsageError: `usage.bad_argument`.
    """
    if "idempotency-key" in request.headers:
        raise UsageError(
            "usage.bad_argument",
            "the answer to this is told once and kept nowhere, so it can't be asked for again",
            where="Idempotency-Key",
            hint="leave the id out",
        )


def digest_of(request: Request, body: bytes) -> str:
    asked = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return hashlib.sha256(asked + hashlib.sha256(body).digest()).hexdigest()


def file_name(name: str) -> str:
    """The last part of a name that somebody's file has."""
    last = name.replace("\\", "/").rpartition("/")[2].replace("\0", "")
    if not last.strip(". "):
        raise UsageError(
            "usage.bad_argument",
            "the file needs a name",
            where="name",
            hint="`name=leads.csv`: its ending says what it is",
        )
    return last[-200:]
