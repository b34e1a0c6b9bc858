"""`andon lineage` and `andon impact`: trees, drawings, documents, errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from kit.command_line import Andon

Golden = Callable[[str, str], None]

FILES = {
    "datasets/staging/orders.sql": "select order_id, lower(customer) as customer, ordered_at::date as day, amount\n"
    "from shop.orders where amount > 0\n",
    "datasets/marts/customers.sql": "/*---\nowner: ben\n---*/\nselect customer, sum(amount) as revenue, count(*) as orders\n"
    "from staging.orders group by all\n",
    "datasets/marts/scores.py": "from andon import dataset, read\n\n\n@dataset(owner='cy')\n"
    "def scores(customers=read('marts.customers')):\n    return customers.project('customer, revenue * 2 as score')\n",
    "insights/best.yml": "title: Who is best?\nkind: decision\nowner: eve\ndecision: Whom to write to\n"
    "uses: [marts.scores, marts.customers.revenue]\n",
    "checks/paid.sql": "/*---\nname: all_paid\n---*/\nselect * from marts.customers where revenue < 0\n",
}


@pytest.fixture
def shop(built: Andon) -> Andon:
    for path, text in FILES.items():
        built.write(path, text)
    built("run", "--yes")
    return built


def test_trees(shop: Andon, golden: Golden) -> None:
    golden("lineage_column", shop("lineage", "marts.customers.revenue").out)
    golden("lineage_count", shop("lineage", "marts.customers.orders", "--up").out)
    golden("lineage_dataset", shop("lineage", "marts.customers").out)
    golden("lineage_python", shop("lineage", "marts.scores.score").out)
    golden("lineage_depth", shop("lineage", "shop.orders", "--down", "--depth", "1").out)
    assert "made of\nnothing" in shop("lineage", "raw/orders.csv", "--up").out


def test_drawings(shop: Andon, golden: Golden) -> None:
    golden("lineage_mermaid", shop("lineage", "marts.customers.revenue", "--format", "mermaid").out)
    golden("lineage_dot", shop("lineage", "marts.customers", "--format", "dot").out)
    golden("lineage_dot_column", shop("lineage", "marts.customers.revenue", "--up", "--format", "dot").out)


def test_the_document(shop: Andon) -> None:
    found = shop.json("lineage", "marts.customers.revenue", "--up", "--depth", "1")
    assert found["start"] == "marts.customers.revenue"
    assert {n["id"]: n["kind"] for n in found["nodes"]} == {
        "marts.customers": "dataset",
        "marts.customers.revenue": "column",
        "staging.orders": "dataset",
        "staging.orders.amount": "column",
        "staging.orders.customer": "column",
    }
    edges = {(e["from"], e["to"], e["kind"], e["level"]) for e in found["edges"]}
    assert edges == {
        ("staging.orders.amount", "marts.customers.revenue", "derive", "column"),
        ("staging.orders.customer", "marts.customers", "influence", "column"),
        ("staging.orders", "marts.customers", "influence", "column"),
    }
    same = shop("lineage", "marts.customers.revenue", "--up", "--depth", "1", "--format", "json").document
    assert same == found


def test_events(shop: Andon) -> None:
    found = shop("lineage", "marts.customers", "--up", "--format", "openlineage").document
    assert [e["job"]["name"] for e in found] == ["shop.orders", "staging.orders", "marts.customers"]
    assert found[-1]["outputs"][0]["facets"]["columnLineage"]["fields"].keys() == {"customer", "revenue"}


def test_impact(shop: Andon, golden: Golden) -> None:
    golden("impact_column", shop("impact", "shop.orders.amount").out)
    golden("impact_dataset", shop("impact", "marts.customers").out)
    assert "nothing reads it" in shop("impact", "marts.revenue_by_month").out
    document = shop.json("impact", "marts.customers.revenue")
    assert document["checks"] == [{"dataset": None, "text": "all_paid", "file": "checks/paid.sql", "line": None}]
    assert document["insights"][0]["hops"] == 1
    assert document["owners"] == ["cy", "eve"]


def test_errors(shop: Andon) -> None:
    assert shop.json("lineage", "marts.customer", status=2)["error"]["hint"] == "did you mean `marts.customers`?"
    assert shop.json("impact", "marts.customers.revenu", status=2)["error"]["code"] == "lake.column_not_found"
    assert shop.json("lineage", "marts.customers", "--at", "nowhere", status=2)["error"]["code"] == "lake.ref_not_found"
