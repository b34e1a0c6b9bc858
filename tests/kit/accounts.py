"""A piece of Python as another account of this machine, in a process of its own; only root can ask for that.

As a program it reads what is asked line by line, and answers each from a child that is the account.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import json
import os
import pkgutil
import shutil
import subprocess
import sys
import tempfile
import traceback
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
    """What `code` puts into `result`, run by the account `user`; its errors come out as `{code, message, hint}`."""
    if os.geteuid() != 0:
        pytest.skip("only root can be another account")
    server = _server()
    assert server.stdin is not None
    assert server.stdout is not None
    asked = {"user": user, "group": user if group is None else group, "groups": groups, "umask": umask, "code": code}
    server.stdin.write(json.dumps(asked) + "\n")
    server.stdin.flush()
    answer = json.loads(server.stdout.readline())
    assert "failed" not in answer, answer["failed"]
    return answer["result"]


@functools.cache
def _server() -> subprocess.Popen[str]:
    """The process that becomes other accounts; it ends with this one, whose pipe it reads."""
    return subprocess.Popen(
        [sys.executable, "-m", "kit.accounts"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=_TESTS
    )


def _main() -> None:
    import andon

    # afterwards the interpreter's own files may be out of reach
    for module in pkgutil.walk_packages(andon.__path__, "andon."):
        if ".child." not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    importlib.import_module("grp")
    _work_once()
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _answer(json.loads(line))
        os.waitpid(child, 0)


def _answer(asked: dict[str, Any]) -> None:
    from andon.errors import AndonError

    os.umask(asked["umask"])
    os.setgroups(asked["groups"])
    os.setgid(asked["group"])
    os.setuid(asked["user"])
    os.environ["HOME"] = "/nonexistent"
    scope: dict[str, Any] = {"result": None}
    answer: dict[str, Any]
    try:
        exec(asked["code"], scope)
        answer = {"result": scope["result"]}
    except AndonError as error:
        answer = {"result": {"code": error.code, "message": error.message, "hint": error.hint}}
    except BaseException:  # noqa: BLE001 - told to the test
        answer = {"failed": traceback.format_exc()}
    print(json.dumps(answer, default=str), flush=True)
    os._exit(0)


def _work_once() -> None:
    """What is imported late is imported now."""
    from kit.clones import FILES, Clone

    with tempfile.TemporaryDirectory() as place:
        clone = Clone(Path(place))
        clone.fill(FILES)
        clone.run()
        clone.run()
        clone.pull()
        with clone.opened() as service:
            service.datasets.show("marts.totals")
            service.profiles.profile("marts.totals")
            service.lineages.lineage("marts.totals")
            service.standing.status()
            service.history.diff("main~1", "main")


if __name__ == "__main__":
    _main()
