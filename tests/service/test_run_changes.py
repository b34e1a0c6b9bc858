"""What a run's summary tells: rows where they are known or cheap, else what is known without; a publish shows what its branch found."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from andon.model.row_diff import RowCounts
from andon.model.run import RunResult
from andon.service import run_changes
from andon.service.run_changes import Shown, affordable
from kit.clones import Clone, closing

TOTALS = "datasets/marts/totals.sql"
MORE = "select customer, sum(amount) + 1 as amount from shop.orders group by customer order by customer\n"
READERS = {
    f"datasets/marts/reader_{i}.sql": f"select customer, amount, {i} as n from marts.totals order by customer\n"
    for i in range(5)
}


@pytest.fixture
def lake(tmp_path: Path) -> Clone:
    from kit.clones import FILES

    clone = Clone(tmp_path / "acme")
    clone.fill(FILES | READERS)
    clone.run()
    return clone


def shown(lake: Clone, result: RunResult) -> Shown:
    with closing(lake.open()) as service:
        return service.run_changes.of(result)


def test_what_has_other_code_is_compared_and_what_follows_while_that_costs_little(lake: Clone) -> None:
    lake.write(TOTALS, MORE)
    found = shown(lake, lake.run(branch="try"))
    compared = [diff.dataset for diff in found.rows]
    assert "marts.totals" in compared
    assert 2 <= len(compared) < 6
    assert set(compared) | set(found.others) == {"marts.totals", *(f"marts.reader_{i}" for i in range(5))}
    assert all(rows == (2, 2) for rows in found.others.values())
    assert all(diff.rows == RowCounts(added=2, removed=2) for diff in found.rows)
    assert set(found.verdicts) == {"marts.totals"}
    assert set(found.totals.values()) == {2}


def test_of_more_datasets_than_fit_the_first_are_compared(lake: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_changes, "_MOST", 2)
    for path, text in READERS.items():
        lake.write(path, text.replace("as n", "as m"))
    found = shown(lake, lake.run(branch="try"))
    assert [diff.dataset for diff in found.rows] == ["marts.reader_0", "marts.reader_1"]
    assert set(found.others) == {"marts.reader_2", "marts.reader_3", "marts.reader_4"}
    assert set(found.verdicts) == {f"marts.reader_{i}" for i in range(5)}


def test_a_publish_shows_what_its_branch_made_known_and_starts_no_engine(lake: Clone) -> None:
    lake.write(TOTALS, MORE)
    first = shown(lake, lake.run(branch="try"))
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from andon.runs.goal import ANY_PLAN, RunOptions\nfrom andon.service.service import Service\n"
        f"service = Service.open(Path({str(lake.root)!r}))\n"
        "found = service.run_changes.of(service.branches.publish('try', options=RunOptions(agreed=ANY_PLAN)))\n"
        "assert 'duckdb' not in sys.modules and 'pyarrow' not in sys.modules\n"
        "print(sorted((d.dataset, d.rows.added) for d in found.rows), sorted(found.others))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == f"{sorted((d.dataset, 2) for d in first.rows)} {sorted(first.others)}"


def test_a_publish_compares_what_has_other_code_though_nobody_looked_before(lake: Clone) -> None:
    lake.write(TOTALS, MORE)
    lake.run(branch="try")
    found = shown(lake, lake.publish("try"))
    assert [diff.dataset for diff in found.rows] == ["marts.totals"]
    assert len(found.others) == 5


def test_views_have_no_rows_to_tell_and_a_refresh_tells_nothing(lake: Clone) -> None:
    view = "/*---\nmaterialize: view\n---*/\nselect * from marts.totals\n"
    lake.write("datasets/marts/seen.sql", view)
    lake.run()
    lake.write(TOTALS, MORE)
    found = shown(lake, lake.run(branch="try"))
    assert found.others["marts.seen"] == (None, None)
    lake.write("raw/orders_06.csv", "id,customer,amount\n4,cy,1\n")
    refreshed = lake.refresh()
    assert (shown(lake, refreshed).rows, shown(lake, refreshed).others) == ((), {})


def test_what_an_undo_takes_back_is_known_before_from_what_its_publish_found(lake: Clone) -> None:
    lake.write(TOTALS, MORE)
    lake.write("datasets/marts/more.sql", "select 1 as one\n")
    forward = shown(lake, lake.run())
    with closing(lake.open()) as service:
        found = service.run_changes.of_commit(service.undoing.undo().commit)
        assert {d.dataset: d.rows for d in found.rows if d.dataset != "marts.more"} == {
            d.dataset: d.rows for d in forward.rows
        }
        assert (found.gone, found.new) == (frozenset({"marts.more"}), frozenset())
        assert set(found.others) == set(forward.others)
        again = service.run_changes.of_commit(service.undoing.redo().commit)
        assert {d.dataset: d.rows for d in again.rows if d.dataset != "marts.more"} == {
            d.dataset: d.rows for d in forward.rows
        }
        assert (again.gone, again.new) == (frozenset(), frozenset({"marts.more"}))


def test_before_a_question_all_is_told_and_no_more_is_read_than_takes_a_second(
    lake: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.write(TOTALS, MORE)
    result = lake.run()
    counted = {d.dataset for d in shown(lake, result).rows}
    target = lake.head(result.commit)
    everything = {"marts.totals", *(f"marts.reader_{i}" for i in range(5))}
    monkeypatch.setattr(run_changes, "_ASKED_BYTES", 1)
    with closing(lake.open()) as service:
        found = service.run_changes.undone(target)
        assert {d.dataset for d in found.rows} == everything
        assert {d.dataset for d in found.rows if d.skipped is None} == counted < everything
        assert set(found.verdicts) == {"marts.totals"}
        left_out = [d for d in found.rows if d.skipped is not None]
        assert all(f"`andon diff --rows {d.dataset} {target.id[:8]} " in (d.skipped or "") for d in left_out)
    monkeypatch.undo()
    with closing(lake.open()) as service:
        found = service.run_changes.undone(target)
        assert {d.dataset: d.rows for d in found.rows} == dict.fromkeys(everything, RowCounts(added=2, removed=2))


def test_a_plan_tells_of_what_is_built_already_how_its_rows_differ_and_what_checks_said(lake: Clone) -> None:
    lake.write(TOTALS, "/*---\nchecks: |\n  amount < 0  warn\n---*/\n" + MORE)
    lake.write("datasets/marts/count.sql", None)
    lake.write("datasets/marts/more.sql", "select 1 as one\n")
    run = lake.run(branch="try", drop=True)
    with closing(lake.open()) as service:
        plan = service.branches.plan_publish("try")
        found = service.run_changes.ahead(plan, "try")
    assert (found.new, found.gone) == (frozenset({"marts.more"}), frozenset({"marts.count"}))
    counts = {d.dataset: d.rows for d in found.rows}
    assert counts["marts.more"] == RowCounts(added=1)
    assert counts["marts.count"] == RowCounts(removed=1)
    assert counts["marts.totals"] == RowCounts(added=2, removed=2)
    assert (found.run, [c.failed for c in found.checks]) == (run.run, [True])


def test_costs_are_taken_in_order_while_they_fit() -> None:
    costs = {"a": 1.0, "b": 2.0, "c": 0.5}
    assert [affordable(costs, allowed) for allowed in (0.0, 1.0, 2.9, 3.0, 4.0)] == [
        [],
        ["a"],
        ["a"],
        ["a", "b"],
        ["a", "b", "c"],
    ]
