"""Noting where a run comes from, beside it: what git has to say may take a moment."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from andon.base.record import replace
from andon.errors import AndonError

if TYPE_CHECKING:
    from andon.workspace.workspace import Workspace

#: No run waits longer than this (seconds) for what git says; it is noted when it comes, if the process is still there.
_PATIENCE = 5.0
_log = logging.getLogger(__name__)


@contextlib.contextmanager
def noted_origin(workspace: Workspace, run: int) -> Iterator[None]:
    """Note where a run comes from, as it is when this is entered, and be done with it at its end, unless git takes its time.

    A machine that can't tell is no reason for a run to fail; the run itself meets a catalog that can't be written.
    """
    thread = threading.Thread(target=_note, args=(workspace, run), name="andon-origin", daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join(_PATIENCE)


def _note(workspace: Workspace, run: int) -> None:
    from andon.workspace.git_state import git_state
    from andon.workspace.machine import this_machine

    try:
        found = git_state(workspace.root)
        git, diff = found if found is not None else (None, "")
        origin = this_machine()
        workspace.origins.add(run, origin if git is None else replace(origin, git=git), diff)
    except AndonError as error:
        _log.debug("run %s could not note where it comes from: %s", run, error)
