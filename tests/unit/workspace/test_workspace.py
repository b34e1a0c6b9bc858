"""A workspace: who works, on which branch, what is read, and the adapters that all callers share."""

from __future__ import annotations

import os
import pwd

import pytest

from andon.errors import MachineError, ProjectError, UsageError
from andon.lake.refs import MAIN
from andon.settings.resolve import resolve
from andon.workspace.branching import create_branch
from andon.workspace.caller import Caller, process_author
from andon.workspace.engine_settings import cores, memory_limit, python_settings, reading_settings
from andon.workspace.view import View, no_dataset
from andon.workspace.workspace import Workspace


@pytest.fixture
def root(tmp_path):
    place = tmp_path / "acme"
    place.mkdir()
    (place / "andon.toml").write_text("")
    return place


def opened(root, **more) -> Workspace:
    more.setdefault("environ", {"ANDON_AUTHOR": "ana", "HOME": str(root)})
    return Workspace.open(root, **more)


def on_git(root, branch: str | None) -> None:
    (root / ".git").mkdir(exist_ok=True)
    (root / ".git" / "HEAD").write_text(f"ref: refs/heads/{branch}\n" if branch else "0" * 40)


# -- who


def author(tmp_path, **environ: str) -> str:
    there = {"HOME": str(tmp_path), **environ}
    return process_author(resolve({}, there, {}, {}), there)


def test_the_author_is_the_setting_then_git_s_then_the_system_s(tmp_path):
    assert author(tmp_path) == pwd.getpwuid(os.geteuid()).pw_name
    assert author(tmp_path, LOGNAME="log") == "log"
    assert author(tmp_path, USER="sys", LOGNAME="log") == "sys"
    (tmp_path / ".gitconfig").write_text('[core]\n  name = no\n[user]\n  email = a@b\n  name = "Git Person"\n')
    assert author(tmp_path, USER="sys") == "Git Person"
    assert author(tmp_path, USER="sys", GIT_AUTHOR_NAME="From Env") == "From Env"
    assert author(tmp_path, GIT_AUTHOR_NAME="From Env", ANDON_AUTHOR="Chosen") == "Chosen"


@pytest.mark.parametrize(("said", "known"), [("b\udcffn", "b?n"), (" \n", "sys"), ("\x1b[31mben", "\x1b[31mben")])
def test_who_acts_is_text_that_can_be_kept(tmp_path, said, known):
    assert author(tmp_path, ANDON_AUTHOR=said, USER="sys") == known
    assert author(tmp_path, GIT_AUTHOR_NAME=said, USER="sys") == known


def test_a_git_configuration_that_says_nothing_is_passed_over(tmp_path):
    (tmp_path / ".gitconfig").write_bytes(b"\xff\xfe[user]")
    assert author(tmp_path, USER="sys") == "sys"
    (tmp_path / ".gitconfig").write_text("[user]\nname =\n")
    assert author(tmp_path, USER="sys") == "sys"


# -- which branch


def test_the_branch_is_what_was_asked_the_caller_s_git_s_the_folder_s_or_main(root):
    workspace = opened(root)
    assert workspace.branch() == "main"
    workspace.folder.set_branch("switched")
    assert workspace.branch() == "switched"
    on_git(root, "main")
    assert workspace.branch() == "switched"  # git's default branch says nothing
    on_git(root, "feature")
    assert workspace.branch() == "feature"
    assert workspace.by(Caller("bea", "http", "hers")).branch() == "hers"
    assert workspace.by(Caller("bea", "http", "hers")).branch("asked") == "asked"
    workspace.close()


def test_a_detached_head_is_no_branch_but_main_can_be_read(root):
    on_git(root, None)
    workspace = opened(root)
    with pytest.raises(UsageError, match="detached") as caught:
        workspace.branch()
    assert "--branch NAME" in caught.value.hint
    assert workspace.branch("named") == "named"
    assert workspace.reading() == MAIN
    assert workspace.by(Caller("bea", "http", "hers")).branch() == "hers"
    workspace.close()


def test_what_is_read_is_the_branch_or_main_while_it_was_never_run(root):
    workspace = opened(root)
    on_git(root, "feature")
    assert workspace.reading() == MAIN
    create_branch(workspace, "feature")
    assert workspace.reading() == "feature"
    assert workspace.reading("main~1") == "main~1"
    assert workspace.by(Caller("bea", "http", "never")).reading() == MAIN
    workspace.close()


