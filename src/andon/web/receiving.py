"""What comes with a request: its document, its id, a file; within bounds."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from andon.base.files import machine_error
from andon.base.text import size
from andon.errors import UsageError
from andon.web.endpoint import Endpoint
from andon.web.reading import read_body

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


async def received(request: Request, most: int, where: str) -> bytes:
    """The bytes that were sent.

    Raises:
        UsageError: `usage.too_large` for more than `most`; those are not read.
    """
    told = request.headers.get("content-length", "0")
    if told.isdecimal() and int(told) > most:
        raise too_large("document", most, where)
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > most:
            raise too_large("document", most, where)
    return bytes(data)


def too_large(what: str, most: int, where: str) -> UsageError:
    """The error of who sends more than is taken."""
    hint = "send less at a time" if what == "document" else "lay it into the folder `raw` of the project, and run"
    return UsageError(
        "usage.too_large", f"the {what} is larger than the {size(most)} that this server takes", where, hint
    )


def is_json(request: Request) -> bool:
    """Whether what is sent is said to be JSON."""
    return _kind(request) == "application/json"


def body_of(endpoint: Endpoint, request: Request, data: bytes) -> Any:
    """The document that was sent, of the route's type; None where the route takes none.

    Raises:
        UsageError: `usage.bad_argument` for what is no such document.
    """
    if endpoint.body is None:
        return None
    if data.strip() and not is_json(request):
        raise UsageError(
            "usage.bad_argument",
            f"`{_kind(request)[:40] or 'nothing'}` is not a kind of document that is taken here",
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
    return known_id(given, "Idempotency-Key") if given is not None else None


def known_id(given: str, where: str) -> str:
    """An id that who asks gave.

    Raises:
        UsageError: `usage.bad_argument`.
    """
    if not _ID.match(given):
        raise UsageError(
            "usage.bad_argument",
            "an id of a request is up to 200 letters, digits and signs without spaces",
            where=where,
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
    """What is asked, as a hash: the same for who asks the same again."""
    asked = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return hashlib.sha256(asked + hashlib.sha256(body).digest()).hexdigest()


def file_name(name: str) -> str:
    """The last part of a name that somebody's file has.

    Raises:
        UsageError: `usage.bad_argument` where that is none.
    """
    last = name.replace("\\", "/").rpartition("/")[2].replace("\0", "")
    if not last.strip(". "):
        raise UsageError(
            "usage.bad_argument",
            "the file needs a name",
            where="name",
            hint="`name=leads.csv`: its ending says what it is",
        )
    return last.encode()[-200:].decode(errors="ignore")


def _kind(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
