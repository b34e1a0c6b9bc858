"""Documents of the Open Data Contract Standard, of each version, as people write them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from andon.checks.language.parse import parse_check
from andon.contracts.known import KnownDatasets
from andon.contracts.odcs.words import SHOWN
from andon.contracts.reading import read_contract
from andon.errors import ProjectError
from andon.model.check import Check
from andon.model.contract import ForeignContract

TYPES = {
    "shop.orders": [
        ("id", "BIGINT"),
        ("code", "VARCHAR"),
        ("amount", "DOUBLE"),
        ("day", "DATE"),
        ("customer_id", "BIGINT"),
    ],
    "shop.customers": [("id", "BIGINT"), ("country", "VARCHAR")],
}
KNOWN = KnownDatasets(TYPES, {"shop.orders": ("id",), "shop.customers": ("id",)})
HEAD: dict[str, Any] = {"kind": "DataContract", "id": "x", "version": "1", "status": "active"}


def read(document: dict[str, Any], version: str = "v3.1.0") -> ForeignContract:
    return read_contract(json.dumps({**HEAD, "apiVersion": version, **document}), "x.odcs.yaml", KNOWN)


def told(found: ForeignContract) -> list[str]:
    """What is left out, but for the head of each document."""
    return [f"{one.what}: {one.why}" for one in found.left if one.what.partition(":")[0] not in ("version", "status")]


def lines_of(
    column: dict[str, Any] | None = None, version: str = "v3.1.0", **schema: Any
) -> tuple[list[str], list[str]]:
    """The lines that a property of orders, or the schema itself, comes to; and what is left out."""
    found = read({"schema": [{"name": "orders", "properties": [column] if column else [], **schema}]}, version)
    return [line.text for line in found.datasets[0].lines], told(found)


CODE = {"name": "code"}


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        ({"metric": "nullValues", "mustBe": 0}, "not null code"),
        ({"type": "library", "rule": "nullCheck", "mustBe": 0}, "not null code"),
        ({"metric": "nullValues", "mustBeLessThan": 10, "unit": "rows"}, "not null code allow 9 rows"),
        ({"metric": "nullValues", "mustBeLessOrEqualTo": 5, "unit": "percent"}, "not null code allow 5%"),
        ({"metric": "nullValues", "mustBeLessThan": 1, "unit": "percent"}, "share(code is null) < 1%"),
        ({"metric": "nullValues", "mustBeGreaterThan": 3}, "count_if(code is null) > 3"),
        (
            {"metric": "nullValues", "mustBe": 0, "severity": "warning", "name": "there", "description": "so"},
            'there: not null code warn "so"',
        ),
        (
            {"metric": "missingValues", "arguments": {"missingValues": [None, "", "N/A"]}, "mustBe": 0},
            "code is not null and code not in ('', 'N/A')",
        ),
        ({"metric": "invalidValues", "arguments": {"validValues": ["a", "b"]}, "mustBe": 0}, "code in 'a', 'b'"),
        ({"rule": "validValues", "validValues": ["a"], "mustBe": 0}, "code in 'a'"),
        ({"metric": "invalidValues", "arguments": {"pattern": "^[A-Z]+$"}, "mustBe": 0}, "code matches '[A-Z]+'"),
        (
            {"metric": "invalidValues", "arguments": {"pattern": "a|b"}, "mustBe": 0},
            "regexp_matches(code, 'a|b') = true",
        ),
        ({"metric": "duplicateValues", "mustBe": 0}, "unique code"),
        ({"metric": "duplicateValues", "mustBeLessThan": 10}, "count(code) - distinct(code) < 10"),
        ({"metric": "duplicateValues", "mustBeLessThan": 1, "unit": "percent"}, "distinct(code) > 0.99 * count(code)"),
        ({"type": "custom", "engine": "andon", "implementation": "code is slug warn"}, "code is slug warn"),
    ],
)
def test_a_rule_of_a_column_is_a_line(rule: dict[str, Any], line: str):
    version = "v3.0.2" if "rule" in rule else "v3.1.0"
    assert lines_of({**CODE, "quality": [rule]}, version) == ([line], [])
    assert isinstance(parse_check(line, dataset="shop.orders", columns=TYPES["shop.orders"], key=()), Check)


@pytest.mark.parametrize(
    ("column", "lines"),
    [
        ({"required": True, "unique": True}, ["not null code", "unique code"]),
        ({"logicalType": "string", "logicalTypeOptions": {"minLength": 2, "maxLength": 3}}, ["length(code) 2..3"]),
        ({"logicalTypeOptions": {"pattern": "^[A-Z]$", "format": "email"}}, ["code matches '[A-Z]'", "code is email"]),
        (
            {"name": "amount", "logicalType": "number", "logicalTypeOptions": {"minimum": 0, "maximum": 10}},
            ["amount 0..10"],
        ),
        (
            {"name": "amount", "logicalTypeOptions": {"exclusiveMinimum": 0, "multipleOf": 5}},
            ["amount > 0", "amount % 5 = 0"],
        ),
        ({"name": "day", "logicalTypeOptions": {"minimum": "2020-01-01"}}, ["day 2020-01-01.."]),
        ({"enum": [{"value": "a", "label": "A"}, {"value": "b"}]}, ["code in 'a', 'b'"]),
        ({"name": "customer_id", "relationships": [{"to": "customers.id"}]}, ["customer_id -> shop.customers.id"]),
        (
            {
                "name": "customer_id",
                "relationships": [{"to": "shop.customers.odcs.yaml#/schema/customers/properties/id"}],
            },
            ["customer_id -> shop.customers.id"],
        ),
    ],
)
def test_what_else_is_said_of_a_column_is_a_line(column: dict[str, Any], lines: list[str]):
    found, left = lines_of({**CODE, **column}, "v3.2.0")
    assert found == lines
    assert [one for one in left if "label" not in one] == []
    for line in lines:
        assert isinstance(parse_check(line, dataset="shop.orders", columns=TYPES["shop.orders"], key=()), Check)


def test_a_schema_has_rules_relationships_and_service_levels():
    found = read(
        {
            "schema": [
                {
                    "name": "orders",
                    "properties": [{"name": "Day"}],
                    "quality": [
                        {"metric": "rowCount", "mustBeBetween": [100, 120]},
                        {"metric": "duplicateValues", "mustBe": 0, "arguments": {"properties": ["ID", "code"]}},
                        {"type": "sql", "query": "select 1", "mustBe": 1},
                        {"type": "text", "description": "be nice"},
                        {"type": "custom", "engine": "soda", "implementation": {"a": 1}},
                    ],
                    "relationships": [
                        {"from": ["orders.customer_id", "orders.code"], "to": ["customers.id", "customers.country"]},
                        {"from": "orders.code", "to": "nobody.id"},
                    ],
                }
            ],
            "slaProperties": [
                {"property": "latency", "value": 26, "unit": "h", "element": "orders.Day"},
                {"property": "latency", "value": 4, "unit": "d"},
                {"property": "frequency", "value": 1, "unit": "d", "element": "orders"},
                {"property": "retention", "value": 3, "unit": "y", "element": "orders.day"},
            ],
        }
    )
    (orders,) = found.datasets
    assert [line.text for line in orders.lines] == [
        "rows 100..120",
        "unique id, code",
        "(customer_id, code) -> shop.customers (id, country)",
        "max_age 26h by day",
    ]
    assert dict(orders.refresh) == {"max_age": "4d", "every": "1d"}
    assert [one.partition(":")[0] for one in told(found)] == [
        "schema[0].quality[2]",
        "schema[0].quality[3]",
        "schema[0].quality[4]",
        "schema[0].relationships[1]",
        "slaProperties[3]",
    ]


def test_who_owns_it_is_found_in_teams_of_all_versions():
    people = [
        {"username": "ben", "role": "Engineer"},
        {"username": "ana", "role": "Data Owner", "dateIn": "2022-10-01"},
    ]
    schema = {"schema": [{"name": "orders"}]}
    for team in (people, {"name": "core", "members": people}):
        found = read({**schema, "team": team})
        assert found.datasets[0].owner == "ana"
        assert len(told(found)) == 2  # the other one, and since when
    assert read({**schema, "team": {"name": "core"}}).datasets[0].owner == "core"
    assert read({**schema, "team": [{"username": "ben"}]}, "v3.0.0").datasets[0].owner == "ben"


def test_types_are_those_of_the_lake_or_told():
    columns = [
        {"name": "id", "physicalType": "int8", "primaryKey": True, "primaryKeyPosition": -1},
        {"name": "code", "physicalType": "varchar(18)", "classification": "PII"},
        {"name": "amount", "physicalType": "NUMBER(10,2)", "classification": "restricted"},
        {"name": "day", "logicalType": "date"},
        {"name": "customer_id", "logicalType": "string"},
    ]
    found = read({"schema": [{"name": "orders", "properties": columns}]})
    (orders,) = found.datasets
    assert [(c.name, c.type, c.pii) for c in orders.columns] == [
        ("id", "BIGINT", False),
        ("code", "VARCHAR", True),
        ("amount", None, False),
        ("day", None, False),
        ("customer_id", None, False),
    ]
    assert orders.key == ("id",)
    assert [one.partition(": ")[0] for one in told(found)] == [
        "schema[0].properties[2].physicalType",
        "schema[0].properties[2].classification",
        "schema[0].properties[4].logicalType",
    ]


def test_all_that_makes_it_no_contract_is_told_at_once():
    text = """
apiVersion: v2.2.2
kind: DataContract
schema:
  - name: orders
    properties:
      - {physicalType: text}
      - {name: id, required: maybe}
      - {name: ID}
      - {name: code, quality: [{metric: nullValues}, {metric: rowCount, mustBe: x}, {type: nonsense}]}
  - {}
  - {name: orders}
"""
    with pytest.raises(ProjectError) as wrong:
        read_contract(text, "x.yaml", KNOWN)
    assert sorted(p.line for p in wrong.value.problems) == [2, 2, 2, 2, 7, 8, 9, 10, 10, 10, 11, 12]


def test_what_the_reference_shows_is_read():
    """The right side of each row of the table that is a line can be read as one."""
    forms = [
        right.strip("`")
        for _, right in SHOWN
        if "key:" not in right and "refresh" not in right and right.startswith("`")
    ]
    assert len(forms) > 15
    for line in forms:
        assert isinstance(parse_check(line, dataset="shop.orders", columns=None, key=()), Check), line
