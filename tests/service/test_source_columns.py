"""Columns that come with a later file: what the message says leads to a published state."""

import pytest

from andon.errors import AndonError
from andon.model.event import Notice
from andon.runs.goal import ANY_PLAN, Listener, RunOptions
from andon.runs.planning import schemas
from andon.service.sources import accept_source, pin_source

SOURCE = "sources/shop/people.sql"
BOTH = [(1, 2, None), (2, 3, 0.5)]


def refused(call) -> AndonError:
    with pytest.raises(AndonError) as caught:
        call()
    return caught.value


def read(project) -> list[tuple]:
    return project.ask("from shop.people order by all")


@pytest.mark.parametrize(
    ("sql", "first", "second", "rows"),
    [
        ("select * from read_csv('raw/p.csv')", ("p.csv", "id,n\n1,2\n"), ("p.csv", "id,n,tip\n1,2,0.5\n"), [(1, 2, 0.5)]),
        ("from read_json('raw/p*.json')", ("p1.json", '{"id":1,"n":2}\n'), ("p2.json", '{"id":2,"n":3,"tip":0.5}\n'), BOTH),
        ("from read_csv('raw/p*.csv', union_by_name = true)", ("p1.csv", "id,n\n1,2\n"), ("p2.csv", "id,n,tip\n2,3,0.5\n"), BOTH),
    ],
)  # fmt: skip
def test_new_columns_are_accepted_or_added(project, sql, first, second, rows):
    project.write(SOURCE, sql + "\n")
    project.write(f"raw/{first[0]}", first[1])
    assert project.run().published
    project.write(f"raw/{second[0]}", second[1])
    stopped = project.run()
    assert not stopped.published
    (error,) = [task.error for task in stopped.tasks if task.dataset == "shop.people"]
    assert "andon source accept shop.people" in error["hint"]
    with project.opened() as service:
        done = accept_source(service.workspace, "shop.people")
    assert (done.file, done.recorded) == (SOURCE, 1)
    assert project.read(SOURCE) == f"/*---\nrecorded: 1\n---*/\n{sql}\n"
    assert project.run().published
    assert read(project) == rows
    with project.opened() as service:
        assert accept_source(service.workspace, "shop.people").recorded == 2
    assert "recorded: 2\n" in project.read(SOURCE)


def test_new_columns_come_by_themselves_where_that_is_wanted(project):
    project.write(SOURCE, "/*---\nnew_columns: add\n---*/\nselect * from read_csv('raw/p.csv')\n")
    project.write("raw/p.csv", "id,n\n1,2\n")
    assert project.run().published
    project.write("raw/p.csv", "id,n,tip\n1,2,0.5\n")
    assert project.run().published
    assert read(project) == [(1, 2, 0.5)]
    project.write("raw/p.csv", "id,tip\n1,0.5\n")
    assert not project.run().published  # a column less is no new column
    project.write("raw/p.csv", "id,n,tip,x\nx,2,0.5,1\n")
    assert not project.run().published  # what is known stays what it was


@pytest.mark.parametrize("options", ["", "new_columns: add\n"])
def test_more_columns_in_some_of_many_files_lead_to_columns_by_name(project, options):
    front = f"/*---\n{options}---*/\n" if options else ""
    project.write(SOURCE, f"{front}from read_csv('raw/p*.csv')\n")
    project.write("raw/p1.csv", "id,n\n1,2\n")
    assert project.run().published
    project.write("raw/p2.csv", "id,n,tip\n2,3,0.5\n")
    stopped = project.run()
    (error,) = [task.error for task in stopped.tasks if task.dataset == "shop.people"]
    assert (error["code"], error["where"]) == ("source.contract", "raw/p2.csv:1")
    assert "read_csv('raw/p*.csv', union_by_name = true)" in error["hint"]

    project.write(SOURCE, f"{front}from read_csv('raw/p*.csv', union_by_name = true)\n")
    assert project.run().published

    assert read(project) == BOTH


@pytest.mark.parametrize("command", [accept_source, pin_source])
def test_a_source_that_an_undo_took_out_is_told_as_such(project, command):
    project.write("sources/shop/other.sql", "from 'raw/p1.csv'\n")
    project.write("raw/p1.csv", "id,n\n1,2\n")
    project.run()
    project.write(SOURCE, "from read_csv('raw/p*.csv')\n")
    assert project.run().published
    project.undo()
    with project.opened() as service:
        error = refused(lambda: command(service.workspace, "shop.people"))
    assert (error.code, error.where) == ("usage.bad_argument", SOURCE)
    assert "was undone" in error.message
    assert f"`andon accept --rejected {SOURCE}`" in error.hint

    project.accept(SOURCE)
    with project.opened() as service:
        assert command(service.workspace, "shop.people").dataset == "shop.people"
    assert project.run().published
    assert read(project) == [(1, 2)]


