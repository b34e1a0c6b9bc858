"""Long lists of files in parts: whatever was appended, replaced, taken out or branched off, in whatever order and by whichever version, is
read as it was written; what goes on from something writes what is new."""

from __future__ import annotations

import re
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import andon
from andon.base.database import Database, migrate
from andon.base.hashing import content_id
from andon.base.postgres import PostgresDatabase
from andon.base.record import replace
from andon.base.sqlite import SqliteDatabase
from andon.errors import MachineError
from andon.lake import list_parts
from andon.lake.lake import Lake
from andon.lake.list_parts import Parts, list_text, whole, without_lists, write_parts
from andon.lake.local_storage import LocalStorage
from andon.lake.named_files import named_files, sealed_files
from andon.lake.objects import Objects
from andon.lake.packing import build_of, build_text, files_of, trace_of, version_of, version_text
from andon.lake.schema import MIGRATIONS
from andon.lake.wrong_objects import VERSION, right_rows, wrong_objects
from andon.model.build import Build, InputFile
from andon.model.version import Column, ColumnStats, DataFile, Version, version_id
from kit.lake_objects import ticking
from kit.servers import PostgresServer

ANY_LAKE = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
COLUMNS = (Column("n", "INTEGER", 1), Column("é'\"\x02", "VARCHAR", 2))
#: What is done to the list of a branch: to how many places, at what share of it.
DONE = st.tuples(
    st.sampled_from(["append", "replace", "drop", "merge", "all"]),
    st.integers(0, 40),
    st.floats(0, 1),
    st.sampled_from("ab"),
    st.booleans(),
)


def data_file(number: int, packed: tuple[str, ...] = ()) -> DataFile:
    text = f"\x02{'a' * 64} \u00e9 {number}"  # a value of a user may look like anything
    stats = {'"n"': ColumnStats(0, 5, str(number), text), '"é"': ColumnStats()}
    sha = content_id(number)
    return DataFile(f"data/m.d/{number}-é'.parquet", number + 1, sha, 5, stats, packed, (("n", None),), packed[:20])


def changed(files: tuple[DataFile, ...], how: str, count: int, place: float, number: int) -> tuple[DataFile, ...]:
    new = tuple(data_file(number * 100 + each) for each in range(count))
    at = int(len(files) * place)
    match how:
        case "append":
            return (*files, *new)
        case "replace":
            return (*files[:at], *new, *files[at + count :])
        case "drop":
            return (*files[:at], *files[at + count :])
        case "merge":
            together = files[at : at + count]
            packed = tuple(sha for file in together for sha in (file.packed or (file.sha256,)))
            merged = (data_file(number * 100, packed),) if together else ()
            return (*files[:at], *merged, *files[at + count :])
    return new


@contextmanager
def as_written_before(is_old: bool) -> Iterator[None]:
    most, list_parts.MOST = list_parts.MOST, 1 << 60 if is_old else list_parts.MOST
    try:
        yield
    finally:
        list_parts.MOST = most


def lived(lake: Lake, done: list[tuple[str, int, float, str, bool]]) -> list[tuple[Version, Build]]:
    """What came of it, all recorded."""
    branches: dict[str, tuple[DataFile, ...]] = {"a": (), "b": ()}
    made: list[tuple[Version, Build]] = []
    for number, (how, count, place, branch, is_old) in enumerate(done, 1):
        if how == "all" and count % 2:  # goes on from the other branch, or is put back to what was before
            branches[branch] = branches["b" if branch == "a" else "a"] if count % 3 else ()
        files = branches[branch] = changed(branches[branch], how, count, place, number)
        version = Version(version_id(COLUMNS, files), "m.d", COLUMNS, files)
        read = tuple(InputFile(f"raw/{file.path}", file.sha256, file.size) for file in files)
        contract = {"files": {"/": "a" * 64}, "\x02": "\x02" + "a" * 64}
        build = Build(f"b{number}", f"k{number}", "m.d", "d", version.id, 1, {"m.e": "v"}, read, contract, seconds=2.5)
        with as_written_before(is_old):
            lake.objects.record([(version, build)], new=())
        made.append((version, build))
    return made


