"""Expected and found rows as multisets: agreement is that of counting, and what is shown adds up."""

from collections import Counter
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from andon.unit_tests.compare import ComparedRow, NumberTolerance, RowComparison

values = st.sampled_from([None, 0.0, 0.5, 1.0, 2.0])
rows = st.lists(st.tuples(st.sampled_from(["a", "b", None]), values), max_size=8)
NEAR = NumberTolerance(Fraction(1, 2), False)


def lines(found):
    return [ComparedRow(tuple(None if v is None else str(v) for v in row), row) for row in found]


def tell(expected, found, tolerance=None, ordered=False, key=()):
    return RowComparison([None, tolerance], frozenset(key), ordered).difference(lines(expected), lines(found))


@given(rows, rows, st.sampled_from([(), (0,)]))
def test_rows_agree_as_often_as_they_are_there(expected, found, key):
    told = tell(expected, found, key=key)
    assert told.missing_count == (Counter(expected) - Counter(found)).total()
    assert told.unexpected_count == (Counter(found) - Counter(expected)).total()
    assert told.missing_count == len(told.pairs) + len(told.missing)
    assert told.unexpected_count == len(told.pairs) + len(told.unexpected)
    assert all(pair.differing for pair in told.pairs)


@given(rows, st.randoms())
def test_only_the_order_differs(expected, random):
    found = list(expected)
    random.shuffle(found)
    assert tell(expected, found).is_none
    assert tell(expected, found, ordered=True).is_none == (found == expected)


@given(rows, rows)
def test_a_tolerance_lets_no_row_count_twice_and_finds_the_most(expected, found):
    exact, near = tell(expected, found), tell(expected, found, NEAR)
    assert near.missing_count <= exact.missing_count
    assert len(expected) - near.missing_count == len(found) - near.unexpected_count
    assert tell(found, expected, NEAR).missing_count == near.unexpected_count
