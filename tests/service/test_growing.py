"""Tables that grow, as people use them: why a run makes what, backfill, --full, --forward, what a person answers for."""

import math
import re
import shutil
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime

import pytest

from andon.errors import ProjectError, UsageError
from andon.model.growth import Grown
from andon.runs.building import by_key, growing, writing
from andon.runs.building.writing import Writer
from andon.runs.goal import RunOptions
from kit.clones import Clone

HEAD = "/*---\nmaterialize: incremental\n{}\n---*/\n"
DAILY = HEAD.format("incremental: {{by: time, column: ts, batch: 2d{}}}") + "select id, ts, c, v from shop.events\n"
BY_KEY = (
    HEAD.format("key: c\nincremental: {by: key}") + "select c, count(*) as n, sum(v) as v from m.daily group by c\n"
)
APPEND = HEAD.format("incremental: {by: append}") + "select id, v * 2 as w, c from m.daily\n"


@pytest.fixture
def project(tmp_path) -> Clone:
    project = Clone(tmp_path / "acme")
    project.write("andon.toml", "")
    for number in range(1, 8):
        write_day(project, number, number)
    project.write("sources/shop/events.sql", "select * from read_csv('raw/e_*.csv')\n")
    project.write("datasets/m/daily.sql", DAILY.format(""))
    return project


def write_day(project: Clone, number: int, value: int) -> None:
    rows = [f"{10 * number + i},2024-05-{number:02} 1{i}:00:00,{'ab'[i]},{value}\n" for i in range(2)]
    project.write(f"raw/e_{number}.csv", "id,ts,c,v\n" + "".join(rows))


def reasons(result) -> dict[str, str]:
    return {t.dataset: t.reason for t in result.tasks}


def files(project: Clone, dataset: str, ref: str = "main") -> list[int]:
    """How many rows are in each file of a dataset."""
    with project.opened() as service:
        version = project.leaves(ref)[dataset].version
        return [file.rows for file in service.workspace.lake.objects.versions([version])[version].files]


def grown(project: Clone, dataset: str, ref: str = "main") -> Grown:
    with project.opened() as service:
        build = project.leaves(ref)[dataset].build
        return Grown.of(service.workspace.lake.objects.builds([build])[build].grown)


def backfill(project: Clone, first: int, last: int, *, publish: str = "whole", branch: str | None = None, **options):
    with project.opened() as service:
        chosen = RunOptions(branch=branch, agreed="any", **options)
        days = [datetime(2024, 5, day, tzinfo=UTC) for day in (first, last)]
        return list(service.backfills.fill("m.daily", *days, chosen, publish=publish))


def test_only_the_part_of_a_day_is_written_and_the_next_day_costs_that_day(project):
    project.write("datasets/m/agg.sql", BY_KEY)
    project.write("datasets/m/app.sql", APPEND)
    assert reasons(project.run())["m.daily"] == "full: it is new"
    assert files(project, "m.daily") == [4, 4, 4, 2]
    write_day(project, 2, 20)
    assert {s.dataset: s.reason for s in project.plan().steps} == {
        "shop.events": "files: 1 changed (raw/e_2.csv)",
        "m.daily": "incremental: what changes of shop.events",
        "m.agg": "incremental: what changes of m.daily",
        "m.app": "incremental where m.daily only gets rows, else full",
    }
    found = reasons(project.run())
    assert found["m.daily"].startswith("incremental: the day 2024-05-02 (")
    assert found["m.agg"].startswith("incremental: 2 keys (2 files of m.daily in the place of 1)")
    assert found["m.app"] == "full: 1 file of m.daily went or came anew"
    assert files(project, "m.daily") == [4, 4, 2, 2, 2]
    write_day(project, 8, 8)
    found = reasons(project.run())
    assert found["m.app"] == "incremental: 1 new file of m.daily (2 rows)"
    assert files(project, "m.daily") == [4, 4, 2, 2, 2, 2]
    assert files(project, "m.app") == [14, 2]
    assert all(s.reason == "unchanged" for s in project.plan().steps)