def test_all_files_that_do_not_fit_are_told_at_once(project):
    project.write(SOURCE, "from read_csv('raw/p*.csv')\n")
    for name, text in (("p1", "id,n\n1,2\n"), ("p2", "id,m\n1,2\n"), ("p3", "id,n\n1,3\n"), ("p4", "n,id\n2,1\n")):
        project.write(f"raw/{name}.csv", text)
    with project.opened() as service:
        error = refused(lambda: pin_source(service.workspace, "shop.people"))
    assert error.where == "raw/p2.csv:1"
    assert "and 1 more file: `raw/p4.csv:1`: the header differs" in error.message


@pytest.mark.parametrize("how", ["add", "accept"])
def test_what_came_with_new_columns_is_undone_and_comes_again(project, how):
    """Undo takes the columns back with the rows, a redo and a corrected file bring them, and each commit reads as it was."""
    front = "/*---\nnew_columns: add\n---*/\n" if how == "add" else ""
    project.write(SOURCE, f"{front}from read_csv('raw/p*.csv', union_by_name = true)\n")
    project.write("raw/p1.csv", "id,n\n1,2\n")
    project.run()
    before = project.head().id
    project.write("raw/p2.csv", "id,n,tip\n2,3,0.5\n")
    if how == "accept":
        with project.opened() as service:
            accept_source(service.workspace, "shop.people")
    assert project.run().published

    project.undo()
    assert read(project) == [(1, 2)]
    project.redo()
    assert read(project) == BOTH
    project.undo()
    project.write("raw/p2.csv", "id,n,tip\n2,4,0.5\n")
    if how == "accept":  # other data are no correction of code: that waits until somebody says so
        waiting = project.run()
        assert not waiting.published
        assert any(f"accept --rejected {SOURCE}" in notice for notice in waiting.notices)
        project.accept(SOURCE)
    assert project.run().published

    assert read(project) == [(1, 2, None), (2, 4, 0.5)]
    assert project.ask("from shop.people", before) == [(1, 2)]
    project.write("raw/p3.csv", "id,n\n3,3\n")
    assert project.refresh().published
    assert read(project) == [(1, 2, None), (2, 4, 0.5), (3, 3, None)]


def test_thousands_of_columns_are_told_in_few_lines(project):
    values = [str(n) if n % 3 else "word" for n in range(300)]
    project.write("raw/wide.csv", ",".join(f"c{n}" for n in range(300)) + "\n" + ",".join(values) + "\n")
    project.write("sources/w/wide.sql", "select * from read_csv('raw/wide.csv')\n")
    told = []
    with project.opened() as service:
        service.runs.run(RunOptions(agreed=ANY_PLAN), Listener(told.append))
    lines = [event.text for event in told if isinstance(event, Notice) and event.text.startswith("w.wide:")]
    assert len(lines) < 30
    assert "and 280 more: 187 BIGINT, 93 VARCHAR; `andon show w.wide` lists all" in lines[-1]


def test_folders_that_name_columns_are_no_part_of_what_files_hold(project) -> None:
    project.write("raw/year=2026/a.json", '{"year": "odd", "v": 1}\n{"year": "even", "v": 2}\n')
    project.write("raw/year=2026/a.csv", "year,v\nodd,1\neven,2\n")
    project.write("raw/month=07/b.json", '{"v": 1}\n{"v": 2}\n')
    for kind in ("json", "csv"):
        text = f"select * from read_{kind}('raw/year=2026/a.{kind}', hive_partitioning = false)\n"
        project.write(f"sources/folders/{kind}.sql", text)
    project.write("sources/folders/months.sql", "select * from read_json('raw/month=07/b.json')\n")
    assert project.run().published
    for kind in ("json", "csv"):
        assert project.ask(f"select * from folders.{kind} order by v") == [("odd", 1), ("even", 2)]
    assert project.ask("select v, month from folders.months order by v") == [(1, "07"), (2, "07")]


def test_sources_that_are_looked_into_side_by_side_are_told_as_one_after_the_other(project, monkeypatch):
    for number in range(8):
        project.write(f"raw/n{number}.csv", f"a{number},b\n1,x\n{'2,y,z' if number == 5 else '2,y'}\n")
        project.write(f"sources/many/n{number}.sql", f"select * from read_csv('raw/n{number}.csv')\n")
    project.write("sources/many/gone.sql", "select * from read_csv('raw/gone_*.csv')\n")
    project.write("sources/many/bad.sql", "select * from read_parquet('raw/n1.csv')\n")
    told = []
    for many in (1, 1 << 30):
        monkeypatch.setattr(schemas, "_MANY", many)
        with project.opened() as service:
            plan = service.runs.plan(RunOptions())
            (service.workspace.folder.state / "cache.db").unlink()
        told.append(([(s.dataset, s.action, s.reason) for s in plan.steps], plan.notices))
    assert told[0] == told[1]
    assert sum("will fail" in line for line in told[0][1]) == 3
