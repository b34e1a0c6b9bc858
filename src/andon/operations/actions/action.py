"""What a corrective action is: when it fits, and how it is done. Verifying and taking back are the frame's (`acting.py`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from andon.base.record import Record
from andon.errors import CODES
from andon.model.action import ActionKind, ActionOutcome
from andon.model.dataset import Kind
from andon.operations.actions.decide import IncidentSituation

if TYPE_CHECKING:
    from datetime import datetime

    from andon.base.cancel import CancelToken
    from andon.model.dataset import Definition
    from andon.model.incident import IncidentSignal
    from andon.model.run import RunResult
    from andon.runs.goal import RunOptions
    from andon.workspace.view import View

#: So many results of a command or a webhook are kept, in characters.
KEPT = 2000


class IncidentScene(Record):
    """Where an action is done.

    Attributes:
        view: what readers see of the branch.
        params: what the playbook or the person told it.
        share: which part of the rows it may change; None where nobody said.
        root: the folder of the project.
    """

    situation: IncidentSituation
    view: View
    params: Mapping[str, Any]
    root: str
    now: datetime
    share: float | None = None

    @property
    def dataset(self) -> str:
        """The dataset of the cause; empty where it is of no single one."""
        return self.situation.incident.dataset

    @property
    def definition(self) -> Definition | None:
        """The definition of that, as readers have it."""
        found = self.view.project.datasets.get(self.dataset)
        return found.definition if found is not None else None

    @property
    def is_source(self) -> bool:
        """Whether it is a source."""
        return self.definition is not None and self.definition.kind is Kind.SOURCE

    @property
    def targets(self) -> tuple[str, ...]:
        """What brings it up to date, with what follows from it; empty for all."""
        names = dict.fromkeys(signal.dataset for signal in self.situation.aims)
        known = [name for name in names if name in self.view.project.datasets]
        return tuple(f"{name}+" for name in known) if len(known) == len(names) else ()


class Done(Record):
    """What an action came to.

    Attributes:
        outcome: `running` where what readers see by now is to be verified, whether or not something was published.
        why: in words; `kept` further plain values for the record.
        commit: what it published.
    """

    outcome: ActionOutcome
    why: str = ""
    commit: str | None = None
    kept: Mapping[str, Any] | None = None


class PersonAsked(Record):
    """What was asked of somebody: the number of the request, and whose the incident was before."""

    request: int
    owner_before: str | None


class Hands(Protocol):
    """What an action is done with. Every publish of it is known by the request of the action, and asks again whether it may."""

    @property
    def cancel(self) -> CancelToken:
        """Says that it is to stop."""
        ...

    def refresh(self, options: RunOptions) -> RunResult:
        """Bring datasets up to date; nothing is published of which the failing checks say no."""
        ...

    def take_back(self, commit: str) -> str:
        """Undo a publish; returns the commit that does."""
        ...

    def propose(self, path: str, text: str, words: str) -> str:
        """Put a file with another text on a branch of its own; returns the branch."""
        ...

    def ask(self, person: str, text: str) -> PersonAsked:
        """Give the incident to a person, with a request that says what is asked of them; asked again it is the same request."""
        ...

    def pause(self, datasets: Sequence[str], until: datetime | None) -> None:
        """Keep datasets from being brought up to date by schedule, until the incident is over."""
        ...

    def resolve(self, text: str, where: str) -> str:
        """What a text with references to secrets stands for."""
        ...


class Remedy(Protocol):
    """One kind of corrective action."""

    @property
    def kind(self) -> ActionKind:
        """What it is."""
        ...

    def unfit(self, scene: IncidentScene) -> str | None:
        """Why it can't be done about this incident, or None."""
        ...

    def do(self, scene: IncidentScene, hands: Hands) -> Done:
        """Do it. What it raises is its failure."""
        ...


def told(result: RunResult) -> Done:
    """What a run came to."""
    if result.run is None:
        return Done(ActionOutcome.FAILED, "there was nothing to do: no input is another one")
    if not result.published:
        failed = [task for task in result.tasks if task.error]
        message = str((failed[0].error or {}).get("message", "")) if failed else ""
        return Done(ActionOutcome.FAILED, f"run:{result.run} was held: {message or result.held}")
    if result.commit == result.base:
        return Done(ActionOutcome.RUNNING, f"run:{result.run} brought nothing")
    return Done(ActionOutcome.RUNNING, f"run:{result.run}", result.commit)


def document_of(scene: IncidentScene, kind: ActionKind) -> dict[str, Any]:
    """What a command or a webhook of the user's own is told, ready for JSON. No values of rows are in it."""
    incident = scene.situation.incident
    own = [s for s in scene.situation.signals if (s.dataset, s.kind) == (incident.dataset, incident.kind)]
    errors = [s for s in own if "code" in s.details]
    return {
        "action": str(kind),
        "incident": incident.number,
        "branch": incident.branch,
        "dataset": incident.dataset,
        "kind": str(incident.kind),
        "state": str(incident.state),
        "title": _said(errors[0]) if errors else incident.title,
        "opened": incident.opened,
        "signals": [
            {
                "dataset": signal.dataset,
                "kind": str(signal.kind),
                "what": _said(signal),
                "code": signal.details.get("code"),
                "check": signal.details.get("check"),
            }
            for signal in scene.situation.aims
        ],
    }


def _said(signal: IncidentSignal) -> str:
    """What a signal says; of an error, whose message may quote a value, only the meaning of its code."""
    code = signal.details.get("code")
    return signal.what if code is None else CODES.get(str(code), CODES["build.failed"]).rstrip(".")