def test_a_branch_may_fill_less_and_a_backfill_goes_on_where_it_was(project):
    done = backfill(project, 3, 6, publish="batch", branch="dev")
    assert [r.published for r in done] == [True, True]
    assert project.ask("select count(*), min(ts)::date::text from m.daily", "dev") == [(6, "2024-05-03")]
    assert grown(project, "m.daily", "dev").filled == (("2024-05-03T00:00:00", "2024-05-06T00:00:00"),)
    project.run()
    assert grown(project, "m.daily").filled is None
    write_day(project, 9, 9)
    write_day(project, 1, 10)
    project.refresh(branch="dev")
    days = project.ask("select distinct day(ts) from m.daily order by 1", "dev")
    assert [day for (day,) in days] == [1, 3, 4, 5, 9], "what changed is filled, what is missing stays missing"
    done = backfill(project, 3, 6, branch="dev")
    assert [t.action for t in done[0].tasks] == ["reuse"], "what is filled costs nothing"
    project.refresh(branch="dev", full=True)
    assert grown(project, "m.daily", "dev").filled is None
    assert project.ask("select count(*) from m.daily", "dev") == [(16,)]


def test_what_a_branch_filled_is_published_with_it_and_undone_with_it(project):
    backfill(project, 3, 5)
    project.branch("dev")
    backfill(project, 5, 7, branch="dev")
    days = "select distinct day(ts) from m.daily order by 1"
    assert (project.ask(days), project.ask(days, "dev")) == ([(3,), (4,)], [(3,), (4,), (5,), (6,)])
    assert project.publish("dev").published
    assert project.ask(days) == [(3,), (4,), (5,), (6,)]
    assert grown(project, "m.daily").filled == (("2024-05-03T00:00:00", "2024-05-07T00:00:00"),)
    project.undo()
    assert project.ask(days) == [(3,), (4,)]


def test_two_branches_that_filled_times_are_published_one_after_the_other(project):
    backfill(project, 3, 4)
    for name, day in (("one", 4), ("two", 6), ("late", 5)):
        project.branch(name)
        backfill(project, day, day + 1, branch=name)
    assert project.publish("one").published
    assert project.publish("two").published
    days = "select distinct day(ts) from m.daily order by 1"
    assert project.ask(days) == [(3,), (4,), (6,)]
    assert grown(project, "m.daily").filled == (
        ("2024-05-03T00:00:00", "2024-05-05T00:00:00"),
        ("2024-05-06T00:00:00", "2024-05-07T00:00:00"),
    )
    project.undo()
    assert project.ask(days) == [(3,), (4,)]
    assert project.publish("late").published
    assert project.ask(days) == [(3,), (4,), (5,)], "what was undone stays away"


def test_rows_that_stay_by_a_persons_word_are_told_and_can_be_made_anew(project):
    project.write("datasets/m/daily.sql", DAILY.format(", lookback: 2d"))
    project.run()
    write_day(project, 1, 100)
    write_day(project, 6, 60)
    found = project.run()
    assert reasons(found)["m.daily"].startswith("incremental: the day 2024-05-06 (")
    assert project.ask("select day(ts), max(v) from m.daily where day(ts) in (1, 6) group by 1 order by 1") == [
        (1, 1),
        (6, 60),
    ]
    assert grown(project, "m.daily").words == ("what is older than 2024-05-05 stays as it was (lookback 2d)",)
    assert all(s.reason == "unchanged" for s in project.plan().steps)
    backfill(project, 1, 2)
    assert project.ask("select max(v) from m.daily where day(ts) = 1") == [(100,)]
    project.undo()
    assert project.ask("select max(v) from m.daily where day(ts) = 1") == [(1,)]
    project.run(full=True)
    assert project.ask("select max(v) from m.daily where day(ts) = 1") == [(100,)]
    assert grown(project, "m.daily").words == ()


