"""Engines that read: states of the lake, ready to be asked, handed out as leases.

A state is a universe of one instance: what each name stands for at one commit. Of states that nobody reads only a few are kept, and the
one that was read longest ago goes first; so a process that lives long holds what is asked now, not all that ever was.
"""

from __future__ import annotations

import secrets
import shutil
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from andon.base.files import machine_error
from andon.base.names import quote, quote_name
from andon.base.temporary import Temporary
from andon.engines.duckdb.opening import Purpose, open_instance
from andon.engines.duckdb.universe import Universe
from andon.engines.engine import EngineSettings
from andon.engines.relation import Relation
from andon.lake.leases import lease_lost

if TYPE_CHECKING:
    from andon.engines.duckdb.instance import Instance
    from andon.lake.leases import Hold

#: So many states are kept ready.
MOST = 16

Find = Callable[[str], Relation | None]


@dataclass(eq=False)
class _State:
    """A universe with what its names stand for, and by how many it is read now.

    Attributes:
        epoch: of the lake in which what it reads was there.
        hold: what keeps it there while it is leased.
    """

    universe: Universe
    relations: dict[str, Relation]
    lock: threading.Lock = field(default_factory=threading.Lock)
    leases: int = 0
    epoch: int = 0
    hold: Hold | None = None


class Outbox:
    """The one place where engines that read the lake may write: what is to leave is written here and moved to where it is wanted."""

    def __init__(self, temporary: Temporary) -> None:
        self._temporary = temporary

    @property
    def folder(self) -> Path:
        """The folder, which is there."""
        folder = self._temporary.path / "out"
        folder.mkdir(exist_ok=True)
        return folder

    @contextmanager
    def leaving(self, target: Path) -> Iterator[Path]:
        """See `Lease.leaving`."""
        try:
            path = self.folder / secrets.token_hex(8)
            try:
                yield path
                _move(path, target)
            finally:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise machine_error(error, f"write `{target}`") from error


def _move(source: Path, target: Path) -> None:
    """Put a file in place of another; into what is no file (a pipe, a terminal) its bytes are written."""
    if target.exists() and not target.is_file():
        with source.open("rb") as read, target.open("wb") as write:
            shutil.copyfileobj(read, write)
        return
    try:
        source.replace(target)
    except OSError:  # another disk
        shutil.copyfile(source, target)


class Lease:
    """One reader's hold on a state, with a connection of its own; for one thread at a time. Give it back with `release`, or use it as a
    context manager; one that is forgotten is given back when it is collected.

    Attributes:
        session: the connection, with unqualified names looked up in the state.
    """

    def __init__(
        self, state: _State, returned: deque[_State], settle: Callable[[], None], outbox: Outbox | None = None
    ) -> None:
        self._state = state
        self._outbox = outbox
        self._returned = returned
        self._settle = settle
        self.session = state.universe.instance.new_session()
        self.session.at(state.universe.catalog)
        self._is_held = True

    def __enter__(self) -> Lease:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if isinstance(error, Exception):
                self.require_held(error)
        finally:
            self.release()

    def __del__(self) -> None:
        # No lock here: the collector may run anywhere. The pool looks at what came back when it is asked next.
        if self.__dict__.get("_is_held"):
            self._returned.append(self._state)

    def require_held(self, error: Exception) -> None:
        """Tell what failed as what it is, where files may have been taken away meanwhile.

        Raises:
            ConflictError: `lake.lease_lost`.
        """
        hold = self._state.hold
        if hold is not None and not hold.holds():
            raise lease_lost() from error

    @property
    def connection(self) -> Any:
        """DuckDB's connection."""
        return self.session.connection

    def ensure(self, names: Iterable[str], find: Find) -> Mapping[str, Relation]:
        """Make `names` known in this state; `find` is asked for those that nobody asked for before. What they stand for.

        Raises:
            MachineError: `lake.corrupt` for a data file that is gone.
        """
        state, wanted = self._state, tuple(names)
        with state.lock:
            for name in wanted:
                relation = None if name in state.relations else find(name)
                if relation is not None:
                    state.relations[name] = relation
        state.universe.ensure(wanted)
        return {name: state.relations[name] for name in wanted if name in state.relations}

    def place(self, name: str) -> str:
        """What stands for a name that was ensured, from any connection of the pool."""
        return f"{quote(self._state.universe.catalog)}.{quote_name(name)}"

    @contextmanager
    def leaving(self, target: Path) -> Iterator[Path]:
        """A path that the engine can write; what it wrote there stands at `target` afterwards.

        Raises:
            MachineError: the disk.
        """
        if self._outbox is None:
            yield target
        else:
            with self._outbox.leaving(target) as path:
                yield path

    def release(self) -> None:
        """Give it back; what was not read of a result is dropped."""
        if self._is_held:
            self._is_held = False
            self.session.connection.close()
            self._returned.append(self._state)
            self._settle()


