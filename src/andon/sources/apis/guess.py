"""What a first answer of an API tells of how it is asked: where the records are, how pages follow, what identifies a record. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from andon.base.record import Record
from andon.sources.apis.pages import next_link

#: Names under which answers say what the next page is asked with, as letters alone.
_NEXT = frozenset(
    (
        "next",
        "nextpage",
        "nexturl",
        "nextlink",
        "nextcursor",
        "nextpagetoken",
        "nexttoken",
        "nextpageurl",
        "continuation",
    )
)
_TOTAL = frozenset(("total", "totalcount", "count", "totalresults", "totalitems", "totalrecords"))
_DEEPEST = 4


class Guess(Record):
    """What was found.

    Attributes:
        records: path to the list of records.
        pagination: as it is written in YAML; None where nothing tells of more pages.
        total: path to the number of all records.
        key: a field that every record has once.
        fields: the fields of the records, in order.
        count: how many records came.
        of: how many there are, where that is told and is more.
    """

    records: tuple[str, ...]
    pagination: str | None
    total: tuple[str, ...]
    key: str | None
    fields: tuple[str, ...]
    count: int
    of: int | None = None


def guess(answer: Any, headers: Mapping[str, str]) -> Guess | None:
    """What an answer tells, None where it holds no list of objects.

    Args:
        answer: the parsed body.
        headers: names in lower case.
    """
    found = max(_lists(answer, ()), key=lambda each: (len(each[1]) > 0, -len(each[0]), len(each[1])), default=None)
    if found is None:
        return None
    path, rows = found
    fields = tuple(dict.fromkeys(name for row in rows for name in row))
    beside = [each for each in _values(answer, ()) if each[0][: len(path)] != path or not path]
    pagination = _pagination(beside, headers)
    # a count of just what came may be that of the page
    least = len(rows) + (1 if pagination is not None else 0)
    found_total = ((p, v) for p, v in beside if _letters(p[-1]) in _TOTAL and _is_total(v))
    total = next((p for p, v in found_total if v >= (least if _letters(p[-1]) == "count" else len(rows))), ())
    more = next((v for p, v in beside if p == total and v > len(rows)), None)
    return Guess(path, pagination, total, _key(rows, fields), fields, len(rows), more)


def _lists(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Sequence[Mapping[str, Any]]]]:
    """All lists of objects, with their paths; what is in a list is no place of its own."""
    if isinstance(value, list):
        if all(isinstance(row, dict) for row in value):
            yield path, value
    elif isinstance(value, dict) and len(path) < _DEEPEST:
        for name, inner in value.items():
            if "." not in name:
                yield from _lists(inner, (*path, name))


def _values(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """All plain values beside lists, with their paths."""
    if isinstance(value, dict) and len(path) < _DEEPEST:
        for name, inner in value.items():
            if "." not in name:
                yield from _values(inner, (*path, name))
    elif path and not isinstance(value, list | dict):
        yield path, value


def _pagination(beside: Sequence[tuple[tuple[str, ...], Any]], headers: Mapping[str, str]) -> str | None:
    if next_link(headers.get("link", "")) is not None:
        return "link"
    for path, value in beside:
        if _letters(path[-1]) in _NEXT and isinstance(value, str | None):
            told = ".".join(path)
            is_address = value is None or value.startswith(("http://", "https://", "/", "?"))
            return f"{{by: cursor, next: {told}}}" if is_address else f"{{by: cursor, next: {told}, param: cursor}}"
    names = {_letters(path[-1]) for path, _ in beside}
    if names & {"page", "currentpage", "pagenumber"} and names & {
        "totalpages",
        "pages",
        "lastpage",
        "pagecount",
        "perpage",
    }:
        return "page"
    return "{by: offset, size: 100}" if {"offset", "limit"} <= names else None


def _key(rows: Sequence[Mapping[str, Any]], fields: Sequence[str]) -> str | None:
    for name in ("id", "uuid", "key", *(field for field in fields if field.lower().endswith("_id"))):
        values = [row.get(name) for row in rows]
        if name in fields and all(isinstance(v, str | int) for v in values) and len(set(values)) == len(values):
            return name
    return None


def _is_total(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _letters(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())
