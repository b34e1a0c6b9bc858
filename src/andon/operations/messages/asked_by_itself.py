"""Requests that nobody made: a playbook asked because of an incident. Over with it, nobody needs an answer any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.model.letter import LetterKind
from andon.model.request import RequestState
from andon.operations.messages.request_letters import letters_of, outdated, subject_of
from andon.workspace.caller import BY_ITSELF

if TYPE_CHECKING:
    from andon.base.database import Transaction
    from andon.workspace.workspace import Workspace


def no_longer_asked(workspace: Workspace, transaction: Transaction, incident: int, now: str) -> None:
    """Withdraw what was asked by itself because of an incident that is over, and tell who took care of it. What a person asked stays."""
    for each in workspace.requests.about(incident, transaction):
        if each.who != BY_ITSELF or not each.state.is_waiting:
            continue
        note = f"incident {incident} is over"
        ended = workspace.requests.end(transaction, each.number, RequestState.WITHDRAWN, BY_ITSELF, now, None, note)
        workspace.letters.end(transaction, subject_of(ended), now, outdated(LetterKind.WITHDRAWN))
        workspace.letters.add(transaction, letters_of(LetterKind.WITHDRAWN, ended, BY_ITSELF, now))
