"""How pages write what is past."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from andon.web.pages.words import ago, day_and_time, since

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "told", "short"),
    [
        ("2026-11-29T11:59:30Z", "just now", "now"),
        ("2026-11-29T11:57:00Z", "3 min ago", "3 min"),
        ("2026-11-29T03:00:00Z", "9 h ago", "9 h"),
        ("2026-10-01T12:00:00Z", "59 d ago", "59 d"),
        ("2026-09-30T12:00:00Z", "30 Sep 2026", "Sep 2026"),
        ("1998-07-06T09:00:00Z", "6 Jul 1998", "Jul 1998"),
    ],
)
def test_what_is_long_past_has_its_day(text: str, told: str, short: str) -> None:
    assert (ago(text, NOW), since(text, NOW)) == (told, short)


def test_nothing_has_a_dash() -> None:
    assert (ago(None, NOW), day_and_time(None)) == ("–", "–")
    assert day_and_time("1998-07-06T09:00:00Z") == "6 Jul 1998, 09:00"
