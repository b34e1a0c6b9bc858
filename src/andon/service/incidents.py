"""Incidents: what is wrong, since when, how far it is, and what people do about it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from andon.base.clock import from_text, to_text
from andon.base.duration import read_duration
from andon.errors import AndonError, UsageError
from andon.model.event import Notice
from andon.model.incident import IncidentVerdict
from andon.model.signal import SignalKind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from andon.model.incident import Incident, IncidentSignal
    from andon.operations.incidents.case import Case
    from andon.operations.incidents.keeping import IncidentKeeper, SignalLook
    from andon.runs.goal import Listener
    from andon.runs.inspection.history import CheckHistory
    from andon.service.incident_documents import IncidentInfo, IncidentPage
    from andon.service.needs import Surroundings
    from andon.service.signals import SignalDesk
    from andon.workspace.view import View
    from andon.workspace.workspace import Workspace

#: Of incidents that are over so many are listed.
LISTED = 100


class IncidentDesk:
    """Incidents of one lake.

    Args:
        around: what is beside the datasets of a commit.
        signals: gives what looks at a branch for what no run met.
    """

    def __init__(
        self,
        workspace: Workspace,
        history: Callable[[], CheckHistory],
        around: Callable[[View], Surroundings] | None = None,
        signals: Callable[[], SignalDesk] | None = None,
    ) -> None:
        self._workspace = workspace
        self._signals = signals
        self._around = around
        self._history = history

    @cached_property
    def _keeper(self) -> IncidentKeeper:
        """Loaded where there is something to keep: it reads checks and code."""
        from andon.operations.incidents.keeping import IncidentKeeper

        return IncidentKeeper(self._workspace, self._history())

    # -- kept up

    def run_ended(self, branch: str, listener: Listener) -> None:
        """Read what a run noticed, and tell of what changed. That it can't be read fails no run: whoever comes next reads it then."""
        ref = self._workspace.lake.refs.find(branch)
        if ref is None or self._workspace.incidents.is_settled(branch, ref.commit):
            return
        self._kept_up(branch, listener, lambda: self._keeper.catch_up(branch))

    def passed(self, branch: str, listener: Listener) -> None:
        """The same after a pass of the scheduler, and what is found beside the runs, where something moved since somebody looked."""
        ref = self._workspace.lake.refs.find(branch)
        is_settled = ref is not None and self._workspace.incidents.is_settled(branch, ref.commit)
        if is_settled and (self._signals is None or self._signals().is_still(branch)):
            return
        self._kept_up(branch, listener, lambda: self._look_around(branch, is_anew=False))

    def _kept_up(self, branch: str, listener: Listener, keep: Callable[[], Sequence[Incident]]) -> None:
        try:
            before = {incident.number for incident in self._workspace.incidents.standing(branch)}
            for incident in keep():
                told = told_of(incident, is_new=incident.number not in before)
                if told is not None:
                    listener.report(Notice(told))
        except AndonError as failure:
            listener.report(Notice(f"incidents were not brought up to date: {failure.message}"))

    def catch_up(self, branch: str | None = None, look: SignalLook | None = None) -> Sequence[Incident]:
        """Bring the incidents of a branch up to what is recorded; returns those that changed.

        Args:
            look: what was found beside the records.
        """
        return self._keeper.catch_up(self._workspace.reading(branch), look)

    def _look_around(self, branch: str, *, is_anew: bool = True) -> Sequence[Incident]:
        """Bring the incidents of a branch up to what is recorded, and to what is found beside it; returns those that changed.

        Args:
            is_anew: whether it is looked at where nothing moved, too.
        """
        if self._signals is None or self._workspace.lake.refs.find(branch) is None:
            return self._keeper.catch_up(branch)
        signals = self._signals()
        mark = signals.mark(branch)
        standing = self._workspace.incidents.standing(branch) if not is_anew else ()
        is_anew = is_anew or any(
            each.kind is SignalKind.CLOCK for each in standing
        )  # what it made late is looked at with it
        look = signals.look(branch) if is_anew else signals.look_if_moved(branch)
        changed = self._keeper.catch_up(branch, look)
        if look is not None:
            signals.note(branch, mark)
        return changed

    # -- looked at

    def standing(self, branch: str | None = None) -> Sequence[Incident]:
        """What is not over on a branch (the one that is read by default), oldest first."""
        name = self._workspace.reading(branch)
        self._look_around(name)
        return self._workspace.incidents.standing(name)

    def list(self, branch: str | None = None, *, with_closed: bool = False) -> list[IncidentInfo]:
        """What is not over on a branch, most people, insights and datasets at risk first; what is snoozed last.

        Args:
            with_closed: with those that are over, the newest of them first.

        Raises:
            UsageError: `lake.ref_not_found`.
        """
        name = self._workspace.reading(branch)
        if branch is not None and name != self._workspace.default_branch:
            self._workspace.lake.refs.resolve(name)
        self._look_around(name)
        self._keeper.forget_branches()
        found = self._workspace.incidents.standing(name)
        if with_closed:
            found += self._workspace.incidents.over(name, LISTED)
        return [*self._infos(found)]

    def show(self, number: int) -> IncidentPage:
        """All that is known of an incident.

        Raises:
            UsageError: `incident.none`.
        """
        from andon.service.incident_pages import page_of

        incident = self._found(number)
        if self._workspace.lake.refs.find(incident.branch) is not None:
            self._keeper.catch_up(incident.branch)
            incident = self._found(number)
        (info,) = self._infos([incident])
        around = self._surroundings(incident.branch)
        return page_of(self._workspace, incident, info, around)

    def of_signal(self, fingerprint: str) -> IncidentInfo:
        """The newest incident that has a signal.

        Raises:
            UsageError: `incident.none`.
        """
        found = self._workspace.incidents.of_signals([fingerprint]).get(fingerprint)
        if found is None:
            raise _none(0)
        return self._infos([found])[0]

    # -- by hand

    def take(self, number: int, owner: str | None = None) -> IncidentInfo:
        """Take care of an incident, or give it to somebody.

        Raises:
            UsageError: `incident.none`.
            ConflictError: `incident.over`.
        """
        from andon.operations.incidents.by_hand import taken

        who = self._workspace.caller.author
        return self._changed(number, lambda case, _: taken(case, who, owner or who))

    def fix(self, number: int, note: str) -> IncidentInfo:
        """Record that something was done about an incident by hand. It ends when what readers see is right; what is met again opens it.

        Raises:
            UsageError: `incident.none`; `usage.bad_argument` without a note.
            ConflictError: `incident.over`.
        """
        from andon.operations.incidents.by_hand import fixed

        if not note.strip():
            raise UsageError(
                "usage.bad_argument", "nothing is said of what was done", hint='--note "asked the shop again"'
            )
        who = self._workspace.caller.author
        info = self._changed(number, lambda case, at: fixed(case, at, who, note.strip()))
        self._keeper.catch_up(info.branch)
        return self._infos([self._found(number)])[0]

    def close(self, number: int, verdict: str | None = None, note: str | None = None) -> IncidentInfo:
        """Close an incident because a person says so.

        Args:
            verdict: `expected`: the data are right; `no-problem`: noticing it was wrong. Only what no record can tell to be right, a
                complaint, may be closed without one.

        Raises:
            UsageError: `incident.none`; `usage.bad_argument` for another verdict.
            ConflictError: `incident.over`, `incident.stands`.
        """
        from andon.operations.incidents.by_hand import closed

        if verdict is not None and verdict not in list(IncidentVerdict):
            hint = f"one of {', '.join(IncidentVerdict)}"
            raise UsageError("usage.bad_argument", f"`{verdict}` is no verdict", hint=hint)
        who, given = self._workspace.caller.author, IncidentVerdict(verdict) if verdict is not None else None
        return self._changed(number, lambda case, at: closed(case, at, who, given, note))

    def reopen(self, number: int, note: str | None = None) -> IncidentInfo:
        """Open an incident again that somebody closed while it stood.

        Raises:
            UsageError: `incident.none`.
            ConflictError: `incident.stands`, `incident.over`.
        """
        from andon.operations.incidents.by_hand import reopened

        who = self._workspace.caller.author
        return self._changed(number, lambda case, at: reopened(case, at, who, note))

    def snooze(self, number: int, until: str | None, note: str | None = None) -> IncidentInfo:
        """Hear nothing of an incident until then: `2h`, `3d`, `2026-12-01T06:00`; of all that comes after it ends by itself.

        Args:
            until: None ends it now.

        Raises:
            UsageError: `incident.none`, `usage.bad_argument`.
            ConflictError: `incident.over`.
        """
        from andon.operations.incidents.by_hand import snoozed

        who, moment = self._workspace.caller.author, self._moment(until) if until is not None else None
        return self._changed(number, lambda case, at: snoozed(case, at, who, moment, note))

    def say(self, number: int, note: str) -> IncidentInfo:
        """Add a remark to an incident.

        Raises:
            UsageError: `incident.none`.
        """
        from andon.operations.incidents.by_hand import said

        who = self._workspace.caller.author
        return self._changed(number, lambda case, _: said(case, who, note))

    # -- parts

    def _changed(self, number: int, what: Callable[[Case, str], Case]) -> IncidentInfo:
        found = self._keeper.change(number, what)
        if found is None:
            raise _none(number)
        return self._infos([found])[0]

    def _found(self, number: int) -> Incident:
        incident = self._workspace.incidents.find(number)
        if incident is None:
            raise _none(number)
        return incident

    def _infos(self, incidents: Sequence[Incident]) -> Sequence[IncidentInfo]:
        from andon.service.incident_documents import info_of

        signals = self._workspace.incidents.signals(incident.number for incident in incidents)
        now, around = to_text(self._workspace.clock()), {}
        found = []
        for incident in incidents:
            if incident.branch not in around:
                around[incident.branch] = self._surroundings(incident.branch)
            beside, own = around[incident.branch], signals[incident.number]
            reached = beside.affected(_reached(incident, own))
            found.append(info_of(incident, own, reached, beside.owners.get(incident.dataset), now))
        return sorted(found, key=_place)

    def _surroundings(self, branch: str) -> Surroundings:
        from andon.service.needs import Surroundings
        from andon.workspace.view import View

        if self._around is None or self._workspace.lake.refs.find(branch) is None:
            return Surroundings({}, {}, {}, lambda _: set())
        return self._around(View.at(self._workspace, branch))

    def _moment(self, text: str) -> str:
        now = self._workspace.clock()
        duration = read_duration(text)
        if duration is not None:
            return to_text(duration.after(now))
        try:
            return to_text(from_text(text))
        except ValueError as error:
            hint = "`2h`, `3d`, `2026-12-01` or `2026-12-01T06:00`"
            raise UsageError("usage.bad_argument", f"`{text}` is not a time", where=text, hint=hint) from error


