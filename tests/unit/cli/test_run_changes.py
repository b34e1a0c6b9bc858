"""What a run changed, as lines: rows of how many, what is known of those that were not compared, and the command that compares."""

from __future__ import annotations

from andon.cli.output import Console
from andon.cli.text.run_changes import change_lines, change_rows
from andon.model.row_diff import ColumnChange, RowCounts, RowDiff
from andon.model.verdict import Verdict, VerdictKind
from andon.service.run_changes import Shown

ADDITIVE = Verdict(VerdictKind.ADDITIVE, added=("x",))
DIFF = RowDiff("s.a", rows=RowCounts(changed=3), columns=(ColumnChange("x", 3),))
CONSOLE = Console(color=False)
BASE, COMMIT = "b" * 64, "c" * 64


def test_rows_that_changed_of_how_many() -> None:
    skipped = RowDiff("s.b", rows=RowCounts(changed=3), skipped="too large")
    assert change_rows([DIFF, skipped], {"s.a": ADDITIVE}, {"s.a": 1200, "s.b": 1}) == [
        ("s.a", ("additive: x", "good"), "3 of 1,200 rows changed (x 3)"),
        ("s.b", ("by what it reads", "dim"), "rows not compared: too large"),
    ]
    assert change_rows([DIFF], {}, {})[0][2] == "3 rows changed (x 3)"


def test_what_was_not_compared_is_told_with_its_rows_and_the_command() -> None:
    others = {"s.view": (None, None), "s.same": (1200, 1200), "s.more": (1200, 1300), "s.one": (2, 1)}
    assert change_lines(Shown(BASE, COMMIT, (DIFF,), others, {"s.a": ADDITIVE}), CONSOLE) == [
        "",
        "changed since bbbbbbbb",
        "  s.a     additive: x       3 rows changed (x 3)",
        "  s.more  by what it reads  content differs, 1,200 → 1,300 rows (+100)",
        "  s.one   by what it reads  content differs, 2 → 1 row (-1)",
        "  s.same  by what it reads  content differs, 1,200 rows as before",
        "  s.view  by what it reads  content differs",
        "  `andon diff --rows NAME bbbbbbbb cccccccc` compares rows",
    ]


def test_many_are_counted_and_what_was_compared_is_always_listed() -> None:
    others = {f"s.o{i:02}": (1, 1) for i in range(30)}
    lines = change_lines(Shown(BASE, COMMIT, (DIFF,), others), CONSOLE)
    assert len(lines) == 2 + 12 + 1
    assert lines[2].startswith("  s.a ")
    assert lines[-1] == "  … 19 more; `andon diff --rows NAME bbbbbbbb cccccccc` compares rows"
    many = tuple(RowDiff(f"s.c{i:02}", rows=RowCounts(added=1)) for i in range(15))
    lines = change_lines(Shown(BASE, COMMIT, many, others), CONSOLE)
    assert len(lines) == 2 + 15 + 1
    assert "… 30 more; " in lines[-1]
    assert change_lines(Shown(BASE, COMMIT), CONSOLE) == []
