"""An SQL expression within a check: what it reads, and whether it is about a row or a total. DuckDB's parser decides.

`share(x)` and `distinct(x)`, which the language adds, and shares (`5%`) are written out as SQL before the parser sees them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

from andon.base.names import literal
from andon.base.record import replace
from andon.base.recursion import deeply
from andon.checks.language.answers import answer, foresee
from andon.checks.language.constants import constant_flaw
from andon.checks.language.simple import Simple, simple
from andon.checks.language.tokens import Flaw, Token, cut, flaw_of, is_share
from andon.sql.names import CLOCK_KEYWORDS, words
from andon.sql.parse import engine
from andon.sql.uses import SqlProblem

#: The engine's aggregates, and its macros over them. A test holds them against the engine's own list.
AGGREGATES = words(
    """any_value approx_count_distinct approx_quantile approx_top_k arbitrary arg_max arg_max_null arg_max_nulls_last arg_min
    arg_min_null arg_min_nulls_last argmax argmin array_agg avg bit_and bit_or bit_xor bitstring_agg bool_and bool_or corr
    count count_if count_star countif covar_pop covar_samp entropy favg first fsum geomean geometric_mean group_concat
    histogram histogram_exact json_group_array json_group_object json_group_structure kahan_sum kurtosis kurtosis_pop last
    list listagg mad max max_by mean median min min_by mode product quantile quantile_cont quantile_disc regr_avgx regr_avgy
    regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy reservoir_quantile sem skewness stddev
    stddev_pop stddev_samp string_agg sum sum_no_overflow sumkahan var_pop var_samp variance wavg weighted_avg"""
)

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_BEFORE = "select ("
_AFTER = "\n)"
# one aggregate, so that it stays one query over another dataset; NULL for no rows
_SHARE = "avg(case when ("
_SHARE_END = ") then 1 else 0 end)"


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression.

    Attributes:
        sql: the expression as SQL, `share`, `distinct` and `5%` written out.
        tree: DuckDB's tree of it.
        columns: names of columns that it may read (the first part of each name), in order; those in subqueries too.
        outside: the columns that are read outside of every aggregate and subquery.
        datasets: other datasets named as `schema.dataset.column`.
        outside_datasets: those of them that are named outside of an aggregate.
        tables: datasets that its subqueries read.
        is_total: whether it has aggregates. has_window, has_subquery: likewise.
        uses_clock: whether it depends on the logical time.
    """

    sql: str
    tree: Mapping[str, Any] = field(repr=False)
    columns: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    outside_datasets: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    is_total: bool = False
    has_window: bool = False
    has_subquery: bool = False
    uses_clock: bool = False


def own_names(columns: Iterable[tuple[str, str]]) -> frozenset[str]:
    """What of a dataset's columns decides how an expression is read, in lower case: those that may have parts, so that a name of three
    parts that begins with one is not another dataset's, and those that are called like the clock."""
    return frozenset(
        name.lower()
        for name, kind in columns
        if (("(" in kind or "[" in kind) and not kind.startswith(("DECIMAL(", "ENUM(")))
        or name.lower() in CLOCK_KEYWORDS
    )


def read_expression(text: str, own: frozenset[str] | None) -> Expression | Flaw:
    """The expression that `text` is (blanks in front keep places true), or what is wrong with it.

    Args:
        own: see `own_names`; None when the columns aren't known: then a name of three parts is another dataset's.
    """
    lead = len(text) - len(text.lstrip())
    found = _read(text.strip(), own)
    if isinstance(found, Flaw):
        return Flaw(found.message, found.offset + lead, found.hint, found.example, found.code)
    return found


@lru_cache(maxsize=16384)
def _read(text: str, own: frozenset[str] | None) -> Expression | Flaw:
    plain = simple(text, len(_BEFORE))
    if plain is not None:
        return _of_simple(text, plain)
    flaw = Flaw("an expression is missing", 0, "write a column or an expression") if not text else flaw_of(text)
    if flaw is not None:
        return flaw
    flaw = _flaw_of_dates(text)
    if flaw is not None:
        return flaw
    expanded, places = write_out(text)
    plain = simple(expanded, len(_BEFORE)) if places else None
    if plain is not None:
        return _of_simple(expanded, plain)
    found = answer(_BEFORE + expanded + _AFTER)
    if found.tree is None:
        assert found.problem is not None
        return _flaw_of_answer(text, found.problem, places)
    walk = _Walk(own, any(token.word == "lambda" for token in cut(text)))
    tree = found.tree
    try:
        deeply(lambda: walk.visit(tree, False, False))
    except RecursionError:
        return Flaw("the expression is nested too deeply", 0, "split it")
    if walk.flaw is not None:
        return replace(walk.flaw, offset=_place(expanded, walk.flaw.offset, places))
    if walk.star:
        return Flaw("`*` is no value", 0, "name the columns")
    return Expression(
        sql=one_blank(expanded),
        tree=tree,
        columns=tuple(walk.columns),
        outside=tuple(walk.outside),
        datasets=tuple(sorted(walk.datasets)),
        outside_datasets=tuple(sorted(walk.outside_datasets)),
        tables=found.tables,
        is_total=walk.total,
        has_window=walk.window,
        has_subquery=walk.subquery,
        uses_clock=found.uses_clock,
    )


