"""The allow-list of aggregates, for groups and for windows.

A filter goes into the argument (`case when … end`): NULL is left out by all that are listed here, and windows of Spark know no FILTER.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from andon.base.record import Record
from andon.engines.spark.translation.casts import loud
from andon.engines.spark.translation.spark_sql import NotTranslated, SparkServer
from andon.engines.spark.translation.types import (
    FLOATING,
    ORDERED,
    SMALL,
    WHOLE,
    digits,
    spark_type,
)
from andon.engines.spark.translation.values import SparkValue, text_literal
from andon.model.types import DuckType

#: What is told of a query whose values hang on the order in which doubles are added.
ADDED_NOTE = "sums of DOUBLE, and means, are added up otherwise: the last digits may differ"
TIES_NOTE = "where an order leaves rows equal, another of them may come first"


#: Of the 38 digits of a decimal, so many leave room to sum a billion rows.
_MOST_DIGITS = 29


class Gathering(Record):
    """An aggregate.

    Attributes:
        name: as DuckDB calls it.
        arguments: in order.
        type: of what it gives.
        server: who will answer.
        notes: where what people should know is put.
        filter: which rows count; None for all.
        distinct: whether equal values count once.
        over: the window that it is taken over, as it is said; empty in groups.
        quantile: where it asks for one.
        separator: what joins texts.
        order: how values are sorted, as it is said: `x asc nulls last`.
    """

    name: str
    arguments: tuple[SparkValue, ...]
    type: DuckType
    server: SparkServer
    notes: set[str]
    filter: str | None = None
    distinct: bool = False
    over: str = ""
    quantile: str | None = None
    separator: str | None = None
    order: tuple[str, ...] = ()

    @property
    def of(self) -> str:
        """The type of what it gives, as Spark writes it."""
        return spark_type(self.type)

    @property
    def kind(self) -> str:
        """The name of the first argument's type."""
        return self.arguments[0].type.name if self.arguments else ""

    def filtered(self, text: str, condition: str | None = None) -> str:
        """`text` where it counts, else NULL."""
        conditions = [part for part in (self.filter, condition) if part]
        return f"case when {' and '.join(conditions)} then {text} end" if conditions else text

    def taken(self, word: str, text: str, distinct: bool | None = None) -> str:
        """An aggregate of Spark over `text`."""
        once = "distinct " if (self.distinct if distinct is None else distinct) else ""
        return f"{word}({once}{text}){self.over}"

    def require_no_move(self) -> None:
        """Refuse to add up doubles in a frame that moves, where Sail takes away again what it added: NaN stays, and digits are lost."""
        moves = " rows between " in self.over and "rows between unbounded preceding" not in self.over
        if moves and self.server is SparkServer.SAIL:
            what = f"`{self.name}` of DOUBLE over rows that move along"
            raise NotTranslated(what, "cast it to a DECIMAL: `cast(x as decimal(18, 4))`", word=self.name)

    def refused(self, form: str) -> NotTranslated:
        """The error that says what to write instead."""
        shown = ", ".join(argument.type.text for argument in self.arguments)
        return NotTranslated(f"the aggregate `{self.name}({shown})`", form, word=self.name)


def _count(given: Gathering) -> str:
    if not given.arguments:
        return _count_star(given)
    return given.taken("count", given.filtered(given.arguments[0].text))


def _count_star(given: Gathering) -> str:
    return given.taken("count", given.filtered("1"))


def _summed(given: Gathering) -> str:
    """A sum that holds what DuckDB's does: of whole numbers in 38 digits, of decimals in 38 at their scale."""
    text, kind = given.arguments[0].text, given.kind
    if kind in SMALL or kind == "BOOLEAN":
        return f"cast({given.taken('sum', given.filtered(f'cast({text} as bigint)'))} as decimal(38,0))"
    if kind in WHOLE:
        return f"cast({given.taken('sum', given.filtered(f'cast({text} as decimal(38,0))'))} as decimal(38,0))"
    if kind == "DECIMAL":
        _, scale = digits(given.arguments[0].type)
        wide = f"decimal(38,{scale})"
        return f"cast({given.taken('sum', given.filtered(f'cast({text} as {wide})'))} as {wide})"
    if kind == "DOUBLE":
        given.require_no_move()
        given.notes.add(ADDED_NOTE)
        return given.taken("sum", given.filtered(text))
    raise given.refused("cast it to a number")


