"""Expected rows against those found: as multisets, within tolerances, and which rows are shown beside each other."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from andon.unit_tests.compare import FLOAT_SHARE, ComparedRow, NumberTolerance, RowComparison, is_near

EXACT = NumberTolerance(Fraction(0), False)
DEFAULT = NumberTolerance(FLOAT_SHARE, True)


def lines(*rows: tuple[Any, ...]) -> list[ComparedRow]:
    return [ComparedRow(tuple(None if v is None else str(v) for v in row), row) for row in rows]


def texts(width: int, *key: int, ordered: bool = False) -> RowComparison:
    return RowComparison([None] * width, frozenset(key), ordered)


def test_rows_in_any_order_each_as_often_as_expected() -> None:
    rows = texts(2)
    assert rows.difference(lines(("a", 1), ("b", 2)), lines(("b", 2), ("a", 1))).is_none
    found = rows.difference(lines(("a", 1), ("a", 1)), lines(("a", 1)))
    assert (found.missing, found.missing_count, found.unexpected_count) == ((("a", "1"),), 1, 0)
    found = rows.difference(lines(("a", 1)), lines(("a", 1), ("a", 1), ("a", 1)))
    assert (found.unexpected, found.unexpected_count) == ((("a", "1"),) * 2, 2)


def test_null_is_not_its_name() -> None:
    assert not texts(1).difference(lines((None,)), lines(("NULL",))).is_none
    assert texts(1).difference(lines((None,)), lines((None,))).is_none


def test_the_order_where_it_counts() -> None:
    one, other = lines(("a",), ("b",), ("c",)), lines(("a",), ("c",), ("b",))
    found = texts(1, ordered=True).difference(one, other)
    assert (found.misplaced, found.missing_count, [p.expected for p in found.pairs]) == (True, 0, [("b",), ("c",)])
    assert texts(1, ordered=True).difference(one, one).is_none
    assert texts(1).difference(one, other).is_none


def test_pairs_by_the_key_first() -> None:
    expected, found = lines((1, "x", "y"), (2, "x", "y")), lines((2, "p", "q"), (3, "x", "y"))
    keyed = texts(3, 0).difference(expected, found)
    assert [(p.expected[0], p.found[0], p.differing) for p in keyed.pairs] == [("2", "2", (1, 2))]
    assert (keyed.missing, keyed.unexpected) == ((("1", "x", "y"),), (("3", "x", "y"),))
    free = texts(3).difference(expected, found)
    assert [(p.expected[0], p.found[0]) for p in free.pairs] == [("1", "3"), ("2", "2")]


def test_one_row_on_each_side_is_a_pair() -> None:
    found = texts(2, 0).difference(lines((1, "x")), lines((2, "y")))
    assert [p.differing for p in found.pairs] == [(0, 1)]


def test_only_the_first_rows_are_kept_and_all_are_counted() -> None:
    found = texts(1).difference([], lines(*((i,) for i in range(1000))))
    assert (len(found.unexpected), found.unexpected_count) == (20, 1000)


def test_as_many_rows_as_can_be_are_matched_within_a_tolerance() -> None:
    near = RowComparison([NumberTolerance(Fraction(6, 10), False)])
    # the first would take the only partner of the second
    assert near.difference(lines((1.0,), (0.5,)), lines((0.6,), (1.5,))).is_none
    assert near.difference(lines((0.5,), (1.0,)), lines((1.5,), (0.6,))).is_none
    assert near.difference(lines((1.0,), (0.5,)), lines((0.6,), (9.0,))).missing_count == 1


@pytest.mark.parametrize(
    ("one", "other", "tolerance", "same"),
    [
        (0.3, 0.1 + 0.2, DEFAULT, True),
        (1.0, 1.0 + 1e-8, DEFAULT, False),
        (0.0, 0.0, DEFAULT, True),
        (float("nan"), float("nan"), DEFAULT, True),
        (float("nan"), 1.0, DEFAULT, False),
        (float("inf"), float("inf"), DEFAULT, True),
        (float("inf"), float("-inf"), DEFAULT, False),
        (None, None, DEFAULT, True),
        (None, 0.0, DEFAULT, False),
        (Decimal("1.00"), Decimal("1.01"), NumberTolerance(Fraction(1, 100), False), True),
        (Decimal("1.00"), Decimal("1.02"), NumberTolerance(Fraction(1, 100), False), False),
        (100, 101, NumberTolerance(Fraction(1, 100), True), True),
        (1.0, 1.1, NumberTolerance(Fraction(1, 10), False), True),
        ([0.1, 0.2], [0.1, 0.2 + 1e-15], DEFAULT, True),
        ([0.1], [0.1, 0.2], DEFAULT, False),
        ({"a": 0.1, "b": "x"}, {"a": 0.1 + 1e-15, "b": "x"}, DEFAULT, True),
        ({"a": 0.1, "b": "x"}, {"a": 0.1, "b": "y"}, DEFAULT, False),
        (True, True, EXACT, True),
    ],
)
def test_near(one: Any, other: Any, tolerance: NumberTolerance, same: bool) -> None:
    assert is_near(one, other, tolerance) is same
