"""Scheduled work: a pass, and what people say of it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.base.hashing import content_id
from andon.base.names import did_you_mean
from andon.base.record import values_of
from andon.errors import AndonError, UsageError
from andon.model.tick import PauseDocument, Tick
from andon.operations.scheduling.cadence import BY_HAND
from andon.operations.scheduling.loop import ScheduleLoop
from andon.operations.scheduling.passes import Passes, length_of
from andon.runs.goal import Listener, RunOptions
from andon.state.pauses import ALL, Pause
from andon.workspace.branching import scheduled_branch

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from andon.operations.scheduling.looking import Looking
    from andon.runs.prepare import Preparer
    from andon.service.runs import Runs
    from andon.workspace.workspace import Workspace

_log = logging.getLogger(__name__)


class Scheduling:
    """Scheduled work of one lake.

    Args:
        runs: those of `BY_ITSELF`; made where there is something to do, as `preparer` is.
        passed: told of a branch after each pass, who listened to it, and whether what it begins goes on beside.
        beside: waits for that.
    """

    def __init__(
        self,
        workspace: Workspace,
        looking: Looking,
        runs: Callable[[], Runs],
        preparer: Callable[[], Preparer],
        passed: Callable[[str, Listener, bool], None],
        beside: Callable[[], object],
    ) -> None:
        self._workspace = workspace
        self._beside = beside
        self._passed = passed
        self._runs = runs
        self._preparer = preparer
        self._passes = Passes(workspace, looking, lambda options, hears: runs().refresh(options, hears))

    def tick(
        self,
        trigger: str = BY_HAND,
        *,
        branch: str | None = None,
        now: datetime | None = None,
        listener: Listener | None = None,
        is_beside: bool = False,
    ) -> Tick:
        """Look once what is due and bring it up to date, by the branch's own code.

        Args:
            trigger: what made it look, for the record.
            branch: which; None means the default one.
            now: the time that counts; None means the clock.
            listener: hears of its runs, and may stop them.
            is_beside: whether corrective actions that it begins go on after it.

        Raises:
            AndonError: what is due can't be told. What happens to one run is told by the answer.
        """
        name, hears = self._branch(branch), listener or Listener()
        found = self._passes.tick(name, trigger, hears, now)
        self._passed(name, hears, is_beside)
        return found

    def loop(self, told: Callable[[Tick], None]) -> ScheduleLoop | None:
        """What makes passes while a server runs; None where `schedule.enabled` says no, or who runs it may only read the lake.

        Args:
            told: hears of passes that did something.
        """
        workspace = self._workspace
        if not workspace.settings.get("schedule.enabled") or workspace.lake.database.is_read_only:
            return None
        every = length_of(str(workspace.settings.get("schedule.every")), 10.0)
        return ScheduleLoop(
            lambda listener: self.tick("up", listener=listener, is_beside=True),
            every.total_seconds(),
            told,
            self._beside,
        )

    def pause(
        self, datasets: Sequence[str], until: datetime | None = None, why: str | None = None, branch: str | None = None
    ) -> list[PauseDocument]:
        """Let datasets be as they are published until `until`, or until somebody says `resume`; of no dataset: all.

        What reads them is made of what is published of them. Runs that a person starts are not kept from them.

        Raises:
            UsageError: `lake.dataset_not_found`; `usage.bad_argument` where `until` is over.
        """
        name, now = self._branch(branch), to_text(self._workspace.clock())
        if until is not None and to_text(until) <= now:
            raise UsageError(
                "usage.bad_argument", f"{to_text(until)} is over", where="until", hint="name a time that is to come"
            )
        self._require(name, datasets)
        end, who = to_text(until) if until is not None else None, self._workspace.caller.author
        self._workspace.pauses.put(name, [Pause(each, end, why, who, now) for each in datasets or (ALL,)])
        return self.pauses(branch)

    def resume(self, datasets: Sequence[str], branch: str | None = None) -> list[PauseDocument]:
        """End pauses; of no dataset: that of all and every single one. What is due by then is caught up by one run.

        Raises:
            UsageError: `usage.bad_argument` for one that is not paused.
        """
        name = self._branch(branch)
        paused = [each.dataset for each in self.pauses(branch)]
        for each in datasets:
            if each not in paused:
                hint = did_you_mean(each, paused) or "`andon pause` lists what is paused"
                raise UsageError("usage.bad_argument", f"`{each}` is not paused", where=each, hint=hint)
        self._workspace.pauses.end(name, datasets or paused)
        return self.pauses(branch)

    def pauses(self, branch: str | None = None) -> list[PauseDocument]:
        """What is paused, by dataset."""
        found = self._workspace.pauses.of(self._branch(branch), to_text(self._workspace.clock()))
        return [PauseDocument(**values_of(each)) for each in found.values()]

    def _branch(self, branch: str | None) -> str:
        return scheduled_branch(self._workspace, branch)

    def _require(self, branch: str, datasets: Sequence[str]) -> None:
        lake = self._workspace.lake
        leaves = lake.commits.state(lake.refs.head(branch)).leaves
        for each in datasets:
            if each not in leaves:
                hint = did_you_mean(each, leaves) or "`andon ls` lists all"
                raise UsageError(
                    "lake.dataset_not_found", f"there is no dataset `{each}` on {branch}", where=each, hint=hint
                )

    def marks(self, branch: str, datasets: Collection[str]) -> Mapping[str, str]:
        """By dataset what a run would try it on now: its files, its recipe, its inputs. No database is asked."""
        lake = self._workspace.lake
        leaves = lake.commits.state(lake.refs.head(branch)).leaves
        there = tuple(sorted(set(datasets) & leaves.keys()))
        if not there:
            return {}
        options = RunOptions(select=there, branch=branch)
        try:
            prepared = self._preparer().prepare(self._runs().unasked_goal(options), options)
        except AndonError as failure:  # then its next slot decides, and all else goes on
            _log.debug("it can't be told what %s would be tried on: %s", ", ".join(there), failure)
            return {}
        steps = {step.dataset: step for step in prepared.plan.steps}
        return {
            name: content_id(
                ["tried", list(map(list, leaves[name].files)), leaves[name].definition, steps[name].key or ""]
            )
            for name in there
            if name in steps
        }
