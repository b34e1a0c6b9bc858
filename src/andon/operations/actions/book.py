"""The record of corrective actions while they are done: begun, published, ended, each step told on the incident in its transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from andon.base.clock import to_text
from andon.base.process import this_process
from andon.base.record import replace
from andon.errors import ConflictError
from andon.lake.undo import with_undone
from andon.model.action import ActionKind, ActionMode, ActionOutcome, CorrectiveAction
from andon.model.incident import IncidentEvent, IncidentEventKind, IncidentState
from andon.model.playbook import PlaybookMode
from andon.operations.actions.decide import IncidentSituation, Offer
from andon.state.actions import UNDONE
from andon.workspace.caller import BY_ITSELF

if TYPE_CHECKING:
    from andon.base.database import Transaction
    from andon.workspace.workspace import Workspace

#: States of incidents about which something is to be done.
STANDING = (IncidentState.OPEN, IncidentState.CONTAINED)


class ActionBook:
    """Writes what becomes of actions, for one lake."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._actions = workspace.actions
        self._incidents = workspace.incidents

    # -- begun

    def begin(self, wanted: CorrectiveAction, situation: IncidentSituation) -> CorrectiveAction | None:
        """Begin an action; None where another process is doing something about the incident, or did since it was looked at, or all that is
        automatic was stopped."""
        mode, incident = wanted.mode, situation.incident
        with self._workspace.lake.database.write() as transaction:
            running = self._actions.running(transaction)
            if any(other.incident == incident.number for other in running):
                return None
            if mode.is_by_itself and self._actions.freeze(transaction) is not None:
                return None
            current = self._incidents.find(incident.number, transaction)
            if mode.is_by_itself and (current is None or current.state not in STANDING):
                return None
            if mode.is_by_itself and self._was_quicker(transaction, situation):
                return None
            action = self._actions.begin(transaction, wanted)
            self._tell(transaction, action, words(action), begun=True)
        return action

    def _was_quicker(self, transaction: Transaction, situation: IncidentSituation) -> bool:
        """Whether another process did something about the incident since it was looked at."""
        last = max((action.seq for action in situation.actions), default=0)
        newest = self._actions.newest(1, situation.incident.number, transaction)
        return bool(newest) and newest[0].seq > last

    def let_go(self, action: CorrectiveAction) -> None:
        """Let who comes next bring an action to its end."""
        with self._workspace.lake.database.write() as transaction:
            current = self._actions.find(action.seq, transaction)
            if current is not None and current.outcome is ActionOutcome.RUNNING:
                self._actions.put(transaction, replace(current, process=""))

    def take_over(self, action: CorrectiveAction) -> bool:
        """Make an action this process's; False where another one was quicker."""
        with self._workspace.lake.database.write() as transaction:
            current = self._actions.find(action.seq, transaction)
            if current is None or current.outcome is not ActionOutcome.RUNNING or current.process != action.process:
                return False
            self._actions.put(transaction, replace(current, process=this_process()))
        return True

    # -- published

    def require_own(self, transaction: Transaction, action: CorrectiveAction) -> None:
        """Go on only with an action that is still this process's, and not frozen.

        Raises:
            ConflictError: `action.lost`, `action.frozen`.
        """
        current = self._actions.find(action.seq, transaction)
        if current is None or current.outcome is not ActionOutcome.RUNNING or current.process != action.process:
            raise ConflictError(
                "action.lost",
                "another process brought this action to its end: this one was silent for too long",
                where=f"incident {action.incident}",
                hint="nothing is to do; `andon actions` shows what came of it",
            )
        freeze = self._actions.freeze(transaction)
        if action.mode.is_by_itself and freeze is not None:
            raise ConflictError(
                "action.frozen",
                f"{freeze.who} stopped all automatic action",
                where=f"incident {action.incident}",
                hint="`andon freeze --off` lets it go on",
            )

    def note_published(self, transaction: Transaction, action: CorrectiveAction, commit: str) -> None:
        """Note what an action published, and that something was done about its incident."""
        current = self._actions.find(action.seq, transaction)
        if current is None or current.after == commit:
            return
        self._actions.put(transaction, replace(current, after=commit))
        now = to_text(self._workspace.clock())
        incident = self._incidents.find(action.incident, transaction)
        if incident is not None and incident.state in STANDING:
            fixed = replace(incident, state=IncidentState.FIXED, fixed=now)
            self._incidents.put(transaction, fixed)
            event = IncidentEvent(
                0,
                incident.number,
                now,
                IncidentEventKind.STATE,
                action.actor,
                IncidentState.FIXED,
                f"{words(action)}: {commit[:8]}",
                {"before": str(incident.state), "action": action.seq},
            )
            self._incidents.add_event(transaction, event)

    def end(self, seq: int, outcome: ActionOutcome, why: str, *, is_interrupted: bool = False) -> CorrectiveAction:
        """Note what became of an action, and tell it on its incident."""
        with self._workspace.lake.database.write() as transaction:
            action = self._actions.find(seq, transaction)
            assert action is not None  # begun before
            if action.outcome is not ActionOutcome.RUNNING:
                return action
            now = to_text(self._workspace.clock())
            undone = now if outcome is ActionOutcome.UNDONE else None
            ended = replace(
                action,
                outcome=outcome,
                why=why,
                ended=now,
                undone_at=undone,
                process="",
                is_interrupted=is_interrupted,
            )
            self._actions.put(transaction, ended)
            self._reopen(transaction, ended, now)
            self._tell(transaction, ended, f"{words(ended)}: {outcome}, {why}" if why else f"{words(ended)}: {outcome}")
        return ended

    def _reopen(self, transaction: Transaction, action: CorrectiveAction, now: str) -> None:
        """An incident that something in vain was done about is not fixed any more."""
        incident = self._incidents.find(action.incident, transaction)
        if incident is None or incident.state is not IncidentState.FIXED or action.outcome is ActionOutcome.VERIFIED:
            return
        signals = self._incidents.signals([incident.number], transaction)[incident.number]
        standing = [signal for signal in signals if signal.cleared is None]
        is_contained = bool(standing) and all(signal.is_held for signal in standing)
        state = IncidentState.CONTAINED if is_contained else IncidentState.OPEN
        self._incidents.put(transaction, replace(incident, state=state, fixed=None))
        event = IncidentEvent(
            0,
            incident.number,
            now,
            IncidentEventKind.STATE,
            BY_ITSELF,
            state,
            "what was done did not help",
            {"before": "fixed"},
        )
        self._incidents.add_event(transaction, event)

    def refuse(self, situation: IncidentSituation, offer: Offer) -> None:
        """Note once that a breaker keeps a playbook from acting, and call a person."""
        playbook, incident = offer.playbook, situation.incident
        known = [a for a in situation.actions if a.outcome is ActionOutcome.REFUSED and a.playbook == playbook.id]
        if not offer.is_breaker or any(action.at >= incident.opened for action in known):
            return
        now = to_text(self._workspace.clock())
        refused = CorrectiveAction(
            0,
            incident.number,
            incident.dataset,
            incident.branch,
            now,
            playbook.do,
            BY_ITSELF,
            ActionMode.AUTOMATIC if offer.level is PlaybookMode.AUTOMATIC else ActionMode.SUPERVISED,
            playbook.id,
            dict(playbook.params),
            outcome=ActionOutcome.REFUSED,
            why=offer.why,
            ended=now,
        )
        with self._workspace.lake.database.write() as transaction:
            self._tell(
                transaction, self._actions.begin(transaction, refused), f"{playbook.do} is not done: {offer.why}"
            )

    def _tell(self, transaction: Transaction, action: CorrectiveAction, what: str, *, begun: bool = False) -> None:
        """An event of the incident. Where a person has to look, it says so."""
        incident = self._incidents.find(action.incident, transaction)
        if incident is None:
            return
        is_vain = action.outcome.is_failure and not action.is_interrupted
        calls = not begun and (
            action.outcome is ActionOutcome.REFUSED
            or action.mode is ActionMode.SUPERVISED
            or (is_vain and action.mode.is_by_itself)
            or action.action in (ActionKind.NOTIFY, ActionKind.REQUEST)
        )
        body = {
            "action": action.seq,
            "do": str(action.action),
            "mode": str(action.mode),
            "outcome": str(action.outcome),
            "calls": calls,
        }
        event = IncidentEvent(
            0,
            incident.number,
            to_text(self._workspace.clock()),
            IncidentEventKind.ACTION,
            action.actor,
            incident.state,
            what,
            body,
        )
        self._incidents.add_event(transaction, event)

    def note_undone(self) -> None:
        """Note of what was verified lately whether a person took it back since."""
        since = to_text(self._workspace.clock() - UNDONE)
        by_branch: dict[str, dict[str, CorrectiveAction]] = {}
        for action in self._actions.verified(since):
            by_branch.setdefault(action.branch, {})[str(action.after)] = action
        found = [each for branch, open_ in by_branch.items() for each in self._taken_back(branch, open_, since)]
        if not found:
            return
        now = to_text(self._workspace.clock())
        with self._workspace.lake.database.write() as transaction:
            for action in found:
                self._actions.put(transaction, replace(action, undone_at=now))

    def _taken_back(self, branch: str, open_: Mapping[str, CorrectiveAction], since: str) -> list[CorrectiveAction]:
        """Those of actions, by the commit that each published, that are undone by now; nothing older than all of them is read."""
        ref, lake = self._workspace.lake.refs.find(branch), self._workspace.lake
        if ref is None:
            return []
        found, left = [], set(open_)
        for commit, is_undone in with_undone(lake.commits.first_parents(lake.commits.get(ref.commit))):
            if is_undone and commit.id in open_:
                found.append(open_[commit.id])
            left.discard(commit.id)
            if not left or commit.time < since:
                break
        return found

    def resume_paused(self) -> None:
        """Let go on what was paused for incidents that are over."""
        pausing = self._actions.pausing()
        incidents = self._incidents.of_numbers({action.incident for action in pausing})
        over = [a for a in pausing if a.incident in incidents and incidents[a.incident].state.is_over]
        for branch in sorted({action.branch for action in over}):
            mine, now = [a for a in over if a.branch == branch], to_text(self._workspace.clock())
            reasons = {pause_words(action.incident) for action in mine}
            paused = self._workspace.pauses.of(branch, now)
            own = [name for name, pause in paused.items() if pause.why in reasons]
            if own:
                self._workspace.pauses.end(branch, own)
            with self._workspace.lake.database.write() as transaction:
                for action in mine:
                    self._actions.put(transaction, replace(action, undone_at=now))

    def commit_of(self, action: CorrectiveAction) -> str | None:
        """The commit by which an action moved its branch, if it did."""
        if action.after is not None:
            return action.after
        move = self._workspace.lake.refs.answered(action.request)
        return move.new if move is not None and move.ref == action.branch and move.new != action.before else None

    def is_noted(self, action: CorrectiveAction) -> bool:
        """Whether it is noted that an action published something."""
        return self.require(action.seq).after is not None

    def keep(self, action: CorrectiveAction, kept: Mapping[str, Any]) -> None:
        """Keep further plain values with an action."""
        with self._workspace.lake.database.write() as transaction:
            current = self._actions.find(action.seq, transaction) or action
            self._actions.put(transaction, replace(current, params={**current.params, "result": dict(kept)}))

    def require(self, seq: int) -> CorrectiveAction:
        """The action of this number."""
        found = self._actions.find(seq)
        assert found is not None  # actions are never deleted
        return found


def pause_words(incident: int) -> str:
    """Why something is paused for an incident: by that it is known which pauses end with it."""
    return f"incident {incident}"


def words(action: CorrectiveAction) -> str:
    """An action for people."""
    return f"{action.action} of {action.dataset or 'all'}"
