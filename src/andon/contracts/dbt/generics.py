"""Generic tests of dbt and its packages as check lines: one table, which the reference shows."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from andon.base.record import Record
from andon.contracts.lines import (
    bound_text,
    column_text,
    columns_text,
    duration_text,
    kind_of,
    range_text,
    value_text,
)
from andon.contracts.taking import Taker
from andon.contracts.values import GatheredLines
from andon.project.files.nodes import PlacedValue


class AskedTest(Record):
    """One test: its arguments, what is gathered of its dataset, and the column that it stands at, as it is written in a line."""

    arguments: Taker
    found: GatheredLines
    column: str | None
    name: str | None


class NoLine(Exception):
    """Why the arguments of a test come to no line."""


#: A form of the check language; None where the arguments say none. May raise `NoLine`.
Made = Callable[[AskedTest], str | None]


class Generic(Record):
    """One generic test.

    Attributes:
        of_rows: whether its limit counts rows, as `allow` does.
        shown: what stands in a file, and the line that it comes to.
    """

    made: Made
    shown: tuple[str, str]
    of_rows: bool = True


def _values(asked: AskedTest, key: str, *, negated: bool = False) -> str | None:
    if asked.column is None:
        return None
    quoted = asked.arguments.take("quote") or asked.arguments.take("quote_values")
    as_text = quoted is None or quoted.kind != "flag" or bool(quoted.value)
    kind = kind_of(asked.found.types, asked.name or "")
    items = asked.arguments.items(key)
    texts = []
    for each in items:
        if each.kind in ("list", "map"):
            asked.arguments.notes.wrong(each, f"each of `{asked.arguments.under(key)}` must be a value")
        elif each.kind != "null":
            is_number = each.kind == "number" and kind is None
            texts.append(value_text(each, kind, quoted=None if is_number else as_text))
    return f"{asked.column} {'not in' if negated else 'in'} {', '.join(dict.fromkeys(texts))}" if texts else None


def _relationship(asked: AskedTest) -> str | None:
    there = _dataset(asked, "to")
    field = asked.arguments.text("field")
    if there is None or field is None or asked.column is None:
        return None
    return f"{asked.column} -> {there}.{column_text(asked.found.known.column(there, field))}"


def _dataset(asked: AskedTest, key: str) -> str | None:
    """The dataset that `ref('x')` or `source('x', 'y')` names."""
    node = asked.arguments.take(key)
    said = "" if node is None else str(node.value)
    match = re.search(r"(ref|source)\(\s*(.*?)\s*\)", said)
    names = re.findall(r"['\"]([^'\"]+)['\"]", match[2]) if match is not None else []
    if not names:
        return None
    found = asked.found.known.referred(".".join(names[-2:]) if match and match[1] == "source" else None, names[-1])
    if found is None:
        raise NoLine(f"no dataset of the project is meant by `{said}`")
    return found


def _range(asked: AskedTest, what: str | None, low: str, high: str, *, strictly: bool = False) -> str | None:
    nodes = [asked.arguments.take(key) for key in (low, high)]
    bounds = [None if node is None else bound_text(node) for node in nodes]
    if what is None or any(node is not None and bound is None for node, bound in zip(nodes, bounds, strict=True)):
        return None
    return range_text(what, *bounds, strictly=strictly)


def _accepted_range(asked: AskedTest) -> str | None:
    inclusive = asked.arguments.take("inclusive")
    return _range(
        asked, asked.column, "min_value", "max_value", strictly=inclusive is not None and inclusive.value is False
    )


def _between(what: str, *, rows: bool = False) -> Made:
    def made(asked: AskedTest) -> str | None:
        strictly = asked.arguments.flag("strictly")
        said = what if rows else None if asked.column is None else what.format(asked.column)
        return _range(asked, said, "min_value", "max_value", strictly=strictly)

    return made


def _unique_together(key: str) -> Made:
    def made(asked: AskedTest) -> str | None:
        names = [asked.found.column(name) for name in asked.arguments.texts(key)]
        # groups count NULLs as alike: that rows without a value are left out is the default of dbt_expectations alone
        return f"unique {columns_text(names)}" if names else None

    return made


def _expression(asked: AskedTest) -> str | None:
    said = asked.arguments.text("expression")
    return None if said is None else f"{asked.column} {said}" if asked.column is not None else said


def _proportion(asked: AskedTest) -> str | None:
    low, high = asked.arguments.take("at_least"), asked.arguments.take("at_most")
    if (
        asked.column is None
        or low is None
        or low.kind != "number"
        or (high is not None and high.raw not in ("1", "1.0"))
    ):
        return None
    return f"share({asked.column} is not null) >= {format((Decimal(low.raw) * 100).normalize(), 'f')}%"


def _recency(asked: AskedTest) -> str | None:
    field = asked.arguments.text("field") or asked.name
    amount, unit = asked.arguments.text("interval"), asked.arguments.text("datepart")
    duration = None if amount is None or unit is None else duration_text(amount, unit)
    if field is None or duration is None:
        return None
    return f"max_age {duration} by {column_text(asked.found.column(field))}"


def _pair(asked: AskedTest) -> str | None:
    names = [asked.arguments.text(key) for key in ("column_A", "column_B")]
    sign = ">=" if asked.arguments.flag("or_equal") else ">"
    if names[0] is None or names[1] is None:
        return None
    return f"{column_text(asked.found.column(names[0]))} {sign} {column_text(asked.found.column(names[1]))}"


def _equal_pair(asked: AskedTest) -> str | None:
    names = [asked.arguments.text(key) for key in ("column_A", "column_B")]
    if names[0] is None or names[1] is None:
        return None
    return f"{column_text(asked.found.column(names[0]))} = {column_text(asked.found.column(names[1]))}"


def _text_of(form: str, key: str) -> Made:
    """A form over the column, with a text of the arguments as SQL writes it."""

    def made(asked: AskedTest) -> str | None:
        said = asked.arguments.text(key)
        if said is None or asked.column is None:
            return None
        return form.format(asked.column, "'" + said.replace("'", "''") + "'")

    return made


def _number_of(form: str, key: str) -> Made:
    def made(asked: AskedTest) -> str | None:
        node: PlacedValue | None = asked.arguments.take(key)
        return None if node is None or node.kind != "number" else form.format(asked.column, node.raw)

    return made


def _plain(form: str) -> Made:
    return lambda asked: None if asked.column is None else form.format(asked.column)


_BETWEEN = "min_value: 1, max_value: 9"

#: By name, without the package for those that only one has.
GENERICS: dict[str, Generic] = {
    "not_null": Generic(_plain("not null {}"), ("`not_null`", "`not null id`")),
    "unique": Generic(_plain("unique {}"), ("`unique`", "`unique id`"), of_rows=False),
    "accepted_values": Generic(
        lambda asked: _values(asked, "values"),
        ("`accepted_values: {values: [new, paid]}`", "`status in 'new', 'paid'`"),
        of_rows=False,
    ),
    "relationships": Generic(
        _relationship, ("`relationships: {to: ref('customers'), field: id}`", "`customer_id -> shop.customers.id`")
    ),
    "dbt_utils.not_accepted_values": Generic(
        lambda asked: _values(asked, "values", negated=True),
        ("`not_accepted_values: {values: [XX]}`", "`country not in 'XX'`"),
        of_rows=False,
    ),
    "dbt_utils.relationships_where": Generic(
        _relationship,
        (
            "`relationships_where: {to: ref('customers'), field: id, from_condition: \"x > 1\"}`",
            "`customer_id -> shop.customers.id where x > 1`",
        ),
    ),
    "dbt_utils.unique_combination_of_columns": Generic(
        _unique_together("combination_of_columns"),
        ("`unique_combination_of_columns: {combination_of_columns: [a, b]}`", "`unique a, b`"),
        of_rows=False,
    ),
    "dbt_utils.expression_is_true": Generic(
        _expression, ('`expression_is_true: {expression: "amount >= 0"}`', "`amount >= 0`")
    ),
    "dbt_utils.accepted_range": Generic(_accepted_range, (f"`accepted_range: {{{_BETWEEN}}}`", "`amount 1..9`")),
    "dbt_utils.not_null_proportion": Generic(
        _proportion, ("`not_null_proportion: {at_least: 0.95}`", "`share(coupon is not null) >= 95%`"), of_rows=False
    ),
    "dbt_utils.not_empty_string": Generic(_plain("trim({}) <> ''"), ("`not_empty_string`", "`trim(code) <> ''`")),
    "dbt_utils.at_least_one": Generic(
        _plain("count({}) > 0"), ("`at_least_one`", "`count(coupon) > 0`"), of_rows=False
    ),
    "dbt_utils.not_constant": Generic(
        _plain("distinct({}) > 1"), ("`not_constant`", "`distinct(country) > 1`"), of_rows=False
    ),
    "dbt_utils.recency": Generic(
        _recency,
        ("`recency: {field: created_at, datepart: hour, interval: 26}`", "`max_age 26h by created_at`"),
        of_rows=False,
    ),
    "dbt_expectations.expect_column_values_to_not_be_null": Generic(
        _plain("not null {}"), ("`expect_column_values_to_not_be_null`", "`not null id`")
    ),
    "dbt_expectations.expect_column_values_to_be_null": Generic(
        _plain("{} is null"), ("`expect_column_values_to_be_null`", "`coupon is null`")
    ),
    "dbt_expectations.expect_column_values_to_be_unique": Generic(
        _plain("unique {}"), ("`expect_column_values_to_be_unique`", "`unique id`"), of_rows=False
    ),
    "dbt_expectations.expect_column_values_to_be_between": Generic(
        _between("{}"), (f"`expect_column_values_to_be_between: {{{_BETWEEN}}}`", "`amount 1..9`")
    ),
    "dbt_expectations.expect_column_values_to_be_in_set": Generic(
        lambda asked: _values(asked, "value_set"),
        ("`expect_column_values_to_be_in_set: {value_set: [new, paid]}`", "`status in 'new', 'paid'`"),
    ),
    "dbt_expectations.expect_column_values_to_not_be_in_set": Generic(
        lambda asked: _values(asked, "value_set", negated=True),
        ("`expect_column_values_to_not_be_in_set: {value_set: [XX]}`", "`country not in 'XX'`"),
    ),
    "dbt_expectations.expect_column_values_to_match_regex": Generic(
        _text_of("regexp_matches({}, {}) = true", "regex"),
        ("`expect_column_values_to_match_regex: {regex: '[0-9]+'}`", "`regexp_matches(code, '[0-9]+') = true`"),
    ),
    "dbt_expectations.expect_column_values_to_not_match_regex": Generic(
        _text_of("regexp_matches({}, {}) = false", "regex"),
        ("`expect_column_values_to_not_match_regex: {regex: '[0-9]+'}`", "`regexp_matches(code, '[0-9]+') = false`"),
    ),
    "dbt_expectations.expect_column_values_to_match_like_pattern": Generic(
        _text_of("{} like {}", "like_pattern"),
        ("`expect_column_values_to_match_like_pattern: {like_pattern: 'A%'}`", "`code like 'A%'`"),
    ),
    "dbt_expectations.expect_column_value_lengths_to_equal": Generic(
        _number_of("length({}) = {}", "value"),
        ("`expect_column_value_lengths_to_equal: {value: 6}`", "`length(code) = 6`"),
    ),
    "dbt_expectations.expect_column_value_lengths_to_be_between": Generic(
        _between("length({})"), (f"`expect_column_value_lengths_to_be_between: {{{_BETWEEN}}}`", "`length(code) 1..9`")
    ),
    "dbt_expectations.expect_column_pair_values_A_to_be_greater_than_B": Generic(
        _pair,
        ("`expect_column_pair_values_A_to_be_greater_than_B: {column_A: a, column_B: b, or_equal: true}`", "`a >= b`"),
    ),
    "dbt_expectations.expect_column_pair_values_to_be_equal": Generic(
        _equal_pair, ("`expect_column_pair_values_to_be_equal: {column_A: a, column_B: b}`", "`a = b`")
    ),
    "dbt_expectations.expect_compound_columns_to_be_unique": Generic(
        _unique_together("column_list"),
        ("`expect_compound_columns_to_be_unique: {column_list: [a, b]}`", "`unique a, b`"),
        of_rows=False,
    ),
    "dbt_expectations.expression_is_true": Generic(
        _expression, ('`expression_is_true: {expression: "amount >= 0"}`', "`amount >= 0`")
    ),
    "dbt_expectations.expect_table_row_count_to_be_between": Generic(
        _between("rows", rows=True),
        (f"`expect_table_row_count_to_be_between: {{{_BETWEEN}}}`", "`rows 1..9`"),
        of_rows=False,
    ),
    "dbt_expectations.expect_table_row_count_to_equal": Generic(
        _number_of("rows = {1}", "value"),
        ("`expect_table_row_count_to_equal: {value: 12}`", "`rows = 12`"),
        of_rows=False,
    ),
    "dbt_expectations.expect_row_values_to_have_recent_data": Generic(
        _recency,
        ("`expect_row_values_to_have_recent_data: {datepart: day, interval: 2}`", "`max_age 2d by created_at`"),
        of_rows=False,
    ),
} | {
    f"dbt_expectations.expect_column_{word}_to_be_between": Generic(
        _between(form),
        (f"`expect_column_{word}_to_be_between: {{{_BETWEEN}}}`", f"`{form.format('amount')} 1..9`"),
        of_rows=False,
    )
    for word, form in (
        ("sum", "sum({})"),
        ("mean", "avg({})"),
        ("median", "median({})"),
        ("stdev", "stddev({})"),
        ("min", "min({})"),
        ("max", "max({})"),
        ("unique_value_count", "distinct({})"),
    )
}


def find(name: str) -> Generic | None:
    """The test of a name; that of a package also where the package is left out, since only dbt's own have such names."""
    if name in GENERICS:
        return GENERICS[name]
    short = name.rpartition(".")[2].removeprefix("test_")
    package = name.rpartition(".")[0]
    if package in ("", "dbt"):
        return GENERICS.get(short)
    known = {"metaplane.dbt_expectations": "dbt_expectations", "calogica.dbt_expectations": "dbt_expectations"}
    return GENERICS.get(f"{known.get(package, package)}.{short}")
