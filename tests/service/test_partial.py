"""Publishes that hold only a part: selections, failures beside what is healthy, and what comes after them."""

from __future__ import annotations

import pytest

from andon.errors import ProjectError
from kit.clones import closing


def test_a_selection_brings_the_macros_of_all_that_it_builds(project):
    project.run()
    project.write("macros/m.sql", "create macro plus(x) as x + 1;\n")
    project.write("datasets/m/a.sql", "select plus(1) as v\n")
    project.write("datasets/m/b.sql", "select v from m.a\n")

    project.run("m.b")

    assert project.ask("select v from m.a") == [(2,)]
    with closing(project.open()) as service:
        assert (
            "macros/m.sql" in service.workspace.lake.commits.state(service.workspace.lake.refs.resolve("main")).files()
        )


def test_what_failed_in_the_publish_of_a_branch_is_tried_again_by_the_next(project):
    project.run()
    project.branch("dev")
    before = (project.root / "datasets/marts/count.sql").read_text()
    project.write(
        "datasets/marts/count.sql",
        "select count(*) + 1 as n, max(case when customer = 'bad' then cast(customer as int) end) as x from shop.orders\n",
    )
    project.write("datasets/m/healthy.sql", "select 1 as n\n")
    project.run(branch="dev")
    # Meanwhile main has a row that the branch's code can't take.
    project.write("datasets/marts/count.sql", before)
    project.write("datasets/m/healthy.sql", None)
    project.write("raw/orders_06.csv", "id,customer,amount\n4,bad,1\n")
    project.run()

    project.publish("dev", publish="healthy")
    assert (project.ask("select n from m.healthy"), project.ask("select n from marts.count")) == ([(1,)], [(4,)])

    project.write("raw/orders_06.csv", "id,customer,amount\n4,good,1\n")
    project.run()
    project.publish("dev")
    assert project.ask("select n, x from marts.count") == [(5, None)]


def test_a_refresh_does_not_apply_a_macro_to_what_was_not_selected(project):
    project.write("macros/m.sql", "create macro plus(x) as x + 1;\n")
    for name in ("a", "b"):
        project.write(f"datasets/m/{name}.sql", "select plus(1) as v\n")
    project.run()
    project.write("macros/m.sql", "create macro plus(x) as x + 100;\n")
    project.run("m.a")

    project.refresh()

    assert (project.ask("select v from m.a"), project.ask("select v from m.b")) == ([(101,)], [(2,)])
    assert project.run().is_change
    assert project.ask("select v from m.b") == [(101,)]


def test_a_refresh_goes_on_when_the_macro_of_a_kept_dataset_is_gone(project):
    project.write("macros/m.sql", "create macro plus(x) as x + 1;\n")
    project.write("datasets/m/a.sql", "select plus(1) as v, count(*) as n from shop.orders\n")
    project.run()
    project.write("macros/m.sql", None)
    project.write("datasets/m/a.sql", "select max(cast(customer as int)) as v, 0 as n from shop.orders\n")
    project.run(publish="healthy")
    project.write("raw/orders_06.csv", "id,customer,amount\n9,eve,1000\n")

    project.refresh()

    assert project.ask("select v, n from m.a") == [(2, 4)]


def test_a_refresh_keeps_a_dataset_whose_input_is_gone(project):
    project.write("datasets/m/a.sql", "select 1 as v\n")
    project.write("datasets/m/b.sql", "select v from m.a\n")
    project.write("datasets/m/c.sql", "select v from m.b\n")
    project.run()
    project.write("datasets/m/a.sql", None)
    project.write("datasets/m/b.sql", "select min(cast(customer as int)) as v from shop.orders\n")
    project.run(publish="healthy")
    assert "m.a" not in project.leaves()
    project.write("raw/orders_06.csv", "id,customer,amount\n9,eve,1000\n")

    result = project.refresh()

    assert {t.dataset: t.reason for t in result.tasks}["m.b"] == "reads m.a, which is gone"
    assert project.ask("select v, n from m.c, marts.count") == [(1, 4)]


def test_what_a_selection_needs_and_was_never_published_is_read_and_bound_like_the_rest(project):
    project.run()
    project.write("raw/new.csv", "a,b\n1,x\n2,y\n")
    project.write("sources/shop/fresh.sql", "select * from read_csv('raw/new.csv')\n")
    project.write("datasets/m/between.sql", "select a, nope from shop.fresh\n")
    project.write("datasets/m/reader.sql", "select * from m.between\n")
    with pytest.raises(ProjectError, match="nope"):
        project.run("m.reader")
    project.write("datasets/m/between.sql", "select a, b from shop.fresh\n")

    project.run("m.reader")

    assert project.ask("from m.reader") == [(1, "x"), (2, "y")]
    with closing(project.open()) as service:
        leaf = service.workspace.lake.commits.state(service.workspace.lake.refs.resolve("main")).leaves["shop.fresh"]
        assert service.workspace.lake.objects.builds([leaf.build])[leaf.build].contract is not None
