"""The child process's own limits: it ends with its parent and its time, reads and writes only what it should, sees no other process, has
no network, and takes no more memory than it may; as far as the system allows that without privilege."""

from __future__ import annotations

import ctypes
import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

_CLONE_NEWNS = 0x00020000
_CLONE_NEWIPC = 0x08000000
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWPID = 0x20000000
_CLONE_NEWNET = 0x40000000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 1, 2, 4, 8
_MS_BIND, _MS_REC, _MS_PRIVATE = 4096, 16384, 1 << 18
_MNT_DETACH = 2
_MOUNT_SETATTR = 442
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_DEVICES = ("null", "zero", "full", "random", "urandom")
#: Where the new root is put together: nothing of it can lie here.
_ROOT = "/proc"
_MOUNT_ATTR_RDONLY = 1
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_CAPSET = {"x86_64": 126, "aarch64": 91}
_CAPABILITY_VERSION = 0x20080522
_CAPABILITIES = 64
#: Root reads the files of other accounts; Landlock says which.
_MAY_READ_OWN = 1 << 1
_PR_SET_PDEATHSIG, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 1, 24, 38


class _MountAttributes(ctypes.Structure):
    _fields_ = (
        ("set", ctypes.c_uint64),
        ("clear", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("namespace", ctypes.c_uint64),
    )


#: Of a network's interface.
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 1
_READ_ONLY = _MountAttributes(set=_MOUNT_ATTR_RDONLY)


def isolate(
    means: Sequence[str],
    readable: Sequence[str],
    links: Sequence[tuple[str, str]],
    place: str,
    port: int | None = None,
) -> tuple[str, str]:
    """Go on as one that reads `readable`, writes below the folder `place`, and nothing else. Must be called before any thread starts.

    With namespaces the work goes on in another process, which sees no other one and has no network; the process that called waits for
    it and ends as it does. Where the system refuses them the caller goes on itself, with what else there is.

    Args:
        means: what may be tried: `namespaces`, `network` (a namespace of it alone), `landlock`.
        links: `(path, target)` of links to make beside what can be read.
        port: of a proxy on the machine's loopback that may be reached where the network can't be taken away. With it, a network of its
            own has a loopback.

    Returns:
        `namespaces`, `landlock` or `none`, and whether the network is `blocked` or `reachable`.
    """
    if not sys.platform.startswith("linux"):
        return "none", "reachable"
    libc = ctypes.CDLL(None, use_errno=True)
    own = _CLONE_NEWUSER | _CLONE_NEWNS | _CLONE_NEWPID | _CLONE_NEWNET | _CLONE_NEWIPC
    user, group = os.getuid(), os.getgid()

    def new_root() -> bool:
        return _new_root(libc, readable, links, place)

    if "namespaces" in means and _may(libc, own, user, group, new_root):
        libc.unshare(own)
        _stay(user, group)
        if port is not None:
            _raise_loopback()
        told, tell = os.pipe()
        first = os.fork()
        if first:
            os.close(tell)
            _end_as(first, told)
        _first_process(libc, tell, new_root)
        return "namespaces", "blocked"
    network = _block_network(libc, user, group) if "network" in means else "reachable"
    if network == "blocked" and port is not None:
        _raise_loopback()
    if "landlock" in means:
        import _andon_landlock  # type: ignore[import-not-found]

        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if _andon_landlock.confine(readable, place, port, network):
            _drop_capabilities(libc, _MAY_READ_OWN)
            return "landlock", network
    return "none", network


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


def _raise_loopback() -> None:
    """Let the loopback of a new network work; it leads to this process and what it starts, and nowhere else."""
    import fcntl
    import struct

    with socket.socket() as any_socket:
        asked = struct.pack("16sh", b"lo", 0) + bytes(22)
        flags = struct.unpack("16sh", fcntl.ioctl(any_socket, _GET_FLAGS, asked)[:18])[1]
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh", b"lo", flags | _UP) + bytes(22))


def _may(libc: Any, namespaces: int, user: int, group: int, then: Callable[[], bool] = lambda: True) -> bool:
    """Whether the system allows them and what they are for; some allow to make a user namespace and refuse that. Tried by a process of
    its own, since there is no way back."""
    trial = os.fork()
    if not trial:
        try:
            if libc.unshare(namespaces) == 0:
                _stay(user, group)
                os._exit(0 if then() else 1)
        except OSError:
            os._exit(1)
        os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(trial, 0)[1]) == 0


