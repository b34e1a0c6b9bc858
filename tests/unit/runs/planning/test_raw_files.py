"""Raw files kept by content: a run reads what was hashed, whatever happens to the folder's file."""

import hashlib
import threading

import pytest

from andon.errors import DatasetError
from andon.lake.local_storage import LocalStorage
from andon.lake.named_files import raw_path
from andon.model.build import InputFile
from andon.runs.planning.raw_files import RawFiles


@pytest.fixture
def raw(tmp_path) -> RawFiles:
    (tmp_path / "acme" / "raw").mkdir(parents=True)
    return RawFiles(tmp_path / "acme", LocalStorage(tmp_path / "lake"))


def put(raw: RawFiles, path: str, content: bytes) -> InputFile:
    (raw.root / path).write_bytes(content)
    return InputFile(path, hashlib.sha256(content).hexdigest(), len(content))


def test_a_file_is_copied_once_and_read_from_there(raw):
    file = put(raw, "raw/a.csv", b"id\n1\n")
    assert raw.place(file) == raw.root / "raw/a.csv"
    assert raw.keep([file]) == [raw_path(file)]
    assert raw.keep([file]) == []
    put(raw, "raw/a.csv", b"id\n2\n")
    assert raw.place(file).read_bytes() == b"id\n1\n"
    same = put(raw, "raw/b.csv", b"id\n1\n")
    assert raw.keep([same]) == []  # kept by content


def test_a_file_that_changed_since_it_was_hashed_is_not_kept(raw):
    file = put(raw, "raw/a.csv", b"id\n1\n")
    put(raw, "raw/a.csv", b"id\n2\n")
    with pytest.raises(DatasetError) as caught:
        raw.keep([file])
    assert (caught.value.code, caught.value.retryable) == ("source.changed_while_read", True)
    assert not list((raw.root.parent / "lake").rglob("*.tmp"))
    assert not raw._storage.exists(raw_path(file))


def test_a_file_that_is_gone_is_told(raw):
    file = put(raw, "raw/a.csv", b"id\n")
    (raw.root / "raw/a.csv").unlink()
    with pytest.raises(DatasetError) as caught:
        raw.keep([file])
    assert (caught.value.code, caught.value.where) == ("source.missing", "raw/a.csv")


def test_threads_may_keep_one_file_at_once(raw):
    file = put(raw, "raw/a.csv", b"x" * 3_000_000)
    begin = threading.Barrier(4)
    errors: list[BaseException] = []

    def keep() -> None:
        begin.wait(10)
        try:
            raw.keep([file])
        except BaseException as error:  # noqa: BLE001 - told below
            errors.append(error)

    threads = [threading.Thread(target=keep) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert hashlib.sha256(raw.place(file).read_bytes()).hexdigest() == file.sha256
    assert [p.name for p in raw.place(file).parent.iterdir()] == [file.sha256]
