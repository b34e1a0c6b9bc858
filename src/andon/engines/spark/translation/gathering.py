"""Aggregates and windows of a plan."""

from __future__ import annotations

from andon.engines.spark.translation.aggregates import TIES_NOTE, Gathering, gathered
from andon.engines.spark.translation.expressions import ExpressionScope, offset_of, value_of
from andon.engines.spark.translation.spark_sql import NotTranslated
from andon.engines.spark.translation.types import MACHINE, planned_type
from andon.engines.spark.translation.values import SparkValue, sortable
from andon.sql.bound_plan import Node

_NUMBERED = {
    "WINDOW_ROW_NUMBER": "row_number()",
    "WINDOW_RANK": "rank()",
    "WINDOW_RANK_DENSE": "dense_rank()",
    "WINDOW_PERCENT_RANK": "percent_rank()",
    "WINDOW_CUME_DIST": "cume_dist()",
}
_SHIFTED = {"WINDOW_LAG": "lag", "WINDOW_LEAD": "lead"}
_CHOSEN = {"WINDOW_FIRST_VALUE": "first_value", "WINDOW_LAST_VALUE": "last_value", "WINDOW_NTH_VALUE": "nth_value"}
#: Ranks and shares are the same for equal rows.
_TIED = frozenset({"WINDOW_RANK", "WINDOW_RANK_DENSE", "WINDOW_PERCENT_RANK", "WINDOW_CUME_DIST"})
_BOUNDS = {
    "UNBOUNDED_PRECEDING": "unbounded preceding",
    "UNBOUNDED_FOLLOWING": "unbounded following",
    "CURRENT_ROW_ROWS": "current row",
    "CURRENT_ROW_RANGE": "current row",
}


def aggregate_of(node: Node, scope: ExpressionScope) -> SparkValue:
    """An aggregate over groups.

    Raises:
        NotTranslated: it is not listed.
    """
    try:
        kind = planned_type(node["return_type"])
        data = node.get("function_data") or {}
        orders = (node.get("order_bys") or {}).get("orders") or ()
        distinct = node.get("aggregate_type") == "DISTINCT"
        arguments = tuple(value_of(part, scope) for part in node.get("children", ()))
        given = Gathering(
            name=str(node["name"]),
            arguments=tuple(sortable(part, scope.server) for part in arguments) if distinct else arguments,
            type=kind,
            server=scope.server,
            filter=value_of(node["filter"], scope).text if node.get("filter") else None,
            distinct=distinct,
            quantile=_quantile(data),
            separator=data.get("separator", "") if node["name"] in ("string_agg", "listagg", "group_concat") else None,
            order=tuple(ordered(order, scope) for order in orders),
            notes=scope.notes,
        )
        return SparkValue(gathered(given), kind)
    except NotTranslated as error:
        if error.offset is None:
            error.offset = offset_of(node)
        raise


def _quantile(data: Node) -> str | None:
    quantiles = data.get("quantiles") or []
    if len(quantiles) != 1 or data.get("desc"):
        return None
    one = quantiles[0]
    if not isinstance(one, dict):
        return None  # of an approximate one, which is refused by its name
    kind, value = planned_type(one["type"]), one.get("value", 0)
    if kind.name == "DECIMAL":
        value = value / 10 ** int(kind.arguments[1])
    return f"{float(value)!r}D" if isinstance(value, int | float) and 0 <= value <= 1 else None


def ordered(order: Node, scope: ExpressionScope) -> str:
    """A key of an ORDER BY, with where its NULLs go.

    Raises:
        NotTranslated: the engines sort its type differently.
    """
    key = sortable(value_of(order["expression"], scope), scope.server)
    way = "desc" if order["type"] == "DESCENDING" else "asc"
    nulls = "first" if order["null_order"] == "NULLS FIRST" else "last"
    return f"{key.text} {way} nulls {nulls}"


def window_of(node: Node, scope: ExpressionScope) -> SparkValue:
    """A function over a window.

    Raises:
        NotTranslated: it is not listed.
    """
    try:
        return _window(node, scope)
    except NotTranslated as error:
        if error.offset is None:
            error.offset = offset_of(node)
            error.word = error.word or str(node.get("name") or _shown(str(node["type"])))
        raise


