"""`andon` in processes of its own that cost little: one that loaded the program, and did nothing else, is copied for each command.

Most of what a short command takes is to read the program; a copy has it already. In all else it is a process like any other: its own
arguments, folder, environment and standard streams, and an end of its own. What a start is to do and to leave alone is tested on
processes that are really started.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import selectors
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path
from typing import NoReturn

from kit.warm import load_what_is_loaded_by

_TESTS = Path(__file__).resolve().parents[1]
_LENGTH = 8
#: What of the program is loaded before: all that these commands meet. The rest a copy loads itself.
_REHEARSED = (
    "run --yes",
    "ls",
    "show marts.revenue_by_month",
    "query 'from marts.revenue_by_month'",
    "plan",
    "log --json",
    "diff main~ main",
    "lineage shop.orders",
    "status --json",
)

#: What lasts as long as the process and its copies.
_kept = contextlib.ExitStack()

#: What `andon` is in the folder of programs: it hands its streams over and ends as the copy did. It loads as little of Python as it can.
_PROGRAM = """\
#!{python} -IS
import json, os, signal, socket, sys
line = socket.socket(socket.AF_UNIX)
line.connect({place!r})
asked = json.dumps([sys.argv, os.getcwd(), dict(os.environ)]).encode()
socket.send_fds(line, [len(asked).to_bytes({length}, "big")], [0, 1, 2])
line.sendall(asked)
status = int(line.makefile().read())
if status < 0:
    if -status != signal.SIGKILL:
        signal.signal(-status, signal.SIG_DFL)
    os.kill(os.getpid(), -status)
sys.exit(status)
"""


class ForkedProgram:
    """Where such processes are made. `folder` is a folder for `PATH`, in which `andon` is one of them.

    Args:
        place: an empty folder; its path must be short enough for a socket.
    """

    def __init__(self, place: Path) -> None:
        self.folder = place / "bin"
        self.folder.mkdir()
        program = self.folder / "andon"
        asked = str(place / "socket")
        program.write_text(_PROGRAM.format(python=sys.executable, place=asked, length=_LENGTH), encoding="utf-8")
        program.chmod(0o755)
        self._server = subprocess.Popen(
            [sys.executable, "-m", "kit.forked", asked], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=_TESTS
        )
        assert self._server.stdout is not None
        assert self._server.stdout.readline() == b"ready\n"

    def stop(self) -> None:
        """End it."""
        self._server.communicate(timeout=30)
        assert self._server.returncode == 0


def main(place: str) -> None:
    """Load the program, open what holds nothing, and copy this process for each who connects, until standard input ends."""
    _load()
    _open()
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(place)
    listening.listen(64)
    told, tell = os.pipe()
    for end in (told, tell):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    waiting: dict[int, socket.socket] = {}
    with selectors.DefaultSelector() as selector:
        for each in (listening, told, sys.stdin):
            selector.register(each, selectors.EVENT_READ)
        while True:
            ready = {key.fileobj for key, _ in selector.select()}
            if sys.stdin in ready:
                return
            if told in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(told, 4096)
                _answer(waiting)
            if listening in ready:
                line = listening.accept()[0]
                child = os.fork()
                if child == 0:
                    signal.set_wakeup_fd(-1)
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    selector.close()
                    for other in (told, tell, listening.detach(), *(known.detach() for known in waiting.values())):
                        os.close(other)
                    _command(line)
                waiting[child] = line


def _load() -> None:
    """Load what commands take; nothing is opened here."""
    with tempfile.TemporaryDirectory() as folder:
        load_what_is_loaded_by(lambda: _rehearse(folder))


def _open() -> None:
    """Open engines in memory that know no lake, of the kinds that a command may open: opening is a third of what a small run takes.

    They have no threads, so a copy takes them along.
    """
    from andon.sources.files.scratch import described
    from andon.sql.bind import Binder
    from andon.sql.parse import engine
    from kit.engines_again import engines_again, open_ahead
    from kit.remembered import Switch

    engine()
    described("select 1 as one")
    Binder().close()
    open_ahead(4)
    _kept.enter_context(engines_again(Switch()))


def _rehearse(folder: str) -> None:
    """Some commands in this process, in a folder of their own."""
    from andon.cli.app import cli

    environ = {k: v for k, v in os.environ.items() if not k.startswith("ANDON_")}
    os.environ.clear()
    os.environ.update({**environ, "HOME": folder, "ANDON_AUTHOR": "ana"})
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        for command in ("init shop", *_REHEARSED):
            place = folder if command.startswith("init") else f"{folder}/shop"
            status = cli.main(["-C", place, *shlex.split(command)], prog_name="andon", standalone_mode=False)
            assert status == 0, out.getvalue()


def _answer(waiting: dict[int, socket.socket]) -> None:
    """Tell of the copies that ended."""
    while waiting:
        child, status = os.waitpid(-1, os.WNOHANG)
        if child == 0:
            return
        with waiting.pop(child) as line, contextlib.suppress(BrokenPipeError):
            line.sendall(str(os.waitstatus_to_exitcode(status)).encode())


def _command(line: socket.socket) -> NoReturn:
    """Become the command that is asked for."""
    status = 70
    try:
        with line:
            length, streams, _, _ = socket.recv_fds(line, _LENGTH, 3)
            with line.makefile("rb") as reader:
                arguments, folder, environ = json.loads(reader.read(int.from_bytes(length, "big")))
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        _begin(arguments, folder, environ)
        status = _run()
    except BaseException:  # noqa: BLE001 - it is to be seen, whatever it is
        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            sys.stderr.flush()
        os._exit(status)


def _begin(arguments: list[str], folder: str, environ: dict[str, str]) -> None:
    """All that a process has of its own."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    time.tzset()
    sys.argv[:] = arguments
    sys.path[0] = str(Path(sys.executable).parent)
    given, out, error = (open(number, mode, closefd=False) for number, mode in ((0, "rb"), (1, "wb"), (2, "wb")))  # noqa: SIM115
    sys.stdin = sys.__stdin__ = io.TextIOWrapper(given, "utf-8")  # type: ignore[misc]
    sys.stdout = sys.__stdout__ = io.TextIOWrapper(out, "utf-8", line_buffering=os.isatty(1))  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = io.TextIOWrapper(error, "utf-8", "backslashreplace", line_buffering=True)  # type: ignore[misc]


def _run() -> int:
    """The program from its entry on, and what Python does at an end."""
    import atexit

    from andon.cli.main import main as program

    try:
        program()
    except SystemExit as leaving:
        status = leaving.code
    finally:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
    return status if isinstance(status, int) else int(status is not None)


if __name__ == "__main__":
    main(sys.argv[1])
