"""Joins of a plan."""

from __future__ import annotations

from andon.base.record import replace
from andon.engines.spark.translation.casts import loud
from andon.engines.spark.translation.expressions import ExpressionScope, compared, value_of
from andon.engines.spark.translation.relations import SparkRelation, Steps
from andon.engines.spark.translation.spark_sql import NotTranslated
from andon.engines.spark.translation.types import BIGINT, BOOLEAN
from andon.engines.spark.translation.values import SparkValue, sortable
from andon.sql.bound_plan import Node

_WORDS = {"INNER": "join", "LEFT": "left join", "RIGHT": "right join", "FULL": "full join", "OUTER": "full join"}
_SAME = frozenset({"COMPARE_EQUAL", "COMPARE_NOT_DISTINCT_FROM"})
_HALF = {"SEMI": "left semi join", "ANTI": "left anti join"}


def joined(
    node: Node, left: SparkRelation, right: SparkRelation, steps: Steps, scope: ExpressionScope
) -> SparkRelation:
    """Two relations, joined.

    Raises:
        NotTranslated: it is a join of another kind.
    """
    kind = str(node["join_type"])
    if kind == "MARK":
        return _marked(node, left, right, steps, scope)
    one, other = left.columns("l"), right.columns("r")
    on = _condition(node, one, other, scope)
    left_kept, right_kept = _kept(one, node.get("left_projection_map")), _kept(other, node.get("right_projection_map"))
    tables = f"from {left.name} l {{word}} {right.name} r on {on}"
    if kind in _HALF:
        return steps.add(left_kept, tables.format(word=_HALF[kind]))
    if kind in _WORDS:
        return steps.add([*left_kept, *right_kept], tables.format(word=_WORDS[kind]))
    if kind == "SINGLE":
        single = _single(node, right, steps, replace(scope, columns=right.columns()))
        many = f"case when r.c{len(right.types)} > 1 then cast({loud('a subquery of several rows')} as boolean) else true end"
        return steps.add([*left_kept, *right_kept], f"from {left.name} l left join {single.name} r on {on} and {many}")
    raise NotTranslated(f"a {kind.lower()} join", "a join with ON")


def _single(node: Node, right: SparkRelation, steps: Steps, inner: ExpressionScope) -> SparkRelation:
    """What stands to the right of a correlated scalar subquery, and how many rows of it there are for the same of the left."""
    conditions = node.get("conditions", ())
    if node.get("condition") or any(str(part["comparison"]) not in _SAME for part in conditions):
        raise NotTranslated("a scalar subquery that is compared so", "a join")
    keys = [sortable(value_of(part["right"], inner), inner.server).text for part in conditions]
    over = f"partition by {', '.join(keys)}" if keys else ""
    return steps.add([*right.columns(), SparkValue(f"count(*) over ({over})", BIGINT)], f"from {right.name}")


def crossed(left: SparkRelation, right: SparkRelation, steps: Steps) -> SparkRelation:
    """Every row with every row."""
    return steps.add([*left.columns("l"), *right.columns("r")], f"from {left.name} l cross join {right.name} r")


def _condition(node: Node, one: list[SparkValue], other: list[SparkValue], scope: ExpressionScope) -> str:
    left_scope, right_scope = replace(scope, columns=one), replace(scope, columns=other)
    said = [
        compared(
            value_of(part["left"], left_scope),
            str(part["comparison"]),
            value_of(part["right"], right_scope),
            scope.server,
        )
        for part in node.get("conditions", ())
    ]
    if node.get("condition"):
        said.append(value_of(node["condition"], replace(scope, columns=[*one, *other])).text)
    return " and ".join(said) if said else "true"


def _kept(columns: list[SparkValue], places: list[int] | None) -> list[SparkValue]:
    return [columns[place] for place in places] if places else columns


def _marked(
    node: Node, left: SparkRelation, right: SparkRelation, steps: Steps, scope: ExpressionScope
) -> SparkRelation:
    """`x in (select …)`, and EXISTS: true, false or NULL for each row of the left.

    The values of the right are kept once each, so that no row of the left comes twice; whether there is a NULL among them, or nothing
    at all, is asked apart.
    """
    conditions = node.get("conditions", ())
    if node.get("condition") or not conditions:
        raise NotTranslated("a subquery that is compared so", "`x in (select …)`, `exists (…)`, or a join")
    kinds = {str(part["comparison"]) for part in conditions}
    one = left.columns("l")
    inner = replace(scope, columns=right.columns())
    keys = [sortable(value_of(part["right"], inner), scope.server) for part in conditions]
    found = steps.add(keys, f"from {right.name}", distinct=True)
    columns = found.columns("r")
    on = " and ".join(
        compared(value_of(part["left"], replace(scope, columns=one)), str(part["comparison"]), column, scope.server)
        for part, column in zip(conditions, columns, strict=True)
    )
    kept = _kept(one, node.get("left_projection_map"))
    if kinds == {"COMPARE_NOT_DISTINCT_FROM"}:
        return steps.add([*kept, SparkValue("(r.m is not null)", BOOLEAN)], _left_join(left, found, on))
    if kinds != {"COMPARE_EQUAL"} or len(conditions) != 1:
        if kinds & {"COMPARE_EQUAL", "COMPARE_NOTEQUAL"}:
            what = "a correlated `in (select …)`"
            raise NotTranslated(what, "`exists (select 1 … where x = y)`, or `not exists`", word="in")
        what = "a comparison with `any` or `all` of a subquery"
        raise NotTranslated(what, "`exists (select 1 … where x > y)`, or `not exists`", word="any")
    asked = value_of(conditions[0]["left"], replace(scope, columns=one)).text
    counted = steps.put(f"select count(*) as c0, count(c0) as c1 from {found.name}", [])
    mark = (
        f"(case when r.m is not null then true when n.c0 = 0 then false "
        f"when {asked} is null or n.c1 < n.c0 then cast(null as boolean) else false end)"
    )
    return steps.add([*kept, SparkValue(mark, BOOLEAN)], f"{_left_join(left, found, on)} cross join {counted.name} n")


def _left_join(left: SparkRelation, found: SparkRelation, on: str) -> str:
    return f"from {left.name} l left join (select *, true as m from {found.name}) r on {on}"
