"""What every storage must do. An adapter joins by a line in `ADAPTERS`."""

import hashlib

import pytest

from andon.errors import MachineError
from andon.lake.storage import LocalStorage

ADAPTERS = {"local": lambda place: LocalStorage(place / "with blank é")}


@pytest.fixture(params=ADAPTERS)
def storage(request, tmp_path):
    return ADAPTERS[request.param](tmp_path)


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
    for ask in (storage.read, storage.facts):
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
    assert made.read_bytes() == b"whole"


def test_deleting_twice_is_no_error(storage):
    storage.write("data/x/a", b"a")
    storage.delete("data/x/a")
    storage.delete("data/x/a")
    assert not storage.exists("data/x/a")


def test_many_files_become_durable_at_once(storage):
    paths = [storage.new_path("data/many", "t", ".bin") for _ in range(40)]
    for path in paths:
        storage.write(path, b"x")
    storage.make_durable(paths)
    assert all(storage.exists(path) for path in paths)


def test_what_should_be_durable_must_be_there(storage):
    with pytest.raises(MachineError):
        storage.make_durable(["data/never/written.parquet"])
