"""What every storage must do. An adapter joins by a line in `ADAPTERS`."""

import hashlib
import itertools
import threading
from pathlib import Path

import pytest

from andon.base.cache import MemoryCache
from andon.errors import MachineError
from andon.lake.intact import Intact
from andon.lake.local_storage import LocalStorage
from andon.lake.object_storage import ObjectStorage
from andon.lake.object_store import ObjectStore
from andon.model.version import DataFile
from kit.remote import Bucket

_numbers = itertools.count(1)


def in_bucket(place: Path, bucket: Bucket) -> ObjectStorage:
    objects = ObjectStore(f"s3://{bucket.name}/with blank é/{next(_numbers)}", bucket.options, "the test", 5)
    return ObjectStorage(objects, place / "with blank é", bound=1 << 30, by_range=1 << 20, can_range=False)


ADAPTERS = ("local", "s3")


@pytest.fixture(scope="module")
def bucket(request) -> Bucket:
    return Bucket(request.getfixturevalue("s3"), "contract")


@pytest.fixture(params=ADAPTERS)
def storage(request, tmp_path):
    if request.param == "local":
        return LocalStorage(tmp_path / "with blank é")
    return in_bucket(tmp_path, request.getfixturevalue("bucket"))


def sealed(path: str, content: bytes) -> DataFile:
    return DataFile(path, len(content), hashlib.sha256(content).hexdigest(), 1, {})


def test_a_new_path_is_never_given_twice(storage):
    paths = {storage.new_path("data/shop", "orders", ".parquet") for _ in range(200)}
    assert len(paths) == 200
    assert all(p.startswith("data/shop/orders-") and p.endswith(".parquet") for p in paths)


def test_an_engine_can_write_to_a_new_path_at_once(storage):
    import duckdb

    path = storage.new_path("data/shop", "orders", ".parquet")
    place = storage.engine_path(path).replace("'", "''")
    duckdb.sql("select 42 as n").write_parquet(storage.engine_path(path))
    assert duckdb.sql(f"select n from read_parquet('{place}')").fetchall() == [(42,)]
    size, sha = storage.facts(path)
    content = storage.read(path)
    assert (size, sha) == (len(content), hashlib.sha256(content).hexdigest())
    assert storage.size(path) == size


def test_what_was_written_is_read(storage):
    storage.write("iceberg/v/metadata.json", b"\x00text")
    assert storage.read("iceberg/v/metadata.json") == b"\x00text"
    assert storage.exists("iceberg/v/metadata.json")
    storage.make_durable(["iceberg/v/metadata.json"])


def test_what_is_not_there_is_named(storage):
    assert not storage.exists("data/x/lost.parquet")
    for ask in (storage.read, storage.facts, lambda path: list(storage.pieces(path))):
        with pytest.raises(MachineError) as caught:
            ask("data/x/lost.parquet")
        assert caught.value.code == "lake.corrupt"
        assert "lost.parquet" in caught.value.message


def test_a_file_takes_the_place_of_another_or_of_none(storage, tmp_path):
    made = tmp_path / "made"
    made.write_bytes(b"whole")
    for path in ("data/x/there", "data/y/lost"):
        if path.endswith("there"):
            storage.write(path, b"torn")
        storage.replace(path, made, 0o777)
        assert storage.read(path) == b"whole"
        assert storage.facts(path, anew=True) == storage.facts(path)
    assert made.read_bytes() == b"whole"


def test_what_breaks_off_while_it_is_put_leaves_what_was(storage):
    def torn():
        yield b"half"
        raise ValueError("no more")

    storage.write("data/x/there", b"whole")
    for path in ("data/x/there", "data/x/new"):
        with pytest.raises(ValueError, match="no more"):
            storage.put(path, torn(), 0o666)
    assert storage.read("data/x/there") == b"whole"
    assert not storage.exists("data/x/new")
    assert list(storage.files("data")) == [("data/x/there", 5)]


