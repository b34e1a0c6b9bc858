"""What is said of columns, and words of the business: on pages, in searches and in lists, with where it comes from."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from andon.errors import ProjectError, UsageError
from andon.lineage.descriptions import Descriptions
from andon.service.searching import FindOptions
from andon.service.service import Service
from andon.workspace.caller import Caller
from kit.clones import FILES, Clone

#: The complaints about descriptions that go by names: one name of two meanings, a rename, what is made, what is put together.
CASES = {
    "raw/orders_05.csv": FILES["raw/orders_05.csv"],
    "sources/shop/orders.sql": (
        "/*---\ndescription: Orders.\nowner: ana\ncolumns:\n  id: Number of the order\n  amount: Paid in USD\n"
        "  customer: Who bought\n---*/\nselect id, customer, amount from read_csv('raw/orders_*.csv')\n"
    ),
    "sources/shop/refunds.sql": (
        "/*---\ncolumns: {amount: Given back in USD, id: Number of the order}\n---*/\n"
        "select id, amount, customer from read_csv('raw/orders_*.csv')\n"
    ),
    "datasets/m/star.sql": "select * from shop.orders where amount > 0 order by id limit 10\n",
    "datasets/m/renamed.sql": "/*---\nmaterialize: view\n---*/\nselect amount as paid, id + 0 as id from m.star\n",
    "datasets/m/chain.sql": (
        "/*---\ndescription: A chain.\ncolumns: {id: Of my own}\n---*/\n"
        "select paid, paid::decimal(38, 2) as wide, paid::smallint as narrow, id from m.renamed\n"
    ),
    "datasets/m/made.sql": (
        "select id, case when id > 1 then amount end as amount, coalesce(customer, '') as customer from shop.orders\n"
    ),
    "datasets/m/summed.sql": "select customer, sum(amount) as amount, min(id) as id from shop.orders group by customer\n",
    "datasets/m/together.sql": (
        "select id, amount, customer from shop.orders union all select id, amount, null from shop.refunds\n"
    ),
    "datasets/m/joined.sql": (
        "select o.id, r.amount, r.amount as back, o.amount as paid, row_number() over () as customer"
        " from shop.orders o left join shop.refunds r using (id)\n"
    ),
    "datasets/m/scores.py": (
        "from andon import dataset, read\n\n\n@dataset(lineage={'id': 'made.id', '*': ['made.id']})\n"
        "def scores(made=read('m.made')):\n    return made.project('id')\n"
    ),
    "datasets/m/old.sql": (
        "/*---\ndescription: Orders as they were.\nowner: ben\ntags: [finance]\n"
        "deprecated: {use: m.star, until: 2020-01-31}\n---*/\nselect id, amount from shop.orders\n"
    ),
    "datasets/m/vouched.sql": (
        "/*---\ndescription: Orders that count.\ntags: [finance]\ncertified: {by: ana, on: 2026-01-01}\n---*/\n"
        "select amount from shop.orders\n"
    ),
    "glossary.yml": (
        "turnover:\n  meaning: Cash before anything is taken off.\n  also: [takings]\n"
        "  columns: [shop.orders.amount, m.summed.amount, m.star]\nbare: Said and nowhere.\n"
    ),
}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    clone = Clone(tmp_path_factory.mktemp("described") / "acme")
    clone.fill({"andon.toml": "", **CASES})
    clone.run()
    with clone.opened() as service:
        yield service


def handed(service: Service, dataset: str) -> dict[str, str]:
    """What columns have from above, and from where."""
    page = service.datasets.show(dataset, rows=0)
    return {name: f"{each.text} < {', '.join(each.origins)}" for name, each in page.handed.items()}


def test_descriptions_go_with_values_and_never_by_name(lake: Service) -> None:
    paid, number = "Paid in USD < shop.orders.amount", "Number of the order < shop.orders.id"
    who = "Who bought < shop.orders.customer"
    assert handed(lake, "shop.refunds") == {}, "its customer is another file's, whatever it is called"
    assert handed(lake, "m.star") == {"id": number, "amount": paid, "customer": who}
    assert handed(lake, "m.renamed") == {"paid": paid}
    assert handed(lake, "m.chain") == {"paid": paid, "wide": paid}, "what is cut off is something else; own words win"
    assert handed(lake, "m.made") == {"id": number}
    assert handed(lake, "m.summed") == {"customer": who}
    # two that say one thing hand it on, two that differ don't, and NULL says nothing against it
    both = "Number of the order < shop.orders.id, shop.refunds.id"
    assert handed(lake, "m.together") == {"id": both, "customer": who}
    back = "Given back in USD < shop.refunds.amount"
    assert handed(lake, "m.joined") == {"id": number, "amount": back, "back": back, "paid": paid}
    assert handed(lake, "m.scores") == {}, "of Python only that it is made of something is known"
    columns = {each.name: each for each in lake.datasets.show("m.star", rows=0).document().columns}
    assert columns["amount"].description is None
    assert columns["amount"].inherited is not None
    # asked about one, about all, and by another process of what was kept: the same
    head = lake.workspace.lake.refs.head("main")
    everything = lake._shared.descriptions.of(head)
    for name in lake.workspace.lake.commits.state(head).leaves:
        own = Descriptions(lake.workspace).of(head, [name])
        assert own.get(name, {}) == everything.get(name, {})
    assert Descriptions(lake.workspace).of(head) == everything


def test_words_of_the_business_find_what_holds_them(lake: Service) -> None:
    found = lake.catalog.find("takings")
    assert {hit.dataset for hit in found.hits} == {"shop.orders", "m.summed", "m.star"}
    assert all(hit.terms == ("turnover",) for hit in found.hits)
    snippet = lake.catalog.find("turnover cash").hits[0].snippet
    assert snippet is not None
    assert snippet.place == "glossary"
    shown = lake.glossary.show("TAKINGS").terms[0]
    assert (shown.term, [(p.dataset, p.column, p.is_there) for p in shown.places][-1]) == (
        "turnover",
        ("m.star", None, True),
    )
    assert [each.term for each in lake.glossary.show().terms] == ["bare", "turnover"]
    with pytest.raises(UsageError, match="does not have `turnovr`"):
        lake.glossary.show("turnovr")
    page = lake.datasets.show("m.summed", rows=0).document()
    assert {each.name: each.terms for each in page.columns} == {"customer": [], "amount": ["turnover"], "id": []}
    assert lake.datasets.show("m.star", rows=0).document().terms == ["turnover"]


def test_a_search_says_what_ends_and_who_vouches_and_takes_filters_as_words(lake: Service) -> None:
    old = next(hit for hit in lake.catalog.find("orders as they were").hits if hit.dataset == "m.old")
    assert (old.instead, old.ended) == ("m.star", True)
    assert "was to go by 2020-01-31" in (old.deprecated or "")
    assert [note.what for note in lake.trust.notes(lake.workspace.lake.refs.head("main"), ["m.old"])] == [
        old.deprecated
    ]
    by_tag = lake.catalog.find("tag:finance orders")
    assert [hit.dataset for hit in by_tag.hits] == ["m.vouched", "m.old"]
    assert by_tag.hits[0].certified == "ana, since 2026-01-01"
    same = lake.catalog.find("orders", None, FindOptions(tag=("finance",)))
    assert [hit.dataset for hit in same.hits] == [hit.dataset for hit in by_tag.hits]
    assert [hit.name for hit in lake.catalog.palette("tag:finance orders")] == ["m.vouched", "m.old"]
    assert {hit.dataset for hit in lake.catalog.find("owner:ben").hits} == {"m.old"}
    assert "m.star" in {hit.dataset for hit in lake.catalog.find("owner:nobody").hits}
    assert lake.catalog.find("status:ordered bought").total == lake.catalog.find("status ordered bought").total, (
        "a word"
    )
    # what is said above is found below, behind where it is said
    names = [hit.dataset for hit in lake.catalog.find("bought").hits]
    assert names[0] == "shop.orders"
    assert {"m.star", "m.summed", "m.together"} == set(names[1:])


def test_what_nobody_described_most_read_first(lake: Service) -> None:
    for who in ("ana", "ben"):
        lake.by(Caller(who, "http")).querying.ask("from m.made").fetch()
    lake.by(Caller("ana", "http")).querying.ask("from m.chain").fetch()
    found = lake.undescribed.list(None)
    lacking = {each.dataset: each for each in found.datasets}
    assert [each.dataset for each in found.datasets][:2] == ["m.made", "m.chain"]
    assert (lacking["m.made"].readers, lacking["m.made"].described) == (2, False)
    assert lacking["m.made"].columns == ["amount", "customer"]
    assert lacking["m.chain"].columns == ["narrow"]
    assert lacking["m.chain"].next == "write `columns: {narrow: …}` in datasets/m/chain.sql"
    assert lacking["m.made"].next == "write `description: …` in datasets/m/made.sql"
    assert "m.old" not in lacking
    assert "shop.orders" not in lacking
    assert (found.total, found.of) == (len(lacking), len(CASES) - 2)
    assert len(lake.undescribed.list(1).datasets) == 1


def test_a_column_of_the_glossary_that_is_not_there_is_refused(project: Clone) -> None:
    project.run()
    project.write("glossary.yml", "paid:\n  meaning: What was paid.\n  columns: [shop.orders.amuont]\n")
    with pytest.raises(ProjectError) as caught:
        project.run()
    (problem,) = caught.value.problems
    assert (problem.code, problem.where, problem.hint) == (
        "project.unknown_column",
        "glossary.yml:3:13",
        "did you mean `amount`?",
    )
    project.write("glossary.yml", "paid:\n  meaning: What was paid.\n  columns: [shop.orders.amount]\n")
    project.run()
    project.write("sources/shop/orders.sql", "select id, customer from read_csv('raw/orders_*.csv')\n")
    project.write("datasets/marts/totals.sql", "select customer from shop.orders\n")
    project.write("datasets/marts/best.sql", "select customer from marts.totals\n")
    with pytest.raises(ProjectError, match="has no column `amount`"):
        project.run()


@pytest.mark.parametrize(
    ("path", "text", "place"),
    [
        (
            "datasets/marts/totals.sql",
            "/*---\ncolumns: {amuont: What was paid}\n---*/\n" + FILES["datasets/marts/totals.sql"],
            "datasets/marts/totals.sql:2:11",
        ),
        (
            "datasets/marts/totals.sql",
            "/*---\ncaveats: [{text: Some, columns: [customer, amuont]}]\n---*/\n" + FILES["datasets/marts/totals.sql"],
            "datasets/marts/totals.sql:2:44",
        ),
        ("insights/what.md", "---\nquestion: What?\nuses: [marts.totals.amuont]\n---\n", "insights/what.md"),
    ],
    ids=["described", "limited", "used"],
)
def test_a_column_that_is_not_there_is_refused_wherever_it_is_named(
    project: Clone, path: str, text: str, place: str
) -> None:
    project.run()  # what the dataset returns stays as it is
    project.write(path, text)
    with pytest.raises(ProjectError) as refused:
        project.run()

    assert [(each.where, each.code) for each in refused.value.problems] == [(place, "project.unknown_column")]
    project.write(path, text.replace("amuont", "amount"))
    assert project.run().published
