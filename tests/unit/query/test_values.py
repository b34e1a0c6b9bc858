"""Rows cross the line as they are: each value of the type that it was."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.query.apart.values import read_rows, write_rows

_zones = st.one_of(
    st.none(), st.just(UTC), st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
)
_plain = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**127), 2**127),
    st.floats(),
    st.text(),
    st.binary(),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.dates(),
    st.datetimes(timezones=_zones),
    st.times(timezones=_zones),
    st.timedeltas(),
    st.uuids(),
)
_keys = st.one_of(st.text(), st.integers(), st.dates(), st.decimals(allow_nan=False, allow_infinity=False), st.uuids())
VALUES = st.recursive(
    _plain,
    lambda inner: st.one_of(
        st.lists(inner), st.lists(inner).map(tuple), st.dictionaries(st.text(), inner), st.dictionaries(_keys, inner)
    ),
    max_leaves=12,
)


def same(one: object, other: object) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, float) and isinstance(other, float):
        both = math.isnan(one) and math.isnan(other)
        return both or (one == other and math.copysign(1, one) == math.copysign(1, other))
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return same(list(one.items()), list(other.items()))
    if isinstance(one, datetime | time) and isinstance(other, datetime | time):
        return (one, one.utcoffset(), str(one)) == (other, other.utcoffset(), str(other))
    return bool(one == other and str(one) == str(other))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(VALUES, max_size=3).map(tuple), max_size=3))
def test_rows_come_back_as_they_were(rows):
    assert same(read_rows(write_rows(rows)), rows)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"1",
        b"null",
        b'[["nan"], 1]',
        b'[[["no", 1]]]',
        b'[[["date", "x"]]]',
        b'[[["decimal", "x"]]]',
        b"[[[]]]",
    ],
)
def test_what_is_no_rows_is_refused(body):
    with pytest.raises(ValueError):
        read_rows(body)


def test_a_value_of_no_known_type_is_an_error_where_it_is_written():
    with pytest.raises(TypeError):
        write_rows([(object(),)])
    assert json.loads(write_rows([(1, "a", None, True)])) == [[1, "a", None, True]]
    assert read_rows(write_rows([(UUID(int=1), Decimal("1.50"), date(2026, 1, 1))])) == [
        (UUID(int=1), Decimal("1.50"), date(2026, 1, 1))
    ]
