"""Publishes that hold only a part: selections, failures beside what is healthy, and what comes after them."""

from __future__ import annotations

from kit.clones import closing


def test_a_selection_brings_the_macros_of_all_that_it_builds(project):
    project.run()
    project.write("macros/m.sql", "create macro plus(x) as x + 1;\n")
    project.write("datasets/m/a.sql", "select plus(1) as v\n")
    project.write("datasets/m/b.sql", "select v from m.a\n")

    project.run("m.b")

    assert project.ask("select v from m.a") == [(2,)]
    with closing(project.open()) as workspace:
        assert "macros/m.sql" in workspace.lake.commits.state(workspace.lake.refs.resolve("main")).files()


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
