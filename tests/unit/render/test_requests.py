"""How long somebody waited is told in a unit that people think in."""

from __future__ import annotations

import pytest

from andon.render.requests import wait_words


@pytest.mark.parametrize(
    ("waited", "told"),
    [(0.417, "0.42 s"), (59.94, "59.9 s"), (60, "1 min"), (3_599, "59 min"), (61_200, "17 h"), (200_000, "2 days")],
)
def test_a_wait(waited: float, told: str) -> None:
    assert wait_words(waited) == told
