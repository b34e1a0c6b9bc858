"""A file is hashed when it is first read, when it was touched since, and whenever nothing is believed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from andon.base.cache import FileCache, MemoryCache
from andon.base.hashing import digest
from andon.base.record import Record
from andon.errors import MachineError
from andon.lake.intact import Intact
from andon.lake.local_storage import LocalStorage


class File(Record):
    path: str
    size: int
    sha256: str


class Counting(LocalStorage):
    """A storage that counts how often it is read."""

    read_files = 0

    def facts(self, path: str, *, anew: bool = False, sha256: str | None = None) -> tuple[int, str]:
        self.read_files += 1
        return super().facts(path, anew=anew, sha256=sha256)


CONTENT = b"0123456789" * 100


@pytest.fixture
def storage(tmp_path) -> Counting:
    return Counting(tmp_path / "lake")


def put(storage: Counting, content: bytes = CONTENT) -> File:
    path = storage.new_path("data/a", "x", ".parquet")
    storage.write(path, content)
    return File(path, len(content), digest(content))


def flip(place: Path, *, quietly: bool) -> None:
    """Change one bit; quietly, as a disk does, or as a program does."""
    before = place.stat()
    content = bytearray(place.read_bytes())
    content[500] ^= 4
    with place.open("r+b") as file:
        file.write(content)
    step = 0 if quietly else 1_000_000
    os.utime(place, ns=(before.st_atime_ns, before.st_mtime_ns + step))


def test_a_file_is_read_once(storage):
    file, intact = put(storage), Intact(storage, MemoryCache())
    assert [intact.damage(file) for _ in range(3)] == [None] * 3
    assert storage.read_files == 1


def test_what_was_hashed_is_known_to_other_processes(storage, tmp_path):
    file, kept = put(storage), FileCache(tmp_path / "cache.db", "1")
    first = Intact(storage, kept)
    assert first.seal(file.path) == (file.size, file.sha256)
    first.flush()
    assert Intact(storage, kept).damage(file) is None
    assert storage.read_files == 1
    flip(storage.root / file.path, quietly=False)
    found = Intact(storage, kept).damage(file)
    assert found is not None
    assert found.what == "is damaged"
    kept.close()


def test_a_file_that_was_touched_and_holds_the_same_is_whole(storage):
    file, intact = put(storage), Intact(storage, MemoryCache())
    assert intact.damage(file) is None
    os.utime(storage.root / file.path)
    assert intact.damage(file) is None
    assert storage.read_files == 2


def test_a_file_that_was_replaced_is_hashed(storage):
    file, intact = put(storage), Intact(storage, MemoryCache())
    assert intact.damage(file) is None
    storage.write(file.path, CONTENT[::-1])
    found = intact.damage(file)
    assert found is not None
    assert found.what == "is damaged"


@pytest.mark.parametrize("seen_before", [True, False])
def test_a_bit_that_turned_without_a_trace_is_found_when_nothing_is_believed(storage, seen_before):
    file, intact = put(storage), Intact(storage, MemoryCache())
    if seen_before:
        assert intact.damage(file) is None
    flip(storage.root / file.path, quietly=True)
    found = intact.damage(file, anew=True)
    assert found is not None
    assert (found.path, found.what) == (file.path, "is damaged")
    assert intact.damage(file) == found  # and from here on it is known


@pytest.mark.parametrize(
    ("change", "what"), [("gone", "is not there"), ("cut", "is cut off"), ("longer", "is damaged")]
)
def test_what_is_wrong_is_told(storage, change, what):
    file, intact = put(storage), Intact(storage, MemoryCache())
    place = storage.root / file.path
    if change == "gone":
        place.unlink()
    else:
        place.write_bytes(CONTENT[:10] if change == "cut" else CONTENT + b"x")
    with pytest.raises(MachineError) as caught:
        intact.require("a.x", [file])
    assert (caught.value.code, caught.value.where) == ("lake.corrupt", "a.x")
    assert what in caught.value.message
    assert file.path in caught.value.message
