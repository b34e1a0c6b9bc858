"""Results of checks: kept by the question, met by runs, told as series of what was published."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from andon.base.database import Database
from andon.base.record import replace
from andon.model.check import CheckKind, CheckStatus, Severity
from andon.model.check_result import CheckResult, Samples, result_key
from andon.state.check_results import CheckResults
from andon.state.runs import RunBegin, RunEnd, RunLog


@pytest.fixture
def results(database: Database) -> CheckResults:
    return CheckResults(database)


def result(version: str = "v1", check: str = "check-1", **more: object) -> CheckResult:
    made = CheckResult(
        key=result_key(check, version),
        check=check,
        dataset="a.x",
        label="n > 0",
        text="n > 0",
        kind=next(iter(CheckKind)),
        severity=Severity.HOLD,
        status=CheckStatus.PASS,
        version=version,
        at="2026-11-01T00:00:00.000000Z",
        how="scan",
    )
    return replace(made, **more)


def keep(database: Database, results: CheckResults, *found: CheckResult) -> None:
    with database.write() as transaction:
        results.record(transaction, found, {})


def run(
    database: Database,
    results: CheckResults,
    met: Sequence[CheckResult],
    branch: str = "main",
    published: bool = True,
) -> int:
    """A run that met these results."""
    runs = RunLog(database, lambda: datetime(2026, 11, 1, tzinfo=UTC))
    number = runs.begin(RunBegin(branch, "base", "change", "ana", "day"))
    with database.write() as transaction:
        runs.end(transaction, number, RunEnd("done", 1.0, f"commit-{number}", published=published))
        results.record_run(transaction, number, [replace(one, run=number) for one in met])
    return number


def test_a_result_is_found_by_its_question(database: Database, results: CheckResults) -> None:
    samples = Samples(("id", "email"), (("1", None), ("2", "x")), ("email",))
    failed = result(status=CheckStatus.FAIL, bad=2, total=9, value=0.5, limit="ä", samples=samples, run=3, seconds=0.5)
    with database.write() as transaction:
        results.record(transaction, [failed, result("v2")], {failed.key: 1_700_000_000})
    found = results.find([failed.key, "unknown"])
    assert list(found) == [failed.key]
    kept = found[failed.key]
    assert (kept.status, kept.version, kept.bad, kept.total, kept.value, kept.limit) == ("fail", "v1", 2, 9, 0.5, "ä")
    assert (kept.samples, kept.newest, kept.run, kept.at) == (samples, 1_700_000_000, 3, failed.at)


def test_what_was_found_first_stays(database: Database, results: CheckResults) -> None:
    keep(database, results, result(value=1))
    keep(database, results, result(value=2))
    assert results.find([result().key])[result().key].value == 1


@pytest.mark.parametrize("more", [{"status": CheckStatus.ERROR}, {"how": "kept"}], ids=["error", "kept"])
def test_what_is_no_finding_is_not_kept(database: Database, results: CheckResults, more: dict[str, object]) -> None:
    keep(database, results, result(**more))
    assert results.find([result().key]) == {}


def test_a_run_tells_what_it_met_in_its_order(database: Database, results: CheckResults) -> None:
    met = [
        result("v2", "check-2", label="key id", severity=Severity.WARN, line=7, file="datasets/a/x.sql", why="law"),
        result(status=CheckStatus.ERROR, reason="could not run", others=(("b.y", "v9"),), published="v0"),
        result("v3", "check-3", how="kept", accepted={"who": "ana", "reason": "June"}),
    ]
    number = run(database, results, met)
    assert results.of_run(number) == [replace(one, run=number) for one in met]
    assert results.of_run(number + 1) == []


def test_what_a_run_met_is_written_once(database: Database, results: CheckResults) -> None:
    number = run(database, results, [result(), result("v2")])
    with database.write() as transaction:
        results.record_run(transaction, number, [result("v3")])
    assert [one.version for one in results.of_run(number)] == ["v3"]


def test_how_many_were_asked_and_failed(database: Database, results: CheckResults) -> None:
    failed, broken = result("v2", status=CheckStatus.FAIL), result("v3", status=CheckStatus.ERROR)
    first = run(database, results, [result(), failed, broken])
    second = run(database, results, [result()])
    empty = run(database, results, [])
    assert results.counts([first, second, empty, 99]) == {first: (3, 2), second: (1, 0)}


def test_results_of_a_dataset_newest_run_first(database: Database, results: CheckResults) -> None:
    first = run(database, results, [result("v1"), result("v1", "check-2")])
    second = run(database, results, [result("v2"), result("v2", "other", dataset="b.y")])
    found = [(one.run, one.check, one.version) for one in results.of_dataset("a.x")]
    assert found == [(second, "check-1", "v2"), (first, "check-1", "v1"), (first, "check-2", "v1")]
    assert len(results.of_dataset("a.x", limit=1)) == 1


def test_values_by_version(database: Database, results: CheckResults) -> None:
    keep(database, results, result("v1", value=1), result("v2", value=2.5), result("v1", "other", value=9))
    assert results.values("check-1") == {"v1": 1, "v2": 2.5}


def test_a_series_is_of_what_was_published_to_the_branch(database: Database, results: CheckResults) -> None:
    run(database, results, [result(value=1)])
    run(database, results, [result(value=2)], branch="dev")
    run(database, results, [result(value=3)], published=False)
    run(database, results, [result(value=None, status=CheckStatus.ERROR)])
    run(database, results, [result(value=4, status=CheckStatus.FAIL)])
    assert results.series("check-1", "main") == [("day", "commit-5", 4), ("day", "commit-1", 1)]
    assert results.series("check-1", "main", limit=1) == [("day", "commit-5", 4)]
    assert results.series("other", "main") == []


def test_when_it_was_last_good(database: Database, results: CheckResults) -> None:
    assert results.last_good("check-1") is None
    run(database, results, [result(value=1, bad=0)])
    good = run(database, results, [result("v2", value=2, bad=0)])
    run(database, results, [result("v3", value=3)], published=False)
    run(database, results, [result("v4", value=4, bad=5, status=CheckStatus.FAIL)])
    assert results.last_good("check-1") == (good, 2, 0)
