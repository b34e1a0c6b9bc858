"""Immutable objects in the catalog: texts, definitions, versions, builds, field ids.

`record` is the first of a run's two transactions: new data files are made durable *before* any row names them; the other way round
a power loss would leave rows that name torn files.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from andon.base.cache import MemoryCache
from andon.base.clock import Clock, to_text
from andon.base.database import Database, Transaction, in_batches
from andon.base.hashing import digest
from andon.base.lru import Lru
from andon.errors import MachineError
from andon.lake.field_ids import FieldIds, Output
from andon.lake.intact import Intact
from andon.lake.list_parts import Parts, whole, without_lists, write_parts
from andon.lake.named_files import raw_path
from andon.lake.packing import (
    build_of,
    build_text,
    definition_of,
    definition_text,
    trace_of,
    version_of,
    version_text,
)
from andon.lake.row_texts import decompressed
from andon.lake.storage import Storage
from andon.model.build import Build, BuildTrace, InputFile
from andon.model.dataset import Definition
from andon.model.version import Version

if TYPE_CHECKING:
    from andon.lake.going import Going

# Bytes of definitions that are kept in memory, about: twice those of a lake of 10,000 datasets.
_DEFINITIONS = 64 << 20
# Meanings that are kept in memory (some hundred bytes each), for twice such a lake.
_MEANINGS = 20_000

_T = TypeVar("_T")

_BUILD = "id, key, dataset, definition, version, run, created, body"


class Objects:
    """Reads and writes immutable objects."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        clock: Clock,
        intact: Intact | None = None,
        going: Going | None = None,
    ) -> None:
        self._database = database
        self._storage = storage
        self._intact = Intact(storage, MemoryCache()) if intact is None else intact
        self._going = going
        self._clock = clock
        self._definitions: Lru[str, Definition] = Lru(_DEFINITIONS, _weight)
        self._meanings: Lru[str, tuple[str, str]] = Lru(_MEANINGS)
        self._field_ids = FieldIds(database, self._column_ids)

    # -- texts

    def put_texts(self, texts: Iterable[bytes]) -> None:
        """Keep texts under their sha256."""
        wanted = {digest(text): text for text in texts}
        missing = wanted.keys() - self._known("blob", wanted)
        if missing:
            with self._database.write() as transaction:
                _insert_texts(transaction, {sha: wanted[sha] for sha in missing})

    def text(self, sha: str) -> bytes:
        """The text with this sha256.

        Raises:
            MachineError: `lake.corrupt` if it is not there.
        """
        rows = self._database.query("select body from blob where id = ?", [sha])
        if not rows:
            raise MachineError("lake.corrupt", f"the text `{sha[:12]}` is not in the catalog", hint="`andon doctor`")
        return decompressed(rows[0][0])

    def texts(self, shas: Iterable[str]) -> dict[str, bytes]:
        """The texts with these sha256, as many at once as go; unknown ones are left out."""
        found: dict[str, bytes] = {}
        for marks, batch in in_batches(set(shas)):
            rows = self._database.query(f"select id, body from blob where id in ({marks})", batch)
            found.update((row[0], decompressed(row[1])) for row in rows)
        return found

    def has_texts(self, shas: Iterable[str]) -> set[str]:
        """Those of `shas` that are kept."""
        return self._known("blob", shas)

    # -- definitions, versions, builds

    def definitions(self, ids: Iterable[str]) -> dict[str, Definition]:
        """Definitions by id; unknown ids are left out."""
        wanted = set(ids)
        found = self._definitions.get_many(wanted)
        read: dict[str, Definition] = {}
        for marks, batch in in_batches(wanted - found.keys()):
            for key, body in self._database.query(f"select id, body from definition where id in ({marks})", batch):
                read[key] = definition_of(body)
        self._definitions.put_many(read)
        return _Found("definition", found | read)

    def versions(self, ids: Iterable[str]) -> dict[str, Version]:
        """Versions by id; unknown ids are left out."""
        found: dict[str, Version] = _Found("version")
        for marks, batch in in_batches(set(ids)):
            sql = f"select id, dataset, is_view, body from version where id in ({marks})"
            for key, dataset, is_view, text in whole(self._database.query, self._database.query(sql, batch)):
                found[key] = version_of(key, dataset, bool(is_view), text)
        return found

    def row_counts(self, ids: Iterable[str]) -> dict[str, tuple[int | None, int]]:
        """`{version id: (rows or None for a view, bytes)}`; cheaper than `versions`."""
        found: dict[str, tuple[int | None, int]] = {}
        for marks, batch in in_batches(set(ids)):
            for key, rows, size in self._database.query(
                f"select id, rows, bytes from version where id in ({marks})", batch
            ):
                found[key] = (rows, size)
        return found

    def builds(self, ids: Iterable[str]) -> dict[str, Build]:
        """Builds by id; unknown ids are left out."""
        found: dict[str, Build] = _Found("build")
        for marks, batch in in_batches(set(ids)):
            rows = self._database.query(f"select {_BUILD} from build where id in ({marks})", batch)
            found.update((row[0], build_of(row)) for row in whole(self._database.query, rows))
        return found

    def traces(self, ids: Iterable[str]) -> dict[str, BuildTrace]:
        """What builds read and took, by their id; unknown ids are left out. Several times as cheap as `builds`."""
        found: dict[str, BuildTrace] = {}
        for marks, batch in in_batches(set(ids)):
            rows = self._database.query(f"select id, created, body from build where id in ({marks})", batch)
            for key, created, text in whole(self._database.query, rows):
                found[key] = trace_of(created, text)
        return found

    def made(self, ids: Iterable[str]) -> dict[str, str]:
        """When builds were made, by their id (ISO texts); unknown ids are left out."""
        found: dict[str, str] = {}
        for marks, batch in in_batches(set(ids)):
            rows = self._database.query(f"select id, created from build where id in ({marks})", batch)
            found.update((str(key), str(created)) for key, created in rows)
        return found

    def builds_of(self, dataset: str) -> list[Build]:
        """All builds of a dataset, the newest first."""
        rows = self._database.query("select id from build where dataset = ? order by created desc, id", [dataset])
        found = self.builds(str(row[0]) for row in rows)
        return [found[str(row[0])] for row in rows if str(row[0]) in found]

    def builds_by_key(self, keys: Iterable[str]) -> dict[str, Build]:
        """The current build of each recipe key that was ever built."""
        found: dict[str, Build] = _Found("build of the recipe")
        for marks, batch in in_batches(set(keys)):
            sql = f"select {_BUILD} from build where superseded = 0 and key in ({marks})"
            for row in whole(self._database.query, self._database.query(sql, batch)):
                found[row[1]] = build_of(row)
        return found

    def built_definitions(self, ids: Iterable[str]) -> set[str]:
        """Those of `ids` that have any build."""
        found: set[str] = set()
        for marks, batch in in_batches(set(ids)):
            sql = f"select distinct definition from build where definition in ({marks})"
            found.update(row[0] for row in self._database.query(sql, batch))
        return found

    def seconds_by_dataset(self, names: Iterable[str]) -> dict[str, float]:
        """Wall time of the newest build of each of the datasets `names`, from history."""
        found: dict[str, float] = {}
        for marks, batch in in_batches(set(names)):
            sql = (
                "select b.dataset, b.body from build b join (select dataset, max(created) as newest from build"
                f" where dataset in ({marks}) group by dataset) n on b.dataset = n.dataset and b.created = n.newest"
            )
            found.update(
                (dataset, trace_of("", without_lists(body)).seconds)
                for dataset, body in self._database.query(sql, batch)
            )
        return found

    def record(
        self,
        outcomes: Sequence[tuple[Version, Build]],
        definitions: Iterable[Definition] = (),
        texts: Mapping[str, bytes] | None = None,
        raw: Iterable[str] = (),
        new: Iterable[str] | None = None,
        force: bool = False,
        also: Callable[[Transaction], None] | None = None,
    ) -> dict[str, Build]:
        """Make results durable and known: files first, then rows, in one transaction.

        Args:
            outcomes: new versions with the builds that made them.
            definitions, texts: what they refer to, if not there already.
            raw: storage paths of kept raw files that must be durable too.
            new: storage paths of those files of the versions that no version before has; None: all.
            force: take the place of an earlier build of the same key.
            also: more rows of the same transaction.

        Returns:
            `{key: the build that counts}`: of two who build one key the first to record wins, the other adopts.
        """
        files = [f.path for version, _ in outcomes for f in version.files] if new is None else [*new]
        self._make_durable([*files, *raw])
        lost = self._lost([v for v, _ in outcomes])
        now = to_text(self._clock())
        parts: Parts = {}
        texts_of = {version.id: version_text(version, parts) for version, _ in outcomes}
        texts_of |= {build.id: build_text(build, parts) for _, build in outcomes}
        bodies = {id: zlib.compress(text, 1) for id, text in texts_of.items()}
        with self._database.write() as transaction:
            lost |= self._revived(
                transaction, [v for v, _ in outcomes], [file for _, build in outcomes for file in build.files]
            )
            if texts:
                _insert_texts(transaction, texts)
            _insert_definitions(transaction, definitions)
            write_parts(transaction, parts, texts_of.values())
            transaction.execute_many(
                "insert into version (id, dataset, is_view, rows, bytes, body, created) values (?, ?, ?, ?, ?, ?, ?)"
                " on conflict (id) do nothing",
                [(v.id, v.dataset, int(v.is_view), v.rows, v.bytes, bodies[v.id], now) for v, _ in outcomes],
            )
            # Content that was built again because its files were lost or damaged is read from the new ones.
            transaction.execute_many(
                "update version set body = ? where id = ?",
                [(bodies[v.id], v.id) for v, _ in outcomes if v.id in lost],
            )
            again = self._gone_builds(transaction, [b for _, b in outcomes])
            winners = _insert_builds(transaction, [b for _, b in outcomes], bodies, now, force, again)
            if also is not None:
                also(transaction)
        self._intact.flush()
        return winners

    def register_fields(self, wanted: Mapping[str, Output]) -> dict[str, dict[str, int]]:
        """Give every column of every output its field id (`field_ids.FieldIds.register`)."""
        return self._field_ids.register(wanted)

    def foreseen_fields(self, wanted: Mapping[str, Output]) -> dict[str, dict[str, int]]:
        """The field ids that `register_fields` would give now; nothing is kept."""
        return self._field_ids.foreseen(wanted)

    def _make_durable(self, paths: Sequence[str]) -> None:
        """Have files that are about to be named outlive a power loss.

        Raises:
            ConflictError: `lake.ref_moved` where one was taken for left behind meanwhile.
        """
        try:
            self._storage.make_durable(paths)
        except MachineError:
            if self._going is not None:
                with self._database.write() as transaction:
                    self._going.keep(transaction, paths)
            raise

    def _revived(self, transaction: Transaction, made: Sequence[Version], read: Iterable[InputFile]) -> set[str]:
        """Keep the files of results, and copies of what they read; those versions that are known by files which are on their way out or
        gone.

        Raises:
            ConflictError: `lake.ref_moved` where a result goes on from files that are gone meanwhile.
        """
        if self._going is None or not self._going.is_any(transaction):
            return set()
        self._going.keep(transaction, [file.path for version in made for file in version.files])
        self._going.keep(transaction, map(raw_path, read))
        known = self._going.tables(transaction, [v.id for v in made if not v.is_view])
        again = [known[v.id] for v in made if v.id in known and v.files != known[v.id].files]
        paths = {file.path: version.id for version in again for file in version.files}
        late = self._going.revive(transaction, paths)
        return {paths[path] for path in late}

    def _gone_builds(self, transaction: Transaction, made: Sequence[Build]) -> set[str]:
        """Keys of `made` whose build so far came to another version, of which data are gone."""
        if self._going is None or not self._going.is_any(transaction):
            return set()
        versions = {build.key: build.version for build in made}
        found = {k: v for k, v in self._versions_of(transaction, versions).items() if v != versions[k]}
        tables = self._going.tables(transaction, found.values())
        late = self._going.revive(transaction, [f.path for v in found.values() if v in tables for f in tables[v].files])
        return {k for k, v in found.items() if v in tables and any(f.path in late for f in tables[v].files)}

    @staticmethod
    def _versions_of(transaction: Transaction, keys: Iterable[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for marks, batch in in_batches(keys):
            sql = f"select key, version from build where superseded = 0 and key in ({marks})"
            found.update((str(key), str(version)) for key, version in transaction.query(sql, batch))
        return found

    def _lost(self, made: Sequence[Version]) -> set[str]:
        """Those of the known versions that are in other files now, and whose old ones are not what was written: one of two files is about
        to be believed, so the old one is read for it whatever is known of it."""
        known = self.versions(v.id for v in made)
        again = [v for v in made if v.id in known and v.files != known[v.id].files]
        return {v.id for v in again if self.is_lost(known[v.id], anew=True)}

    def is_lost(self, version: Version, *, anew: bool = False) -> bool:
        """Whether a file of `version` does not hold what was written: each is hashed when it is first looked at.

        Args:
            anew: whether they are hashed whatever is known of them.
        """
        return any(self._intact.damage(file, anew=anew) is not None for file in version.files)

    def _column_ids(self, version: str) -> dict[str, int]:
        """The field ids of a version's columns by name; none for a version that is not there."""
        found = self.versions([version]).get(version)
        return {column.name: column.field_id for column in found.columns} if found else {}

    def _known(self, table: str, ids: Iterable[str]) -> set[str]:
        found: set[str] = set()
        for marks, batch in in_batches(ids):
            found.update(row[0] for row in self._database.query(f"select id from {table} where id in ({marks})", batch))
        return found


class _Found(dict[str, _T]):
    """Objects by id. To look for one with `get` is a question; to take one with `[…]` is to rely on it."""

    def __init__(self, what: str, found: Mapping[str, _T] | None = None) -> None:
        super().__init__(found or {})
        self._what = what

    def __missing__(self, key: str) -> _T:
        raise MachineError(
            "lake.corrupt", f"the {self._what} `{key[:12]}` is not in the catalog", hint="`andon doctor --deep`"
        )


def _weight(definition: Definition) -> int:
    """Bytes of a definition in memory, about: its texts, its lists of hashes, and what every one has."""
    texts = len(definition.sql or "") + sum(map(len, definition.macros))
    return 1000 + texts + 200 * (len(definition.files) + len(definition.uses))


def _insert_texts(transaction: Transaction, texts: Mapping[str, bytes]) -> None:
    transaction.execute_many(
        "insert into blob (id, size, body) values (?, ?, ?) on conflict (id) do nothing",
        [(sha, len(text), zlib.compress(text, 1)) for sha, text in texts.items()],
    )


def _insert_definitions(transaction: Transaction, definitions: Iterable[Definition]) -> None:
    """Keep definitions, each with the hash of all that it holds; one that is there already, by an older text, stays and has none."""
    texts = [(d.id, d.entry, d.meaning, definition_text(d)) for d in definitions]
    transaction.execute_many(
        "insert into definition (id, entry, meaning, body) values (?, ?, ?, ?) on conflict (id) do nothing", texts
    )
    transaction.execute_many(
        "insert into definition_seal (id, sha256) select id, ? from definition where id = ? and body = ? on conflict (id) do nothing",
        [(digest(text.encode()), id, text) for id, _, _, text in texts],
    )


def _insert_builds(
    transaction: Transaction,
    builds: Sequence[Build],
    bodies: Mapping[str, bytes],
    now: str,
    force: bool,
    again: Collection[str] = (),
) -> dict[str, Build]:
    """The builds that count, by key; those of keys in `again` take the place of earlier ones, with `force` all."""
    winners: dict[str, Build] = {}
    by_key = {build.key: build for build in builds}
    for marks, batch in in_batches(by_key if force else again):
        transaction.execute(f"update build set superseded = 1 where superseded = 0 and key in ({marks})", batch)
    for marks, batch in in_batches(by_key):
        if not force:
            sql = f"select {_BUILD} from build where superseded = 0 and key in ({marks})"
            winners.update((row[1], build_of(row)) for row in whole(transaction.query, transaction.query(sql, batch)))
    fresh = [build for key, build in by_key.items() if key not in winners]
    transaction.execute_many(
        f"insert into build ({_BUILD}) values (?, ?, ?, ?, ?, ?, ?, ?)",
        [(b.id, b.key, b.dataset, b.definition, b.version, b.run, now, bodies[b.id]) for b in fresh],
    )
    winners.update((build.key, build) for build in fresh)
    return winners
