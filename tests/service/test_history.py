"""Log, schema log, diff and the report on a difference."""

import pytest

from andon.errors import UsageError
from andon.service.row_diffs import RowOptions

TOTALS = "datasets/marts/totals.sql"


def refused(call) -> UsageError:
    with pytest.raises(UsageError) as caught:
        call()
    return caught.value


def test_the_log_is_newest_first_with_what_each_changed(told):
    with told.opened() as service:
        entries = service.history.log()
        assert [str(e.commit.kind) for e in entries] == ["refresh", "change", "change", "init"]
        assert set(entries[1].changed) == {"marts.totals"} | ({"marts.best"} & set(entries[1].changed))
        assert set(entries[2].changed) == {"shop.orders", "marts.totals", "marts.best", "marts.count"}
        assert entries[3].changed == ()
        assert [e.commit.run for e in entries] == [3, 2, 1, None]
        assert [e.commit.id for e in service.history.log(limit=2)] == [e.commit.id for e in entries[:2]]
        assert [e.commit.id for e in service.history.log("main~1")] == [e.commit.id for e in entries[1:]]
        assert entries[1].to_json()["message"] == "orders are counted"
        assert [e.commit.run for e in service.history.log("try")] == [4, 3, 2, 1, None]


def test_the_log_of_a_dataset_has_only_what_changed_it(told):
    with told.opened() as service:
        log = service.history.log
        assert [e.commit.run for e in log(dataset="marts.count")] == [3, 1]
        assert [e.commit.run for e in log("try", dataset="marts.extra")] == [4]
        error = refused(lambda: log(dataset="marts.cuont"))
        assert (error.code, error.hint) == ("lake.dataset_not_found", "did you mean `marts.count`?")
        assert refused(lambda: log(dataset="marts.extra")).code == "lake.dataset_not_found"
        assert refused(lambda: log("nowhere")).code == "lake.ref_not_found"


def test_what_was_undone_is_marked_in_the_log(story):
    story.undo()
    with story.opened() as service:
        assert [(str(e.commit.kind), e.undone) for e in service.history.log(limit=3)] == [
            ("undo", False),
            ("refresh", True),
            ("change", False),
        ]


def test_the_log_counts_checks_of_runs_that_asked_any(story):
    sql = story.read(TOTALS)
    story.write(TOTALS, f"/*---\nchecks: |\n  amount > 0\n  orders < 2 warn\n---*/\n{sql}")
    story.run()
    with story.opened() as service:
        newest, before = service.history.log(limit=2)
        assert newest.checks == (2, 1)
        assert newest.to_json()["checks"] == {"asked": 2, "failed": 1}
        assert before.to_json()["checks"] is None


def test_the_schema_log_tells_when_columns_came_and_went(story):
    story.write(TOTALS, "select customer, sum(amount)::double as amount from shop.orders group by customer\n")
    story.run()
    story.write(TOTALS, None)
    story.write("datasets/marts/best.sql", None)
    story.run()
    with story.opened() as service:
        changes = service.history.schema_log("marts.totals")
        assert [c.change for c in changes] == ["removed", "changed", "changed", "added"]
        assert changes[0].columns == ()
        assert changes[1].lines[0] == "- orders BIGINT"
        assert changes[1].lines[1].startswith("~ amount ")
        assert changes[1].verdict == "contract"
        assert changes[2].lines == ("+ orders BIGINT",)
        assert changes[2].verdict == "additive"
        assert [name for name, _ in changes[3].columns] == ["customer", "amount"]
        assert changes[3].verdict is None
        assert len(service.history.schema_log("marts.totals", limit=1)) == 1
        assert changes[2].to_json()["columns"][2] == {"name": "orders", "type": "BIGINT"}
        assert refused(lambda: service.history.schema_log("marts.nothing")).code == "lake.dataset_not_found"


