"""The small project that faults strike, the verbs that are struck, and the bugs that the harness must be able to see."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from andon.base.sqlite import SqliteDatabase
from andon.errors import UsageError
from andon.lake.local_storage import LocalStorage
from andon.lake.objects import Objects
from andon.lake.refs import RefMove, Refs
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.service import Service

COUNT = "datasets/marts/count.sql"
FILES = {
    "andon.toml": "[run]\nparallel = 2\n",
    "raw/orders_05.csv": "id,customer,amount\n1,ada,10\n2,ben,20\n3,ada,5\n",
    "raw/people_1.csv": "id,name\n1,ada\n",
    # one table is parted in the write that makes it whole, one as it grows
    "sources/shop/people.sql": "/*---\nchecks: id 1..1 quarantine 100%\n---*/\nselect id, name from read_csv('raw/people_*.csv')\n",
    "sources/shop/orders.sql": "/*---\nchecks: amount 0..100\n---*/\nselect id, customer, amount from read_csv('raw/orders_*.csv')\n",
    "datasets/marts/totals.sql": "/*---\nmaterialize: incremental\nkey: customer\nincremental: {by: key}\n"
    "checks: amount >= 16 quarantine 100%\n---*/\n"
    "select customer, sum(amount) as amount from shop.orders group by customer order by customer\n",
    "datasets/marts/best.sql": "select customer from marts.totals where amount = (select max(amount) from marts.totals)\n",
    "datasets/marts/share.sql": "/*---\nmaterialize: view\n---*/\nselect customer, amount / 2 as half from marts.totals\n",
    COUNT: "select count(*) as n from shop.orders\n",
}
#: One number for each way in which the project's datasets are made; what readers of `main` see. Of two each row that is set aside counts
#: ten.
FIGURES = (
    "select (select sum(amount)::bigint from (from marts.totals union all by name from marts.totals__quarantine)),"
    " (select n from marts.count), (select count(*) from marts.share) + 10 * (select count(*) from marts.totals__quarantine),"
    " (select count(*) from shop.people) + 10 * (select count(*) from shop.people__quarantine)"
)

Figures = tuple[int, ...] | None


@dataclass(frozen=True)
class Verb:
    """One step of the story.

    Attributes:
        edit: what the user does to the folder before.
        act: the call that is struck; gives back the id of the commit that it acknowledges.
        main: figures on main after it.
        dev: figures on the branch after it, where it makes them.
        holds: whether the folder then has what a check holds.
    """

    name: str
    edit: Callable[[Path], None]
    act: Callable[[Service], str]
    main: Figures
    dev: Figures = None
    holds: bool = False


def open_service(root: Path) -> Service:
    """The story's project."""
    return Service.open(root, environ={"ANDON_AUTHOR": "ana", "HOME": str(root)})


def _write(path: str, text: str) -> Callable[[Path], None]:
    def write(root: Path) -> None:
        (root / path).write_text(text, encoding="utf-8")

    return write


def _begin(root: Path) -> None:
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


class Held(Exception):
    """A run was held: what failed, as codes."""


def _published(result: Any) -> str:
    if not result.published:
        raise Held([t.error["code"] for t in result.tasks if t.error])
    return str(result.commit)


def _run(service: Service, branch: str | None = None) -> str:
    return _published(service.runs.run(RunOptions(branch=branch, agreed=ANY_PLAN)))


def _branch(service: Service) -> str:
    if service.workspace.lake.refs.find("dev") is None:
        service.branches.create("dev")
    return _run(service, "dev")


def _mixed(root: Path) -> None:
    """A load that a check holds beside one that is healthy."""
    _write("raw/orders_07.csv", "id,customer,amount\n5,ben,999\n")(root)
    _write("raw/people_2.csv", "id,name\n2,ben\n")(root)


def _accept(service: Service) -> str:
    held = next(run for run in service.workspace.runs.newest(20) if run.status == "held")
    return _published(service.checks.accept(held.number, ["amount 0..100"], "a big one"))


