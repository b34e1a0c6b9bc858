"""Taking away the files that nothing needs, in steps that may each be the last: marked, closed to readers, deleted (see `going.py`).

Nothing is deleted that was not found unneeded twice, a grace apart. What is known of a step is what the catalog says of it: a step whose
outcome is not known is done again by the next collection, and no file goes before the catalog says that it does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from andon.base.clock import from_text, to_text
from andon.base.database import in_batches
from andon.base.record import Record, field, replace
from andon.errors import ConflictError
from andon.lake.catalogs import catalogs_of
from andon.lake.going import CLOSED, DELETING, MARKED, TAKEN, GoingFile
from andon.lake.iceberg.dropping import drop_derived
from andon.lake.leases import ReaderNote
from andon.lake.list_parts import whole
from andon.lake.named_files import named_files
from andon.lake.packing import files_of
from andon.lake.stored_paths import files_there, normal, require_inside

if TYPE_CHECKING:
    from andon.base.database import Row, Transaction
    from andon.lake.lake import Lake
    from andon.lake.roots import Roots
    from andon.lake.storage import Storage

#: So long it is known of a file that no version named that it was taken away.
_KNOWN = timedelta(days=30)
#: So many files are deleted before it is noted which.
_AT_ONCE = 2000
#: So many go at the same time, in shares of so many: a file system has several at hand.
_THREADS, _SHARE = 8, 64


class UnneededFile(Record):
    """A file of the storage that nothing needs.

    Attributes:
        dataset: whose it is; empty for one that no version names.
        versions: those that name it.
        shown: until when a branch showed one of them (ISO text); None where none ever did.
        going: how far its going has come.
    """

    path: str
    size: int
    dataset: str
    versions: tuple[str, ...] = ()
    shown: str | None = None
    going: GoingFile | None = None


class NeededFiles(Record):
    """What is kept of a dataset, for one reason."""

    dataset: str
    why: str
    files: int
    size: int


class Inventory(Record):
    """What there is in a storage, by what becomes of it.

    Attributes:
        unneeded: files that nothing needs, by path.
        needed: what is kept, by dataset and reason, each file once.
        versions: by version without need that a collection touches, its dataset.
        spared: paths on their way out that are needed again, or are gone by themselves.
        refused: what the catalog names that lies outside of the storage.
    """

    unneeded: Mapping[str, UnneededFile] = field(default_factory=dict)
    needed: Sequence[NeededFiles] = ()
    spared: frozenset[str] = frozenset()
    finished: frozenset[str] = frozenset()
    refused: tuple[str, ...] = ()


class Collected(Record):
    """What a collection did.

    Attributes:
        marked, closed, deleted: paths.
        waits_for: processes that began to read before what is closed was closed.
        is_written: whether somebody writes, so that files which no version names stay.
        stay: versions whose rows could not be read, so that nothing would prove them.
    """

    marked: frozenset[str] = frozenset()
    closed: frozenset[str] = frozenset()
    deleted: frozenset[str] = frozenset()
    waits_for: tuple[ReaderNote, ...] = ()
    is_written: bool = False
    stay: frozenset[str] = frozenset()


class Collector:
    """Takes away what one lake does not need.

    Args:
        roots: tells what is needed.
        elsewhere: the files that other catalogs of the storage name.
        sealing: is given versions whose data are about to go: what their rows come to is kept. Those that it returns stay.
        grace: how long a file stays after nothing needed it for the first time that somebody looked.
    """

    def __init__(
        self,
        lake: Lake,
        roots: Callable[[], Roots],
        elsewhere: Callable[[], set[str]],
        sealing: Callable[[Sequence[str]], set[str]],
        grace: timedelta,
    ) -> None:
        self._lake = lake
        self._roots = roots
        self._elsewhere = elsewhere
        self._sealing = sealing
        self._grace = grace
        self._require: Callable[[], None] = lambda: None

    def find(self) -> Inventory:
        """What is there and what becomes of it; nothing is changed.

        Raises:
            MachineError: `lake.corrupt` where a row can't be read: it may name any file. `machine.storage` where another catalog can't be.
        """
        there = dict(files_there(self._lake.storage))
        going = self._lake.going.all()
        needed = self._roots()
        rows = self._lake.database.query("select id, dataset, body from version where is_view = 0 order by created, id")
        why: dict[str, tuple[str, str, int]] = {}
        unneeded: dict[str, UnneededFile] = {}
        refused: list[str] = []
        for id, dataset, text in whole(self._lake.database.query, rows):
            reason = needed.needed.get(id)
            for file in files_of(text):
                path = normal(file.path)
                if path is None:
                    refused.append(file.path)
                elif reason is not None:
                    why.setdefault(path, (dataset, reason, file.size))
                elif path in there:
                    known = unneeded.get(path)
                    shown = max(filter(None, (known.shown if known else None, needed.shown.get(id))), default=None)
                    versions = (*(known.versions if known else ()), id)
                    unneeded[path] = UnneededFile(path, there[path], dataset, versions, shown, going.get(path))
        kept = why.keys() | self._elsewhere() | (named_files(self._lake.database) - unneeded.keys())
        for path in there.keys() - kept - unneeded.keys():
            unneeded[path] = UnneededFile(path, there[path], "", going=going.get(path))
        unneeded = {path: file for path, file in unneeded.items() if path not in kept}
        spared = {path for path, row in going.items() if row.state in (MARKED, CLOSED) and path not in unneeded}
        back = {path for path, row in going.items() if row.state in (DELETING, TAKEN) and path in there}
        spared |= {path for path in back if path in why or path in kept}
        finished = {path for path, row in going.items() if row.state == DELETING and path not in there}
        return Inventory(unneeded, _summed(why), frozenset(spared), frozenset(finished), tuple(refused))

    def ready(self, found: Inventory) -> list[UnneededFile]:
        """Those files whose grace is over."""
        now = self._lake.clock()

        def is_ready(row: GoingFile | None) -> bool:
            if row is None or row.state == TAKEN:
                return not self._grace
            return row.state != MARKED or from_text(row.since) + self._grace <= now

        return [file for file in found.unneeded.values() if is_ready(file.going)]

    def collect(self) -> tuple[Inventory, Collected]:
        """Do the next step for every file that nothing needs.

        Raises:
            ConflictError: `lake.busy` where somebody collects already, or brings data back, or another catalog came to name files.
            MachineError: as `find`; the machine.
        """
        with collecting(self._lake) as require:
            known = catalogs_of(self._lake.storage)

            def still() -> None:
                require()
                if catalogs_of(self._lake.storage) != known:
                    raise _joined(self._lake.storage)

            self._require = still
            moved = self._moved()
            found = self.find()
            self._finish(found)
            marked = self._mark(found)
            ready = self.ready(found)
            done = self._take([file for file in ready if file.dataset], moved)
            left, is_written = [file for file in ready if not file.dataset], False
            if left:
                with self._lake.locks.alone() as is_alone:  # nobody is about to name one of them
                    also, is_written = self._take(left if is_alone else [], moved), not is_alone
                done = Collected(
                    closed=done.closed | also.closed,
                    deleted=done.deleted | also.deleted,
                    waits_for=tuple(dict.fromkeys((*done.waits_for, *also.waits_for))),
                    stay=done.stay,
                )
            drop_derived(self._lake)
            return found, replace(done, marked=marked, is_written=is_written)

    # -- steps

    def _finish(self, found: Inventory) -> None:
        """Note what came of a collection that was interrupted, and what is needed again; forget what nobody can come to name any more."""
        moment = self._lake.clock()
        now, before = to_text(moment), to_text(moment - _KNOWN)
        old = "from going where dataset = '' and state = ? and since < ?"
        is_any_old = bool(self._lake.database.query(f"select 1 {old} limit 1", [TAKEN, before]))
        if not found.spared and not found.finished and not is_any_old:
            return
        with self._lake.database.write() as transaction:
            transaction.execute(f"delete {old}", [TAKEN, before])
            states = [MARKED, CLOSED, DELETING, TAKEN]
            transaction.execute_many(
                "delete from going where path = ? and state in (?, ?, ?, ?)",
                [(path, *states) for path in sorted(found.spared)],
            )
            transaction.execute_many(
                "update going set state = ?, since = ? where path = ? and state = ?",
                [(TAKEN, now, path, DELETING) for path in sorted(found.finished)],
            )

    def _mark(self, found: Inventory) -> frozenset[str]:
        new = [f for f in found.unneeded.values() if f.going is None or f.going.state == TAKEN]
        if not new:
            return frozenset()
        now = to_text(self._lake.clock())
        with self._lake.database.write() as transaction:
            transaction.execute_many("delete from going where path = ? and state = ?", [(f.path, TAKEN) for f in new])
            transaction.execute_many(
                "insert into going (path, dataset, size, state, epoch, since) values (?, ?, ?, ?, 0, ?)"
                " on conflict (path) do nothing",
                [(f.path, f.dataset, f.size, MARKED, now) for f in new],
            )
        return frozenset(f.path for f in new)

    def _take(self, ready: Sequence[UnneededFile], moved: int) -> Collected:
        """Close files to readers, and delete those that nobody reads.

        Args:
            moved: how often refs had moved before it was looked what is needed. What came to be needed since has no row here any more,
                but for rows that this collection made.
        """
        stay = self._sealing(list(dict.fromkeys(v for f in ready for v in f.versions)))
        ready = [file for file in ready if not stay.intersection(file.versions)]
        marked = [f for f in ready if f.going is None or f.going.state in (MARKED, TAKEN)]
        if marked:
            with self._lake.database.write() as transaction:
                is_still = self._moved(transaction) == moved
                closing = [f.path for f in marked if is_still or (f.going is not None and f.going.state == MARKED)]
                rows = transaction.query("select number from epoch")
                epoch = (int(rows[0][0]) if rows else 0) + 1
                transaction.execute(
                    "update epoch set number = ?" if rows else "insert into epoch (number) values (?)", [epoch]
                )
                transaction.execute_many(
                    "update going set state = ?, epoch = ? where path = ? and state = ?",
                    [(CLOSED, epoch, path, MARKED) for path in closing],
                )
        readers = self._lake.leases.others()
        oldest = min((reading.epoch for reading in readers), default=None)
        paths = [file.path for file in ready]
        with self._lake.database.write() as transaction:
            going = _states(transaction.query, paths)
            free = [
                p for p in paths if p in going and going[p][0] == CLOSED and (oldest is None or going[p][1] <= oldest)
            ]
            transaction.execute_many(
                "update going set state = ? where path = ? and state = ?", [(DELETING, path, CLOSED) for path in free]
            )
        again = [p for p in paths if p in going and going[p][0] == DELETING]
        deleted = self._delete([*free, *again])
        waits = {p for p in paths if p in going and going[p][0] == CLOSED} - set(free)
        late = tuple(r for r in readers if any(r.epoch < going[p][1] for p in waits))
        return Collected(closed=frozenset(waits), deleted=frozenset(deleted), waits_for=late, stay=frozenset(stay))

    def _moved(self, reader: Transaction | None = None) -> int:
        """How often refs moved."""
        return int((reader or self._lake.database).query("select coalesce(max(seq), 0) from reflog")[0][0])

    def _delete(self, paths: Sequence[str]) -> list[str]:
        deleted: list[str] = []
        require_inside(self._lake.storage, paths)
        for start in range(0, len(paths), _AT_ONCE):
            batch = paths[start : start + _AT_ONCE]
            shares = [batch[first : first + _SHARE] for first in range(0, len(batch), _SHARE)]
            with ThreadPoolExecutor(max_workers=_THREADS) as pool:
                for _ in pool.map(self._remove, shares):
                    pass
            now = to_text(self._lake.clock())
            with self._lake.database.write() as transaction:
                # of what no version names too: who was silent for long may be about to name it (see `Going.keep`)
                transaction.execute_many(
                    "update going set state = ?, since = ? where path = ? and state = ?",
                    [(TAKEN, now, path, DELETING) for path in batch],
                )
            deleted += batch
        return deleted

    def _remove(self, paths: Sequence[str]) -> None:
        self._require()
        for path in paths:
            self._lake.storage.delete(path)


def _joined(storage: Storage) -> ConflictError:
    return ConflictError(
        "lake.busy",
        "another catalog came to name files of this storage while some were about to be deleted",
        where=storage.url,
        hint="run the same command again: what that one names stays",
        retryable=True,
    )


@contextmanager
def collecting(lake: Lake) -> Iterator[Callable[[], None]]:
    """See `Locks.collecting`."""
    with lake.locks.collecting() as require:
        yield require


def _states(query: Callable[..., list[Row]], paths: Sequence[str]) -> dict[str, tuple[str, int]]:
    found: dict[str, tuple[str, int]] = {}
    for marks, batch in in_batches(paths):
        rows = query(f"select path, state, epoch from going where path in ({marks})", batch)
        found.update({str(path): (str(state), int(epoch)) for path, state, epoch in rows})
    return found


def _summed(why: Mapping[str, tuple[str, str, int]]) -> list[NeededFiles]:
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for dataset, reason, size in why.values():
        count, total = sums.get((dataset, reason), (0, 0))
        sums[dataset, reason] = count + 1, total + size
    return [NeededFiles(dataset, reason, *sums[dataset, reason]) for dataset, reason in sorted(sums)]
