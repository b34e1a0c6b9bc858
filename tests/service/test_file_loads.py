"""Files that arrive day by day: only what is new is read, and what is published is what one read of all files gives."""

from __future__ import annotations

import os
import random

import pytest

from kit.clones import Clone

PLAIN = "select id, v * 2 as v, filename from read_csv('raw/d*.csv', filename = true) where v <> 3"


def source(clone: Clone, sql: str = PLAIN, front: str = "") -> None:
    clone.write("sources/s/d.sql", f"/*---\n{front}---*/\n{sql}\n" if front else f"{sql}\n")


@pytest.fixture
def clone(tmp_path) -> Clone:
    made = Clone(tmp_path / "acme")
    made.write("andon.toml", "")
    made.write("datasets/m/n.sql", "select count(*) as n, sum(v) as v from s.d\n")
    return made


def day(clone: Clone, name: str, *rows: tuple[int, object]) -> None:
    clone.write(f"raw/{name}.csv", "id,v\n" + "".join(f"{i},{v}\n" for i, v in rows))


def shown(clone: Clone, at: str | None = None) -> list[tuple]:
    return clone.ask("from s.d", at)


def files(clone: Clone) -> list[str]:
    with clone.opened() as service:
        lake = service.workspace.lake
        leaf = lake.commits.state(lake.refs.resolve("main")).leaves["s.d"]
        return [file.path for file in lake.objects.versions([leaf.version])[leaf.version].files]


def anew(clone: Clone, tmp_path, name: str) -> list[tuple]:
    """What a fresh lake makes of the folder."""
    fresh = Clone(tmp_path / name)
    for path in clone.root.rglob("*"):
        if path.is_file() and ".andon" not in path.parts:
            fresh.write(path.relative_to(clone.root).as_posix(), path.read_text())
    fresh.run()
    return shown(fresh)


def test_a_new_file_is_read_alone(clone):
    source(clone)
    for name in ("d1", "d2"):
        day(clone, name, (1, 1), (2, 2))
    clone.run()
    before = files(clone)
    day(clone, "d3", (3, 3), (4, 4))
    assert clone.refresh().published
    assert files(clone)[:1] == before
    assert len(files(clone)) == 2
    day(clone, "d4", (5, 3))  # no row of it passes
    assert clone.refresh().published
    assert len(files(clone)) == 2
    assert [row[0] for row in shown(clone)] == [1, 2, 1, 2, 4]
    assert clone.ask("from m.n") == [(5, 20)]


@pytest.mark.parametrize(
    "sql",
    [
        "select id, v, row_number() over () as n from read_csv('raw/d*.csv')",
        "select distinct v from read_csv('raw/d*.csv')",
        "select v, count(*) as n from read_csv('raw/d*.csv') group by v",
        "select id, v from read_csv('raw/d*.csv') order by v",
        "select id, v from read_csv('raw/d*.csv') limit 3",
        "select id, v from read_csv('raw/d*.csv') union all select 0, 0",
        "select a.id, b.v from read_csv('raw/d*.csv') a join read_csv('raw/d*.csv') b using (id)",
        "select id, v from read_csv('raw/d*.csv') a where v < (select 3)",
    ],
)
def test_what_needs_all_rows_reads_all_files(clone, tmp_path, sql):
    source(clone, sql)
    clone.write("datasets/m/n.sql", "select count(*) as n from s.d\n")
    day(clone, "d1", (1, 1), (2, 2))
    clone.run()
    day(clone, "d2", (3, 2), (4, 1))
    clone.refresh()
    assert len(files(clone)) == 1
    assert sorted(shown(clone)) == sorted(anew(clone, tmp_path, "fresh"))


@pytest.mark.parametrize("front", ["", "key: id\nload: merge\n"])
@pytest.mark.parametrize("seed", range(int(os.environ.get("ANDON_LOADS", "2"))))
def test_in_any_order_of_files_that_come_change_and_go_it_is_one_read_of_all(
    clone, tmp_path, seed, front, each_by_itself
):
    """The law, rows in their order included: also after undos, and on branches."""
    chance = random.Random(seed)
    source(clone, front=front)
    day(clone, "d5", (0, 0))
    clone.run()
    for step in range(9):
        what = chance.choice(("new", "new", "new", "change", "remove", "undo", "branch"))
        names = sorted(path.stem for path in (clone.root / "raw").glob("*.csv"))
        if what == "new":
            for _ in range(chance.choice((1, 3))):
                day(
                    clone,
                    f"d{chance.randrange(10)}{step}",
                    *((i, chance.randrange(5)) for i in range(chance.randrange(1, 4))),
                )
        elif what == "change":
            day(clone, chance.choice(names), (step, step))
        elif what == "remove" and len(names) > 1 and not front:  # what was merged stays
            (clone.root / f"raw/{chance.choice(names)}.csv").unlink()
        elif what == "branch":
            clone.branch(f"b{step}")
            clone.refresh(branch=f"b{step}")
            clone.publish(f"b{step}")
        clone.refresh()
        assert shown(clone) == anew(clone, tmp_path, f"fresh{step}"), (seed, step, what)
        if what == "undo" and step:
            before = shown(clone, "main~1")
            clone.undo()
            assert shown(clone) == before
            clone.redo()
    before = clone.leaves()["s.d"].version
    clone.refresh(force=True)  # one read of all files is known to hold the same rows in the same order
    assert clone.leaves()["s.d"].version == before


