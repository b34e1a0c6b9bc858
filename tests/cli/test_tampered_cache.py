"""A cache that somebody changed: commands work as if it were empty, and what stands in it is not run."""

from __future__ import annotations

import pickle
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec import msgpack

if TYPE_CHECKING:
    from conftest import Andon


class Trap:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self):
        return (Path.touch, (self.place,))


CONTENTS = {
    "pickle": lambda place: pickle.dumps(Trap(place)),
    "noise": lambda _: bytes(range(255, 0, -1)),
    "another shape": lambda _: msgpack.encode(
        {"datasets": [1], "nodes": [["a"]], "edges": [[0, 99, "derive", "column"]]}
    ),
    "text": lambda _: "select 1",
    "nothing": lambda _: None,
}
TEST = """
- name: adds up
  dataset: marts.revenue_by_month
  given: {shop.orders: [{order_id: 1, ordered_at: 2026-01-05, amount: 2}]}
  expect: [{revenue: 2}]
"""


def _everything(andon: Andon) -> list[object]:
    """What commands say that read from the cache."""
    status = andon.json("status")
    found = [
        status["clean"],
        status["datasets"],
        andon.json("ls"),
        andon.json("lineage", "marts.revenue_by_month"),
        andon.json("plan")["steps"],
    ]
    tests = [(test["test"], test["status"]) for test in andon.json("test")["tests"]]
    return [*found, andon.json("impact", "shop.orders"), tests]


@pytest.mark.parametrize("name", CONTENTS)
def test_a_changed_cache_is_an_empty_one(built: Andon, tmp_path: Path, name: str) -> None:
    built.write("tests/orders.yml", TEST)
    built("run", "--yes")
    before = _everything(built)
    with closing(sqlite3.connect(built.folder / ".andon/cache.db")) as connection, connection:
        count = connection.execute("update kept set value = ?", [CONTENTS[name](tmp_path / "trapped")]).rowcount
    assert count > 5
    assert _everything(built) == before
    assert built.json("run", "--yes")["run"] is None
    assert not (tmp_path / "trapped").exists()