def test_what_was_put_is_there_for_who_comes_new(storage, request, tmp_path):
    storage.put("raw/aa/content", [b"1", b"2"], 0o666)
    assert storage.sizes(["raw/aa/content", "raw/aa/none"]) == {"raw/aa/content": 2}
    assert list(storage.pieces("raw/aa/content")) in ([b"12"], [b"1", b"2"])
    assert storage.local_path("raw/aa/content").read_bytes() == b"12"


def test_all_files_below_a_folder_are_found_with_their_sizes(storage):
    for path in ("data/a/1", "data/a/2", "data/b/3", "raw/x/4", "database/5"):
        storage.write(path, path.encode())
    assert sorted(storage.files("data")) == [("data/a/1", 8), ("data/a/2", 8), ("data/b/3", 8)]
    assert list(storage.files("analyses")) == []
    assert storage.names("data") == ["a", "b"]
    assert storage.names("nowhere") == []


def test_deleting_twice_is_no_error(storage):
    storage.write("data/x/a", b"a")
    storage.delete("data/x/a")
    storage.delete("data/x/a")
    assert not storage.exists("data/x/a")
    assert storage.size("data/x/a") is None
    assert storage.mark("data/x/a") is None


def test_what_was_made_durable_goes_whatever_of_it_is_here(storage):
    path = storage.new_path("data/x", "t", ".bin")
    Path(storage.engine_path(path)).write_bytes(b"x")
    storage.make_durable([path])
    storage.forget([path])
    storage.delete(path)
    assert storage.sizes([path]) == {}
    assert list(storage.files("data")) == []


def test_a_mark_changes_with_the_content_alone(storage):
    storage.write("data/x/a", b"a")
    mark = storage.mark("data/x/a")
    assert mark == storage.mark("data/x/a")
    storage.write("data/x/a", b"b")
    assert storage.mark("data/x/a") not in (None, mark)


def test_many_files_become_durable_at_once(storage):
    paths = [storage.new_path("data/many", "t", ".bin") for _ in range(40)]
    for path in paths:
        Path(storage.engine_path(path)).write_bytes(b"x")
    storage.make_durable(paths)
    assert all(storage.exists(path) for path in paths)
    storage.bring([sealed(path, b"x") for path in paths])
    assert {storage.read(path) for path in paths} == {b"x"}


def test_what_should_be_durable_must_be_there(storage):
    with pytest.raises(MachineError):
        storage.make_durable(["data/never/written.parquet"])


def test_nobody_is_alone_while_somebody_writes(storage):
    with storage.writing():
        with storage.alone() as is_alone:
            assert not is_alone
        with storage.writing():  # many write
            pass
    with storage.alone() as is_alone:
        assert is_alone


@pytest.mark.parametrize("by", ["flip", "cut", "gone"])
@pytest.mark.parametrize("anew", [False, True])
def test_what_is_not_what_was_written_is_never_called_whole(storage, tmp_path, by, anew):
    content = b"0123456789" * 100
    storage.write("data/x/a", content)
    file = sealed("data/x/a", content)
    assert Intact(storage, MemoryCache()).damage(file, anew=anew) is None
    changed = {"flip": content[:500] + b"!" + content[501:], "cut": content[:500], "gone": b""}[by]
    if by == "gone":
        storage.delete("data/x/a")
    else:
        storage.write("data/x/a", changed)
    storage.forget(["data/x/a"])
    found = Intact(storage, MemoryCache()).damage(file, anew=anew)
    assert found is not None
    assert found.what == {"flip": "is damaged", "cut": "is cut off", "gone": "is not there"}[by]


def test_many_threads_put_and_read_the_same_names(storage):
    wrong = []

    def work(number: int) -> None:
        for _ in range(3):
            storage.put("raw/aa/same", [b"content"], 0o666)
            if storage.read("raw/aa/same") != b"content":
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
