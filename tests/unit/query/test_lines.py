"""Rows as lines of JSON: nothing of a value is lost where it is read by doubles alone."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from andon.query.apart.lines import write_lines


def read(rows):
    line = write_lines(rows)
    assert line.count(b"\n") == 1
    return json.loads(line)


@given(st.lists(st.one_of(st.none(), st.integers(-(2**127), 2**127 - 1)), min_size=1))
def test_whole_numbers_keep_all_digits(values):
    for value, (written,) in zip(values, read([(value,) for value in values]), strict=True):
        assert written is None if value is None else str(written) == str(value)
        assert not isinstance(written, int) or float(written) == written


@given(st.lists(st.floats(), min_size=1))
def test_doubles_come_back_as_they_are(values):
    for value, (written,) in zip(values, read([(value,) for value in values]), strict=True):
        assert float(written) == value or value != value


def test_every_kind_of_value():
    instant = datetime(2026, 11, 1, 6, 0, 0, 5, tzinfo=UTC)
    assert read([(True, "a\nb", Decimal("1.50"), date(2026, 1, 1))]) == [[True, "a\nb", "1.50", "2026-01-01"]]
    assert read([(instant, instant.replace(tzinfo=None), time(6), timedelta(days=1), UUID(int=1))]) == [
        ["2026-11-01 06:00:00.000005+00", "2026-11-01 06:00:00.000005", "06:00:00", "1 day, 0:00:00", str(UUID(int=1))]
    ]
    assert read([(b"\x00\xff", [1, None, 2**60], {"k": Decimal("2.0")}, (1, {3: "x"}))]) == [
        ["\\x00ff", [1, None, str(2**60)], {"k": "2.0"}, [1, {"3": "x"}]]
    ]
    assert read([("",), (None,)]) == [[""], [None]]
