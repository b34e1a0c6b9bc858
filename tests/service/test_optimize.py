"""Small files put together: no row changes, nothing that reads them is built again, and what grows goes on growing from them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from kit.command_line import Andon


@pytest.fixture
def project(tmp_path: Path) -> Andon:
    made = Andon(tmp_path / "acme")
    made.write("andon.toml", "")
    made.write("sources/shop/cities.sql", "from read_csv('raw/cities.csv')\n")
    made.write("datasets/marts/cities.sql", "/*---\nmaterialize: history\nkey: id\n---*/\nfrom shop.cities\n")
    made.write("datasets/marts/seen.sql", "/*---\nmaterialize: view\n---*/\nselect id, city from marts.cities\n")
    made.write("datasets/marts/count.sql", "select count(*) as n, current_date as day from marts.seen\n")
    made.write(
        "datasets/marts/all.sql",
        "/*---\nmaterialize: incremental\nincremental: {by: append}\n---*/\nselect city, is_current from marts.cities\n",
    )
    for day in range(1, 7):
        made.write("raw/cities.csv", f"id,city\n1,City{day}\n2,Oslo\n")
        made("run" if day == 1 else "refresh", *(["--yes"] if day == 1 else []), "--now", f"2026-01-0{day}")
    return made


def files(project: Andon, dataset: str = "marts.cities") -> int:
    return len(project.json("show", dataset)["files"])


def rows(project: Andon, dataset: str = "marts.cities", *more: str) -> list[list[object]]:
    found: list[list[object]] = project.json("query", f"from {dataset} order by all", *more)["rows"]
    return found


def test_rows_stay_and_readers_are_not_built_again(project):
    names = ["marts.cities", "marts.seen", "marts.all"]
    before = {name: rows(project, name) for name in names}
    assert files(project) == 5
    built = project.json("optimize")
    assert files(project) == 1
    tasks = {t["dataset"]: (t["action"], t["reason"]) for t in built["tasks"]}
    assert tasks["marts.all"][0] == tasks["marts.seen"][0] == "reuse", tasks
    assert "its rows are the same" in tasks["marts.all"][1]
    assert {name: rows(project, name) for name in names} == before
    assert "nothing to do" in project("optimize").out
    assert not {"marts.cities", "marts.all"} & {
        d["dataset"] for d in project.json("diff", "main~1", "main")["datasets"]
    }
    assert "nothing to do" in project("refresh", "marts.all", "marts.cities", "--now", "2026-01-07").out
    said = project("undo", "--yes").out
    assert "marts.cities  no row differs" in said, said
    assert files(project) == 5
    assert {name: rows(project, name) for name in names} == before
    assert {name: rows(project, name, "--at", "main~1") for name in names} == before


def test_what_grows_goes_on_from_them(project):
    project("optimize", "marts.cities")
    project.write("raw/cities.csv", "id,city\n1,Later\n2,Oslo\n")
    project("refresh", "--now", "2026-01-08")
    assert [row[1] for row in rows(project) if row[4]] == ["Later", "Oslo"] or [r[1] for r in rows(project)][
        -1
    ] == "Oslo"
    assert len(rows(project)) == 8
    assert sorted(rows(project, "marts.all")) == sorted([[r[1], r[4]] for r in rows(project)])


def test_by_themselves_when_there_are_many(project, monkeypatch):
    monkeypatch.setattr("andon.runs.building.writing.MANY", 4)
    project.write("raw/cities.csv", "id,city\n1,Later\n2,Oslo\n")
    project("refresh", "--now", "2026-01-08")
    assert files(project) < 5
    assert len(rows(project)) == 8


def test_tables_that_read_each_other_are_put_together_at_once(tmp_path):
    made = Andon(tmp_path / "acme")
    made.write("andon.toml", "")
    made.write("sources/shop/events.sql", "from read_csv('raw/e_*.csv')\n")
    head = "/*---\nmaterialize: {}\n---*/\n"
    grown = "incremental\nkey: id\nincremental: {by: key}"
    tables = {
        "shop.days": (grown, "select id, c from shop.events"),
        "marts.seen": ("view", "select id, c from shop.days"),
        "marts.rows": ("incremental\nincremental: {by: append}", "select id, c from marts.seen"),
        "marts.ids": (grown, "select id, count(*) as n from shop.days group by id"),
        "marts.kept": ("history\nkey: id", "select id, n from marts.ids"),
        "marts.later": (grown, "select id, count(*) + 5 as n from marts.kept group by id"),
    }
    for name, (front, sql) in tables.items():
        made.write(f"datasets/{name.replace('.', '/')}.sql", head.format(front) + sql + "\n")
    for day in range(1, 5):
        made.write(f"raw/e_{day}.csv", f"id,c\n{day},a\n")
        made("run" if day == 1 else "refresh", *(["--yes"] if day == 1 else []), "--now", f"2026-01-0{day}")
    before = {name: rows(made, name) for name in tables}
    counts = {name: files(made, name) for name in ("shop.days", "marts.rows", "marts.ids", "marts.later")}
    assert min(counts.values()) > 1
    made("optimize")
    assert {name: files(made, name) for name in counts} == dict.fromkeys(counts, 1)
    assert {name: rows(made, name) for name in tables} == before
    assert "nothing to do" in made("refresh", "--now", "2026-01-05").out
    made.write("raw/e_5.csv", "id,c\n5,b\n")
    made("refresh", "--now", "2026-01-06")
    for name in ("shop.days", "marts.rows", "marts.ids", "marts.later"):
        assert len(rows(made, name)) == 5, name
        assert rows(made, name)[:4] == before[name]
    assert files(made, "shop.days") == 2, "it went on from what was put together"


def test_a_view_that_was_proved_is_found_again_when_a_database_is_asked(tmp_path):
    """What the view reads is known only when the database was asked; by then it is one that a proof spoke of."""
    made = Andon(tmp_path / "acme")
    made.write("andon.toml", '[connections.shop]\nkind = "sqlite"\npath = "shop.db"\n')
    database = sqlite3.connect(made.folder / "shop.db")

    def insert(number: int) -> None:
        database.execute("insert into events values (?, ?, 1)", (number, f"2026-01-0{number}"))
        database.commit()

    database.execute("create table events (id integer primary key, at text, v integer)")
    insert(1)
    load = "load: {by: cursor, column: at, lookback: 1d}"
    made.write(
        "sources/shop/events.sql", f"/*---\nconnection: shop\nkey: id\n{load}\n---*/\nselect id, at, v from events\n"
    )
    made.write(
        "datasets/marts/seen.sql", "/*---\nmaterialize: view\n---*/\nselect id, v from shop.events where v = 1\n"
    )
    grown = "/*---\nmaterialize: incremental\nkey: id\nincremental: {by: key}\n---*/\n"
    made.write("datasets/marts/ids.sql", f"{grown}select id, v from marts.seen\n")
    made("run", "--yes")
    for number in (2, 3):
        insert(number)
        made("refresh")
    made("optimize")
    made("refresh")
    made.replace("datasets/marts/seen.sql", "v = 1", "1 = v")
    made("run", "--yes")
    made("refresh")
    insert(4)
    made("refresh")
    assert rows(made, "marts.ids") == [[number, 1] for number in range(1, 5)]
