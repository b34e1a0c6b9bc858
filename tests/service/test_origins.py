"""Where a run came from is noted with it: git gives back what its folder held, nothing that looks like a secret is kept, nothing of the
repository is run, and what does nothing asks git nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from andon.model.origin import GitState
from andon.service.run_log import RunShown
from andon.workspace import git_call
from kit.clones import Clone

FILES = {
    "andon.toml": "",
    "datasets/a/one.sql": "select 1 as x\n",
    "datasets/a/two.sql": "select 2 as x\nunion all\nselect 3\n",
    "datasets/a/gone.sql": "select 0 as x\n",
    "macros/größe of 'it'.sql": "create macro twice(x) as 2 * x;\n",
}


def git(folder: Path, *words: str) -> str:
    env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    who = ("-c", "user.name=ana", "-c", "user.email=ana@example.com", "-c", "init.defaultBranch=main")
    done = subprocess.run(["git", *who, *words], cwd=folder, env=env, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Clone:
    """A project in a folder of a repository that has other things, too."""
    clone = Clone(tmp_path / "repo" / "data team" / "shop", environ={"OWN": "1"})  # no copy of another folder's run
    clone.fill({**FILES, ".gitignore": ".andon/\n"})
    repo = tmp_path / "repo"
    (repo / "README.md").write_text("All we have.\n")
    git(repo, "init", "-q")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "first")
    return clone


def shown(clone: Clone, run: int = 1) -> RunShown:
    with clone.opened() as service:
        return service.run_log.show(str(run))


def state(clone: Clone, run: int = 1) -> GitState:
    found = shown(clone, run).origin
    assert found is not None
    assert found.git
    return found.git


def code(folder: Path) -> dict[str, bytes]:
    places = (folder / name for name in ("datasets", "macros", "andon.toml"))
    files = (file for place in places for file in ([place] if place.is_file() else place.rglob("*")) if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def test_commit_and_difference_give_back_the_code_of_a_run(checkout, tmp_path):
    checkout.write("datasets/a/two.sql", "select 2 as x\r\nunion all\r\nselect 4\r\n")
    checkout.write("macros/größe of 'it'.sql", "create macro twice(x) as x + x;\n")
    checkout.write("datasets/a/gone.sql", None)
    checkout.write("raw/notes.csv", "a\n1\n")
    (checkout.root / "../../README.md").write_text("Other words.\n")
    checkout.run()
    found = state(checkout)
    assert found.commit == git(checkout.root, "rev-parse", "HEAD")
    assert (found.branch, found.added, found.left_out) == ("main", [], [])
    assert found.changed == ["datasets/a/gone.sql", "datasets/a/two.sql", "macros/größe of 'it'.sql"]
    again = tmp_path / "again"
    git(tmp_path, "clone", "-q", "repo", "again")
    git(again, "checkout", "-q", found.commit)
    patch = tmp_path / "kept.diff"
    patch.write_text(shown(checkout).diff or "", encoding="utf-8", newline="")
    git(again, "apply", "--directory=data team/shop", str(patch))
    assert code(again / "data team" / "shop") == code(checkout.root)


def test_what_git_does_not_have_is_named_and_a_clean_folder_is_one(checkout):
    checkout.run()
    assert not state(checkout).is_dirty
    assert shown(checkout).diff is None
    checkout.write("datasets/a/new.sql", "select 5 as x\n")
    checkout.run()
    assert state(checkout, 2).added == ["datasets/a/new.sql"]
    git(checkout.root, "checkout", "-q", "--detach")
    checkout.write("datasets/a/new.sql", "select 6 as x\n")
    checkout.run(branch="main")
    assert state(checkout, 3).branch is None


def test_a_difference_that_runs_share_is_kept_once(checkout):
    checkout.write("datasets/a/one.sql", "select 7 as x\n")
    checkout.run()
    checkout.run(force=True)
    assert state(checkout, 1).diff == state(checkout, 2).diff
    with checkout.opened() as service:
        assert service.workspace.lake.database.query("select count(*) from git_diff") == [(1,)]


def test_nothing_that_looks_like_a_secret_is_kept(checkout):
    """Neither what stands there nor what was taken out, of which nobody else looks at the second."""
    secret = "hunter2-" + "Zq8"
    checkout.write("datasets/a/one.sql", f"-- password: {secret}\nselect 1 as x\n")
    git(checkout.root, "commit", "-qam", "a mistake")
    checkout.write("datasets/a/one.sql", "select 1 as x\n")
    checkout.write("datasets/a/two.sql", "select 2 as x\n")
    checkout.run()
    assert state(checkout).left_out == ["datasets/a/one.sql"]
    assert "two.sql" in (shown(checkout).diff or "")
    kept = b"".join(file.read_bytes() for file in (checkout.root / ".andon").rglob("*") if file.is_file())
    assert secret.encode() not in kept


def test_what_is_long_is_named_and_not_kept(checkout, monkeypatch):
    monkeypatch.setattr("andon.workspace.git_state.LONGEST", 300)
    checkout.write("datasets/a/one.sql", "select 1 as x\n" + "-- words\n" * 100)
    checkout.write("datasets/a/two.sql", "select 2 as x\n")
    checkout.run()
    assert state(checkout).left_out == ["datasets/a/one.sql"]
    assert len(shown(checkout).diff or "") < 300


def test_nothing_that_a_repository_names_is_run(checkout, tmp_path):
    touched = tmp_path / "touched"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch '{touched}'\ncat\n")
    program.chmod(0o755)
    checkout.write(".gitattributes", "*.sql filter=odd diff=odd\n")
    for name in (
        "filter.odd.clean",
        "filter.odd.process",
        "diff.odd.textconv",
        "diff.odd.command",
        "diff.external",
        "core.fsmonitor",
    ):
        git(checkout.root, "config", name, str(program))
    git(checkout.root, "config", "filter.odd.required", "true")
    checkout.write("datasets/a/one.sql", "select 9 as x\n")
    checkout.run()
    assert state(checkout).changed == ["datasets/a/one.sql"]
    assert "select 9" in (shown(checkout).diff or "")
    assert not touched.exists()


def test_elsewhere_the_machine_alone_is_noted(tmp_path, monkeypatch):
    clone = Clone(tmp_path / "shop")
    clone.fill(FILES)
    clone.run()
    found = shown(clone).origin
    assert found is not None
    assert not found.git
    assert found.andon
    assert found.platform.startswith(os.uname().sysname)
    git(clone.root, "init", "-q")  # nothing is committed yet
    clone.write("datasets/a/one.sql", "select 8 as x\n")
    clone.run(branch="main")
    assert state(clone, 2).commit is None
    monkeypatch.setattr(shutil, "which", lambda _: None)  # and without git
    clone.write("datasets/a/one.sql", "select 9 as x\n")
    clone.run(branch="main")
    assert not shown(clone, 3).origin.git


def test_a_run_that_does_nothing_asks_git_nothing(checkout, monkeypatch):
    checkout.run()
    asked: list[object] = []
    monkeypatch.setattr(git_call, "call_git", lambda *words, **_: asked.append(words))
    monkeypatch.setattr("andon.workspace.git_state.call_git", lambda *words, **_: asked.append(words))
    checkout.run()
    assert asked == []


def test_a_commit_of_the_log_says_which_checkout_it_came_from(checkout):
    checkout.write("datasets/a/one.sql", "select 7 as x\n")
    checkout.run()
    with checkout.opened() as service:
        (entry, _) = service.history.log()
        assert entry.to_json()["git"] == f"{git(checkout.root, 'rev-parse', 'HEAD')}-dirty"
        page = service.datasets.show("a.one@main")
        assert page.to_json()["build"]["origin"] == shown(checkout).origin.to_json()
