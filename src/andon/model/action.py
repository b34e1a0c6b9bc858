"""Corrective actions: what can be done about an incident, and what was."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from andon.base.document import Document
from andon.base.record import Record, field


class ActionKind(StrEnum):
    """What is done.

    `retry`: make again what failed. `reload`: load a source anew, whatever is known of it. `backfill`: fill times that a table lacks.
    `accept-schema`: take new columns and wider types into what a source promises. `undo`: take back the publish that brought it.
    `pause`: keep what reads it from being brought up to date until the incident is over. `deduplicate`: take equal rows once.
    `quarantine`: set aside the rows that fail checks. `command`, `webhook`: something of the user's own. `notify`: call a person.
    `request`: ask something of whoever owns it.
    """

    RETRY = "retry"
    RELOAD = "reload"
    BACKFILL = "backfill"
    ACCEPT_SCHEMA = "accept-schema"
    UNDO = "undo"
    PAUSE = "pause"
    DEDUPLICATE = "deduplicate"
    QUARANTINE = "quarantine"
    COMMAND = "command"
    WEBHOOK = "webhook"
    NOTIFY = "notify"
    REQUEST = "request"

    @property
    def is_about_rows(self) -> bool:
        """Whether it says itself which part of the rows it may leave out: that a dataset grows by other rows meanwhile is no matter."""
        return self in (ActionKind.DEDUPLICATE, ActionKind.QUARANTINE)


class ActionMode(StrEnum):
    """Who decided that it is done. `manual`: a person did. `suggested`: a person, as a playbook proposed. `supervised`: a playbook, and a
    person is asked to look at it. `automatic`: a playbook."""

    MANUAL = "manual"
    SUGGESTED = "suggested"
    SUPERVISED = "supervised"
    AUTOMATIC = "automatic"

    @property
    def is_by_itself(self) -> bool:
        """Whether no person decided."""
        return self in (ActionMode.SUPERVISED, ActionMode.AUTOMATIC)


class ActionOutcome(StrEnum):
    """What became of it. `running`: nobody knows yet. `verified`: what readers see is right again. `undone`: it did not help, and what it
    published was taken back. `failed`: nothing was published. `refused`: it was not done. `proposed`: a branch has it. `done`: nothing of
    it can be verified."""

    RUNNING = "running"
    VERIFIED = "verified"
    UNDONE = "undone"
    FAILED = "failed"
    REFUSED = "refused"
    PROPOSED = "proposed"
    DONE = "done"

    @property
    def is_failure(self) -> bool:
        """Whether it was in vain."""
        return self in (ActionOutcome.UNDONE, ActionOutcome.FAILED)


class CorrectiveAction(Record):
    """One corrective action.

    Attributes:
        incident, dataset, branch: what it is about.
        at, ended: ISO text; `ended` is None while it runs.
        actor: a person, or `andon`.
        playbook: id of the playbook that asked for it.
        params: what it was asked with.
        aims: fingerprints of the signals that it is to clear.
        before, after: the commits of the branch before and after; `after` is None where nothing was published.
        why: one sentence on the outcome.
        undone_at: when what it published was taken back, by itself or by a person.
        process: who does it, so that another one can tell whether it is gone.
        is_interrupted: whether whoever did it was killed before it came to its end: that says nothing against its playbook.
    """

    seq: int
    incident: int
    dataset: str
    branch: str
    at: str
    action: ActionKind
    actor: str
    mode: ActionMode
    playbook: str | None = None
    params: dict[str, Any] = field(default_factory=dict)
    aims: tuple[str, ...] = ()
    before: str | None = None
    after: str | None = None
    outcome: ActionOutcome = ActionOutcome.RUNNING
    why: str = ""
    ended: str | None = None
    undone_at: str | None = None
    process: str = ""
    is_interrupted: bool = False

    @property
    def request(self) -> str:
        """The id of the request by which it publishes: who comes after a killed one asks by it what was done."""
        return f"action-{self.seq}-{self.at}"


class ActionDocument(Document):
    """One corrective action, as it is shown; the attributes are those of `CorrectiveAction`."""

    seq: int
    incident: int
    dataset: str
    branch: str
    at: str
    ended: str | None
    action: ActionKind
    actor: str
    mode: ActionMode
    playbook: str | None
    params: dict[str, Any]
    before: str | None
    after: str | None
    outcome: ActionOutcome
    why: str
    undone_at: str | None


class Freeze(Document):
    """The switch that stops all automatic action: who, when, why."""

    who: str
    at: str
    why: str
