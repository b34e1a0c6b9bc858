"""Datasets under another name: what names them says the same with it, or nothing is done."""

from __future__ import annotations

import pytest

from andon.errors import AndonError
from andon.runs.goal import ANY_PLAN, RunOptions
from kit.clones import Clone

AGREED = RunOptions(agreed=ANY_PLAN)


@pytest.fixture
def acme(project) -> Clone:
    project.run()
    return project


def rename(clone: Clone, old: str, new: str, options: RunOptions = AGREED, **said):
    with clone.opened() as service:
        return service.renaming.rename(old, new, options, **said)


def retire(clone: Clone, *names: str, options: RunOptions = AGREED, **said):
    with clone.opened() as service:
        return service.renaming.retire(names, options, **said)


def refused(clone: Clone, call, *args, **said) -> AndonError:
    head = clone.head()
    before = {p: p.read_bytes() for p in clone.root.rglob("*") if p.is_file() and ".andon" not in p.parts}
    with pytest.raises(AndonError) as raised:
        call(clone, *args, **said)
    assert clone.head() == head
    assert before == {p: p.read_bytes() for p in clone.root.rglob("*") if p.is_file() and ".andon" not in p.parts}
    return raised.value


NAMING = {
    "datasets/marts/shares.sql": (
        "/*---\ndescription: Shares of marts.totals.\nchecks: |\n  customer -> marts.totals.customer\n---*/\n"
        "select totals.customer, totals.amount / (select sum(amount) from marts.totals) as share\n"
        "from marts.totals join shop.orders o on o.customer = totals.customer -- marts.totals\n"
        "where 'marts.totals' <> o.customer\ngroup by all\n"
    ),
    "checks/sums.sql": 'select * from "marts"."totals" as t where t.amount < 0\n',
    "queries/of.sql": "from marts.totals where customer = $who\n",
    "tests/totals.yml": (
        "- name: sums\n  dataset: marts.totals\n  given:\n    shop.orders:\n      - {id: 1, customer: ada, amount: 2}\n"
        "  expect:\n    - {customer: ada, amount: 2}\n"
    ),
    "insights/who.yml": "title: Who buys?\nuses: [marts.totals.amount]\n",
    "datasets/marts/doubled.py": (
        "from andon import dataset, read\n\n\n@dataset()\ndef doubled(totals=read('marts.totals')):\n"
        '    """Of marts.totals."""\n    return totals.filter("amount > 0")\n'
    ),
}


#: Datasets with Spark SQL of their own: the one that is renamed, and one that reads it.
SPARK = {
    "datasets/marts/totals.spark.sql": "select customer, cast(sum(amount) as bigint) as amount from shop.orders group by customer\n",
    "datasets/marts/best.spark.sql": (
        "-- marts.totals\nselect totals.customer from `marts`.totals join Marts.Totals t on t.customer = totals.customer\n"
        "where t.customer <> 'marts.totals' order by t.amount desc limit 1\n"
    ),
}


def test_spark_sql_of_its_own_goes_along_and_so_does_that_of_what_reads_it(acme):
    acme.fill(SPARK)
    acme.run()
    done = rename(acme, "marts.totals", "core.revenue")
    assert (done.published, done.behind) == (True, ())
    assert set(done.removed) == {"datasets/marts/totals.sql", "datasets/marts/totals.spark.sql"}
    assert {"datasets/core/revenue.spark.sql", "datasets/marts/best.spark.sql"} <= set(done.written)
    assert acme.read("datasets/core/revenue.spark.sql") == SPARK["datasets/marts/totals.spark.sql"]
    assert acme.read("datasets/marts/best.spark.sql") == (
        "-- marts.totals\nselect totals.customer from core.revenue as totals join core.revenue t on t.customer = totals.customer\n"
        "where t.customer <> 'marts.totals' order by t.amount desc limit 1\n"
    )
    assert acme.plan().steps is not None
    back = rename(acme, "core.revenue", "marts.totals")
    assert back.published
    assert acme.read("datasets/marts/totals.spark.sql") == SPARK["datasets/marts/totals.spark.sql"]
    retire(acme, "marts.totals", "marts.best")
    assert acme.read("datasets/marts/totals.spark.sql") is None
    assert acme.read("datasets/marts/best.spark.sql") is None


def test_spark_sql_that_may_say_something_else_then_is_left_to_people(acme):
    acme.fill({"datasets/marts/best.spark.sql": "select marts.totals.customer from marts.totals limit 1\n"})
    acme.run()
    error = refused(acme, rename, "marts.totals", "core.revenue")
    assert (error.code, error.where) == ("lake.is_read", "datasets/marts/best.spark.sql")