def is_as_written(database: Database, lake: Lake, made: list[tuple[Version, Build]]) -> None:
    objects = Objects(database, lake.storage, lake.clock)
    versions = {version.id: version for version, _ in made}
    assert objects.versions(versions) == versions
    builds = objects.builds(build.id for _, build in made)
    assert {id: replace(build, created="") for id, build in builds.items()} == {build.id: build for _, build in made}
    assert {id: trace.files for id, trace in objects.traces(builds).items()} == {b.id: b.files for _, b in made}
    assert objects.seconds_by_dataset(["m.d"]) == {"m.d": 2.5}
    files = {file.path: file for version in versions.values() for file in version.files}
    raw = {f"raw/{file.sha256[:2]}/{file.sha256}" for _, build in made for file in build.files}
    assert named_files(database) == files.keys() | raw
    sealed = sealed_files(database, lambda file: replace(data_file(0), path=f"raw/{file.sha256[:2]}/{file.sha256}"))
    assert {path: sealed[path] for path in files} == files
    with database.write() as transaction:
        assert lake.going.tables(transaction, versions) == versions
    assert wrong_objects(database) == []


@ANY_LAKE
@given(st.lists(DONE, min_size=1, max_size=12))
def test_what_was_written_is_read_whatever_came_before_it(done):
    with tempfile.TemporaryDirectory() as folder:
        lake = opened(folder)
        is_as_written(lake.database, lake, lived(lake, done))
        lake.database.close()


def opened(folder: str) -> Lake:
    return Lake.open(SqliteDatabase(Path(folder) / "catalog.db"), LocalStorage(Path(folder) / "lake"), ticking(), "ana")


def test_postgres_holds_the_same(postgres: PostgresServer, tmp_path: Path):
    database = PostgresDatabase(postgres.catalog(f"lists_{uuid4().hex[:12]}"))
    lake = Lake.open(database, LocalStorage(tmp_path / "lake"), ticking(), "ana")
    done = [("append", 40, 0.0, "a", False), ("append", 1, 0.0, "a", False), ("merge", 30, 0.1, "a", False)]
    done += [("all", 5, 0.0, "b", False), ("replace", 3, 0.5, "b", True), ("append", 20, 0.0, "a", True)]
    is_as_written(database, lake, lived(lake, done))
    database.close()


@given(st.lists(st.integers(0, 10**6), max_size=400), st.lists(st.integers(0, 10**6), min_size=1, max_size=5))
@settings(max_examples=40, deadline=None)
def test_the_same_list_is_the_same_parts_and_one_that_goes_on_shares_them(numbers, more):
    items = [f'"{number:0200}"'.encode() for number in numbers]
    first: Parts = {}
    text = list_text(items, first)
    again: Parts = {}
    assert (list_text(list(items), again), again) == (text, first)
    longer: Parts = {}
    list_text([*items, *(b"%d" % each for each in more)], longer)
    if first and len(items) > 100:
        fresh = [key for key in longer if key not in first]
        assert sum(len(longer[key]) for key in fresh) <= (64 << 10)


def test_an_append_writes_about_the_same_to_a_table_of_any_size():
    costs: dict[int, list[int]] = {}
    for count in (100, 10_000):
        files = tuple(data_file(number) for number in range(count))
        for more in range(8):
            known: Parts = {}
            before = replace(VERSION_OF_NONE, files=(*files, *(data_file(-1 - each) for each in range(more))))
            version_text(before, known)
            fresh: Parts = {}
            text = version_text(replace(before, files=(*before.files, data_file(-1 - more))), fresh)
            added = [text, *(fresh[key] for key in fresh.keys() - known.keys())]
            costs.setdefault(count, []).append(sum(map(len, added)))
    assert sum(costs[10_000]) < 4 * sum(costs[100])
    assert max(costs[10_000]) < 40_000
    assert len(version_text(replace(VERSION_OF_NONE, files=files), {})) < 1_000


