"""Processes: which one this is, and whether one that was noted is gone.

A number alone names nobody: after a restart of the machine, or of a container, another process soon has it. So a process is noted as
`machine:number:birth`, the birth being the start of its machine, the room in which its number counts (a container has its own), the moment
of its start and a word of chance. A note without a birth is of an earlier version, and is told by its number.
"""

from __future__ import annotations

import os
import secrets
from functools import lru_cache
from pathlib import Path

#: Between the parts of a birth; one that the system does not tell is empty.
_PART = "."


def this_process() -> str:
    """This machine and process, as one text that no other process has, ever."""
    return f"{machine_name()}:{os.getpid()}:{_birth(os.getpid())}"


def is_gone(process: str) -> bool:
    """Whether the process that `this_process` named ended; False where that can't be known (elsewhere, in a container beside this one)."""
    machine, number, birth = _parts(process)
    if machine != machine_name() or not number.isdigit():
        return False
    own = _birth(os.getpid())
    if birth and birth != own:
        boot, room, _, _ = birth.split(_PART)
        own_boot, own_room, _, _ = own.split(_PART)
        if boot != own_boot:
            return True  # the machine was started anew since
        if room != own_room:
            return False  # a container beside this one, by the same name: its number says nothing here
        if int(number) == os.getpid():
            return True
    return _has_ended(number, birth)


def _has_ended(number: str, birth: str) -> bool:
    """Whether the process with this number, in our own room, is not there, is another one, or only waits for who started it to notice its
    end; as far as the system tells."""
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass  # it is there and not ours
    state, start = _state(number)
    if state in ("Z", "X"):
        return True
    noted = birth.split(_PART)[2] if birth else ""
    return bool(noted and start) and noted != start


def is_here(process: str) -> bool:
    """Whether the process that `this_process` named is one of which `is_gone` can tell."""
    machine, _, birth = _parts(process)
    return machine == machine_name() and (not birth or birth.split(_PART)[1] == _room())


def is_beside(process: str) -> bool:
    """Whether the process that `this_process` named ran since this machine was started, and its number counts here. Of two machines by the
    same name that is so of one."""
    machine, _, birth = _parts(process)
    return machine == machine_name() and birth.split(_PART)[:2] == [boot_name(), _room()]


def same_machine(number: str) -> str:
    """The process with this number of this machine, without its birth."""
    return f"{machine_name()}:{number}"


def spoken(process: str) -> str:
    """The process that `this_process` named, for people: machine and number."""
    machine, number, _ = _parts(process)
    return f"{machine}:{number}" if machine else number


def _parts(process: str) -> tuple[str, str, str]:
    """Machine, number and birth; the birth is empty where none was noted."""
    first, _, last = process.rpartition(":")
    if last.count(_PART) == 3:
        machine, _, number = first.rpartition(":")
        return machine, number, last
    return first, last, ""


@lru_cache(maxsize=1)  # by the number: a process that is forked has another one, and its own start
def _birth(number: int) -> str:
    _, start = _state(str(number))
    return _PART.join((boot_name(), _room(), start, secrets.token_hex(4)))


def boot_name() -> str:
    """The start of this machine; empty where the system does not tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip().replace("-", "")[:16]
    except OSError:
        return ""


def _room() -> str:
    """Where numbers of processes count."""
    try:
        return Path("/proc/self/ns/pid").readlink().name.strip("pid:[]")
    except OSError:
        return ""


def _state(number: str) -> tuple[str, str]:
    """The state of a process and the moment of its start, in ticks since that of the machine; empty where the system does not tell."""
    try:
        fields = Path(f"/proc/{number}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return "", ""
    return (fields[0].decode(), fields[19].decode()) if len(fields) > 19 else ("", "")


def machine_name() -> str:
    """By what this machine is known."""
    import platform  # takes a millisecond, and few commands ask

    return platform.node()