def test_all_that_names_it_is_renamed_with_it_and_taken_back(acme):
    acme.fill(NAMING)
    first = acme.run()
    assert first.published, (first.held, first.failed_checks, [t.error for t in first.tasks if t.error])
    before = acme.ask("from marts.shares order by all"), acme.ask("from marts.doubled order by all")
    done = rename(acme, "marts.totals", "core.revenue")
    assert (done.published, done.behind) == (True, ())
    assert done.removed == ("datasets/marts/totals.sql",)
    assert set(done.written) == {"datasets/core/revenue.sql", "datasets/marts/best.sql", *NAMING}
    assert "marts.totals" not in acme.leaves()
    assert (acme.ask("from marts.shares order by all"), acme.ask("from marts.doubled order by all")) == before
    assert acme.read("datasets/marts/totals.sql") is None
    shares = acme.read("datasets/marts/shares.sql")
    assert "from core.revenue as totals join" in shares
    assert "-- marts.totals\nwhere 'marts.totals' <>" in shares
    assert "Shares of core.revenue.\nchecks: |\n  customer -> core.revenue.customer\n" in shares
    assert acme.read("checks/sums.sql") == "select * from core.revenue as t where t.amount < 0\n"
    assert acme.read("queries/of.sql") == "from core.revenue where customer = $who\n"
    assert acme.read("insights/who.yml") == "title: Who buys?\nuses: [core.revenue.amount]\n"
    assert "read('core.revenue')" in acme.read("datasets/marts/doubled.py")
    with acme.opened() as service:
        assert [str(t.status) for t in service.unit_tests.run((), (), again=True)] == ["pass"]
        assert service.saved_queries.ask("of", {"who": "ada"}).fetch() == [("ada", 15)]
    assert acme.run().run is None  # the folder and the branch agree
    acme.undo()
    assert acme.ask("from marts.shares order by all") == before[0]
    assert "core.revenue" not in acme.leaves()


@pytest.mark.parametrize(
    "text",
    [
        "select marts.totals.customer from marts.totals\n",
        "select m.* from (select 1 as one) m, query_table('marts.totals')\n",
    ],
)
def test_what_can_not_be_proved_is_named_and_nothing_is_done(acme, text):
    acme.write("datasets/marts/odd.sql", text)
    try:
        acme.run()
    except AndonError:
        return  # no project has it
    error = refused(acme, rename, "marts.totals", "marts.revenue")
    assert (error.code, error.where) == ("lake.is_read", "datasets/marts/odd.sql")
    done = rename(acme, "marts.totals", "marts.revenue", leaves_view=True)
    assert done.published
    assert acme.ask("from marts.totals order by all") == acme.ask("from marts.revenue order by all")
    assert acme.leaves()["marts.totals"].materialize == "view"


def test_one_that_nothing_reads_is_retired_and_brought_back(acme):
    done = retire(acme, "marts.count")
    assert (done.published, done.removed) == (True, ("datasets/marts/count.sql",))
    assert acme.read("datasets/marts/count.sql") is None
    assert "marts.count" not in acme.leaves()
    acme.undo()
    assert acme.ask("from marts.count") == [(3,)]
    assert retire(acme, "marts.count").published  # a word counts more than what was undone
    assert "marts.count" not in acme.leaves()


def test_one_that_is_read_is_retired_only_with_its_readers(acme):
    acme.write("insights/who.yml", "title: Who?\nuses: [marts.best]\n")
    acme.run()
    error = refused(acme, retire, "marts.totals")
    assert (error.code, error.where) == ("lake.is_read", "datasets/marts/best.sql")
    error = refused(acme, retire, "marts.totals", "marts.best")
    assert error.where == "insights/who.yml"
    acme.write("insights/who.yml", None)
    acme.run()
    assert retire(acme, "marts.totals", "marts.best").published
    assert acme.leaves().keys() == {"shop.orders", "marts.count"}


def test_a_source_keeps_its_rows_under_another_name(acme):
    rows = acme.ask("from shop.orders order by all")
    rename(acme, "shop.orders", "shop.purchases")
    assert acme.ask("from shop.purchases order by all") == rows
    assert acme.read("sources/shop/purchases.sql") is not None
    assert acme.run().run is None


def test_a_history_goes_on_under_another_name(acme):
    path = "datasets/marts/was.sql"
    acme.write(path, "/*---\nmaterialize: history\nkey: customer\n---*/\nselect customer, amount from marts.totals\n")
    acme.run()
    acme.write("raw/orders_06.csv", "id,customer,amount\n4,ada,5\n")
    acme.refresh()
    before = acme.ask("select * from marts.was order by all")
    assert len(before) == 3
    rename(acme, "marts.was", "marts.past")
    assert acme.ask("select * from marts.past order by all") == before


def test_names_that_do_not_fit_are_told(acme):
    for old, new, code in [
        ("marts.totals", "marts.best", "usage.exists"),
        ("marts.totals", "totals", "usage.bad_argument"),
        ("marts.totals", "marts.Totals", "usage.bad_argument"),
        ("marts.nothing", "marts.totals2", "lake.dataset_not_found"),
        ("nothing", "totals", "lake.query_not_found"),
    ]:
        assert refused(acme, rename, old, new).code == code


def test_readers_with_edits_in_the_folder_stay_as_they_are(acme):
    acme.write("datasets/marts/best.sql", "select 'half done' as customer\n")
    assert refused(acme, rename, "marts.totals", "marts.revenue").code == "lake.folder_dirty"
