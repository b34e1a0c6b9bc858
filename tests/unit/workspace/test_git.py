"""What git's files say of a folder, without git."""

import pytest

from andon.workspace.git import GitInfo, git_info


def repository(root, head: str, **files: str) -> None:
    (root / ".git").mkdir(parents=True)
    (root / ".git" / "HEAD").write_text(head)
    for name, text in files.items():
        path = root / ".git" / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.mark.parametrize(
    ("head", "found"),
    [
        ("ref: refs/heads/main\n", GitInfo("main", is_default=True)),
        ("ref: refs/heads/master\n", GitInfo("master", is_default=True)),
        ("ref: refs/heads/fix/it\n", GitInfo("fix/it", is_default=False)),
        ("0123456789abcdef0123456789abcdef01234567\n", GitInfo(None, is_default=False)),
    ],
)
def test_the_branch_that_is_checked_out(tmp_path, head, found):
    repository(tmp_path, head)
    assert git_info(tmp_path) == found
    below = tmp_path / "data" / "acme"
    below.mkdir(parents=True)
    assert git_info(below) == found


def test_the_remote_says_which_branch_is_the_default(tmp_path):
    repository(tmp_path, "ref: refs/heads/develop\n", refs__remotes__origin__HEAD="ref: refs/remotes/origin/develop\n")
    assert git_info(tmp_path) == GitInfo("develop", is_default=True)
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    assert git_info(tmp_path) == GitInfo("main", is_default=False)


def test_a_worktree_names_its_folder_and_shares_the_remotes(tmp_path):
    repository(
        tmp_path / "whole", "ref: refs/heads/main\n", refs__remotes__origin__HEAD="ref: refs/remotes/origin/trunk\n"
    )
    place = tmp_path / "whole" / ".git" / "worktrees" / "side"
    place.mkdir(parents=True)
    (place / "HEAD").write_text("ref: refs/heads/trunk\n")
    (place / "commondir").write_text("../..\n")
    side = tmp_path / "side"
    side.mkdir()
    (side / ".git").write_text(f"gitdir: {place}\n")
    assert git_info(side) == GitInfo("trunk", is_default=True)


def test_no_repository_and_a_broken_one_say_nothing(tmp_path):
    assert git_info(tmp_path) is None
    (tmp_path / ".git").mkdir()
    assert git_info(tmp_path) is None
    other = tmp_path / "other"
    other.mkdir()
    (other / ".git").write_text("nonsense")
    assert git_info(other) is None
