"""A query without one of its columns: the item is cut out of its list, and all else stays as it is written. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from andon.base.names import folded
from andon.sql.facts import read_facts
from andon.sql.renaming import plain_tree, tree_of
from andon.sql.tokens import SqlToken, tokens


def without_column(sql: str, column: str) -> str | None:
    """`sql` without a column that its outermost SELECT gives; None where the list can't be cut without changing something else.

    That the rest says the same is not told by this: whoever asks compares what both mean.

    Args:
        column: its name, in lower case.
    """
    if not read_facts([sql])[0].normal:
        return None
    before = tree_of(sql)
    root = before[0]
    if root.get("type") != "SELECT_NODE" or _counts_places(root):
        return None
    items = root.get("select_list", [])
    if len(items) < 2 or any(each.get("type") == "STAR" for each in items):
        return None
    named = [n for n, each in enumerate(items) if _name(each) == column]
    listed = list(tokens(sql))
    spans = _items(listed)
    if len(named) != 1 or len(spans) != len(items):
        return None
    at = named[0]
    if any(_is_named(each, column) for each in _others(root, at)):
        return None  # something else may mean it by its name
    start, end = (
        (spans[at][0], spans[at + 1][0]) if at + 1 < len(spans) else (_comma(listed, spans[at][0]), spans[at][1])
    )
    if start is None or _has_comment(sql, listed, start, end):
        return None
    made = sql[:start] + sql[end:]
    after = tree_of(made)
    items.pop(at)
    return made if plain_tree(before) == plain_tree(after) else None


def _counts_places(root: Any) -> bool:
    """Whether rows depend on which columns there are, or columns are meant by their places."""
    if any(each.get("type") == "DISTINCT_MODIFIER" for each in root.get("modifiers", ())):
        return True
    groups = root.get("group_expressions", [])
    orders = [o.get("expression", {}) for each in root.get("modifiers", ()) for o in each.get("orders", ())]
    if any(each.get("class") in ("CONSTANT", "STAR") for each in (*groups, *orders)):
        return True
    return root.get("aggregate_handling") not in (None, "STANDARD_HANDLING")


def _name(item: Any) -> str:
    if item.get("alias"):
        return folded(str(item["alias"]))
    return folded(str(item["column_names"][-1])) if item.get("type") == "COLUMN_REF" else ""


def _others(root: Any, at: int) -> list[Any]:
    """The parts of a SELECT beside its list, its tables and its CTEs; and the items beside one."""
    rest = [value for key, value in root.items() if key not in ("select_list", "from_table", "cte_map")]
    items = root.get("select_list", [])
    return [*rest, *items[:at], *items[at + 1 :]]


def _is_named(part: Any, column: str) -> bool:
    """Whether a column is named by its name alone."""
    if isinstance(part, list):
        return any(_is_named(each, column) for each in part)
    if not isinstance(part, dict):
        return False
    names = part.get("column_names")
    if names and len(names) == 1 and folded(str(names[0])) == column:
        return True
    return any(_is_named(each, column) for each in part.values())


def _items(listed: Sequence[SqlToken]) -> list[tuple[int, int]]:
    """The characters of each item of the outermost SELECT's list."""
    depth, begin = 0, None
    found: list[tuple[int, int]] = []
    first = last = -1
    for token in listed:
        if (
            depth == 0
            and begin is not None
            and token.word
            in (
                "from",
                "where",
                "group",
                "having",
                "window",
                "qualify",
                "order",
                "limit",
                "offset",
                "using",
                "union",
                "except",
                "intersect",
            )
        ):
            break
        mark = token.text if token.kind == "mark" else ""
        if begin is not None:
            if depth == 0 and mark == ",":
                found.append((first, last))
                first = -1
            else:
                first = token.start if first < 0 else first
                last = token.end
        depth += 1 if mark and mark in "([{" else -1 if mark and mark in ")]}" else 0
        if depth == 0 and begin is None and token.word == "select":
            begin = token.end
    if first >= 0:
        found.append((first, last))
    return found


def _comma(listed: Sequence[SqlToken], start: int) -> int | None:
    """Where the comma before an item stands."""
    before = [token for token in listed if token.start < start]
    return before[-1].start if before and before[-1].text == "," else None


def _has_comment(sql: str, listed: Sequence[SqlToken], start: int, end: int) -> bool:
    """Whether anything but tokens and blanks is cut out."""
    rest = sql[start:end]
    for token in sorted(listed, key=lambda token: -token.start):
        if start <= token.start and token.end <= end:
            rest = rest[: token.start - start] + rest[token.end - start :]
    return bool(rest.strip())
