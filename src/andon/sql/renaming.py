"""A text that reads a dataset under another name: rewritten where its tree proves that it says the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from andon.base.names import folded, quote, quote_name
from andon.sql.facts import read_facts
from andon.sql.names import PLAIN_FUNCTIONS
from andon.sql.parse import parse
from andon.sql.tokens import SqlToken, tokens


def renamed_table(sql: str, old: str, new: str) -> str | None:
    """`sql` with the dataset `new` in place of `old`; None where nothing proves that it means the same.

    Where other places of the text may name the table, it keeps its old name there as an alias.
    """
    facts = read_facts([sql])[0]
    if not facts.normal:
        return None
    offsets = [use.offset for use in facts.tables if use.name == old]
    if not offsets:
        return sql
    before = tree_of(sql)
    listed = list(tokens(sql))
    ranges = [name_range(listed, offset, old) for offset in offsets]
    found = tables_named(before, old)
    if None in ranges or len(found) != len(ranges) or any(is_qualified(node, old) for node in nodes_of(before)):
        return None
    if names_by_text(before, old):
        return None
    places = [place for place in ranges if place is not None]
    short, after = old.split(".")[1], new.split(".")[1]
    others = [t.name for t in listed if t.kind in ("word", "quoted") and not any(s <= t.start < e for s, e in places)]
    alias = short if short != after and (short in others or after in others) else ""
    bare = [not node.get("alias") for node in sorted(found, key=lambda node: int(node["query_location"]))]
    for node in found:
        node["schema_name"], node["table_name"] = new.split(".")
        if alias and not node.get("alias"):
            node["alias"] = alias
    wanted = plain_tree(before)
    for name, called in ((new, alias), (quote_name(new), quote(alias))):  # some names are words of SQL
        made = sql
        for (start, end), is_bare in sorted(zip(places, bare, strict=True), reverse=True):
            made = f"{made[:start]}{name}{f' as {called}' if alias and is_bare else ''}{made[end:]}"
        if wanted == plain_tree(tree_of(made)):
            return made
    return None


def tree_of(sql: str) -> Any:
    """The nodes of a text's statements, as the engine's parser gives them."""
    parsed = next(iter(parse([sql])))
    return [statement["node"] for statement in parsed.statements]


def nodes_of(part: Any) -> Iterator[dict[str, Any]]:
    """All nodes of a tree."""
    waiting = [part]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            yield each
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each


def tables_named(tree: Any, name: str) -> list[dict[str, Any]]:
    """Where a tree reads a dataset."""
    return [node for node in nodes_of(tree) if _is_table(node, name)]


def _is_table(node: dict[str, Any], name: str) -> bool:
    named = (folded(str(node.get("schema_name", ""))), folded(str(node.get("table_name", ""))))
    return node.get("type") == "BASE_TABLE" and ".".join(named) == name


def names_by_text(tree: Any, name: str) -> bool:
    """Whether a column or a field may be named by a text that holds the table: one that is selected without a name of its own, or given
    to a function that looks at how its arguments are written."""
    waiting = [(tree, False)]
    while waiting:
        part, is_shown = waiting.pop()
        if isinstance(part, list):
            waiting += [(each, is_shown) for each in part]
            continue
        if not isinstance(part, dict):
            continue
        if is_shown and _is_table(part, name):
            return True
        function = str(part.get("function_name", ""))
        is_shown = is_shown or (function.isidentifier() and function not in PLAIN_FUNCTIONS)
        for key, value in part.items():
            if key == "select_list":
                waiting += [(item, is_shown or not item.get("alias")) for item in value]
            else:
                waiting.append((value, is_shown))
    return False


def is_qualified(node: dict[str, Any], name: str) -> bool:
    """Whether a column is named with schema and table: no alias stands for both."""
    names = [folded(str(part)) for part in node.get("column_names") or ()]
    return len(names) > 2 and names[:2] == name.split(".")


def name_range(listed: list[SqlToken], offset: int, name: str) -> tuple[int, int] | None:
    """The characters of a name that begins at `offset`."""
    at = next((number for number, token in enumerate(listed) if token.start == offset), None)
    if at is None or len(listed) < at + 3:
        return None
    schema, dot, short = listed[at : at + 3]
    if dot.text != "." or [schema.name, short.name] != name.split("."):
        return None
    return schema.start, short.end


def plain_tree(part: Any) -> Any:
    """A tree without places."""
    if isinstance(part, dict):
        return {key: plain_tree(value) for key, value in part.items() if key != "query_location"}
    return [plain_tree(each) for each in part] if isinstance(part, list) else part
