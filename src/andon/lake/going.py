"""Files that nothing keeps, on their way out. A file is *marked* first, then, after a grace, *closed* to who begins to read, and *deleting*
once nobody reads it who began before; of a version's file the row stays as *gone*, so that what was taken away is told from what was lost.

Whatever comes to need a file that is marked or closed takes its row away, in the transaction that makes it needed. From *deleting* on
there is no way back but to build it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from andon.base.database import Database, Transaction, in_batches
from andon.base.record import Record
from andon.errors import ConflictError
from andon.lake.list_parts import whole
from andon.lake.packing import build_of, version_of
from andon.model.damage import GONE, Damage, gone

if TYPE_CHECKING:
    from andon.lake.commits import Commits
    from andon.lake.storage import Storage
    from andon.model.version import Version

MARKED, CLOSED, DELETING, TAKEN = "marked", "closed", "deleting", "gone"


class GoingFile(Record):
    """A file on its way out.

    Attributes:
        path: in the storage.
        dataset: whose it was; empty for one that no version names.
        state: see the module.
        epoch: who began to read later does not read it.
        since: when it was marked (ISO text); of what is gone: when that was.
    """

    path: str
    dataset: str
    size: int
    state: str
    epoch: int
    since: str


class Going:
    """Reads and revives files on their way out. Safe under threads."""

    def __init__(self, database: Database, storage: Storage, commits: Commits) -> None:
        self._database = database
        self._storage = storage
        self._commits = commits
        self._closed: tuple[int, frozenset[str]] = (0, frozenset())

    # -- what readers ask

    def epoch(self) -> int:
        """How often files were closed to readers."""
        rows = self._database.query("select number from epoch")
        return int(rows[0][0]) if rows else 0

    def look(self, epoch: int) -> None:
        """Know which files are closed in an epoch."""
        if self._closed[0] != epoch:
            rows = self._database.query("select path from going where state in ('closed', 'deleting')")
            self._closed = epoch, frozenset(str(path) for (path,) in rows)
            if not self._storage.shares_locks:  # what another machine took away may lie here still
                rows = self._database.query("select path from going where state = 'gone'")
                self._storage.forget(str(path) for (path,) in rows)

    def is_closed(self, path: str) -> bool:
        """Whether nobody may begin to read a file, as far as was looked: what is needed again since may be read."""
        if path not in self._closed[1]:
            return False
        rows = self._database.query("select state from going where path = ?", [path])
        return bool(rows) and rows[0][0] in (CLOSED, DELETING)

    def closed_of(self, paths: Iterable[str]) -> set[str]:
        """Those of these files that nobody may begin to read, or that are gone."""
        found: set[str] = set()
        for marks, batch in in_batches(dict.fromkeys(paths)):
            sql = f"select path from going where path in ({marks}) and state in ('closed', 'deleting', 'gone')"
            found.update(str(path) for (path,) in self._database.query(sql, batch))
        return found

    def told(self, damage: Damage) -> Damage:
        """What is wrong with a file: that it is not there is no damage where it was taken away."""
        if damage.what != "is not there":
            return damage
        rows = self._database.query("select dataset, state from going where path = ?", [damage.path])
        if not rows or rows[0][1] not in (CLOSED, DELETING, TAKEN):
            return damage
        return self.closed(damage.path)

    def closed(self, path: str) -> Damage:
        """That a file is gone, with what brings it back."""
        return Damage(path, GONE, self._back(path))

    def _back(self, path: str) -> str | None:
        rows = self._database.query("select dataset from going where path = ?", [path])
        names = {str(rows[0][0])} if rows else set()
        for name in sorted(names - {""}):
            sql = "select id, dataset, is_view, body from version where dataset = ?"
            for id, dataset, is_view, text in whole(self._database.query, self._database.query(sql, [name])):
                version = version_of(id, dataset, bool(is_view), text)
                if any(file.path == path for file in version.files):
                    found = self.shown_by(version.id)
                    if found is not None:
                        return found
        return None

    def shown_by(self, version: str, reader: Transaction | None = None) -> str | None:
        """A dataset and a run whose commit shows a version, as `marts.revenue@run:41`; else a commit of a branch; None where none does."""
        sql = (
            "select b.dataset, r.name, r.commit_id from build b join ref r on r.name = 'run:' || b.run"
            " where b.version = ? order by b.created, b.id"
        )
        query = (reader or self._database).query
        for dataset, name, commit in query(sql, [version]):
            leaf = self._commits.leaf(self._commits.get(commit), dataset)
            if leaf is not None and leaf.version == version:
                return f"{dataset}@{name}"
        datasets = [str(row[0]) for row in query("select distinct dataset from build where version = ?", [version])]
        for (head,) in query("select commit_id from ref where kind <> 'run' order by kind, name"):
            at: str | None = head
            while at is not None:
                commit = self._commits.get(at)
                for dataset in datasets:
                    leaf = self._commits.leaf(commit, dataset)
                    if leaf is not None and leaf.version == version:
                        return f"{dataset}@{commit.id[:12]}"
                at = commit.parent
        return None

    # -- what comes to need files

    @staticmethod
    def is_any(transaction: Transaction) -> bool:
        """Whether any file ever was on its way out."""
        return bool(transaction.query("select 1 from going limit 1"))

    def revive(self, transaction: Transaction, paths: Iterable[str]) -> set[str]:
        """Keep files that are marked or closed; returns those for which it is too late."""
        late: set[str] = set()
        if not self.is_any(transaction):
            return late
        for marks, batch in in_batches(dict.fromkeys(paths)):
            rows = transaction.query(f"select path, state from going where path in ({marks})", batch)
            lost = {path for path, state in rows if state == DELETING or not self._is_kept(path, state)}
            transaction.execute_many("delete from going where path = ?", [(p,) for p, _ in rows if p not in lost])
            late |= lost
        return late

    def keep(self, transaction: Transaction, paths: Iterable[str]) -> None:
        """Keep files that were just written and are named now. One that was taken for left behind meanwhile, by who thought that nobody
        writes, is not named.

        Raises:
            ConflictError: `lake.ref_moved` where it is too late for one.
        """
        late = self.revive(transaction, paths)
        if late:
            raise ConflictError(
                "lake.ref_moved",
                f"`{min(late)}` was taken away while something was made of it",
                hint="run the same command again; what was built is reused",
                retryable=True,
            )

    def _is_kept(self, path: str, state: str) -> bool:
        """Whether a file may stay: one that was taken away is there only where it was brought back."""
        return state in (MARKED, CLOSED) or (state == TAKEN and self._storage.exists(path))

    def require(self, transaction: Transaction, versions: Iterable[str]) -> None:
        """Keep all that versions read, through views.

        Raises:
            DamagedError: `lake.gone` where it is too late.
        """
        named = self.tables(transaction, versions)
        late = self.revive(transaction, [file.path for version in named.values() for file in version.files])
        lost = [v for v in named.values() if any(file.path in late for file in v.files)]
        if lost:
            back = [found for v in lost if (found := self.shown_by(v.id, transaction)) is not None]
            raise gone(sorted({v.dataset for v in lost}), back)

    def tables(self, reader: Transaction | Database, versions: Iterable[str]) -> Mapping[str, Version]:
        """All tables that reading versions touches, through views, by id; what is not there is left out."""
        found: dict[str, Version] = {}
        waiting, met = set(versions), set[str]()
        while waiting:
            met |= waiting
            views: list[str] = []
            for marks, batch in in_batches(waiting):
                sql = f"select id, dataset, is_view, body from version where id in ({marks})"
                for id, dataset, is_view, text in whole(reader.query, reader.query(sql, batch)):
                    if is_view:
                        views.append(id)
                    else:
                        found[id] = version_of(id, dataset, False, text)
            waiting = set()
            for marks, batch in in_batches(views):
                sql = (
                    "select id, key, dataset, definition, version, run, created, body from build"
                    f" where superseded = 0 and key in ({marks})"
                )
                for row in whole(reader.query, reader.query(sql, batch)):
                    waiting.update(build_of(row).inputs.values())
            waiting -= met
        return found

    # -- what `collecting` asks

    def all(self) -> dict[str, GoingFile]:
        """All files on their way out, and those that are gone, by path."""
        rows = self._database.query("select path, dataset, size, state, epoch, since from going")
        return {str(row[0]): GoingFile(*row) for row in rows}

    def note_gone(self, paths: Iterable[str]) -> None:
        """Files that were on their way out are not there any more: nothing that comes to need them finds them."""
        with self._database.write() as transaction:
            transaction.execute_many("update going set state = ? where path = ?", [(TAKEN, path) for path in paths])

    def back(self, paths: Iterable[str]) -> None:
        """Files are there again, and may be read."""
        known = [(path,) for path in paths]
        with self._database.write() as transaction:
            if self.is_any(transaction):
                transaction.execute_many("delete from going where path = ?", known)
        epoch, closed = self._closed
        self._closed = epoch, closed.difference(path for (path,) in known)
