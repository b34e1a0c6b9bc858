"""Times that follow each other, though the clock that they are read from jumps."""

from __future__ import annotations

import pytest

from andon.base.clock import day_said, following, from_text, to_text


def at(text: str) -> str:
    return to_text(from_text(text))


@pytest.mark.parametrize(
    ("now", "last", "next_after", "expected"),
    [
        ("2026-11-29T12:01", "2026-11-29T12:00", None, "2026-11-29T12:01"),
        ("2026-11-29T12:00", "2026-11-29T12:00", None, "2026-11-29T12:00"),
        ("2026-11-29T11:00", "2026-11-29T12:00", "2026-11-29T12:00", "2026-11-29T12:00"),  # summer time, set by hand
        ("2026-11-20T12:00", "2026-11-29T12:00", "2026-11-29T12:00", "2026-11-29T12:00"),
        ("1970-01-01T00:00", "2026-11-29T12:00", None, "2026-11-29T12:00"),  # a battery that was empty
        ("2026-06-03T00:00", "2026-11-29T12:00", "2026-06-04T12:00", "2026-11-29T12:00"),  # set back into the history
        ("2026-06-03T00:00", "2026-11-29T12:00", None, "2026-11-29T12:00"),  # and before it
        ("2026-11-29T12:00", "2040-01-01T00:00", "2039-12-31T00:00", "2026-11-29T12:00"),  # was ahead, is right again
        ("2026-11-29T12:00", "2026-12-15T00:00", "2026-12-15T00:00", "2026-12-15T00:00"),
    ],
)
def test_what_follows(now, last, next_after, expected):
    assert following(at(now), at(last), next_after and at(next_after)) == at(expected)


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("2026-11-30T00:00", "today"),
        ("2026-11-29T23:59", "Sunday"),
        ("2026-11-24T00:00", "Tuesday"),
        ("2026-11-23T23:59", "23 Nov"),
        ("2025-12-01T08:00", "1 Dec 2025"),
        ("2026-12-01T08:00", "1 Dec"),  # a clock that was ahead
    ],
)
def test_a_day_is_said_as_people_do(moment: str, said: str) -> None:
    assert day_said(at(moment), from_text("2026-11-30T12:00")) == said
