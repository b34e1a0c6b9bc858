"""Corrective actions: what answers incidents, what was done, and the switch that stops all that is automatic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from andon.base.clock import to_text
from andon.base.document import UNSET, Document, UnsetType
from andon.base.duration import read_fixed
from andon.base.names import did_you_mean
from andon.errors import AndonError, UsageError
from andon.model.action import ActionDocument, ActionKind, CorrectiveAction, Freeze
from andon.model.event import Notice
from andon.model.playbook import Playbook, PlaybookMode
from andon.operations.actions.acting import Actor
from andon.operations.actions.decide import ActionRecord, Offer, Results, all_of, level
from andon.operations.actions.doing import ActionGuard
from andon.operations.actions.kinds import ACTIONS
from andon.runs.goal import Listener
from andon.service.action_hands import Acting, ServiceHands
from andon.workspace.view import View

if TYPE_CHECKING:
    from andon.base.cancel import CancelToken
    from andon.model.incident import Incident
    from andon.service.incidents import IncidentDesk
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

    def act(
        self, branch: str | None = None, cancel: CancelToken | None = None, *, is_beside: bool = False
    ) -> list[CorrectiveAction]:
        """One pass over a branch: bring to its end what was begun, and do what playbooks say. Returns what was done.

        Args:
            cancel: stops it.
            is_beside: whether what is begun goes on after it; the next one returns what came of it.
        """
        name = self._workspace.reading(branch)
        self._desk.catch_up(name)
        return self._actor.act(name, cancel, is_beside=is_beside)

    def wait(self) -> list[CorrectiveAction]:
        """Wait for what goes on beside passes; returns what came of it."""
        return self._actor.wait()

    def passed(self, branch: str, listener: Listener, *, is_beside: bool = False) -> None:
        """`act` after a pass of the scheduler. What was brought up to date is, whatever comes of it; the next pass acts."""
        try:
            for done in self.act(branch, listener.cancel, is_beside=is_beside):
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

    def _hands(self, asked: ActionGuard) -> ServiceHands:
        return ServiceHands(self._by(asked.action.actor), asked)


def _share(text: str) -> float:
    value = float(text.strip().removesuffix("%")) / (100 if text.strip().endswith("%") else 1)
    if not 0 <= value <= 1:
        raise ValueError(text)
    return value


def _length(text: str) -> float:
    found = read_fixed(text)
    if found is None:
        raise ValueError(text)
    return found.total_seconds()


def _flag(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()] if text.lower() in ("true", "false") else bool(int(text))


#: What a person may tell an action, and how it is read.
_TOLD: Mapping[ActionKind, Mapping[str, Callable[[str], Any]]] = {
    ActionKind.BACKFILL: {"most": int},
    ActionKind.RELOAD: {"last": _length},
    ActionKind.DEDUPLICATE: {"share": _share, "propose": _flag},
    ActionKind.QUARANTINE: {"share": _share},
    ActionKind.REQUEST: {"ask": str, "of": str},
}
_SUCH_AS = {"most": "7", "last": "3d", "share": "1%", "propose": "true", "ask": "…", "of": "ana"}


def _params(kind: ActionKind, given: Mapping[str, str]) -> dict[str, Any]:
    """What an action is told by a person.

    Raises:
        UsageError: `usage.bad_argument`.
    """
    # what is run or called stands in a playbook: nobody may have anything run by asking for it
    known = _TOLD.get(kind, {})
    found: dict[str, Any] = {}
    for name, text in given.items():
        if name not in known:
            hint = did_you_mean(name, known) or (f"known are {', '.join(known)}" if known else "it is told nothing")
            raise UsageError("usage.bad_argument", f"`{kind}` is not told `{name}`", where=name, hint=hint)
        try:
            found[name] = known[name](text)
        except ValueError:
            message = f"`{name}` can't be `{text}`"
            hint = f"such as `{name}={_SUCH_AS[name]}`"
            raise UsageError("usage.bad_argument", message, where=name, hint=hint) from None
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
