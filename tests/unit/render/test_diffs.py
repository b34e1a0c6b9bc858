"""Diffs of commits in words, and as a comment on a pull request."""

from __future__ import annotations

import pytest

from andon.model.commit import Commit, CommitKind
from andon.model.row_diff import RowChange, RowCounts, RowDiff, RowSample
from andon.render.diffs import WORDS, rows_text, texts_of, unified
from andon.render.markdown import escape, fenced, markdown
from andon.service.diff_report import DiffReport, ReportCheck
from andon.service.history import DatasetDiff, Diff


def commit(key: str) -> Commit:
    return Commit(key * 32, (), 1, "", CommitKind.CHANGE, "ana", "", "2026-11-22T10:00:00Z")


def report(*datasets: DatasetDiff, rows: tuple[RowDiff, ...] = (), checks: tuple[ReportCheck, ...] = ()) -> DiffReport:
    return DiffReport(Diff(commit("a"), commit("b"), datasets, (), rows), {}, checks)


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ((None, None), ""),
        ((None, 1), "1 row"),
        ((1234, None), "1,234 rows"),
        ((None, 0), "0 rows"),
        ((5, 5), "5 rows"),
        ((1234, 1240), "1,234 → 1,240 rows (+6)"),
        ((10, 1), "10 → 1 row (-9)"),
    ],
)
def test_rows_before_and_after(rows: tuple[int | None, int | None], text: str) -> None:
    assert rows_text(DatasetDiff("s.d", "changed", (), rows)) == text


def test_texts_as_unified_diffs() -> None:
    assert unified(("x.sql", "a\nb\n", "a\nc\n")) == ["--- a/x.sql", "+++ b/x.sql", "@@ -1,2 +1,2 @@", " a", "-b", "+c"]
    assert unified(("x.sql", None, "a\n"))[:2] == ["--- /dev/null", "+++ b/x.sql"]
    assert unified(("x.sql", "a\n", None))[:2] == ["--- a/x.sql", "+++ /dev/null"]


def test_texts_of_datasets_come_before_shared_ones() -> None:
    own, shared = ("d.sql", "a", "b"), ("macros/m.sql", "a", "b")
    found = Diff(commit("a"), commit("b"), (DatasetDiff("s.d", "code", (), (1, 1), (own,)),), (shared,))
    assert list(texts_of(found)) == [own, shared]


def test_nothing_differs() -> None:
    lines = markdown(report(), ("main", "try"), True)
    assert lines[0] == "### 0 datasets differ: `main` → `try`"
    assert lines[-1] == "No difference."


def test_many_datasets_are_counted() -> None:
    lines = markdown(report(*(DatasetDiff(f"s.d{i}", "changed", (), (1, 1)) for i in range(32))), ("a", "b"), False)
    assert sum(line.startswith("| `s.d") for line in lines) == 30
    assert "| … and 2 more | | | |" in lines


def test_what_a_table_could_not_hold_is_escaped() -> None:
    rows = (RowSample(RowChange.ADDED, 1, None, ("a|b\n<i>", 1)),)
    found = RowDiff("s.d", ("x|y", "n"), rows=RowCounts(1), samples=rows)
    lines = markdown(
        report(DatasetDiff("s.d", "changed", ("+ x STRUCT(a|b)",), (0, 1)), rows=(found,)), ("a", "b"), False
    )
    assert "| `s.d` | " + WORDS["changed"] + " | 0 → 1 row (+1)<br>1 row added | `+ x STRUCT(a\\|b)` |" in lines
    assert "| | x\\|y | n |" in lines
    assert "| + | a\\|b &lt;i> | 1 |" in lines


def test_failed_checks_stand_by_severity_and_many_are_counted() -> None:
    weak, held = ReportCheck("s.d", "a > 0", "info", False, "1 row"), ReportCheck("s.d", "b", "hold", False)
    lines = markdown(report(checks=(weak, held, *[replace_text(weak, i) for i in range(10)])), ("a", "b"), False)
    listed = [line for line in lines if line.startswith("- ")]
    assert listed[0] == "- hold · `s.d` · `b`"
    assert listed[1] == "- info · `s.d` · `a > 0`: 1 row"
    assert listed[-1] == "- … and 2 more"
    assert "**Checks**: 0 of 12 checks passed" in lines


def replace_text(check: ReportCheck, number: int) -> ReportCheck:
    return ReportCheck(check.dataset, f"c{number}", check.severity, check.passed)


def test_code_is_fenced_by_more_ticks_than_it_has() -> None:
    assert fenced(["a", "```", "````sql"], "diff") == ["`````diff", "a", "```", "````sql", "`````"]
    assert fenced(["a"], "sql") == ["```sql", "a", "```"]
    assert escape("a<b & c") == "a&lt;b &amp; c"
