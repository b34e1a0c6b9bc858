"""NaN fails every comparison of a rule, under NOT too.

DuckDB holds NaN to be equal to itself and greater than all numbers, so `x > 0` and `not (x < 5)` would let it pass. Where a compared
operand is of a floating type, the comparison is rewritten in the tree: false for NaN where it stands plainly, true where it stands
under NOT. A comparison whose sense can't be known (an argument of a function, a condition of CASE) fails the whole rule for NaN.

Conditions within a total (`share(x > 50)`, a FILTER, a CASE) are rewritten each by itself: a row with NaN satisfies none of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from andon.checks.language.answers import as_text
from andon.checks.language.expression import is_aggregate

Node = Mapping[str, Any]

_PLAIN = frozenset(("COMPARISON", "CONJUNCTION", "COLUMN_REF", "CONSTANT", "BETWEEN"))
_MEMBERSHIP = ("COMPARE_IN", "COMPARE_NOT_IN")
_FLOATS = ("DOUBLE", "FLOAT")


def is_float(kind: str) -> bool:
    """Whether a value of this DuckDB type can be NaN."""
    return kind in _FLOATS


def guarded(sql: str, tree: Node, types: Callable[[Sequence[str]], list[str]], floats: bool) -> str:
    """`sql` so that NaN fails its comparisons; as it was, when none of them compares floating numbers.

    Args:
        tree: DuckDB's tree of `sql`.
        types: gives the types of expressions over the row.
        floats: whether the row has floating columns that the rule reads.
    """
    if not floats and _is_plain(tree):
        return sql
    found = _floating(_unique(_operands(tree)), types)
    if not found:
        return sql
    loose: list[Node] = []
    changed = _rewrite(tree, True, found, loose)
    whole = as_text([changed])[0]
    guards = [f"not isnan({found[key_of(node)]})" for node in _unique(loose)]
    return " and ".join([f"({whole})", *guards])


def guarded_total(sql: str, tree: Node, types: Callable[[Sequence[str]], list[str]]) -> str:
    """`sql`, an expression with aggregates, so that no condition within it is true for NaN; as it was, when none compares floats."""
    found: dict[str, str] = {}
    # what stands within aggregates and what stands around them can't be bound in one query
    for operands in _operands_of_total(tree):
        found |= _floating(operands, types)
    return as_text([_rewrite_within(tree, found)])[0] if found else sql


def guards_within(tree: Node, types: Callable[[Sequence[str]], list[str]]) -> list[str]:
    """SQL that is false for rows with NaN in a comparison within `tree`, a value that is no condition itself."""
    return [f"not isnan({text})" for text in _floating(_unique(_operands(tree)), types).values()]


def _floating(operands: Sequence[Node], types: Callable[[Sequence[str]], list[str]]) -> dict[str, str]:
    """Those of `operands` that may be NaN, as `{key: SQL}`."""
    if not operands:
        return {}
    texts = as_text(operands)
    kinds = types(texts)
    return {key_of(node): text for node, text, kind in zip(operands, texts, kinds, strict=True) if is_float(kind)}


def _operands_of_total(tree: Node) -> tuple[list[Node], list[Node]]:
    """What is compared within the aggregates of `tree`, and what outside of them."""
    inside: list[Node] = []
    outside: list[Node] = []

    def visit(node: Node) -> None:
        if is_aggregate(node):
            inside.extend(_operands(node))
            return
        outside.extend(one for one in compared(node) if one.get("class") != "CONSTANT")
        if node.get("class") not in ("LAMBDA", "WINDOW"):
            for part in parts(node):
                visit(part)

    visit(tree)
    return _unique(inside), _unique(outside)


def _rewrite_within(node: Any, found: Mapping[str, str]) -> Any:
    """The tree with each condition in it false for NaN."""
    if isinstance(node, list):
        return [_rewrite_within(part, found) for part in node]
    if not isinstance(node, dict) or node.get("class") in ("LAMBDA", "WINDOW", "SUBQUERY"):
        return node
    is_not = node.get("class") == "OPERATOR" and node["type"] == "OPERATOR_NOT"
    if is_not or node.get("class") == "CONJUNCTION" or compared(node):
        loose: list[Node] = []
        changed = _rewrite(node, True, found, loose)
        return _all_of(changed, [_negated(_call("isnan", one)) for one in _unique(loose)])
    return {name: _rewrite_within(part, found) for name, part in node.items()}


def _is_plain(node: Node) -> bool:
    """Whether the tree only compares columns and constants, so that no floating number can come about in it."""
    kind = node.get("class")
    if kind == "CONSTANT" or kind == "COLUMN_REF":
        return True
    plain = kind in _PLAIN or (
        kind == "OPERATOR"
        and node["type"] in ("OPERATOR_NOT", *_MEMBERSHIP, "OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL")
    )
    return plain and all(_is_plain(part) for part in parts(node))


def parts(node: Node) -> Iterable[Node]:
    """The expressions directly below."""
    for value in node.values():
        if isinstance(value, dict):
            if "class" in value:
                yield value
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, dict):
                    if "class" in item:
                        yield item
                    elif "when_expr" in item:
                        yield from (item["when_expr"], item["then_expr"])


def compared(node: Node) -> list[Node]:
    """The operands of a comparison, a range, or a list; empty for other nodes."""
    match node.get("class"):
        case "COMPARISON":
            return [node["left"], node["right"]]
        case "BETWEEN":
            return [node["input"], node["lower"], node["upper"]]
        case "OPERATOR" if node["type"] in _MEMBERSHIP:
            return list(node["children"])
        case "SUBQUERY":
            return [node["child"]] if node.get("child") else []
    return []


def _operands(node: Node) -> list[Node]:
    found = [one for one in compared(node) if one.get("class") != "CONSTANT"]
    if node.get("class") in ("LAMBDA", "WINDOW"):
        return found
    for part in parts(node):
        found += _operands(part)
    return found


def key_of(node: Node) -> str:
    """What equal expressions have in common, wherever they stand."""
    return json.dumps(_placeless(node), sort_keys=True)


def _placeless(node: Any) -> Any:
    if isinstance(node, dict):
        return {name: _placeless(part) for name, part in node.items() if name != "query_location"}
    return [_placeless(part) for part in node] if isinstance(node, list) else node


def _unique(nodes: Iterable[Node]) -> list[Node]:
    return list({key_of(node): node for node in nodes}.values())


def _rewrite(node: Node, plainly: bool | None, found: Mapping[str, str], loose: list[Node]) -> Node:
    """The tree with guards; `plainly` is whether true makes the rule true (False: under NOT; None: unknown)."""
    kind = node.get("class")
    if kind in ("LAMBDA", "WINDOW"):
        return node
    floating = [one for one in compared(node) if key_of(one) in found]
    if floating:
        if plainly is None:
            loose += floating
            return node
        tests: list[Node] = [_call("isnan", one) for one in floating]
        tests = [_negated(test) for test in tests] if plainly else tests
        return {
            "class": "CONJUNCTION",
            "type": f"CONJUNCTION_{'AND' if plainly else 'OR'}",
            "alias": "",
            "children": [node, *tests],
        }
    if kind == "CONJUNCTION":
        return {**node, "children": [_rewrite(one, plainly, found, loose) for one in node["children"]]}
    if kind == "OPERATOR" and node["type"] == "OPERATOR_NOT":
        turned = None if plainly is None else not plainly
        return {**node, "children": [_rewrite(one, turned, found, loose) for one in node["children"]]}
    if kind == "CASE":
        checks = [
            {
                "when_expr": _rewrite(one["when_expr"], None, found, loose),
                "then_expr": _rewrite(one["then_expr"], plainly, found, loose),
            }
            for one in node["case_checks"]
        ]
        return {**node, "case_checks": checks, "else_expr": _rewrite(node["else_expr"], plainly, found, loose)}
    for part in parts(node):
        _rewrite(part, None, found, loose)
    return node


def _all_of(node: Node, tests: Sequence[Node]) -> Node:
    return (
        {"class": "CONJUNCTION", "type": "CONJUNCTION_AND", "alias": "", "children": [node, *tests]} if tests else node
    )


def _call(name: str, argument: Node) -> Node:
    return {
        "class": "FUNCTION",
        "type": "FUNCTION",
        "alias": "",
        "function_name": name,
        "schema": "",
        "catalog": "",
        "children": [argument],
        "filter": None,
        "order_bys": {"type": "ORDER_MODIFIER", "orders": []},
        "distinct": False,
        "is_operator": False,
        "export_state": False,
    }


def _negated(node: Node) -> Node:
    return {"class": "OPERATOR", "type": "OPERATOR_NOT", "alias": "", "children": [node]}
