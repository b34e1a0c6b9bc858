"""What a person reviews: how well the work went over some days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from andon.base.clock import from_text, to_text
from andon.base.duration import read_duration
from andon.base.record import Record
from andon.errors import UsageError
from andon.model.action import ActionOutcome
from andon.model.commit import Commit
from andon.model.incident import Incident
from andon.model.review import DEFINITIONS, IdleCheck, QuarantineDebt, ReviewDocument
from andon.model.signal import SignalKind
from andon.operations.review import actions, changes, incidents
from andon.operations.scheduling.book import book_of
from andon.runs.planning.due import TIMED
from andon.workspace.view import View

if TYPE_CHECKING:
    from collections.abc import Callable

    from andon.runs.inspection.history import CheckHistory
    from andon.service.incidents import IncidentDesk
    from andon.service.quarantine import Quarantine
    from andon.workspace.workspace import Workspace

#: What is looked at where nobody says since when.
WEEK = "7d"
#: Incidents that are read at most, newest first.
_INCIDENTS = 2000
#: What says that something was done, and came to an end.
_COUNTED = frozenset((ActionOutcome.VERIFIED, ActionOutcome.UNDONE, ActionOutcome.FAILED, ActionOutcome.DONE))


class ReviewFacts(Record):
    """What is recorded of a branch since a moment, for numbers over it.

    Attributes:
        history: its own commits, newest first. code: those that changed code.
        brought: `{run: incident that it met first}`.
        rules: `{dataset: its rule}` of those that promise a time; `objective` the share of the time in which it is to be kept.
    """

    incidents: tuple[incidents.ReviewedIncident, ...]
    actions: tuple[actions.ReviewedAction, ...]
    history: tuple[Commit, ...]
    code: tuple[changes.ReviewedChange, ...]
    brought: Mapping[int, changes.Mended]
    rules: Mapping[str, str]
    objective: float


class Reviewing:
    """Computes reviews of one lake."""

    def __init__(
        self, workspace: Workspace, history: CheckHistory, desk: IncidentDesk, aside: Callable[[], Quarantine]
    ) -> None:
        self._workspace = workspace
        self._history = history
        self._desk = desk
        self._aside = aside

    def review(self, since: str = WEEK, branch: str | None = None) -> ReviewDocument:
        """The numbers of a branch from `since` until now.

        Args:
            since: a moment as ISO text, or how long ago (`7d`, `4w`, `3 mo`).

        Raises:
            UsageError: `usage.bad_argument` for what is no such time, or is yet to come; `lake.ref_not_found`.
        """
        now = self._workspace.clock()
        begin = _moment(since, now)
        view = View.at(self._workspace, branch)
        self._desk.standing(view.ref)
        return self._said(view, to_text(begin), to_text(now))

    def facts(self, view: View, since: str) -> ReviewFacts:
        """What is recorded of a branch since then (ISO text)."""
        found = self._incidents(view.ref)
        history = self._since(view.commit, since)
        return ReviewFacts(
            tuple(found),
            tuple(self._actions(view.ref, since, found)),
            tuple(history),
            tuple(self._change(commit) for commit in history if changes.is_change(commit)),
            {
                each.incident.first_run: changes.Mended(each.incident.number, each.incident.verified)
                for each in reversed(found)
                if each.incident.first_run is not None
            },
            {
                name: told
                for name, entry in book_of(view.project).entries.items()
                if (told := ", ".join(rule.spoken for rule in entry.rules if rule.kind in TIMED))
            },
            int(self._workspace.settings.get("review.objective")) / 100,
        )

    def _said(self, view: View, since: str, until: str) -> ReviewDocument:
        facts = self.facts(view, since)
        found, done, history, code = facts.incidents, facts.actions, facts.history, facts.code
        recent = [each for each in found if _is_recent(each.incident, since)]
        published = [commit for commit in history if commit.run is not None]
        failures = changes.failed(code, history, facts.brought)
        return ReviewDocument(
            branch=view.ref,
            since=since,
            until=until,
            incidents={
                "opened": sum(each.incident.opened >= since for each in recent),
                "closed": sum((each.incident.closed or "") >= since for each in recent),
                "standing": sum(not each.incident.state.is_over for each in recent),
            },
            detect=incidents.detect(recent, since),
            recover=incidents.recover(recent, since),
            automatic=actions.automatic(done),
            success=actions.success(done),
            false_alarms=incidents.false_alarms(found, since),
            escapes=incidents.escapes(found, since),
            promises=incidents.promises(facts.rules, found, since, until, facts.objective),
            quarantine=self._quarantine(view, until),
            repeated_fix=actions.repeated_fix(done),
            idle_checks=self._idle(view, since),
            published=len(published),
            changes=len(code),
            lead_time=changes.lead_time(code),
            change_failures=changes.failure_share(code, failures),
            failed_changes=failures,
            restore=changes.restore(failures),
            definitions=dict(DEFINITIONS),
        )

    # -- what was recorded

    def _incidents(self, branch: str) -> list[incidents.ReviewedIncident]:
        """The newest incidents of a branch, newest first, with all of them."""
        store = self._workspace.incidents
        own = [incident for incident in store.newest(_INCIDENTS) if incident.branch == branch]
        numbers = [incident.number for incident in own]
        signals, events = store.signals(numbers), store.events_of(numbers)
        started = self._workspace.runs.started({each.first_run for each in own if each.first_run is not None})
        found = []
        for incident in own:
            number = incident.number
            late = [s.details.get("due") for s in signals[number] if s.kind is SignalKind.LATE]
            began = started.get(incident.first_run or 0) or min((str(due) for due in late if due), default=None)
            found.append(incidents.ReviewedIncident(incident, tuple(signals[number]), tuple(events[number]), began))
        return found

    def _actions(
        self, branch: str, since: str, found: Sequence[incidents.ReviewedIncident]
    ) -> list[actions.ReviewedAction]:
        """The corrective actions of a branch that were begun since and have ended; proposals and refusals did nothing."""
        own = {each.incident.number: each for each in found}
        return [
            actions.ReviewedAction(
                str(each.action),
                each.dataset,
                str(own[each.incident].incident.kind) if each.incident in own else "",
                each.mode.is_by_itself,
                each.at,
                each.outcome is ActionOutcome.VERIFIED and each.undone_at is None,
                each.incident in own and incidents.came_back(own[each.incident].events, each.ended or each.at),
            )
            for each in self._workspace.actions.since(since)
            if each.branch == branch and each.outcome in _COUNTED
        ]

    def _since(self, head: Commit, since: str) -> list[Commit]:
        """The commits of a branch's own history that were made since, newest first."""
        found = []
        for commit in self._workspace.lake.commits.first_parents(head):
            if commit.time < since:
                break
            found.append(commit)
        return found

    def _change(self, commit: Commit) -> changes.ReviewedChange:
        """A change with the time at which its branch began: the first commit that its target did not have."""
        if len(commit.parents) < 2:
            return changes.ReviewedChange(commit)
        commits = self._workspace.lake.commits
        before, merged = commits.get(commit.parents[0]), commits.get(commit.parents[1])
        common = commits.merge_base(before, merged)
        began: str | None = None
        for own in commits.first_parents(merged):
            if common is not None and own.id == common.id:
                break
            began = own.time
        return changes.ReviewedChange(commit, began)

    def _quarantine(self, view: View, until: str) -> list[QuarantineDebt]:
        """The rows in quarantine that a commit shows, most first."""
        found = [
            QuarantineDebt(each.dataset, each.rows, each.share, each.since, _days(each.since, until))
            for each in self._aside().overview(at=view.commit.id)
        ]
        return sorted(found, key=lambda each: (-each.rows, each.dataset))

    def _idle(self, view: View, since: str) -> list[IdleCheck]:
        """The checks of a commit that found nothing since, those that cost most first."""
        asked = self._workspace.check_results.asked_since(view.ref, since)
        found = []
        for name, said in view.project.datasets.items():
            if name not in view.state.leaves or not said.checks:
                continue
            for result in self._history.of_commit(name, view.commit, view.state, view.project):
                use = asked.get((name, result.check))
                if use is None:
                    found.append(IdleCheck(name, result.spoken, 0, 0.0))
                elif not use.failed:
                    found.append(IdleCheck(name, result.spoken, use.times, round(use.seconds, 4)))
        return sorted(found, key=lambda each: (-each.seconds, each.asked, each.dataset, each.check))


def _moment(since: str, now: datetime) -> datetime:
    """The moment that `since` names, before `now`."""
    duration = read_duration(since)
    try:
        begin = duration.before(now) if duration is not None else from_text(since)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            "usage.bad_argument",
            f"`{since[:40]}` is no time since which to look",
            where="since",
            hint="write how long ago, `7d` or `4w`, or when, `2026-11-01`",
        ) from error
    if begin >= now:
        raise UsageError(
            "usage.bad_argument",
            f"nothing is recorded since {to_text(begin)}: that is yet to come",
            where="since",
            hint="write how long ago, `7d` or `4w`, or an earlier day",
        )
    return begin


def _days(since: str | None, until: str) -> float | None:
    return None if since is None else max(0.0, round((from_text(until) - from_text(since)).total_seconds() / 86_400, 1))


def _is_recent(incident: Incident, since: str) -> bool:
    return not incident.state.is_over or incident.opened >= since or (incident.closed or "") >= since
