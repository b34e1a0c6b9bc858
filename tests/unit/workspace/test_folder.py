"""The folder: its files, and its memory in `.andon/`."""

import pytest

from andon.errors import MachineError
from andon.workspace.folder import FORMAT, Folder


@pytest.fixture
def folder(tmp_path) -> Folder:
    return Folder(tmp_path)


def test_it_is_made_once_and_shielded_from_git(folder):
    assert folder.prepare()
    assert not folder.prepare()
    assert (folder.state / "format").read_text() == str(FORMAT)
    assert (folder.state / ".gitignore").read_text() == "*\n"
    assert (folder.state / ".git" / "HEAD").exists()


@pytest.mark.parametrize("text", ["999", "not a number", ""])
def test_one_of_a_newer_or_unreadable_format_is_refused(folder, text):
    folder.prepare()
    (folder.state / "format").write_text(text)
    with pytest.raises(MachineError) as caught:
        folder.prepare()
    assert caught.value.code == "lake.format"
    assert caught.value.where == str(folder.state / "format")
    assert caught.value.hint


def test_the_branch_is_none_until_one_is_chosen(folder):
    assert folder.branch() is None
    folder.set_branch("fix/it")
    assert Folder(folder.root).branch() == "fix/it"
    (folder.state / "branch").write_text("\n")
    assert folder.branch() is None


def test_its_files_are_written_and_removed(folder):
    folder.write({"datasets/a/b.sql": b"select 1", "andon.toml": b""})
    assert (folder.root / "datasets/a/b.sql").read_bytes() == b"select 1"
    folder.write({"datasets/a/b.sql": None, "datasets/a/c.sql": None})
    assert not (folder.root / "datasets/a/b.sql").exists()


@pytest.mark.parametrize(
    "path", ["../a.sql", "/a.sql", "a.sql", "Makefile", "datasets/../macros/a.sql", ".andon/format"]
)
def test_what_is_no_code_file_is_not_written_and_nothing_else_then(folder, path):
    with pytest.raises(MachineError) as caught:
        folder.write({"datasets/a/b.sql": b"", path: b""})
    assert caught.value.code == "lake.corrupt"
    assert list(folder.root.iterdir()) == []