VERBS: Sequence[Verb] = (
    Verb("run", _begin, _run, (35, 3, 11, 1)),
    Verb(
        "branch",
        _write(COUNT, "select 10 * count(*) as n from shop.orders\n"),
        _branch,
        (35, 3, 11, 1),
        (35, 30, 11, 1),
    ),
    Verb(
        "publish",
        lambda _: None,
        lambda w: _published(w.branches.publish("dev", options=RunOptions(agreed=ANY_PLAN))),
        (35, 30, 11, 1),
    ),
    Verb("undo", lambda _: None, lambda w: w.undoing.undo().commit.id, (35, 3, 11, 1)),
    Verb(
        "refresh",
        _write("raw/orders_06.csv", "id,customer,amount\n4,ada,9\n"),
        lambda w: _published(w.runs.refresh(RunOptions())),
        (44, 4, 2, 1),
    ),
    Verb("part", _mixed, lambda w: _published(w.runs.refresh(RunOptions())), (44, 4, 2, 11), holds=True),
    Verb("accept", lambda _: None, _accept, (1043, 5, 2, 11)),
)


def figures(service: Service, ref: str) -> Figures:
    """What a reader sees; None as long as nothing was published.

    Raises:
        AndonError: when reading fails.
    """
    try:
        rows = service.querying.ask(FIGURES, ref).fetch()
    except UsageError as error:
        if error.code in (
            "lake.dataset_not_found",
            "usage.query_failed",
            "lake.ref_not_found",
            "project.unknown_dataset",
        ):
            return None
        raise
    return tuple(int(value) for value in rows[0])


def say(pipe: int, **facts: Any) -> None:
    """Tell the parent process; the line is there once the call returns."""
    os.write(pipe, json.dumps(facts).encode() + b"\n")


# -- seeded bugs


def _files_after_rows() -> None:
    original = Objects.record

    class Late(LocalStorage):
        def __init__(self, real: Any) -> None:
            self.paths: list[str] = []

        def make_durable(self, paths: Any) -> None:
            self.paths = list(paths)

    def record(self: Any, *args: Any, **options: Any) -> Any:
        storage = self._storage
        self._storage = late = Late(storage)
        try:
            winners = original(self, *args, **options)
        finally:
            self._storage = storage
        storage.make_durable(late.paths)
        return winners

    Objects.record = record  # type: ignore[method-assign]


def _sync_not_full() -> None:
    original = SqliteDatabase._connection

    def connection(self: Any) -> Any:
        found = original(self)
        found.execute("pragma synchronous=normal")
        return found

    SqliteDatabase._connection = connection  # type: ignore[method-assign]


def _two_transactions() -> None:
    """The ref moves first and alone; the commit that it names is written after."""
    from andon.lake.lake import Lake

    original = Lake.commit

    def commit(self: Any, draft: Any, content: Any, moves: Any, request: Any = None, also: Any = None) -> Any:
        from andon.lake.commits import Commits

        late: list[Any] = []
        write = Commits.write

        class Recorder:
            def __init__(self, transaction: Any) -> None:
                self._transaction = transaction

            def execute(self, sql: str, parameters: Any = ()) -> int:
                late.append((sql, parameters))
                return 1

        Commits.write = lambda this, transaction, *rest: write(this, Recorder(transaction), *rest)  # type: ignore
        try:
            done = original(self, draft, content, moves, request, also)
        finally:
            Commits.write = write  # type: ignore[method-assign]
        with self.database.write() as transaction:
            for sql, parameters in late:
                transaction.execute(sql, parameters)
        return done

    Lake.commit = commit  # type: ignore[method-assign]


def _no_compare() -> None:
    original = Refs.move

    def move(self: Any, transaction: Any, move: RefMove, new: Any, mover: Any) -> None:
        if move.old is not None and new is not None:
            there = transaction.query("select commit_id from ref where name = ?", [move.name])[0][0]
            move = RefMove(move.name, move.kind, there, move.why)
        original(self, transaction, move, new, mover)

    Refs.move = move  # type: ignore[method-assign]


BUGS = {
    "rows before files": _files_after_rows,
    "commits not synced": _sync_not_full,
    "ref before commit": _two_transactions,
    "no compare": _no_compare,
}


def plant(bug: str | None) -> None:
    """Break the product in this process, to show that the harness sees it."""
    if bug:
        BUGS[bug]()
