"""Whole writes: what a reader and a second writer see."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from andon.base.files import machine_error, make_folder, sync_all, tree_size, write_whole
from andon.errors import MachineError


def test_threads_that_write_one_file_at_once_each_write_it_whole(tmp_path):
    target = tmp_path / "base" / "main.json"
    texts = [bytes([65 + number]) * 20_000 for number in range(8)]

    def write(text: bytes) -> None:
        for _ in range(40):
            write_whole(target, text)
            assert target.read_bytes() in texts

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(write, text) for text in texts]:
            done.result()
    assert [p.name for p in target.parent.iterdir()] == ["main.json"]


def test_a_write_that_fails_leaves_the_file_as_it_was_and_nothing_beside_it(tmp_path):
    target = tmp_path / "there"
    target.mkdir()  # no file can take its place
    (target / "inside").write_text("x")
    with pytest.raises(MachineError) as caught:
        write_whole(target, b"new", durable=True)
    assert caught.value.code == "machine.disk"
    assert [p.name for p in tmp_path.iterdir()] == ["there"]


@pytest.mark.parametrize(
    ("number", "code", "retryable"),
    [("ENOSPC", "machine.disk", True), ("EROFS", "machine.read_only", False), ("EIO", "machine.disk", False)],
)
def test_errors_of_the_disk_say_what_was_tried_and_what_helps(number, code, retryable):
    import errno

    found = getattr(errno, number)
    error = machine_error(OSError(found, os.strerror(found), "/lake/x"), "write `x`")
    assert (error.code, error.retryable, error.where) == (code, retryable, "/lake/x")
    assert "write `x`" in error.message
    assert error.hint


def test_what_is_made_durable_must_be_there(tmp_path):
    make_folder(tmp_path / "a" / "b")
    (tmp_path / "a" / "b" / "one").write_bytes(b"1234")
    sync_all([str(tmp_path / "a" / "b" / "one")], str(tmp_path))
    with pytest.raises(MachineError, match="durable"):
        sync_all([str(tmp_path / "a" / "b" / "gone")], str(tmp_path))
    assert tree_size(tmp_path) == (1, 4)