def _place(expanded: str, location: int, places: tuple[tuple[int, int, int], ...]) -> int:
    """The place in the text as written of what the engine says stands at byte `location` of its text."""
    before = (_BEFORE + expanded).encode()[:location].decode(errors="ignore")
    return max(0, _original(len(before) - len(_BEFORE), places))


def _of_simple(text: str, found: Simple) -> Expression:
    return Expression(one_blank(text), found.tree, found.columns, found.outside, is_total=found.is_total)


def _flaw_of_answer(text: str, problem: SqlProblem, places: tuple[tuple[int, int, int], ...]) -> Flaw:
    at = _original((problem.offset or 0) - len(_BEFORE), places)
    hint = problem.hint or "write a form of the check language, or valid SQL"
    if problem.message.startswith("syntax error") and at >= len(text):
        return Flaw("something is missing at the end", len(text), hint)
    return Flaw(problem.message, min(max(at, 0), len(text)), hint)


def expect(*texts: str) -> None:
    """Say that `texts` are read next, so that lines that are read together wait for all of them at once."""
    wanted = []
    for text in map(str.strip, texts):
        if text and simple(text, len(_BEFORE)) is None and flaw_of(text) is None:
            wanted.append(_BEFORE + write_out(text)[0] + _AFTER)
    foresee(wanted)


def _flaw_of_dates(text: str) -> Flaw | None:
    """The flaw of a day that SQL would take for a subtraction."""
    parts = cut(text)
    for index in range(len(parts) - 4):
        five = parts[index : index + 5]
        written = text[five[0].start : five[-1].end]
        if _DAY.match(written):
            return Flaw(f"`{written}` is a subtraction in SQL", five[0].start, f"write `date '{written}'`")
    return None


def write_out(text: str) -> tuple[str, tuple[tuple[int, int, int], ...]]:
    """`text` with `share(x)`, `distinct(x)` and `5%` as SQL, and where each change stands: (old start, old end, new length)."""
    parts = cut(text)
    edits: list[tuple[int, int, str]] = []
    for index, token in enumerate(parts):
        follows = parts[index + 1] if index + 1 < len(parts) else None
        is_call = follows is not None and follows.text == "("
        if token.word == "share" and is_call and follows is not None:
            close = _closing(parts, index + 1)
            if close is not None:
                edits.append((token.start, follows.end, _SHARE))
                edits.append((close.start, close.end, _SHARE_END))
        elif token.word == "distinct" and is_call and follows is not None and not _is_modifier(parts, index):
            edits.append((token.start, follows.end, "count(distinct "))
        elif is_share(parts, index):
            number = parts[index - 1]
            edits.append((number.start, token.end, share_text(number.text)))
    edits.sort()
    pieces, at = [], 0
    for start, end, new in edits:
        pieces += [text[at:start], new]
        at = end
    return "".join([*pieces, text[at:]]), tuple((start, end, len(new)) for start, end, new in edits)


@lru_cache(maxsize=256)
def regex_problem(regex: str) -> str | None:
    """What the engine says is wrong with a regular expression; None if nothing is."""
    import duckdb

    try:
        engine().execute(f"select regexp_full_match('', {literal(regex)})").fetchall()
    except duckdb.Error as error:
        return str(error).split("\n")[0].split("Error: ", 1)[-1]
    return None


def one_blank(text: str) -> str:
    """`text` with one blank wherever tokens stand apart, so that layout doesn't change a check's identity."""
    parts = cut(text)
    pieces: list[str] = []
    for index, token in enumerate(parts):
        if index and parts[index - 1].end < token.start:
            pieces.append(" ")
        pieces.append(token.text)
    return "".join(pieces)


