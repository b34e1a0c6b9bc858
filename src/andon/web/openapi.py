"""The description of the API (OpenAPI 3.1), made from the table of endpoints and the types of documents."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, get_origin

import msgspec

from andon.base.document import schemas
from andon.version import __version__
from andon.web.endpoint import Endpoint
from andon.web.problems import MEDIA_TYPE, ProblemDocument
from andon.web.routes import all_endpoints
from andon.web.streams import JSON

_PART = re.compile(r"\{([a-z_]+)(?::path)?\}")
_ABOUT = (
    "Every noun and verb of Andon. Documents are those of `--json`; errors are problem details with a stable code. What changes something "
    "goes on to its end whoever listens: with `Accept: text/event-stream` its progress is told, with `Prefer: respond-async` it is "
    "asked about at `/calls/{call}`, and with an `Idempotency-Key` it can be asked again without being done again."
)


@cache
def description() -> dict[str, Any]:
    """The whole description, as JSON values."""
    endpoints = all_endpoints()
    kinds = list(dict.fromkeys(_kinds(endpoints)))
    found, components = schemas(kinds)
    schema_of = dict(zip(kinds, found, strict=True))
    paths: dict[str, Any] = {}
    for endpoint in endpoints:
        path = _PART.sub(r"{\1}", endpoint.address)
        paths.setdefault(path, {})[endpoint.method.lower()] = _operation(endpoint, schema_of)
    described: dict[str, Any] = _moved(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Andon",
                "version": __version__,
                "description": _ABOUT,
                "license": {"name": "Apache-2.0"},
            },
            "servers": [{"url": "/"}],
            # and nothing, where the server knows no people
            "security": [{"token": []}, {"cookie": []}, {}],
            "paths": paths,
            "components": {
                "securitySchemes": {
                    "token": {"type": "http", "scheme": "bearer"},
                    "cookie": {"type": "apiKey", "in": "cookie", "name": "andon_token"},
                },
                "schemas": dict(sorted(components.items())),
            },
        }
    )
    return described


def _kinds(endpoints: Iterable[Endpoint]) -> Iterator[Any]:
    yield ProblemDocument
    for endpoint in endpoints:
        yield from endpoint.answers
        if endpoint.body is not None:
            yield endpoint.body
        if endpoint.query is not None:
            yield from (field.type for field in msgspec.structs.fields(endpoint.query))


def _operation(endpoint: Endpoint, schema_of: dict[Any, Any]) -> dict[str, Any]:
    answers = [schema_of[kind] for kind in endpoint.answers]
    answer = answers[0] if len(answers) == 1 else {"anyOf": answers}
    content: dict[str, Any] = {media: {"schema": answer} if media == JSON else {} for media in endpoint.media}
    if endpoint.reports:
        content["text/event-stream"] = {"schema": {"type": "string"}}
    problem = {"description": "What went wrong.", "content": {MEDIA_TYPE: {"schema": schema_of[ProblemDocument]}}}
    responses: dict[str, Any] = {str(endpoint.status): {"description": "The answer.", "content": content}}
    if endpoint.is_call:
        responses["202"] = {
            "description": "It is on its way; only with `Prefer: respond-async`.",
            "content": {JSON: {"schema": {"type": "object"}}},
        }
    responses["default"] = problem
    said = endpoint.about + (f" As `andon {endpoint.verb}`." if endpoint.verb else "")
    operation: dict[str, Any] = {
        "operationId": _name(endpoint),
        "summary": endpoint.about,
        "description": f"{said} For who is at least {endpoint.role}.",
        "tags": [endpoint.path.strip("/").partition("/")[0] or "server"],
        "parameters": [*_path_parts(endpoint), *_query_parts(endpoint, schema_of)],
        "responses": responses,
    }
    if endpoint.is_call:
        operation["parameters"].append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "Names the request: asked again, it is answered and not done again.",
                "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
            }
        )
    if endpoint.takes_file:
        operation["requestBody"] = {"required": True, "content": {"application/octet-stream": {}}}
    elif endpoint.body is not None:
        needed = any(field.required for field in msgspec.structs.fields(endpoint.body))
        operation["requestBody"] = {"required": needed, "content": {JSON: {"schema": schema_of[endpoint.body]}}}
    return operation


def _path_parts(endpoint: Endpoint) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in _PART.findall(endpoint.path)
    ]


def _query_parts(endpoint: Endpoint, schema_of: dict[Any, Any]) -> list[dict[str, Any]]:
    if endpoint.query is None:
        return []
    parts = []
    for field in msgspec.structs.fields(endpoint.query):
        schema = schema_of[field.type]
        part: dict[str, Any] = {"name": field.encode_name, "in": "query", "required": field.required}
        if get_origin(field.type) is list:
            part |= {"style": "form", "explode": True}
        elif get_origin(field.type) is dict:
            part |= {
                "description": f"As `{field.encode_name}.NAME=VALUE`, once for each.",
                "style": "form",
                "explode": True,
            }
        else:
            schema = _without_null(schema)
        parts.append({**part, "schema": schema})
    return parts


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """What stands behind a `?` is never null: it is left out."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    return (kinds[0] if len(kinds) == 1 else {"anyOf": kinds}) if kinds else schema


def _name(endpoint: Endpoint) -> str:
    words = [part.strip("{}").partition(":")[0] for part in endpoint.path.split("/") if part]
    return "_".join([endpoint.method.lower(), *(words or ["about"])]).replace("-", "_")


def _moved(value: Any) -> Any:
    """References as OpenAPI has them."""
    if isinstance(value, dict):
        return {
            key: each.replace("#/$defs/", "#/components/schemas/") if key == "$ref" else _moved(each)
            for key, each in value.items()
        }
    return [_moved(each) for each in value] if isinstance(value, list) else value
