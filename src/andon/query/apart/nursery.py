"""The process from which those that answer questions are made: it loads what they need once, opens an engine that is empty, and makes a
copy of itself for each question. It has one thread, reads no question, and ends with who started it.

A copy has nothing of the question before: it answers one, and ends.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import shutil
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

#: What the nursery is told: `F` make a process of a number, which comes with its end of a line, `K` end it. What it tells: `E` one ended,
#: and how.
ASKED = struct.Struct("!cQ")
ANSWERED = struct.Struct("!cQi")
_FREE_MEMORY_FIRST = "500"


def main() -> None:
    """Run a nursery as the first argument says (JSON): `place` is the folder that may be written, `control` the socket's number,
    `readable`, `links` and `means` are those of the guard of Python datasets, `guard` is where that lies."""
    job = json.loads(sys.argv[1])
    control = socket.socket(fileno=job["control"])
    isolation = _keep_apart(job)
    _limit()
    answer = _prepare(isolation, job)
    gc.collect()
    gc.freeze()
    _Nursery(control, Path(job["place"]), answer).run()


def _keep_apart(job: dict[str, Any]) -> str:
    if not job["means"]:
        return str(job["isolation"])
    sys.path.append(job["guard"])
    import _andon_guard  # type: ignore[import-not-found]

    isolation, _ = _andon_guard.isolate(job["means"], job["readable"], job["links"], job["place"])
    return str(isolation)


def _limit() -> None:
    """What holds for all: nothing is left behind by a crash, nobody else reads what is written, and where memory runs out these processes
    go first."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o077)
    if sys.platform.startswith("linux"):
        import ctypes

        ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)  # no new privileges
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text(_FREE_MEMORY_FIRST)


def _prepare(isolation: str, job: dict[str, Any]) -> Callable[[socket.socket, Path], None]:
    """Load what answering takes, and ask a first time: what that loads is loaded for all."""
    from andon.query.apart.answering import Answering

    sys.modules["pandas"] = None  # type: ignore[assignment] # nothing here needs it, and to load it takes longer than to answer
    answering = Answering(isolation, job["guard"], job["readable"])
    answering.warm()
    return answering.answer


class _Nursery:
    def __init__(self, control: socket.socket, place: Path, answer: Callable[[socket.socket, Path], None]) -> None:
        self._control = control
        self._place = place
        self._answer = answer
        self._processes: dict[int, int] = {}

    def run(self) -> None:
        """Do what is asked until nobody asks any more."""
        told, tell = os.pipe()
        os.set_blocking(tell, False)
        os.set_blocking(told, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
        try:
            while True:
                ready = select.select([self._control.fileno(), told], [], [])[0]
                if told in ready:
                    with contextlib.suppress(BlockingIOError):
                        os.read(told, 4096)
                    self._reap()
                if self._control.fileno() in ready and not self._asked():
                    return
        finally:
            for process in self._processes.values():
                _kill(process)

    def _asked(self) -> bool:
        try:
            body, ends, _, _ = socket.recv_fds(self._control, ASKED.size, 1)
        except OSError:
            return False
        if len(body) < ASKED.size:
            return False
        letter, number = ASKED.unpack(body)
        if letter == b"F" and ends:
            self._fork(number, ends[0])
        elif letter == b"K":
            process = next((each for each, known in self._processes.items() if known == number), None)
            if process is not None:
                _kill(process)
        return True

    def _fork(self, number: int, end: int) -> None:
        folder = self._place / str(number)
        process = os.fork()
        if process:
            os.close(end)
            self._processes[process] = number
            return
        try:
            self._control.close()
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.setpgid(0, 0)
            _die_with_parent()
            self._answer(socket.socket(fileno=end), folder)
        except BaseException:  # noqa: BLE001 - it ends here, and what it was is in the log
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(0)

    def _reap(self) -> None:
        while True:
            try:
                process, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not process:
                return
            number = self._processes.pop(process, None)
            if number is None:
                continue
            shutil.rmtree(self._place / str(number), ignore_errors=True)
            with contextlib.suppress(OSError):
                self._control.sendall(ANSWERED.pack(b"E", number, os.waitstatus_to_exitcode(status)))


def _kill(process: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(process, signal.SIGKILL)


def _die_with_parent() -> None:
    if sys.platform.startswith("linux"):
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)
