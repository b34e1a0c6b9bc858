"""What building promises: equal content stops, types are decided once, failures stay local, an interrupt loses nothing."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from andon.errors import ProjectError, UsageError
from kit.clones import FILES, closing, did


def test_equal_content_in_other_bytes_takes_the_earlier_version(project, monkeypatch):
    project.write(
        "datasets/marts/rows.sql", "select customer, amount, [amount] as list from shop.orders order by amount\n"
    )
    project.write("datasets/marts/after.sql", "select sum(amount) as s from marts.rows\n")
    project.run()
    before = project.leaves()
    project.write(
        "datasets/marts/rows.sql",
        "select customer, amount, [amount] as list from shop.orders order by amount, amount\n",
    )
    monkeypatch.setattr("andon.engines.duckdb.write.PACKED", "compression snappy")
    result = project.run(proofs=False)
    assert did(result) == {"marts.rows": "build"}
    after = project.leaves()
    assert after["marts.rows"].version == before["marts.rows"].version
    assert after["marts.after"] == before["marts.after"]
    assert {t.dataset: t.reason for t in result.tasks}["marts.rows"].startswith("same content")


def test_equal_counts_with_other_content_are_another_version(project):
    project.write("datasets/marts/rows.sql", "select unnest([[1, 5], [5, 1], [3, 3]]) as pair\n")
    project.run()
    before = project.leaves()["marts.rows"].version
    project.write("datasets/marts/rows.sql", "select unnest([[1, 3], [5, 1], [3, 5]]) as pair\n")
    project.run()
    assert project.leaves()["marts.rows"].version != before


def test_whole_numbers_that_do_not_fit_are_loud(project):
    project.write("datasets/marts/big.sql", "select sum(x) as s from (values (9223372036854775807), (1)) t (x)\n")
    result = project.run()
    assert not result.published
    (failed,) = [t for t in result.tasks if t.status == "failed"]
    assert failed.error["code"] == "build.overflow"
    assert "DECIMAL(38,0)" in failed.error["hint"]
    assert failed.error["where"].startswith("datasets/marts/big.sql")


@pytest.mark.parametrize(
    ("value", "part", "cast"),
    [
        ("interval 1 day", "INTERVAL", "epoch(x)"),
        ("[interval 1 day]", "INTERVAL", "x::varchar"),
        ("'high'::enum('low', 'high')", "ENUM", "enum_code(x)"),
        ("{'a': '101'::bit}", "BIT", "x::varchar"),
        ("12::bignum", "BIGNUM", "x::varchar::decimal(38,0)"),
        ("timetz '10:00:00+02'", "TIME WITH TIME ZONE", "x::time"),
        ("'2026-01-02 03:04:05.123456789'::timestamp_ns", "TIMESTAMP_NS", "epoch_ns(x)"),
    ],
)
def test_what_storing_would_change_is_refused_with_the_cast_to_write(project, value, part, cast):
    """Between datasets a value stays what it is: what reads it sorts, compares and adds as plain SQL would."""
    for head in ("", "/*---\nmaterialize: view\n---*/\n"):
        project.write("datasets/marts/odd.sql", f"{head}select {value} as x, 1 as ok\n")
        with pytest.raises(ProjectError) as caught:
            project.plan()
        (problem,) = caught.value.problems
        assert (problem.code, problem.file) == ("build.not_supported", "datasets/marts/odd.sql")
        assert f"`x` of `marts.odd` is {part}" in problem.message
        assert cast in problem.hint
    if "[" not in value and "{" not in value:
        project.write("datasets/marts/odd.sql", f"select {cast} as x from (select {value} as x)\n")
        assert project.run().published


def test_a_view_answers_as_the_table_of_the_same_sql(project):
    sql = "select sum(amount) as s, 1::tinyint as t, 'a'::enum('a', 'b') as e, (interval 1 day)::varchar as i from shop.orders\n"
    project.write("datasets/marts/t.sql", sql)
    project.write("datasets/marts/v.sql", "/*---\nmaterialize: view\n---*/\n" + sql)
    project.run()
    described = "select column_name, column_type from (describe {})"
    assert project.ask("select * from marts.t") == project.ask("select * from marts.v")
    with pytest.raises(UsageError):
        project.ask(described.format("marts.t"))
    types = [[(c.name, c.type) for c in version(project, d).columns] for d in ("marts.t", "marts.v")]
    assert types[0] == types[1]
    assert dict(types[0]) == {"s": "BIGINT", "t": "INTEGER", "e": "VARCHAR", "i": "VARCHAR"}


def version(project, dataset):
    from kit.clones import closing

    leaf = project.leaves()[dataset]
    with closing(project.open()) as service:
        return service.workspace.lake.objects.versions([leaf.version])[leaf.version]


def test_field_ids_stay_with_a_column(project):
    project.write("datasets/marts/t.sql", "select 1 as a, 2 as b\n")
    project.run()
    project.write("datasets/marts/t.sql", "select 3 as c, 2 as b\n")
    project.run()
    assert {c.name: c.field_id for c in version(project, "marts.t").columns} == {"c": 3, "b": 2}
    project.write("datasets/marts/t.sql", "select 3 as c, 1 as a\n")
    project.run()
    assert {c.name: c.field_id for c in version(project, "marts.t").columns} == {"c": 3, "a": 1}


def test_a_failing_dataset_with_changed_code_downstream_keeps_both(project):
    project.run()
    project.write(
        "datasets/marts/totals.sql", FILES["datasets/marts/totals.sql"].replace("sum(amount)", "max(customer::int)")
    )
    project.write("datasets/marts/best.sql", "select max(amount) as customer from marts.totals\n")
    project.write("datasets/marts/count.sql", "select 1 + count(*) as n from shop.orders\n")
    before = project.leaves()
    result = project.run(publish="healthy")
    assert result.published
    after = project.leaves()
    assert after["marts.totals"] == before["marts.totals"]
    assert after["marts.best"] == before["marts.best"]
    assert project.ask("select n from marts.count") == [(4,)]
    project.write("datasets/marts/totals.sql", FILES["datasets/marts/totals.sql"])
    assert did(project.run()) == {"marts.best": "build"}
    assert project.ask("select customer from marts.best") == [(20,)]


def test_not_to_publish_leaves_the_branch_and_keeps_the_result(project):
    project.run()
    head = project.head().id
    project.write("datasets/marts/count.sql", "select 41 as n\n")
    result = project.run(publish="none")
    assert not result.published
    assert project.head().id == head
    assert project.ask("select n from marts.count", at=f"run:{result.run}") == [(41,)]


def test_forced_builds_supersede(project):
    project.run()
    before = project.leaves()["marts.count"]
    result = project.run("marts.count", force=True)
    assert did(result) == {"marts.count": "build"}
    after = project.leaves()["marts.count"]
    assert (after.version, after.key) == (before.version, before.key)
    assert after.build != before.build


def test_constructs_that_cannot_repeat_are_refused(project):
    project.write("datasets/marts/r.sql", "select random() as r\n")
    project.write("datasets/marts/s.sql", "select * from shop.orders tablesample 10%\n")
    project.write("datasets/marts/v.sql", "/*---\nmaterialize: view\n---*/\nselect now() as n\n")
    project.write("datasets/marts/i.sql", "/*---\nmaterialize: incremental\n---*/\nselect 1 as n\n")
    with pytest.raises(ProjectError) as caught:
        project.run()
    assert len(caught.value.problems) == 4
    assert all(p.hint and p.line for p in caught.value.problems)


def test_a_lake_in_the_folder_survives_git_clean(project):
    git = shutil.which("git")
    if git is None:
        pytest.skip("git is not installed")
    project.write(".gitignore", ".andon/\n")
    run = lambda *arguments: subprocess.run([git, *arguments], cwd=project.root, check=True, capture_output=True)  # noqa: E731
    run("init", "-q", "-b", "main")
    run("add", "-A")
    run("-c", "user.name=ana", "-c", "user.email=ana@example.org", "commit", "-qm", "first")
    project.run()
    run("clean", "-fdxq")
    assert project.ask("select n from marts.count") == [(3,)]


def test_a_git_branch_is_a_lake_branch(project):
    git = shutil.which("git")
    if git is None:
        pytest.skip("git is not installed")
    project.write(".gitignore", ".andon/\n")
    run = lambda *arguments: subprocess.run([git, *arguments], cwd=project.root, check=True, capture_output=True)  # noqa: E731
    run("init", "-q", "-b", "main")
    run("add", "-A")
    run("-c", "user.name=ana", "-c", "user.email=ana@example.org", "commit", "-qm", "first")
    project.run()
    run("checkout", "-qb", "fix/count")
    assert project.ask("select n from marts.count") == [(3,)]
    project.write("datasets/marts/count.sql", "select 77 as n\n")
    result = project.run()
    assert result.branch == "fix/count"
    assert project.ask("select n from marts.count") == [(77,)]
    assert project.ask("select n from marts.count", at="main") == [(3,)]
    run("stash", "-q")
    run("checkout", "-q", "--detach")
    with pytest.raises(UsageError, match="detached"):
        project.run()


def test_a_newer_folder_format_is_named(project):
    project.run()
    project.write(".andon/format", "9")
    with pytest.raises(Exception, match="format 9") as caught:
        project.run()
    assert caught.value.code == "lake.format"
    assert caught.value.hint


def test_an_interrupt_stops_cleanly_and_the_next_run_goes_on(project):
    """A slow dataset is interrupted; what was built before it is reused."""
    project.write(
        "datasets/marts/slow.sql", "select count(*) as n from range(3000000000) t (i), marts.count where i % 7 = n\n"
    )
    code = "import sys; from andon.cli.main import main; sys.argv = ['andon', 'run', '--yes']; main()"
    child = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=project.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    deadline = time.monotonic() + 30
    text = b""
    while b"marts.count" not in text and time.monotonic() < deadline:
        text += os.read(child.stdout.fileno(), 4096)
    time.sleep(0.3)
    child.send_signal(signal.SIGINT)
    out, _ = child.communicate(timeout=20)
    assert child.returncode == 130, (text + out).decode()
    assert "Traceback" not in (text + out).decode()
    project.write("datasets/marts/slow.sql", None)
    result = project.run()
    assert result.published
    assert did(result) == {}  # all that was built before the interrupt is there


def test_a_python_result_must_have_the_columns_that_its_file_declares(project):
    code = (
        "from andon import dataset, read\n\n"
        '@dataset(columns={"customer": "who", "score": "how good"})\n'
        'def scores(totals=read("marts.totals")):\n'
        "    return totals\n"
    )
    project.write("datasets/marts/scores.py", code)
    result = project.run()
    (failed,) = [t for t in result.tasks if t.status == "failed"]
    assert failed.error["code"] == "project.unknown_column"
    assert "score" in failed.error["message"]
    project.write("datasets/marts/scores.py", code.replace('"score"', '"amount"'))
    assert project.run().published
    assert project.ask("select customer, amount from marts.scores order by 1") == [("ada", 15), ("ben", 20)]


def test_a_source_must_have_the_columns_that_its_file_declares(project):
    text = "/*---\nkey: order_id\n---*/\n" + FILES["sources/shop/orders.sql"]
    project.write("sources/shop/orders.sql", text)
    with pytest.raises(ProjectError) as caught:
        project.run()
    assert "order_id" in caught.value.problems[0].message


def test_a_killed_run_is_told_as_interrupted(project):
    from kit.clones import closing

    project.run()
    code = (
        "import os, sys; from andon.service.service import Service; from pathlib import Path\n"
        "from andon.state.runs import RunBegin\n"
        "w = Service.open(Path(sys.argv[1]), environ={}); w.workspace.lake\n"
        "print(w.workspace.runs.begin(RunBegin('main', 'x', 'change', 'ana', 'now'))); sys.stdout.flush(); os._exit(9)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(project.root)], capture_output=True, text=True)
    number = int(done.stdout)
    with closing(project.open()) as service:
        assert service.workspace.runs.find(number).status == "interrupted"
    project.write("datasets/marts/count.sql", "select 5 as n\n")
    project.run()
    with closing(project.open()) as service:
        rows = service.workspace.lake.database.query("select status from run where number = ?", [number])
        assert rows == [("interrupted",)]


def test_a_lost_catalog_is_told_and_no_empty_lake_takes_its_place(project):
    from andon.errors import MachineError

    project.run()
    for path in (project.root / ".andon").glob("catalog.db*"):
        path.unlink()
    with pytest.raises(MachineError) as caught:
        project.ask("select 1")
    assert caught.value.code == "lake.corrupt"
    assert "catalog.db" in caught.value.message
    assert not (project.root / ".andon/catalog.db").exists()


def test_a_plan_says_what_will_fail(project):
    project.write("sources/shop/nope.sql", "select * from read_csv('raw/nope.csv')\n")
    assert any("shop.nope will fail" in notice for notice in project.plan().notices)


def test_a_known_build_whose_file_is_gone_is_built_again(project):
    project.run()
    text = (project.root / "datasets/marts/count.sql").read_text()
    earlier = project.leaves()["marts.count"].version
    project.write("datasets/marts/count.sql", "select count(*) + 100 as n from shop.orders\n")
    project.run()
    with closing(project.open()) as service:
        objects, storage = service.workspace.lake.objects, service.workspace.lake.storage
        storage.delete(objects.versions([earlier])[earlier].files[0].path)
    project.write("datasets/marts/count.sql", text)

    assert did(project.run()) == {"marts.count": "build"}
    assert project.ask("select n from marts.count") == [(3,)]


def test_a_missing_raw_file_is_told_with_a_near_name_and_a_place_that_is_not_read_as_such(project):
    project.write("sources/shop/a.sql", "select * from read_csv('raw/ordres_05.csv')\n")
    project.write("sources/shop/b.sql", "select * from read_csv('gs://bucket/x.csv')\n")
    failed = {t.dataset: t.error for t in project.run().tasks if t.status == "failed"}
    assert failed["shop.a"]["code"] == "source.missing"
    assert "raw/orders_05.csv" in failed["shop.a"]["hint"]
    assert failed["shop.b"]["code"] == "usage.not_yet"
    assert "not `gs://bucket/x.csv`" in failed["shop.b"]["message"]


def test_two_columns_of_one_name_in_a_source_are_told_in_its_file(project):
    project.write("sources/shop/orders.sql", "select id, customer, id from read_csv('raw/orders_*.csv')\n")
    for _ in range(2):  # new, and with readers that are there
        with pytest.raises(ProjectError) as caught:
            project.run()
        assert [(p.code, p.file) for p in caught.value.problems if "named `id`" in p.message] == [
            ("project.bind_failed", "sources/shop/orders.sql")
        ]
        text = "select id, customer, amount from read_csv('raw/orders_*.csv')\n"
        project.write("sources/shop/orders.sql", text)
        assert project.run().published
        project.write("sources/shop/orders.sql", text.replace("customer,", "customer, id,"))


def test_datasets_side_by_side_share_a_macro_that_reads(project):
    project.write(
        "macros/kept.sql", "create macro kept(least) as table select id, amount from shop.orders where id > least;\n"
    )
    for number in range(6):
        project.write(f"datasets/marts/kept_{number}.sql", f"select sum(amount) as amount from kept({number // 2})\n")
    assert project.run().published
    assert project.ask("from marts.kept_1") == [(35,)]
    assert project.ask("from marts.kept_2") == [(25,)]
