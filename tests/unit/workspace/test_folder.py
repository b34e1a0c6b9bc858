"""The folder's memory in `.andon/`: which branch, and what it has in common with each."""

import pytest

from andon.errors import MachineError
from andon.workspace.folder import FORMAT, Base, Folder, put

BASE = Base({"a.sql": "1"}, {"a.sql": "m"}, {"shop.orders": {"raw/a.csv": "2"}})


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


def test_a_base_is_kept_for_each_branch(folder):
    assert folder.base("main") is None
    folder.set_base("main", BASE)
    folder.set_base("fix/it", Base())
    assert folder.base("main") == BASE
    assert folder.base("fix/it") == Base()
    assert folder.base("fix") is None


def test_a_torn_base_is_none(folder):
    folder.set_base("main", BASE)
    (folder.state / "base" / "main.json").write_text('{"code": {')
    assert folder.base("main") is None


def test_a_new_branch_takes_a_base_or_loses_an_old_one(folder):
    folder.set_base("main", BASE)
    folder.copy_base("main", "new")
    assert folder.base("new") == BASE
    folder.copy_base("nothing", "new")  # an earlier branch of the name left one
    assert folder.base("new") is None
    folder.forget_base("main")
    folder.forget_base("main")
    assert folder.base("main") is None


def test_put_sets_and_removes():
    files = {"a": "1"}
    put(files, "b", "2")
    put(files, "a", None)
    put(files, "c", None)
    assert files == {"b": "2"}