def test_forward_only_keeps_what_was_made(project):
    project.run()
    text = DAILY.format("").replace("id, ts, c, v", "id, ts, c, v * 1000 as v")
    project.write("datasets/m/daily.sql", text)
    (planned,) = [s for s in project.plan(forward=True).steps if s.dataset == "m.daily"]
    assert (
        planned.reason
        == "forward only: its SQL changed, and its 14 rows from 2024-05-01 to 2024-05-07 stay as they were made"
    )
    whole = {s.dataset: s.reason for s in project.plan().steps}["m.daily"]
    assert re.fullmatch(r"full: its SQL changed; 14 rows anew, 14 rows \(\d+ B\) read(, about .*)?", whole)
    project.run(forward=True)
    write_day(project, 7, 9)
    project.run()
    assert project.ask("select day(ts), max(v) from m.daily where day(ts) > 5 group by 1 order by 1") == [
        (6, 6),
        (7, 9000),
    ]
    assert "forward only" in grown(project, "m.daily").words[0]
    project.run(full=True)
    assert project.ask("select day(ts), max(v) from m.daily where day(ts) > 5 group by 1 order by 1") == [
        (6, 6000),
        (7, 9000),
    ]
    project.write("datasets/m/daily.sql", text.replace(" as v", " as w"))
    with pytest.raises(UsageError, match="forward only: its columns"):
        project.plan(forward=True)


@pytest.mark.parametrize(
    ("growth", "sql", "why", "word"),
    [
        ("incremental: {by: append}", "select count(*) as n from shop.events", "grouped", "rows apart"),
        ("incremental: {by: append}", "select 1 as n", "reads no dataset", None),
        ("incremental: {by: append}", "select id, now() as t from shop.events", "clock", "same time"),
        (
            "allow: [random]\nincremental: {by: append}",
            "select id, random() as r from shop.events",
            "chance",
            "same chance",
        ),
        (
            "incremental: {by: time, column: t}",
            "select ts + interval 1 day as t from shop.events",
            "computed",
            "rows apart",
        ),
        ("key: id\nincremental: {by: key}", "select id from shop.events limit 3", "limit", "rows apart"),
    ],
)
def test_what_can_not_grow_says_so_before_anything_is_built(project, growth, sql, why, word):
    project.write("datasets/m/bad.sql", HEAD.format(growth) + sql + "\n")
    with pytest.raises(ProjectError) as caught:
        project.plan()
    (problem,) = caught.value.problems
    assert problem.code == "build.can_not_grow"
    assert why in problem.message
    assert "materialize: table" in problem.hint
    if word is not None:
        assert f"assume: [{word}]" in problem.hint
        assumed = growth.replace("}", f", assume: [{word}]}}")
        project.write("datasets/m/bad.sql", HEAD.format(assumed) + sql + "\n")
        project.plan()


def test_what_is_assumed_is_told(project):
    sql = "select id, ts, v, lag(v) over (order by id) as before from m.daily\n"
    project.write("datasets/m/lag.sql", HEAD.format("incremental: {by: append, assume: [rows apart]}") + sql)
    project.run()
    write_day(project, 8, 80)
    assert reasons(project.run())["m.lag"] == "incremental: 1 new file of m.daily (2 rows)"
    assert project.ask("select before from m.lag where id = 80") == [(None,)]
    assert grown(project, "m.lag").words == ("you answer for `rows apart`: a window looks at other rows",)


@pytest.mark.parametrize(
    ("dataset", "first", "last", "says"),
    [
        ("shop.events", 1, 2, "does not grow by time"),
        ("m.nothing", 1, 2, "there is no dataset"),
        ("m.daily", 2, 2, "there is no time"),
    ],
)
def test_what_can_not_be_filled_is_refused(project, dataset, first, last, says):
    project.run()
    with project.opened() as service, pytest.raises(UsageError, match=says):
        list(service.backfills.fill(dataset, datetime(2024, 5, first, tzinfo=UTC), datetime(2024, 5, last, tzinfo=UTC)))


