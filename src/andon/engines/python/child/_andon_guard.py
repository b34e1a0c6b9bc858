"""The child process's own limits: it ends with its parent and its time, writes only where it should, sees no other process, has no
network, and takes no more memory than it may; as far as the system allows that without privilege."""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_CLONE_NEWNS = 0x00020000
_CLONE_NEWIPC = 0x08000000
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWPID = 0x20000000
_CLONE_NEWNET = 0x40000000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 1, 2, 4, 8
_MS_BIND, _MS_REC, _MS_PRIVATE = 4096, 16384, 1 << 18
_MOUNT_SETATTR = 442
_MOUNT_ATTR_RDONLY = 1
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_CAPSET = {"x86_64": 126, "aarch64": 91}
_CAPABILITY_VERSION = 0x20080522
_CAPABILITIES = 64
_PR_SET_PDEATHSIG, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 1, 24, 38


class _MountAttributes(ctypes.Structure):
    _fields_ = (
        ("set", ctypes.c_uint64),
        ("clear", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("namespace", ctypes.c_uint64),
    )


def isolate(writable: Sequence[str]) -> tuple[str, str]:
    """Go on in a process that sees no other one, can write below `writable` only, and has no network; the process that called waits for
    it and ends as it does. Must be called before any thread starts. Where the system refuses, the caller goes on itself.

    Returns:
        `namespaces` or `none`, and whether the network is `blocked` or `reachable`.
    """
    if not sys.platform.startswith("linux"):
        return "none", "reachable"
    libc = ctypes.CDLL(None, use_errno=True)
    own = _CLONE_NEWUSER | _CLONE_NEWNS | _CLONE_NEWPID | _CLONE_NEWNET | _CLONE_NEWIPC
    user, group = os.getuid(), os.getgid()
    if not _may(libc, own, user, group):
        return "none", _block_network(libc, user, group)
    libc.unshare(own)
    _stay(user, group)
    _read_only(libc, writable)
    told, tell = os.pipe()
    first = os.fork()
    if first:
        os.close(tell)
        _end_as(first, told)
    _first_process(libc, tell)
    return "namespaces", "blocked"


def limit(memory: int | None) -> None:
    """Leave no core and, where the system knows such a limit, take no more than `memory` bytes."""
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory is not None and sys.platform.startswith("linux"):
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))


def _block_network(libc: Any, user: int, group: int) -> str:
    if libc.unshare(_CLONE_NEWNET) == 0:
        return "blocked"
    if not _may(libc, _CLONE_NEWUSER | _CLONE_NEWNET, user, group):
        return "reachable"
    libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
    _stay(user, group)
    return "blocked"


def _may(libc: Any, namespaces: int, user: int, group: int) -> bool:
    """Whether the system allows them; some allow to make a user namespace and refuse what it is for. Tried by a process of its own, since
    there is no way back."""
    trial = os.fork()
    if not trial:
        try:
            if libc.unshare(namespaces) != 0:
                os._exit(1)
            _stay(user, group)
            os._exit(libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None) and namespaces & _CLONE_NEWNS and 1)
        except OSError:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(trial, 0)[1]) == 0


def _stay(user: int, group: int) -> None:
    """In the new user namespace we stay who we are: files get the same owner, `getuid` the same answer."""
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        Path("/proc/self", name).write_text(text)


def _read_only(libc: Any, writable: Sequence[str]) -> None:
    """Every file system but `writable` can be read only, here; kernels before 5.12 can't say so for all at once."""
    libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None)
    places = [place.encode() for place in writable]
    for place in places:
        libc.mount(place, place, None, _MS_BIND | _MS_REC, None)
    os.chdir(Path.cwd())  # in what was mounted just now
    _set_mounts(libc, b"/", _MountAttributes(set=_MOUNT_ATTR_RDONLY), _AT_RECURSIVE)
    for place in places:
        _set_mounts(libc, place, _MountAttributes(clear=_MOUNT_ATTR_RDONLY), 0)


def _set_mounts(libc: Any, place: bytes, attributes: _MountAttributes, flags: int) -> None:
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    libc.syscall(_MOUNT_SETATTR, _AT_FDCWD, place, ctypes.c_uint(flags), ctypes.byref(attributes), size)


def _first_process(libc: Any, tell: int) -> None:
    """Returns in a child of the first process of the namespace, with which all end that were started in it. Their `/proc` shows these
    alone, or nothing where a new one is refused; what was set can't be taken back, since no capability is left for it."""
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    flags = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC
    if libc.mount(b"proc", b"/proc", b"proc", flags, None) != 0:
        libc.mount(b"none", b"/proc", b"tmpfs", flags | _MS_RDONLY, None)
    libc.mount(b"none", b"/dev/shm", b"tmpfs", _MS_NOSUID | _MS_NODEV, None)
    for capability in range(_CAPABILITIES):
        libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    number = _CAPSET.get(os.uname().machine)
    if number is not None:
        header, none = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0), (ctypes.c_uint32 * 6)()
        libc.syscall(number, header, none)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    # a first process is not ended by signals of its own: the work is done by another one
    worker = os.fork()
    if not worker:
        os.close(tell)
        return
    while True:
        ended, status = os.wait()
        if ended == worker:
            os.write(tell, str(os.waitstatus_to_exitcode(status)).encode())
            os._exit(0)


def _end_as(first: int, told: int) -> None:
    """Wait for the first process of the namespace, and end as its worker did; it ends with this one, and this one with the parent. Without
    a thread: none can be started where children go to another namespace."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    while told not in select.select([0, told], [], [])[0]:
        if not os.read(0, 1):  # the parent is gone
            _end()
    code = int(os.read(told, 16) or b"1")
    os.waitpid(first, 0)
    if code < 0:
        os.kill(os.getpid(), -code)
        signal.pause()
    os._exit(code)


def die_with_parent(parent: int | None) -> None:
    """End this process and all it started when the process `parent` ends, in whatever way; None where that can't be seen from here.

    Standard input is a pipe whose other end only the parent holds: its end is the parent's end, on every system. A computation
    that never lets other threads run would not notice; so on Linux the kernel is asked as well. Must be called after
    `isolate`, which would cancel that.
    """
    pipe = os.dup(0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.set_inheritable(pipe, False)
    threading.Thread(target=_wait_for_end, args=(pipe,), daemon=True).start()
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if parent is not None and os.name != "nt" and os.getppid() != parent:
        _end()


def _wait_for_end(pipe: int) -> None:
    while os.read(pipe, 1):
        pass
    _end()


def _end() -> None:
    if hasattr(os, "killpg"):
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(1)
