"""The line between who asks and the process that answers: letters that say what comes, and what comes, over a socket."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import struct
import threading
from typing import Any, TypeVar

from andon.base.document import from_json, to_json
from andon.base.record import Record

_HEAD = struct.Struct("!cI")
#: Bytes of one piece of an answer at most.
PIECE = 1 << 20
#: More than any message holds: a process gone wrong must not make its reader take all memory.
_LONGEST = 1 << 30

#: A message in JSON, a piece of an answer, the word that stops what is done.
MESSAGE, DATA, CANCEL = b"M", b"D", b"C"

T = TypeVar("T", bound=Record)


class LineBrokenError(Exception):
    """The other end is gone."""


class Line:
    """One end. What comes belongs to one thread; all else to any."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._sending = threading.Lock()

    def fileno(self) -> int:
        """The socket's number."""
        return self._end.fileno()

    def tell(self, message: Record) -> None:
        """Send a message.

        Raises:
            LineBrokenError: nobody reads it.
        """
        self.send(MESSAGE, json.dumps(to_json(message)).encode())

    def send(self, letter: bytes, body: bytes | memoryview) -> None:
        """Send `body`, waiting until there is room for it.

        Raises:
            LineBrokenError: nobody reads it.
        """
        try:
            with self._sending:
                self._end.sendall(_HEAD.pack(letter, len(body)))
                self._end.sendall(body)
        except OSError as error:
            raise LineBrokenError from error

    def cancel(self) -> None:
        """Ask the other end to stop what it does; nothing happens if it is gone."""
        with contextlib.suppress(LineBrokenError):
            self.send(CANCEL, b"")

    def receive(self, seconds: float | None = None) -> tuple[bytes, bytes]:
        """What comes next: its letter and its body.

        Raises:
            TimeoutError: nothing began to come in so many `seconds`.
            LineBrokenError: the other end is gone.
        """
        if seconds is not None and not self._has_news(seconds):
            raise TimeoutError
        try:
            letter, length = _HEAD.unpack(self._exactly(_HEAD.size))
            if length > _LONGEST:
                raise LineBrokenError
            return letter, self._exactly(length)
        except OSError as error:
            raise LineBrokenError from error

    def _has_news(self, seconds: float) -> bool:
        waiting = select.poll()
        try:
            waiting.register(self._end, select.POLLIN)
        except (OSError, ValueError) as error:  # it was closed
            raise LineBrokenError from error
        return bool(waiting.poll(max(seconds * 1000, 1)))

    def close(self) -> None:
        """Hang up: whoever waits at either end is told."""
        with contextlib.suppress(OSError):
            self._end.shutdown(socket.SHUT_RDWR)
        self._end.close()

    def _exactly(self, length: int) -> bytes:
        body = bytearray(length)
        view, at = memoryview(body), 0
        while at < length:
            got = self._end.recv_into(view[at:])
            if not got:
                raise LineBrokenError
            at += got
        return bytes(body)


def understood(kind: type[T], body: bytes) -> T:
    """The message of type `kind` that `body` holds.

    Raises:
        LineBrokenError: it holds another one.
    """
    from andon.errors import UsageError

    try:
        found: Any = from_json(kind, json.loads(body))
    except (ValueError, UsageError) as error:
        raise LineBrokenError from error
    return found  # type: ignore[no-any-return]