def test_a_diff_says_how_each_dataset_differs(story):
    story.write("datasets/marts/best.sql", f"-- the best\n{story.read('datasets/marts/best.sql')}")
    story.write("datasets/marts/count.sql", None)
    story.write("datasets/marts/new.sql", "select 1 as one\n")
    story.write(
        "sources/shop/orders.sql", story.read("sources/shop/orders.sql").replace("select id", "select id + 0 as id")
    )
    story.run()
    with story.opened() as service:
        diff = service.history.diff("loaded", "main")
        by_name = {d.dataset: d for d in diff.datasets}
        assert {name: d.change for name, d in by_name.items() if name != "shop.orders"} == {
            "marts.best": "text",
            "marts.count": "removed",
            "marts.new": "added",
        }
        assert by_name["shop.orders"].change in ("code", "changed")
        assert by_name["marts.count"].rows == (1, None)
        assert by_name["marts.new"].rows == (None, 1)
        ((path, before, after),) = by_name["marts.best"].code
        assert path == "datasets/marts/best.sql"
        assert after == f"-- the best\n{before}"
        assert service.history.diff("main", "main").datasets == ()
        assert refused(lambda: service.history.diff("main", "nowhere")).code == "lake.ref_not_found"


def test_a_diff_shows_shared_files_and_the_columns(told):
    with told.opened() as service:
        diff = service.history.diff("main~2", "main~1")
        (dataset,) = [d for d in diff.datasets if d.dataset == "marts.totals"]
        assert dataset.schema == ("+ orders BIGINT",)
        assert dataset.rows == (2, 2)
        assert dataset.verdict is not None
        assert str(dataset.verdict.kind) == "additive"
        assert diff.files == (("macros/money.sql", None, "create macro cents(x) as x * 100;\n"),)
        back = service.history.diff("main~1", "main~2")
        assert [d.schema for d in back.datasets if d.dataset == "marts.totals"] == [("- orders BIGINT",)]


def test_a_diff_with_rows_has_those_that_were_asked_for(told):
    with told.opened() as service:
        diff = service.history.diff_rows("main~1", "main")
        counts = {r.dataset: r.rows for r in diff.rows or ()}
        assert (counts["shop.orders"].added, counts["shop.orders"].removed) == (1, 0)
        one = service.history.diff_rows("main~1", "main", ["marts.best"])
        assert [d.change for d in one.datasets] == ["equal"]
        assert one.to_json()["datasets"][0]["rows"] == {"a": 1, "b": 1, "added": 0, "removed": 0, "changed": 0}
        error = refused(lambda: service.history.diff_rows("main~1", "main", ["marts.bset"]))
        assert (error.code, error.hint) == ("lake.dataset_not_found", "did you mean `marts.best`?")
        where = RowOptions(where="customer = 'cleo'")
        found = service.history.diff_rows("main~1", "main", ["marts.totals"], where)
        assert found.rows[0].rows.added == 1
        for bad in ("amount > 1; select 1", "exists (from marts.best)", "true) from compared.rows --"):
            options = RowOptions(where=bad)
            error = refused(lambda options=options: service.history.diff_rows("main~1", "main", (), options))
            assert error.code == "usage.not_one_select"


def test_a_report_tells_verdicts_rows_checks_and_reach(story):
    sql = story.read(TOTALS).replace("sum(amount)", "2 * sum(amount)")
    story.write(TOTALS, f"/*---\nchecks: |\n  amount > 0\n  amount < 20 warn\n---*/\n{sql}")
    story.run()
    with story.opened() as service:
        report = service.diff_reports.report("loaded", "main")
        assert set(report.verdicts) == {"marts.totals"}
        assert report.verdicts["marts.totals"].endswith("`amount`")
        assert [(c.text, c.severity, c.passed, c.found) for c in report.checks] == [
            ("amount > 0", "hold", True, ""),
            ("amount < 20 warn", "warn", False, "2 of 3 rows (66.67%)"),
        ]
        assert {r.dataset for r in report.diff.rows} >= {"marts.totals"}
        assert report.reach is not None
        assert report.to_json()["checks"][1]["found"] == "2 of 3 rows (66.67%)"
        small = service.diff_reports.report("loaded", "main", limit_bytes=1)
        assert any(r.skipped for r in small.diff.rows)
        nothing = service.diff_reports.report("main", "main")
        assert (nothing.diff.datasets, nothing.reach, nothing.diff.rows) == ((), None, ())
        assert refused(lambda: service.diff_reports.report("main", "nowhere")).code == "lake.ref_not_found"
