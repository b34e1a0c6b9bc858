"""Calling git, so that it writes nothing, fetches nothing, asks nobody, and answers the same in every language."""

from __future__ import annotations

import os
from pathlib import Path

#: Git is asked no longer than this (seconds); what it has not said then is not known.
_PATIENCE = 20

_SAFE = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "LC_ALL": "C",
}


def call_git(root: Path, *words: str, given: str | None = None) -> str | None:
    """What a git command in `root` says, given `given` as its input; None where it fails, or there is no git."""
    # here, since most runs ask git nothing
    import shutil
    import subprocess

    git = shutil.which("git")
    if git is None:
        return None
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | _SAFE
    try:
        done = subprocess.run(
            [git, "-C", str(root), *words],
            input=None if given is None else given.encode(),
            stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True,
            env=environ,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "surrogateescape") if done.returncode == 0 else None
