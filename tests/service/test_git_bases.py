"""Where git puts an older state into the folder, or a fresh clone has no base: git's merge base says which side is newer."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from andon.errors import ConflictError
from kit.clones import FILES, Clone, did

COUNT = "datasets/marts/count.sql"
NEW = "datasets/marts/new.sql"
MAY = "raw/orders_05.csv"


class Checkout(Clone):
    def git(self, *words: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=ana", "-c", "user.email=ana@example.org", "-c", "init.defaultBranch=main", *words],
            cwd=self.root,
            check=True,
            capture_output=True,
        )

    def commit(self, name: str) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", name)


def count(number: int) -> str:
    return f"select {number} as n\n"


@pytest.fixture
def checkout(tmp_path) -> Checkout:
    """Published and committed: the project; then, by a second commit, other code, a new dataset, another raw file."""
    clone = Checkout(tmp_path / "acme")
    clone.environ = {"ANDON_STORAGE": str(tmp_path / "lake"), "ANDON_CATALOG": str(tmp_path / "lake" / "catalog.db")}
    clone.fill(FILES)
    clone.write(".gitignore", ".andon/\n")
    clone.git("init", "-q")
    clone.commit("first")
    clone.run()
    clone.write(COUNT, count(2))
    clone.write(NEW, count(7))
    clone.write(MAY, "id,customer,amount\n1,ada,2\n")
    clone.run()
    clone.commit("second")
    return clone


def cloned(checkout: Checkout, at: str = "main") -> Checkout:
    fresh = Checkout(checkout.root.parent / "fresh", "ben", environ=checkout.environ)
    fresh.root.parent.mkdir(exist_ok=True)
    shutil.copytree(checkout.root, fresh.root, ignore=shutil.ignore_patterns(".andon"))
    fresh.git("branch", "fetched", "main")
    fresh.git("checkout", "-q", "-B", "main", at)
    return fresh


def total(clone: Clone, at: str = "main") -> tuple:
    (row,) = clone.ask("select n, (select sum(amount) from shop.orders) from marts.count", at)
    return row


def test_a_branch_cut_from_an_older_commit_reverts_nothing(checkout):
    checkout.git("checkout", "-q", "-b", "fix", "main~1")
    assert checkout.read(COUNT) == FILES[COUNT]
    checkout.write("datasets/marts/mine.sql", count(9))
    result = checkout.run(branch="fix")
    assert did(result) == {"marts.mine": "build"}
    assert total(checkout, "fix") == (2, 2)
    assert "marts.new" in checkout.leaves("fix")
    checkout.publish("fix")
    assert total(checkout) == (2, 2)


def test_an_edit_on_an_older_commit_is_a_conflict_with_what_came_since(checkout):
    checkout.git("checkout", "-q", "-b", "fix", "main~1")
    checkout.write(COUNT, count(3))
    with pytest.raises(ConflictError) as caught:
        checkout.run(branch="fix")
    assert caught.value.details["files"] == [COUNT]
    checkout.run(branch="fix", mine=(COUNT,))
    assert total(checkout, "fix") == (3, 2)


def test_pull_brings_what_came_since(checkout):
    checkout.git("checkout", "-q", "-b", "fix", "main~1")
    checkout.run(branch="fix")
    with checkout.opened() as service:
        from andon.service.pull import pull

        done = pull(service.workspace, "fix")
    assert set(done.written) == {COUNT, NEW}
    assert checkout.read(COUNT) == count(2)


def test_an_edit_after_what_is_published_is_one(checkout):
    checkout.write(COUNT, count(3))
    checkout.commit("third")
    checkout.run()
    assert total(checkout) == (3, 2)
    checkout.git("revert", "--no-edit", "HEAD")  # a person wants the old text again
    checkout.run()
    assert total(checkout) == (2, 2)
    checkout.write(COUNT, FILES[COUNT])  # and, uncommitted, one that is older still
    checkout.run()
    assert total(checkout) == (1, 2)


@pytest.mark.parametrize("at", ["main", "main~1"])
def test_a_fresh_clone_takes_nothing_back(checkout, at):
    fresh = cloned(checkout, at)
    assert did(fresh.refresh()) == {}
    assert did(fresh.run()) == {}
    assert total(fresh) == (2, 2)


def test_a_fresh_clone_that_is_ahead_publishes(checkout):
    fresh = cloned(checkout)
    fresh.write(COUNT, count(4))
    fresh.write(MAY, "id,customer,amount\n1,ada,4\n")
    fresh.commit("third")
    fresh.run()
    assert total(fresh) == (4, 4)


def test_without_git_and_base_what_differs_is_to_be_decided(checkout):
    """Yesterday's raw file, in a folder that came from somewhere."""
    fresh = cloned(checkout, "main~1")
    shutil.rmtree(fresh.root / ".git")
    with pytest.raises(ConflictError) as caught:
        fresh.refresh()
    assert caught.value.details["files"] == [MAY]
    fresh.refresh(theirs=(MAY,))
    assert did(fresh.refresh()) == {}
    with pytest.raises(ConflictError) as caught:
        fresh.run()
    assert caught.value.details["files"] == [COUNT]
    assert fresh.pull().conflicts == (COUNT,)
    assert total(fresh) == (2, 2)


def test_a_squashed_merge_that_is_reverted_is_reverted(checkout):
    checkout.git("checkout", "-q", "-b", "side")
    checkout.write(COUNT, count(5))
    checkout.commit("on a side branch")
    checkout.git("checkout", "-q", "main")
    checkout.write(COUNT, count(5))
    checkout.commit("squashed")
    checkout.run()
    assert total(checkout) == (5, 2)
    checkout.write(COUNT, count(2))
    checkout.commit("as before")
    checkout.run()
    assert total(checkout) == (2, 2)