def _mean(given: Gathering) -> str:
    """DuckDB divides the exact sum by the count, in digits of the decimal."""
    text, kind = given.arguments[0].text, given.kind
    if kind == "DOUBLE":
        given.require_no_move()
        given.notes.add(ADDED_NOTE)
        return given.taken("avg", given.filtered(text))
    if kind not in WHOLE | {"DECIMAL"}:
        raise given.refused("cast it to a number")
    count = f"cast(nullif({given.taken('count', given.filtered(text))}, 0) as double)"
    if kind != "DECIMAL":
        return f"(cast({_summed(given)} as double) / {count})"
    width, scale = digits(given.arguments[0].type)
    if width + scale > _MOST_DIGITS:
        given.notes.add(ADDED_NOTE)
        return f"(cast({_summed(given)} as double) / {count})"
    one = f"cast('1{'0' * scale}' as decimal(38,0))"
    unscaled = f"cast({_summed(given)} * {one} as decimal(38,0))"
    return f"(cast({unscaled} as double) / ({count} * cast('1e{scale}' as double)))"


def _extreme(given: Gathering) -> str:
    if given.kind not in ORDERED or len(given.arguments) != 1:
        raise given.refused("take it of one number, text, date or timestamp")
    text = given.filtered(given.arguments[0].text)
    said = given.taken(given.name, text, distinct=False)
    if given.server is SparkServer.SAIL and given.kind in FLOATING and not given.over:
        return _extreme_of_group(given, text, said)
    if given.server is SparkServer.SAIL and given.kind in FLOATING and given.name == "max":  # it passes over NaN
        greatest = given.taken("bool_or", f"isnan({text})", distinct=False)
        return f"(case when {greatest} then cast('NaN' as {given.of}) else {said} end)"
    return said


def _extreme_of_group(given: Gathering, text: str, said: str) -> str:
    """Sail starts from the greatest and the least number, which an infinity or NaN does not push away."""

    def holds(condition: str) -> str:
        return given.taken("bool_or", condition, distinct=False)

    nan, infinite = (f"cast('{value}' as {given.of})" for value in ("NaN", "Infinity"))
    has_nan = holds(f"isnan({text})")
    if given.name == "max":
        plain, last = holds(f"{text} > -{infinite}"), holds(f"{text} = -{infinite}")
        return f"(case when {has_nan} then {nan} when {plain} then {said} when {last} then -{infinite} end)"
    plain, last = holds(f"not isnan({text}) and {text} < {infinite}"), holds(f"{text} = {infinite}")
    return f"(case when {plain} then {said} when {last} then {infinite} when {has_nan} then {nan} end)"


def _logical(word: str) -> Callable[[Gathering], str]:
    def rule(given: Gathering) -> str:
        return given.taken(word, given.filtered(given.arguments[0].text), distinct=False)

    return rule


def _count_if(given: Gathering) -> str:
    if given.distinct or given.kind != "BOOLEAN":
        raise given.refused("`count(*) filter (where …)`")
    # DuckDB adds ones and zeros: of nothing at all that is NULL
    text = given.filtered(f"cast({given.arguments[0].text} as bigint)")
    return f"cast({given.taken('sum', text)} as {given.of})"


