"""Who calls, through which face, and on which branch: travels with the call, since one process serves many people."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from pathlib import Path

from andon.base.record import Record
from andon.settings.resolve import Settings

#: Who acts where no person does.
BY_ITSELF = "andon"


class Caller(Record):
    """The one on whose behalf a verb acts.

    Attributes:
        author: the name that commits, runs and the log of queries get.
        face: where the call came in: `cli`, `python`, `http`, …
        branch: the branch that the caller works on; None means the one of the folder.
        request: id of what is asked, made by who asks: what moved a branch or a tag once with it moves none again.
    """

    author: str
    face: str
    branch: str | None = None
    request: str | None = None


def process_author(settings: Settings, environ: Mapping[str, str]) -> str:
    """Who started this process: the setting `author`, git's user, or the system's."""
    named = (
        str(settings.get("author") or ""),
        _git_user(environ),
        environ.get("USER"),
        environ.get("LOGNAME"),
        _account(),
    )
    chosen = next((name for name in named if name and not name.isspace()), "unknown")
    return chosen.encode("utf-8", "replace").decode(
        "utf-8"
    )  # an environment may hold bytes that no row and no document takes


def _account() -> str | None:
    """The system's name of whoever runs this: cron and services often say it nowhere else."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return None


def _git_user(environ: Mapping[str, str]) -> str | None:
    if environ.get("GIT_AUTHOR_NAME"):
        return environ["GIT_AUTHOR_NAME"]
    path = Path(environ.get("HOME", "~")).expanduser() / ".gitconfig"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    section = ""
    for line in lines:
        text = line.strip()
        if text.startswith("["):
            section = text.lower()
        elif section == "[user]" and text.lower().startswith("name"):
            return text.partition("=")[2].strip().strip('"') or None
    return None
