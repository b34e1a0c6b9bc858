"""Who asks, and whether they may: hosts and origins against pages of other sites, tokens and cookies, roles."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from andon.base.record import Record
from andon.errors import AccessError, UsageError
from andon.model.person import Person, PersonRole

if TYPE_CHECKING:
    from andon.service.service import Service

COOKIE = "andon_token"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Asking(Record):
    """Who asks, and by which token (its id); None for the person at the machine."""

    person: Person
    token: str | None


class Gatekeeper:
    """Decides who may call.

    Args:
        names: by which the server is reached beside addresses and `localhost`.
    """

    def __init__(self, service: Service, names: tuple[str, ...]) -> None:
        self._service = service
        self._names = frozenset(name.strip().lower() for name in names if name.strip())

    def look(self, method: str, headers: Mapping[str, str], cookies: Mapping[str, str]) -> Asking:
        """Who asks.

        Args:
            headers: by names in lower case.

        Raises:
            AccessError: `access.cross_site`, `access.unknown`.
        """
        self.require_own_site(method, headers)
        people = self._service.workspace.people
        token = _bearer(headers) or cookies.get(COOKIE)
        if not people:
            return Asking(Person(self._service.workspace.caller.author, PersonRole.OWNER), None)
        if not token:
            raise AccessError(
                "access.unknown",
                "this server wants to know who asks",
                hint="send a token, `Authorization: Bearer andon_…`, in Python `token=…`; an owner of the lake makes one: "
                "`andon token create NAME`",
            )
        person, known = self._service.tokens.who(token)
        return Asking(person, known.id)

    def require_own_site(self, method: str, headers: Mapping[str, str]) -> None:
        """Refuse what a page of another site sends: names that lead to this machine by somebody's trick, forms, scripts.

        Raises:
            AccessError: `access.cross_site`.
        """
        host = headers.get("host", "")
        if not self._is_known(_name(host)):
            raise AccessError(
                "access.cross_site",
                f"this server does not go by the name `{_name(host)[:60]}`",
                where="Host",
                hint="call it by its address, or list the name in `server.names` of andon.toml",
            )
        origin = headers.get("origin")
        if origin is not None and _place(origin) != host.lower():
            raise _cross_site(f"a page of `{origin[:60]}` asks", "Origin")
        site = headers.get("sec-fetch-site")
        is_visit = headers.get("sec-fetch-mode") == "navigate" and method in _SAFE
        if site in ("cross-site", "same-site") and not is_visit:
            raise _cross_site("a page of another site asks", "Sec-Fetch-Site")

    def _is_known(self, name: str) -> bool:
        return name == "localhost" or name in self._names or _is_address(name)


def require(asking: Asking, role: PersonRole) -> None:
    """Refuse who may not.

    Raises:
        AccessError: `access.denied`.
    """
    if not asking.person.role.covers(role):
        by = f"the token {asking.token}" if asking.token is not None else f"`{asking.person.name}`"
        raise AccessError(
            "access.denied",
            f"this needs the role {role}, and {by} allows {asking.person.role}",
            hint="ask an owner of the lake: roles stand below `[people]` in andon.toml, scopes in `andon token list`",
        )


def require_safe_place(host: str, people: Mapping[str, PersonRole]) -> None:
    """Refuse to listen where others can reach a server that knows nobody.

    Raises:
        UsageError: `access.no_people`.
    """
    if people or host == "localhost" or (_is_address(host) and ipaddress.ip_address(host.strip("[]")).is_loopback):
        return
    raise UsageError(
        "access.no_people",
        f"at `{host}` others can reach this server, and it knows no people: everybody could change everything",
        where="server.host",
        hint='name them in andon.toml, `[people]` and `ana = "owner"`, then `andon token create ana`; or listen at 127.0.0.1',
    )


def _cross_site(message: str, where: str) -> AccessError:
    return AccessError("access.cross_site", message, where=where, hint="open the server's own address")


def _bearer(headers: Mapping[str, str]) -> str | None:
    kind, _, text = headers.get("authorization", "").partition(" ")
    return text.strip() if kind.lower() == "bearer" else None


def _place(origin: str) -> str | None:
    """Name and port of an origin; None for what is none."""
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None


def _name(host: str) -> str:
    """The name in a `Host`: without the port."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.rpartition(":")[0].lower() if ":" in host else host.lower()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
