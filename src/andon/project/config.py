"""`andon.toml` before anything else is known: where the lake is, and how to run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from andon.base.cache import MemoryCache
from andon.base.files import machine_error
from andon.errors import ProjectError
from andon.project.files.toml import read_toml
from andon.project.folder.scan import scan
from andon.project.load import load


def read_config_values(path: Path) -> dict[str, Any]:
    """The values of the `andon.toml` at `path`, nested as written.

    Raises:
        ProjectError: if anything is wrong with it. The lake may then be somewhere else than it seems, so nothing can be done but to report
            the problems of the whole folder.
        MachineError: if it can't be read.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise machine_error(error, f"read `{path.name}`") from error
    try:
        values, problems = read_toml(path.name, content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        values, problems = {}, None
    if problems or problems is None:
        root, cache = path.parent, MemoryCache()
        files = {name: fact.sha256 for name, fact in scan(root, cache).items()}
        project = load(files, lambda name: (root / name).read_bytes(), cache)
        raise ProjectError.of(project.problems or problems or ())
    return values
