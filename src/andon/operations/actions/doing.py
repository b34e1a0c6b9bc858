"""One corrective action: begun in the record, done, and then verified or undone, whoever of several processes is there to do it.

An action is a row from before it does anything. What it publishes is known by its request, and the transaction that publishes asks once
more whether it still may. So whoever comes after a killed process can tell what was done, and brings it to its end.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from andon.base.cancel import CancelToken
from andon.base.clock import from_text, to_text
from andon.base.graph import reach, reverse
from andon.base.process import is_gone, this_process
from andon.base.record import Record
from andon.errors import AndonError, ConflictError
from andon.model.action import ActionKind, ActionMode, ActionOutcome, CorrectiveAction
from andon.model.incident import Incident
from andon.model.playbook import Playbook, Playbooks
from andon.operations.actions.action import Done, Hands, IncidentScene
from andon.operations.actions.book import ActionBook
from andon.operations.actions.decide import IncidentSituation, all_of
from andon.operations.actions.kinds import ACTIONS
from andon.operations.actions.verdict import verdict_on
from andon.workspace.view import View

if TYPE_CHECKING:
    from andon.base.database import Transaction
    from andon.model.check_result import CheckResult
    from andon.model.run import TaskResult
    from andon.workspace.workspace import Workspace

#: In which time an action that no playbook bounds must be verified.
_WITHIN = timedelta(minutes=30)


class WantedAction(Record):
    """What is to be done: by which playbook, if by any, in which mode, in whose name."""

    kind: ActionKind
    params: Mapping[str, Any]
    mode: ActionMode
    actor: str
    playbook: Playbook | None = None


class Begun(Record):
    """An action that stands in the record, and is still to be done."""

    action: CorrectiveAction
    scene: IncidentScene


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


def situations(workspace: Workspace, view: View, incidents: Iterable[Incident]) -> dict[int, IncidentSituation]:
    """What is known of incidents, by number: as many statements however many there are."""
    found = list(incidents)
    project, numbers = view.project, [incident.number for incident in found]
    readers = reverse({name: list(each.definition.inputs) for name, each in project.datasets.items()})
    signals, actions = workspace.incidents.signals(numbers), workspace.actions.of_incidents(numbers)
    below: dict[str, frozenset[str]] = {}
    for name in {incident.dataset for incident in found} & project.datasets.keys():
        below[name] = frozenset(reach(readers, [name]) - {name})
    result = {}
    for incident in found:
        said = project.datasets.get(incident.dataset)
        result[incident.number] = IncidentSituation(
            incident,
            tuple(signals[incident.number]),
            said.tags if said is not None else (),
            said.owner if said is not None else None,
            below.get(incident.dataset, frozenset()),
            tuple(actions[incident.number]),
        )
    return result


class Doer:
    """Does corrective actions one by one, for one lake; several threads may at once.

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

    def scene(
        self, view: View, situation: IncidentSituation, params: Mapping[str, Any], playbook: Playbook | None = None
    ) -> IncidentScene:
        """Where an action is done."""
        share = params.get("share", playbook.bounds.share if playbook is not None else None)
        return IncidentScene(situation, view, params, str(self._workspace.root), self._workspace.clock(), share)

    # -- one action

    def begin(self, view: View, situation: IncidentSituation, wanted: WantedAction) -> Begun | None:
        """Begin an action; None where another process was quicker."""
        incident, playbook = situation.incident, wanted.playbook
        action = self._book.begin(
            CorrectiveAction(
                0,
                incident.number,
                incident.dataset,
                incident.branch,
                to_text(self._workspace.clock()),
                wanted.kind,
                wanted.actor,
                wanted.mode,
                playbook.id if playbook is not None else None,
                dict(wanted.params),
                tuple(signal.fingerprint for signal in situation.aims),
                view.commit.id,
                process=this_process(),
            ),
            situation,
        )
        return Begun(action, self.scene(view, situation, wanted.params, playbook)) if action is not None else None

    def do(self, begun: Begun, cancel: CancelToken) -> CorrectiveAction:
        """Do what was begun, and verify it."""
        action, scene = begun.action, begun.scene
        share = scene.share if not action.action.is_about_rows else None
        asked = ActionGuard(self._book, action, scene, share, cancel)
        try:
            done = ACTIONS[action.action].do(scene, self._hands(asked))
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

    def settle(self, here: Collection[int] = ()) -> list[CorrectiveAction]:
        """Bring to its end what was begun, on whichever branch, and nobody does any more: verified, undone, or found to have published
        nothing.

        Args:
            here: numbers of those that this very process does.
        """
        self._book.note_undone()
        self._book.resume_paused()
        ended = []
        for action in self._actions.running():
            if action.seq in here or not self.is_left(action) or not self._book.take_over(action):
                continue
            if self._workspace.lake.refs.find(action.branch) is None:
                ended.append(self._book.end(action.seq, ActionOutcome.FAILED, "its branch is gone"))
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
        scene = self.scene(view, situations(self._workspace, view, [incident])[incident.number], action.params)
        assert action.after is not None  # nothing is taken back that was not published
        self._hands(ActionGuard(self._book, action, scene, None, CancelToken())).take_back(action.after)

    def is_left(self, action: CorrectiveAction) -> bool:
        """Whether nobody does it any more: let go, its process gone, or its time over."""
        return not action.process or is_gone(action.process) or self.is_late(action)

    def is_late(self, action: CorrectiveAction) -> bool:
        """Whether its time is over."""
        return self._workspace.clock() > from_text(action.at) + self._within(action)

    def _within(self, action: CorrectiveAction) -> timedelta:
        if action.playbook is None or self._workspace.lake.refs.find(action.branch) is None:
            return _WITHIN
        playbooks: Playbooks = View.at(self._workspace, action.branch).project.playbooks
        own = next((playbook for playbook in all_of(playbooks) if playbook.id == action.playbook), None)
        return timedelta(seconds=own.bounds.within) if own is not None else _WITHIN
