"""A small real project in a temporary folder, and clones of it that share one lake."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from andon.model.run import RunResult
from andon.runs.goal import RunOptions
from andon.workspace.workspace import Workspace

ORDERS = "id,customer,amount\n1,ada,10\n2,ben,20\n3,ada,5\n"
FILES = {
    "andon.toml": "",
    "raw/orders_05.csv": ORDERS,
    "sources/shop/orders.sql": "select id, customer, amount from read_csv('raw/orders_*.csv')\n",
    "datasets/marts/totals.sql": "select customer, sum(amount) as amount from shop.orders group by customer order by customer\n",
    "datasets/marts/best.sql": "select customer from marts.totals where amount = (select max(amount) from marts.totals)\n",
    "datasets/marts/count.sql": "select count(*) as n from shop.orders\n",
}


@dataclass
class Clone:
    """A project folder with short names for what tests do to it."""

    root: Path
    author: str = "ana"
    clock: object = None
    environ: dict[str, str] = field(default_factory=dict)

    def open(self) -> Workspace:
        environ = {"ANDON_AUTHOR": self.author, "HOME": str(self.root), **self.environ}
        if self.clock is None:
            return Workspace(self.root, environ=environ)
        return Workspace(self.root, environ=environ, clock=self.clock)

    def write(self, path: str, text: str | None) -> None:
        target = self.root / path
        if text is None:
            target.unlink()
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")

    def run(self, *select: str, **options: object) -> RunResult:
        with closing(self.open()) as workspace:
            return workspace.builds.run(RunOptions(select=select, **options), confirm=lambda _: True)

    def refresh(self, **options: object) -> RunResult:
        with closing(self.open()) as workspace:
            return workspace.builds.refresh(RunOptions(**options))

    def plan(self, *select: str, **options: object):
        with closing(self.open()) as workspace:
            return workspace.builds.plan(RunOptions(select=select, **options))

    def publish(self, branch: str, **options: object) -> RunResult:
        with closing(self.open()) as workspace:
            return workspace.branches.publish(branch, options=RunOptions(**options), confirm=lambda _: True)

    def undo(self):
        with closing(self.open()) as workspace:
            return workspace.undoing.undo()

    def redo(self):
        with closing(self.open()) as workspace:
            return workspace.undoing.redo()

    def accept(self, path: str):
        with closing(self.open()) as workspace:
            return workspace.undoing.accept_rejected(path)

    def pull(self):
        from andon.service.pull import pull

        with closing(self.open()) as workspace:
            return pull(workspace)

    def branch(self, name: str, at: str = "main") -> None:
        with closing(self.open()) as workspace:
            workspace.branches.create(name, at)

    def switch(self, name: str, create: bool = False):
        with closing(self.open()) as workspace:
            return workspace.branches.switch(name, create)

    def ask(self, sql: str, at: str | None = None) -> list[tuple]:
        with closing(self.open()) as workspace:
            return workspace.querying.ask(sql, at).fetch()

    def leaves(self, ref: str = "main") -> dict[str, object]:
        with closing(self.open()) as workspace:
            return dict(workspace.lake.commits.state(workspace.lake.refs.resolve(ref)).leaves)

    def head(self, ref: str = "main"):
        with closing(self.open()) as workspace:
            return workspace.lake.refs.resolve(ref)

    def rejected(self) -> set[str]:
        return {c.path for c in self.head().rejected}

    def base(self, branch: str = "main"):
        with closing(self.open()) as workspace:
            return workspace.folder.base(branch)


class closing:
    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def __enter__(self) -> Workspace:
        return self.workspace

    def __exit__(self, *_: object) -> None:
        self.workspace.close()


def did(result: RunResult) -> dict[str, str]:
    """`{dataset: action}` of what a run did, without what it reused."""
    return {t.dataset: str(t.action) for t in result.tasks if t.action != "reuse"}


def ticking():
    start = datetime(2026, 11, 1, 8, tzinfo=UTC)
    counter = itertools.count()
    return lambda: start + timedelta(seconds=next(counter))
