"""Every command on a folder that `init` made: text, JSON shapes that other programs rely on, exit statuses."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kit.command_line import Andon

MART = "datasets/marts/revenue_by_month.sql"
Golden = Callable[[str, str], None]


def keys(document: dict[str, Any]) -> set[str]:
    return set(document)


def test_first_plan_and_run(andon: Andon, golden: Golden) -> None:
    golden("plan_first", andon("plan").out)
    done = andon("run", "--yes")
    golden("run_first", done.out)
    golden("run_first_progress", done.err)
    golden("run_again", andon("run").out)
    golden("plan_again", andon("plan").out)


def test_run_document(andon: Andon) -> None:
    done = andon.json("run", "--yes")
    assert keys(done) >= {"run", "branch", "commit", "published", "held", "seconds", "tasks", "checks"}
    assert (done["run"], done["branch"], done["published"], done["held"]) == (1, "main", True, None)
    assert {c["check"]: c["status"] for c in done["checks"]} == dict.fromkeys(
        ("key order_id", "not null customer, ordered_at", "amount > 0", "key month", "reconciles"), "pass"
    )
    tasks = {t["dataset"]: t for t in done["tasks"]}
    assert keys(tasks["shop.orders"]) >= {"dataset", "action", "reason", "status", "rows", "seconds", "version"}
    assert (tasks["shop.orders"]["action"], tasks["shop.orders"]["status"]) == ("build", "ok")
    assert tasks["shop.orders"]["rows"] == 5


def test_held_run_shows_what_failed_and_what_to_do(built: Andon, golden: Golden) -> None:
    built.replace(MART, "sum(amount) as revenue", "2 * sum(amount) as revenue")
    held = built("run", "--yes", status=1)
    golden("run_held", held.out)
    golden("run_held_errors", held.err)
    document = built.json("run", "--yes", status=1)
    assert (
        document["published"],
        [t["status"] for t in document["tasks"] if t["dataset"] == "marts.revenue_by_month"],
    ) == (False, ["held"])
    (failing,) = [c for c in document["checks"] if c["status"] == "fail"]
    assert keys(failing) >= {
        "dataset", "check", "text", "kind", "severity", "status", "value", "limit", "bad", "total", "samples", "seconds", "how",
    }  # fmt: skip
    assert (failing["check"], failing["value"], failing["limit"], failing["last_good"]["value"]) == (
        "reconciles",
        123.0,
        61.5,
        61.5,
    )


def test_a_held_result_can_be_accepted_once_with_a_reason(built: Andon, golden: Golden) -> None:
    built.replace(MART, "sum(amount) as revenue", "2 * sum(amount) as revenue")
    built("run", "--yes", status=1)
    assert built.json("accept", "run:2", "reconciles", status=2)["error"]["code"] == "usage.bad_argument"
    assert "orders > 1" in built.json("accept", "run:2", "orders > 1", "--reason", "x", status=2)["error"]["message"]
    done = built.json("accept", "run:2", "reconciles", "--reason", "prices were doubled on purpose")
    assert done["published"]
    (accepted,) = [c["accepted"] for c in done["checks"] if "accepted" in c]
    assert (accepted["run"], accepted["reason"]) == (2, "prices were doubled on purpose")
    assert "in spite of `reconciles`" in built("log").out
    assert "prices were doubled" in built("show", "marts.revenue_by_month").out
    assert built.json("run", "--yes")["run"] is None
    built.replace(MART, "2 * sum(amount)", "3 * sum(amount)")
    built("run", "--yes", status=1)


def test_check_document(built: Andon) -> None:
    document = built.json("check")
    assert {c["status"] for c in document["checks"]} == {"pass"}
    assert {c["how"] for c in document["checks"]} == {"kept"}
    assert "kept" not in {c["how"] for c in built.json("check", "--again")["checks"]}
    built.replace(MART, "reconciles: ", "below: rows < 2\n  reconciles: ")
    assert [c["check"] for c in built.json("check", status=1)["checks"] if c["status"] == "fail"] == ["below"]
    assert built.json("check", "--at", "main")["checks"] == [{**c, "seconds": c["seconds"]} for c in document["checks"]]
    assert {p["how"] for p in built.json("check", "--sql")["checks"] if not p["sql"]} == {"proof"}


def test_plan_document(built: Andon) -> None:
    built.replace(MART, "count(*) as orders", "count(*) as orders, max(amount) as largest")
    found = built.json("plan")
    assert keys(found) >= {"base", "branch", "steps", "change", "notices"}
    assert found["change"] is True
    steps = {s["dataset"]: (s["action"], s["reason"]) for s in found["steps"]}
    assert steps == {"shop.orders": ("reuse", "unchanged"), "marts.revenue_by_month": ("build", "its SQL changed")}


def test_change_of_main_needs_yes(built: Andon, golden: Golden) -> None:
    built.replace(MART, "count(*) as orders", "count(*) as orders, max(amount) as largest")
    refused = built("run", status=2)
    golden("run_refused", refused.err)
    assert built.json("run", status=2)["error"]["code"] == "usage.confirmation_needed"
    golden("plan_change", built("plan").out)
    golden("run_change", built("run", "--yes", "-m", "the largest order").out)
    assert built.json("log")[0]["message"] == "the largest order"


def test_selection(built: Andon) -> None:
    built.write("datasets/marts/a.sql", "select customer, sum(amount) as revenue from shop.orders group by all")
    built.write("datasets/marts/b.sql", "select * from marts.a")
    steps = {s["dataset"] for s in built.json("plan", "marts.a+")["steps"]}
    assert steps == {"marts.a", "marts.b"}
    assert {s["dataset"] for s in built.json("plan", "marts.*", "--exclude", "marts.b")["steps"]} == {
        "marts.a",
        "marts.revenue_by_month",
    }
    done = built.json("run", "marts.a", "--yes")
    assert [t["dataset"] for t in done["tasks"] if t["action"] == "build"] == ["marts.a"]
    assert built.json("run", "no.such", status=2)["error"]["hint"]


def test_refresh_takes_new_data_and_never_asks(built: Andon) -> None:
    built.write("raw/orders_2.csv", "order_id,customer,ordered_at,amount\n6,ada,2026-04-01,1.00\n")
    done = built.json("refresh", "--now", "2026-04-02")
    assert done["published"] is True
    assert {t["dataset"]: t["rows"] for t in done["tasks"]} == {"shop.orders": 6, "marts.revenue_by_month": 4}


def test_failed_dataset_is_exit_1_with_its_error(built: Andon, golden: Golden) -> None:
    built.replace(MART, "sum(amount) as revenue", "sum(customer::integer) as revenue")
    failed = built("run", "--yes", status=1)
    golden("run_failed", failed.out)
    golden("run_failed_errors", failed.err)
    document = built.json("run", "--yes", status=1)
    assert document["published"] is False
    assert document["held"]
    task = next(t for t in document["tasks"] if t["status"] == "failed")
    assert keys(task["error"]) >= {"code", "message", "hint", "problems"}
    assert built("query", "select count(*) as n from shop.orders", "--at", f"run:{document['run']}").out.split() == [
        "n",
        "5",
    ]
    assert built.json("status")["commit"] == document["base"]


def test_not_publishing_on_purpose_is_no_failure(built: Andon) -> None:
    built.replace(MART, "count(*) as orders", "count(*) as orders, max(amount) as largest")
    done = built("run", "--yes", "--publish", "none")
    assert "not published" in done.out
    assert "--at run:2" in done.out


def test_all_problems_of_a_project_at_once(built: Andon) -> None:
    built.replace(MART, "sum(amount)", "sum(amunt)")
    built.write("datasets/marts/Bad.sql", "select 1 as x")
    built.write("datasets/marts/empty.sql", "")
    document = built.json("plan", status=2)["error"]
    assert document["code"] == "project.invalid"
    assert {p["file"] for p in document["problems"]} >= {"datasets/marts/Bad.sql", "datasets/marts/empty.sql"}
    for problem in document["problems"]:
        assert keys(problem) >= {"code", "message", "file", "line", "column", "hint"}
    err = built("run", status=2).err
    assert all(p["message"] in err for p in document["problems"])


def test_query_table_and_documents(built: Andon, golden: Golden) -> None:
    sql = "select month, revenue, null as nothing from marts.revenue_by_month order by month"
    shown = built("query", sql)
    golden("query", shown.out)
    golden("query_facts", shown.err)
    document = built.json("query", sql)
    assert keys(document) == {"columns", "types", "rows", "commit", "seconds"}
    assert document["columns"] == ["month", "revenue", "nothing"]
    assert document["rows"][0][1] == 20.5
    assert len(document["commit"]) == 64
    rows = json.loads(built("query", sql, "--format", "json").out)
    for form in ("csv", "json", "parquet", "arrow"):
        twins = built("query", "select 1 as a, 2 as a", "--format", form, status=2)
        assert f"two columns are named `a`, and {form}" in twins.err
    assert [r["revenue"] for r in rows] == [20.5, 27.0, 14.0]
    table = list(csv.DictReader(io.StringIO(built("query", sql, "--format", "csv").out)))
    assert [r["revenue"] for r in table] == ["20.50", "27.00", "14.00"]


@pytest.mark.parametrize("form", ["csv", "json", "parquet", "arrow"])
def test_query_to_a_file(built: Andon, form: str) -> None:
    target = built.folder / f"answer.{form}"
    shown = built("query", "from shop.orders order by order_id", "-o", str(target))
    assert shown.out == ""
    assert "5 rows" in shown.err
    assert _rows(target.read_bytes(), form) == 5
    document = built.json("query", "from shop.orders", "-o", str(target))
    assert (document["rows"], document["format"]) == (5, form)
    assert [p.name for p in built.folder.glob(".*answer*")] == []


def _rows(content: bytes, form: str) -> int:
    import pyarrow
    import pyarrow.parquet

    if form == "csv":
        return len(content.decode().splitlines()) - 1
    if form == "json":
        return len(json.loads(content))
    if form == "parquet":
        return int(pyarrow.parquet.read_table(io.BytesIO(content)).num_rows)
    with pyarrow.ipc.open_file(io.BytesIO(content)) as reader:
        return int(reader.read_all().num_rows)


def test_query_from_everywhere(built: Andon) -> None:
    built.write("question.sql", "select 42 as answer")
    assert built("query", "-f", str(built.folder / "question.sql")).out.split() == ["answer", "42"]
    assert built("query", "-", input="select 42 as answer").out.split() == ["answer", "42"]
    assert built("query", input="select 42 as answer;\n").out.split() == ["answer", "42"]
    assert "both" in built("query", "select 1", "-f", "x.sql", status=2).err
    assert "no file" in built("query", "-f", "x.sql", status=2).err
    assert "format" in built("query", "select 1", "-o", "x.xlsx", status=2).err
    assert "folder" in built("query", "select 1", "-o", "nowhere/x.csv", status=2).err


def test_query_says_where_it_cuts(built: Andon) -> None:
    cut = built("query", "select order_id from shop.orders order by 1", "--limit", "2")
    assert cut.out.split() == ["order_id", "1", "2"]
    assert "--limit 0" in cut.err
    assert len(built("query", "select order_id from shop.orders", "--limit", "0").out.split()) == 6


def test_query_errors_have_a_mark(built: Andon, golden: Golden) -> None:
    golden("query_error", built("query", "select amount\nfrom shop.orderz", status=2).err)
    assert built.json("query", "drop table x", status=2)["error"]["code"] == "usage.not_one_select"


def test_ls_and_show(built: Andon, golden: Golden) -> None:
    golden("ls", built("ls").out)
    assert [d["dataset"] for d in built.json("ls", "shop.*")] == ["shop.orders"]
    assert built.json("ls", "tag:nothing", status=2)["error"]["message"] == "no dataset has the tag `nothing`"
    shown = built("show", "marts.revenue_by_month").out
    for part in ("Revenue and number of orders by month", "sample", "iceberg_scan(", "shop.orders", "DECIMAL(38,2)"):
        assert part in shown
    page = built.json("show", "shop.orders")
    assert keys(page) >= {
        "dataset",
        "commit",
        "columns",
        "rows",
        "reads",
        "read_by",
        "sample",
        "build",
        "contract",
        "iceberg",
    }
    assert page["rows"] == 5
    assert page["iceberg"].endswith(".metadata.json")
    assert "how its files are read" in built("show", "shop.orders").out
    assert built.json("show", "shop.order", status=2)["error"]["hint"] == "did you mean `shop.orders`?"


def test_status(built: Andon, golden: Golden) -> None:
    golden("status", built("status").out)
    assert built.json("status")["clean"] is True
    built.replace(MART, "count(*) as orders", "count(*) as orders, max(amount) as largest")
    golden("status_changed", built("status").out)
    built.replace(MART, "count(*)", "coun(*)")
    assert "a run would stop" in built("status").out


def test_a_state_that_was_built_before_is_something_to_do(built: Andon) -> None:
    june = "raw/orders_06.csv"
    built.write(june, "order_id,customer,ordered_at,amount\n6,zoe,2026-06-01,7.5\n")
    built("run")
    (built.folder / june).unlink()
    plan = built("plan").out
    assert "main at" in plan
    assert "a refresh" in plan
    assert "built before, in run 1" in plan
    assert "`andon run` would do 2 steps" in built("status").out
    status = built.json("status")
    assert status["clean"] is False
    assert [(c["dataset"], c["action"]) for c in status["changed"]] == [
        ("shop.orders", "reuse"),
        ("marts.revenue_by_month", "reuse"),
    ]
    built("run")
    assert "nothing to do" in built("plan").out
    assert built.json("status")["clean"] is True


def test_the_page_of_a_python_dataset_shows_what_it_printed(built: Andon) -> None:
    text = "from andon import dataset\n\n\n@dataset()\ndef loud():\n    {0}\n    return {{'a': [1]}}\n"
    built.write("datasets/marts/loud.py", text.format("print('read 17 files')"))
    built("run", "--yes")
    assert "what it printed\n  read 17 files\n" in built("show", "marts.loud").out
    built.write("datasets/marts/loud.py", text.format("print('x\\n' * 50)"))
    built("run", "--yes")
    assert "  and 30 more lines in `--json`\n" in built("show", "marts.loud").out


def test_the_page_of_a_table_of_chance_says_that_it_cannot_repeat(built: Andon) -> None:
    built.write("datasets/marts/dice.sql", "/*---\nallow: [random]\n---*/\nselect random() as roll\n")
    built("run", "--yes")
    assert "repeats  no: `allow: [random]`" in built("show", "marts.dice").out


def test_log_and_diff(built: Andon, golden: Golden) -> None:
    built.replace(MART, "count(*) as orders", "count(*) as orders, max(amount) as largest")
    built("run", "--yes")
    golden("log", built("log").out)
    entries = built.json("log", "-n", "1")
    assert keys(entries[0]) >= {"commit", "parent", "kind", "message", "author", "at", "run", "changed"}
    assert entries[0]["changed"] == ["marts.revenue_by_month"]
    assert len(built.json("log", "shop.orders")) == 1
    golden("diff", built("diff", "main~1", "main").out)
    golden("diff_markdown", built("diff", "main~1", "main", "--format", "markdown").out)
    document = built.json("diff", "main~1", "main")
    assert keys(document) >= {"a", "b", "datasets"}
    assert keys(document["datasets"][0]) >= {"dataset", "change", "schema", "rows"}
    assert document["datasets"][0]["rows"] == {"a": 3, "b": 3}
    assert json.loads(built("diff", "main~1", "main", "--format", "json").out) == document
    assert "no difference" in built("diff", "main").out
    assert "@@" not in built("diff", "main~1", "main", "--no-code").out


def test_branch_from_creation_to_publish(built: Andon, golden: Golden) -> None:
    assert keys(built.json("branch", "create", "try")) >= {"name", "commit"}
    assert built.json("branch", "create", "try", status=2)["error"]["code"] == "lake.ref_exists"
    built.replace(MART, "count(*) as orders", "count(*) as orders, max(amount) as largest")
    built("run", "--branch", "try")
    golden("branch_list", built("branch", "list").out)
    assert [b["name"] for b in built.json("branch", "list")] == ["main", "try"]
    golden("plan_publish", built("plan", "try").out)
    assert built("publish", "try", status=2).err
    done = built.json("publish", "try", "--yes")
    assert done["published"] is True
    assert {t["action"] for t in done["tasks"]} == {"reuse"}
    assert built.json("branch", "drop", "try")["dropped"] is True
    assert built.json("branch", "drop", "main", status=2)["error"]["code"] == "lake.protected"


def test_branch_switch_brings_files(built: Andon) -> None:
    built("branch", "switch", "--create", "try")
    built.replace(MART, "count(*) as orders", "count(*) as orders, max(amount) as largest")
    assert built.json("branch", "switch", "main", status=3)["error"]["code"] == "lake.folder_dirty"
    built("run")
    assert built.json("branch", "switch", "main")["files"] == [MART]
    assert "largest" not in (built.folder / MART).read_text()
    assert "largest" in built("query", "from marts.revenue_by_month", "--at", "try").out


def test_undo_and_redo(built: Andon, golden: Golden) -> None:
    _double(built)
    built("run", "--yes")
    golden("undo", built("undo").out)
    assert "20.50" in built("query", "from marts.revenue_by_month").out
    again = built("run", "--yes")
    assert "was undone" in again.err
    assert built.json("status")["rejected"] == [MART]
    document = built.json("redo")
    assert keys(document) >= {"branch", "commit", "redone", "datasets"}
    assert "41.00" in built("query", "from marts.revenue_by_month").out
    assert keys(built.json("undo")) >= {"branch", "commit", "undone", "datasets", "rejected"}
    assert built.json("accept", "--rejected", MART)["accepted"][0]["path"] == MART
    assert built.json("accept", "--rejected", MART, status=2)["error"]["code"] == "usage.bad_argument"


def test_undo_of_somebody_elses_work_is_refused_without_a_terminal(
    built: Andon, monkeypatch: pytest.MonkeyPatch
) -> None:
    _double(built)
    built("run", "--yes")
    monkeypatch.setenv("ANDON_AUTHOR", "ben")
    error = built.json("undo", status=2)["error"]
    assert error["code"] == "usage.confirmation_needed"
    target = built.json("log", "-n", "1")[0]["commit"]
    assert error["hint"] == f"`andon -C {built.folder} undo {target[:8]} --yes` does it"
    assert built.json("undo", target[:8], "--yes")["undone"] == target
    oldest = built.json("log")[-1]["commit"]
    assert built.json("undo", oldest[:8], "--yes", status=2)["error"]["code"] == "usage.bad_argument"


def test_undo_of_an_older_publish_shows_what_it_means_and_asks(built: Andon) -> None:
    built.replace(MART, "count(*) as orders", "2 * count(*) as orders")
    built("run", "--yes")
    built.write("datasets/marts/n.sql", "select count(*) as n from shop.orders\n")
    built("run", "--yes")
    older = built.json("log")[1]["commit"]
    error = built.json("undo", older[:8], status=2)["error"]
    assert (error["code"], error["hint"]) == (
        "usage.confirmation_needed",
        f"`andon -C {built.folder} undo {older[:8]} --yes` does it",
    )
    done = built("undo", older[:8], "--yes")
    assert "columns: orders" in done.err
    assert "3 rows changed (orders 3)" in done.err
    assert "published to main" in done.out
    log = built.json("log")
    assert (log[0]["kind"], log[0]["target"], log[2]["undone"]) == ("undo", older, True)
    assert "marts.n" in built("ls").out


def test_tags(built: Andon) -> None:
    assert "no tags" in built("tag").out
    assert keys(built.json("tag", "month-end")) >= {"name", "commit"}
    assert [t["name"] for t in built.json("tag")] == ["month-end"]
    assert built("query", "select count(*) from shop.orders", "--at", "month-end").out.split()[-1] == "5"
    assert built.json("tag", "month-end", "--delete")["deleted"] is True
    assert built.json("tag", "--delete", status=2)["error"]["code"] == "usage.bad_argument"


def test_pull(built: Andon) -> None:
    assert "the folder has it all" in built("pull").out
    (built.folder / MART).unlink()
    assert keys(built.json("pull", "--dry-run")) >= {
        "branch",
        "commit",
        "written",
        "removed",
        "merged",
        "conflicts",
        "kept",
    }


def test_setting_up(built: Andon, golden: Golden) -> None:
    golden("config_show", built("config", "show").out)
    assert keys(built.json("config", "show")[0]) >= {"name", "value", "origin", "default", "help"}
    levels = {f["level"] for f in built.json("doctor")}
    assert levels <= {"ok", "note"}
    assert "no Python datasets" in built("lock").out
    assert built.json("lock") == []
    assert built.json("init", status=2)["error"]["code"] == "usage.exists"


def test_pinning_a_source(built: Andon) -> None:
    done = built.json("source", "pin", "shop.orders")
    assert keys(done) >= {"dataset", "file", "changed", "contract"}
    assert "order_id" in (built.folder / done["file"]).read_text()
    assert built.json("source", "pin", "shop.orders")["changed"] is False
    assert built.json("source", "pin", "marts.revenue_by_month", status=2)["error"]["code"] == "usage.bad_argument"


def test_settings_say_where_they_come_from(built: Andon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANDON_ENGINE_THREADS", "2")
    monkeypatch.setenv("ANDON_ENGIN_THREADS", "2")
    found = {s["name"]: (s["value"], s["origin"]) for s in built.json("config", "show")}
    assert found["engine.threads"] == (2, "ANDON_ENGINE_THREADS")
    assert "ANDON_ENGIN_THREADS" in built("config", "show").err


def test_log_of_a_dataset_that_never_was(built: Andon) -> None:
    error = built.json("log", "shop.order", status=2)["error"]
    assert (error["code"], error["where"]) == ("lake.dataset_not_found", "shop.order")
    assert "`shop.orders`" in error["hint"]
    (built.folder / MART).unlink()
    built("run", "--yes")
    assert len(built.json("log", "marts.revenue_by_month")) == 2  # gone now, but it was there
    near = built.json("log", "marts.revenue_by_mont", status=2)["error"]
    assert "`marts.revenue_by_month`" in near["hint"]


def test_status_says_what_is_kept_out(built: Andon) -> None:
    assert "the branch has what the folder says" in built("status").out
    built.replace(MART, "count(*) as orders", "count(*) as orders, max(amount) as largest")
    built("run", "--yes")
    built("undo")
    shown = built("status").out
    assert "the branch has what the folder says" not in shown
    assert "nothing to build, but the branch differs from the folder:" in shown
    assert f"note: {MART}: was undone" in shown
    assert f"  {MART}" in shown.splitlines()


def test_many_files_that_an_undo_keeps_out_are_one_note(built: Andon) -> None:
    for number in range(6):
        built.write(f"datasets/marts/part_{number}.sql", f"select {number} as n")
    built("run", "--yes")
    built("undo")
    (note,) = built.json("plan")["notices"]
    assert note.startswith("6 files were undone, so they are not published again: datasets/marts/part_0.sql, ")
    assert " and 2 more (" in note
    shown = built("status").out
    assert all(f"  datasets/marts/part_{number}.sql" in shown.splitlines() for number in range(6))
    for number in range(2):
        built("accept", "--rejected", f"datasets/marts/part_{number}.sql")
    assert len([n for n in built.json("plan")["notices"] if "was undone" in n]) == 4


def test_detached_head_hints_at_a_ref(built: Andon) -> None:
    (built.folder / ".git").mkdir()
    (built.folder / ".git" / "HEAD").write_text("1" * 40 + "\n", encoding="utf-8")
    error = built.json("tag", "here", status=2)["error"]
    assert "a ref such as `main`" in error["hint"]
    built("tag", "here", "main")


def test_switch_to_the_own_branch_does_nothing(built: Andon) -> None:
    built.replace(MART, "count(*) as orders", "count(*) as orders, max(amount) as largest")
    before = (built.folder / MART).read_bytes()
    shown = built("branch", "switch", "main").out
    assert shown.startswith("already on main at ")
    assert "nothing was done" in shown
    assert built.json("branch", "switch", "main")["files"] == []
    assert (built.folder / MART).read_bytes() == before


def test_a_refused_switch_does_not_hint_at_main(built: Andon) -> None:
    built("branch", "create", "try")
    built.replace(MART, "count(*) as orders", "count(*) as orders, max(amount) as largest")
    edited = (built.folder / MART).read_bytes()
    built("branch", "switch", "aside", "--create")
    built("run", "--yes")
    built("branch", "switch", "main")
    (built.folder / MART).write_bytes(edited)
    error = built.json("branch", "switch", "try", status=3)["error"]
    assert error["code"] == "lake.folder_dirty"
    assert "andon branch switch --create NAME" in error["hint"]
    assert "main" not in error["hint"]
    built("branch", "switch", "--create", "mine")  # as the hint says: the edits come along
    assert (built.folder / MART).read_bytes() == edited
    built("run", "--yes")
    built("branch", "switch", "try")


@pytest.mark.parametrize("damage", [0, 4096])
def test_doctor_sends_nobody_to_the_doctor(built: Andon, damage: int) -> None:
    (catalog,) = [p for p in built.folder.rglob("catalog*") if p.suffix in ("", ".db", ".sqlite")]
    for beside in catalog.parent.glob(f"{catalog.name}-*"):
        beside.unlink()
    with catalog.open("r+b") as file:
        file.seek(damage)
        file.write(b"\xa5" * 60_000)
    findings = built.json("doctor", status=4)
    risk = next(f for f in findings if f["what"] == "catalog")
    assert risk["level"] == "risk"
    assert "backup" in risk["hint"]
    assert "doctor" not in risk["hint"]


def _double(built: Andon) -> None:
    """A mistake that no check catches."""
    built.replace(MART, "sum(amount) as revenue", "2 * sum(amount) as revenue")
    built.replace(MART, "reconciles: ", "# reconciles: ")


def test_a_branch_with_work_that_is_in_no_other_place_is_not_dropped_unasked(built: Andon) -> None:
    built("branch", "create", "empty")
    built("branch", "drop", "empty")  # nothing was made on it
    built.replace(MART, "count(*) as orders", "count(*) + 0 as orders")
    built.write("macros/m.sql", "create macro twice(x) as 2 * x;\n")
    built("run", "--branch", "try", "--yes")
    refused = built.json("branch", "drop", "try", status=2)["error"]
    assert refused["message"] == "try has work that was not published: marts.revenue_by_month, macros/m.sql"
    assert "branch drop try --yes` drops it" in refused["hint"]
    built("publish", "try", "--yes")
    built("branch", "drop", "try")  # main has it by now
    built.replace(MART, "count(*) + 0 as orders", "count(*) + 1 as orders")
    built("run", "--branch", "again", "--yes")
    assert built.json("branch", "drop", "again", "--yes")["dropped"]
    built("undo")
    assert built.json("redo", "--yes")["redone"]


def test_a_query_takes_parameters(built: Andon) -> None:
    def asked(sql: str, *given: str) -> list[list[Any]]:
        rows: list[list[Any]] = built.json("query", sql, *(word for each in given for word in ("--param", each)))[
            "rows"
        ]
        return rows

    assert asked("select order_id from shop.orders where amount > $n order by 1 limit $m", "n=10", "m=2") == [[1], [3]]
    assert asked("select ?::int + 1, ?", "1=5", "2=a=b") == [[6, "a=b"]]
    assert asked("select count(*) from shop.orders where customer = $c", "c=ada' or 1=1 --") == [[0]]
    assert asked("select $zip", "zip=01067") == [["01067"]]
    for given in (["n"], ["=5"], ["n=1", "n=2"], ["m=1"]):
        words = [word for each in given for word in ("--param", each)]
        assert built.json("query", "select $n", *words, status=2)["error"]["code"] == "usage.bad_argument"
    assert built("query", "select $n as n", "--param", "n=5", "--format", "csv").out == "n\n5\n"
    built.write("datasets/marts/p.sql", "select $n as n\n")
    assert "a definition takes no parameters" in built("plan", status=2).err


def test_what_a_refresh_kept_back_is_named_and_the_rest_is_not_said_to_be_held(built: Andon) -> None:
    built.write("datasets/m/small.sql", "/*---\nchecks: n < 100\n---*/\nselect order_id as n from shop.orders\n")
    built.write("datasets/m/reader.sql", "select n from m.small\n")
    built("run", "--yes")
    raw = built.folder / "raw" / "orders.csv"
    raw.write_text(raw.read_text() + "900,ben,2026-03-05,5.00\n")
    found = built("refresh", status=1)
    assert "published to main" in found.out
    assert "of m.reader, m.small readers see what they saw before; what next:" in found.err
    assert [e["changed"] for e in built.json("log", "-n", "1")] == [["marts.revenue_by_month", "shop.orders"]]
    assert built("undo", status=2).err.count("it took in new data and changed no code") == 1
    undone = built.json("undo", "--yes")
    assert undone["datasets"] == ["marts.revenue_by_month", "shop.orders"]
    assert [d["dataset"] for d in built.json("diff", "main~1", "main")["datasets"]] == undone["datasets"]


def test_a_dataset_that_was_only_built_again_is_no_difference_anywhere(built: Andon) -> None:
    built.write("datasets/m/same.sql", "select count(*) > 0 as there from shop.orders\n")
    built("run", "--yes")
    raw = built.folder / "raw" / "orders.csv"
    raw.write_text(raw.read_text() + "6,ben,2026-03-05,5.00\n")
    built("refresh")
    changed = built.json("log", "-n", "1")[0]["changed"]
    assert "m.same" not in changed
    assert changed == [d["dataset"] for d in built.json("diff", "main~1", "main")["datasets"]]
    assert built.json("log", "m.same")[0]["kind"] == "change"  # the refresh is not in it
    assert built.json("undo", "--yes")["datasets"] == changed


def test_in_a_rehearsal_the_clock_is_given_and_that_is_said(andon: Andon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANDON_CLOCK", "2026-03-04T09:00+01:00")
    assert "a rehearsal: it is taken to be 2026-03-04 08:00 UTC" in andon("run", "--yes").err
    assert {commit["at"][:16] for commit in andon.json("log")} == {"2026-03-04T08:00"}
    monkeypatch.setenv("ANDON_CLOCK", "noon")
    assert "`noon` is not a time" in andon("log", status=2).err


def test_a_branch_without_a_name_is_refused(built: Andon) -> None:
    """A variable that a script did not set must not publish to main."""
    built.replace(MART, "count(*) as orders", "count(*) as orders, max(amount) as largest")
    before = built.json("log")
    for command in (("run", "--yes"), ("refresh",), ("undo", "--yes"), ("plan",)):
        assert built.json(*command, "--branch", "", status=2)["error"]["code"] == "usage.bad_argument"
    assert built.json("log") == before


def test_what_init_names_next_can_be_typed(tmp_path: Path) -> None:
    Path(tmp_path, "here").mkdir()
    assert Andon(tmp_path / "here")("init", ".").out.splitlines()[-1] == "next: andon run --yes"
    assert Andon(tmp_path)("init", "my shop").out.splitlines()[-1] == "next: cd 'my shop' && andon run --yes"
