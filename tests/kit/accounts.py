"""A piece of Python as another account of this machine, in a process of its own; only root can ask for that.

As a program: `python -m kit.accounts UID GID GROUPS UMASK`, with the code on standard input; what it puts into `result` comes out as JSON.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import pkgutil
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_TESTS = Path(__file__).resolve().parents[1]


@contextlib.contextmanager
def open_place() -> Iterator[Path]:
    """A temporary folder that every account can look into; pytest's own are its owner's alone."""
    place = Path(tempfile.mkdtemp(prefix="accounts-"))
    place.chmod(0o755)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def as_account(
    user: int, code: str, *, group: int | None = None, groups: tuple[int, ...] = (), umask: int = 0o022
) -> Any:
    """What `code` puts into `result`, run by the account `user`; its errors come out as `{code, message}`."""
    if os.geteuid() != 0:
        pytest.skip("only root can be another account")
    words = [str(user), str(user if group is None else group), ",".join(map(str, groups)), oct(umask)]
    done = subprocess.run(
        [sys.executable, "-m", "kit.accounts", *words], input=code, capture_output=True, text=True, cwd=_TESTS
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _main(user: str, group: str, groups: str, umask: str) -> None:
    import andon

    # afterwards the interpreter's own files may be out of reach
    for module in pkgutil.walk_packages(andon.__path__, "andon."):
        if ".child." not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    importlib.import_module("kit.clones")
    import duckdb

    duckdb.connect().execute("select timestamptz '2026-01-01', '[1]'::json, 1::decimal(4, 1)").fetchall()
    code = sys.stdin.read()
    os.umask(int(umask, 8))
    os.setgroups([int(g) for g in groups.split(",") if g])
    os.setgid(int(group))
    os.setuid(int(user))
    os.environ["HOME"] = "/nonexistent"
    scope: dict[str, Any] = {"result": None}
    from andon.errors import AndonError

    try:
        exec(code, scope)
    except AndonError as error:
        scope["result"] = {"code": error.code, "message": error.message, "hint": error.hint}
    print(json.dumps(scope["result"], default=str))


if __name__ == "__main__":
    _main(*sys.argv[1:])
