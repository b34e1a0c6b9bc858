"""Results of checks as lines for a terminal."""

from __future__ import annotations

import io
import shlex
from typing import Any

import pytest

from andon.base.record import replace
from andon.cli.output import Ink, display_width
from andon.cli.text.checks import (
    failed_lines,
    history_lines,
    next_steps,
    page_checks,
    result_lines,
    sample_lines,
    sql_lines,
    symbol,
)
from andon.model.check import CheckKind, CheckStatus, Severity
from andon.model.check_result import CheckResult, Samples
from andon.service.checks import CheckSql

INK = Ink(io.StringIO(), False, {})
PASS, FAIL, ERROR, SKIPPED = CheckStatus.PASS, CheckStatus.FAIL, CheckStatus.ERROR, CheckStatus.SKIPPED


def result(status: CheckStatus, dataset: str = "s.d", **facts: Any) -> CheckResult:
    made = CheckResult("k", "c", dataset, "a > 0", "a > 0", CheckKind.ROW, Severity.HOLD, status)
    return replace(made, **facts)


@pytest.mark.parametrize(
    ("check", "sign"),
    [
        (result(PASS), ("✓", "good")),
        (result(FAIL), ("✗", "bad")),
        (result(FAIL, severity=Severity.WARN), ("✗", "warn")),
        (result(ERROR, severity=Severity.INFO), ("✗", "dim")),
        (result(SKIPPED), ("○", "dim")),
        (result(FAIL, accepted={"who": "ana", "reason": "r"}), ("✓", "warn")),
    ],
)
def test_signs(check: CheckResult, sign: tuple[str, str]) -> None:
    assert symbol(check) == sign


def test_all_results_by_dataset() -> None:
    found = [
        result(PASS, bad=0, total=3, how="proof"),
        result(FAIL, bad=1, total=3),
        result(PASS, "s.e", bad=0, total=1),
    ]
    assert result_lines(found, INK, None) == [
        "s.d  ✓  a > 0  3 rows                proof",
        "     ✗  a > 0  1 of 3 rows (33.33%)  alone",
        "s.e  ✓  a > 0  1 row                 alone",
    ]
    assert result_lines([], INK, None) == ["no checks"]


def test_what_failed_with_its_rows_and_when_it_last_passed() -> None:
    check = result(
        FAIL,
        label="totals_agree",
        why="finance reads it",
        severity=Severity.WARN,
        bad=2,
        total=10,
        samples=Samples(("id", "a"), (("1", "-5"), ("2", None))),
        last_good={"value": 12_000, "run": 3, "commit": "f" * 64},
    )
    lines = failed_lines([result(PASS), check], INK, None)
    assert lines[:5] == [
        "✗ s.d  totals_agree  warn",
        "  2 of 10 rows (20.00%)",
        "  a > 0",
        "  last good: 12,000 in run 3 as ffffffff",
        "",
    ]
    assert [line.split() for line in lines[5:8]] == [["id", "a"], ["1", "-5"], ["2", "NULL"]]


def test_of_many_failing_checks_each_shows_a_few_rows() -> None:
    samples = Samples(("id",), tuple((str(i),) for i in range(30)))
    one = failed_lines([result(FAIL, bad=40, samples=samples)], INK, None)
    assert sum(line.strip().isdigit() for line in one) == 20
    assert one[-2] == "    … 20 more rows"
    many = failed_lines([result(FAIL, bad=40, samples=samples)] * 8, INK, None)
    assert sum(line.strip().isdigit() for line in many) == 8 * 5


def test_columns_that_do_not_fit_are_named() -> None:
    samples = Samples(tuple(f"column_{i}" for i in range(10)), (tuple("x" * 30 for _ in range(10)),))
    lines = sample_lines(samples, INK, 80, 5, 1)
    told = " ".join(line.strip() for line in lines[3:])
    names = ", ".join(f"column_{i}" for i in range(2, 8))
    assert told.startswith(f"… not shown: {names}; cut: ")
    assert all(display_width(line) <= 80 for line in lines)
    assert sample_lines(Samples(), INK, 80, 5, 1) == []


def test_what_can_be_done_about_a_held_result() -> None:
    lines = next_steps(7, [result(FAIL), result(FAIL, label="it's", text="it's")], "andon -C shop")
    assert "andon -C shop diff main run:7" in lines[1]
    assert "andon -C shop accept run:7 'a > 0' \"it's\" --reason" in lines[3]
    assert " …" in next_steps(7, [result(FAIL)] * 4, "andon")[3]
    for label in ("status in 'a', 'b'", "x = '$HOME'", "y matches '\"`ls`'", "z\\n'"):
        words = shlex.split(next_steps(7, [result(FAIL, label=label, text=label)], "andon")[3])
        assert words[3] == label
    twice = next_steps(7, [result(FAIL), replace(result(FAIL), dataset="s.other")], "andon")[3]
    assert shlex.split(twice)[3:5] == ["s.d: a > 0", "s.other: a > 0"]


def test_history_leaves_out_what_stays_the_same() -> None:
    said = [
        result(FAIL, bad=1, total=2, run=9, at="2026-11-09T10:00:00Z"),
        result(PASS, bad=0, total=2, run=8, at="2026-11-08T10:00:00Z"),
        result(PASS, bad=0, total=2, run=7, at="2026-11-07T10:00:00Z"),
        result(PASS, label="other", bad=0, total=2, run=9, at="2026-11-09T10:00:00Z"),
    ]
    lines = history_lines(said, INK, None)
    assert lines[0] == "a > 0"
    assert [line.split()[0] for line in lines[1:3]] == ["run:9", "run:7"]
    assert "2026-11-07 10:00" in lines[2]
    assert lines[3:5] == ["", "other"]


def test_the_checks_of_a_page() -> None:
    lines = page_checks([result(PASS, bad=0, total=2, run=9), result(SKIPPED, reason="nothing published")], INK, 80)
    assert [line.split()[0] for line in lines] == ["✓", "○"]
    assert lines[0].endswith("run:9")


def test_sql_of_several_lines_is_shown_in_lines():
    plans = [
        CheckSql("s.d", "a > 0", "spark", "with q0 as (\n  select 1\n)\nfrom q0"),
        CheckSql("s.d", "a < 9", "proof", ""),
    ]
    assert [INK.shown(line) for line in sql_lines(plans, INK)] == [
        "-- s.d: a > 0 (spark)",
        "with q0 as (",
        "  select 1",
        ")",
        "from q0",
        "",
        "-- s.d: a < 9 (proof)",
        "-- known from what the write told",
        "",
    ]
