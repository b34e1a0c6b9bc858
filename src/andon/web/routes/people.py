"""Who is who: tokens, and the cookie that pages use."""

from __future__ import annotations

from typing import Any, Literal

from andon.base.document import Document
from andon.model.person import AccessToken, Person, PersonRole, TokenMade, Whoami
from andon.web.endpoint import Endpoint, RouteCall


class TokenAsked(Document, kw_only=True):
    """A token that is to be made.

    Attributes:
        person: a name below `[people]` in andon.toml.
        scope: what it may be used for; all that the role allows without.
        expires: how long it is good for, `90d`, or `never`.
    """

    person: str
    scope: Literal["read", "edit", "admin"] | None = None
    expires: str = "90d"


def _list(call: RouteCall) -> Any:
    return call.service.tokens.list()


def _create(call: RouteCall) -> Any:
    asked: TokenAsked = call.body
    return call.service.tokens.create(asked.person, asked.scope, asked.expires)


def _revoke(call: RouteCall) -> Any:
    return call.service.tokens.revoke(call.path["token"])


def _me(call: RouteCall) -> Any:
    person: Person = call.desk.person
    return Whoami(person.name, person.role, call.desk.token)


ENDPOINTS = (
    Endpoint("GET", "/me", "", PersonRole.READER, "Who is asking, as the server knows them.", _me, (Whoami,)),
    Endpoint(
        "GET",
        "/tokens",
        "token list",
        PersonRole.OWNER,
        "All tokens, without their secrets.",
        _list,
        (list[AccessToken],),
    ),
    Endpoint(
        "POST",
        "/tokens",
        "token create",
        PersonRole.OWNER,
        "Make a token; its secret is told this once.",
        _create,
        (TokenMade,),
        body=TokenAsked,
        status=201,
        is_private=True,
    ),
    Endpoint(
        "DELETE", "/tokens/{token}", "token revoke", PersonRole.OWNER, "Take a token back.", _revoke, (AccessToken,)
    ),
)
