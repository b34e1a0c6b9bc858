"""Corrective actions: what answers incidents, what was done, and the switch that stops all that is automatic."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from andon.base.clock import to_text
from andon.base.document import UNSET, Document, UnsetType
from andon.base.names import did_you_mean
from andon.base.record import replace
from andon.errors import AndonError, HeldError, UsageError
from andon.model.action import ActionDocument, ActionKind, CorrectiveAction, Freeze
from andon.model.commit import CommitKind
from andon.model.event import Notice
from andon.model.playbook import Playbook, PlaybookMode
from andon.operations.actions.acting import ActionGuard, Actor
from andon.operations.actions.book import pause_words
from andon.operations.actions.decide import ActionRecord, Offer, Results, all_of, level
from andon.operations.actions.kinds import ACTIONS
from andon.runs.goal import Listener, RunOptions
from andon.service.editing import ToEdit
from andon.workspace.view import View

if TYPE_CHECKING:
    from datetime import datetime

    from andon.base.cancel import CancelToken
    from andon.model.incident import Incident
    from andon.model.run import RunResult
    from andon.service.branches import Branches
    from andon.service.editing import Editing
    from andon.service.incidents import IncidentDesk
    from andon.service.runs import Runs
    from andon.service.scheduling import Scheduling
    from andon.service.undo import Undoing
    from andon.service.undo_older import Reverting
    from andon.workspace.workspace import Workspace


class PlaybookAnswer(Document):
    """Whether a playbook acts about an incident.

    Attributes:
        acts: whether the next pass does; `due`, from when on, where that is all it waits for.
        why: why it does not act now.
    """

    acts: bool
    due: str | None
    why: str


class PlaybookDocument(Document):
    """A playbook and how it came out.

    Attributes:
        line: of `playbooks.yml`; null for one that is built in.
        mode: what it says; `level`, how far it is trusted by now.
        fired: incidents that it acted about; `fixed`, of these verified; `needless`, of these such as a person called expected, or no
            problem.
        answer: where it is asked about an incident.
    """

    name: str
    line: int | None
    do: ActionKind
    mode: PlaybookMode
    level: PlaybookMode
    fired: int
    fixed: int
    needless: int
    answer: PlaybookAnswer | UnsetType = UNSET


class PlaybooksDocument(Document):
    """What answers incidents on a branch (or one incident), in the order in which it is asked.

    Attributes:
        frozen: who stopped all automatic action, if somebody did.
    """

    branch: str
    frozen: Freeze | None
    playbooks: list[PlaybookDocument]


class FreezeDocument(Document):
    """Whether all automatic action is stopped, and who did that."""

    frozen: Freeze | None


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
    def scheduling(self) -> Scheduling: ...
    @property
    def undoing(self) -> Undoing: ...
    @property
    def reverting(self) -> Reverting: ...


class ActionDesk:
    """Corrective actions of one lake.

    Args:
        by: the verbs in the name of somebody.
    """

    def __init__(self, workspace: Workspace, incidents: IncidentDesk, by: Callable[[str], Acting]) -> None:
        self._workspace = workspace
        self._desk = incidents
        self._by = by
        self._actor = Actor(workspace, self._hands, incidents.catch_up)

    # -- verbs

    def act(self, branch: str | None = None, cancel: CancelToken | None = None) -> list[CorrectiveAction]:
        """One pass over a branch: bring to its end what was begun, and do what playbooks say. Returns what was done.

        Args:
            cancel: stops it.
        """
        name = self._workspace.reading(branch)
        self._desk.catch_up(name)
        return self._actor.act(name, cancel)

    def passed(self, branch: str, listener: Listener) -> None:
        """`act` after a pass of the scheduler. What was brought up to date is, whatever comes of it; the next pass acts."""
        try:
            for done in self.act(branch, listener.cancel):
                what = f"{done.action} of {done.dataset or 'all'}: {done.outcome}"
                why = f", {done.why}" if done.why else ""
                listener.report(Notice(f"incident {done.incident}: {what}{why}"))
        except AndonError as failure:
            listener.report(Notice(f"nothing was done about what is wrong: {failure.message}"))

    def fix(self, number: int, action: str, params: Mapping[str, str] | None = None) -> CorrectiveAction:
        """Do something about an incident, and verify it.

        Args:
            action: a kind of action, or the name of a playbook that answers it.
            params: what the action is told (`key: value`); of a playbook it is said there.

        Raises:
            UsageError: `incident.none`; `usage.bad_argument` for an unknown action or parameter; `action.unfit`, `action.running`.
        """
        incident = self._found(number)
        actor = self._workspace.caller.author
        playbooks = all_of(View.at(self._workspace, incident.branch).project.playbooks)
        named = next((playbook for playbook in playbooks if action in (playbook.spoken, playbook.id)), None)
        if named is not None:
            return self._actor.fix(incident, named.do, named.params, actor, named)
        kinds = {str(kind): kind for kind in ACTIONS}
        if action not in kinds:
            known = [*kinds, *(playbook.spoken for playbook in playbooks)]
            hint = did_you_mean(action, known) or "one of " + ", ".join(f"`{kind}`" for kind in kinds)
            raise UsageError("usage.bad_argument", f"there is no action `{action}`", where=action, hint=hint)
        return self._actor.fix(incident, kinds[action], _params(kinds[action], params or {}), actor, None)

    def newest(self, limit: int = 100, incident: int | None = None) -> list[ActionDocument]:
        """What was done, newest first; about one incident, if given."""
        return [ActionDocument.about(action) for action in self._workspace.actions.newest(limit, incident)]

    def playbooks(self, branch: str | None = None, incident: int | None = None) -> PlaybooksDocument:
        """What answers incidents on a branch, and how it came out; only what answers `incident`, if given, and whether it acts.

        Raises:
            UsageError: `incident.none`; `lake.ref_not_found`.
        """
        found = self._found(incident) if incident is not None else None
        view = View.at(self._workspace, found.branch if found is not None else branch)
        record = self._actor.record(view)
        if found is None:
            lines = [_playbook(playbook, record) for playbook in all_of(view.project.playbooks)]
        else:
            lines = [_playbook(o.playbook, record, _answer(o)) for o in self._actor.offers(found, record)]
        return PlaybooksDocument(view.ref, record.freeze, lines)

    def frozen(self) -> FreezeDocument:
        """Whether all automatic action is stopped."""
        return FreezeDocument(self._workspace.actions.freeze())

    def freeze(self, why: str = "") -> FreezeDocument:
        """Stop all automatic action at once: what is on its way publishes nothing any more."""
        freeze = Freeze(self._workspace.caller.author, to_text(self._workspace.clock()), why)
        with self._workspace.lake.database.write() as transaction:
            self._workspace.actions.set_freeze(transaction, freeze)
        return FreezeDocument(freeze)

    def thaw(self) -> FreezeDocument:
        """Let automatic action go on."""
        with self._workspace.lake.database.write() as transaction:
            self._workspace.actions.set_freeze(transaction, None)
        return FreezeDocument(None)

    # -- parts

    def _found(self, number: int) -> Incident:
        found = self._workspace.incidents.find(number)
        if found is None:
            message = f"there is no incident {number}"
            raise UsageError("incident.none", message, where=str(number), hint="`andon incidents --all` lists them")
        return found

    def _hands(self, asked: ActionGuard) -> _ServiceHands:
        return _ServiceHands(self._by(asked.action.actor), asked)


class _ServiceHands:
    """Does with the verbs of the service what an action asks for; every publish asks the action whether it may."""

    def __init__(self, service: Acting, asked: ActionGuard) -> None:
        self._service = service
        self._action = asked.action
        self._listener = Listener(
            cancel=asked.cancel, judge=asked.judge, may_publish=asked.may_publish, published=asked.published
        )
        # what takes back is wanted whatever checks say: readers see again what they saw
        self._back = Listener(may_publish=asked.may_publish)

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
        return self._service.runs.refresh(chosen, self._listener)

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

    def pause(self, datasets: Sequence[str], until: datetime | None) -> None:
        """See `Hands`."""
        why = pause_words(self._action.incident)
        self._service.scheduling.pause(datasets, until, why, self._action.branch)

    def resolve(self, text: str, where: str) -> str:
        """See `Hands`."""
        return self._service.workspace.resolve(text, "`url`", where)


def _params(kind: ActionKind, given: Mapping[str, str]) -> dict[str, Any]:
    """What an action is told by a person.

    Raises:
        UsageError: `usage.bad_argument`.
    """
    # what is run or called stands in a playbook: nobody may have anything run by asking for it
    known = {"most": int} if kind is ActionKind.BACKFILL else {}
    found: dict[str, Any] = {}
    for name, text in given.items():
        if name not in known:
            hint = did_you_mean(name, known) or (f"known are {', '.join(known)}" if known else "it is told nothing")
            raise UsageError("usage.bad_argument", f"`{kind}` is not told `{name}`", where=name, hint=hint)
        try:
            found[name] = known[name](text)
        except ValueError:
            message = f"`{name}` must be a whole number, found `{text}`"
            raise UsageError("usage.bad_argument", message, where=name, hint=f"such as `{name}=7`") from None
    return found


def _answer(offer: Offer) -> PlaybookAnswer:
    return PlaybookAnswer(offer.is_due, offer.due, offer.why)


def _playbook(playbook: Playbook, record: ActionRecord, answer: PlaybookAnswer | UnsetType = UNSET) -> PlaybookDocument:
    results = record.results.get(playbook.id, Results())
    return PlaybookDocument(
        playbook.spoken,
        playbook.line,
        playbook.do,
        playbook.mode,
        level(playbook, results),
        results.fired,
        results.fixed,
        results.needless,
        answer,
    )
