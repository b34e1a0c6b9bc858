"""A new column that nobody reads rebuilds one dataset; what reads a changed column is built again."""

from contextlib import closing

import pytest

from kit.clones import Clone, did

WIDE = "select id, customer, amount, amount * 2 as twice from shop.orders\n"
FILES = {
    "datasets/staging/lines.sql": WIDE,
    "datasets/marts/spent.sql": "select customer, sum(amount) as spent from staging.lines group by customer order by customer\n",
    "datasets/marts/top.sql": "select max(spent) as most from marts.spent\n",
    "datasets/marts/double.sql": "select sum(twice) as twice from staging.lines\n",
    "datasets/marts/everything.sql": "select * from staging.lines order by id\n",
}


@pytest.fixture
def wide(project: Clone) -> Clone:
    project.fill(FILES)
    assert project.run().published
    return project


def works(plan) -> dict[str, str]:
    return {s.dataset: str(s.action) for s in plan.steps if s.action != "reuse"}


def test_an_added_column_rebuilds_only_who_takes_it(wide):
    wide.write("datasets/staging/lines.sql", WIDE.replace("as twice", "as twice, id + 1 as following"))
    assert works(wide.plan()) == {"staging.lines": "build", "marts.everything": "build"}
    plan = wide.plan()
    assert "`amount`, `customer`" in {s.dataset: s.reason for s in plan.steps}["marts.spent"]
    before = wide.leaves()
    result = wide.run()
    assert result.published
    assert did(result)["staging.lines"] == did(result)["marts.everything"] == "build"
    after = wide.leaves()
    assert after["marts.spent"].version == before["marts.spent"].version
    assert after["marts.spent"].key != before["marts.spent"].key
    assert after["marts.top"] == before["marts.top"]
    assert wide.run().run is None
    assert wide.run(force=True).published
    assert {d: leaf.version for d, leaf in wide.leaves().items()} == {d: leaf.version for d, leaf in after.items()}


def test_a_changed_column_rebuilds_who_reads_it(wide):
    wide.write("datasets/staging/lines.sql", WIDE.replace("amount * 2", "amount * 3"))
    assert works(wide.plan()) == {"staging.lines": "build", "marts.everything": "build", "marts.double": "build"}
    wide.run()
    assert wide.ask("from marts.double") == [(105,)]
    assert wide.ask("from marts.top") == [(20,)]


def test_equal_meaning_builds_nothing(wide):
    wide.write(
        "datasets/marts/spent.sql",
        "with x as (select customer as who, amount as money from staging.lines)\n"
        "select who as customer, sum(money) as spent from x group by who order by who\n",
    )
    plan = wide.plan()
    assert works(plan) == {}
    step = {s.dataset: s for s in plan.steps}["marts.spent"]
    assert "proved equal" in step.reason
    before = wide.leaves()
    result = wide.run()
    assert result.published
    assert set(did(result)) <= {"marts.spent"}
    after = wide.leaves()
    assert after["marts.spent"].version == before["marts.spent"].version
    assert after["marts.spent"].definition != before["marts.spent"].definition
    with closing(wide.open()) as service:
        build = service.workspace.lake.objects.builds([after["marts.spent"].build])[after["marts.spent"].build]
        assert "same rows" in build.proof
    assert wide.run().run is None


def test_without_proofs_everything_is_built(wide):
    wide.write("datasets/staging/lines.sql", WIDE.replace("as twice", "as twice, id + 1 as following"))
    plan = wide.plan(proofs=False)
    assert works(plan).keys() >= {"staging.lines", "marts.spent", "marts.double", "marts.everything"}
    result = wide.run(proofs=False)
    assert did(result)["marts.spent"] == "build"


def test_another_filter_builds_everything_that_reads(wide):
    wide.write("datasets/staging/lines.sql", WIDE.replace("from shop.orders", "from shop.orders where id > 1"))
    assert works(wide.plan()).keys() >= {"staging.lines", "marts.spent", "marts.double"}
    wide.run()
    assert wide.ask("from marts.spent") == [("ada", 5), ("ben", 20)]


def test_equal_values_of_what_is_read_are_seen_when_files_change(wide):
    wide.write("sources/shop/notes.sql", "select id, stars, note from read_csv('raw/notes_*.csv')\n")
    wide.write("datasets/marts/stars.sql", "select sum(stars) as stars from shop.notes\n")
    wide.write("datasets/marts/first.sql", "select id from shop.notes limit 1\n")
    wide.write("raw/notes_1.csv", "id,stars,note\n1,4,good\n2,5,very good\n")
    assert wide.run().published
    before = wide.leaves()
    wide.write("raw/notes_1.csv", "id,stars,note\n2,5,so good\n1,4,quite good\n")
    result = wide.run()
    assert result.published
    after = wide.leaves()
    assert after["shop.notes"].version != before["shop.notes"].version
    assert after["marts.stars"].version == before["marts.stars"].version
    with closing(wide.open()) as service:
        builds = service.workspace.lake.objects.builds([after["marts.stars"].build, after["marts.first"].build])
    assert "the same values of `stars`" in (builds[after["marts.stars"].build].proof or "")
    assert builds[after["marts.first"].build].proof is None
    wide.write("raw/notes_1.csv", "id,stars,note\n2,5,so good\n1,3,quite good\n")
    wide.run()
    assert wide.ask("from marts.stars") == [(8,)]


def test_what_was_left_behind_is_not_taken_for_what_it_is_not(wide):
    # lines is run alone: spent stays at what the older lines gave
    wide.write("datasets/staging/lines.sql", WIDE.replace("from shop.orders", "from shop.orders where id > 1"))
    assert wide.run("staging.lines").published
    wide.write(
        "datasets/staging/lines.sql",
        WIDE.replace("from shop.orders", "from shop.orders where id > 1").replace("as twice", "as twice, 1 as one"),
    )
    assert wide.run().published
    assert wide.ask("from marts.spent") == [("ada", 5), ("ben", 20)]