class Pool:
    """States of one lake in one instance; safe under threads.

    Args:
        open: makes the instance, when something is read for the first time.
        most: so many states are kept; more only while more are leased.
        outbox: where the instance may write; None where it may everywhere.
        closed: told when the instance is closed.
        hold: holds what can be read, so that nothing of it is taken away; None where nobody takes anything away.
    """

    def __init__(
        self,
        open: Callable[[], Instance],
        most: int = MOST,
        outbox: Outbox | None = None,
        closed: Callable[[], None] | None = None,
        hold: Callable[[], Hold] | None = None,
    ) -> None:
        self._open = open
        self._hold = hold
        self._closed = closed
        self._outbox = outbox
        self._most = most
        self._instance: Instance | None = None
        self._states: OrderedDict[str, _State] = OrderedDict()
        #: states that are still read, of keys for which there is a newer one
        self._former: list[_State] = []
        self._returned: deque[_State] = deque()
        self._is_closed = False
        self._lock = threading.RLock()

    def reading(self, key: str = "") -> Lease:
        """A lease of the state that `key` names, made if it is not there. States of one key are one and the same for all who read;
        the one without a key has no names and is for reading files."""
        with self._lock:
            self._take_back()
            hold = self._hold() if self._hold is not None else None
            try:
                state = self._held(key, hold)
                lease = Lease(state, self._returned, self._settle, self._outbox)
                state.leases += 1
                hold = None
            finally:
                if hold is not None:
                    hold.release()
            self._states.move_to_end(key)
            self._drop_idle()
            return lease

    def _held(self, key: str, hold: Hold | None) -> _State:
        """The state that `key` names, with a hold on what it reads. What was closed to readers since it was read last is not read again."""
        state = self._states.get(key)
        if state is not None and hold is not None and state.epoch != hold.epoch:
            del self._states[key]
            if state.leases:  # who reads it goes on
                self._former.append(state)
            else:
                state.universe.detach()
            state = None
        if state is None:
            relations: dict[str, Relation] = {}
            state = self._states[key] = _State(Universe(self._running(), relations.get), relations)
        if hold is not None:
            if state.hold is not None:
                state.hold.release()
            state.epoch, state.hold = hold.epoch, hold
        return state

    def close(self) -> None:
        """Free the engine: now, or when the last lease is given back. What is asked after that opens it again for as long as it takes."""
        with self._lock:
            self._is_closed = True
            self._settle()

    @property
    def is_open(self) -> bool:
        """Whether there is an instance."""
        return self._instance is not None

    @property
    def keys(self) -> tuple[str, ...]:
        """The states that are there, the one that was asked for longest ago first."""
        with self._lock:
            return tuple(self._states)

    def _running(self) -> Instance:
        if self._instance is None:
            self._instance = self._open()
        return self._instance

    def _settle(self) -> None:
        with self._lock:
            self._take_back()
            self._drop_idle()
            is_read = bool(self._former) or any(state.leases for state in self._states.values())
            if self._is_closed and self._instance is not None and not is_read:
                self._instance.close()
                self._instance = None
                self._states.clear()
                if self._closed is not None:
                    self._closed()

    def _take_back(self) -> None:
        while self._returned:
            state = self._returned.popleft()
            state.leases -= 1
            if not state.leases:
                if state.hold is not None:
                    state.hold.release()
                    state.hold = None
                if state in self._former:
                    self._former.remove(state)
                    state.universe.detach()

    def _drop_idle(self) -> None:
        for key in [key for key, state in self._states.items() if not state.leases]:
            if len(self._states) <= self._most:
                return
            self._states.pop(key).universe.detach()


class Readers:
    """The engines that read a lake, opened when first asked. They run what people ask, so they reach the lake's data files and nothing
    else on the machine, whatever a text says.

    Args:
        data: the folder of the lake's data files.
        hold: as of `Pool`.

    Attributes:
        wide: with all cores.
        narrow: with one thread, so that sums of floating-point numbers and samples of a view repeat.
    """

    def __init__(self, settings: EngineSettings, data: Path, hold: Callable[[], Hold] | None = None) -> None:
        self._settings = settings
        self._data = data
        self._outbox = Outbox(settings.temporary)
        self.wide = Pool(lambda: self._open(wide=True), outbox=self._outbox, closed=self._tidy, hold=hold)
        self.narrow = Pool(lambda: self._open(wide=False), outbox=self._outbox, closed=self._tidy, hold=hold)

    def close(self) -> None:
        """Free the engines; one that is in use, when that ends."""
        self.wide.close()
        self.narrow.close()

    def _open(self, *, wide: bool) -> Instance:
        return open_instance(Purpose.READING, self._settings, wide=wide, only=(self._data, self._outbox.folder))

    def _tidy(self) -> None:
        if not (self.wide.is_open or self.narrow.is_open):
            self._settings.temporary.close()
