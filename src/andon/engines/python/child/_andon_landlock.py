"""Landlock: the kernel refuses this process, and all that it starts, whatever files it was not given. Linux 5.13 and later."""

from __future__ import annotations

import ctypes
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_VERSION = 1
_PATH_BENEATH = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_MAKE_CHAR, _MAKE_BLOCK = 1 << 6, 1 << 11
_TRUNCATE, _IOCTL_DEV = 1 << 14, 1 << 15
#: How many rights of files a version of it knows.
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
_LATEST_FILE_RIGHTS = 16
_ALL_TCP, _CONNECT_TCP = 0b11, 0b10
_NET_PORT = 2
#: Sockets without a file, and signals.
_ALL_SCOPES = 0b11
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
#: What a process asks about itself and its machine.
_FACTS = ("/proc/self", "/sys/fs/cgroup", "/sys/devices/system")
_SHARED_MEMORY = "/dev/shm"  # noqa: S108 (locks of multiprocessing are made there)


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("tcp", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _AtPort(ctypes.Structure):
    _fields_ = (("allowed", ctypes.c_uint64), ("port", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def confine(
    readable: Sequence[str],
    place: str,
    port: int | None = None,
    network: str = "reachable",
    shared: Sequence[str] = (_SHARED_MEMORY,),
) -> bool:
    """From here on read `readable`, write below the folder `place`, and no other file; where the kernel knows these, use no TCP and
    signal no other process. To be called before any thread starts, when new privileges are given up. False where there is no Landlock.

    Args:
        shared: folders that may be written, too.
        port: that TCP may connect to all the same; where the network is `blocked` already, TCP leads nowhere and is left alone.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint(_VERSION))
    if version < 1:
        return False
    handled = (1 << _FILE_RIGHTS.get(version, _LATEST_FILE_RIGHTS)) - 1
    is_apart = port is not None and network == "blocked"
    rules = _Ruleset(handled, _ALL_TCP if version >= 4 and not is_apart else 0, _ALL_SCOPES if version >= 6 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = libc.syscall(_CREATE, ctypes.byref(rules), ctypes.c_size_t(size), ctypes.c_uint(0))
    if ruleset < 0:
        return False
    try:
        for path in (*readable, *_FACTS):
            _allow(libc, ruleset, path, handled & _READ)
        for path in _DEVICES:
            _allow(libc, ruleset, path, handled & (_READ | _WRITE_FILE | _TRUNCATE | _IOCTL_DEV))
        for path in (place, *shared):
            _allow(libc, ruleset, path, handled & ~(_MAKE_CHAR | _MAKE_BLOCK))
        if version >= 4 and port is not None and not is_apart:
            rule = _AtPort(_CONNECT_TCP, port)
            libc.syscall(_ADD, ruleset, _NET_PORT, ctypes.byref(rule), ctypes.c_uint(0))
        return bool(libc.syscall(_RESTRICT, ruleset, ctypes.c_uint(0)) == 0)
    finally:
        os.close(ruleset)


def _allow(libc: Any, ruleset: int, path: str, rights: int) -> None:
    """Allow `rights` at and below `path`; what is not there needs none."""
    if not Path(path).exists():
        return
    opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not stat.S_ISDIR(os.fstat(opened).st_mode):
            rights &= _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
        libc.syscall(_ADD, ruleset, _PATH_BENEATH, ctypes.byref(_Beneath(rights, opened)), ctypes.c_uint(0))
    finally:
        os.close(opened)
