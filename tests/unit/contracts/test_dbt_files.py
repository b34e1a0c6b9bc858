"""Property files of dbt, as people write them, as check lines; and whatever has no line is told, with its place."""

from __future__ import annotations

import pytest

from andon.checks.language.parse import parse_check
from andon.contracts.dbt.generics import GENERICS
from andon.contracts.known import KnownDatasets
from andon.contracts.reading import read_contract
from andon.errors import ProjectError, UsageError
from andon.model.check import Check
from andon.model.contract import ForeignContract

KNOWN = KnownDatasets(
    {
        "shop.customers": [("id", "BIGINT")],
        "shop.orders": [
            (name, kind)
            for name, kind in (
                ("id", "BIGINT"),
                ("customer_id", "BIGINT"),
                ("status", "VARCHAR"),
                ("amount", "DECIMAL(9,2)"),
                ("created_at", "TIMESTAMP"),
                ("code", "VARCHAR"),
                ("Order", "VARCHAR"),
            )
        ],
        "marts.totals": None,
    },
    {"shop.customers": ("id",), "shop.orders": (), "marts.totals": ()},
)


def read(text: str, name: str | None = None) -> ForeignContract:
    known = KNOWN if name is None else KnownDatasets(KNOWN.types, KNOWN.keys, name)
    return read_contract(text, "schema.yml", known)


def of_orders(tests: str, column: str | None = None) -> tuple[list[str], list[str]]:
    """The lines that tests of a column (or of the model) come to, and what is left out."""
    at = f"    columns:\n      - name: {column}\n        tests:\n" if column else "    tests:\n"
    margin = " " * (10 if column else 6)
    found = read("models:\n  - name: orders\n" + at + "".join(f"{margin}{line}\n" for line in tests.split("\n")))
    return [line.text for line in found.datasets[0].lines], [f"{one.what}: {one.why}" for one in found.left]


@pytest.mark.parametrize(
    ("column", "tests", "lines"),
    [
        ("id", "- unique\n- not_null", ["unique id", "not null id"]),
        ("Order", "- not_null", ['not null "Order"']),
        ("ORDER", "- not_null", ['not null "Order"']),
        ("id", "- not_null: {config: {severity: warn}}", ["not null id warn"]),
        ("id", "- not_null: {severity: WARN, where: \"status = 'paid'\"}", ["not null id where status = 'paid' warn"]),
        ("id", '- not_null: {error_if: ">10"}', ["not null id allow 10 rows"]),
        ("id", '- not_null: {error_if: ">= 10"}', ["not null id allow 9 rows"]),
        (
            "id",
            '- not_null: {config: {error_if: ">100", warn_if: ">10"}}',
            ["not null id allow 100 rows", "not null id allow 10 rows warn"],
        ),
        ("id", '- not_null: {error_if: ">100"}', ["not null id allow 100 rows"]),
        ("id", '- not_null: {warn_if: "!=0", severity: warn}', ["not null id warn"]),
        (
            "id",
            "- not_null: {name: contact, description: 'so \"they\" say'}",
            ["contact: not null id \"so 'they' say\""],
        ),
        ("status", "- accepted_values: {values: [new, 'in use', 3]}", ["status in 'new', 'in use', '3'"]),
        ("id", "- accepted_values: {values: ['1', 2]}", ["id in 1, 2"]),
        ("amount", "- accepted_values:\n    arguments:\n      values: [1, 2]\n      quote: false", ["amount in 1, 2"]),
        ("customer_id", "- relationships: {to: \"ref('customers')\", field: id}", ["customer_id -> shop.customers.id"]),
        (
            "customer_id",
            "- relationships:\n    arguments: {to: \"source('shop', 'customers')\", field: ID}",
            ["customer_id -> shop.customers.id"],
        ),
        ("amount", "- dbt_utils.accepted_range: {min_value: 0, inclusive: false}", ["amount > 0"]),
        ("amount", "- dbt_utils.accepted_range: {min_value: 0, max_value: 9}", ["amount 0..9"]),
        ("amount", '- dbt_utils.expression_is_true: {expression: ">= 0"}', ["amount >= 0"]),
        (None, '- dbt_utils.expression_is_true: {expression: "amount >= id"}', ["amount >= id"]),
        (
            None,
            "- dbt_utils.unique_combination_of_columns:\n    combination_of_columns: [id, Code]",
            ["unique id, code"],
        ),
        (
            "created_at",
            "- dbt_utils.recency: {datepart: hour, field: created_at, interval: 26}",
            ["max_age 26h by created_at"],
        ),
        (
            "amount",
            "- dbt_expectations.expect_column_values_to_be_between:\n    min_value: 0\n    mostly: 0.95",
            ["amount 0.. allow 5%"],
        ),
        (
            "created_at",
            "- dbt_expectations.expect_column_values_to_be_between:\n    min_value: \"'2020-01-01'\"\n    row_condition: id > 3",
            ["created_at 2020-01-01.. where id > 3"],
        ),
        (
            "code",
            '- dbt_expectations.expect_column_values_to_match_regex: {regex: "it\'s[0-9]"}',
            ["regexp_matches(code, 'it''s[0-9]') = true"],
        ),
        (None, "- dbt_expectations.expect_table_row_count_to_be_between: {min_value: 1}", ["rows 1.."]),
        (None, "- test_name: unique\n  column_name: id\n  name: one", ["one: unique id"]),
    ],
)
def test_a_test_is_a_line(column: str | None, tests: str, lines: list[str]):
    assert of_orders(tests, column) == (lines, [])
    for line in lines:
        found = parse_check(line, dataset="shop.orders", columns=KNOWN.types["shop.orders"], key=("id",))
        assert isinstance(found, Check), found


