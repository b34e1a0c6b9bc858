"""Loads of what is new on a bad day: a catalog put back from a copy, a disk without room. Nothing is lost, nothing is loaded twice."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from andon.errors import AndonError
from kit.clones import Clone

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
FRONTS = {
    "keyed": "key: id\nload: {by: cursor, column: ts, lookback: 1h}",
    "appended": "load: {by: cursor, column: ts, lookback: 1h}",
}


class Shop:
    """A project that loads the new rows of a SQLite table; the database lies beside it."""

    def __init__(self, root: Path, front: str, place: Path | None = None) -> None:
        self.clone = Clone(place or root / "acme", clock=lambda: START + timedelta(days=9))
        self.database = sqlite3.connect(root / "shop.db", isolation_level=None)
        self.database.execute("create table orders (id integer primary key, filename text, ts text)")
        self.clone.write("andon.toml", f'[connections.shop]\nkind = "sqlite"\npath = "{root}/shop.db"\n')
        head = f"/*---\nconnection: shop\n{FRONTS[front]}\n---*/\n"
        self.clone.write("sources/shop/orders.sql", f"{head}select id, filename, ts from orders\n")
        self.clone.write("datasets/marts/count.sql", "select count(*) as n from shop.orders\n")
        self.last = 0

    def sell(self, count: int, size: int = 0) -> None:
        """Some orders more, each an hour after the one before, with notes of `size` bytes that nothing makes smaller."""
        for _ in range(count):
            self.last += 1
            values = (self.last, os.urandom(size).hex(), f"{START + timedelta(hours=self.last):%F %T}")
            self.database.execute("insert into orders values (?, ?, ?)", values)

    def there(self) -> list[int]:
        return [row[0] for row in self.database.execute("select id from orders order by id")]

    def loaded(self) -> list[int]:
        return [row[0] for row in self.clone.ask("select id from shop.orders order by id")]


def copied(source: Path, target: Path) -> None:
    """The database `source` as it is now, in `target` in place of whatever was there."""
    for left in target.parent.glob(f"{target.name}*"):
        left.unlink()
    with contextlib.closing(sqlite3.connect(source)) as one, contextlib.closing(sqlite3.connect(target)) as other:
        one.backup(other)


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize(("between", "after"), [((2, 0, 1), 1), ((1,), 0)])
def test_after_a_catalog_was_put_back_from_a_copy(front, between, after, tmp_path):
    shop = Shop(tmp_path, front)
    shop.sell(2)
    shop.clone.run()
    seen, head = shop.loaded(), shop.clone.head().id
    catalog = shop.clone.root / ".andon/catalog.db"
    copied(catalog, tmp_path / "copy.db")
    for count in between:
        shop.sell(count)
        shop.clone.refresh()
    copied(tmp_path / "copy.db", catalog)
    assert (shop.clone.head().id, shop.loaded()) == (head, seen)
    shop.sell(after)
    shop.clone.refresh()
    assert shop.loaded() == shop.there()
    assert shop.clone.ask("from marts.count") == [(shop.last,)]
    if shop.clone.head().id != head:
        shop.clone.undo()
        shop.clone.refresh()
        assert shop.loaded() == seen


@contextlib.contextmanager
def small_disk(target: Path):
    """A disk of 8 MB at `target`; skips where mounting is not allowed."""
    target.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "none", target]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("mounting is not permitted here")
    try:
        yield target
    finally:
        subprocess.run(["umount", "-l", target], check=True)


@pytest.mark.parametrize("front", FRONTS)
def test_a_load_that_the_disk_has_no_room_for(front, tmp_path):
    with small_disk(tmp_path / "small") as folder:
        shop = Shop(tmp_path, front, folder)
        shop.sell(3)
        shop.clone.run()
        head, seen = shop.clone.head().id, shop.loaded()
        shop.sell(20, size=20_000)
        ballast = folder / "ballast"
        ballast.write_bytes(b"x" * max(0, shutil.disk_usage(folder).free - 200_000))
        for _ in range(2):
            with contextlib.suppress(AndonError):
                result = shop.clone.refresh()
                assert not result.published
                assert {task.error["code"] for task in result.tasks if task.error} == {"machine.disk"}, result.tasks
            assert (shop.clone.head().id, shop.loaded()) == (head, seen)
        ballast.unlink()
        shop.sell(1)
        assert shop.clone.refresh().published
        assert shop.loaded() == shop.there()
        assert shop.clone.ask("from marts.count") == [(shop.last,)]
        files = [p for p in (folder / ".andon/lake").rglob("*") if ".tmp" in p.name or ".part" in p.name]
        assert files == []
