"""The lake as one thing: catalog, storage, and the second of a run's two transactions: commit, trees, refs, reflog."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from andon.base.cache import Cache, MemoryCache
from andon.base.clock import Clock, to_text
from andon.base.database import Database, Transaction, migrate
from andon.errors import MachineError
from andon.lake.analysis_runs import AnalysisRuns
from andon.lake.catalogs import catalog_mark, enlist, lake_id
from andon.lake.commits import Commits, Draft
from andon.lake.former_names import FormerNames
from andon.lake.going import Going
from andon.lake.holdings import Holdings
from andon.lake.home import Home
from andon.lake.intact import Intact
from andon.lake.lease_rows import LeaseRows
from andon.lake.leases import Leases
from andon.lake.locks import Locks
from andon.lake.objects import Objects
from andon.lake.packages import Packages
from andon.lake.refs import MAIN, Mover, RefMove, Refs
from andon.lake.schema import MIGRATIONS
from andon.lake.shared_leases import SharedLeases
from andon.lake.storage import Storage
from andon.model.commit import Commit, CommitKind, State


class Lake:
    """Objects, commits, refs and storage over one catalog."""

    def __init__(self, database: Database, storage: Storage, clock: Clock, kept: Cache | None = None) -> None:
        self.database = database
        self.storage = storage
        self.clock = clock
        self.commits = Commits(database, kept)
        self.home = Home(database, storage)
        self.going = Going(database, storage, self.commits)
        self.leases: Leases | SharedLeases
        if storage.shares_locks:
            self.leases = Leases(_notes(storage, database), self.going.epoch, self.going.look)
            self.locks = Locks(storage, None)
        else:
            rows = LeaseRows(database)
            self.leases = SharedLeases(database, rows, self.going.look)
            self.locks = Locks(storage, rows)
        self.intact = Intact(storage, MemoryCache() if kept is None else kept, self.going)
        self.objects = Objects(database, storage, clock, self.intact, self.going)
        self.packages = Packages(database, storage, self.intact, self.going, self.locks.writing, self.home.require)
        self.holdings = Holdings(database)
        self.analysis_runs = AnalysisRuns(
            database, storage, self.intact, self.objects.put_texts, self.locks.writing, self.going, self.home.require
        )
        self.former_names = FormerNames(database, self.objects)
        self.refs = Refs(database, self.commits, lambda: self.clock())
        self._turns = threading.local()

    @classmethod
    def open(cls, database: Database, storage: Storage, clock: Clock, author: str, kept: Cache | None = None) -> Lake:
        """The lake in `database`, made (with an empty `main`) if it is not there.

        Args:
            kept: where it is kept which data files were hashed; without it that is forgotten with the lake.

        Raises:
            MachineError: `lake.format`, `machine.read_only`, `machine.disk`, `machine.database`.
        """
        migrate(database, "lake", MIGRATIONS)
        lake = cls(database, storage, clock, kept)
        if lake.refs.find(MAIN) is None:
            lake._begin(author)
        return lake

    @staticmethod
    def is_in(database: Database) -> bool:
        """Whether a lake is in `database`."""
        return database.has_table("ref") and bool(database.query("select 1 from ref where name = ?", [MAIN]))

    @cached_property
    def id(self) -> str:
        """What tells this lake from all others: made by chance with its catalog, and kept there."""
        return lake_id(self.database)

    @contextmanager
    def turn(self, branch: str) -> Iterator[None]:
        """While nobody else moves a branch: who looks at it and moves it within this turn is not too late. Many who publish at once come
        one after the other, in the order in which they asked. A turn that lasts long is lost; then others may move it.

        Raises:
            MachineError: `machine.database` where the turn does not come.
        """
        if branch in self._mine():
            yield
            return
        with self.database.turn(_turn_of(branch)):
            self._mine().add(branch)
            try:
                yield
            finally:
                self._mine().remove(branch)

    def _mine(self) -> set[str]:
        """Branches of which this thread has the turn."""
        if not hasattr(self._turns, "mine"):
            self._turns.mine = set()
        mine: set[str] = self._turns.mine
        return mine

    def _beside(self, moves: Sequence[RefMove]) -> list[str]:
        return [_turn_of(move.name) for move in moves if move.kind == "branch" and move.name not in self._mine()]

    def commit(
        self,
        draft: Draft,
        content: State | str,
        moves: Sequence[RefMove],
        request: str | None = None,
        also: Callable[[Transaction, Commit], None] | None = None,
    ) -> Commit:
        """Write a commit and move refs to it, in one transaction.

        Args:
            draft: what is chosen of the commit.
            content: what it holds, or the id of a root tree that is there.
            moves: refs that will name it; all move or none.
            request: id of the request; asked again, the call answers with what it did the first time.
            also: more rows of the same transaction (the outcome of the run).

        Raises:
            ConflictError: `lake.ref_moved`.
            MachineError: `lake.gone` where it names data that nothing kept; `lake.elsewhere`; or the storage can't note that this catalog
                names files of it.
        """
        if request is not None and (done := self.refs.answered(request)) is not None and done.new is not None:
            return self.commits.get(done.new)
        enlist(self.storage, self.database)
        at = to_text(self.clock())
        after = self.commits.get(draft.parents[0]) if draft.parents else None
        commit = None
        try:
            with self.database.write(self._beside(moves)) as transaction:
                self.home.require(transaction)
                root = content if isinstance(content, str) else self.commits.root_of(transaction, content, after)
                commit = self.commits.write(transaction, draft, root, self.refs.next_after(transaction, draft.time))
                self._require_kept(transaction, commit)
                for number, move in enumerate(moves, start=1):
                    mover = Mover(draft.author, at, request if number == len(moves) else None)
                    self.refs.move(transaction, move, commit.id, mover)
                if also is not None:
                    also(transaction, commit)
        except MachineError as error:
            # what became of a commit whose answer was lost, the catalog knows
            if error.code != "machine.unknown_outcome" or commit is None:
                raise
            if not self.database.query("select 1 from lake_commit where id = ?", [commit.id]):
                raise _not_done(error) from error
        assert commit is not None
        return commit

    def move(self, move: RefMove, new: str | None, actor: str, request: str | None = None) -> None:
        """Make, move or remove a ref without a new commit (see `Refs.move`); a request that was done already does nothing.

        Raises:
            MachineError: `lake.gone` where `new` names data that nothing kept; `lake.elsewhere`.
        """
        if request is not None and self.refs.answered(request) is not None:
            return
        with self.database.write(self._beside([move])) as transaction:
            self.home.require(transaction)
            if new is not None and not self._is_shown(transaction, new):
                self._require_all(transaction, self.commits.get(new))
            self.refs.move(transaction, move, new, Mover(actor, to_text(self.clock()), request))

    def _require_kept(self, transaction: Transaction, commit: Commit) -> None:
        """Keep what a new commit names. What its first parent names is kept by a ref, or has to be looked at, too."""
        if commit.parent is None or not self._is_shown(transaction, commit.parent):
            self._require_all(transaction, commit)
        elif self.going.is_any(transaction):
            self._require(transaction, self.commits.get(commit.parent), commit)

    def _require_all(self, transaction: Transaction, commit: Commit) -> None:
        if self.going.is_any(transaction):
            self._require(transaction, None, commit)

    def _require(self, transaction: Transaction, before: Commit | None, commit: Commit) -> None:
        changes = self.commits.changed_leaves(before, commit, transaction)
        self.going.require(transaction, (new.version for _, new in changes.values() if new is not None))

    @staticmethod
    def _is_shown(transaction: Transaction, commit: str) -> bool:
        """Whether a ref whose head is always kept names a commit."""
        sql = "select 1 from ref where commit_id = ? and kind <> 'run' limit 1"
        return bool(transaction.query(sql, [commit]))

    def _begin(self, author: str) -> None:
        at = to_text(self.clock())
        draft = Draft((), CommitKind.INIT, author, "An empty lake", at)
        with self.database.write() as transaction:
            if transaction.query("select 1 from ref where name = ?", [MAIN]):
                return  # another process was first
            commit = self.commits.write(transaction, draft, self.commits.root_of(transaction, State()))
            self.refs.move(transaction, RefMove(MAIN, "branch", None, "init"), commit.id, Mover(author, at))


def _turn_of(branch: str) -> str:
    return f"ref {branch}"


def _notes(storage: Storage, database: Database) -> Path:
    """Where the processes that read by this catalog note it: each catalog has epochs of its own."""
    return storage.root / ".readers" / catalog_mark(storage, database)


def _not_done(error: MachineError) -> MachineError:
    """The error for a commit that was asked for, and of which the catalog says that it was not made."""
    return MachineError(
        "machine.database",
        f"{error.message}; it was not done",
        where=error.where,
        hint="the same command again goes on from what was built",
        retryable=True,
    )
