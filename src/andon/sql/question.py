"""What a question is made of, beside its shape: the values that it filters by, what it is of its own, whether it is a mere look.

Of the values of a question only those that a column is compared with are given by the occasion. All others, such as the grain of a
`date_trunc`, make it another question: that is what `core` tells apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from andon.base.names import folded
from andon.base.record import Record
from andon.base.recursion import deeply
from andon.base.text import byte_to_character
from andon.sql.parse import Parsed, parse
from andon.sql.shape import exact_mark

_Node = dict[str, Any]

_TURNED = {
    "COMPARE_GREATERTHAN": "COMPARE_LESSTHAN",
    "COMPARE_LESSTHAN": "COMPARE_GREATERTHAN",
    "COMPARE_GREATERTHANOREQUALTO": "COMPARE_LESSTHANOREQUALTO",
    "COMPARE_LESSTHANOREQUALTO": "COMPARE_GREATERTHANOREQUALTO",
}
_SIGNS = {
    "COMPARE_EQUAL": "=",
    "COMPARE_NOTEQUAL": "<>",
    "COMPARE_GREATERTHAN": ">",
    "COMPARE_LESSTHAN": "<",
    "COMPARE_GREATERTHANOREQUALTO": ">=",
    "COMPARE_LESSTHANOREQUALTO": "<=",
    "COMPARE_IN": "in",
    "COMPARE_NOT_IN": "not in",
}
_COUNTS = frozenset({"count_star", "count"})
#: The engine's aggregates that people use; any other function with such a mark (`distinct`, `filter`) is one, too.
_AGGREGATES = frozenset(
    {"sum", "avg", "mean", "min", "max", "median", "mode", "stddev", "stddev_samp", "stddev_pop", "variance", "var_samp",
     "quantile", "quantile_cont", "approx_count_distinct", "approx_quantile", "arg_max", "arg_min", "max_by", "min_by",
     "bool_and", "bool_or", "first", "last", "any_value", "list", "array_agg", "string_agg", "listagg", "group_concat",
     "count_if", "corr", "product", "histogram", "entropy", "mad", "kurtosis", "skewness", "fsum"}
    | _COUNTS
)  # fmt: skip


class FilterValue(Record):
    """A value, or the list of an `in`, that a column is compared with.

    Attributes:
        slot: which place of the question it stands in; the same for questions of one shape, in whatever order their conditions are.
        column: the column. sign: how it is compared, the column on the left.
        values: as text. kind: the engine's type of the first.
        spans: where each stands in the text (characters), a type before it (`date '…'`) with it.
        is_alone: whether it is a condition of its own of the outermost query: without it the query has the rows of all values.
    """

    slot: str
    column: str
    sign: str
    values: tuple[str, ...]
    kind: str
    spans: tuple[tuple[int, int], ...] = ()
    is_alone: bool = False


class QuestionForm(Record):
    """What a question is made of.

    Attributes:
        core: the same for questions that differ in the values of their filters alone.
        filters: those values.
        traits: what it reads, returns, groups and filters by: questions that share most of them ask much the same.
        is_look: whether it looks at the rows of one table as they are, or counts them.
        is_plain: whether it returns rows of one table, chosen by values.
        is_grouped: whether it has aggregates, so that it can be grouped by one column more.
        measures, parts: what its result's columns are called: aggregates, and all others.
    """

    core: str
    filters: tuple[FilterValue, ...] = ()
    traits: frozenset[str] = frozenset()
    is_look: bool = False
    is_plain: bool = False
    is_grouped: bool = False
    measures: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()


def question_form(sql: str) -> QuestionForm | None:
    """What a text is made of; None where it is no single query that can be read."""
    return question_forms([sql])[0]


def question_forms(texts: Sequence[str]) -> list[QuestionForm | None]:
    """`question_form` of many: to parse them together costs far less."""
    return [_read(sql, parsed) for sql, parsed in zip(texts, parse(texts), strict=True)]


def _read(sql: str, parsed: Parsed) -> QuestionForm | None:
    if parsed.problem is not None or len(parsed.statements) != 1:
        return None
    try:
        return deeply(lambda: _form(sql, parsed.statements[0]))
    except RecursionError:
        return None


def _form(sql: str, statement: _Node) -> QuestionForm:
    node = statement["node"]
    found = list(_filters(node, node))
    bare = {key: part for key, part in node.items() if key != "modifiers"}
    distinct = [m for m in node.get("modifiers", ()) if m.get("type") == "DISTINCT_MODIFIER"]
    core = exact_mark({"node": _without({**bare, **({"modifiers": distinct} if distinct else {})}, found)})
    outputs = node.get("select_list", ())
    table = node.get("from_table") or {}
    is_one_table = node.get("type") == "SELECT_NODE" and table.get("type") == "BASE_TABLE" and not _ctes(node)
    aggregates = [item for item in outputs if _aggregates(item)]
    is_grouped = bool(aggregates or node.get("group_expressions"))
    is_bare = is_one_table and not is_grouped and not distinct and not node.get("qualify")
    plain = is_bare and all(_is_column(item) for item in outputs)
    counts = is_one_table and bool(outputs) and not node.get("group_expressions") and all(map(_is_count, outputs))
    return QuestionForm(
        core,
        tuple(_placed(sql, one) for one in _slots(found)),
        frozenset(_traits(node)),
        is_look=counts or (plain and "where_clause" not in node) or not table or table.get("type") == "EMPTY",
        is_plain=plain,
        is_grouped=is_grouped,
        measures=tuple(filter(None, map(_called, aggregates))),
        parts=tuple(filter(None, (_called(item) for item in outputs if not _aggregates(item)))),
    )


class _Found(Record):
    """A comparison of a column with values, in the tree."""

    column: str
    sign: str
    constants: tuple[_Node, ...]
    is_alone: bool


def _filters(part: Any, outermost: _Node) -> Iterator[_Found]:
    """Each comparison of a column with values, wherever it stands."""
    alone = {id(each) for each in _conditions(outermost.get("where_clause"))}
    yield from _walk(part, alone)


def _walk(part: Any, alone: set[int]) -> Iterator[_Found]:
    if type(part) is list:
        for each in part:
            yield from _walk(each, alone)
        return
    if type(part) is not dict:
        return
    kind = part.get("type")
    if part.get("class") == "COMPARISON" and type(kind) is str and kind in _SIGNS:
        for one, other, turned in ((part["left"], part["right"], False), (part["right"], part["left"], True)):
            if (_is_column(one) or _is_aggregate(one)) and _is_value(other):
                sign = _SIGNS[_TURNED.get(kind, kind) if turned else kind]
                yield _Found(_name(one), sign, (other,), id(part) in alone)
    elif kind in ("COMPARE_IN", "COMPARE_NOT_IN") and _is_column(part["children"][0]):
        values = part["children"][1:]
        if values and all(map(_is_value, values)):
            yield _Found(_name(part["children"][0]), _SIGNS[kind], tuple(values), id(part) in alone)
    elif kind == "COMPARE_BETWEEN" and _is_column(part["input"]):
        for side, sign in (("lower", ">="), ("upper", "<=")):
            if _is_value(part[side]):
                yield _Found(_name(part["input"]), sign, (part[side],), False)
    for each in part.values():
        yield from _walk(each, alone)


def _conditions(where: Any) -> Iterator[_Node]:
    if type(where) is not dict:
        return
    if where.get("type") == "CONJUNCTION_AND":
        for each in where["children"]:
            yield from _conditions(each)
    else:
        yield where


def _without(part: Any, found: list[_Found]) -> Any:
    """A tree with parameters in place of what was found."""
    gone = {id(constant) for one in found for constant in one.constants}

    def copied(each: Any) -> Any:
        if type(each) is list:
            return [copied(item) for item in each]
        if type(each) is not dict:
            return each
        if id(each) in gone:
            return {"class": "PARAMETER", "type": "VALUE_PARAMETER", "identifier": "?"}
        return {key: copied(item) for key, item in each.items()}

    return copied(part)


def _slots(found: list[_Found]) -> Iterator[tuple[str, _Found]]:
    """Each with its slot: comparisons of one column in one way are told apart by their order."""
    seen: dict[str, int] = {}
    for one in found:
        base = f"{one.column} {one.sign}"
        seen[base] = seen.get(base, 0) + 1
        yield (base if seen[base] == 1 else f"{base} {seen[base]}"), one


def _placed(sql: str, slotted: tuple[str, _Found]) -> FilterValue:
    slot, one = slotted
    values, spans = [], []
    kind = ""
    for constant in one.constants:
        value = constant
        casts = []
        while value["type"] == "OPERATOR_CAST":
            casts.append(str(value["cast_type"].get("id", "")))
            value = value["child"]
        if value["type"] == "VALUE_CONSTANT":
            said = value["value"]
            values.append(str(said.get("value")) if not said.get("is_null") else "null")
            kind = kind or (casts[0] if casts else str(said["type"].get("id", "")))
        else:
            values.append(f"${value.get('identifier')}")
        if "query_location" in value:
            spans.append(byte_to_character(sql, int(value["query_location"])))
    return FilterValue(
        slot, one.column, one.sign, tuple(values), kind, tuple(_spans(sql, spans)), one.is_alone and len(spans) > 0
    )


def _spans(sql: str, starts: list[int]) -> Iterator[tuple[int, int]]:
    from andon.sql.tokens import tokens

    wanted, before = set(starts), None
    for token in tokens(sql):
        if token.start in wanted:
            is_typed = (
                before is not None
                and before.kind == "word"
                and before.word in ("date", "timestamp", "timestamptz", "time", "interval")
            )
            yield (before.start if is_typed and before is not None else token.start), token.end
        before = token


def _traits(node: _Node) -> Iterator[str]:
    for part in _dicts(node):
        kind = part.get("type")
        if kind == "BASE_TABLE":
            yield f"from {folded(str(part.get('schema_name') or ''))}.{folded(str(part.get('table_name')))}"
        elif kind == "COLUMN_REF":
            yield f"column {folded(str(part['column_names'][-1]))}"
        elif kind == "FUNCTION" and _is_aggregate(part):
            yield f"{folded(str(part.get('function_name')))}({', '.join(sorted(_columns(part)))})"


def _dicts(part: Any) -> Iterator[_Node]:
    if type(part) is list:
        for each in part:
            yield from _dicts(each)
    elif type(part) is dict:
        yield part
        for each in part.values():
            yield from _dicts(each)


def _columns(part: _Node) -> set[str]:
    return {folded(str(each["column_names"][-1])) for each in _dicts(part) if each.get("type") == "COLUMN_REF"}


def _ctes(node: _Node) -> bool:
    return bool((node.get("cte_map") or {}).get("map"))


def _is_column(part: _Node) -> bool:
    return part.get("type") in ("COLUMN_REF", "STAR")


def _name(part: _Node) -> str:
    if part.get("type") == "FUNCTION":
        return _called(part) or "value"
    return folded(str(part["column_names"][-1])) if "column_names" in part else "*"


def _called(part: _Node) -> str:
    """What a column of the result is called, or what it is made of."""
    if part.get("alias"):
        return str(part["alias"])
    if part.get("type") == "STAR":
        return ""
    if part.get("type") == "COLUMN_REF":
        return str(part["column_names"][-1])
    columns = sorted(_columns(part))
    name = str(part.get("function_name", ""))
    return (
        "rows"
        if name == "count_star"
        else f"{name}_{columns[0]}"
        if name.isalpha() and columns
        else "".join(columns[:1])
    )


def _is_value(part: _Node) -> bool:
    return part.get("type") in ("VALUE_CONSTANT", "VALUE_PARAMETER") or (
        part.get("type") == "OPERATOR_CAST" and _is_value(part["child"])
    )


def _is_aggregate(part: _Node) -> bool:
    return part.get("type") == "FUNCTION" and (
        folded(str(part.get("function_name"))) in _AGGREGATES or bool(part.get("distinct")) or "filter" in part
    )


def _aggregates(part: Any) -> bool:
    return any(_is_aggregate(each) for each in _dicts(part))


def _is_count(part: _Node) -> bool:
    return part.get("type") == "FUNCTION" and folded(str(part.get("function_name"))) in _COUNTS
