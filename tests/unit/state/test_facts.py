"""Derived facts: kept by version and kind, replaced whole."""

from __future__ import annotations

from andon.base.database import Database
from andon.state.facts import Facts


def test_kept_by_version_and_kind(database: Database) -> None:
    facts = Facts(database)
    assert facts.find("v1", "profile:p1") is None
    facts.put("v1", "profile:p1", {"rows": 1, "ä": None})
    facts.put_many({f"v{i}": {"rows": i} for i in range(2, 1200)}, "profile:p1")
    facts.put("v1", "profile:p2", [])
    assert facts.find("v1", "profile:p1") == {"rows": 1, "ä": None}
    facts.put("v1", "profile:p1", {"rows": 2})
    found = facts.find_many([f"v{i}" for i in range(1300)], "profile:p1")
    assert len(found) == 1199
    assert (found["v1"], found["v1199"]) == ({"rows": 2}, {"rows": 1199})
    assert facts.find_many(["v1", "v2"], "profile:p2") == {"v1": []}
