"""The child process's own limits: it ends with its parent, and has no network where that needs no privilege."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from pathlib import Path

_CLONE_NEWNET = 0x40000000
_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1


def block_network() -> str:
    """Move this process into a network of its own, which has no way out; must be called before any thread starts.

    Returns:
        `blocked`, or `reachable` where the system refuses or has no such thing.
    """
    if not sys.platform.startswith("linux"):
        return "reachable"
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET) == 0:
        return "blocked"
    user, group = os.getuid(), os.getgid()
    if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        return "reachable"
    # In the new user namespace we stay who we are: files get the same owner, `getuid` the same answer.
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        Path("/proc/self", name).write_text(text)
    return "blocked"


def die_with_parent(parent: int) -> None:
    """End this process and all it started when the process `parent` ends, in whatever way.

    Standard input is a pipe whose other end only the parent holds: its end is the parent's end, on every system. A computation
    that never lets other threads run would not notice; so on Linux the kernel is asked as well. Must be called after
    `block_network`, which would cancel that.
    """
    pipe = os.dup(0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.set_inheritable(pipe, False)
    threading.Thread(target=_wait_for_end, args=(pipe,), daemon=True).start()
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.name != "nt" and os.getppid() != parent:
        _end()


def _wait_for_end(pipe: int) -> None:
    while os.read(pipe, 1):
        pass
    _end()


def _end() -> None:
    if hasattr(os, "killpg"):
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(1)
