"""A query that reads a dataset, with that dataset's own query put in as a CTE; and what can be told of how it is put in. Pure.

The text is changed only where the dataset is named and where the CTE goes. What was made is parsed again: its tree is that of the reader
with the query put in, node by node, or nothing is given out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from andon.base.names import folded, is_name_part, quote
from andon.sql.facts import read_facts
from andon.sql.names import words
from andon.sql.renaming import (
    is_qualified,
    name_range,
    names_by_text,
    nodes_of,
    plain_tree,
    tables_named,
    tree_of,
)
from andon.sql.tokens import tokens

_TRIES = 20


def folded_in(
    reader: str, dataset: str, query: str, casts: Mapping[str, str] | None = None, said: Sequence[str] = ()
) -> str | None:
    """`reader` with `query` in place of the dataset that it reads; None where nothing proves that it means the same.

    Args:
        reader, query: each one SELECT, comments and layout as written; `query` without front matter.
        dataset: `schema.name`, in lower case.
        casts: column -> type in which its values were kept, where the query gives another one.
        said: lines that go with the query, as comments.
    """
    facts, own = read_facts([reader, query])
    if not facts.normal or not own.normal:
        return None
    offsets = [use.offset for use in facts.tables if use.name == dataset]
    before = tree_of(reader)
    listed = list(tokens(reader))
    places = [name_range(listed, offset, dataset) for offset in offsets]
    found = tables_named(before, dataset)
    if not places or None in places or len(found) != len(places) or len(before) != 1:
        return None
    if names_by_text(before, dataset) or any(is_qualified(node, dataset) for node in nodes_of(before)):
        return None
    ranges = [place for place in places if place is not None]
    name = _free_name(dataset, before)
    if name is None:
        return None
    body = _body(query, casts or {})
    shown = _shown(name)
    short = dataset.partition(".")[2]
    alias = "" if name == short else f" as {_shown(short)}"
    is_bare = [not node.get("alias") for node in sorted(found, key=lambda node: int(node["query_location"]))]
    made = reader
    for (start, end), bare in sorted(zip(ranges, is_bare, strict=True), reverse=True):
        made = f"{made[:start]}{shown}{alias if bare else ''}{made[end:]}"
    made = _with_cte(made, shown, body, said)
    entry = _entry(shown, body)
    if entry is None:
        return None
    for node in found:
        del node["schema_name"]
        node["table_name"] = name
        if alias and not node.get("alias"):
            node["alias"] = short
    root = before[0]
    there = root.setdefault("cte_map", {}).setdefault("map", [])
    there.insert(0, entry)
    parsed = tree_of(made)
    return made if plain_tree(before) == plain_tree(parsed) else None


#: Words that can't name a table as they stand; quoted where one does.
_RESERVED = words(
    "all analyse analyze and any array as asc both case cast check collate column constraint create default desc describe"
    " distinct do else end except exists false fetch for foreign from full glob grant group having ilike in initially inner"
    " intersect into is isnull join lambda lateral leading left like limit map natural not notnull null offset on only or"
    " order outer overlaps pivot placing positional primary qualify references returning right select semi anti show similar"
    " some summarize table tablesample then to trailing true union unique unpivot using values variadic when where window with"
)


def _shown(name: str) -> str:
    return name if is_name_part(name) and name not in _RESERVED else quote(name)


def _free_name(dataset: str, tree: Any) -> str | None:
    """A name that no CTE and no table of the text has: that of the dataset, or one with its schema."""
    taken = set(_bare_names(tree))
    schema, short = dataset.split(".")
    options = [short, f"{schema}_{short}", *(f"{schema}_{short}_{n}" for n in range(2, _TRIES))]
    return next((each for each in options if each not in taken), None)


def _bare_names(tree: Any) -> Iterator[str]:
    """Names of CTEs, and of tables that have no schema."""
    for node in nodes_of(tree):
        if node.get("type") == "BASE_TABLE" and not node.get("schema_name"):
            yield folded(str(node.get("table_name", "")))
        if "cte_map" in node:
            yield from (folded(str(entry["key"])) for entry in node["cte_map"].get("map", ()))


def _body(query: str, casts: Mapping[str, str]) -> str:
    """The query as it stands between the brackets of the CTE."""
    inner = _indented(query.strip())
    if not casts:
        return inner
    kept = ", ".join(f"cast({_shown(name)} as {kind}) as {_shown(name)}" for name, kind in casts.items())
    return f"    select * replace ({kept}) from (\n{_indented(inner)}\n    )"


def _indented(text: str) -> str:
    """Each line further in, but for those that begin within a text."""
    inside = {
        at for token in tokens(text) if token.kind in ("string", "quoted") for at in range(token.start + 1, token.end)
    }
    made, at = [], 0
    for line in text.split("\n"):
        made.append(line if at in inside or not line.strip() else f"    {line}")
        at += len(line) + 1
    return "\n".join(made)


def _with_cte(text: str, shown: str, body: str, said: Sequence[str]) -> str:
    listed = list(tokens(text))
    comment = "".join(f"-- {line}\n" for line in said)
    cte = f"{shown} as (\n{body}\n)"
    if listed[0].word == "with":
        at = listed[1] if listed[1].word == "recursive" else listed[0]
        after = text[at.end :].lstrip(" \t")
        apart = "" if after.startswith(("\n", "\r")) else "\n"
        return f"{text[: at.end]}\n{comment}{cte},{apart}{after}"
    start = listed[0].start
    return f"{text[:start]}{comment}with {cte}\n{text[start:]}"


def _entry(shown: str, body: str) -> Any:
    """How the tree of a text with the CTE holds it; None where it can't be parsed."""
    text = f"with {shown} as (\n{body}\n) select 1"
    facts = read_facts([text])[0]
    if not facts.normal:
        return None
    entries = tree_of(text)[0].get("cte_map", {}).get("map", [])
    return entries[0] if len(entries) == 1 else None
