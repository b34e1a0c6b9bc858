"""The processes that answer questions, and the one that they are made from: started when first needed, made anew when it ends."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import weakref
from collections import OrderedDict, deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from andon.base.cancel import CancelToken
from andon.base.files import make_folder
from andon.base.temporary import Temporary
from andon.engines.python.isolation import CHILD_MEANS, apart, bubblewrap, interpreter_paths, readable
from andon.errors import AndonError, MachineError
from andon.lake.leases import Hold, lease_lost
from andon.query.apart.line import Line
from andon.query.apart.nursery import ANSWERED, ASKED
from andon.query.limits import QueryLimits, limits_of
from andon.query.turns import QueryTurns, it_ends

if TYPE_CHECKING:
    from andon.workspace.workspace import Workspace

#: So many processes stand ready when all is quiet, and at least while many ask: to make one takes time that who asks could use.
_READY, _LEAST = 12, 2
_GUARD = Path(__file__).resolve().parents[1] / "engines" / "python" / "child"
_BEGIN = "import json, sys; sys.path[:] = json.loads(sys.argv[2]); from andon.query.apart.nursery import main; main()"
_PACKAGES = ("andon", "duckdb", "pyarrow", "numpy", "msgspec", "pytz")
_FROM_PARENT = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
#: Threads that libraries would start when they are loaded: a process with more than one can't be copied.
_ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "MALLOC_ARENA_MAX": "2",
}
#: How ends of processes are remembered, for those who ask how.
_REMEMBERED = 1_000
_LAST_WORDS = 300


class Worker:
    """A process that answers one question, and the line to it. Give it back with `release`."""

    def __init__(
        self, number: int, line: Line, nursery: _Nursery, who: str, turns: QueryTurns, hold: Hold | None = None
    ) -> None:
        self.number = number
        self.line = line
        #: Whether all are ended, since whoever serves stops.
        self.is_closed = False
        self._nursery = nursery
        self._who = who
        self._turns = turns
        self._hold = hold
        self._lock = threading.Lock()
        self._has_turn = True

    def told(self, error: AndonError) -> AndonError:
        """What failed, as what it is: what is read may have been taken away meanwhile, from who was silent for long."""
        return error if self._hold is None or self._hold.holds() else lease_lost()

    def kill(self) -> None:
        """End it at once, whatever it does."""
        self._nursery.kill(self.number)

    def how_it_ended(self) -> int | None:
        """Its status (negative: the signal that ended it), None where that is not known."""
        return self._nursery.status(self.number)

    def nursery_says(self) -> str:
        """What the process that makes workers said last, where it could not make this one."""
        return self._nursery.last_words()

    def release(self) -> None:
        """Hang up, which ends it, and let the next one have its turn."""
        self.line.close()
        self.over()

    def over(self) -> None:
        """It answers nothing any more: the next one has its turn."""
        with self._lock:
            had, self._has_turn = self._has_turn, False
        if had:
            self._turns.give_back(self._who)
            if self._hold is not None:
                self._hold.release()


class Workers:
    """Makes and ends workers. Safe under threads; nothing is started before the first is asked for.

    Args:
        data: the folder of the lake's data files.
        temporary: where they may write, each in a folder of its own that is gone with it.
        size: how many questions are answered at the same time; None is two for each core, at least four.
        limits: what a query may take, where nothing else is said.
        hold: holds what can be read, so that nothing of it is taken away meanwhile.
    """

    def __init__(
        self,
        data: Path,
        temporary: Temporary,
        size: int | None = None,
        limits: QueryLimits | None = None,
        hold: Callable[[], Hold] | None = None,
    ) -> None:
        self._hold = hold
        self.limits = limits or QueryLimits()
        self.size = size or max(2 * (os.cpu_count() or 1), 4)
        self._data = data
        self._temporary = temporary
        self._turns = QueryTurns(self.size)
        self._nursery: _Nursery | None = None
        self._ready: deque[tuple[int, Line]] = deque()
        # weakly: who forgets an answer gives it back
        self._held: weakref.WeakValueDictionary[int, Worker] = weakref.WeakValueDictionary()
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._is_closed = False

    @classmethod
    def of(cls, workspace: Workspace, size: int | None = None) -> Workers:
        """Those of a workspace, as its settings say."""
        from andon.workspace.engine_settings import temporary

        settings = workspace.settings
        place = temporary(settings, workspace.folder, "query")
        chosen = size or int(settings.get("query.parallel")) or None
        return cls(workspace.data_folder, place, chosen, limits_of(settings), lambda: workspace.lake.leases.take())

    @property
    def running(self) -> int:
        """How many questions are answered now."""
        return self._turns.running

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return self._turns.waiting

    def start(self) -> None:
        """Start what is needed and let some workers stand ready; who asks first need not wait for it.

        Raises:
            MachineError: `machine.missing` on a system that can't do it.
        """
        with self._lock:
            self._raise(_READY)

    def worker(self, who: str, cancel: CancelToken | None = None) -> Worker:
        """A worker for a question of `who`, when it is their turn.

        Raises:
            MachineError: `machine.busy`, `machine.missing` on a system that can't do it.
            Cancelled: somebody said so before it was.
        """
        self._turns.take(who, cancel)
        hold = None
        try:
            hold = self._hold() if self._hold is not None else None
            with self._lock:
                nursery = self._raise(_LEAST)
                number, line = self._ready.popleft()
                worker = self._held[number] = Worker(number, line, nursery, who, self._turns, hold)
            return worker
        except BaseException:
            if hold is not None:
                hold.release()
            self._turns.give_back(who)
            raise

    def close(self) -> None:
        """End all; who waits for an answer is told. Asked for again, nothing is started any more."""
        self._turns.close()
        with self._lock:
            self._is_closed = True
            nursery, self._nursery = self._nursery, None
            self._drop_ready()
            for worker in list(self._held.values()):
                worker.is_closed = True
        if nursery is not None:
            nursery.close()
        self._temporary.close()

    def _raise(self, ready: int) -> _Nursery:
        """The nursery, with so many workers ready; a new one where the last one ended."""
        if self._is_closed:
            raise it_ends()
        if self._nursery is not None and self._nursery.is_over:
            self._nursery.close()
            self._nursery = None
            self._drop_ready()
        if self._nursery is None:
            if not hasattr(os, "fork"):
                raise MachineError(
                    "machine.missing",
                    "queries of others need a system with `fork` (Linux, macOS)",
                    hint="ask on the machine itself: `andon query`",
                )
            self._nursery = _Nursery(self._data, self._temporary.path, self._ended)
        while len(self._ready) < ready:
            self._ready.append(self._nursery.order(next(self._numbers)))
        return self._nursery

    def _ended(self, number: int) -> None:
        with self._lock:
            worker = self._held.pop(number, None)
        if worker is not None:
            worker.over()
        if not self._turns.waiting and self._turns.running <= self.size // 2:
            with self._lock, contextlib.suppress(MachineError):
                self._raise(_READY)

    def _drop_ready(self) -> None:
        while self._ready:
            self._ready.popleft()[1].close()


class _Nursery:
    """The process that workers are made from, in the hands of a thread of its own: it ends with the thread that started it."""

    def __init__(self, data: Path, folder: Path, ended: Callable[[int], None]) -> None:
        self._place = folder / f"workers-{os.urandom(4).hex()}"
        self._place.mkdir(parents=True, mode=0o700)
        with contextlib.suppress(MachineError):  # what is not there when they start can't be seen by them
            make_folder(data)
        self._log = folder / f"{self._place.name}.log"
        self._data = data
        self._tell_ended = ended
        self._control, self._theirs = socket.socketpair()
        self._sending = threading.Lock()
        self._ended: OrderedDict[int, int] = OrderedDict()
        self._news = threading.Condition()
        self.is_over = False
        self._said = ""
        self._keeper = threading.Thread(target=self._keep, name="query workers", daemon=True)
        self._keeper.start()

    def order(self, number: int) -> tuple[int, Line]:
        """A new worker, and the line to it; if it can't be made the line breaks."""
        ours, theirs = socket.socketpair()
        with theirs, contextlib.suppress(OSError), self._sending:
            socket.send_fds(self._control, [ASKED.pack(b"F", number)], [theirs.fileno()])
        return number, Line(ours)

    def kill(self, number: int) -> None:
        """End a worker."""
        with contextlib.suppress(OSError), self._sending:
            self._control.sendall(ASKED.pack(b"K", number))

    def status(self, number: int, seconds: float = 0.5) -> int | None:
        """How a worker ended that is about to be gone."""
        with self._news:
            self._news.wait_for(lambda: number in self._ended or self.is_over, seconds)
            return self._ended.get(number)

    def last_words(self) -> str:
        """What the process said last, if it said something."""
        if self.is_over:
            return self._said
        try:
            lines = self._log.read_text(errors="replace").strip().splitlines()
        except OSError:
            return ""
        return lines[-1][:_LAST_WORDS] if lines else ""

    def close(self) -> None:
        """End it and its workers."""
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        self._keeper.join()
        self._control.close()

    def _keep(self) -> None:
        said = ""
        try:
            with self._log.open("wb") as log:
                process = self._begin(log.fileno())
            self._theirs.close()
            try:
                self._hear()
            finally:
                with contextlib.suppress(OSError):
                    os.killpg(process.pid, 9)
                process.wait()
                if process.stdin is not None:
                    process.stdin.close()
        except OSError as error:  # it could not be begun: whoever asks is told
            said = f"{error.strerror}: {error.filename}" if error.filename else str(error)
        finally:
            self._said = said or self.last_words()
            shutil.rmtree(self._place, ignore_errors=True)
            self._log.unlink(missing_ok=True)
            with self._news:
                self.is_over = True
                self._news.notify_all()
            with contextlib.suppress(OSError):
                self._theirs.close()
                self._control.shutdown(socket.SHUT_RDWR)

    def _begin(self, log: int) -> subprocess.Popen[bytes]:
        paths = _library_paths()
        reads = [self._data, *interpreter_paths([sys.executable], paths)]
        begin = bubblewrap()
        files, links = readable(reads)
        job = {
            "control": self._theirs.fileno(),
            "place": str(self._place),
            "guard": str(_GUARD),
            "isolation": "bubblewrap" if begin is not None else "none",
            "means": () if begin is not None else CHILD_MEANS,
            "readable": files,
            "links": links,
        }
        command = [sys.executable, "-I", "-S", "-c", _BEGIN, json.dumps(job), json.dumps([str(path) for path in paths])]
        return subprocess.Popen(
            command if begin is None else apart(command, begin, reads, self._place, self._place),
            cwd=self._place,
            env=self._environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
            pass_fds=(self._theirs.fileno(),),
        )

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in _FROM_PARENT if name in os.environ}
        own = {"PATH": os.defpath, "HOME": str(self._place), "TMPDIR": str(self._place), "TZ": "UTC"}
        return kept | own | {"LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"} | _ONE_THREAD

    def _hear(self) -> None:
        while True:
            try:
                body = self._control.recv(ANSWERED.size, socket.MSG_WAITALL)
            except OSError:
                return
            if len(body) < ANSWERED.size:
                return
            _, number, status = ANSWERED.unpack(body)
            with self._news:
                self._ended[number] = status
                while len(self._ended) > _REMEMBERED:
                    self._ended.popitem(last=False)
                self._news.notify_all()
            self._tell_ended(number)


def _library_paths() -> list[Path]:
    """Where the interpreter finds its own library and the packages that answering takes: not all that it would look through, which may be
    the folder of the project with all that is in it."""
    import importlib.util

    found = [
        Path(path) for path in sys.path if path and Path(path).is_dir() and Path(path).is_relative_to(sys.base_prefix)
    ]
    for name in _PACKAGES:
        spec = importlib.util.find_spec(name)
        for place in spec.submodule_search_locations or () if spec is not None else ():
            found.append(Path(place).resolve().parent)
    return list(dict.fromkeys(found))
