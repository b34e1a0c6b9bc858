"""What corrective actions are done with: the verbs of the service, in the name of who acts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from andon.base.clock import to_text
from andon.base.graph import reach, reverse
from andon.base.record import replace
from andon.errors import HeldError
from andon.model.action import ActionKind
from andon.model.commit import CommitKind
from andon.operations.actions.action import PersonAsked
from andon.operations.actions.book import pause_words
from andon.operations.actions.claiming import claimed
from andon.runs.goal import Listener, RunOptions
from andon.service.editing import ToEdit
from andon.workspace.view import View

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from andon.base.cancel import CancelToken
    from andon.base.database import Transaction
    from andon.model.run import RunResult
    from andon.operations.actions.doing import ActionGuard
    from andon.service.branches import Branches
    from andon.service.editing import Editing
    from andon.service.incidents import IncidentDesk
    from andon.service.requests import RequestDesk
    from andon.service.runs import Runs
    from andon.service.scheduling import Scheduling
    from andon.service.undo import Undoing
    from andon.service.undo_older import Reverting
    from andon.workspace.workspace import Workspace


class Acting(Protocol):
    """The verbs by which actions are done, in the name of somebody: those of `Service`."""

    @property
    def workspace(self) -> Workspace: ...
    @property
    def runs(self) -> Runs: ...
    @property
    def branches(self) -> Branches: ...
    @property
    def editing(self) -> Editing: ...
    @property
    def incidents(self) -> IncidentDesk: ...
    @property
    def requests(self) -> RequestDesk: ...
    @property
    def scheduling(self) -> Scheduling: ...
    @property
    def undoing(self) -> Undoing: ...
    @property
    def reverting(self) -> Reverting: ...


class ServiceHands:
    """Does with the verbs of the service what an action asks for; every publish asks the action whether it may."""

    def __init__(self, service: Acting, asked: ActionGuard) -> None:
        self._service = service
        self._action = asked.action
        self._asked = asked
        self._listener = Listener(
            cancel=asked.cancel, judge=asked.judge, may_publish=asked.may_publish, published=asked.published
        )
        # what takes back is wanted whatever checks say: readers see again what they saw
        self._back = Listener(may_publish=asked.may_publish)

    @property
    def cancel(self) -> CancelToken:
        """See `Hands`."""
        return self._asked.cancel

    def refresh(self, options: RunOptions) -> RunResult:
        """See `Hands`."""
        words = f"incident {self._action.incident}: {self._action.action} of {self._action.dataset or 'all'}"
        paused = self._paused() if self._action.mode.is_by_itself else ()
        chosen = replace(
            options,
            branch=self._action.branch,
            message=words,
            request=self._action.request,
            exclude=(*options.exclude, *paused),
        )
        with claimed(self._service.workspace, self._action.branch, self._reach(options), self.cancel) as claim:

            def may_publish(transaction: Transaction) -> None:
                self._asked.may_publish(transaction)
                claim.require(transaction)

            listener = replace(self._listener, cancel=claim.cancel, may_publish=may_publish)
            return self._service.runs.refresh(chosen, listener)

    def _reach(self, options: RunOptions) -> list[str]:
        """The datasets that a refresh may make anew."""
        project = View.at(self._service.workspace, self._action.branch).project
        named = [term.removesuffix("+") for term in options.select]
        readers = reverse({name: list(each.definition.inputs) for name, each in project.datasets.items()})
        return sorted({*named, *reach(readers, named)} & project.datasets.keys())

    def _paused(self) -> tuple[str, ...]:
        """What somebody paused: nothing that goes on by itself makes it anew."""
        workspace = self._service.workspace
        found = workspace.pauses.of(self._action.branch, to_text(workspace.clock()))
        head = workspace.lake.refs.head(self._action.branch)
        return tuple(d for d in found if d in workspace.lake.commits.state(head).leaves)

    def take_back(self, commit: str) -> str:
        """See `Hands`."""
        action, service = self._action, self._service
        is_own = action.action is not ActionKind.UNDO or action.after == commit
        request = f"{action.request}-back" if is_own else action.request
        listener = self._back if is_own else self._listener
        commits = service.workspace.lake.commits
        target = commits.get(commit)
        if target.kind is CommitKind.UNDO:
            return service.undoing.redo(action.branch, request, expect=commit, listener=listener).commit.id
        done = service.undoing.answered(request, action.branch)
        if done is not None:
            return done.commit.id
        what = "it did not help" if is_own else f"{action.action} of {action.dataset}"
        words = f"incident {action.incident}: {what}; undo {commit[:8]}"
        newest, _ = service.undoing.undo_preview(action.branch)
        if newest.id == commit:
            return service.undoing.undo(action.branch, commit, words, request, listener).commit.id
        result = service.reverting.revert(target, action.branch, words, listener, request)
        if not result.published:
            raise HeldError(
                "run.held", f"{result.held}; nothing was published", where=f"run:{result.run}", hint="`andon log`"
            )
        return result.commit

    def propose(self, path: str, text: str, words: str) -> str:
        """See `Hands`."""
        action, service = self._action, self._service
        branch = f"incident-{action.incident}-{action.action}"
        if service.workspace.lake.refs.find(branch) is None:
            service.branches.create(branch, action.branch)
        options = RunOptions(branch=branch, message=f"incident {action.incident}: {words}")
        saved = service.editing.save(ToEdit(path, text), options, Listener())
        if not saved.published:
            held = saved.run.held if saved.run is not None else None
            raise HeldError(
                "run.held",
                f"{words}: {held or 'it is held'}",
                where=branch,
                hint=f"`andon branch drop {branch}` takes the branch away",
            )
        return branch

    def ask(self, person: str, text: str) -> PersonAsked:
        """See `Hands`."""
        number, desk = self._action.incident, self._service.incidents
        before = self._service.workspace.incidents.find(number)
        made = self._service.requests.ask_about(number, person, text)
        desk.take(number, person)
        desk.say(number, f"request {made.number}: {text}")
        return PersonAsked(made.number, before.owner if before is not None else None)

    def pause(self, datasets: Sequence[str], until: datetime | None) -> None:
        """See `Hands`."""
        why = pause_words(self._action.incident)
        self._service.scheduling.pause(datasets, until, why, self._action.branch)

    def resolve(self, text: str, where: str) -> str:
        """See `Hands`."""
        return self._service.workspace.resolve(text, "`url`", where)
