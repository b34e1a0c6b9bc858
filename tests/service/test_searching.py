"""Search over a real lake: one commit at a time, by use and trust, with what people see of each hit."""

from __future__ import annotations

import pytest

from andon.errors import UsageError
from andon.service.searching import FindOptions
from andon.workspace.caller import Caller
from kit.clones import Clone

FILES = {
    "queries/orders_of.sql": "-- nothing\nselect * from shop.orders where customer = $customer\n",
    "datasets/marts/old_totals.sql": (
        "/*---\ndescription: Totals as they were counted before.\ntags: [deprecated]\nowner: ben\n---*/\n"
        "select customer, amount from marts.totals\n"
    ),
    "datasets/marts/totals.sql": (
        "/*---\ndescription: What each customer spent.\nowner: ana\ntags: [finance]\n"
        "columns:\n  amount: Money of all orders of the customer.\n---*/\n"
        "select customer, sum(amount) as amount from shop.orders group by customer order by customer\n"
    ),
}


@pytest.fixture
def shop(project: Clone) -> Clone:
    project.fill(FILES)
    project.run()
    return project


def test_what_is_found_says_what_a_person_needs(shop: Clone) -> None:
    with shop.opened() as service:
        for who in ("ana", "ben", "ben"):
            service.by(Caller(who, "http")).querying.ask("from marts.totals").fetch()
        found = service.catalog.find("spent")
        (hit,) = found.hits
        assert (hit.dataset, hit.meaning, hit.kind, hit.owner, hit.tags) == (
            "marts.totals",
            "What each customer spent.",
            "sql",
            "ana",
            ("finance",),
        )
        assert (hit.rows, hit.readers, hit.reads, str(hit.status)) == (2, 2, 3, "ok")
        assert hit.snippet is not None
        assert hit.snippet.place == "description"
        start, end = hit.snippet.marks[0]
        assert hit.snippet.text[start:end] == "spent"
        hit = service.catalog.find("money").hits[0]
        assert hit.snippet is not None
        assert (hit.dataset, hit.snippet.place) == ("marts.totals", "column")
        assert hit.snippet.text[slice(*hit.snippet.marks[0])] == "Money"


def test_what_people_use_and_can_trust_comes_first(shop: Clone) -> None:
    with shop.opened() as service:
        names = [hit.dataset for hit in service.catalog.find("totals").hits]
        assert names[:2] == ["marts.totals", "marts.old_totals"]
        assert service.catalog.find("old totals").hits[0].dataset == "marts.old_totals"
        for who in ("ana", "ben", "cem"):
            service.by(Caller(who, "cli")).querying.ask("from marts.count").fetch()
        service.datasets.show("marts.best")  # a look at its page is no read
        hits = service.catalog.find().hits
        assert hits[0].dataset == "marts.count"
        assert hits[-1].dataset == "marts.old_totals"
        assert {hit.dataset: hit.readers for hit in hits}["marts.best"] == 0


def test_facets_count_what_there_would_be(shop: Clone) -> None:
    with shop.opened() as service:
        found = service.catalog.find("", None, FindOptions(kind=("source",)))
        assert [hit.dataset for hit in found.hits] == ["shop.orders"]
        assert {each.value: each.count for each in found.facets["kind"]} == {"sql": 4, "source": 1}
        assert {each.value: each.count for each in found.facets["schema"]} == {"shop": 1}
        found = service.catalog.find("", None, FindOptions(owner=("",), limit=1))
        assert (found.total, len(found.hits)) == (3, 1)
        rest = service.catalog.find("", None, FindOptions(owner=("",), after=found.hits[0].dataset))
        assert len(rest.hits) == 2
        with pytest.raises(UsageError, match="there is no status `red`"):
            service.catalog.find("", None, FindOptions(status=("red",)))


def test_a_search_sees_one_commit(story: Clone) -> None:
    with story.opened() as service:
        here = {
            ref: {hit.dataset for hit in service.catalog.find("", ref).hits}
            for ref in ("main", "try", "main~2", "main")
        }
        assert here["try"] - here["main"] == {"marts.extra"}
        assert service.catalog.find("orders", "main~2").hits[0].dataset == "shop.orders"
        by_column = [hit.dataset for hit in service.catalog.find("orders", "main").hits if hit.columns]
        assert by_column == ["marts.totals"]
        assert not any(hit.columns for hit in service.catalog.find("orders", "main~2").hits)
        commits = {ref: service.catalog.find("x", ref).commit for ref in ("main", "main~2")}
        assert len(set(commits.values())) == 2
        with pytest.raises(UsageError):
            service.catalog.find("x", "nope")