def test_files_that_were_put_together_are_still_known(clone, tmp_path):
    """By `andon optimize`, and by themselves where there are many: what is read is still one day."""
    source(clone)
    for n in range(3):
        day(clone, f"d{n}", (n, n))
        clone.refresh() if n else clone.run()
    assert len(files(clone)) == 3
    with clone.opened() as service:
        service.runs.optimize()
    (whole,) = files(clone)
    day(clone, "d3", (7, 7))
    clone.refresh()
    assert (files(clone)[0], len(files(clone))) == (whole, 2)
    day(clone, "d2", (8, 8))  # its rows are in one file with those of others: these are read again with it
    clone.refresh()
    assert shown(clone) == anew(clone, tmp_path, "fresh")


def test_many_small_parts_become_one(clone, monkeypatch):
    monkeypatch.setattr("andon.runs.building.writing.MANY", 4)
    source(clone)
    for n in range(7):
        day(clone, f"d{n}", (n, 9))
        clone.refresh() if n else clone.run()
    assert len(files(clone)) < 5
    before = files(clone)[0]
    day(clone, "d9", (9, 9))
    clone.refresh()
    assert files(clone)[0] == before
    assert [row[0] for row in shown(clone)] == [0, 1, 2, 3, 4, 5, 6, 9]


def test_what_was_appended_stays_though_its_file_went(clone):
    source(clone, front="load: append\n")
    day(clone, "d1", (1, 1))
    day(clone, "d2", (2, 2))
    clone.run()
    (clone.root / "raw/d1.csv").unlink()
    day(clone, "d3", (3, 4))
    clone.refresh()
    assert [row[0] for row in shown(clone)] == [1, 2, 3]
    head = clone.head().id
    assert clone.refresh().commit == head
    day(clone, "d2", (2, 7))  # a corrected file takes the place of the one that it was
    clone.refresh()
    assert [row[:2] for row in shown(clone)] == [(1, 2), (2, 14), (3, 8)]
    clone.undo()
    clone.refresh()
    assert [row[:2] for row in shown(clone)] == [(1, 2), (2, 4), (3, 8)]
    source(clone)
    clone.accept(".")
    clone.run()
    assert [row[0] for row in shown(clone)] == [2, 3]


def test_of_rows_with_one_key_those_of_the_later_file_count(clone):
    source(clone, "select id, v from read_csv('raw/d*.csv')", "key: id\nload: merge\n")
    day(clone, "d1", (1, 1), (2, 2))
    clone.run()
    day(clone, "d2", (2, 3), (3, 4), (3, 5))
    clone.refresh()
    assert shown(clone) == [(1, 1), (2, 3), (3, 5)]
    (clone.root / "raw/d1.csv").unlink()
    day(clone, "d0", (1, 9), (9, 9))  # sorts first: earlier, whenever it came
    clone.refresh()
    assert shown(clone) == [(9, 9), (1, 1), (2, 3), (3, 5)]
    clone.undo()
    assert shown(clone) == [(1, 1), (2, 3), (3, 5)]


def test_of_files_that_are_merged_only_later_ones_are_read(clone, tmp_path):
    source(clone, front="key: id\nload: merge\n")
    day(clone, "d1", (1, 1), (2, 2))
    clone.run()
    (first,) = files(clone)
    day(clone, "d3", (5, 5), (6, 6))
    clone.refresh()
    kept = files(clone)
    assert (kept[0], len(kept)) == (first, 2)
    day(clone, "d4", (6, 7), (7, 7))
    clone.refresh()
    assert files(clone)[0] == first  # none of its keys came again
    assert len(files(clone)) == 3
    assert [row[:2] for row in shown(clone)] == [(1, 2), (2, 4), (5, 10), (6, 14), (7, 14)]
    day(clone, "d2", (1, 8), (6, 8))  # sorts before what was read: all files count anew
    clone.refresh()
    assert shown(clone) == anew(clone, tmp_path, "fresh")


def test_rows_without_a_key_are_not_taken_for_each_other(clone):
    source(clone, "select id, v from read_csv('raw/d*.csv')", "key: id\nload: merge\n")
    day(clone, "d1", (1, 1), (2, 2))
    clone.run()
    day(clone, "d2", ("", 1), ("", 2))
    held = clone.refresh()
    assert not held.published
    assert clone.ask("select count(*) from s.d", f"run:{held.run}") == [(4,)]
