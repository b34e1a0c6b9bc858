"""Which processes read files of a lake, and since which epoch: what was closed to readers later than that is not deleted meanwhile.

A process notes it in a file of its own that it holds by a lock, which the system frees when the process ends, however it ends. The note is
written before it is looked which files are closed, and those are closed before the notes are read: one of the two sees the other.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from andon.base.clock import system_clock, to_text
from andon.base.files import make_folder
from andon.base.process import this_process
from andon.base.record import Record
from andon.base.sharing import like_shared_folder
from andon.errors import AndonError, ConflictError

_DIGITS = 20
_NOTHING = b"-" * _DIGITS
#: Held by accounts that may read the lake and not write it.
_GUESTS = "guests"


class ReaderNote(Record):
    """A process that reads.

    Attributes:
        epoch: of the lake when it began; 0 where that is not known.
        process: number of the process, or what else is known of it.
        since: when it opened the lake (ISO text); empty where that is not known.
    """

    epoch: int
    process: str
    since: str


class KeepsHolds(Protocol):
    """Who gave a hold."""

    def give(self, hold: Hold) -> None:
        """See `Hold.release`."""
        ...

    def holds(self, hold: Hold) -> bool:
        """See `Hold.holds`."""
        ...


class Hold:
    """One hold of a process on all that could be read when it began; give it back with `release`."""

    def __init__(self, leases: KeepsHolds, epoch: int) -> None:
        self._leases = leases
        self.epoch = epoch

    def holds(self) -> bool:
        """Whether it holds still. A process that shares a lake with other machines, and can't say for long that it is there, loses it:
        then files may be gone that it began to read."""
        return self._leases.holds(self)

    def require(self) -> None:
        """Refuse what came of reading where it holds no more.

        Raises:
            ConflictError: `lake.lease_lost`.
            MachineError: the catalog can't be asked.
        """
        if not self.holds():
            raise lease_lost()

    @contextmanager
    def telling(self) -> Iterator[None]:
        """What fails in a block since files were taken away, which happens to whoever lost the hold alone, is told as that.

        Raises:
            ConflictError: `lake.lease_lost`.
        """
        try:
            yield
        except AndonError as error:
            if not self.holds():
                raise lease_lost() from error
            raise

    def release(self) -> None:
        """Give it back; a second time does nothing."""
        self._leases.give(self)


def lease_lost() -> ConflictError:
    """The error for what rests on files that may have been taken away while it was read."""
    return ConflictError(
        "lake.lease_lost",
        "this process was silent for so long that its lease ended: what it read may have been taken away meanwhile",
        hint="run the same command again",
        retryable=True,
    )


class Readings(Protocol):
    """Who lets read."""

    def reading(self) -> AbstractContextManager[Hold]:
        """Hold all that can be read for the length of a block."""
        ...


@contextmanager
def reading_all(leases: Readings) -> Iterator[Hold]:
    """Hold all that can be read for the length of a block, what came of which rests on all that it read: also that something is not there.

    Raises:
        ConflictError: `lake.lease_lost`, at the end of the block, where the hold was lost within it.
        MachineError: the catalog can't be asked.
    """
    with leases.reading() as hold:
        with hold.telling():
            yield hold
        hold.require()


class Leases:
    """Holds of this process, and of all others. Safe under threads.

    Args:
        folder: where the notes lie.
        epoch: what epoch it is.
        look: is told the epoch in which somebody begins to read.
    """

    def __init__(self, folder: Path, epoch: Callable[[], int], look: Callable[[int], None]) -> None:
        self._folder = folder
        self._epoch = epoch
        self._look = look
        self._lock = threading.Lock()
        self._holds: dict[int, Hold] = {}
        self._file: int | None = None
        self._path: Path | None = None
        self._written: int | None = None
        self._is_closed = False

    def take(self) -> Hold:
        """Hold all that can be read now: from here on nothing of it is deleted. What is closed already is known to who looks."""
        with self._lock:
            hold = Hold(self, self._epoch())
            self._holds[id(hold)] = hold
            while True:
                self._write()
                now = self._epoch()
                if now == hold.epoch:
                    break
                hold.epoch = now
            self._look(hold.epoch)
            return hold

    @contextmanager
    def reading(self) -> Iterator[Hold]:
        """Hold it for the length of a block."""
        hold = self.take()
        try:
            yield hold
        finally:
            hold.release()

    def reading_all(self) -> AbstractContextManager[Hold]:
        """See `reading_all`."""
        return reading_all(self)

    def give(self, hold: Hold) -> None:
        """See `Hold.release`."""
        with self._lock:
            if self._holds.pop(id(hold), None) is not None:
                self._write()
                if self._is_closed and not self._holds:
                    self._tidy()

    def holds(self, hold: Hold) -> bool:
        """See `Hold.holds`: the system keeps it. Of who could note nothing it is so while nothing is closed."""
        return self._file is not None or self._epoch() == hold.epoch

    def close(self) -> None:
        """Take the note away: now, or when the last hold is given back. Results of queries stay readable so long."""
        with self._lock:
            self._is_closed = True
            if not self._holds:
                self._tidy()

    def others(self) -> list[ReaderNote]:
        """Who reads now, this process among them. Notes of processes that are gone are removed."""
        found: list[ReaderNote] = []
        try:
            notes = sorted(self._folder.iterdir())
        except FileNotFoundError:
            return found
        for note in notes:
            if not note.name.startswith("."):
                reading = self._guests() if note.name == _GUESTS else _noted(note)
                if reading is not None:
                    found.append(reading)
        return found

    # -- this process's note

    def _tidy(self) -> None:
        if self._path is not None:
            with contextlib.suppress(OSError):  # a disk that became read-only
                self._path.unlink(missing_ok=True)
        if self._file is not None:
            os.close(self._file)
        self._file = self._path = self._written = None

    def _write(self) -> None:
        """Note since when this process reads: before that is relied on."""
        oldest = min((hold.epoch for hold in self._holds.values()), default=None)
        if oldest is None and self._path is None:
            if self._file is not None:  # a guest that left
                os.close(self._file)
                self._file = None
            return
        if self._file is None:
            self._open()
        if self._path is not None and self._file is not None and oldest != self._written:
            try:
                os.pwrite(self._file, _NOTHING if oldest is None else f"{oldest:0{_DIGITS}}".encode(), 0)
                self._written = oldest
            except (
                OSError
            ):  # a full disk: a note that holds more than is read may stay, and else a guest holds everything
                if oldest is not None and (self._written is None or self._written > oldest):
                    self._tidy()
                    self._file = self._as_guest()

    def _open(self) -> None:
        try:
            make_folder(self._folder)
            self._make_guests()
            path = self._folder / f"{os.getpid()}-{secrets.token_hex(8)}"
            hidden = path.with_name(f".{path.name}")
            descriptor = os.open(hidden, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
            like_shared_folder(hidden)
            _lock(descriptor, shared=False)
            note = {"process": this_process(), "since": to_text(system_clock())}
            os.pwrite(descriptor, _NOTHING + b"\n" + json.dumps(note).encode(), 0)
            hidden.rename(path)
            self._file, self._path, self._written = descriptor, path, None
        except (OSError, AndonError):  # who may not write here is a guest, and reading goes on
            self._file = self._as_guest()

    def _make_guests(self) -> None:
        guests = self._folder / _GUESTS
        if not guests.exists():
            os.close(os.open(guests, os.O_RDWR | os.O_CREAT, 0o644))
            like_shared_folder(guests)

    def _as_guest(self) -> int | None:
        try:
            descriptor = os.open(self._folder / _GUESTS, os.O_RDONLY)
            _lock(descriptor, shared=True)
        except OSError:
            return None  # nobody ever took anything away here, or looks for guests just now
        return descriptor

    def _guests(self) -> ReaderNote | None:
        """Accounts that may only read say not since when."""
        try:
            descriptor = os.open(self._folder / _GUESTS, os.O_RDONLY)
        except OSError as error:
            return ReaderNote(0, f"of another account ({error.strerror})", "")
        try:
            _lock(descriptor, shared=False)
        except OSError:
            return ReaderNote(0, "of an account that may only read", "")
        finally:
            os.close(descriptor)
        return None


def _noted(path: Path) -> ReaderNote | None:
    """What a note says; None where its process is gone, or reads nothing now. A note that can't be read says the worst."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    except OSError as error:
        return ReaderNote(0, f"of another account ({error.strerror})", "")
    try:
        try:
            _lock(descriptor, shared=False)
        except OSError:
            return _parsed(os.read(descriptor, 4096))
        with contextlib.suppress(OSError):  # another account's
            path.unlink(missing_ok=True)
        return None
    finally:
        os.close(descriptor)


def _parsed(text: bytes) -> ReaderNote | None:
    number, _, rest = text.partition(b"\n")
    if number == _NOTHING:
        return None
    try:
        note = json.loads(rest)
        return ReaderNote(int(number), str(note["process"]).split(":")[1], str(note["since"]))
    except (ValueError, KeyError, TypeError, IndexError):
        return ReaderNote(0, "that left a note which can't be read", "")


def _lock(descriptor: int, *, shared: bool) -> None:
    """Take the lock, or raise `OSError` at once where somebody holds it against that."""
    try:
        import fcntl
    except ImportError:  # Windows: nothing is deleted there while a note is there
        raise OSError("no locks") from None
    fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