@pytest.mark.parametrize(
    ("column", "tests", "why"),
    [
        ("id", "- my_own_test", "no line is known"),
        ("id", "- not_null: {where: \"day > {{ var('start') }}\"}", "computed"),
        ("id", '- unique: {error_if: ">10"}', "counts other things than rows"),
        ("id", '- not_null: {error_if: "<1"}', "no upper limit"),
        ("id", "- not_null: {enabled: false}", "switched off"),
        ("id", "- not_null: {fail_calc: 'sum(n)'}", "counts rows"),
        ("customer_id", "- relationships: {to: \"ref('nobody')\", field: id}", "no dataset of the project"),
        (
            "amount",
            '- dbt_expectations.expect_column_values_to_be_between: {max_value: "current_date"}',
            "come to no line",
        ),
        ("amount", "- dbt_utils.accepted_range: {min_value: 1, group_by_columns: [id]}", "asks groups"),
        ("id", "- not_null: {store_failures: true}", "kept with each result"),
    ],
)
def test_what_has_no_line_is_told_with_its_place(column: str, tests: str, why: str):
    found = read(
        f"models:\n  - name: orders\n    columns:\n      - name: {column}\n        tests:\n          {tests}\n"
    )
    (left,) = found.left
    assert why in left.why
    assert left.line == 6


