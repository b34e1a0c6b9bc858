"""`partition`: rows lie in files by it, the table is the same, and what stays of a result stays the same file."""

from __future__ import annotations

from pathlib import Path

import pytest

from andon.errors import ProjectError
from andon.lake.iceberg.kept import iceberg_metadata
from andon.relations import sides
from andon.runs.building import parting, writing
from andon.runs.goal import ANY_PLAN, RunOptions
from kit.clones import Clone

PARTED = "/*---\npartition: {}\n---*/\nselect * from shop.orders\n"


@pytest.fixture
def project(tmp_path: Path) -> Clone:
    made = Clone(tmp_path / "acme")
    made.write("andon.toml", "")
    write_orders(made)
    made.write("sources/shop/orders.sql", "from read_csv('raw/orders.csv')\n")
    return made


def write_orders(project: Clone, note: str = "") -> None:
    rows = [f"{i},2024-0{1 + i % 3}-0{1 + i % 9},{['de', 'fr'][i % 2]},{note if i % 3 == 2 else ''}" for i in range(9)]
    project.write("raw/orders.csv", "\n".join(["id,day,land,note", *rows, "99,,,"]) + "\n")


def parted(
    project: Clone, dataset: str = "m.parted", ref: str = "main"
) -> list[tuple[tuple[str | None, ...], int, str]]:
    """By file: its partition, how many rows, its path."""
    with project.opened() as service:
        version = service.workspace.lake.objects.versions([project.leaves(ref)[dataset].version])
        (found,) = version.values()
        return [(tuple(value for _, value in f.partition), f.rows, f.path) for f in found.files]


def test_rows_lie_by_partition_in_their_order_and_what_stays_is_the_same_file(project):
    project.write("datasets/m/parted.sql", PARTED.format("[{column: day, grain: month}, land]"))
    project.write("datasets/m/plain.sql", "select * from shop.orders\n")
    project.write("datasets/m/sorted.sql", PARTED.format("land\nsort: [note, id]"))
    project.write("sources/shop/apart.sql", "/*---\npartition: land\n---*/\nfrom read_csv('raw/orders.csv')\n")
    assert project.run().published
    assert [(values, rows) for values, rows, _ in parted(project, "shop.apart")] == [
        (("de",), 5),
        (("fr",), 4),
        ((None,), 1),
    ]
    before = parted(project)
    assert [(values, rows) for values, rows, _ in before] == [
        (("2024-01-01 00:00:00", "de"), 2),
        (("2024-01-01 00:00:00", "fr"), 1),
        (("2024-02-01 00:00:00", "de"), 1),
        (("2024-02-01 00:00:00", "fr"), 2),
        (("2024-03-01 00:00:00", "de"), 2),
        (("2024-03-01 00:00:00", "fr"), 1),
        ((None, None), 1),
    ]
    assert project.ask("select id from m.parted where land = 'de'") == [(0,), (6,), (4,), (2,), (8,)]
    assert project.ask("select id from m.sorted where land = 'fr'") == [(1,), (3,), (5,), (7,)]
    assert project.ask("select count(*) from (from m.plain except all from m.parted)") == [(0,)]
    write_orders(project, "late")
    project.refresh()
    after = parted(project)
    assert {path for *_, path in before} & {path for *_, path in after} == {
        path for v, _, path in before if v[0] != "2024-03-01 00:00:00"
    }
    project.undo()
    assert parted(project) == before
    project.write("datasets/m/parted.sql", PARTED.format("land"))
    (step,) = [s for s in project.plan().steps if s.dataset == "m.parted"]
    assert step.reason == "its partitions changed"
    project.run()
    assert [values for values, *_ in parted(project)] == [("de",), ("fr",), (None,)]


def test_a_table_that_grows_keeps_its_partitions_apart_and_so_does_putting_together(project):
    for name, head in {
        "log": "incremental: {by: append}\npartition: land",
        "days": "incremental: {by: time, column: day, batch: 1mo}\npartition: {column: day, grain: month}",
        "keys": "key: id\nincremental: {by: key}\npartition: land",
    }.items():
        project.write(
            f"datasets/m/{name}.sql", f"/*---\nmaterialize: incremental\n{head}\n---*/\nselect * from shop.orders\n"
        )
    project.write("sources/shop/orders.sql", "from read_csv('raw/orders*.csv')\n")
    project.run()
    for number in (10, 11):
        project.write(
            f"raw/orders_{number}.csv", f"id,day,land,note\n{number},2024-02-20,fr,\n{number + 10},2024-04-01,de,\n"
        )
        assert "incremental" in str([t.reason for t in project.refresh().tasks])
    assert [(v, n) for v, n, _ in parted(project, "m.log")] == [
        *[(("de",), n) for n in (5, 1, 1)],
        *[(("fr",), n) for n in (4, 1, 1)],
        ((None,), 1),
    ]
    assert {v for v, *_ in parted(project, "m.days")} == {*((f"2024-0{m}-01 00:00:00",) for m in (1, 2, 3, 4)), (None,)}
    require_found_by_iceberg(project, "m.log")
    rows = "select id, land from m.{} order by all"
    assert project.ask(rows.format("log")) == project.ask(rows.format("days")) == project.ask(rows.format("keys"))
    with project.opened() as service:
        service.runs.optimize(RunOptions(agreed=ANY_PLAN))
    assert [(v, n) for v, n, _ in parted(project, "m.log")] == [(("de",), 7), (("fr",), 6), ((None,), 1)]


