"""Doing corrective actions: begun in the record, done, and then verified or undone, whoever of several processes is there to do it.

An action is a row from before it does anything. What it publishes is known by its request, and the transaction that publishes asks once
more whether it still may. So whoever comes after a killed process can tell what was done, and brings it to its end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from andon.base.cancel import CancelToken
from andon.base.clock import from_text, to_text
from andon.base.graph import reach, reverse
from andon.base.process import is_gone, this_process
from andon.errors import AndonError, ConflictError, UsageError
from andon.model.action import ActionKind, ActionMode, ActionOutcome, CorrectiveAction
from andon.model.incident import Incident, IncidentState
from andon.model.playbook import Playbook, PlaybookMode, Playbooks
from andon.operations.actions.action import Done, Hands, IncidentScene
from andon.operations.actions.book import AUTHOR, STANDING, ActionBook
from andon.operations.actions.decide import (
    ActionRecord,
    IncidentSituation,
    Offer,
    all_of,
    plan_actions,
    results_of,
)
from andon.operations.actions.kinds import ACTIONS
from andon.operations.actions.verdict import verdict_on
from andon.state.pauses import ALL
from andon.workspace.view import View

if TYPE_CHECKING:
    from andon.base.database import Transaction
    from andon.model.check_result import CheckResult
    from andon.model.run import TaskResult
    from andon.workspace.workspace import Workspace

#: In which time an action that no playbook bounds must be verified.
_WITHIN = timedelta(minutes=30)


class ActionGuard:
    """What an action's runs ask while they go on: given to `Hands` for one action.

    Args:
        book: writes within the transaction that publishes.
        cancel: stops what goes on.
    """

    def __init__(
        self,
        book: ActionBook,
        action: CorrectiveAction,
        scene: IncidentScene,
        share: float | None,
        cancel: CancelToken,
    ) -> None:
        self._book = book
        self.cancel = cancel
        self.action = action
        self._scene = scene
        self._share = share

    def judge(self, tasks: Sequence[TaskResult], checks: Sequence[CheckResult]) -> str | None:
        """Why a result is not to be published: a check that failed fails again, or more rows change than may."""
        rows = self._scene.view.workspace.lake.objects.row_counts(
            [leaf.version for name, leaf in self._scene.view.state.leaves.items() if name == self._scene.dataset]
        )
        before = next((count for count, _ in rows.values()), None)
        return verdict_on(self._scene.situation, tasks, checks, before, self._share)

    def may_publish(self, transaction: Transaction) -> None:
        """Within the transaction that publishes: go on only with what is still this process's, and not frozen.

        Raises:
            ConflictError: `action.lost`, `action.frozen`.
        """
        self._book.require_own(transaction, self.action)

    def published(self, transaction: Transaction, commit: str) -> None:
        """Within the transaction that publishes: note it, and that something was done about the incident."""
        if commit != self.action.before:
            self._book.note_published(transaction, self.action, commit)


class Actor:
    """Does corrective actions, for one lake.

    Args:
        hands: by what an action is done, given what its runs ask.
        catch_up: brings the incidents of a branch up to the record.
    """

    def __init__(
        self, workspace: Workspace, hands: Callable[[ActionGuard], Hands], catch_up: Callable[[str], object]
    ) -> None:
        self._workspace = workspace
        self._hands = hands
        self._catch_up = catch_up
        self._book = ActionBook(workspace)
        self._actions = workspace.actions
        self._incidents = workspace.incidents

    # -- what there is to do

    def offers(self, incident: Incident, record: ActionRecord | None = None) -> tuple[Offer, ...]:
        """What answers an incident, and why it does not act now."""
        view = View.at(self._workspace, incident.branch)
        return self._offers(view, self._situation(view, incident), record or self.record(view))

    def record(self, view: View) -> ActionRecord:
        """What was done lately."""
        now = self._workspace.clock()
        playbooks = all_of(view.project.playbooks)
        actions = self._actions.of_playbooks(playbook.id for playbook in playbooks)
        incidents = self._incidents.of_numbers({action.incident for action in actions})
        return ActionRecord(
            recent=tuple(self._actions.since(to_text(now - timedelta(days=1)))),
            results=results_of(playbooks, actions, {n: i.verdict for n, i in incidents.items()}),
            freeze=self._actions.freeze(),
            busy=self._busy(view),
        )

    def act(self, branch: str, cancel: CancelToken | None = None) -> list[CorrectiveAction]:
        """One pass: bring to its end what was begun, then do what is due. Returns what was done.

        The incidents of the branch are up to the record already.

        Args:
            cancel: stops the run of an action, and what would come after it.
        """
        if self._workspace.lake.database.is_read_only or self._workspace.lake.refs.find(branch) is None:
            return []
        ended = self.settle(branch)
        standing = [i for i in self._incidents.standing(branch) if i.state in STANDING]
        known: tuple[View, ActionRecord, dict[int, IncidentSituation]] | None = None
        for incident in standing:
            if cancel is not None and cancel.is_cancelled:
                break
            if known is None:  # read for all of them, and again after something was done
                view = View.at(self._workspace, branch)
                known = view, self.record(view), self._situations(view, standing)
            view, record, situations = known
            situation = situations[incident.number]
            offers = self._offers(view, situation, record)
            due = next((offer for offer in offers if offer.is_due), None)
            if due is None:
                for offer in offers:
                    self._book.refuse(situation, offer)
                continue
            mode = ActionMode.AUTOMATIC if due.level is PlaybookMode.AUTOMATIC else ActionMode.SUPERVISED
            done = self._do(view, situation, due.playbook.do, due.playbook.params, mode, AUTHOR, due.playbook, cancel)
            if done is not None:
                ended.append(done)
            known = None
        return ended

    def fix(
        self, incident: Incident, kind: ActionKind, params: Mapping[str, Any], actor: str, playbook: Playbook | None
    ) -> CorrectiveAction:
        """Do an action because a person says so: breakers and a freeze don't hold it, and it is verified all the same.

        Args:
            playbook: whose suggestion the person takes.

        Raises:
            UsageError: `action.unfit` where it can't be done about this incident; `action.running` where one is being done.
        """
        view = View.at(self._workspace, incident.branch)
        situation = self._situation(view, incident)
        if incident.state is IncidentState.CLOSED:
            raise UsageError(
                "action.unfit",
                f"incident {incident.number} is over",
                where=f"incident {incident.number}",
                hint="`andon incidents` lists what stands",
            )
        why = ACTIONS[kind].unfit(self._scene(view, situation, params))
        if why is not None:
            fitting = [str(k) for k, a in ACTIONS.items() if a.unfit(self._scene(view, situation, {})) is None]
            raise UsageError(
                "action.unfit",
                f"`{kind}` does not fit incident {incident.number}: {why}",
                where=f"incident {incident.number}",
                hint=f"what fits: {', '.join(f'`{name}`' for name in fitting)}",
            )
        mode = ActionMode.SUGGESTED if playbook is not None else ActionMode.MANUAL
        done = self._do(view, situation, kind, params, mode, actor, playbook)
        if done is None:
            raise UsageError(
                "action.running",
                f"something is being done about incident {incident.number} already",
                where=f"incident {incident.number}",
                hint="`andon actions` shows what; wait until it is over",
            )
        return done

    def _busy(self, view: View) -> dict[str, str]:
        """The datasets that nothing is done about by itself: the scheduler takes care of them, or they are paused."""
        now, branch = to_text(self._workspace.clock()), view.ref
        pauses = self._workspace.pauses.of(branch, now)
        paused = {d: f"paused by {pause.who}" for d, pause in pauses.items()}
        if ALL in paused:
            paused = {**dict.fromkeys(("", *view.state.leaves), paused[ALL]), **paused}
        claims = self._workspace.claims.of(branch)
        made = {
            d: "it is being made" for d, c in claims.items() if c.holder and c.until > now and not is_gone(c.process)
        }
        tried = {
            dataset: f"the scheduler tries it again at {attempt.again}"
            for dataset, attempt in self._workspace.attempts.of(branch).items()
            if attempt.again is not None and attempt.again > now
        }
        return {**tried, **made, **paused}

    # -- one action

    def _do(
        self,
        view: View,
        situation: IncidentSituation,
        kind: ActionKind,
        params: Mapping[str, Any],
        mode: ActionMode,
        actor: str,
        playbook: Playbook | None,
        cancel: CancelToken | None = None,
    ) -> CorrectiveAction | None:
        """Begin, do, verify; None where another process was quicker."""
        incident = situation.incident
        wanted = CorrectiveAction(
            0,
            incident.number,
            incident.dataset,
            incident.branch,
            to_text(self._workspace.clock()),
            kind,
            actor,
            mode,
            playbook.id if playbook is not None else None,
            dict(params),
            tuple(signal.fingerprint for signal in situation.aims),
            view.commit.id,
            process=this_process(),
        )
        action = self._book.begin(wanted, situation)
        if action is None:
            return None
        scene = self._scene(view, situation, params)
        share = playbook.bounds.share if playbook is not None else None
        asked = ActionGuard(self._book, action, scene, share, cancel or CancelToken())
        try:
            done = ACTIONS[kind].do(scene, self._hands(asked))
        except AndonError as error:
            done = self._failed(action, error)
        except BaseException:
            # what was published stays to be verified by who comes next; if nothing was, that is told then
            self._book.let_go(action)
            raise
        return self._after(action, done)

    def _after(self, action: CorrectiveAction, done: Done) -> CorrectiveAction:
        if done.kept:
            self._book.keep(action, done.kept)
        if done.outcome is ActionOutcome.RUNNING:
            if done.commit is not None and not self._book.is_noted(action):
                with self._workspace.lake.database.write() as transaction:
                    self._book.note_published(transaction, action, done.commit)
            return self._verified(action.seq, done.why)
        return self._book.end(action.seq, done.outcome, done.why)

    def _failed(self, action: CorrectiveAction, error: AndonError) -> Done:
        """What an error came to: what was published before it is verified all the same."""
        commit = self._book.commit_of(action)
        if commit is not None:
            return Done(ActionOutcome.RUNNING, error.message, commit)
        # what was stopped says nothing against a playbook
        is_stopped = error.code in ("action.frozen", "build.interrupted")
        return Done(ActionOutcome.REFUSED if is_stopped else ActionOutcome.FAILED, error.message)

    # -- verified or undone

    def settle(self, branch: str) -> list[CorrectiveAction]:
        """Bring to its end what was begun and nobody does any more: verified, undone, or found to have published nothing."""
        self._book.note_undone(branch)
        self._book.resume_paused(branch)
        ended = []
        for action in self._actions.running(branch):
            if not self._is_left(action) or not self._book.take_over(action):
                continue
            commit = self._book.commit_of(action)
            if commit is None:
                why = "whoever did it was stopped before anything was published"
                ended.append(self._book.end(action.seq, ActionOutcome.FAILED, why, is_interrupted=True))
                continue
            if action.after is None:
                with self._workspace.lake.database.write() as transaction:
                    self._book.note_published(transaction, action, commit)
            found = self._verified(action.seq, action.why)
            if found.outcome is not ActionOutcome.RUNNING:
                ended.append(found)
        return ended

    def _verified(self, seq: int, why: str) -> CorrectiveAction:
        """The action after it was seen what readers have by now: verified; undone, where it did not help; or still to be verified, where
        nothing tells yet."""
        action = self._book.require(seq)
        self._catch_up(action.branch)
        signals = self._incidents.signals([action.incident])[action.incident]
        left = [s for s in signals if s.fingerprint in action.aims and s.cleared is None]
        if not left:
            return self._book.end(seq, ActionOutcome.VERIFIED, why)
        if action.after is None:  # nothing was published, so there is nothing to wait for nor to take back
            return self._book.end(seq, ActionOutcome.FAILED, why)
        is_told_by_looks = all(not signal.kind.is_of_runs and signal.run is None for signal in left)
        if is_told_by_looks and self._workspace.clock() < from_text(action.at) + self._within(action):
            self._book.let_go(action)
            return self._book.require(seq)
        if action.mode.is_by_itself and self._actions.freeze() is not None:
            self._book.let_go(action)  # taken back when somebody lets automatic action go on
            return self._book.require(seq)
        try:
            self._take_back(action)
        except ConflictError as error:
            if error.code == "action.lost":
                return self._book.require(seq)
            self._book.let_go(action)  # others publish at this moment: the next pass takes it back
            return self._book.require(seq)
        except AndonError as error:
            return self._book.end(
                seq, ActionOutcome.FAILED, f"it did not help, and could not be taken back: {error.message}"
            )
        return self._book.end(seq, ActionOutcome.UNDONE, f"it did not help: {left[0].what}")

    def _take_back(self, action: CorrectiveAction) -> None:
        """Take back what an action published, once: who asks again is answered what was done."""
        view = View.at(self._workspace, action.branch)
        incident = self._incidents.find(action.incident)
        assert incident is not None  # incidents are never deleted
        scene = self._scene(view, self._situation(view, incident), action.params)
        assert action.after is not None  # nothing is taken back that was not published
        self._hands(ActionGuard(self._book, action, scene, None, CancelToken())).take_back(action.after)

    # -- parts

    def _situation(self, view: View, incident: Incident) -> IncidentSituation:
        return self._situations(view, [incident])[incident.number]

    def _situations(self, view: View, incidents: Sequence[Incident]) -> dict[int, IncidentSituation]:
        """What is known of incidents, by number; in as many statements however many they are."""
        datasets = view.project.datasets
        readers = reverse({name: list(said.definition.inputs) for name, said in datasets.items()})
        numbers = [incident.number for incident in incidents]
        signals, actions = self._incidents.signals(numbers), self._actions.of_incidents(numbers)
        found = {}
        for incident in incidents:
            said, name = datasets.get(incident.dataset), incident.dataset
            below = reach(readers, [name]) - {name} if said is not None else set()
            found[incident.number] = IncidentSituation(
                incident,
                tuple(signals[incident.number]),
                said.tags if said is not None else (),
                said.owner if said is not None else None,
                len(below),
                tuple(actions[incident.number]),
            )
        return found

    def _scene(self, view: View, situation: IncidentSituation, params: Mapping[str, Any]) -> IncidentScene:
        return IncidentScene(situation, view, params, str(self._workspace.root), self._workspace.clock())

    def _offers(self, view: View, situation: IncidentSituation, record: ActionRecord) -> tuple[Offer, ...]:
        def unfit(playbook: Playbook) -> str | None:
            return ACTIONS[playbook.do].unfit(self._scene(view, situation, playbook.params))

        return plan_actions(situation, view.project.playbooks, record, self._workspace.clock(), unfit)

    def _is_left(self, action: CorrectiveAction) -> bool:
        """Whether nobody does it any more: let go, its process gone, or its time over."""
        if not action.process or is_gone(action.process):
            return True
        return self._workspace.clock() > from_text(action.at) + self._within(action)

    def _within(self, action: CorrectiveAction) -> timedelta:
        playbooks: Playbooks = View.at(self._workspace, action.branch).project.playbooks
        own = next((playbook for playbook in all_of(playbooks) if playbook.id == action.playbook), None)
        return timedelta(seconds=own.bounds.within) if own is not None else _WITHIN