def test_a_whole_file_is_read():
    found = read("""
version: 2
x-defaults: &key [not_null, unique]
models:
  - name: orders
    description: One row per order
    config: {tags: [core], contract: {enforced: true}, meta: {owner: ana}, materialized: view}
    constraints: [{type: primary_key, columns: [id]}, {type: check, expression: "amount >= 0"}]
    columns:
      - {name: id, data_type: bigint, data_tests: *key, description: "{{ doc('id') }}"}
      - {name: amount, data_type: "numeric(9, 2)", description: Price}
      - {name: status, data_type: int, tags: [pii]}
      - {name: gone}
sources:
  - name: shop
    loaded_at_field: created_at
    freshness: {error_after: {count: 26, period: hour}, warn_after: {count: 1, period: day}, filter: id > 1}
    tables:
      - {name: customers, freshness: null}
      - {name: refunds, meta: {owner: ben}}
exposures: [{name: board}]
""")
    orders, customers, refunds = found.datasets
    assert (orders.dataset, orders.description, orders.owner, orders.tags) == (
        "shop.orders",
        "One row per order",
        "ana",
        ("core",),
    )
    assert orders.key == ("id",)
    assert [line.text for line in orders.lines] == ["not null id", "unique id", "amount >= 0", "schema exact"]
    assert [(c.name, c.description, c.type, c.pii) for c in orders.columns] == [
        ("id", None, "BIGINT", False),
        ("amount", "Price", "DECIMAL(9,2)", False),
        ("status", None, None, True),
    ]
    assert (customers.dataset, customers.lines) == ("shop.customers", ())
    assert (refunds.dataset, refunds.schema, refunds.owner) == (None, "shop", "ben")
    assert [line.text for line in refunds.lines] == [
        "max_age 26h by created_at where id > 1",
        "max_age 1d by created_at where id > 1 warn",
    ]
    assert sorted(one.what for one in found.left) == [
        "exposures",
        "models[0].columns[0].description",
        "models[0].columns[2].data_type: int",
        "models[0].columns[3]: gone",
        "models[0].config.materialized: view",
        "x-defaults",
    ]


def test_names_are_found_as_they_are_meant():
    assert read("models: [{name: orders}]").datasets[0].dataset == "shop.orders"
    assert read("models: [{name: ORDERS}]").datasets[0].dataset == "shop.orders"
    assert read("models: [{name: orders}]", "marts").datasets[0].dataset is None
    assert read("models: [{name: fct_totals}]", "marts.totals").datasets[0].dataset == "marts.totals"
    assert read("seeds: [{name: totals, config: {schema: marts}}]").datasets[0].dataset == "marts.totals"


def test_all_that_is_wrong_with_a_file_is_told_at_once():
    text = (
        "version: 1\nmodels:\n  - description: none\n  - name: [a]\n  - name: orders\n    columns: x\n    tests: [3]\n"
    )
    with pytest.raises(ProjectError) as wrong:
        read(text)
    assert [(p.line, p.file) for p in wrong.value.problems] == [(n, "schema.yml") for n in (1, 3, 4, 4, 6, 7)]
    with pytest.raises(UsageError, match="one dataset"):
        read("models: [{name: a}, {name: b}]", "marts.a")
    with pytest.raises(ProjectError, match="as `Orders` is"):
        read("models: [{name: Orders}, {name: orders}]")
    for text in ("steps: []", "3", ""):
        with pytest.raises(UsageError):
            read(text)


@pytest.mark.parametrize("name", GENERICS)
def test_the_table_of_the_reference_is_true(name: str):
    """What the reference shows of a test, read as it stands there, comes to the line beside it."""
    said, line = (text.strip("`") for text in GENERICS[name].shown)
    parsed = parse_check(line, dataset="shop.orders", columns=None, key=())
    assert isinstance(parsed, Check)
    column = parsed.columns[0] if parsed.columns else None
    package = name.rpartition(".")[0]
    known = KnownDatasets({"shop.customers": None, "shop.orders": None}, {})
    test = f"{package}.{said}" if package else said
    wide = "column_A" in said or "columns" in said or "expression_is_true" in said or "column_list" in said
    at = f"columns: [{{name: {column}, tests: [X]}}]" if column and not wide else "tests: [X]"
    if "from_condition" in said:
        at = "columns: [{name: customer_id, tests: [X]}]"
    text = f"models: [{{name: orders, {at.replace('X', test if ':' not in test else '{' + test + '}')}}}]"
    found = read_contract(text, "schema.yml", known)
    assert [one.text for one in found.datasets[0].lines] == [line], found.left