def test_a_publish_is_seen_at_once(shop: Clone) -> None:
    with shop.opened() as service:
        assert service.catalog.find("refunds").total == 0
        shop.write("datasets/marts/refunds.sql", "select 1 as refunded\n")
        shop.run()
        assert [hit.dataset for hit in service.catalog.find("refunds").hits] == ["marts.refunds"]
        shop.undo()
        assert service.catalog.find("refunds").total == 0


def test_a_dataset_that_failed_stands_lower_and_says_so(shop: Clone) -> None:
    shop.write(
        "datasets/marts/best.sql", "/*---\nchecks: |\n  rows = 7 warn\n---*/\nselect customer from marts.totals\n"
    )
    shop.run()
    with shop.opened() as service:
        hits = {hit.dataset: str(hit.status) for hit in service.catalog.find().hits}
        assert hits["marts.best"] == "warn"
        assert set(hits.values()) == {"ok", "warn"}
        assert [h.dataset for h in service.catalog.find("", None, FindOptions(status=("warn",))).hits] == ["marts.best"]
    shop.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,oops\n")
    shop.refresh()
    with shop.opened() as service:
        hits = {hit.dataset: str(hit.status) for hit in service.catalog.find().hits}
        assert hits["shop.orders"] == "fail"
        assert hits["marts.count"] == "blocked"
    shop.write("raw/orders_06.csv", None)
    shop.run(force=True)
    with shop.opened() as service:
        assert {str(hit.status) for hit in service.catalog.find().hits} == {"ok", "warn"}


def test_columns_and_saved_queries_are_found_beside_datasets(shop: Clone) -> None:
    with shop.opened() as service:
        found = service.catalog.find("customer")
        assert [hit.query for hit in found.queries] == ["orders_of"]
        assert ("shop.orders", "customer") in {(hit.dataset, hit.column) for hit in found.columns}
        hit = next(hit for hit in found.columns if hit.dataset == "marts.totals")
        assert "marts.totals.customer"[slice(*hit.marks[0])] == "customer"
        assert service.catalog.find("customer", None, FindOptions(kind=("sql",))).queries == []
        assert service.catalog.find().columns == []


def test_the_palette_mixes_what_there_is(shop: Clone) -> None:
    shop.branch("customer-story")
    with shop.opened() as service:
        hits = service.catalog.palette("customer")
        assert {hit.kind for hit in hits} == {"dataset", "column", "query", "branch"}
        columns = [hit.name for hit in hits if hit.kind == "column"]
        assert "shop.orders.customer" in columns
        assert [hit.name for hit in service.catalog.palette("totals amount") if hit.kind == "column"] == [
            "marts.totals.amount",
            "marts.old_totals.amount",
        ]
        assert service.catalog.palette("orders.amount")[0].name == "shop.orders.amount"
        assert service.catalog.palette("shop.ord")[0].name == "shop.orders"
        assert len(service.catalog.palette("a", limit=3)) == 3
        assert all(hit.kind == "dataset" for hit in service.catalog.palette(""))
        for text in ('"', "\0", "🚀" * 500, "売上", "'; drop table x", "(" * 99):
            service.catalog.palette(text)


def test_who_uses_a_dataset(shop: Clone) -> None:
    shop.write("insights/who.yml", "title: Who buys?\nuses: [marts.totals.amount]\nowner: cem\n")
    shop.write("insights/best.yml", "title: Who buys most?\nuses: [marts.best]\n")
    shop.run()
    with shop.opened() as service:
        service.by(Caller("ben", "http")).querying.ask("select amount from marts.totals").fetch()
        used = service.readers.of("marts.totals")
        assert [(reader.person, reader.reads, reader.doors, reader.columns) for reader in used.people] == [
            ("ben", 1, ["http"], ["amount"])
        ]
        assert [each.dataset for each in used.datasets] == ["marts.best", "marts.old_totals"]
        assert [(each.insight, each.direct, each.columns) for each in used.insights] == [
            ("who", True, ["amount"]),
            ("best", False, []),
        ]
        assert used.queries == []
        assert [each.query for each in service.readers.of("shop.orders").queries] == ["orders_of"]
        with pytest.raises(UsageError, match="no dataset is named"):
            service.readers.of("marts.nope")
