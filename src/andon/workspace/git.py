"""What git says about the folder, read from its files: which branch is checked out, and whether it is the default one."""

from __future__ import annotations

from pathlib import Path

from andon.base.record import Record


class GitInfo(Record):
    """A git checkout. `branch` is None on a detached HEAD; `is_default` tells whether it is the repository's default branch."""

    branch: str | None
    is_default: bool


def git_info(root: Path) -> GitInfo | None:
    """The checkout that `root` lies in, or None."""
    folder = _git_folder(root)
    if folder is None:
        return None
    head = _text(folder / "HEAD")
    if head is None:
        return None
    prefix = "ref: refs/heads/"
    if not head.startswith(prefix):
        return GitInfo(None, is_default=False)
    branch = head[len(prefix) :]
    return GitInfo(branch, branch == _default(folder, branch))


def is_checkout(root: Path) -> bool:
    """Whether `root` lies in a checkout of git."""
    return _git_folder(root) is not None


def _git_folder(root: Path) -> Path | None:
    for place in (root, *root.parents):
        candidate = place / ".git"
        if candidate.is_dir():
            return candidate
        if candidate.is_file():  # a worktree or submodule: the file names the folder
            text = _text(candidate) or ""
            if text.startswith("gitdir:"):
                return (place / text.removeprefix("gitdir:").strip()).resolve()
    return None


def _default(folder: Path, branch: str) -> str:
    common = _text(folder / "commondir")
    shared = (folder / common).resolve() if common else folder
    remote = _text(shared / "refs" / "remotes" / "origin" / "HEAD")
    prefix = "ref: refs/remotes/origin/"
    if remote and remote.startswith(prefix):
        return remote[len(prefix) :]
    return branch if branch in ("main", "master", "trunk") else "main"


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