def _stay(user: int, group: int) -> None:
    """In the new user namespace we stay who we are: files get the same owner, `getuid` the same answer."""
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        Path("/proc/self", name).write_text(text)


def _new_root(libc: Any, readable: Sequence[str], links: Sequence[tuple[str, str]], place: str) -> bool:
    """Make a root of what can be read, `place`, a few devices and empty folders for temporary files, and let go of the old one. Its
    `/proc` shows the processes of the namespace alone, or nothing where a new one is refused. False where it can't be made."""
    quiet = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC
    start = Path.cwd()
    made = [
        libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None) == 0,
        libc.mount(b"none", _ROOT.encode(), b"tmpfs", _MS_NOSUID | _MS_NODEV, b"mode=755") == 0,
    ]
    if not all(made):
        return False
    for path, target in links:
        Path(_ROOT + path).parent.mkdir(parents=True, exist_ok=True)
        Path(_ROOT + path).symlink_to(target)
    for name in ("tmp", "dev/shm"):
        Path(_ROOT, name).mkdir(parents=True)
        made.append(libc.mount(b"none", f"{_ROOT}/{name}".encode(), b"tmpfs", _MS_NOSUID | _MS_NODEV, None) == 0)
    made += [_show(libc, f"/dev/{name}") for name in _DEVICES]
    made += [_show(libc, path) for path in readable if Path(path).exists()]
    made.append(_show(libc, place, _MountAttributes(clear=_MOUNT_ATTR_RDONLY)))
    Path(_ROOT, "dev/fd").symlink_to("/proc/self/fd")
    Path(_ROOT, "proc").mkdir()
    libc.mount(b"proc", f"{_ROOT}/proc".encode(), b"proc", quiet, None)
    made.append(_set_mount(libc, _ROOT, _MountAttributes(set=_MOUNT_ATTR_RDONLY), 0))
    os.chdir(_ROOT)
    made.append(libc.syscall(_PIVOT_ROOT.get(os.uname().machine, -1), b".", b".") == 0)
    made.append(libc.umount2(b".", _MNT_DETACH) == 0)
    os.chdir("/")
    if all(made):
        os.chdir(start)
    return all(made)


def _show(libc: Any, path: str, attributes: _MountAttributes = _READ_ONLY) -> bool:
    """Make `path` visible in the new root. One below another path is there already, and can't be made."""
    target = Path(_ROOT + path)
    if not target.exists():
        if Path(path).is_dir():
            target.mkdir(parents=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch()
    bound = libc.mount(path.encode(), str(target).encode(), None, _MS_BIND | _MS_REC, None) == 0
    return bound and _set_mount(libc, str(target), attributes, _AT_RECURSIVE)


def _set_mount(libc: Any, place: str, attributes: _MountAttributes, flags: int) -> bool:
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    found = libc.syscall(
        _MOUNT_SETATTR, _AT_FDCWD, place.encode(), ctypes.c_uint(flags), ctypes.byref(attributes), size
    )
    return bool(found == 0)


def _drop_capabilities(libc: Any, keep: int = 0) -> None:
    """Give up all that an account may beyond the rights of its files, but the set `keep` as far as it is there, for good."""
    for capability in range(_CAPABILITIES):
        if not keep >> capability & 1:
            libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    number = _CAPSET.get(os.uname().machine)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    if number is not None:
        for kept in (keep, 0):
            if libc.syscall(number, header, (ctypes.c_uint32 * 6)(kept, kept)) == 0:
                break
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def _first_process(libc: Any, tell: int, new_root: Callable[[], bool]) -> None:
    """Returns in a child of the first process of the namespace, with which all end that were started in it; what was set can't be taken
    back, since no capability is left for it."""
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if not new_root():
        os._exit(1)
    _drop_capabilities(libc)
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
