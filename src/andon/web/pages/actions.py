"""Forms of pages: each calls a route of the API with what stands in its fields, so that a page can do no more than the API."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from urllib.parse import quote, urlsplit

from starlette.routing import compile_path

from andon.base.record import Record
from andon.errors import UsageError
from andon.web.asking import Nothing
from andon.web.endpoint import Endpoint
from andon.web.reading import read_query
from andon.web.receiving import known_id
from andon.web.routes import all_endpoints

#: Below it lie the routes that forms may call.
DO = "/do"
#: Fields that are about the form itself.
_OWN = ("_id", "_then", "_method", "_form", "_seen")
_FIELD = re.compile(r"\{(\w+)\}")


class FormAction(Record):
    """What a form asks for.

    Attributes:
        path: the parts of the address that have names.
        id: of the request, made with the form: sent twice it is done once.
        then: the page that is shown when it is done.
        form: the page of the form, which is shown again with all that was typed where it could not be done; empty where that is told
            by itself.
        fields: as they were sent, for who has to confirm.
        typed: all of them, as they stood in the form.
    """

    endpoint: Endpoint
    path: Mapping[str, str]
    query: Any
    body: Any
    id: str | None
    then: str
    form: str
    fields: tuple[tuple[str, str], ...]
    typed: tuple[tuple[str, str], ...]


def read_action(place: str, pairs: Sequence[tuple[str, str]]) -> FormAction:
    """The call that a form asks for.

    Args:
        place: what follows `/do`, `/undos`.
        pairs: its fields; empty ones are not said.

    Raises:
        UsageError: `usage.no_route` for what is no route of forms, `usage.bad_argument` for fields that it does not take.
    """
    own = {name: value for name, value in pairs if name in _OWN}
    # browsers send each end of a line as two letters
    typed = tuple((name, value.replace("\r\n", "\n")) for name, value in pairs)
    fields = tuple((name, value) for name, value in typed if name not in _OWN and value != "")
    method = own.get("_method", "POST").upper()
    found = _route(method, place)
    if found is None:
        raise UsageError("usage.no_route", f"there is nothing to do at {method} {place[:80]}", hint="go back")
    endpoint, path = found
    query, body = endpoint.query or Nothing, endpoint.body or Nothing
    is_body = endpoint.body is not None
    return FormAction(
        endpoint,
        path,
        read_query(query, () if is_body else fields, endpoint.address),
        read_query(body, fields if is_body else (), endpoint.address) if is_body else None,
        known_id(own["_id"], "_id") if own.get("_id") else None,
        own_page(filled(own.get("_then", "/"), dict(fields))),
        own_page(own["_form"]) if own.get("_form") else "",
        fields,
        typed,
    )


class KeptForm(Record):
    """A form that came when nobody knew who sent it.

    Attributes:
        place: where it is sent.
        then: the page that is shown when it is done, as it was sent.
    """

    place: str
    pairs: tuple[tuple[str, str], ...]
    then: str


def kept_form(place: str, pairs: Sequence[tuple[str, str]]) -> str:
    """A form as one field of another."""
    return json.dumps([place, pairs])


def read_kept(text: str) -> KeptForm | None:
    """What `kept_form` wrote; None for what is no form of ours."""
    try:
        place, pairs = json.loads(text)
        found = tuple((str(name), str(value)) for name, value in pairs)
    except (ValueError, TypeError, RecursionError):
        return None
    if not isinstance(place, str) or not place.startswith(f"{DO}/") or own_page(place) != place:
        return None
    then = own_page(filled(dict(found).get("_then", "/"), dict(found)))
    return KeptForm(place, found, then)


def filled(address: str, fields: Mapping[str, str]) -> str:
    """An address in which `{branch}` stands for what was typed into the field of that name."""
    query = address.find("?") if "?" in address else len(address)
    return _FIELD.sub(lambda found: quote(fields.get(found[1], ""), safe="/" if found.start() < query else ""), address)


def own_page(address: str) -> str:
    """An address of this server as a path; `/` for any other, so that nobody is sent elsewhere."""
    if not address.startswith("/") or not address.isprintable():
        return "/"
    try:
        parts = urlsplit(address.replace("\\", "/"))
    except ValueError:
        return "/"
    return "/" if parts.scheme or parts.netloc else address


def with_done(page: str, call: str) -> str:
    """The address of a page that tells what a call came to."""
    address, mark, fragment = page.partition("#")
    return f"{address}{'&' if '?' in address else '?'}done={quote(call, safe='')}{mark}{fragment}"


def _route(method: str, place: str) -> tuple[Endpoint, Mapping[str, str]] | None:
    for endpoint, pattern in _patterns():
        match = pattern.match(place)
        if match and endpoint.method == method:
            return endpoint, match.groupdict()
    return None


@cache
def _patterns() -> tuple[tuple[Endpoint, Any], ...]:
    """Routes that change something, with what their addresses look like."""
    return tuple((each, compile_path(each.path)[0]) for each in all_endpoints() if each.is_call and not each.takes_file)