def test_times_before_the_start_can_not_be_filled_and_that_is_said(project):
    project.write("datasets/m/daily.sql", DAILY.format(", start: 2024-05-03"))
    project.run()
    with pytest.raises(
        UsageError, match=r"keeps rows from 2024-05-03T00:00:00 on \(`start`\), and 2024-05-01"
    ) as error:
        backfill(project, 1, 3)
    assert "set `start` in its file to an earlier time" in error.value.hint
    project.write("datasets/m/daily.sql", DAILY.format(", start: 2024-05-01"))
    assert reasons(project.run())["m.daily"] == "full: how it grows changed"
    assert project.ask("select count(*) from m.daily") == [(14,)]


#: A run that is killed when it has recorded so many times.
KILLED = """
import os, signal, sys
from pathlib import Path
import andon.runs.building.growing as growing
from andon.lake.objects import Objects
from andon.runs.building import by_key, writing
from andon.runs.goal import RunOptions
from andon.service.service import Service

growing._RECORD_EVERY = 0.0
record, left = Objects.record, int(sys.argv[2])

def counted(*arguments, **options):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return record(*arguments, **options)

Objects.record = counted
service = Service.open(Path(sys.argv[1]), environ={"ANDON_AUTHOR": "ana", "HOME": sys.argv[1]})
service.runs.run(RunOptions(agreed="any"))
"""


def test_a_fill_that_was_killed_goes_on_after_the_last_piece(project):
    project.run("shop.events")
    shutil.copytree(project.root, project.root.with_name("unharmed"))
    done = subprocess.run([sys.executable, "-c", KILLED, str(project.root), "2"], check=False)
    assert done.returncode == -signal.SIGKILL
    assert "m.daily" not in project.leaves()
    with project.opened() as service:
        parts = service.workspace.lake.objects.builds_of("m.daily")
        versions = service.workspace.lake.objects.versions(build.version for build in parts)
        kept = {file.path for version in versions.values() for file in version.files}
    assert len(parts) == 2
    project.run()
    assert files(project, "m.daily") == [4, 4, 4, 2]
    with project.opened() as service:
        (version,) = service.workspace.lake.objects.versions([project.leaves()["m.daily"].version]).values()
    assert kept == {file.path for file in version.files[:2]}
    (same,) = project.ask(
        "select (select count(*) from (from m.daily except all from shop.events)), count(*) from m.daily"
    )
    assert same == (0, 14)
    unharmed = Clone(project.root.with_name("unharmed"))
    unharmed.run()
    assert whole(unharmed, "m.daily") == whole(project, "m.daily")


def test_files_that_are_lost_are_made_again(project):
    project.write("datasets/m/agg.sql", BY_KEY)
    project.run()
    with project.opened() as service:
        lake = service.workspace.lake
        (version,) = lake.objects.versions([project.leaves()["m.agg"].version]).values()
        lake.storage.delete(version.files[0].path)
    write_day(project, 2, 20)
    assert reasons(project.run())["m.agg"] == "full: files that it would grow from are lost"
    assert project.ask("select sum(n) from m.agg") == [(14,)]


def test_a_table_by_key_lies_in_files_by_key_and_few_keys_write_one_of_them(project, monkeypatch):
    monkeypatch.setattr(writing, "MOST_ROWS", 4)
    monkeypatch.setattr(by_key, "MOST_ROWS", 4)
    project.write(
        "datasets/m/seen.sql",
        HEAD.format("key: id\nincremental: {by: key}") + "select * from shop.events order by hash(id)\n",
    )
    project.run()
    assert files(project, "m.seen") == [3, 4, 3, 4]
    ids = [n for (n,) in project.ask("select id from m.seen")]
    assert ids == sorted(ids)
    write_day(project, 7, 70)
    assert reasons(project.run())["m.seen"].startswith("incremental: 2 keys (")
    assert files(project, "m.seen") == [3, 4, 3, 2, 2]
    with project.opened() as service:
        version = project.leaves()["m.seen"].version
        (found,) = service.workspace.lake.objects.versions([version]).values()
    assert [len(file.part_of) for file in found.files] == [0, 0, 0, 1, 0]
    assert project.ask("select sum(v) from m.seen") == [(2 * sum(range(7)) + 140,)]


