"""A project whose data grow old: its clock is moved by hand, and it is collected."""

from __future__ import annotations

import itertools
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from andon.model.collection import Collection
from andon.model.repair import LakeRepair
from kit.clones import Clone

ORDERS = "id,customer,amount\n1,ada,10\n2,ben,20\n3,ada,5\n"
FILES = {
    "andon.toml": '[retention]\nkeep = "30d"\ngrace = "2d"\nruns = "10d"\n',
    "raw/orders.csv": ORDERS,
    "sources/shop/orders.sql": "select id, customer, amount from read_csv('raw/orders.csv')\n",
    "datasets/marts/totals.sql": "select customer, sum(amount) as amount from shop.orders group by customer order by customer\n",
    "datasets/marts/names.sql": "/*---\nmaterialize: view\n---*/\nselect distinct customer from shop.orders\n",
    "datasets/marts/kept.sql": "/*---\nkeep: 1y\n---*/\nselect count(*) as n from shop.orders\n",
    "datasets/marts/rows.sql": (
        "/*---\nmaterialize: incremental\nincremental: {by: append}\n---*/\nselect id, amount * 2 as twice from shop.orders\n"
    ),
}


class Shop(Clone):
    """A project whose clock is moved by hand."""

    def __init__(self, root: Path) -> None:
        self.now = datetime(2027, 1, 1, tzinfo=UTC)
        ticks = itertools.count()
        super().__init__(root, clock=lambda: self.now + timedelta(microseconds=next(ticks)))

    def later(self, days: float) -> None:
        self.now += timedelta(days=days)

    def load(self, text: str) -> None:
        """Another file, published."""
        self.write("raw/orders.csv", text)
        self.refresh()

    def gc(self, *, apply: bool = True) -> Collection:
        with self.opened() as service:
            return service.collecting.collect(apply=apply)

    def collect(self) -> Collection:
        """Marked, and after the grace deleted."""
        self.gc()
        self.later(2.1)
        return self.gc()

    def repair(self, *names: str, at: str | None = None) -> LakeRepair:
        with self.opened() as service:
            return service.repairing.repair(names, at)

    def copy_to(self, other: Shop) -> None:
        """Have all of it in the folder of another one, which goes on from the same moment."""
        shutil.copytree(self.root, other.root, symlinks=True)
        other.now = self.now + timedelta(minutes=1)

    def files(self) -> set[str]:
        root = self.root / ".andon/lake"
        return {path.relative_to(root).as_posix() for path in (root / "data").rglob("*.parquet")}

    def files_of(self, ref: str, *names: str) -> dict[str, set[str]]:
        """By dataset the files that it reads at a commit."""
        with self.opened() as service:
            lake = service.workspace.lake
            leaves = lake.commits.state(lake.refs.resolve(ref)).leaves
            found = {}
            for name in names or leaves:
                tables = lake.going.tables(lake.database, [leaves[name].version]).values()
                found[name] = {file.path for version in tables for file in version.files}
            return found


def copied(shop: Shop, folder: Path) -> Shop:
    copy = Shop(folder / "acmé 'x'")
    shop.copy_to(copy)
    return copy
