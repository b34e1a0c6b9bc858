"""The corrective actions that there are, by kind."""

from __future__ import annotations

from collections.abc import Mapping

from andon.model.action import ActionKind
from andon.operations.actions.accept_schema import AcceptSchema
from andon.operations.actions.action import Remedy
from andon.operations.actions.backfill import Backfill
from andon.operations.actions.deduplicate import Deduplicate
from andon.operations.actions.notify import Notify
from andon.operations.actions.own import OwnCommand, Webhook
from andon.operations.actions.pause import PauseReaders
from andon.operations.actions.quarantine import BadRowsAside
from andon.operations.actions.reload import Reload
from andon.operations.actions.request import Request
from andon.operations.actions.retry import Retry
from andon.operations.actions.undo import Undo

ACTIONS: Mapping[ActionKind, Remedy] = {
    action.kind: action
    for action in (
        Retry(),
        Reload(),
        Backfill(),
        AcceptSchema(),
        Undo(),
        PauseReaders(),
        Deduplicate(),
        BadRowsAside(),
        OwnCommand(),
        Webhook(),
        Notify(),
        Request(),
    )
}
