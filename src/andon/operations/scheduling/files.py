"""The facts of the files that sources read: where they are as they were, so is what they hold."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path

from andon.base.hashing import content_id
from andon.sources.files.paths import glob

#: A file that changed so few nanoseconds ago may change again within one tick of its clock.
_SETTLED = 2_000_000_000


def paths_of(root: Path, patterns: Iterable[str]) -> list[str]:
    """The files that patterns mean, none twice.

    Raises:
        DatasetError: as `glob`.
    """
    return sorted({path for pattern in patterns for path in glob(root, pattern)})


def sign_of(root: Path, paths: Iterable[str]) -> tuple[str, bool]:
    """A hash of the facts of files, and whether they are so old that another content had other facts.

    Raises:
        OSError: one can't be looked at.
    """
    above, facts, newest = os.fspath(root), [], 0
    for path in paths:
        status = os.stat(path if path.startswith("/") else f"{above}/{path}")  # noqa: PTH116 - a text, at every pass
        facts.append(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\0{status.st_ino}\0{status.st_ctime_ns}")
        newest = max(newest, status.st_mtime_ns, status.st_ctime_ns)
    return content_id(facts), newest < time.time_ns() - _SETTLED


def facts_of(root: Path, patterns: Iterable[str]) -> tuple[str, bool]:
    """`sign_of` all files that patterns mean.

    Raises:
        DatasetError, OSError: as of `paths_of` and `sign_of`.
    """
    return sign_of(root, paths_of(root, patterns))