def whole(project: Clone, name: str, what: str = "sha256") -> list[str]:
    """The contents of a table's files, or their paths, in their order."""
    with project.opened() as service:
        (version,) = service.workspace.lake.objects.versions([project.leaves()[name].version]).values()
    return [getattr(file, what) for file in version.files]


def test_batches_that_are_made_side_by_side_come_to_the_same_files(project, tmp_path, monkeypatch):
    monkeypatch.setattr(growing, "_RECORD_EVERY", 0.0)
    fast = tmp_path / "fast"
    shutil.copytree(project.root, fast)
    project.write("andon.toml", "[run]\nparallel = 1\n")
    others = Clone(fast)
    others.write("andon.toml", "[run]\nparallel = 4\n")
    others.run("shop.events")
    project.run()
    lock, met, running, written = threading.Lock(), threading.Event(), [], Writer.written

    def meeting(*given):
        with lock:
            running.append(given)
            if len(running) > 1:
                met.set()
        assert met.wait(timeout=20), "two are made at a time"
        return written(*given)

    monkeypatch.setattr(Writer, "written", meeting)
    others.run("m.daily")
    assert len(whole(project, "m.daily")) == 4
    assert whole(project, "m.daily") == whole(others, "m.daily")


def test_a_batch_that_fails_leaves_no_file_of_those_beside_it(project, monkeypatch):
    monkeypatch.setattr(growing, "_RECORD_EVERY", math.inf)  # what is recorded is found again, and stays
    project.write("andon.toml", "[run]\nparallel = 3\n")
    project.write(
        "datasets/m/daily.sql", DAILY.format("").replace("id, ts", "if(id = 40, error('no'), id)::int as id, ts")
    )
    (failed,) = [task for task in project.run().tasks if task.dataset == "m.daily"]
    assert failed.error["code"] == "build.failed"
    assert not [*(project.root / ".andon/lake/data/m").glob("*")]
    project.write("datasets/m/daily.sql", DAILY.format(""))
    assert project.run().published
    assert files(project, "m.daily") == [4, 4, 4, 2]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (DAILY.format("").replace("batch: 2d", "batch: 3d"), "proved equal: only how it grows changed"),
        (DAILY.format(", lookback: 2d, grain: week"), "proved equal: only how it grows changed"),
        (DAILY.format("").replace("select id", "select e.id").replace("events", "events as e"), "proved equal: the"),
        (DAILY.format(", start: 2024-05-03"), "full: how it grows changed; 14 rows anew, "),
        (
            DAILY.format("").replace("v from", "v from (select distinct * from").replace("events", "events)"),
            "full: its",
        ),
    ],
)
def test_a_definition_that_makes_the_same_rows_makes_none_of_them_anew(project, text, says):
    project.run()
    before = whole(project, "m.daily", "path")
    project.write("datasets/m/daily.sql", text)
    assert {s.dataset: s.reason for s in project.plan().steps}["m.daily"].startswith(says)
    write_day(project, 3, 30)
    found = reasons(project.run())["m.daily"]
    assert found.startswith("incremental: the " if says.startswith("proved") else says.partition("; ")[0])
    assert bool(set(before) & set(whole(project, "m.daily", "path"))) == says.startswith("proved")
    assert "definition of then" not in str(grown(project, "m.daily").words)
    assert project.ask("select sum(v) from m.daily where day(ts) = 3") == [(60,)]
    assert all(s.reason == "unchanged" for s in project.plan().steps)