def _window(node: Node, scope: ExpressionScope) -> SparkValue:
    which, kind = str(node["type"]), planned_type(node["return_type"])
    if node.get("exclude_clause", "NO_OTHER") != "NO_OTHER" or node.get("arg_orders"):
        raise NotTranslated("EXCLUDE, or an order within a window's function", "leave it out")
    keys = [sortable(value_of(part, scope), scope.server).text for part in node.get("partitions", ())]
    orders = [ordered(order, scope) for order in node.get("orders", ())]
    parts = [f"partition by {', '.join(keys)}"] if keys else []
    parts += [f"order by {', '.join(orders)}"] if orders else []
    if which == "WINDOW_AGGREGATE":
        frame = _frame(node, bool(orders))
        if frame.startswith("rows"):
            scope.notes.add(TIES_NOTE)
        return _aggregated(node, scope, _over(parts, frame))
    if not orders:
        raise NotTranslated(f"`{_shown(which)}` without an order", "`over (order by key)`", word=_shown(which))
    if which not in _TIED:
        scope.notes.add(TIES_NOTE)
    if which in _NUMBERED:
        of = "double" if kind.name == "DOUBLE" else "bigint"
        return SparkValue(f"cast({_NUMBERED[which]}{_over(parts)} as {of})", kind)
    if node.get("filters"):
        raise NotTranslated(f"FILTER with `{_shown(which)}`", "`case when … end` in its argument")
    arguments = [value_of(part, scope) for part in node.get("children", ())]
    if which == "WINDOW_NTILE" and arguments[0].is_constant and isinstance(arguments[0].constant, int):
        return SparkValue(f"cast(ntile({arguments[0].constant}){_over(parts)} as bigint)", kind)
    nulls = " ignore nulls" if node.get("ignore_nulls") else ""
    if which in _SHIFTED:
        return SparkValue(f"{_shifted(which, node, scope, arguments)}{nulls}{_over(parts)}", kind)
    if which in _CHOSEN:
        texts = [arguments[0].text]
        if which == "WINDOW_NTH_VALUE":
            texts.append(str(_number(arguments[1], "`nth_value(x, 2)`", least=1)))
        said = f"{_CHOSEN[which]}({', '.join(texts)}){nulls}"
        return SparkValue(f"{said}{_over(parts, _frame(node, ordered=True))}", kind)
    raise NotTranslated(f"the window function `{_shown(which)}`", "one of row_number, rank, lag, lead, first_value, …")


def _aggregated(node: Node, scope: ExpressionScope, over: str) -> SparkValue:
    kind = planned_type(node["return_type"])
    if node.get("ignore_nulls"):
        raise NotTranslated("IGNORE NULLS with an aggregate", "leave it out: aggregates pass over NULL")
    if node.get("distinct"):
        raise NotTranslated("DISTINCT over a window", "`count(distinct x)` with GROUP BY in a CTE, and a join with it")
    filters = node.get("filters") or node.get("filter")
    given = Gathering(
        name=str(node["name"]),
        arguments=tuple(value_of(part, scope) for part in node.get("children", ())),
        type=kind,
        server=scope.server,
        filter=value_of(filters, scope).text if filters else None,
        over=over,
        notes=scope.notes,
    )
    return SparkValue(gathered(given), kind)


def _over(parts: list[str], frame: str = "") -> str:
    return f" over ({' '.join([*parts, *([frame] if frame else [])])})"


def _frame(node: Node, ordered: bool) -> str:
    start, end = str(node["start"]), str(node["end"])
    whole = start == "UNBOUNDED_PRECEDING" and end in ("UNBOUNDED_FOLLOWING", "CURRENT_ROW_RANGE")
    if not ordered and whole:
        return ""
    if not ordered:
        raise NotTranslated("a frame without an order", "`over (order by key rows …)`")
    unit = (
        "range" if "RANGE" in start + end or (start, end) == ("UNBOUNDED_PRECEDING", "UNBOUNDED_FOLLOWING") else "rows"
    )
    return f"{unit} between {_bound(start, node.get('start_expr'))} and {_bound(end, node.get('end_expr'))}"


def _bound(bound: str, expression: Node | None) -> str:
    if bound in _BOUNDS:
        return _BOUNDS[bound]
    for way in ("PRECEDING", "FOLLOWING"):
        if bound == f"EXPR_{way}_ROWS" and expression is not None:
            while expression["expression_class"] == "BOUND_CAST":
                expression = expression["child"]
            number = expression.get("value", {}).get("value")
            if isinstance(number, int) and not isinstance(number, bool) and number >= 0:
                return f"{number} {way.lower()}"
    raise NotTranslated("a frame by RANGE or GROUPS of values", "`rows between 2 preceding and current row`")


def _shifted(which: str, node: Node, scope: ExpressionScope, arguments: list[SparkValue]) -> str:
    texts = [arguments[0].text]
    offset = node.get("offset_expr")
    default = node.get("default_expr")
    texts.append(str(_number(value_of(offset, scope), f"`{_SHIFTED[which]}(x, 1)`") if offset else 1))
    if default:
        given = value_of(default, scope)
        if given.type != arguments[0].type or not given.is_constant:
            raise NotTranslated(f"a default of `{_SHIFTED[which]}` that is not written out", "`coalesce(lag(x) …, …)`")
        texts.append(given.text)
    return f"{_SHIFTED[which]}({', '.join(texts)})"


def _number(given: SparkValue, form: str, least: int = 0) -> int:
    number = given.constant
    if given.type.name not in MACHINE or not isinstance(number, int) or number < least:
        raise NotTranslated("a number of rows that is not written out", form)
    return number


def _shown(which: str) -> str:
    return which.removeprefix("WINDOW_").lower()
