"""What a query may take, as the settings say."""

from __future__ import annotations

import pytest

from andon.errors import CODES
from andon.query.limits import cancelled, limits_of, too_long, too_much_memory, too_much_time
from andon.settings.resolve import resolve


def test_limits_are_those_of_the_settings():
    said = {
        "query.timeout": "7",
        "query.memory": "2GB",
        "query.rows": "0",
        "query.size": "5MB",
        "engine.temp_limit": "3GB",
        "engine.threads": "64",
    }
    found = limits_of(resolve(said, {}, {}, {}))
    assert (found.seconds, found.memory, found.rows, found.bytes) == (7.0, 2_000_000_000, None, 5_000_000)
    assert (found.temporary, found.threads) == (3_000_000_000, 8)
    usual = limits_of(resolve({}, {}, {}, {}))
    assert (usual.seconds, usual.rows) == (60.0, 10_000_000)
    assert usual.memory > 100_000_000


@pytest.mark.parametrize("make", [too_much_time, too_much_memory, too_long])
def test_what_is_over_a_limit_says_which_and_what_to_do(make):
    limits = limits_of(resolve({"query.size": "5MB"}, {}, {}, {}))
    error = make(limits)
    assert error.code == "usage.query_limit"
    assert error.code in CODES
    assert error.details["limit"] in ("time", "memory", "bytes")
    assert "`query." in str(error.hint)
    assert cancelled().code == "usage.query_cancelled"
