"""A small real project in a temporary folder, and clones of it that share one lake."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from andon.model.run import RunResult
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.service import Service
from kit.first_runs import FirstRuns

#: What first runs left, for clones of a session of tests; elsewhere each runs.
FIRST_RUNS: FirstRuns | None = None

ORDERS = "id,customer,amount\n1,ada,10\n2,ben,20\n3,ada,5\n"
FILES = {
    "andon.toml": "",
    "raw/orders_05.csv": ORDERS,
    "sources/shop/orders.sql": "select id, customer, amount from read_csv('raw/orders_*.csv')\n",
    "datasets/marts/totals.sql": "select customer, sum(amount) as amount from shop.orders group by customer order by customer\n",
    "datasets/marts/best.sql": "select customer from marts.totals where amount = (select max(amount) from marts.totals)\n",
    "datasets/marts/count.sql": "select count(*) as n from shop.orders\n",
}


def checked_totals(checks: str, more: str = "") -> str:
    """The file of `marts.totals` with lines of checks and `more` front matter."""
    return f"/*---\n{more}checks: |\n  {checks}\n---*/\n{FILES['datasets/marts/totals.sql']}"


@dataclass
class Clone:
    """A project folder with short names for what tests do to it."""

    root: Path
    author: str = "ana"
    clock: object = None
    environ: dict[str, str] = field(default_factory=dict)

    def open(self) -> Service:
        environ = {"ANDON_AUTHOR": self.author, "HOME": str(self.root), **self.environ}
        if self.clock is None:
            return Service.open(self.root, environ=environ)
        uptime = getattr(self.clock, "uptime", None)
        return Service.open(self.root, environ=environ, clock=self.clock, uptime=uptime)

    def opened(self) -> closing:
        """The service, closed at the end of the block."""
        return closing(self.open())

    def write(self, path: str, text: str | None) -> None:
        target = self.root / path
        if text is None:
            target.unlink()
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")

    def fill(self, files: Mapping[str, str]) -> None:
        """Write all of these."""
        for path, text in files.items():
            self.write(path, text)

    def read(self, path: str) -> str | None:
        """The text of a file, None where there is none."""
        target = self.root / path
        return target.read_text(encoding="utf-8") if target.exists() else None

    def run(self, *select: str, **options: object) -> RunResult:
        is_plain = type(self).open is Clone.open and self.clock is None  # another one may build by other engines
        if FIRST_RUNS is not None and is_plain and not (self.environ or select or options):
            return FIRST_RUNS.run(self.root, self.author, self._run)
        return self._run(*select, **options)

    def _run(self, *select: str, **options: object) -> RunResult:
        with closing(self.open()) as service:
            return service.runs.run(RunOptions(select=select, **options, agreed=ANY_PLAN))

    def refresh(self, **options: object) -> RunResult:
        with closing(self.open()) as service:
            return service.runs.refresh(RunOptions(**options))

    def plan(self, *select: str, **options: object):
        with closing(self.open()) as service:
            return service.runs.plan(RunOptions(select=select, **options))

    def publish(self, branch: str, **options: object) -> RunResult:
        with closing(self.open()) as service:
            return service.branches.publish(branch, options=RunOptions(**options, agreed=ANY_PLAN))

    def undo(self):
        with closing(self.open()) as service:
            return service.undoing.undo()

    def redo(self):
        with closing(self.open()) as service:
            return service.undoing.redo()

    def accept(self, *paths: str):
        with closing(self.open()) as service:
            return service.undoing.accept_rejected(*paths)

    def pull(self):
        from andon.service.pull import pull

        with closing(self.open()) as service:
            return pull(service.workspace)

    def branch(self, name: str, at: str = "main") -> None:
        with closing(self.open()) as service:
            service.branches.create(name, at)

    def switch(self, name: str, create: bool = False):
        with closing(self.open()) as service:
            return service.branches.switch(name, create)

    def ask(self, sql: str, at: str | None = None) -> list[tuple]:
        with closing(self.open()) as service:
            return service.querying.ask(sql, at).fetch()

    def leaves(self, ref: str = "main") -> dict[str, object]:
        with closing(self.open()) as service:
            return dict(service.workspace.lake.commits.state(service.workspace.lake.refs.resolve(ref)).leaves)

    def head(self, ref: str = "main"):
        with closing(self.open()) as service:
            return service.workspace.lake.refs.resolve(ref)

    def rejected(self) -> set[str]:
        return {c.path for c in self.head().rejected}

    def base(self, branch: str = "main"):
        with closing(self.open()) as service:
            return service.workspace.bases.of(branch)


class closing:
    def __init__(self, service: Service) -> None:
        self.service = service

    def __enter__(self) -> Service:
        return self.service

    def __exit__(self, *_: object) -> None:
        self.service.close()


def did(result: RunResult) -> dict[str, str]:
    """`{dataset: action}` of what a run did, without what it reused."""
    return {t.dataset: str(t.action) for t in result.tasks if t.action != "reuse"}


def ticking():
    start = datetime(2026, 11, 1, 8, tzinfo=UTC)
    counter = itertools.count()
    return lambda: start + timedelta(seconds=next(counter))
