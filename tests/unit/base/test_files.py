"""Whole writes: all of it or what was there, by threads too; errors of the disk say what to do."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest

from andon.base.files import machine_error, make_folder, sync_all, tree_size, write_whole
from andon.errors import MachineError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("durable", [False, True])
def test_a_write_makes_its_folders_and_leaves_nothing_else(tmp_path: Path, durable: bool) -> None:
    path = tmp_path / "a/b/file.txt"
    write_whole(path, b"one", durable=durable)
    write_whole(path, b"two", durable=durable)
    assert path.read_bytes() == b"two"
    assert names(path.parent) == ["file.txt"]


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "folder/inside").mkdir(parents=True)
    with pytest.raises(MachineError) as caught:
        write_whole(tmp_path / "folder", b"x")
    assert caught.value.code == "machine.disk"
    assert names(tmp_path) == ["folder"]


def test_threads_that_write_one_file_do_not_meet(tmp_path: Path) -> None:
    path = tmp_path / "file"
    texts = [bytes([65 + number]) * 20_000 for number in range(8)]
    failed: list[Exception] = []
    torn: list[bytes] = []

    def write(text: bytes) -> None:
        for _ in range(30):
            try:
                write_whole(path, text)
            except MachineError as error:
                failed.append(error)
            if (found := path.read_bytes()) not in texts:
                torn.append(found)

    threads = [threading.Thread(target=write, args=[text]) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert torn == []
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize(
    ("number", "code", "retryable"),
    [
        (errno.ENOSPC, "machine.disk", True),
        (errno.EDQUOT, "machine.disk", True),
        (errno.EACCES, "machine.read_only", False),
        (errno.EROFS, "machine.read_only", False),
        (errno.EIO, "machine.disk", False),
    ],
)
def test_an_error_of_the_disk_says_what_was_tried_and_what_to_do(number: int, code: str, retryable: bool) -> None:
    error = machine_error(OSError(number, os.strerror(number), "/lake/x"), "write `x`")
    assert (error.code, error.retryable, error.where) == (code, retryable, "/lake/x")
    assert "write `x`" in error.message
    assert error.hint


@pytest.mark.parametrize("count", [0, 1, 40])
def test_files_and_their_folders_are_made_durable(tmp_path: Path, count: int) -> None:
    for number in range(count):
        write_whole(tmp_path / f"f{number % 3}/{number}", b"x")
    sync_all([f"{tmp_path}/f{number % 3}/{number}" for number in range(count)], str(tmp_path))


def test_a_file_that_is_gone_can_not_be_made_durable(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="make new data files durable"):
        sync_all([f"{tmp_path}/gone"], str(tmp_path))


def test_a_folder_is_made_with_those_above_it(tmp_path: Path) -> None:
    make_folder(tmp_path / "a/b/c")
    make_folder(tmp_path / "a/b/c")
    assert (tmp_path / "a/b/c").is_dir()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(MachineError, match="make the folder"):
        make_folder(tmp_path / "file/below")


def test_the_size_of_a_tree(tmp_path: Path) -> None:
    write_whole(tmp_path / "a/x", b"123")
    write_whole(tmp_path / "a/b/y", b"4567")
    assert tree_size(tmp_path) == (2, 7)
    assert tree_size(tmp_path / "gone") == (0, 0)
