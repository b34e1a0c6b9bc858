"""The adapters of one opened project: settings, folder, lake, run state, caches. The only place that picks concrete ones.

One set serves a whole process, however many threads and callers there are; each part is made when first asked for.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from andon.base.cache import FileCache
from andon.base.clock import Clock
from andon.base.database import migrate
from andon.base.files import machine_error, make_folder
from andon.base.lru import Lru
from andon.base.postgres_address import is_postgres
from andon.base.record import Record
from andon.base.sharing import share
from andon.base.uptime import UptimeClock
from andon.engines.other import OtherEngine, embedded_only
from andon.errors import MachineError, UsageError
from andon.lake.catalogs import enlist
from andon.lake.lake import Lake
from andon.lake.latecomers import note_what_went
from andon.lake.local_storage import LocalStorage
from andon.model.connection import Connection
from andon.model.message import NotifyBook
from andon.model.person import PersonRole
from andon.settings.resolve import Settings, referenced
from andon.settings.table import mask
from andon.state.actions import Actions
from andon.state.answered import AnsweredCalls
from andon.state.approvals import Approvals
from andon.state.attempts import Attempts
from andon.state.check_results import CheckResults
from andon.state.claims import Claims
from andon.state.clocks import Clocks
from andon.state.cords import Cords
from andon.state.dataset_questions import DatasetQuestions
from andon.state.decisions import Decisions
from andon.state.doors import Doors
from andon.state.facts import Facts
from andon.state.failed_steps import FailedSteps
from andon.state.hints import HintRows
from andon.state.incidents import Incidents
from andon.state.insight_looks import InsightLooks
from andon.state.letters import Letters
from andon.state.looks import Looks
from andon.state.messages import Messages
from andon.state.nights import Nights
from andon.state.offers import Offers
from andon.state.origins import Origins
from andon.state.pauses import Pauses
from andon.state.queries import Queries
from andon.state.reproductions import Reproductions
from andon.state.requests import Requests
from andon.state.runs import RunLog
from andon.state.schema import MIGRATIONS
from andon.state.spending import Spending
from andon.state.tokens import Tokens
from andon.state.usual import UsualNumbers
from andon.version import __version__
from andon.workspace.base import Bases
from andon.workspace.catalog import open_catalog
from andon.workspace.folder import Folder
from andon.workspace.spark import by_settings
from andon.workspace.storage import is_object_store, mirror_of, open_object_storage

if TYPE_CHECKING:
    from andon.engines.spark.staging import SharedStorage
    from andon.lake.object_storage import ObjectStorage
    from andon.model.project import Project
    from andon.relations.pool import Readers
    from andon.sources.databases.databases import Databases
    from andon.sources.remote.places import Places


#: Projects of commits that stay in memory: those of heads and of what is looked at beside them.
_PROJECTS, _MARKS = 4, 64


class StateStore(Record):
    """The lake's database and what of it is not the lake: runs, results of checks, queries, derived facts; the folder's bases with it."""

    lake: Lake
    bases: Bases
    runs: RunLog
    check_results: CheckResults
    query_log: Queries
    facts: Facts
    looks: Looks
    decisions: Decisions
    tokens: Tokens
    answered: AnsweredCalls
    claims: Claims
    attempts: Attempts
    pauses: Pauses
    incidents: Incidents
    messages: Messages
    usual: UsualNumbers
    offers: Offers
    hints: HintRows
    actions: Actions
    cords: Cords
    clocks: Clocks
    spending: Spending
    doors: Doors
    insight_looks: InsightLooks
    requests: Requests
    approvals: Approvals
    dataset_questions: DatasetQuestions
    letters: Letters
    reproductions: Reproductions
    origins: Origins
    nights: Nights
    failed_steps: FailedSteps


class Adapters:
    """See the module.

    Args:
        root: the folder with `andon.toml`.
        uptime: how long the machine has run.
        owner: the author of a new lake's first commit.
        other_engine: which datasets are built by engines that are not embedded.
        connections: ways to databases by name.
        people: who may use the lake through a server, and as what.
        notify: ways to people, and where they are reached, as `andon.toml` says.
    """

    def __init__(
        self,
        root: Path,
        settings: Settings,
        environ: Mapping[str, str],
        clock: Clock,
        owner: str,
        other_engine: OtherEngine,
        connections: Mapping[str, Connection],
        people: Mapping[str, PersonRole],
        notify: NotifyBook,
        uptime: UptimeClock,
    ) -> None:
        self.root = root
        self.settings = settings
        self.environ = environ
        self.clock = clock
        self.uptime = uptime
        self.folder = Folder(root)
        self.other_engine = other_engine
        if other_engine is embedded_only:
            self.other_engine = by_settings(settings, lambda: str(self.storage), self._bucket)
        self.connections = connections
        self.people = people
        self.notify = notify
        #: What the code of commits says, by its texts; what of it is personal, by the commits' roots. Each costs a decode to read again.
        self.projects: Lru[str, Project] = Lru(_PROJECTS)
        self.marks: Lru[frozenset[str], Mapping[str, frozenset[str]]] = Lru(_MARKS)
        self._owner = owner
        self._lock = threading.RLock()
        self._is_new = False

    @property
    def state(self) -> StateStore:
        """The lake and the state beside it; the lake is made if it is not there.

        Raises:
            MachineError: `lake.corrupt` where a storage lost its catalog; what opening the database may raise.
        """
        with self._lock:
            return self._state

    @property
    def cache(self) -> FileCache:
        """The folder's disposable cache."""
        with self._lock:
            return self._cache

    @property
    def databases(self) -> Databases:
        """The databases that `andon.toml` names."""
        from andon.sources.databases.databases import Databases

        def resolve(text: str, what: str) -> str:
            return referenced(text, self.environ, what, "andon.toml")

        return Databases(self.connections, resolve, self.root)

    @property
    def at_once(self) -> Mapping[str, int]:
        """How many scheduled runs at the same time a connection serves, by name, where that is limited."""
        return {each.name: each.at_once for each in self.connections.values() if each.at_once is not None}

    def resolve(self, text: str, what: str, where: str) -> str:
        """What a text with references (`${env:NAME}`, `${file:path}`) stands for.

        Args:
            what: names the text in a message.
            where: where it stands.

        Raises:
            UsageError: `usage.bad_argument` if a reference leads nowhere.
        """
        return referenced(text, self.environ, what, where)

    @property
    def places(self) -> Places:
        """The places of files that lie elsewhere."""
        from andon.sources.remote.places import Places

        def resolve(text: str, what: str) -> str:
            return referenced(text, self.environ, what, "andon.toml")

        return Places(self.connections, resolve, self.root)

    @property
    def data(self) -> Path:
        """The folder of the lake's data files."""
        return self.storage / "data"

    @property
    def storage(self) -> Path:
        """The folder of this machine in which the lake's files lie, or will: all of them, or those of a bucket that are in use."""
        url = str(self.settings.get("storage"))
        return mirror_of(url, self.folder.state) if is_object_store(url) else self._path("storage")

    def open_storage(self, place: str | None = None) -> LocalStorage | ObjectStorage:
        """The place of the lake's files, or another one. Nothing is made, and no server is asked.

        Args:
            place: as the setting `storage` is written, which it is without it.

        Raises:
            UsageError: `usage.bad_argument`, `usage.not_yet` for a place that is none.
        """
        url = str(self.settings.get("storage")) if place is None else place
        if is_object_store(url):
            if place is None:
                self._require_plain("storage")
            elif mask(place) != place:
                raise UsageError(
                    "usage.bad_argument",
                    f"`{mask(place)}` is a place with a secret in it: every place that is shown would tell it",
                    hint="name the bucket plainly; who asks it, the environment or `[connections.NAME]` says",
                )

            def resolve(text: str, what: str) -> str:
                return self.resolve(text, what, "andon.toml")

            return open_object_storage(url, self.settings, self.connections, resolve, self.environ, self.folder.state)
        root = self.storage if place is None else self._folder(place, f"`{place}`")
        return LocalStorage(root, is_shared=bool(self.settings.get("lake.group")))

    @property
    def catalog(self) -> Path | str:
        """Where its catalog lies, or will: a file, or the address of a Postgres."""
        address = str(self.settings.get("catalog"))
        return address if is_postgres(address) else self._path("catalog")

    @property
    def readers(self) -> Readers:
        """Engines that read the lake."""
        with self._lock:
            return self._readers

    def take_new(self) -> bool:
        """Whether the lake was made just now, told once: said loudly, so that a lake that was lost is noticed."""
        with self._lock:
            found, self._is_new = self._is_new, False
            return found

    def close(self) -> None:
        """Close engines, database and cache."""
        with self._lock:
            if "_readers" in self.__dict__:
                self._readers.close()
            if "_state" in self.__dict__:
                self._state.query_log.flush()
                self._state.lake.intact.flush()
                self._state.lake.leases.close()
                self._state.lake.database.close()
            if "_cache" in self.__dict__:
                self._cache.close()

    @cached_property
    def _readers(self) -> Readers:
        from andon.relations.pool import Readers
        from andon.workspace.engine_settings import reading_settings

        return Readers(reading_settings(self.settings, self.folder), self.data, self.state.lake.leases.take)

    @cached_property
    def _cache(self) -> FileCache:
        return FileCache(self.folder.state / "cache.db", __version__)

    @cached_property
    def _state(self) -> StateStore:
        self.folder.prepare()
        storage = self.open_storage()
        group = str(self.settings.get("lake.group") or "")
        catalog = self.catalog
        if group:
            self._share(group, catalog if isinstance(catalog, Path) else None, storage.root)
        if not isinstance(storage, LocalStorage):
            storage.prepare()
        database, self._is_new = open_catalog(catalog, storage)
        lake = Lake.open(database, storage, self.clock, self._owner, self._cache)
        migrate(database, "state", MIGRATIONS)
        lake.home.enter()
        if not database.is_read_only:
            # a disk without room: reading goes on, and a commit notes it or fails
            with contextlib.suppress(MachineError):
                if enlist(lake.storage, database) and not self._is_new and lake.home.is_here():
                    note_what_went(lake)
        return StateStore(
            lake,
            Bases(self.folder.state, lake),
            RunLog(database, self.clock, partial(_standing, lake)),
            CheckResults(database),
            Queries(database),
            Facts(database),
            Looks(database),
            Decisions(database),
            Tokens(database),
            AnsweredCalls(database),
            Claims(database, self.clock),
            Attempts(database),
            Pauses(database),
            Incidents(database),
            Messages(database),
            UsualNumbers(database),
            Offers(database),
            HintRows(database),
            Actions(database),
            Cords(database),
            Clocks(database),
            Spending(database),
            Doors(database),
            InsightLooks(database),
            Requests(database),
            Approvals(database),
            DatasetQuestions(database),
            Letters(database),
            Reproductions(database),
            Origins(database),
            Nights(database),
            FailedSteps(database),
        )

    def _share(self, group: str, catalog: Path | None, storage: Path) -> None:
        """Let a group share the lake: its folders are made for it, and one that was there is shared by who owns it."""
        for folder in (storage,) if catalog is None else (catalog.parent, storage):
            try:
                is_there = folder.exists()
            except PermissionError as error:
                raise machine_error(error, f"look into `{folder.parent}`") from error
            is_own = not is_there or folder == storage or folder.is_relative_to(self.folder.state)
            make_folder(folder)
            share(folder, group, is_own=is_own)

    def _bucket(self) -> SharedStorage | None:
        """The lake's storage, where it is a bucket."""
        return self.state.lake.storage if is_object_store(str(self.settings.get("storage"))) else None

    def _path(self, setting: str) -> Path:
        text = str(self.settings.get(setting))
        shown = self.settings.shown(setting)
        found = self._folder(text, f"`{setting}` = `{shown}`")
        self._require_plain(setting)
        return found

    def _require_plain(self, setting: str) -> None:
        """Refuse a place with a secret in it.

        Raises:
            UsageError: `usage.bad_argument`.
        """
        text = str(self.settings.get(setting))
        if mask(text) != text or self.settings.is_secret(setting):
            raise UsageError(
                "usage.bad_argument",
                f"`{setting}` is a place with a secret in it (`{self.settings.shown(setting)}`): every place that is shown would tell it",
                where=self.settings.origin(setting),
                hint="name the folder or the bucket plainly; who asks a bucket, the environment or `[connections.NAME]` says",
            )

    def _folder(self, text: str, named: str) -> Path:
        path = text.removeprefix("file://")
        if "://" in path or path.lower().startswith("s3:"):  # one stroke short of a bucket is no folder of that name
            raise UsageError(
                "usage.not_yet",
                f"{named}: it can be a folder or `s3://bucket/prefix`, and nothing else in this version",
                hint="use a path on this machine or on a shared disk, or a bucket that speaks S3",
            )
        return (self.root / Path(path).expanduser()).resolve()


def _standing(lake: Lake, commit: str) -> dict[str, tuple[str, int | None]]:
    """By the datasets of a commit their versions and how many rows these have; none for a view."""
    leaves = lake.commits.state(lake.commits.get(commit)).leaves
    counts = lake.objects.row_counts(leaf.version for leaf in leaves.values())
    return {name: (leaf.version, counts.get(leaf.version, (None, 0))[0]) for name, leaf in leaves.items()}
