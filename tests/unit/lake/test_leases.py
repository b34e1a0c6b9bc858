"""Who reads is seen by who takes away: one of the two always sees the other, whoever is killed, and doubt counts as a reader."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from andon.lake.leases import Leases

HOLDING = """
import sys, time
from pathlib import Path
from andon.lake.leases import Leases

leases = Leases(Path(sys.argv[1]), lambda: 7, lambda epoch: None)
hold = leases.take()
print("held", flush=True)
time.sleep(60)
"""


class Lake:
    """Epochs, and what was looked at."""

    def __init__(self) -> None:
        self.epoch, self.looked = 0, []


@pytest.fixture
def lake() -> Lake:
    return Lake()


@pytest.fixture
def leases(tmp_path, lake) -> Leases:
    return Leases(tmp_path / "readers", lambda: lake.epoch, lake.looked.append)


def epochs(leases: Leases) -> list[int]:
    return [note.epoch for note in leases.others()]


def test_who_reads_is_noted_by_its_oldest_read_and_not_longer(leases, lake):
    lake.epoch = 3
    first = leases.take()
    lake.epoch = 5
    with leases.reading() as second:
        assert (second.epoch, epochs(leases)) == (5, [3])
        first.release()
        first.release()
        assert epochs(leases) == [5]
    assert epochs(leases) == []
    assert lake.looked == [3, 5]


def test_what_is_closed_while_somebody_begins_is_known_to_them(tmp_path, lake):
    """A collection that closes between the two looks of a reader is seen, and its epoch is the one that is noted."""
    told = iter([1, 2, 3, 3])
    leases = Leases(tmp_path / "readers", lambda: next(told), lake.looked.append)
    assert leases.take().epoch == 3
    assert (lake.looked, epochs(leases)) == ([3], [3])


def test_a_process_that_was_killed_reads_no_more(tmp_path, leases):
    folder = tmp_path / "readers"
    other = subprocess.Popen([sys.executable, "-c", HOLDING, str(folder)], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        assert [(note.epoch, note.process) for note in leases.others()] == [(7, str(other.pid))]
    finally:
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
    assert epochs(leases) == []
    assert [path.name for path in folder.iterdir()] == ["guests"]


def test_an_account_that_may_only_read_holds_everything(tmp_path, leases):
    leases.take().release()
    guest = os.open(tmp_path / "readers" / "guests", os.O_RDONLY)
    fcntl.flock(guest, fcntl.LOCK_SH)
    assert epochs(leases) == [0]
    os.close(guest)
    assert epochs(leases) == []


@pytest.mark.parametrize("text", [b"", b"nonsense", b"00000000000000000009", b"0000000000000000000x\n{}"])
def test_a_note_that_can_not_be_read_holds_everything(tmp_path, leases, text):
    leases.take().release()
    note = tmp_path / "readers" / "1-0123"
    note.write_bytes(text)
    held = os.open(note, os.O_RDWR)
    fcntl.flock(held, fcntl.LOCK_EX)
    assert epochs(leases) == [0]
    os.close(held)
    assert epochs(leases) == []


def test_without_a_place_to_note_it_reading_goes_on(tmp_path, lake):
    Path(tmp_path / "file").write_text("no folder")
    leases = Leases(tmp_path / "file" / "readers", lambda: lake.epoch, lake.looked.append)
    with leases.reading():
        pass
    leases.close()


def test_a_note_stays_until_the_last_read_ends_and_goes_with_it(tmp_path, leases):
    hold = leases.take()
    leases.close()
    assert epochs(leases) == [0]
    hold.release()
    assert [path.name for path in (tmp_path / "readers").iterdir()] == ["guests"]


def test_on_a_full_disk_reading_goes_on_and_doubt_holds_everything(leases, lake, monkeypatch):
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    lake.epoch = 3
    leases.take().release()
    with monkeypatch.context() as disk:
        disk.setattr(os, "pwrite", full)
        hold = leases.take()  # what is noted says that nothing is read
    assert epochs(leases) == [0]
    hold.release()
    assert epochs(leases) == []
    hold = leases.take()
    with monkeypatch.context() as disk:
        disk.setattr(os, "pwrite", full)
        hold.release()  # what is noted holds more than is read
    assert epochs(leases) == [3]
    leases.take().release()
    assert epochs(leases) == []
