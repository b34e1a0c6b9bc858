"""Words for where runs came from. Pure."""

from __future__ import annotations

from andon.base.text import plural
from andon.model.origin import GitState, Origin
from andon.render.words import short


def origin_words(origin: Origin) -> str:
    """All of it in a line."""
    machine = f"{origin.platform}, {origin.processor}" if origin.processor else origin.platform
    git = [git_words(origin.git)] if origin.git else []
    return " · ".join([*git, f"Andon {origin.andon}", f"Python {origin.python}", machine, f"account {origin.user}"])


def git_words(git: GitState) -> str:
    """The checkout, and whether the folder held what it has."""
    said = f"git {short(git.commit)}" if git.commit is not None else "git without a commit"
    branch = f" ({git.branch})" if git.branch is not None else ""
    moved = [plural(len(git.changed), "file") + " changed"] if git.changed else []
    moved += [f"{len(git.added):,} not in it"] if git.added else []
    return ", ".join([f"{said}{branch}", *moved])


def git_mark(git: GitState) -> str:
    """The checkout as a word: with a `+` where the folder held other code."""
    return (short(git.commit) if git.commit is not None else "none") + ("+" if git.is_dirty else "")
