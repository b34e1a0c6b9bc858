"""Building while the plan is still made: new datasets whose columns and inputs are known are written aside, and the plan's tasks take them.

Nothing of it is recorded: a task that would make just that takes it in place of making it, and what no task took is deleted, as where
the plan is refused. So a run that builds ahead is one that does not, but for the time that it takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from andon.base.cancel import CancelToken
    from andon.model.build import Build
    from andon.model.dataset import Definition
    from andon.model.version import Columns
    from andon.runs.building.writing import Made
    from andon.runs.early_work import EarlyWork
    from andon.runs.planning.gather import Gathered
    from andon.runs.planning.raw_files import RawFiles
    from andon.workspace.engines import Engines
    from andon.workspace.workspace import Workspace

#: Fewer new datasets than that are planned before it would matter.
WORTHWHILE = 16


class Ahead:
    """What one run builds before it has its plan; use as a context manager, which deletes what was not taken.

    Args:
        cancel: interrupts what is built.
    """

    def __init__(self, workspace: Workspace, raw: RawFiles, cancel: CancelToken) -> None:
        self._workspace = workspace
        self._raw = raw
        self._cancel = cancel
        self._opened = ExitStack()
        self._work: EarlyWork | None = None

    def __enter__(self) -> Ahead:
        return self

    def __exit__(self, *_: object) -> None:
        with self._opened:
            if self._work is not None:
                self._work.end()

    def starting(self, moment: datetime) -> Ahead:
        """Hear of a plan of that logical time (see `Waiting`)."""
        self._moment = moment
        return self

    def begin(self, gathered: Gathered, taken: set[str]) -> None:
        """See `Waiting`."""
        if self._work is not None or len(taken - gathered.state.leaves.keys()) < WORTHWHILE:
            return
        from andon.runs.early_work import EarlyWork, sure
        from andon.workspace.engines import Engines

        wanted = sure(self._workspace, gathered, taken)
        if len(wanted) < WORTHWHILE:
            return
        self._opened.enter_context(self._workspace.lake.locks.writing())
        engines = self._opened.enter_context(Engines(self._workspace, None, self._moment))
        self._opened.enter_context(self._cancel.calling(engines.interrupt))
        self._work = EarlyWork(self._workspace, self._raw, engines, gathered, wanted, self._moment)

    def known(self, columns: Mapping[str, Columns]) -> None:
        """See `Waiting`."""
        if self._work is not None:
            self._work.know(columns)

    @contextmanager
    def engines(self, run: int, moment: datetime) -> Iterator[Engines]:
        """The engines of the run: those that built ahead, if they show its time."""
        if self._work is not None and self._moment == moment:
            yield self._work.engines
            return
        from andon.workspace.engines import Engines

        with Engines(self._workspace, run, moment) as engines:
            yield engines

    def settle(self) -> None:
        """Begin nothing any more: from here on the tasks of the plan do."""
        if self._work is not None:
            self._work.settle()

    def take(self, definition: Definition, make: Build) -> Made | None:
        """What was made of a definition for such a build; it is the caller's from then on. Waits for what is made at this moment."""
        return self._work.take(definition, make) if self._work is not None else None

    def copies(self) -> Sequence[str]:
        """Storage paths of the copies of raw files that were made, each told once."""
        return self._work.copies() if self._work is not None else ()
