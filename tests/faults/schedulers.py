"""Passes of the scheduler in processes of their own: cheap copies of one that loaded the program; stopped or killed where it is asked.

`python -m faults.schedulers` reads a line of JSON for each; what it writes back is a line for each that began, and one for each that ended.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any

from andon.lake.lake import Lake
from andon.operations.actions.book import ActionBook
from andon.operations.scheduling.passes import Passes
from andon.runs import watch
from andon.runs.execute import Execution
from andon.service.service import Service
from andon.state.claims import Claims
from andon.state.runs import RunLog
from kit.clones import FILES, Clone
from kit.warm import load_what_is_loaded_by

#: Where a pass can be stopped: what is called there, and whether that is to be before or after the call.
PHASES: dict[str, tuple[type, str, str]] = {
    "claimed": (Claims, "take", "after"),
    "begun": (RunLog, "begin", "after"),
    "built": (Execution, "build", "after"),
    "before publishing": (Lake, "commit", "before"),
    "publishing": (Claims, "require", "after"),
    "published": (Lake, "commit", "after"),
    "before its record": (Passes, "_release", "before"),
}

#: The same of a pass that corrects what is wrong.
ACTION_PHASES: dict[str, tuple[type, str, str]] = {
    "action begun": (ActionBook, "begin", "after"),
    "action built": PHASES["built"],
    "action before publishing": PHASES["before publishing"],
    "action published": PHASES["published"],
    "action before its record": (ActionBook, "end", "before"),
}


class Schedulers:
    """The other end: begins passes, and waits for them. Each has the number of its process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "faults.schedulers"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[1],
        )
        self._ended: dict[int, int] = {}
        assert self._line() == "ready"

    def begin(self, root: Path, **asked: Any) -> int:
        """Begin passes: `stop` names a phase, `sent` is the signal it gets there; its clock is `ahead` by seconds; of so many `hours`.

        With `acts` it corrects what is wrong, and brings nothing else up to date.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"root": str(root), **asked}) + "\n")
        self._process.stdin.flush()
        while not (line := self._line()).startswith("began"):
            self._note(line)
        return int(line.split()[1])

    def ended(self, number: int) -> int:
        """How one ended, when it did: negative by a signal."""
        while number not in self._ended:
            self._note(self._line())
        return self._ended[number]

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(60)

    def _note(self, line: str) -> None:
        _, number, status = line.split()
        self._ended[int(number)] = int(status)

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the process that makes copies ended"
        return line.rstrip("\n")


def is_stopped(number: int) -> bool:
    """Whether a process stands still."""
    return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        load_what_is_loaded_by(lambda: _rehearse(Path(folder)))
    told, tell = os.pipe()
    os.set_blocking(tell, False)
    os.set_blocking(told, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(tell)
    _say("ready")
    pending = b""
    with selectors.DefaultSelector() as selector:
        selector.register(told, selectors.EVENT_READ)
        selector.register(0, selectors.EVENT_READ)
        while True:
            ready = {key.fileobj for key, _ in selector.select()}
            if told in ready:
                os.read(told, 4096)
                _reap()
            if 0 in ready:
                found = os.read(0, 65536)
                if not found:
                    return
                *lines, pending = (pending + found).split(b"\n")
                for line in lines:
                    _begin(json.loads(line), selector)


def _begin(asked: dict[str, Any], selector: selectors.BaseSelector) -> None:
    child = os.fork()
    if child:
        _say(f"began {child}")
        return
    status = 70
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        selector.close()
        _passes(**asked)
        status = 0
    except BaseException:  # noqa: BLE001 - it is to be seen, whatever it is
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def _passes(
    root: str,
    stop: str | None = None,
    sent: int = 9,
    ahead: float = 0,
    hours: int = 0,
    out: str | None = None,
    acts: bool = False,
) -> None:
    if stop is not None:
        _plant(stop, sent)

    def clock() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=ahead)

    environ = {"ANDON_AUTHOR": "ana", "HOME": root}
    service = Service.open(Path(root), environ=environ, clock=clock)
    ticks: list[Any] = [f"{done.action} {done.outcome}" for done in service.actions.act("main")] if acts else []
    for hour in range(1, hours + 1) if hours else (() if acts else (None,)):
        while True:
            now = None if hour is None else datetime(2026, 11, 2, hour, tzinfo=UTC)
            found = service.scheduling.tick("test", now=now)
            ticks.append(found.to_json())
            if hour is None or not found.due:
                break
    service.close()
    if out is not None:
        Path(out).write_text(json.dumps(ticks), encoding="utf-8")


def _plant(phase: str, number: int) -> None:
    """Have this process sent a signal the first time that it comes to a phase."""
    owner, name, when = {**PHASES, **ACTION_PHASES}[phase]
    inner: Callable[..., Any] = getattr(owner, name)
    left = [number]
    # one that is frozen within a write would keep all others from theirs, as a locked catalog does: that is not what is asked here
    watch._EVERY = 3600.0

    @wraps(inner)
    def outer(*args: Any, **named: Any) -> Any:
        if when == "before" and left:
            signal.pthread_kill(threading.get_ident(), left.pop())
        found = inner(*args, **named)
        if when == "after" and left:
            signal.pthread_kill(threading.get_ident(), left.pop())
        return found

    setattr(owner, name, outer)


def _rehearse(folder: Path) -> None:
    """A pass with a run, in a copy: what it loads is loaded for all that follow."""
    clone = Clone(folder / "acme")
    clone.fill(FILES)
    clone.run()
    clone.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
    with clone.opened() as service:
        assert [job.outcome for job in service.scheduling.tick().jobs] == ["done"]


def _reap() -> None:
    while True:
        try:
            child, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if child == 0:
            return
        _say(f"ended {child} {os.waitstatus_to_exitcode(status)}")


def _say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


if __name__ == "__main__":
    main()
