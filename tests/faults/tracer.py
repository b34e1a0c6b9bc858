"""Runs a function in a forked child and makes its N-th change of the disk fail: killed, refused, or followed by a power loss.

It is a small tracer of its own rather than strace, since strace counts per thread and can't tell below which folder a call
works. A seccomp filter in the child stops only at the calls of `CALLS`, so that tracing costs next to nothing; calls on files
outside the folder are let through uncounted. What was made durable is remembered, so that a loss of power can be acted out:
contents and names that no fsync covered are torn.

Linux on x86-64; `why_not()` says what is missing elsewhere.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import shutil
import signal
import struct
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

_CONT, _GETREGS, _SETREGS, _SEIZE = 7, 12, 13, 0x4206
_EVENT_SECCOMP = 7
#: Follow forks and clones, stop at what the filter picks, and never outlive the tracer.
_OPTIONS = 0x2 | 0x4 | 0x8 | 0x80 | 0x100000
_WALL = 0x40000000
_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER = 38, 22, 2
_TRACE, _ALLOW = 0x7FF00000, 0x7FFF0000
_O_CREAT, _O_TRUNC, _AT_CWD = 0o100, 0o1000, -100
_ORIG_RAX, _RAX, _ARGUMENTS = 15, 10, (14, 13, 12, 7, 9, 8)

#: number of the call: (name, kind of place). `fd n`: argument n is a descriptor; `path n`: a path; `at n`: descriptor n and path n + 1.
CALLS: dict[int, tuple[str, str]] = {
    1: ("write", "fd 0"),
    18: ("pwrite64", "fd 0"),
    20: ("writev", "fd 0"),
    296: ("pwritev", "fd 0"),
    328: ("pwritev2", "fd 0"),
    40: ("sendfile", "fd 0"),
    326: ("copy_file_range", "fd 2"),
    74: ("fsync", "fd 0"),
    75: ("fdatasync", "fd 0"),
    77: ("ftruncate", "fd 0"),
    285: ("fallocate", "fd 0"),
    2: ("open", "path 0"),
    85: ("creat", "path 0"),
    257: ("openat", "at 0"),
    83: ("mkdir", "path 0"),
    258: ("mkdirat", "at 0"),
    82: ("rename", "path 0"),
    264: ("renameat", "at 0"),
    316: ("renameat2", "at 0"),
    86: ("link", "path 0"),
    87: ("unlink", "path 0"),
    263: ("unlinkat", "at 0"),
    84: ("rmdir", "path 0"),
}
_GROWS = {"write", "pwrite64", "writev", "pwritev", "pwritev2", "sendfile", "copy_file_range", "ftruncate", "fallocate"}
_MAKES = {"open", "creat", "openat", "mkdir", "mkdirat", "rename", "renameat", "renameat2", "link"}
_SYNCS = {"fsync", "fdatasync"}

KILL, POWER, FULL, BROKEN = "kill", "power", "ENOSPC", "EIO"


@dataclass(frozen=True)
class Operation:
    """One change of the disk below the folder; `path` (and for renames `target`) relative to it."""

    name: str
    path: str
    target: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.path}{' -> ' + self.target if self.target else ''}"


@dataclass
class Traced:
    """What became of the child.

    Attributes:
        operations: all that it did or tried below the folder.
        hit: the operation that the fault struck, or None if there were fewer.
        status: its exit status; negative for a signal.
        output: what it wrote to its pipe.
    """

    operations: list[Operation] = field(default_factory=list)
    hit: Operation | None = None
    status: int = 0
    output: bytes = b""


def why_not() -> str | None:
    """Why tracing is not possible here, or None."""
    if not sys.platform.startswith("linux") or platform.machine() != "x86_64":
        return "the tracer knows Linux on x86-64 only"
    found = trace(lambda _: None, Path("/nonexistent"))
    return None if found.status == 0 else "tracing of child processes (ptrace, seccomp) is not permitted here"


def trace(work: Callable[[int], None], folder: Path, fault: str | None = None, at: int = 0) -> Traced:
    """Fork, run `work(descriptor of a pipe)` in the child, and let `fault` strike at its change number `at` (from 1).

    KILL kills the process before the change happens; POWER does so and takes away what was not durable; BROKEN lets that one call
    fail with EIO; FULL lets all calls from there on fail with ENOSPC that need space.
    """
    reader, writer = os.pipe()
    go_reader, go_writer = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        _child(work, writer, go_reader, (reader, go_writer))
    os.close(writer)
    os.close(go_reader)
    tracer = _Tracer(child, folder.resolve(), fault, at)
    try:
        _ptrace(_SEIZE, child, 0, _OPTIONS)
        os.write(go_writer, b"g")
        os.close(go_writer)
        tracer.follow()
    except PermissionError:
        os.close(go_writer)  # the child reads an end and leaves
        _, status = os.waitpid(child, 0)
        tracer.result.status = os.waitstatus_to_exitcode(status) or -1
    with os.fdopen(reader, "rb") as pipe:
        tracer.result.output = pipe.read()
    if fault == POWER and tracer.result.hit is not None:
        tracer.disk.lose_power()
    return tracer.result


def _child(work: Callable[[int], None], writer: int, go: int, others: tuple[int, int]) -> None:
    status = 70
    try:
        for descriptor in others:
            os.close(descriptor)
        if os.read(go, 1):
            _install_filter()
            work(writer)
            status = 0
    except SystemExit as leaving:
        status = int(leaving.code or 0)
    except BaseException:  # noqa: BLE001 - whatever it is, the parent is to hear of it
        os.write(writer, b"raw " + repr(traceback.format_exc()).encode() + b"\n")
    finally:
        os._exit(status)


class _Tracer:
    def __init__(self, child: int, folder: Path, fault: str | None, at: int) -> None:
        self.child = child
        self.prefix = f"{folder}/"
        self.fault, self.at = fault, at
        self.result = Traced()
        self.disk = _Disk(folder)

    def follow(self) -> None:
        while True:
            try:
                thread, status = os.waitpid(-1, _WALL)
            except ChildProcessError:
                return
            if not os.WIFSTOPPED(status):
                if thread == self.child:
                    self.result.status = os.waitstatus_to_exitcode(status)
                continue
            event, number = status >> 16, os.WSTOPSIG(status)
            if event == _EVENT_SECCOMP:
                self._call(thread)
            deliver = number if event == 0 and number != signal.SIGTRAP else 0
            try:
                _ptrace(_CONT, thread, 0, deliver)
            except ProcessLookupError:
                continue  # it was killed meanwhile; its end is reported next

    def _call(self, thread: int) -> None:
        registers = (ctypes.c_ulonglong * 27)()
        try:
            _ptrace(_GETREGS, thread, 0, ctypes.addressof(registers))
            operation, creates = self._operation(thread, registers)
        except (ProcessLookupError, FileNotFoundError):
            return
        if operation is None:
            return
        self.result.operations.append(operation)
        number = len(self.result.operations)
        if not self._strikes(operation, number, creates):
            self.disk.note(operation, creates)
            return
        if self.result.hit is None:
            self.result.hit = operation
        if self.fault in (KILL, POWER):
            os.kill(self.child, signal.SIGKILL)
            return
        registers[_ORIG_RAX] = 2**64 - 1
        registers[_RAX] = 2**64 - (errno.ENOSPC if self.fault == FULL else errno.EIO)
        _ptrace(_SETREGS, thread, 0, ctypes.addressof(registers))

    def _strikes(self, operation: Operation, number: int, creates: bool) -> bool:
        if self.fault != FULL:
            return self.fault is not None and number == self.at
        # A full disk stays full, and what is there already can still be opened.
        return 0 < self.at <= number and (operation.name in _GROWS or (operation.name in _MAKES and creates))

    def _operation(self, thread: int, registers: ctypes.Array[ctypes.c_ulonglong]) -> tuple[Operation | None, bool]:
        name, place = CALLS[registers[_ORIG_RAX]]
        arguments = [registers[i] for i in _ARGUMENTS]
        kind, _, position = place.partition(" ")
        index = int(position)
        creates = False
        if name in ("open", "openat"):
            flags = arguments[index + (2 if kind == "at" else 1)]
            if not flags & (_O_CREAT | _O_TRUNC):
                return None, False
        if kind == "fd":
            path = str(Path(f"/proc/{thread}/fd/{arguments[index]}").readlink()).removesuffix(" (deleted)")
        else:
            path = self._path(thread, arguments, index, kind)
            creates = not os.path.lexists(path)
        if not f"{path}/".startswith(self.prefix):
            return None, False
        target = ""
        if name.startswith(("rename", "link")):
            target = self._path(thread, arguments, index + (2 if kind == "at" else 1), kind)
            creates = not os.path.lexists(target)
        relative = f"{path}/".removeprefix(self.prefix).removesuffix("/")
        return Operation(name, relative, target.removeprefix(self.prefix)), creates

    def _path(self, thread: int, arguments: list[int], index: int, kind: str) -> str:
        folder = f"/proc/{thread}/cwd"
        if kind == "at":
            descriptor = ctypes.c_int(arguments[index] & 0xFFFFFFFF).value
            index += 1
            if descriptor != _AT_CWD:
                folder = f"/proc/{thread}/fd/{descriptor}"
        text = b""
        with Path(f"/proc/{thread}/mem").open("rb", buffering=0) as memory:
            memory.seek(arguments[index])
            while b"\0" not in text:
                # A page at a time: the next one may not be there.
                text += memory.read(4096 - (arguments[index] + len(text)) % 4096)
        path = os.fsdecode(text.partition(b"\0")[0])
        return os.path.normpath(path if path.startswith("/") else f"{Path(folder).readlink()}/{path}")


class _Disk:
    """What a loss of power would leave: contents and names are safe once they, or the folder that holds them, were synced.

    The catalog's database and its log are SQLite's own: of the log, what was written since its last sync is lost.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._contents: set[str] = set()
        self._names: list[str] = []
        self._log_end: dict[str, int] = {}

    def note(self, operation: Operation, creates: bool) -> None:
        name, path = operation.name, operation.path
        if name in _SYNCS:
            self._contents.discard(path)
            self._names = [n for n in self._names if n.rpartition("/")[0] != path]
            if path.endswith("-wal"):
                self._log_end[path] = (self._folder / path).stat().st_size
        elif name in _GROWS:
            self._contents.add(path)
        elif name in _MAKES and operation.target:
            if path in self._contents:
                self._contents.discard(path)
                self._contents.add(operation.target)
            self._names = [n for n in self._names if n != path]
            if creates:
                self._names.append(operation.target)
        elif name in _MAKES and creates:
            self._names.append(path)

    def lose_power(self) -> None:
        for name in sorted(self._contents):
            file = self._folder / name
            if not file.is_file() or name.endswith("-shm"):
                continue
            if "catalog" not in name:
                os.truncate(file, file.stat().st_size // 2)
            elif name.endswith("-wal"):
                os.truncate(file, self._log_end.get(name, 0))
        for name in self._names:
            path = self._folder / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


def _ptrace(request: int, thread: int, address: int, data: int) -> None:
    libc = _libc()
    if libc.ptrace(request, ctypes.c_long(thread), ctypes.c_void_p(address), ctypes.c_void_p(data)) == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.restype = ctypes.c_long
    return libc


def _install_filter() -> None:
    """Stop for the tracer at every call of `CALLS`, in this thread and all that it starts."""
    load, equal, give = 0x20, 0x15, 0x06
    numbers = sorted(CALLS)
    program = [struct.pack("HBBI", load, 0, 0, 0)]
    for position, number in enumerate(numbers):
        program.append(struct.pack("HBBI", equal, len(numbers) - position, 0, number))
    program.append(struct.pack("HBBI", give, 0, 0, _ALLOW))
    program.append(struct.pack("HBBI", give, 0, 0, _TRACE))
    code = ctypes.create_string_buffer(b"".join(program))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program), ctypes.addressof(code)))
    libc = _libc()
    zero = ctypes.c_ulong(0)
    if libc.prctl(_NO_NEW_PRIVILEGES, ctypes.c_ulong(1), zero, zero, zero) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_NO_NEW_PRIVS)")
    if libc.prctl(_SET_SECCOMP, ctypes.c_ulong(_FILTER), ctypes.c_void_p(ctypes.addressof(header)), zero, zero) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_SECCOMP)")
