"""Scheduled work, from Python."""

from __future__ import annotations

from datetime import datetime

from andon.model.event import Reporter, silent
from andon.model.tick import PauseDocument, Tick
from andon.python.saving import SavingLake
from andon.runs.goal import Listener


class ScheduledLake(SavingLake):
    """The part of a lake that goes on by itself."""

    def tick(
        self,
        trigger: str = "python",
        *,
        branch: str | None = None,
        now: datetime | None = None,
        report: Reporter = silent,
    ) -> Tick:
        """Look once what is due and bring it up to date, by the branch's own code.

        Args:
            trigger: what makes it look, for the record.
            branch: which; None means the default one.
            now: the time that counts.
            report: hears of its runs.
        """
        return self._service.scheduling.tick(trigger, branch=branch, now=now, listener=Listener(report))

    def pauses(self, branch: str | None = None) -> list[PauseDocument]:
        """What the schedule leaves as it is published."""
        return self._service.scheduling.pauses(branch)

    def pause(
        self, *datasets: str, until: datetime | None = None, why: str | None = None, branch: str | None = None
    ) -> list[PauseDocument]:
        """Let the schedule leave datasets (of none: all) as they are published; gives what is paused.

        Raises:
            UsageError: `lake.dataset_not_found`.
        """
        return self._service.scheduling.pause(datasets, until, why, branch)

    def resume(self, *datasets: str, branch: str | None = None) -> list[PauseDocument]:
        """Let the schedule go on with datasets (of none: all); gives what is paused still.

        Raises:
            UsageError: `usage.bad_argument` for one that is not paused.
        """
        return self._service.scheduling.resume(datasets, branch)
