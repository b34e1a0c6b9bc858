"""Sources in YAML: `kind: rest`, how an HTTP API is asked. One table of keys; every value is checked at its place."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from andon.base.document import to_json
from andon.base.hashing import content_id
from andon.base.record import replace
from andon.model.dataset import Kind
from andon.model.rest import PAGES, SIGNS, Pages, Rest, Sign, Since
from andon.project.files.facts import DatasetFacts, DatasetKeys, FileFacts
from andon.project.files.fields import FIELDS, SOURCE_KEYS, with_column_checks
from andon.project.files.hosts import read_hosts
from andon.project.files.loading import as_schema
from andon.project.files.nodes import FileFlaw, PlacedValue
from andon.project.files.problems import of_flaws
from andon.project.files.reading import (
    DeclaredFields,
    FieldReader,
    FieldSpec,
    read_choice,
    read_loose_text,
    read_text,
)
from andon.project.files.yaml_nodes import parse_yaml

_REFERENCE = re.compile(r"\$\{(?:env|file):[^}]+\}")
_SECRET = re.compile(
    r"(?i)(?:^|[_.-])(?:token|secret|api_?key|password|passwd|pwd|signature|sig)$|^apikey$|access_?token$"
)
_RATE = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*/\s*(s|sec|min|h)\Z")
_SECONDS = {"s": 1, "sec": 1, "min": 60, "h": 3600}


def _read_url(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> str | None:
    text = read_text(reader, known, node)
    if text is None:
        return None
    try:
        parts = urlsplit(text)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or not parts.hostname or re.search(r"\s", text):
        hint = "such as `url: https://api.example.com/v1/orders`"
        reader.wrong(node, "`url` must be an address that begins with `https://` or `http://`", f"found `{text}`", hint)
        return None
    if "@" in parts.netloc:
        reader.add("project.secret", "`url` names a user or a password", node.line, node.column, "state them in `auth`")
        return None
    if "${" in text:
        reader.wrong(node, "`url` is written out", "found a reference", "secrets belong into `auth`")
        return None
    named = next((name for name, _ in parse_qsl(parts.query) if _SECRET.search(name)), None)
    if named is not None:
        hint = f'`auth: {{query: {{name: {named}, value: "${{env:SHOP_KEY}}"}}}}` sends it'
        reader.add("project.secret", f"`url` holds a secret, the value of `{named}`", node.line, node.column, hint)
        return None
    if parts.fragment:
        reader.wrong(node, "`url` must be an address", "found one with a `#`", "take the part from `#` on out")
        return None
    return text


def _read_pairs(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> tuple[tuple[str, str], ...] | None:
    """A mapping from names to texts; numbers and truth values are taken as they are written."""
    if node.kind != "map":
        hint = f"write `{known.name}: {{status: paid}}`"
        reader.wrong(node, f"`{known.name}` must be a mapping", f"found {node.shown()}", hint)
        return None
    found = []
    for name, value in node.value.items():
        if value.kind not in ("text", "number", "flag"):
            reader.wrong(value, f"`{known.name}.{name}` must be a text", f"found {value.shown()}")
            continue
        found.append((name, str(value.value) if value.kind == "text" else value.raw))
    return tuple(found)


def _read_path(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> tuple[str, ...] | None:
    text = read_text(reader, known, node)
    if text is None:
        return None
    parts = tuple(text.split("."))
    if not all(parts):
        reader.wrong(
            node, f"`{known.name}` must be names with points between", f"found `{text}`", "such as `data.items`"
        )
        return None
    return parts


def _read_count(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> int | None:
    least = 0 if known.name in ("start", "retries") else 1
    if node.kind == "number" and node.value == int(node.value) and least <= node.value <= 1_000_000_000:
        return int(node.value)
    reader.wrong(node, f"`{known.name}` must be a whole number from {least} on", f"found {node.shown()}")
    return None


def _read_seconds(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> float | None:
    if node.kind == "number" and 0 < node.value <= 3600:
        return float(node.value)
    hint = f"such as `{known.name}: 30`"
    reader.wrong(node, f"`{known.name}` must be a number of seconds, up to 3,600", f"found {node.shown()}", hint)
    return None


def _read_rate(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> float | None:
    text = reader.text(known.name, node)
    match = _RATE.match(text or "")
    if match is None or float(match[1]) == 0:
        if text is not None:
            hint = "such as `5/s`, `60/min`, `1000/h`"
            reader.wrong(node, "`rate_limit` must be a number of requests in a time", f"found `{text}`", hint)
        return None
    return _SECONDS[match[2]] / float(match[1])


def _read_secret(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> str | None:
    """What may only be a reference: a snapshot of the code is kept for ever."""
    text = read_text(reader, known, node)
    if text is None or _REFERENCE.search(text):
        return text
    hint = "name a variable: `${env:SHOP_TOKEN}`, or a file: `${file:/run/secrets/shop}`"
    message = f"`{known.name}` holds a secret itself, and a secret never stands in the project"
    reader.add("project.secret", message, node.line, node.column, hint)
    return None


_BASIC = (
    FieldSpec("user", "text", "required", "The user.", read_loose_text),
    FieldSpec("password", "reference", "required", "The password, as `${env:…}` or `${file:…}`.", _read_secret),
)
_NAMED = (
    FieldSpec("name", "text", "required", "The name of the header, or of the parameter.", read_text),
    FieldSpec("value", "reference", "required", "What is sent, as `${env:…}` or `${file:…}`.", _read_secret),
)
_TOKEN = FieldSpec("bearer", "reference", "required", "A token.", _read_secret)


def _read_sign(reader: FieldReader, _known: FieldSpec, node: PlacedValue) -> Sign | None:
    shape = 'write `auth: {bearer: "${env:SHOP_TOKEN}"}`, or `basic`, `header` or `query` with what they take'
    if node.kind != "map" or len(node.value) != 1 or next(iter(node.value)) not in SIGNS:
        found = f"found {node.shown()}" if node.kind != "map" else f"found {', '.join(f'`{k}`' for k in node.value)}"
        reader.wrong(node, f"`auth` must be one of {', '.join(f'`{way}`' for way in SIGNS)}", found, shape)
        return None
    way, value = next(iter(node.value.items()))
    if way == "bearer":
        token = _read_secret(reader, _TOKEN, value)
        return Sign(way, token) if token is not None else None
    fields = _BASIC if way == "basic" else _NAMED
    values = _needed(reader, value, fields, f"auth.{way}")
    return Sign(way, values[fields[1].name], values[fields[0].name]) if values is not None else None


def _needed(reader: FieldReader, node: PlacedValue, fields: tuple[FieldSpec, ...], what: str) -> dict[str, Any] | None:
    """The values of the mapping `node`; None where one that is required is not there or wrong."""
    if node.kind != "map":
        names = ", ".join(f"`{spec.name}`" for spec in fields if spec.default == "required")
        reader.wrong(node, f"`{what}` must be a mapping with {names}", f"found {node.shown()}")
        return None
    values = dict(reader.read(node, fields).values)
    missing = [spec.name for spec in fields if spec.default == "required" and spec.name not in node.value]
    if missing:
        message = f"`{what}` needs {', '.join(f'`{name}`' for name in missing)}"
        reader.add("project.missing_key", message, node.line, node.column, f"add `{missing[0]}: …`")
    return None if any(spec.default == "required" and spec.name not in values for spec in fields) else values


#: Keys of `pagination`.
PAGE_FIELDS: tuple[FieldSpec, ...] = (
    FieldSpec(
        "by", "page, offset, cursor, link or none", "required", "How pages follow each other.", read_choice, PAGES
    ),
    FieldSpec(
        "param",
        "text",
        "`page`, `offset` or `cursor`",
        "The parameter that says which page is meant. By `cursor` without it, `next` gives the next page's address.",
        read_text,
    ),
    FieldSpec("size", "whole number", "the API's", "How many records of a page are asked for.", _read_count),
    FieldSpec("size_param", "text", "`per_page` or `limit`", "The parameter that `size` is sent as.", read_text),
    FieldSpec(
        "start", "whole number", "1; by `offset` 0", "The number of the first page, or the first offset.", _read_count
    ),
    FieldSpec("next", "path", "none", "By `cursor`: where a page says what the next one is asked with.", _read_path),
    FieldSpec("max_pages", "whole number", "10000", "With more pages the load stops with an error.", _read_count),
)
#: Which of them a way of paging takes.
_TAKEN = {
    "none": (),
    "page": ("param", "size", "size_param", "start", "max_pages"),
    "offset": ("param", "size", "size_param", "start", "max_pages"),
    "cursor": ("param", "size", "size_param", "next", "max_pages"),
    "link": ("size", "size_param", "max_pages"),
}


def _read_pages(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> Pages | None:
    if node.kind == "text":
        node = PlacedValue("map", {"by": node}, node.line, node.column, keys={"by": (node.line, node.column)})
    values = _needed(reader, node, PAGE_FIELDS, known.name)
    if values is None:
        return None
    by = values["by"]
    for name in values:
        if name != "by" and name not in _TAKEN[by]:
            line, column = node.keys[name]
            reader.add("project.bad_value", f"`{name}` means nothing by `{by}`", line, column, "take it out")
    if by == "cursor" and "next" not in values:
        hint = "say where a page tells it: `next: meta.next_cursor`"
        reader.add("project.missing_key", "`pagination` by `cursor` needs `next`", node.line, node.column, hint)
        return None
    param = values.get("param", by if by in ("page", "offset") else None)
    size = values.get("size")
    size_param = values.get("size_param", "limit" if by in ("offset", "cursor") else "per_page") if size else None
    return Pages(
        by,
        param,
        size_param,
        size,
        values.get("start", 1 if by == "page" else 0),
        values.get("next", ()),
        values.get("max_pages", Pages().most),
    )


#: Keys of `cursor`.
SINCE_FIELDS: tuple[FieldSpec, ...] = (
    FieldSpec("field", "name of a field", "required", "The field that says how new a record is.", read_text),
    FieldSpec(
        "param", "text", "required", "The parameter that the greatest value loaded so far is sent as.", read_text
    ),
    FieldSpec("start", "text", "nothing is sent", "What is sent when nothing was loaded yet.", read_loose_text),
)


def _read_since(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> Since | None:
    values = _needed(reader, node, SINCE_FIELDS, known.name)
    return None if values is None else Since(values["field"], values["param"], values.get("start"))


_OWN: tuple[FieldSpec, ...] = (
    FieldSpec("kind", "rest", "required", "What is asked: an HTTP API that answers in JSON.", read_choice, ("rest",)),
    FieldSpec("url", "address", "required", "What is asked for the first page.", _read_url),
    FieldSpec("params", "mapping: name → text", "none", "Parameters that are sent with each request.", _read_pairs),
    FieldSpec(
        "headers",
        "mapping: name → text",
        "none",
        "Headers that are sent with each request; `${env:…}` and `${file:…}` are resolved.",
        _read_pairs,
    ),
    FieldSpec(
        "auth",
        "mapping: bearer, basic, header or query",
        "none",
        "How the source is known to the API. Secrets are references: `${env:NAME}` or `${file:path}`.",
        _read_sign,
    ),
    FieldSpec(
        "records", "path", "the page is the list", "Where a page holds the list of records: `data.items`.", _read_path
    ),
    FieldSpec("pagination", "mapping, see below", "none: one page", "How pages follow each other.", _read_pages),
    FieldSpec(
        "total",
        "path",
        "none",
        "Where a page says how many records there are; with another number the load stops.",
        _read_path,
    ),
    FieldSpec(
        "cursor",
        "mapping: field, param, start",
        "none: all is asked for each time",
        "How only what is new is asked for. With `key` it is merged on the key, else it is added.",
        _read_since,
    ),
    FieldSpec("rate_limit", "`5/s`, `60/min` or `1000/h`", "none", "So many requests are made at most.", _read_rate),
    FieldSpec("retries", "whole number", "4", "How often a request that failed is tried again.", _read_count),
    FieldSpec("timeout", "seconds", "30", "A request without an answer for so long has failed.", _read_seconds),
    FieldSpec(
        "hosts",
        "list of hosts",
        "that of `url`",
        "Other hosts that redirects and next pages may lead to; what `auth` names is never sent there.",
        read_hosts,
    ),
)
_READ = (*SOURCE_KEYS, "new_columns")

#: Keys of a source in YAML. The reference page of project files is made from it.
REST_FIELDS: tuple[FieldSpec, ...] = (*_OWN, *(spec for spec in FIELDS if spec.name in _READ))


def read_rest(path: str, text: str) -> FileFacts:
    """The facts of a source in YAML."""
    node, wrong = parse_yaml(text)
    if node is None:
        nothing = FileFlaw("project.missing_key", "a source in YAML needs `kind: rest` and a `url`", 1, 1, "write them")
        return FileFacts(DatasetFacts(Kind.SOURCE), tuple(of_flaws(path, text, wrong or [nothing])))
    declared = read_rest_fields(node, path)
    flaws = [*wrong, *declared.flaws]
    if node.kind == "map":
        for name in ("kind", "url"):
            if name not in node.value:
                hint = "add `kind: rest`" if name == "kind" else "add `url: https://…`"
                message = f"a source in YAML needs `{name}`"
                flaws.append(FileFlaw("project.missing_key", message, node.line, node.column, hint))
    values = dict(declared.values)
    rest = _rest(values)
    keys = DatasetKeys(**{name: values[name] for name in SOURCE_KEYS if name in values})
    normal = content_id(["rest", _shape(rest)]) if rest is not None else ""
    return FileFacts(DatasetFacts(Kind.SOURCE, keys, normal, rest=rest), tuple(of_flaws(path, text, flaws)))


def read_rest_text(path: str, text: str) -> DeclaredFields:
    """What the text of a source in YAML declares; flaws are in it, never raised."""
    node, flaws = parse_yaml(text)
    declared = DeclaredFields() if node is None else read_rest_fields(node, path)
    return replace(declared, flaws=(*flaws, *declared.flaws)) if flaws else declared


def read_rest_fields(node: PlacedValue, path: str) -> DeclaredFields:
    """What the mapping `node` of a source in YAML declares, with what does not fit together."""
    reader = FieldReader(path)
    declared = with_column_checks(as_schema(reader.read(node, REST_FIELDS)), reader)
    twice = _sent_twice(declared)
    if twice is None:
        return declared
    name, place = twice
    flaw = FileFlaw("project.bad_value", f"the parameter `{name}` is stated twice", *place, "leave one of them")
    return replace(declared, flaws=(*declared.flaws, flaw))


def _sent_twice(declared: DeclaredFields) -> tuple[str, tuple[int, int]] | None:
    """A parameter that two keys send, and the place of one of them."""
    pages, since, sign = declared.get("pagination"), declared.get("cursor"), declared.get("auth")
    sent = [(name, "params") for name, _ in declared.get("params", ())]
    if pages is not None:
        sent += [(name, "pagination") for name in (pages.param, pages.size_param) if name]
    sent += [(since.param, "cursor")] if since is not None else []
    sent += [(sign.name, "auth")] if sign is not None and sign.way == "query" else []
    seen: set[str] = set()
    for name, key in sent:
        if name in seen:
            return name, declared.places[key]
        seen.add(name)
    return None


def _rest(values: dict[str, Any]) -> Rest | None:
    if "url" not in values or "kind" not in values:
        return None
    plain = Rest(values["url"])
    return Rest(
        url=values["url"],
        params=values.get("params", ()),
        headers=values.get("headers", ()),
        sign=values.get("auth"),
        pages=values.get("pagination", plain.pages),
        records=values.get("records", ()),
        total=values.get("total", ()),
        since=values.get("cursor"),
        seconds_apart=values.get("rate_limit", 0.0),
        retries=values.get("retries", plain.retries),
        timeout=values.get("timeout", plain.timeout),
        hosts=values.get("hosts", ()),
        types=tuple((column.name, column.type) for column in values.get("columns", ()) if column.type),
    )


def _shape(rest: Rest) -> Any:
    """What of an API shapes the rows: not who asks, how patiently, and in pages of which size."""
    pages = replace(rest.pages, size=None, size_param=None, most=1)
    return to_json(replace(rest, sign=None, pages=pages, total=(), seconds_apart=0.0, retries=0, timeout=1.0, hosts=()))
