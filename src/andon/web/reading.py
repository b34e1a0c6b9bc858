"""What a call says, as values of a route's types: what stands behind the `?`, and documents that were sent."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, TypeVar, get_origin

import msgspec

from andon.base.clock import from_text
from andon.base.document import Document
from andon.base.names import did_you_mean
from andon.base.record import learn
from andon.errors import UsageError
from andon.web.endpoint import API

D = TypeVar("D", bound=Document)

_MISSING = re.compile(r"Object missing required field (`.*`)")
_KIND = re.compile(r"`((?:str|int|float|bool|array|object|null)(?: \| (?:str|int|float|bool|array|object|null))*)`")
#: What a person who writes JSON calls a kind of values.
_JSON_KINDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
}

#: A document that is sent is not larger.
MOST_BYTES = 4_000_000


def read_query(kind: type[D], pairs: Iterable[tuple[str, str]], address: str) -> D:
    """What stands behind the `?`, as the document that a route takes; of what it takes by name, `p.month=…` is one.

    Raises:
        UsageError: `usage.bad_argument` for a name that the route does not know, one given twice that has one value, a wrong value.
    """
    fields = _fields(kind)
    values: dict[str, Any] = {}
    for name, text in pairs:
        group, _, key = name.partition(".")
        if key and group in fields and get_origin(fields[group].type) is dict:
            if key in values.setdefault(group, {}):
                raise UsageError("usage.bad_argument", f"`{name}` is given twice", where=address, hint="leave one out")
            values[group][key] = text
            continue
        if name not in fields or get_origin(fields[name].type) is dict:
            raise _not_taken(name, fields, address)
        if get_origin(fields[name].type) is list:
            values.setdefault(name, []).append(text)
        elif name in values:
            raise UsageError("usage.bad_argument", f"`{name}` is given twice", where=address, hint="leave one out")
        elif text == "null":  # the word of a document, where it stands for nothing at all; here one leaves it out
            raise UsageError("usage.bad_argument", f"`{name}` is `null`", where=address, hint="leave it out")
        else:
            values[name] = text
    learn(kind)
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise _unfit(str(error), fields, address) from error


def read_body(kind: type[D], body: bytes, address: str) -> D:
    """The document that was sent.

    Raises:
        UsageError: `usage.bad_argument` for what is no JSON, or no such document.
    """
    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=_unique) if body.strip() else {}
        if b"\\u" in body:
            json.dumps(value, ensure_ascii=False).encode("utf-8")  # a half of a character is no text
    except (ValueError, RecursionError) as error:
        raise UsageError(
            "usage.bad_argument",
            f"what was sent is no JSON: {error}",
            where=address,
            hint="send one JSON object, as UTF-8",
        ) from error
    fields = _fields(kind)
    if isinstance(value, dict) and (unknown := next((name for name in value if name not in fields), None)) is not None:
        raise _not_taken(unknown, fields, address)
    learn(kind)
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise _unfit(str(error), fields, address) from error


def moment(text: str | None, name: str) -> datetime | None:
    """The moment that a text names.

    Raises:
        UsageError: `usage.bad_argument`.
    """
    if text is None:
        return None
    try:
        return from_text(text)
    except (ValueError, OverflowError) as error:
        hint = "write `2026-11-01` or `2026-11-01T06:00`"
        raise UsageError("usage.bad_argument", f"`{_short(text)}` is not a time", where=name, hint=hint) from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; whoever reads one that says a thing twice would choose for who sent it."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"`{_short(next(n for n in names if names.count(n) > 1))}` is given twice")
    return found


def _fields(kind: type[Document]) -> dict[str, msgspec.structs.FieldInfo]:
    """What a document holds by name, what is needed first."""
    fields = sorted(msgspec.structs.fields(kind), key=lambda field: not field.required)
    return {field.encode_name: field for field in fields}


def _not_taken(name: str, fields: Collection[str], address: str) -> UsageError:
    message = f"`{_short(name)}` is nothing that {address} takes"
    hint = did_you_mean(name, fields) or _taken(fields)
    return UsageError("usage.bad_argument", message, where=address, hint=hint)


def _unfit(told: str, fields: Collection[str], address: str) -> UsageError:
    """What is wrong with a value, in words of JSON."""
    message, _, place = told.partition(" - at `")
    missing = _MISSING.fullmatch(message)
    text = f"{missing[1]} is missing" if missing else f"{message[:1].lower()}{_KIND.sub(_in_json, message[1:])}"
    where = place.rstrip("`").removeprefix("$").lstrip(".")
    if where:
        text = f"`{_short(where)}`: {text}"
    return UsageError("usage.bad_argument", text, where=address, hint=_taken(fields))


def _taken(fields: Collection[str]) -> str:
    return f"it takes {', '.join(f'`{name}`' for name in fields) or 'nothing'}; `{API}/openapi.json` says more"


def _in_json(kinds: re.Match[str]) -> str:
    return " or ".join(_JSON_KINDS.get(kind, kind) for kind in kinds[1].split(" | "))


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"