VERSION_OF_NONE = Version("v", "m.d", COLUMNS)


@pytest.mark.parametrize(
    ("damage", "is_read"),
    [
        (lambda body: None, False),
        (lambda body: body[:-3], False),
        (lambda body: zlib.compress(zlib.decompress(body) + b" "), True),  # only its hash tells
    ],
    ids=["lost", "cut off", "another"],
)
def test_a_part_that_is_lost_or_damaged_is_told_and_no_file_is_taken_for_unnamed(
    damage: Callable[[bytes], bytes | None], is_read: bool, tmp_path: Path
):
    lake = opened(str(tmp_path))
    done = [("append", 40, 0.0, "a", False), ("append", 3, 0.0, "a", False), ("append", 2, 0.0, "b", False)]
    (first, one), (second, two), (small, _) = lived(lake, done)
    kept: Parts = {}
    version_text(first, kept)
    shared: Parts = {}
    version_text(second, shared)
    part = next(key for key in kept.keys() & shared.keys() if kept[key].startswith(b"["))
    database = lake.database
    ((body,),) = database.query("select body from list_part where id = ?", [part])
    with database.write() as transaction:
        if (other := damage(body)) is None:
            transaction.execute("delete from list_part where id = ?", [part])
        else:
            transaction.execute("update list_part set body = ? where id = ?", [other, part])
    told = wrong_objects(database)
    assert {f"version {first.id[:12]}", f"version {second.id[:12]}"} <= set(told)
    assert (f"list part {part[:12]}" in told) == (other is not None)
    assert [row[0] for row in right_rows(database, VERSION)] == [small.id]
    assert lake.objects.versions([small.id]) == {small.id: small}
    for read in () if is_read else (lambda: lake.objects.versions([first.id]), lambda: named_files(database)):
        with pytest.raises(MachineError) as raised:
            read()
        assert raised.value.code == "lake.corrupt"
    assert lake.objects.builds([one.id, two.id]).keys() == {one.id, two.id}, "what is beside it is read"
    database.close()


def test_a_row_without_its_lists_is_read_where_they_are_not_asked_for():
    build = lived_build(40)
    parts: Parts = {}
    text = build_text(build, parts)
    assert trace_of("", without_lists(zlib.compress(text))) == trace_of("", build_text(replace(build, files=()), {}))
    with pytest.raises(MachineError, match="can't be read"):
        trace_of("", text)  # never taken for one that read nothing


def lived_build(count: int) -> Build:
    read = tuple(InputFile(f"raw/{number}", content_id(number), number) for number in range(count))
    return Build("b", "k", "m.d", "d", "v", None, files=read, seconds=1.5)


def test_a_transaction_reads_what_it_wrote(tmp_path: Path):
    database = SqliteDatabase(tmp_path / "catalog.db")
    migrate(database, "lake", MIGRATIONS)
    version = replace(VERSION_OF_NONE, files=tuple(data_file(number) for number in range(50)))
    build = lived_build(50)
    parts: Parts = {}
    texts = [version_text(version, parts), build_text(build, parts)]
    with database.write() as transaction:
        write_parts(transaction, parts, texts)
        (one,), (two,) = whole(transaction.query, [(zlib.compress(text),) for text in texts])
        write_parts(transaction, parts, texts)  # once more is the same
    assert version_of("v", "m.d", False, one) == version
    assert [file.path for file in files_of(one)] == [file.path for file in version.files]
    assert build_of(("b", "k", "m.d", "d", "v", None, "", two)) == build
    assert database.query("select count(*) from list_part") == [(len(parts),)]
    database.close()


def test_who_reads_rows_that_have_lists_makes_them_whole():
    """A file that forgets it fails for lists that are long alone, which no small test has."""
    reads = re.compile(r"\bbody\b[\w, ]* from (version|build)\b")
    for path in Path(andon.__file__).parent.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if reads.search(text):
            assert "andon.lake.list_parts import" in text, path
