"""Scheduled work of a lake that a server has."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from andon.base.clock import to_text
from andon.base.document import from_json
from andon.model.schedule_view import ScheduleDocument, WhyDocument
from andon.model.tick import PauseDocument, TickDocument
from andon.python.remote_saving import RemoteSaving
from andon.python.server_link import Hears


class RemoteScheduled(RemoteSaving):
    """The part of a served lake that goes on by itself; verbs and arguments as in `ScheduledLake`."""

    def tick(
        self,
        trigger: str = "python",
        *,
        branch: str | None = None,
        now: datetime | None = None,
        report: Hears | None = None,
    ) -> TickDocument:
        """Look once what is due and bring it up to date, by the branch's own code."""
        asked = {"trigger": trigger, "branch": branch, "now": _text(now)}
        return self._told("/ticks", asked, report, TickDocument)

    def schedule(
        self,
        *select: str,
        exclude: Sequence[str] = (),
        at: datetime | None = None,
        branch: str | None = None,
    ) -> ScheduleDocument:
        """What is due by schedule, what keeps it back, and what comes when. Nothing is built."""
        found = self._link.get("/schedule", select=list(select), exclude=list(exclude), at=_text(at), branch=branch)
        return from_json(ScheduleDocument, found)

    def why(self, dataset: str, at: datetime | None = None, branch: str | None = None) -> WhyDocument:
        """Why a dataset is, or was at a moment, brought up to date, or not."""
        return from_json(WhyDocument, self._link.get(f"/datasets/{dataset}/why", at=_text(at), branch=branch))

    def pauses(self, branch: str | None = None) -> list[PauseDocument]:
        """What the schedule leaves as it is published."""
        return from_json(list[PauseDocument], self._link.get("/pauses", branch=branch))

    def pause(
        self, *datasets: str, until: datetime | None = None, why: str | None = None, branch: str | None = None
    ) -> list[PauseDocument]:
        """Let the schedule leave datasets (of none: all) as they are published; gives what is paused."""
        asked = {"datasets": list(datasets), "until": _text(until), "why": why, "branch": branch}
        return from_json(list[PauseDocument], self._link.post("/pauses", asked))

    def resume(self, *datasets: str, branch: str | None = None) -> list[PauseDocument]:
        """Let the schedule go on with datasets (of none: all); gives what is paused still."""
        found = self._link.post("/resumptions", {"datasets": list(datasets), "branch": branch})
        return from_json(list[PauseDocument], found)


def _text(moment: datetime | None) -> str | None:
    return to_text(moment) if moment is not None else None
