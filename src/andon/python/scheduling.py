"""Scheduled work, from Python."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from andon.model.event import Reporter, silent
from andon.model.schedule_view import ScheduleView, WhyDocument
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

    def schedule(
        self,
        *select: str,
        exclude: Sequence[str] = (),
        at: datetime | None = None,
        branch: str | None = None,
    ) -> ScheduleView:
        """What is due by schedule, what keeps it back, and what comes when. Nothing is built.

        Args:
            select, exclude: terms of a selection; none: all.
            at: the time that counts; None means now.

        Raises:
            UsageError: `usage.bad_argument` for a term that names nothing.
        """
        return self._service.schedules.due(select, exclude, at=at, branch=branch)

    def why(self, dataset: str, at: datetime | None = None, branch: str | None = None) -> WhyDocument:
        """Why a dataset is, or was at a moment, brought up to date, or not.

        Raises:
            UsageError: `lake.dataset_not_found`.
        """
        return self._service.schedules.why(dataset, at, branch)

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