def require_found_by_iceberg(project: Clone, dataset: str) -> None:
    """Another reader finds the same rows, also by a partition."""
    from pyiceberg.table import StaticTable

    with project.opened() as service:
        version = project.leaves()[dataset].version
        lake = service.workspace.lake
        table = StaticTable.from_metadata(iceberg_metadata(lake.storage, lake.objects.versions([version])[version]))
    for condition in ("id >= 0", "land = 'de'", "land is null"):
        found = table.scan(condition, selected_fields=("id",)).to_arrow().to_pydict()["id"]
        assert sorted(found) == [n for (n,) in project.ask(f"select id from {dataset} where {condition} order by id")]


@pytest.mark.parametrize(
    ("head", "said", "hint"),
    [
        ("partition: night", "column `night` is named in `partition`, and not in the result", "the result has"),
        (
            "partition: {column: id, grain: month}",
            "`id` is BIGINT, and `grain` is for a date or a time",
            "`partition: id`",
        ),
        ("partition: {column: day, grain: hour}", "`day` is DATE, which has no hours", "`grain: day`"),
        ("partition: {column: day, grain: fortnight}", "`grain` must be", ""),
        ("partition: {grain: month}", "`partition` must name a `column`", "write `partition: country`"),
        ("partition: many", "`many` is BIGINT[], by which rows can't be parted", "name a whole number"),
        ("partition: half", "`half` is DOUBLE, by which rows can't be parted", "name a whole number"),
        ("partition: [land, LAND]", "`partition` names a column once", ""),
        ("partition: []", "`partition` must be a column, a mapping, or a list of these", ""),
        ("partition: 3", "`partition` must be a column, a mapping, or a list of these", ""),
        ("partition: land\nmaterialize: view", "a view has no files to part its rows into", "take `partition` out"),
    ],
)
def test_what_can_not_be_parted_is_said_at_its_place(project, head, said, hint):
    project.write(
        "datasets/m/parted.sql", f"/*---\n{head}\n---*/\nselect *, [id] as many, id / 2 as half from shop.orders\n"
    )
    with pytest.raises(ProjectError) as error:
        project.plan()
    (problem,) = [p for p in error.value.problems if said in p.message]
    assert (problem.line, hint in (problem.hint or "")) == (2, True)


def test_too_many_partitions_are_refused_before_they_are_written(project, monkeypatch):
    monkeypatch.setattr(parting, "MOST_PARTITIONS", 3)
    written = []
    monkeypatch.setattr(writing, "part_recipe", lambda *given: written.append(given))
    project.write("datasets/m/parted.sql", PARTED.format("[day, land]"))
    (task,) = [task for task in project.run().tasks if task.dataset == "m.parted"]
    assert (task.error["code"], task.error["where"], written) == (
        "build.too_many_partitions",
        "datasets/m/parted.sql:2:1",
        [],
    )
    assert "10 partitions by `day`, `land`, and 3 is the most" in task.error["message"]
    assert not [*Path(project.root / ".andon/lake/data/m").glob("*")]


def test_what_reads_other_columns_is_proved_by_the_partitions_that_differ(project, monkeypatch):
    project.write("datasets/m/parted.sql", PARTED.format("{column: day, grain: month}"))
    project.write("datasets/m/lands.sql", "select land, count(*) as n from m.parted group by land order by land\n")
    project.run()
    read, known = [], sides.fingerprint

    def noted(session, version, paths, *more, **options):
        read.append((version.dataset, len(paths)))
        return known(session, version, paths, *more, **options)

    monkeypatch.setattr(sides, "fingerprint", noted)
    write_orders(project, "late")
    done = {task.dataset: task.reason for task in project.refresh().tasks}
    assert done["m.lands"].startswith("proved equal")
    assert [each for each in read if each[0] == "m.parted"] == [("m.parted", 1), ("m.parted", 1)]
