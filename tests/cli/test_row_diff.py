"""`andon diff --rows`, the comment on a pull request, `andon log --schema`: as people and programs see them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from andon.cli.output import Console
from andon.cli.text.rows import summary_lines
from andon.lake.commits import Commit
from andon.model.commit import CommitKind
from andon.model.reach import Reach
from andon.model.row_diff import ColumnChange, RowCounts, RowDiff
from andon.render.markdown import markdown
from andon.service.diff_report import DiffReport, ReportCheck
from andon.service.history import DatasetDiff, Diff

if TYPE_CHECKING:
    from kit.command_line import Andon

MART = "datasets/marts/revenue_by_month.sql"
Golden = Callable[[str, str], None]


@pytest.fixture
def tried(built: Andon) -> Andon:
    """Another state on the branch `try`: an order corrected, one more, one less, a column added to the mart."""
    text = (built.folder / "raw/orders.csv").read_text(encoding="utf-8").splitlines()
    first = text[1].split(",")
    first[-1] = "99.99"
    built.write("raw/orders.csv", "\n".join([text[0], ",".join(first), *text[2:-1], "77,zoe,2026-12-24,5"]) + "\n")
    built.replace(MART, "count(*) as orders", "count(*) as orders, max(amount) as largest")
    built("run", "--branch", "try", "--yes")
    return built


def test_rows_side_by_side(tried: Andon, golden: Golden) -> None:
    golden("diff_rows", tried("diff", "main", "try", "--rows", "shop.orders").out)
    golden("diff_rows_all", tried("diff", "main", "try", "--rows").out)
    golden("diff_rows_where", tried("diff", "main", "try", "--rows", "shop.orders", "--where", "amount > 50").out)


def test_rows_document(tried: Andon) -> None:
    document = tried.json("diff", "main", "try", "--rows", "shop.orders,marts.revenue_by_month")
    orders, mart = document["datasets"]
    assert orders["rows"].items() >= {"added": 1, "removed": 1, "changed": 1}.items()
    assert orders["columns"] == {"amount": 1}
    assert orders["samples"][0]["changed"] == ["amount"]
    assert mart["columns_added"] == ["largest"]
    every = tried.json("diff", "main", "try", "--rows")["datasets"]
    assert {d["dataset"] for d in every} == {"shop.orders", "marts.revenue_by_month"}
    assert all(d["rows"].keys() == {"a", "b", "added", "removed", "changed"} and not d["samples"] for d in every)


def test_all_rows_go_to_a_file(tried: Andon) -> None:
    output = tried.folder / "diff.parquet"
    found = tried("diff", "main", "try", "--rows", "shop.orders", "-o", str(output))
    assert f"all 3 rows that differ: {output}" in found.out
    assert output.exists()
    wrong = tried.json("diff", "main", "try", "--rows", "-o", str(output), status=2)
    assert wrong["error"]["code"] == "usage.bad_argument"


def test_what_does_not_fit_together_is_refused(tried: Andon) -> None:
    for words in (("--where", "true"), ("-o", "x.parquet"), ("--rows", "shop.orders", "--format", "markdown")):
        assert tried.json("diff", "main", "try", *words, status=2)["error"]["code"] == "usage.bad_argument"
    assert tried.json("diff", "main", "try", "--rows", "shop.order", status=2)["error"]["hint"] == (
        "did you mean `shop.orders`?"
    )


def test_the_comment_shows_rows(tried: Andon, golden: Golden) -> None:
    golden("diff_markdown_rows", tried("diff", "main", "try", "--format", "markdown", "--no-code").out)


def test_schema_history(tried: Andon, golden: Golden) -> None:
    golden("log_schema", tried("log", "marts.revenue_by_month", "--schema", "--at", "try").out)
    document = tried.json("log", "marts.revenue_by_month", "--schema", "--at", "try")
    assert [(c["change"], len(c["columns"]), c["verdict"]) for c in document] == [
        ("changed", 4, "additive"),
        ("added", 3, None),
    ]
    assert tried.json("log", "--schema", status=2)["error"]["code"] == "usage.bad_argument"


def _commit(key: str) -> Commit:
    return Commit(key, (), 1, "", CommitKind.CHANGE, "ana", "", "2026-11-22T10:00:00Z")


def test_the_comment_with_verdicts_checks_and_reach(golden: Golden) -> None:
    odd = RowDiff(
        "marts.a", ("k",), ("k",), RowCounts(1, 2, 3), tuple(ColumnChange(n, 3) for n in "abcdef"), notes=("a|b",)
    )
    datasets = (
        DatasetDiff("marts.a", "changed", ("+ x STRUCT(a|b)",), (1000, 1240)),
        DatasetDiff("marts.b", "code", (), (5, 5)),
    )
    report = DiffReport(
        Diff(_commit("a" * 32), _commit("b" * 32), datasets, (("macros/`x`.sql", "a\n```\n", "b\n```\n"),), (odd,)),
        {"marts.a": "columns: x, y | rows", "marts.b": "none (renamed CTE)"},
        (
            ReportCheck("marts.a", "k is unique", "hold", True),
            ReportCheck("marts.a", "x ~ `y`", "warn", False, "3 rows"),
            ReportCheck("marts.b", "rows > 0", "hold", False),
        ),
        Reach(("marts.c", "marts.d"), ("retention",), (), rows=12_000, seconds=3.5),
    )
    golden("diff_markdown_report", "\n".join(markdown(report, ("main", "try"), True)) + "\n")
    assert report.to_json()["reach"]["seconds"] == 3.5


def test_a_summary_has_a_line_for_each_dataset_that_differs() -> None:
    found = [
        RowDiff("marts.value", rows=RowCounts(3, 0, 12), columns=(ColumnChange("segment", 12),)),
        RowDiff("marts.same"),
        RowDiff("a.b", skipped="8.1 GB to compare: `andon diff --rows a.b` does"),
        RowDiff("a.c", columns_added=("x", "y"), retyped=(("z", "BIGINT", "DOUBLE", "DOUBLE"),)),
    ]
    assert summary_lines(found, Console(color=False).out, None) == [
        "  marts.value  12 rows changed (segment 12), 3 added",
        "  a.b          rows not compared: 8.1 GB to compare: `andon diff --rows a.b` does",
        "  a.c          no row differs, columns x, y added, z is DOUBLE instead of BIGINT",
    ]


def test_a_run_lists_what_follows_with_what_is_known_without_reading_it(built: Andon) -> None:
    for i in range(14):
        built.write(f"datasets/marts/reader_{i:02}.sql", f"select *, {i} as n from marts.revenue_by_month\n")
    built("run", "--yes")
    built.replace(MART, "count(*) as orders", "2 * count(*) as orders")
    lines = built("run", "--branch", "try").out.splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("changed since "))
    listed, last = lines[first + 1 : -1], lines[-1]
    assert len(listed) == 12
    assert sum("content differs, " in line and " as before" in line for line in listed) > 6
    assert listed[-1].split()[:5] == ["marts.revenue_by_month", "columns:", "orders", "3", "of"]
    assert last.startswith("  … 3 more; `andon diff --rows NAME ")
    base, commit = last.split("`")[1].split()[-2:]
    assert "reader_13" in built("diff", "--rows", "marts.reader_13", base, commit).out
