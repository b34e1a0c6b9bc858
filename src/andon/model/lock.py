"""Locks of Python datasets as texts: what one pins, what it was made for, and what may not stand in one.

A lock is read by an installer that knows many more forms than pins: addresses, other files, other indexes, folders whose set-up it
runs. A lock can come from anywhere the code comes from, so it is held to the one form that `andon lock` writes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from andon.base.hashing import digest
from andon.base.record import Record

_INPUTS = re.compile(r"^# inputs: (\S+)\s*$", re.MULTILINE)

NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,200}[A-Za-z0-9])?"
#: `python_full_version < '3.12' and (sys_platform == 'win32' or …)`: names, texts, signs, and nothing that begins an option.
MARKER = r"""(?:[ \t()]|[a-z_.]++|[<>=!~]++|'[A-Za-z0-9_.+*-]*'|"[A-Za-z0-9_.+*-]*")++"""
_PIN = re.compile(
    rf"(?P<name>{NAME})==(?P<version>[0-9A-Za-z][0-9A-Za-z.!+_-]*+)[ \t]*(?:;(?P<marker>{MARKER}))?"
    r"(?P<hashes>(?:(?<=[ \t])--hash=(?:sha256|sha384|sha512):[0-9a-f]+(?:[ \t]+|\Z))*)"
)
_COMMENT = re.compile(r"(?:\A|[ \t])#.*")


class LockFlaw(Record):
    """A line of a lock that is no pin with hashes."""

    line: int
    message: str


class LockPin(Record):
    """A package as a lock pins it: one version, and the sha256 of the files that it may be."""

    name: str
    version: str
    hashes: tuple[str, ...]


def simple_name(name: str) -> str:
    """The one way to write the name of a package."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins_of(lock: str) -> tuple[LockPin, ...]:
    """What `lock` pins, in its order; a package may be pinned several times, for other systems or Pythons."""
    found = (_PIN.fullmatch(text) for text in read_lock(lock)[0])
    return tuple(
        LockPin(pin["name"], pin["version"], tuple(re.findall(r"sha256:([0-9a-f]{64})", pin["hashes"])))
        for pin in found
        if pin is not None
    )


def locked_for(lock: str) -> str | None:
    """The digest in the head of a lock: of the dependencies and the Python versions that it was made from."""
    found = _INPUTS.search(lock)
    return found[1] if found else None


def lock_digest(lock: str) -> str:
    """Digest of what `lock` pins; comments, blank lines and line ends don't count, so that equal locks share an environment."""
    lines = (line.strip() for line in lock.splitlines())
    return digest("\n".join(line for line in lines if line and not line.startswith("#")).encode())


def read_lock(lock: str) -> tuple[tuple[str, ...], tuple[LockFlaw, ...]]:
    """The pins of `lock`, each one line as an installer takes it (`name==version ; marker --hash=…`), and what else stands there."""
    pins, flaws = [], []
    for number, text in _statements(lock):
        message = _flaw(text)
        if message is None:
            pins.append(text)
        else:
            flaws.append(LockFlaw(number, message))
    return tuple(pins), tuple(flaws)


def _statements(lock: str) -> Iterator[tuple[int, str]]:
    """Lines with their numbers, those that end in a backslash put together, without comments and blank ones."""
    begun, parts = 0, list[str]()
    for number, raw in enumerate(lock.split("\n"), 1):
        line = _COMMENT.sub("", raw.removesuffix("\r")).rstrip(" \t")
        begun = begun if parts else number
        goes_on = line.endswith("\\")
        parts.append(line.removesuffix("\\").strip(" \t"))
        if not goes_on:
            text = " ".join(part for part in parts if part)
            parts.clear()
            if text:
                yield begun, text
    text = " ".join(part for part in parts if part)
    if text:
        yield begun, text


def _flaw(text: str) -> str | None:
    """What is wrong with one statement of a lock."""
    pin = _PIN.fullmatch(text)
    shown = text if len(text) <= 60 else f"{text[:59]}…"
    if pin is not None:
        return None if pin["hashes"] else f"`{pin['name']}` is pinned without a hash"
    if text.startswith("-"):
        return f"`{shown}` is an option for the installer, not a package"
    if "@" in text or "/" in text or "\\" in text:
        return f"`{shown}` names a place to install from, not a version"
    return f"`{shown}` is not a package with one version and its hashes"
