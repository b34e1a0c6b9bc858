"""Narrow and wide: many small tasks side by side on one thread each, a large one on all cores."""

from kit.clones import closing


def build_of(project, dataset):
    leaf = project.leaves()[dataset]
    with closing(project.open()) as service:
        return service.workspace.lake.objects.builds([leaf.build])[leaf.build]


def test_a_task_with_large_inputs_gets_all_cores_and_its_build_says_so(project):
    project.environ = {"ANDON_ENGINE_WIDE_ABOVE": "1", "ANDON_ENGINE_THREADS": "2"}
    project.run()
    assert build_of(project, "marts.totals").engine["threads"] == 2
    assert project.ask("select customer, amount from marts.totals order by 1") == [("ada", 15), ("ben", 20)]


def test_small_tasks_are_narrow(project):
    project.run()
    build = build_of(project, "marts.totals")
    assert build.engine["threads"] == 1
    assert build.engine["name"] == "duckdb"
    assert build.logical_time
    assert set(build.inputs) == {"shop.orders"}


def test_the_engine_is_no_part_of_the_key(project):
    project.run()
    before = project.leaves()
    project.environ = {"ANDON_ENGINE_WIDE_ABOVE": "1", "ANDON_ENGINE_THREADS": "2"}
    assert project.run().run is None
    assert project.leaves() == before


def test_two_states_of_a_view_can_be_read_side_by_side(project):
    project.write("datasets/marts/v.sql", "/*---\nmaterialize: view\n---*/\nselect sum(amount) as s from shop.orders\n")
    project.run()
    project.write("raw/orders_06.csv", "id,customer,amount\n9,ada,100\n")
    project.run()
    with closing(project.open()) as service:
        now = service.querying.ask("select s from marts.v")
        before = service.querying.ask("select s from marts.v", at="main~1")
        assert (now.fetch(), before.fetch()) == ([(135,)], [(35,)])


def test_macros_of_a_view_belong_to_its_state(project):
    project.write("macros/m.sql", "create macro twice(x) as 2 * x;\n")
    project.write(
        "datasets/marts/v.sql", "/*---\nmaterialize: view\n---*/\nselect twice(sum(amount)) as s from shop.orders\n"
    )
    project.write("datasets/marts/t.sql", "select s + 1 as s from marts.v\n")
    project.run()
    assert project.ask("select s from marts.t") == [(71,)]
    project.write("macros/m.sql", "create macro twice(x) as 20 * x;\n")
    project.run()
    assert project.ask("select s from marts.t") == [(701,)]
    assert project.ask("select v.s, t.s from marts.v v, marts.t t", at="main~1") == [(70, 71)]
    assert project.ask("select v.s, t.s from marts.v v, marts.t t") == [(700, 701)]
