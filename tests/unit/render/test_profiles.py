"""Moves of profiles in words."""

from __future__ import annotations

import pytest

from andon.base.record import replace
from andon.model.profile import ColumnKind, ColumnProfile, Value
from andon.model.profile_diff import ColumnMoves, Move
from andon.render.profiles import column_text, move_text, move_word

BEFORE = ColumnProfile("a", "BIGINT", ColumnKind.NUMBER, 100, 5, 100, distinct=95)
AFTER = replace(BEFORE, distinct=90)


def told(what: str, before: Value, after: Value, moves: ColumnMoves | None = None) -> str:
    return move_text(moves or ColumnMoves("a", "changed", BEFORE, AFTER), Move(what, before, after, 1.0))


@pytest.mark.parametrize(
    ("what", "before", "after", "text"),
    [
        ("nulls", 0.0, 0.0005, "0% → <0.1%"),
        ("empty", 0.25, 1.0, "25.0% → 100%"),
        ("mean", 10.0, 11.0, "10 → 11"),
        ("mean", 10.0, 1000.0, "10 → 1,000  ×100"),
        ("mean", 100.0, 12.5, "100 → 12.5  ×0.125"),
        ("maximum", -5, 5, "-5 → 5"),
        ("maximum", "2026-01-01", "2026-11-01", "2026-01-01 → 2026-11-01"),
        ("type", "INTEGER", "BIGINT", "INTEGER → BIGINT"),
        ("new values", None, "x, y", "x, y"),
        ("gone values", "x, y", None, "x, y"),
        ("shift", None, 0.1, "the values moved (index 0.10)"),
        ("shift", None, 0.25, "the values are of another population (index 0.25)"),
        ("distinct", 95, 90, "95 → 90, no longer unique"),
    ],
)
def test_from_what_to_what(what: str, before: Value, after: Value, text: str) -> None:
    assert told(what, before, after) == text


def test_estimates_are_marked() -> None:
    rough = ColumnMoves("a", "changed", replace(BEFORE, distinct_exact=False), AFTER)
    assert told("distinct", 95, 90, rough) == "≈95 → 90"


def test_what_moved_has_a_word() -> None:
    words = [move_word(Move(what, None, None, 1.0)) for what in ("nan", "length", "mean")]
    assert words == ["NaN", "longest", "mean"]


def test_a_column_in_few_words() -> None:
    assert column_text(BEFORE) == "BIGINT, 95 distinct, 5.0% nulls"
