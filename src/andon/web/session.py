"""The cookie by which pages know a person: a token that scripts of a page can't read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio.to_thread
from starlette.responses import Response

from andon.base.document import Document
from andon.errors import UsageError
from andon.model.person import Whoami
from andon.render.values import as_json_text
from andon.web.access import COOKIE
from andon.web.endpoint import API
from andon.web.reading import read_body
from andon.web.receiving import is_json, received

if TYPE_CHECKING:
    from starlette.requests import Request

    from andon.service.service import Service

_ADDRESS = f"{API}/session"
_MOST = 10_000
#: A browser forgets the cookie after as many seconds; the token may end before.
_LIFE = 90 * 86400


class SessionAsked(Document, kw_only=True):
    """The token that somebody shows, to get a cookie.

    Attributes:
        token: the text of it, `andon_…`.
    """

    token: str


async def log_in(service: Service, request: Request) -> Response:
    """Take a token, and hand it back as a cookie.

    Raises:
        AccessError: `access.unknown`.
        UsageError: `usage.bad_argument` for what is no document, `usage.too_large`.
    """
    if not is_json(request):
        raise UsageError("usage.bad_argument", "this takes JSON", where="Content-Type", hint='send `{"token": "…"}`')
    token = read_body(SessionAsked, await received(request, _MOST, _ADDRESS), _ADDRESS).token.strip()
    known = await known_by(service, request, token)
    response = Response(as_json_text(known.to_json()) + "\n", media_type="application/json")
    give_cookie(request, token, response)
    return response


async def known_by(service: Service, request: Request, token: str) -> Whoami:
    """Whom a token stands for.

    Raises:
        AccessError: `access.unknown`.
    """
    person, known = await anyio.to_thread.run_sync(service.tokens.who, token)
    request.state.who = person.name
    return Whoami(person.name, person.role, known.id)


def give_cookie(request: Request, token: str, response: Response) -> None:
    """Let the browser show the token from now on, without its scripts seeing it."""
    is_secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, token, max_age=_LIFE, httponly=True, samesite="strict", secure=is_secure, path="/")


def log_out(request: Request) -> Response:
    """Let the browser forget the cookie; the token stays good."""
    del request
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict", path="/")
    return response