# -- adapters


def test_callers_share_adapters_and_the_lake_is_told_new_once(root):
    workspace = opened(root)
    other = workspace.by(Caller("bea", "http"))
    assert other.lake is workspace.lake
    assert (other.cache, other.readers, other.folder) == (workspace.cache, workspace.readers, workspace.folder)
    assert (workspace.caller.author, other.caller.author) == ("ana", "bea")
    assert workspace.lake.refs.resolve("main").author == "ana"  # who opened it owns what was made
    assert other.take_new()
    assert not workspace.take_new()
    workspace.close()
    workspace.close()
    again = opened(root)
    assert again.lake.refs.find("main") is not None
    assert not again.take_new()
    again.close()


def test_a_storage_that_lost_its_catalog_is_refused(root):
    (root / "lake" / "data" / "marts").mkdir(parents=True)
    (root / "lake" / "data" / "marts" / "count-1.parquet").touch()
    workspace = opened(root, flags={"storage": str(root / "lake"), "catalog": str(root / "new.db")})
    with pytest.raises(MachineError) as caught:
        _ = workspace.lake
    assert caught.value.code == "lake.corrupt"
    assert "`new.db` is not there" in caught.value.message
    assert not (root / "new.db").exists()


def test_a_place_that_is_no_path_is_not_known_yet(root):
    for place in ("gs://bucket/lake", "s3:/bucket/lake", "S3://bucket/lake"):
        workspace = opened(root, flags={"storage": place})
        with pytest.raises(UsageError) as caught:
            _ = workspace.lake
        assert caught.value.code == "usage.not_yet"
        assert not list(root.glob("[sS]3:*"))
    there = opened(root, flags={"storage": (root / "lake").as_uri(), "catalog": "below/catalog.db"})
    assert there.lake.storage.url == (root / "lake").as_uri()
    assert (root / "below" / "catalog.db").exists()
    there.close()


def test_settings_that_can_not_be_read_open_nothing(root):
    (root / "andon.toml").write_text("[engine\n")
    with pytest.raises(ProjectError):
        opened(root)
    workspace = opened(root, config={})
    assert workspace.root == root
    workspace.close()


def test_engines_are_set_by_the_settings(root):
    workspace = opened(root, flags={"engine.threads": "3", "engine.memory_limit": "1GB", "python.timeout": "7"})
    settings = workspace.settings
    assert (cores(settings), memory_limit(settings)) == (3, "1GB")
    read = reading_settings(settings, workspace.folder)
    assert (read.cores, read.memory_limit) == (3, "1GB")
    assert read.temporary.path.parent == workspace.folder.state / "tmp"
    read.temporary.close()
    assert python_settings(settings, workspace.folder).timeout == 7.0
    assert cores(opened(root).settings) >= 1
    assert memory_limit(opened(root).settings) == ""


# -- branches and views of the lake


def test_a_branch_is_made_by_the_caller_at_a_commit(root):
    workspace = opened(root).by(Caller("bea", "http"))
    ref = create_branch(workspace, "new")
    assert (ref.name, ref.kind, ref.commit) == ("new", "branch", workspace.lake.refs.resolve("main").id)
    assert workspace.lake.refs.reflog("new")[0].actor == "bea"
    for name, at, code in (
        ("new", "main", "lake.ref_exists"),
        ("a..b", "main", "lake.ref_invalid"),
        ("other", "nowhere", "lake.ref_not_found"),
    ):
        with pytest.raises(UsageError) as caught:
            create_branch(workspace, name, at)
        assert caught.value.code == code
    workspace.close()


def test_a_view_is_of_what_the_caller_reads_and_knows_no_other_dataset(root):
    workspace = opened(root)
    view = View.at(workspace)
    assert (view.ref, view.commit, view.state.leaves) == ("main", workspace.lake.refs.resolve("main"), {})
    assert view.project.datasets == {}
    with pytest.raises(UsageError) as caught:
        view.leaf("marts.count")
    assert (caught.value.code, caught.value.where) == ("lake.dataset_not_found", "marts.count")
    assert caught.value.message == "no dataset is named `marts.count` at main"
    assert caught.value.hint == "`andon ls` lists all datasets"
    assert no_dataset("marts.cuont", "v1", ["marts.count"]).hint == "did you mean `marts.count`?"
    with pytest.raises(UsageError):
        View.at(workspace, "nowhere")
    workspace.close()
