"""Row diffs in words."""

from __future__ import annotations

from decimal import Decimal

import pytest

from andon.model.row_diff import ColumnChange, RowChange, RowCounts, RowDiff, RowSample, ValuePair
from andon.render.rows import change_text, counts_text, differing_text, pair_text, shown_columns, value_text


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (RowDiff("s.d"), "no row differs"),
        (RowDiff("s.d", rows=RowCounts(added=1)), "1 row added"),
        (RowDiff("s.d", rows=RowCounts(1000, 2, 3)), "3 rows changed, 1,000 added, 2 removed"),
        (RowDiff("s.d", rows=RowCounts(removed=2)), "2 rows removed"),
        (
            RowDiff("s.d", rows=RowCounts(changed=9), columns=tuple(ColumnChange(n, 9) for n in "abcdef")),
            "9 rows changed (a 9, b 9, c 9, d 9 and 2 more columns)",
        ),
        (RowDiff("s.d", columns_added=("x",)), "no row differs, column x added"),
        (RowDiff("s.d", rows=RowCounts(1), columns_removed=("x", "y")), "1 row added, columns x, y removed"),
        (RowDiff("s.d", retyped=(("a", "INT", "TEXT", "TEXT"),)), "no row differs, a is TEXT instead of INT"),
        (RowDiff("s.d", rows=RowCounts(1), skipped="too large"), "rows not compared: too large"),
    ],
)
def test_what_differs(found: RowDiff, text: str) -> None:
    assert counts_text(found) == text


def test_columns_of_one_side_make_no_row_differ() -> None:
    assert differing_text(RowDiff("s.d", columns_added=("x",))) == ""


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (ColumnChange("a", 1, sum=5, largest=5), "+5"),
        (ColumnChange("a", 3, sum=Decimal("-1.50"), largest=Decimal("-2.00")), "-1.50 in all, largest -2.00"),
        (ColumnChange("a", 2, sum=0, largest=3), "0 in all, largest +3"),
        (
            ColumnChange("a", 3, pairs=(ValuePair("x", None, 1200), ValuePair("y", "z", 1))),
            "x → NULL (1,200), y → z (1)",
        ),
        (ColumnChange("a", 2, filled=1, emptied=2), "1 were NULL; 2 are NULL now"),
        (ColumnChange("a", 2, masked=True), "values are not shown (pii)"),
    ],
)
def test_how_the_values_of_a_column_changed(change: ColumnChange, text: str) -> None:
    assert change_text(change) == text


def test_of_long_values_that_differ_the_length_is_told() -> None:
    old, new = "x" * 100 + "a" + "y" * 900, "x" * 100 + "b" + "y" * 912
    assert pair_text(old, new, 2000) == f"{old} → {new}"
    shown = pair_text(old, new, 60)
    assert shown.endswith(" (up to 1,013 characters)")
    assert "xa" in shown
    assert "xb" in shown
    change = ColumnChange("a", 1, pairs=(ValuePair(old, new, 1),))
    assert change_text(change, 60) == f"{shown} (1)"


def test_long_values_are_cut() -> None:
    assert value_text("x" * 40) == "x" * 40
    assert value_text("x" * 41) == "x" * 39 + "… (41 characters)"
    assert value_text("x" * 41, 60) == "x" * 41
    assert value_text(None) == "NULL"


NAMES = ("k", *(f"c{i}" for i in range(12)))


def samples(*changes: RowChange) -> tuple[RowSample, ...]:
    row = tuple(range(13))
    return tuple(
        RowSample(c, 1, None if c is RowChange.ADDED else row, None if c is RowChange.REMOVED else row) for c in changes
    )


def test_key_and_changed_columns_stand_side_by_side() -> None:
    columns = (ColumnChange("c3", 1), ColumnChange("c9", 1))
    found = RowDiff("s.d", NAMES, ("k",), columns=columns, samples=samples(RowChange.CHANGED))
    assert shown_columns(found) == ([0, 4, 10], 0)


def test_many_changed_columns_are_counted() -> None:
    columns = tuple(ColumnChange(f"c{i}", 1) for i in range(12))
    found = RowDiff("s.d", NAMES, ("k",), columns=columns, samples=samples(RowChange.CHANGED))
    assert shown_columns(found) == (list(range(8)), 5)


def test_of_a_new_row_more_is_shown() -> None:
    found = RowDiff("s.d", NAMES, ("k",), columns=(ColumnChange("c9", 1),), samples=samples(RowChange.ADDED))
    assert shown_columns(found) == ([0, 1, 2, 3, 4, 10], 0)


def test_without_changed_columns_as_many_as_fit() -> None:
    assert shown_columns(RowDiff("s.d", NAMES, samples=samples(RowChange.REMOVED))) == (list(range(8)), 5)


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("a", "b", "a → b"),
        (0.3, 0.30000000000000004, "0.3 → 0.30000000000000004"),
        (0.1, 0.2, "0.1 → 0.2"),
        (1e22, 1.0000000000000002e22, "1e+22 → 1.0000000000000002e+22"),
        ("paid", "paid ", "'paid' → 'paid '"),
        ("paid", "paid\n", r"'paid' → 'paid\n'"),
        ("a\r\nb", "a\nb", r"'a\r\nb' → 'a\nb'"),
        ("a b", "a\xa0b", r"'a b' → 'a\xa0b'"),
        ("ab", "a\u200bb", r"'ab' → 'a\u200bb'"),
        ("café", "cafe\u0301", r"'café' → 'cafe\u0301'"),
        ("Å", "\u212b", r"'Å' → '\u212b'"),
        ("1/2", "½", r"1/2 → ½"),
        ("", None, "'' → NULL"),
        ("NULL", None, "'NULL' → NULL"),
        (
            "x" * 60 + "a" + "y" * 60,
            "x" * 60 + "b" + "y" * 60,
            "…xxxxxxxxxxxxxayyyyyyyyyyyyyyyyyyyyyyyy… → …xxxxxxxxxxxxxbyyyyyyyyyyyyyyyyyyyyyyyy…"
            " (up to 121 characters)",
        ),
        ("x" * 60, "x" * 60 + "tail", "…xxxxxxxxxxxxx → …xxxxxxxxxxxxxtail (up to 64 characters)"),
        ("a" + "y" * 60, "b" + "y" * 60, "a" + "y" * 38 + "… → b" + "y" * 38 + "… (up to 61 characters)"),
        (Decimal("1.50"), Decimal("1.5001"), "1.50 → 1.5001"),
    ],
)
def test_what_became_another_is_seen_to_be_another(old: object, new: object, text: str) -> None:
    found = pair_text(old, new)
    assert found == text
    one, other = found.partition(" (up to ")[0].split(" → ")
    assert one != other
    assert max(len(one), len(other)) <= 44
