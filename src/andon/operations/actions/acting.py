"""What corrective actions are due, and having them done: in a pass, beside what else it does, or because a person says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from andon.base.cancel import CancelToken
from andon.base.clock import to_text
from andon.base.process import is_gone
from andon.base.record import replace
from andon.errors import UsageError
from andon.model.action import ActionKind, ActionMode, CorrectiveAction
from andon.model.incident import Incident, IncidentState
from andon.model.playbook import Playbook, PlaybookMode
from andon.operations.actions.action import Hands
from andon.operations.actions.book import STANDING, ActionBook
from andon.operations.actions.decide import (
    ActionRecord,
    IncidentSituation,
    Offer,
    all_of,
    plan_actions,
    results_of,
)
from andon.operations.actions.doing import ActionGuard, Doer, WantedAction, situations
from andon.operations.actions.kinds import ACTIONS
from andon.operations.actions.workers import ActionWorkers
from andon.state.pauses import ALL
from andon.workspace.caller import BY_ITSELF
from andon.workspace.view import View

if TYPE_CHECKING:
    from andon.workspace.workspace import Workspace


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
        self._doer = Doer(workspace, hands, catch_up)
        self._book = ActionBook(workspace)
        self._actions = workspace.actions
        self._incidents = workspace.incidents
        self._workers = ActionWorkers(max(1, int(workspace.settings.get("engine.at_once"))))

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
            results=results_of(playbooks, actions, {number: each.verdict for number, each in incidents.items()}),
            freeze=self._actions.freeze(),
            busy=self._busy(view),
        )

    def act(self, branch: str, cancel: CancelToken | None = None, *, is_beside: bool = False) -> list[CorrectiveAction]:
        """One pass: bring to its end what was begun, then do what is due. Returns what was done.

        The incidents of the branch are up to the record already.

        Args:
            cancel: stops the run of an action, and what would come after it.
            is_beside: whether what is begun goes on after the pass; the next one tells what came of it, and `wait` waits for it.
        """
        if self._workspace.lake.database.is_read_only or self._workspace.lake.refs.find(branch) is None:
            return []
        stop = cancel or CancelToken()
        self._workers.stop_late(self._doer.is_late)
        ended = self._doer.settle(self._workers.numbers)
        done: set[int] = set()
        while self._begin_due(branch, stop, done) and not is_beside:
            ended += self._workers.wait()
        return ended + self._workers.collect()

    def wait(self) -> list[CorrectiveAction]:
        """Wait for all that goes on beside; returns what came of it."""
        return self._workers.wait()

    def _begin_due(self, branch: str, stop: CancelToken, done: set[int]) -> bool:
        """Begin what is due about incidents that are not `done`, and take them among these; whether anything was begun.

        What is about one thing, or about what another reads, follows: the first may be the end of it.
        """
        standing = [i for i in self._incidents.standing(branch) if i.state in STANDING and i.number not in done]
        if not standing or stop.is_cancelled:
            return False
        view, is_any = View.at(self._workspace, branch), False
        record, known = self.record(view), situations(self._workspace, view, standing)
        for incident in standing:
            situation = known[incident.number]
            if stop.is_cancelled or self._workers.is_full:
                break
            if self._workers.is_about(situation):
                continue
            offers = self._offers(view, situation, record, is_acting=True)
            due = next((offer for offer in offers if offer.is_due), None)
            done.add(incident.number)
            if due is None:
                for offer in offers:
                    self._book.refuse(situation, offer)
                continue
            mode = ActionMode.AUTOMATIC if due.level is PlaybookMode.AUTOMATIC else ActionMode.SUPERVISED
            wanted = WantedAction(due.playbook.do, due.playbook.params, mode, BY_ITSELF, due.playbook)
            begun = self._doer.begin(view, situation, wanted)
            if begun is not None:
                self._workers.begin(begun.action, situation, partial(self._doer.do, begun), stop)
                record, is_any = replace(record, recent=(*record.recent, begun.action)), True
        return is_any

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
        why = ACTIONS[kind].unfit(self._doer.scene(view, situation, params, playbook))
        if why is not None:
            fitting = [str(k) for k, a in ACTIONS.items() if a.unfit(self._doer.scene(view, situation, {})) is None]
            raise UsageError(
                "action.unfit",
                f"`{kind}` does not fit incident {incident.number}: {why}",
                where=f"incident {incident.number}",
                hint=f"what fits: {', '.join(f'`{name}`' for name in fitting)}",
            )
        mode = ActionMode.SUGGESTED if playbook is not None else ActionMode.MANUAL
        begun = self._doer.begin(view, situation, WantedAction(kind, params, mode, actor, playbook))
        if begun is None:
            raise UsageError(
                "action.running",
                f"something is being done about incident {incident.number} already",
                where=f"incident {incident.number}",
                hint="`andon actions` shows what; wait until it is over",
            )
        return self._doer.do(begun, CancelToken())

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

    # -- parts

    def _situation(self, view: View, incident: Incident) -> IncidentSituation:
        return situations(self._workspace, view, [incident])[incident.number]

    def _offers(
        self, view: View, situation: IncidentSituation, record: ActionRecord, *, is_acting: bool = False
    ) -> tuple[Offer, ...]:
        def unfit(playbook: Playbook) -> str | None:
            return ACTIONS[playbook.do].unfit(self._doer.scene(view, situation, playbook.params, playbook))

        now = self._workspace.clock()
        return plan_actions(situation, view.project.playbooks, record, now, unfit, is_acting=is_acting)
