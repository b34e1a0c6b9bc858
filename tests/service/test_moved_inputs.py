"""What a dataset reads may be something else than what the plan saw, or than what its own file would make of it."""

from __future__ import annotations

from kit.clones import closing

PYTHON = """from andon import dataset, read

@dataset()
def made(orders=read("shop.orders")):
    import duckdb
    return duckdb.sql("select {value} as x")
"""
VIEW = "/*---\nmaterialize: view\n---*/\n"


def test_a_reader_stores_the_types_that_a_changed_python_dataset_really_has(project):
    project.write("datasets/m/made.py", PYTHON.format(value="1::bigint"))
    project.write("datasets/m/reader.sql", "select x from m.made\n")
    project.write("datasets/m/further.sql", "select x + 1 as x from m.reader\n")
    project.run()
    project.write("datasets/m/made.py", PYTHON.format(value="1.5::double"))
    project.write("datasets/m/reader.sql", "select x * 2 as x from m.made\n")
    project.write("datasets/m/further.sql", "select x + 2 as x from m.reader\n")

    project.run()

    assert project.ask("select x, typeof(x) from m.further") == [(5.0, "DOUBLE")]
    with closing(project.open()) as service:
        leaves = service.workspace.lake.commits.state(service.workspace.lake.refs.resolve("main")).leaves
        versions = service.workspace.lake.objects.versions([leaves["m.reader"].version, leaves["m.further"].version])
        assert {version.columns[0].type for version in versions.values()} == {"DOUBLE"}


def test_a_view_keeps_its_own_macro_beside_a_reader_with_a_newer_one(project):
    project.write("macros/m.sql", "create macro f(x) as x + 1;\n")
    project.write("datasets/m/v.sql", f"{VIEW}select f(1) as v\n")
    project.write("datasets/m/over.sql", f"{VIEW}select v from m.v\n")
    project.write("datasets/m/reader.sql", "select v, 0 as w from m.over\n")
    project.run()
    project.write("macros/m.sql", "create macro f(x) as x::double + 100;\n")
    project.write("datasets/m/reader.sql", "select v, f(0) as w from m.over\n")
    project.write("datasets/m/seen.sql", f"{VIEW}select v, f(0) as w from m.over\n")

    project.run("m.reader", "m.seen")

    for name in ("reader", "seen"):
        assert project.ask(f"select v, typeof(v), w from m.{name}") == [(2, "INTEGER", 100)]


class TestChangedPythonMayReturnOtherColumnsInOneChangeWithWhatNamesThem:
    def test_a_reader_a_check_a_key_and_a_saved_query(self, project):
        project.write("datasets/m/made.py", PYTHON.format(value="1 as y, 1"))
        project.write("datasets/m/reader.sql", "select y as z from m.made\n")
        project.run()
        named = PYTHON.format(value="2 as w, 1").replace("@dataset()", '@dataset(key="w", checks="not null w")')
        project.write("datasets/m/made.py", named)
        project.write("datasets/m/reader.sql", "select w as z from m.made\n")
        project.write("queries/asked.sql", "select w from m.made\n")

        project.run()

        assert project.ask("select z from m.reader") == [(2,)]

    def test_what_does_not_fit_is_told_when_it_has_run(self, project):
        project.write("datasets/m/made.py", PYTHON.format(value="1 as y, 1"))
        project.run()
        project.write("datasets/m/made.py", PYTHON.format(value="2 as w, 1").replace("()", '(key="y")', 1))

        result = project.run()

        assert not result.published
        assert "`y`" in "".join(str(task.error) for task in result.tasks)
        assert project.ask("select y from m.made") == [(1,)]
