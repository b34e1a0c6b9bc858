"""What a publish adds to the catalog is what it changed, however many datasets the lake has; what runs tell is told all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from andon.model.run import TaskStatus
from andon.runs.goal import ANY_PLAN, RunOptions
from kit.clones import Clone

#: More than one object of a tree holds, of one schema.
COUNTS = (5, 90)


def many(place: Path, count: int) -> Clone:
    clone = Clone(place)
    clone.write("andon.toml", "")
    clone.fill({"sources/shop/orders.sql": "select * from read_csv('raw/orders.csv')\n", "raw/orders.csv": "id\n1\n"})
    for number in range(count):
        text = f"/*---\nmaterialize: view\n---*/\nselect id + {number} as id from shop.orders\n"
        clone.write(f"datasets/marts/d{number}.sql", text)
    clone.run()
    return clone


def rows(clone: Clone) -> dict[str, int]:
    with clone.opened() as service:
        database = service.workspace.lake.database
        names = [str(row[0]) for row in database.query("select name from sqlite_master where type = 'table'")]
        return {name: int(database.query(f"select count(*) from {name}")[0][0]) for name in names}


@pytest.fixture(scope="module")
def clones(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Clone]:
    return {count: many(tmp_path_factory.mktemp(f"of{count}") / "acme", count) for count in COUNTS}


def test_a_publish_adds_the_same_rows_to_a_small_and_to_a_large_lake(clones: dict[int, Clone]):
    grown = {}
    for count, clone in clones.items():
        before = rows(clone)
        clone.write("datasets/marts/d3.sql", "/*---\nmaterialize: view\n---*/\nselect id * 10 as id from shop.orders\n")
        clone.run()
        after = rows(clone)
        grown[count] = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    few, more = (grown[count] for count in COUNTS)
    extra = more.pop("tree") - few.pop("tree")
    assert few == more
    assert few["task"] == 1
    assert 0 <= extra <= 2, "of a tree in parts what leads to the part"


def test_all_tasks_of_a_run_are_told(clones: dict[int, Clone]):
    clone = clones[COUNTS[-1]]
    clone.write("datasets/marts/d4.sql", "/*---\nmaterialize: view\n---*/\nselect id * 100 as id from shop.orders\n")
    clone.run()
    with clone.opened() as service:
        (newest,) = service.workspace.runs.newest(1)
        tasks = service.workspace.runs.tasks(newest.number)
        leaves = service.workspace.lake.commits.state(service.workspace.lake.refs.head("main")).leaves
        assert [task.dataset for task in tasks] == sorted(leaves)
        assert {task.dataset: task.version for task in tasks} == {name: leaf.version for name, leaf in leaves.items()}
        told = {task.dataset: (task.action, task.reason, task.rows, task.status) for task in tasks}
        assert told["shop.orders"] == ("reuse", "unchanged", 1, TaskStatus.OK)
        assert told["marts.d5"] == ("reuse", "unchanged", None, TaskStatus.OK)
        assert told["marts.d4"][0] == "view"
        beside = service.workspace.runs.beside("marts.d5", "main", newest.started, is_after=False)
        assert beside is not None
        assert (beside[0].number, beside[1].reason) == (newest.number, "unchanged")


def test_what_failed_is_over_when_a_later_run_finds_it_unchanged(clones: dict[int, Clone]):
    clone = clones[COUNTS[0]]
    kept = clone.read("datasets/marts/d1.sql")
    clone.write("datasets/marts/d1.sql", "select error('no')::bigint as id from shop.orders\n")
    with clone.opened() as service:
        result = service.runs.run(RunOptions(agreed=ANY_PLAN))
        assert result.run is not None
        failed = [task.dataset for task in service.workspace.runs.unfinished(result.run)]
        assert failed == ["marts.d1"]
    clone.write("datasets/marts/d1.sql", kept)
    clone.write("datasets/marts/d2.sql", "/*---\nmaterialize: view\n---*/\nselect id * 7 as id from shop.orders\n")
    clone.run()
    with clone.opened() as service:
        assert service.workspace.runs.unfinished(result.run) == []


def test_what_fails_again_beside_what_stands_is_not_over(clones: dict[int, Clone]):
    """The later run has a task of its own for it, though it names a commit for all else."""
    clone = clones[COUNTS[0]]
    clone.write("datasets/marts/d1.sql", "select error('no')::bigint as id from shop.orders\n")
    with clone.opened() as service:
        first, again = (service.runs.run(RunOptions(agreed=ANY_PLAN)).run for _ in range(2))
        assert first is not None
        assert again is not None
        for run in (first, again):
            assert [task.dataset for task in service.workspace.runs.unfinished(run)] == ["marts.d1"]
