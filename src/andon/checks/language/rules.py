"""SQL rules: a boolean over the row, or a comparison of totals. The parser decides which; what is neither is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from andon.checks.language.context import (
    COMPARATORS,
    Context,
    Outcome,
    Read,
    after,
    before,
    merged,
    read_of,
    row_expression,
)
from andon.checks.language.expression import Expression, expect, read_expression
from andon.checks.language.grammar import nearest_example
from andon.checks.language.literals import read_number, read_share
from andon.checks.language.tokens import Flaw, cut, top_level
from andon.checks.language.total_forms import (
    COUNT,
    comparator,
    is_share_call,
    mixture,
    needs_percent,
    read_tolerance,
    total_read,
)
from andon.model.check import CheckKind, Comparison, RowRule, Tolerance

_TURNED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_EXAMPLE = "shipped_at >= created_at"


def rule_form(context: Context, text: str) -> Outcome:
    """A row rule or a total rule; the last form, so it never gives None."""
    flaw = _misplaced_tolerance(text)
    if flaw is not None:
        return flaw
    text = _rows_as_count(context, text)
    parts = cut(text)
    body, tolerance = read_tolerance(text)
    if isinstance(tolerance, Flaw):
        return tolerance
    whole = read_expression(body, context.own)
    if isinstance(whole, Flaw):
        return _nearest(text, whole)
    start = parts[0].start if parts else 0
    if whole.is_total:
        return _total_rule(context, body, whole, tolerance)
    flaw = row_expression(context, whole, start) or _not_a_rule(text, whole, start)
    if flaw is not None:
        return flaw
    if tolerance is None:
        return Read(RowRule(whole.sql), CheckKind.ROW, **read_of(whole))  # type: ignore[arg-type]
    return _within(context, body, tolerance)


def _within(context: Context, text: str, tolerance: Tolerance) -> Outcome:
    """`left = right +- tolerance` over the row."""
    parts = cut(text)
    at = comparator(parts)
    if at is None:
        return Flaw("`+-` needs one comparison with `=`", len(text), "write `a = b +- 0.01`", "a = b +- 0.01")
    expect(before(text, parts[at]), after(text, parts[at]))
    left = read_expression(before(text, parts[at]), context.own)
    right = read_expression(after(text, parts[at]), context.own)
    for side in (left, right):
        if isinstance(side, Flaw):
            return side
    assert isinstance(left, Expression)
    assert isinstance(right, Expression)
    return Read(RowRule(left.sql, right.sql, tolerance), CheckKind.ROW, **merged(left, right))  # type: ignore[arg-type]


def _misplaced_tolerance(text: str) -> Flaw | None:
    """`+-` anywhere but once after the only `=`."""
    parts = cut(text)
    places = [i for i, token in enumerate(parts) if token.text == "+-" and token.kind == "op"]
    if not places:
        return None
    at = comparator(parts)
    top = top_level(parts)
    logical = any(parts[i].word in ("and", "or", "not", "in", "between", "is", "like") for i in top)
    good = len(places) == 1 and places[0] in top and at is not None and at < places[0] and not logical
    if good and at is not None and parts[at].text in ("=", "=="):
        return None
    hint = "write `a = b +- 0.01`; for plus and minus put a blank between them"
    return Flaw("`+-` stands only after one `=`", parts[places[0]].start, hint, "amount = quantity * price +- 0.01")


def _rows_as_count(context: Context, text: str) -> str:
    """`rows` on one side of a comparison with a total is the number of rows."""
    parts = cut(text)
    if len(parts) > 2 and parts[-1].word == "rows" and parts[-2].text in COMPARATORS and not _has_rows(context):
        left = read_expression(before(text, parts[-2]), None)
        if isinstance(left, Expression) and left.is_total:
            return text[: parts[-1].start] + COUNT
    if len(parts) > 2 and parts[0].word == "rows" and parts[1].text in COMPARATORS:
        right = read_expression(read_tolerance(after(text, parts[1]))[0], None)
        if isinstance(right, Expression) and right.is_total:
            return COUNT + text[parts[0].end :]
    return text


def _has_rows(context: Context) -> bool:
    return context.columns is not None and "rows" in context.columns


def _total_rule(context: Context, text: str, whole: Expression, tolerance: Tolerance | None) -> Outcome:
    parts = cut(text)
    start = parts[0].start
    flaw = mixture(whole, start)
    if flaw is not None:
        return flaw
    at = comparator(parts)
    if at is None or any(parts[i].word in ("and", "or", "not", "is", "in", "between") for i in top_level(parts)):
        hint = "compare two totals or give a range, one on each line: `sum(a) > 0`, `avg(price) 150..250`"
        return Flaw("a total rule is one comparison or one range", start, hint, "sum(amount) > 0")
    operator = COMPARATORS[parts[at].text]
    left_text, right_text = before(text, parts[at]), after(text, parts[at])
    expect(left_text, right_text)
    left, right = read_expression(left_text, context.own), read_expression(right_text, context.own)
    if isinstance(left, Flaw):
        return left
    if isinstance(right, Flaw):
        return right
    for one, other in ((left_text, right_text), (right_text, left_text)):
        if is_share_call(one) and read_number(other.strip()) is not None:
            return needs_percent(len(other) - len(other.lstrip()))
    is_share = read_share((right_text if left.is_total else left_text).strip()) is not None
    if not left.is_total and tolerance is None:
        left, right, operator = right, left, _TURNED[operator]
    if not left.is_total:
        return Flaw("the total stands on the left of `=`", start, "turn the two sides around", "sum(a) = 100 +- 1")
    return total_read(context, Comparison(operator, right.sql, tolerance, is_share), left, right)


def _not_a_rule(text: str, whole: Expression, offset: int) -> Flaw | None:
    """What keeps an expression over the row from being a rule: no column, or no operator that says true or false."""
    if not whole.columns and not whole.has_subquery:
        return Flaw(f"`{text.strip()}` names no column", offset, "name a column of the dataset", _EXAMPLE)
    kind = _verdict_of(whole.tree)
    if kind == "boolean":
        return None
    if kind == "arrow":
        hint = (
            "JSON's arrow binds weakly: put brackets around it: `(j -> 'k') = 'x'`; a reference needs `schema.dataset`"
        )
        return Flaw("`->` takes in all that follows", offset, hint, "customer_id -> shop.customers")
    if kind == "arithmetic":
        return Flaw("the rule says a value, not true or false", offset, "compare it with something", _EXAMPLE)
    hint = f"compare it: `{text.strip()} = true`"
    return Flaw("a rule needs an operator", offset, hint, "is_active = true")


def _verdict_of(tree: Mapping[str, Any]) -> str:
    kind, type_ = tree.get("class"), str(tree.get("type"))
    if kind in ("COMPARISON", "CONJUNCTION", "BETWEEN", "SUBQUERY"):
        return "boolean"
    if kind == "OPERATOR":
        boolean = type_ in ("OPERATOR_NOT", "OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL", "COMPARE_IN", "COMPARE_NOT_IN")
        return "boolean" if boolean else "bare"
    if kind == "LAMBDA":
        return "arrow"
    if kind != "FUNCTION":
        return "bare"
    name = str(tree.get("function_name"))
    if name in _ARITHMETIC:
        return "arithmetic"
    return "boolean" if tree.get("is_operator") or name in _SQL_OPERATORS else "bare"


_ARITHMETIC = frozenset(("+", "-", "*", "/", "//", "%", "**", "^", "||", "->", "->>", "&", "|", "<<", ">>", "~"))
_SQL_OPERATORS = frozenset(("regexp_full_match", "like_escape", "not_like_escape", "ilike_escape", "not_ilike_escape"))


def _nearest(text: str, flaw: Flaw) -> Flaw:
    found = list(dict.fromkeys(token.word for token in cut(text) if token.kind == "word"))
    example = flaw.example or nearest_example(found) or _EXAMPLE
    return Flaw(flaw.message, flaw.offset, flaw.hint, example, flaw.code)