def _by(word: str) -> Callable[[Gathering], str]:
    """DuckDB passes over rows whose first argument is NULL; Spark takes them."""

    def rule(given: Gathering) -> str:
        if len(given.arguments) != 2 or given.distinct:
            raise given.refused("two arguments; several rows: `row_number() over (…) <= 3`")
        value, by = given.arguments
        if by.type.name not in ORDERED or value.type.name not in ORDERED:
            raise given.refused("numbers, texts, dates or timestamps")
        given.notes.add(TIES_NOTE)
        return f"{word}({value.text}, {given.filtered(by.text, f'({value.text} is not null)')}){given.over}"

    return rule


def _joined(given: Gathering) -> str:
    if given.over or given.distinct or not given.order or given.kind != "VARCHAR" or given.separator is None:
        raise given.refused("`string_agg(text, ',' order by key)`, not over a window and without distinct")
    given.notes.add(TIES_NOTE)
    text = given.filtered(given.arguments[0].text)
    return f"listagg({text}, {text_literal(given.separator)}) within group (order by {', '.join(given.order)})"


def _quantile(given: Gathering) -> str:
    if given.kind != "DOUBLE" or given.over or given.distinct or given.quantile is None:
        raise given.refused("cast it to DOUBLE; not over a window")
    text = given.filtered(given.arguments[0].text)
    nan = f"cast({loud('a quantile of NaN')} as double)"
    return f"(case when bool_or(isnan({text})) then {nan} else percentile({text}, {given.quantile}) end)"


def _spread(word: str) -> Callable[[Gathering], str]:
    def rule(given: Gathering) -> str:
        if given.kind != "DOUBLE" or given.distinct:
            raise given.refused("cast it to DOUBLE")
        given.require_no_move()
        given.notes.add(ADDED_NOTE)
        return given.taken(word, given.filtered(given.arguments[0].text))

    return rule


AGGREGATES: Mapping[str, Callable[[Gathering], str]] = {
    "arg_max": _by("max_by"),
    "arg_min": _by("min_by"),
    "argmax": _by("max_by"),
    "argmin": _by("min_by"),
    "avg": _mean,
    "bool_and": _logical("bool_and"),
    "bool_or": _logical("bool_or"),
    "count": _count,
    "count_if": _count_if,
    "count_star": _count_star,
    "countif": _count_if,
    "group_concat": _joined,
    "listagg": _joined,
    "max": _extreme,
    "max_by": _by("max_by"),
    "mean": _mean,
    "median": _quantile,
    "min": _extreme,
    "min_by": _by("min_by"),
    "quantile_cont": _quantile,
    "stddev": _spread("stddev_samp"),
    "stddev_pop": _spread("stddev_pop"),
    "stddev_samp": _spread("stddev_samp"),
    "string_agg": _joined,
    "sum": _summed,
    "var_pop": _spread("var_pop"),
    "var_samp": _spread("var_samp"),
    "variance": _spread("var_samp"),
}

#: What to write in place of aggregates that are not listed.
INSTEAD: Mapping[str, str] = {
    "any_value": "`min(x)`, or `arg_min(x, key)`",
    "approx_count_distinct": "`count(distinct x)`",
    "approx_quantile": "`quantile_cont(x::double, 0.5)`",
    "arbitrary": "`min(x)`, or `arg_min(x, key)`",
    "first": "`arg_min(x, key)`, which passes over NULL",
    "last": "`arg_max(x, key)`, which passes over NULL",
    "array_agg": "`string_agg(x, ',' order by key)`, or a dataset of its own that DuckDB builds",
    "list": "`string_agg(x, ',' order by key)`, or a dataset of its own that DuckDB builds",
    "mode": "`arg_max(x, n)` of `select x, count(*) as n … group by x`",
    "quantile_disc": "`quantile_cont(x::double, 0.5)`",
}


def gathered(given: Gathering) -> str:
    """What an aggregate says in Spark SQL.

    Raises:
        NotTranslated: it is not listed, or not over these types.
    """
    rule = AGGREGATES.get(given.name)
    if rule is None:
        form = INSTEAD.get(given.name, "do it in a dataset of its own that DuckDB builds")
        raise NotTranslated(f"the aggregate `{given.name}`", form, word=given.name)
    return rule(given)
