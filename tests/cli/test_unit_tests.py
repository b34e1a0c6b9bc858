"""`andon test`: the table, the difference of what fails, JSON, exit status."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

from andon.cli.output import Ink
from andon.cli.text.unit_tests import result_lines
from andon.model.unit_tests import Pair, TestResult, TestStatus

if TYPE_CHECKING:
    from kit.command_line import Andon

TESTS = """\
- name: one line for each month
  dataset: marts.revenue_by_month
  given:
    shop.orders: |
      order_id,customer,ordered_at,amount
      1,ada,2026-01-05,10.00
      2,ben,2026-01-31,5.50
      3,ada,2026-02-01,1.00
  expect:
    - {month: 2026-01-01, revenue: 15.50}
    - {month: 2026-02-01, revenue: 1.00}
- name: no orders, no months
  dataset: marts.revenue_by_month
  expect: []
"""


def test_passing_and_again(andon: Andon) -> None:
    andon.write("tests/months.yml", TESTS)
    first = andon("test")
    assert [line.split()[0] for line in first.out.splitlines()] == ["✓", "✓"]
    assert first.err == "2 tests passed\n"
    second = andon("test", "marts.revenue_by_month")
    assert second.out.count("unchanged") == 2
    assert second.err == "2 tests passed · 2 unchanged since they ran (`--again` runs them)\n"
    assert "unchanged" not in andon("test", "--again").out
    assert andon("test", "--exclude", "marts").err == "no tests: they stand in `tests/*.yml`\n"


def test_failing(andon: Andon, golden: Callable[[str, str], None]) -> None:
    wrong = TESTS.replace("revenue: 15.50", "revenue: 15.00").replace("expect: []", "expect: [{mont: 2026-13-01}]")
    andon.write("tests/months.yml", wrong)
    found = andon("test", status=1)
    golden("test_failed", found.out + found.err)


def test_json(andon: Andon) -> None:
    andon.write("tests/months.yml", TESTS.replace("15.50", "15.00"))
    document = andon.json("test", status=1)
    assert (document["passed"], document["failed"]) == (1, 1)
    failed = document["tests"][0]
    assert (failed["status"], failed["test"]) == ("fail", "one line for each month")
    assert failed["pairs"] == [
        {"expected": ["2026-01-01", "15.00"], "found": ["2026-01-01", "15.50"], "differing": ["revenue"]}
    ]


def test_a_wrong_file(andon: Andon) -> None:
    andon.write("tests/months.yml", TESTS.replace("expect: []", "expects: []"))
    found = andon("test", status=2)
    assert "tests/months.yml:14:3" in found.err
    assert "did you mean `expect`?" in found.err


def test_narrow_terminals_and_much_left_out() -> None:
    result = TestResult(
        "marts.a_long_name_of_a_dataset",
        "what it shows in many words, more than fit",
        "tests/a.yml",
        3,
        TestStatus.FAIL,
        columns=("id", "text"),
        pairs=(Pair(("1", None), ("1", "x" * 80), (1,)),),
        missing=(("2", "y"),),
        missing_count=30,
        unexpected_count=1,
    )
    lines = list(result_lines([result], Ink(io.StringIO(), False, {}), 60))
    assert all(len(line) <= 60 for line in lines[:4] + lines[5:])
    assert lines[-1] == "  and 28 more missing"
    assert any("NULL" in line for line in lines)
