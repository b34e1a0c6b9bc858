"""The disposable cache: what is of its type comes back, and anything else isn't there."""

import pickle
import sqlite3
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

import pytest
from msgspec import msgpack

from andon.base.cache import Entries, FileCache, MemoryCache
from andon.base.record import Record


class Colour(StrEnum):
    RED = "red"


class Circle(Record, tag=True):
    radius: Decimal


class Box(Record, tag=True):
    sides: tuple[float, float]
    colour: Colour = Colour.RED


@dataclass(frozen=True, slots=True)
class Note:
    text: str
    line: int | None = None


class Drawing(Record):
    shapes: tuple[Circle | Box, ...]
    notes: dict[str, Note]
    names: frozenset[str] = frozenset()


DRAWINGS = Entries[Drawing]("drawing", Drawing)
TEXTS = Entries[str]("text", str)
DRAWING = Drawing((Circle(Decimal("1.50")), Box((1.0, 2.5))), {"a": Note("über"), "b": Note("", 3)}, frozenset({"x"}))


class Trap:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self):
        return (Path.touch, (self.place,))


@pytest.fixture(params=["memory", "file"])
def cache(request, tmp_path):
    return MemoryCache() if request.param == "memory" else FileCache(tmp_path / "cache.db", "1")


def test_values_come_back_as_they_were(cache):
    cache.put(DRAWINGS, {"one": DRAWING})
    cache.put(TEXTS, {"one": "a text", "two": "another"})
    assert cache.get(DRAWINGS, ["one", "two"]) == {"one": DRAWING}
    assert cache.get(TEXTS, ["two", "three"]) == {"two": "another"}


def test_a_raised_format_sees_nothing_of_the_one_before(cache):
    cache.put(TEXTS, {"one": "a text"})
    assert cache.get(Entries[str]("text", str, 2), ["one"]) == {}


def test_only_the_newest_are_kept(cache):
    for number in range(9):
        cache.put_newest(TEXTS, str(number), f"text {number}", 3)
    cache.put_newest(TEXTS, "7", "text 7 again", 3)
    cache.put_newest(TEXTS, "new", "text", 3)
    keys = [*map(str, range(9)), "new"]
    assert cache.get(TEXTS, keys) == {"7": "text 7 again", "8": "text 8", "new": "text"}


def test_another_version_sees_nothing(tmp_path):
    FileCache(tmp_path / "cache.db", "1").put(TEXTS, {"one": "a text"})
    assert FileCache(tmp_path / "cache.db", "2").get(TEXTS, ["one"]) == {}


def test_what_cannot_be_written_is_left_out(tmp_path):
    cache = FileCache(tmp_path / "cache.db", "1")
    cache.put(TEXTS, {"bad": "half \ud800", "good": "a text"})
    assert cache.get(TEXTS, ["bad", "good"]) == {"good": "a text"}


def test_a_broken_file_is_made_anew(tmp_path):
    place = tmp_path / "cache.db"
    place.write_bytes(b"no database" * 100)
    cache = FileCache(place, "1")
    assert cache.get(TEXTS, ["one"]) == {}
    cache.put(TEXTS, {"one": "a text"})
    assert cache.get(TEXTS, ["one"]) == {"one": "a text"}


def _contents(tmp_path):
    deep = b"\x91" * 100_000 + b"\xc0"
    good = msgpack.encode(DRAWING)
    yield from (pickle.dumps(Trap(tmp_path / "trapped")), pickle.dumps(DRAWING), b"", bytes(range(256)), deep)
    yield from (good[:-1], good + b"\xc0", good.replace(b"Circle", b"Square"), good.replace(b"1.50", b"x.50"))
    yield from (msgpack.encode(["another", "shape"]), msgpack.encode({**msgpack.decode(good), "more": 1}))
    yield from (msgpack.encode(None), "a text", 17, 1.5, None)


def test_a_row_of_anything_else_is_not_there_and_runs_nothing(tmp_path):
    cache = FileCache(tmp_path / "cache.db", "1")
    cache.put(DRAWINGS, {"one": DRAWING, "two": DRAWING})
    cache.close()
    for content in _contents(tmp_path):
        with sqlite3.connect(tmp_path / "cache.db") as connection:
            connection.execute("update kept set value = ? where key like '%one'", [content])
        assert cache.get(DRAWINGS, ["one", "two"]) == {"two": DRAWING}, content
    assert not (tmp_path / "trapped").exists()