def _reached(incident: Incident, signals: Sequence[IncidentSignal]) -> set[str]:
    names = {signal.dataset for signal in signals if signal.cleared is None or incident.state.is_over}
    return {name for name in (*names, incident.dataset) if name}


def _place(info: IncidentInfo) -> tuple[object, ...]:
    affected = info.affected
    risk = (-affected.people, -len(affected.insights), -affected.datasets, -info.status.gravity)
    is_over = info.closed is not None and info.state == "closed"
    return (is_over, -info.incident) if is_over else (is_over, info.snoozed is not None, *risk, info.incident)


def told_of(incident: Incident, *, is_new: bool) -> str | None:
    """What the end of a run or of a proof says of an incident that changed."""
    number, where = incident.number, f"{incident.dataset}: " if incident.dataset else ""
    if incident.state.is_over:
        part = f"incident {number} is part of incident {incident.part_of}"
        return part if incident.part_of is not None else f"incident {number} closed: {where}right again"
    if is_new:
        word = "opened again" if incident.reopened else "opened"
        return f"incident {number} {word}: {where}{incident.title}"
    return None


def _none(number: int) -> UsageError:
    return UsageError(
        "incident.none",
        f"there is no incident {number}",
        hint="`andon incidents --all` lists them, those that are over too",
    )
