"""Which lines of other datasets' checks look at a dataset or at one of its columns."""

from __future__ import annotations

import pytest

from andon.model.dataset import Dataset, Definition, Kind, Materialize
from andon.service.lineage import _names

KEYED = Dataset(Definition("shop.customers", Kind.SQL, Materialize.TABLE, "", "", key=("id",)))


@pytest.mark.parametrize(
    ("line", "column", "expected"),
    [
        ("customer -> shop.customers", None, True),
        ("customer -> shop.customer", None, False),
        ("customer -> shop.customers", "id", True),
        ("customer -> shop.customers", "name", False),
        ("customer -> shop.customers.name", "name", True),
        ("customer -> shop.customers.name", "id", False),
        ("(a, b) -> shop.customers (id, name)", "name", True),
        ("(a, b) -> shop.customers (id, name)", "vip", False),
        ("sum(x) = sum(Shop.Customers.Spent) +- 1%", "spent", True),
        ("sum(x) = sum(shop.orders.amount)", None, False),
        ("note = 'shop.customers'", None, False),
        ("count(*) = count(shop.customers.id) and sum(x) = sum(shop.customers.spent)", "spent", True),
    ],
)
def test_a_line_names_a_dataset_or_a_column(line: str, column: str | None, expected: bool) -> None:
    assert _names(line, "shop.customers", column, KEYED) is expected


@pytest.mark.parametrize(
    "line", ["id -> shop.customers", "who: (id, day) -> shop.customers", "name: id -> shop.customers"]
)
def test_without_a_key_the_columns_of_the_same_name_are_meant(line: str) -> None:
    assert _names(line, "shop.customers", "id", None)
    assert not _names(line, "shop.customers", "vip", None)
