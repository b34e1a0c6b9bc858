"""Publishers of many processes on one lake at once, to one branch and to many, and somebody who reads all the time: none is lost, none is
torn, none starves. With the compare taken out, some are lost.

`ANDON_PUBLISHERS=16x100` has as many publish as often (`benchmarks/publishers.py` measures it).
"""

import os

import pytest

from faults.at_once import publish_at_once
from faults.publishers import NO_TURNS

PUBLISHERS, PUBLISHES = map(int, os.environ.get("ANDON_PUBLISHERS", "8x10").split("x"))
#: How long one publish may take (seconds), however busy the machine is.
WORST = 30.0


@pytest.mark.parametrize("branches", [1, 3])
def test_none_is_lost_and_none_is_torn(tmp_path, branches):
    done = publish_at_once(tmp_path, PUBLISHERS, PUBLISHES, branches=branches)
    assert done.wrong == []
    assert max(done.waits) < WORST


@pytest.mark.parametrize("branches", [1, 3])
def test_nor_is_any_in_a_catalog_of_postgres(tmp_path, postgres, monkeypatch, branches):
    monkeypatch.setenv("CATALOG", postgres.catalog(f"at_once_{branches}"))
    done = publish_at_once(tmp_path, PUBLISHERS, PUBLISHES, branches=branches)
    assert done.wrong == []
    assert max(done.waits) < WORST
    assert not (tmp_path / "catalog.db").exists()


def test_without_turns_it_is_so_by_the_compare_alone(tmp_path):
    """A turn may be lost with a connection, and nothing rests on it."""
    assert publish_at_once(tmp_path, 3, 10, NO_TURNS).wrong == []


def test_without_the_compare_some_are_lost(tmp_path):
    found = publish_at_once(tmp_path, 3, 10, "no compare").wrong
    assert any("lost" in line for line in found)
    assert any("is not at its last turn" in line or "the counter is at" in line for line in found) or len(found) > 1


if __name__ == "__main__":
    pytest.main([__file__])
