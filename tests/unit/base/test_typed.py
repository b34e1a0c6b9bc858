"""Values of a stated type: what is one, and what is told of what is none."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from andon.base.typed import TYPES, type_named, typed

#: What the lake calls a timestamp says no zone.
NAIVE = datetime(2026, 10, 31, 6, tzinfo=UTC).replace(tzinfo=None)


@pytest.mark.parametrize(
    ("kind", "given", "value"),
    [
        ("text", " a ", " a "),
        ("text", "", ""),
        ("integer", " 42", 42),
        ("integer", "-1_000", -1000),
        ("integer", 2.0, 2),
        ("integer", 10**30, 10**30),
        ("decimal", "12.50", Decimal("12.50")),
        ("decimal", 0.1, Decimal("0.1")),
        ("double", "1e3", 1000.0),
        ("double", 1, 1.0),
        ("boolean", "True", True),
        ("boolean", False, False),
        ("date", "2026-10-31", date(2026, 10, 31)),
        ("date", "2026-10", date(2026, 10, 1)),
        ("timestamp", "2026-10-31T06:00", NAIVE),
        ("timestamp", NAIVE.replace(tzinfo=UTC), NAIVE),
        ("date", None, None),
    ],
)
def test_values(kind, given, value):
    found = typed(kind, given)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("text", 1),
        ("integer", "1.5"),
        ("integer", 1.5),
        ("integer", True),
        ("integer", ""),
        ("integer", "1' or 1"),
        ("decimal", "nan"),
        ("decimal", "1,5"),
        ("double", float),
        ("boolean", "yes"),
        ("boolean", 1),
        ("date", "2026-13"),
        ("date", "31.10.2026"),
        ("date", NAIVE),
        ("timestamp", date(2026, 10, 31)),
        ("timestamp", "now"),
    ],
)
def test_what_is_none(kind, given):
    with pytest.raises(ValueError, match=f"is no {kind}: write"):
        typed(kind, given)


def test_words_for_types():
    assert [type_named(word) for word in ("INT", "varchar", "bool", "day")] == ["integer", "text", "boolean", None]
    assert all(type_named(kind) == kind for kind in TYPES)