def is_aggregate(node: Mapping[str, Any]) -> bool:
    """Whether a node of a tree calls an aggregate."""
    return (
        node.get("class") == "FUNCTION"
        and not node.get("is_operator")
        and str(node["function_name"]).lower() in AGGREGATES
    )


def share_text(number: str) -> str:
    """`number` percent as a decimal number: `0.05` for `5`."""
    return format(Decimal(number.replace("_", "")) / 100, "f")


def _is_modifier(parts: tuple[Token, ...], index: int) -> bool:
    """Whether the `distinct` at `index` belongs to SQL: `count(distinct (a))`, `is distinct from (a)`."""
    if not index:
        return False
    if parts[index - 1].text == "(" and index > 1:
        return parts[index - 2].word in AGGREGATES
    return parts[index - 1].word in ("select", "is", "not", "union")


def _closing(parts: tuple[Token, ...], index: int) -> Token | None:
    opened = parts[index]
    return next((t for t in parts[index + 1 :] if t.text == ")" and t.kind == "op" and t.depth == opened.depth), None)


def _original(offset: int, edits: tuple[tuple[int, int, int], ...]) -> int:
    """The place in the text as written that `offset` of the written-out text stands for."""
    shift = 0
    for start, end, length in edits:
        if offset < start + shift:
            break
        if offset < start + shift + length:
            return start
        shift += length - (end - start)
    return offset - shift


class _Walk:
    """One walk over an expression's tree."""

    def __init__(self, own: frozenset[str] | None, has_lambda: bool) -> None:
        self._own = own
        self._has_lambda = has_lambda
        self._parameters: list[str] = []
        self.columns: dict[str, None] = {}
        self.outside: dict[str, None] = {}
        self.datasets: set[str] = set()
        self.outside_datasets: set[str] = set()
        self.total = self.window = self.subquery = self.star = False
        self.flaw: Flaw | None = None

    def visit(self, node: Any, in_aggregate: bool, in_subquery: bool) -> None:
        if isinstance(node, list):
            for item in node:
                self.visit(item, in_aggregate, in_subquery)
            return
        if not isinstance(node, dict):
            return
        kind = node.get("class")
        if kind == "CONSTANT":
            return
        if kind == "COLUMN_REF":
            self._column(node["column_names"], in_aggregate, in_subquery)
            return
        if kind == "LAMBDA" and self._has_lambda:
            self._lambda(node, in_aggregate, in_subquery)
            return
        if not in_subquery:
            in_aggregate = self._note(node, kind, in_aggregate)
        for name, part in node.items():
            if isinstance(part, (dict, list)):
                self.visit(part, in_aggregate, in_subquery or (kind == "SUBQUERY" and name == "subquery"))

    def _note(self, node: dict[str, Any], kind: str | None, in_aggregate: bool) -> bool:
        """Note what the node makes of the whole; returns whether its parts stand in an aggregate."""
        self.flaw = self.flaw or constant_flaw(node)
        self.window = self.window or kind == "WINDOW"
        self.subquery = self.subquery or kind == "SUBQUERY"
        self.star = self.star or kind in ("STAR", "POSITIONAL_REFERENCE", "DEFAULT")
        if not is_aggregate(node):
            return in_aggregate
        self.total = True
        if node.get("schema") not in (None, "", "main"):  # `amount.sum()`: the parser takes the column for a schema
            self._column([*filter(None, [node.get("catalog")]), node["schema"]], True, False)
        return True

    def _lambda(self, node: dict[str, Any], in_aggregate: bool, in_subquery: bool) -> None:
        left = node["lhs"]
        named = left.get("children", [left]) if isinstance(left, dict) else []
        names = [part["column_names"][0].lower() for part in named if part.get("class") == "COLUMN_REF"]
        self._parameters += names
        self.visit(node["expr"], in_aggregate, in_subquery)
        del self._parameters[len(self._parameters) - len(names) :]

    def _column(self, names: list[str], in_aggregate: bool, in_subquery: bool) -> None:
        first = names[0]
        if first.lower() in self._parameters:
            return
        is_own = self._own is not None and first.lower() in self._own
        if len(names) == 1 and not is_own and first.lower() in CLOCK_KEYWORDS:
            return
        if len(names) >= 3 and not is_own and not in_subquery:
            dataset = ".".join(names[:2]).lower()
            self.datasets.add(dataset)
            if not in_aggregate:
                self.outside_datasets.add(dataset)
            return
        self.columns.setdefault(first)
        if not in_aggregate and not in_subquery:
            self.outside.setdefault(first)
