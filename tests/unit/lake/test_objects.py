"""Texts, definitions, versions and builds: stored once, read back whole, and of two who build one recipe the first counts."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from andon.base.hashing import digest
from andon.base.record import replace
from andon.errors import MachineError
from andon.lake import objects as module
from andon.lake.lake import Lake
from andon.lake.objects import Objects
from andon.model.version import Column, Version
from kit.lake_objects import build, definition, stored


def count(lake: Lake, table: str) -> int:
    return int(lake.database.query(f"select count(*) from {table}")[0][0])


# -- texts


def test_texts_are_kept_under_their_hash(lake: Lake) -> None:
    texts = [b"", b"select 1", "ä ✓".encode(), bytes(range(256))]
    lake.objects.put_texts(texts)
    lake.objects.put_texts(texts[1:])
    assert [lake.objects.text(digest(text)) for text in texts] == texts
    assert count(lake, "blob") == 4
    assert lake.objects.has_texts([digest(b""), digest(b"other")]) == {digest(b"")}


def test_a_lost_text_is_told(lake: Lake) -> None:
    with pytest.raises(MachineError) as caught:
        lake.objects.text("f" * 64)
    assert caught.value.code == "lake.corrupt"


def test_nothing_new_is_nothing_written(lake: Lake) -> None:
    lake.objects.put_texts([b"a"])
    with lake.database.write():  # who holds the lock would be waited for
        lake.objects.put_texts([b"a"])
        lake.objects.put_texts([])


# -- definitions


def test_definitions_come_back_and_unknown_ids_are_left_out(lake: Lake) -> None:
    made = [definition("a.x", number, macros=("create macro m() as 1",)) for number in range(1200)]
    lake.objects.record([], made)
    fresh = Objects(lake.database, lake.storage, lake.clock)
    wanted = [d.id for d in made]
    assert fresh.definitions([*wanted, "unknown"]) == {d.id: d for d in made}
    assert fresh.definitions(wanted[:3]) == {d.id: d for d in made[:3]}
    assert fresh.definitions([]) == {}


def test_a_definition_that_is_there_stays(lake: Lake) -> None:
    first = definition("a.x")
    lake.objects.record([], [first])
    lake.objects.record([], [replace(first, timeout=9.0)])
    assert Objects(lake.database, lake.storage, lake.clock).definitions([first.id]) == {first.id: first}


def test_what_was_not_there_is_asked_again(lake: Lake) -> None:
    late = definition("a.x")
    assert lake.objects.definitions([late.id]) == {}
    lake.objects.record([], [late])
    assert lake.objects.definitions([late.id]) == {late.id: late}


def test_with_hardly_any_memory_definitions_are_read_again(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    made = {d.id: d for d in (definition("a.x", number) for number in range(50))}
    lake.objects.record([], made.values())
    monkeypatch.setattr(module, "_DEFINITIONS", 5_000)
    narrow = Objects(lake.database, lake.storage, lake.clock)
    for _ in range(2):
        assert narrow.definitions(made) == made
        assert narrow.definitions(["def-a.x-3"]) == {"def-a.x-3": made["def-a.x-3"]}


def test_many_threads_read_definitions(lake: Lake) -> None:
    made = {d.id: d for d in (definition("a.x", number) for number in range(300))}
    lake.objects.record([], made.values())
    fresh = Objects(lake.database, lake.storage, lake.clock)
    found: list[bool] = []
    threads = [threading.Thread(target=lambda: found.append(fresh.definitions(made) == made)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 8


# -- versions and builds


def test_what_was_recorded_is_found(lake: Lake) -> None:
    version = stored(lake, "a.x", 3)
    made = build(version, "key-1", definition="def-a.x-1", run=7)
    winners = lake.objects.record([(version, made)], [definition("a.x")], {digest(b"text"): b"text"})
    assert winners == {"key-1": made}
    assert lake.objects.versions([version.id, "unknown"]) == {version.id: version}
    assert lake.objects.row_counts([version.id]) == {version.id: (3, 13)}
    kept = lake.objects.builds([made.id])[made.id]
    assert replace(kept, created="") == made
    assert kept.created
    assert lake.objects.builds_by_key(["key-1", "unknown"]) == {"key-1": kept}
    assert lake.objects.built_definitions(["def-a.x-1", "def-a.x-2"]) == {"def-a.x-1"}
    assert lake.objects.text(digest(b"text")) == b"text"


def test_a_view_has_no_rows(lake: Lake) -> None:
    view = Version("view-1", "a.v", (Column("n", "INTEGER", 1),), is_view=True)
    lake.objects.record([(view, build(view, "view-1"))])
    assert lake.objects.versions(["view-1"]) == {"view-1": view}
    assert lake.objects.row_counts(["view-1"]) == {"view-1": (None, 0)}


def test_the_first_to_record_a_recipe_wins_and_the_other_adopts(lake: Lake) -> None:
    one, other = stored(lake, "a.x", 1), stored(lake, "a.x", 2)
    first, second, third = build(one), build(other), build(other, "key-2")
    lake.objects.record([(one, first)])
    winners = lake.objects.record([(other, second), (other, third)])
    assert {key: b.id for key, b in winners.items()} == {"key": first.id, "key-2": third.id}
    assert lake.objects.builds([second.id]) == {}
    assert other.id in lake.objects.versions([other.id])  # the other recipe needs it


def test_by_force_a_build_takes_the_place_of_the_earlier_one(lake: Lake) -> None:
    one, other = stored(lake, "a.x", 1), stored(lake, "a.x", 2)
    first, second = build(one), build(other)
    lake.objects.record([(one, first)])
    assert lake.objects.record([(other, second)], force=True) == {"key": second}
    assert lake.objects.builds_by_key(["key"])["key"].id == second.id
    # commits name the superseded one, so it is kept
    assert lake.objects.builds([first.id])[first.id].version == one.id
    assert lake.database.query("select id, superseded from build order by superseded") == [
        (second.id, 0),
        (first.id, 1),
    ]
    third = build(one)
    assert lake.objects.record([(one, third)])["key"].id == second.id
    assert lake.objects.record([(one, third)], force=True)["key"].id == third.id
    assert count(lake, "build") == 3


def test_by_force_other_recipes_stay(lake: Lake) -> None:
    version = stored(lake, "a.x")
    kept, old, new = build(version, "kept"), build(version, "key"), build(version, "key")
    lake.objects.record([(version, kept), (version, old)])
    lake.objects.record([(version, new)], force=True)
    found = lake.objects.builds_by_key(["kept", "key"])
    assert {key: b.id for key, b in found.items()} == {"kept": kept.id, "key": new.id}


def test_of_many_who_record_one_recipe_at_once_all_get_the_same(lake: Lake) -> None:
    versions = [stored(lake, "a.x", number) for number in range(8)]
    chosen: list[str] = []
    gate = threading.Barrier(8)

    def record(version: Version) -> None:
        gate.wait()
        chosen.append(lake.objects.record([(version, build(version))])["key"].id)

    threads = [threading.Thread(target=record, args=[version]) for version in versions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(chosen) == 8
    assert len(set(chosen)) == 1
    assert count(lake, "build") == 1


def test_other_rows_are_recorded_with_the_results_or_not_at_all(lake: Lake) -> None:
    version = stored(lake, "a.x")

    def fail(_: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        lake.objects.record([(version, build(version))], [definition("a.x")], {digest(b"t"): b"t"}, also=fail)
    assert [count(lake, table) for table in ("build", "version", "definition", "blob")] == [0, 0, 0, 0]


def test_results_whose_files_are_not_there_are_not_recorded(lake: Lake) -> None:
    """Files are made durable before any row names them."""
    version = stored(lake, "a.x")
    lake.storage.delete(version.files[0].path)
    with pytest.raises(MachineError):
        lake.objects.record([(version, build(version))])
    assert count(lake, "version") == 0


@pytest.mark.parametrize("damage", ["gone", "cut", "flipped behind the back of the system"])
def test_content_that_is_built_again_is_read_from_its_new_files(lake: Lake, tmp_path: Path, damage: str) -> None:
    old, new = stored(lake, "a.x"), stored(lake, "a.x")
    assert old.id == new.id
    lake.objects.record([(old, build(old))])
    assert not lake.objects.is_lost(old)
    place = tmp_path / "lake" / old.files[0].path
    if damage == "gone":
        lake.storage.delete(old.files[0].path)
    elif damage == "cut":
        place.write_bytes(b"x")
    else:
        before = place.stat()
        place.write_bytes(b"y" * before.st_size)
        os.utime(place, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert lake.objects.is_lost(old, anew=True)
    lake.objects.record([(new, build(new))])
    assert lake.objects.versions([new.id])[new.id].files == new.files


def test_content_whose_files_are_there_keeps_them(lake: Lake) -> None:
    old, new = stored(lake, "a.x"), stored(lake, "a.x")
    lake.objects.record([(old, build(old))])
    lake.objects.record([(new, build(new, "key-2"))])
    assert lake.objects.versions([new.id])[new.id].files == old.files


def test_seconds_are_those_of_the_newest_build(lake: Lake) -> None:
    for number, seconds in enumerate((1.5, 0.25)):
        version = stored(lake, "a.x", number)
        lake.objects.record([(version, build(version, f"x{number}", seconds=seconds))])
    other = stored(lake, "b.y")
    lake.objects.record([(other, build(other, "y", seconds=3.0))])
    assert lake.objects.seconds_by_dataset(["a.x", "b.y", "c.z"]) == {"a.x": 0.25, "b.y": 3.0}
    assert lake.objects.seconds_by_dataset(["b.y"]) == {"b.y": 3.0}
