"""What an action makes anew is claimed while it does so, as scheduled runs claim it, with a place at the engine and at what is asked."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from andon.base.cancel import CancelToken
from andon.base.record import Record
from andon.engines.engine import stopped
from andon.operations.scheduling.jobs import with_turns
from andon.operations.scheduling.passes import length_of
from andon.operations.scheduling.renewing import renewed
from andon.state.claims import LONGEST, ClaimLease, Claims, Refused, Turn

if TYPE_CHECKING:
    from andon.base.database import Transaction
    from andon.workspace.workspace import Workspace

#: How often it is looked whether what somebody else has is free, in seconds.
_EVERY = 0.1


class ActionClaim(Record):
    """What was claimed.

    Attributes:
        cancel: stops the work: who asked for it said so, or the claim was lost.
    """

    claims: Claims
    lease: ClaimLease
    cancel: CancelToken

    def require(self, transaction: Transaction) -> None:
        """Go on only with all of it, within the transaction that publishes.

        Raises:
            ConflictError: `run.claim_lost`.
        """
        self.claims.require(transaction, self.lease)


@contextmanager
def claimed(workspace: Workspace, branch: str, datasets: Collection[str], cancel: CancelToken) -> Iterator[ActionClaim]:
    """Claim datasets and the places that they need; waits until they are free.

    Raises:
        MachineError: `build.interrupted` where `cancel` says so before.
    """
    claims, settings = workspace.claims, workspace.settings
    length = min(length_of(str(settings.get("schedule.lease")), 60.0), LONGEST)
    turns = (Turn("engine", max(1, int(settings.get("engine.at_once")))), *_connections(workspace, branch, datasets))
    lease = _taken(claims, branch, datasets, length, turns, cancel)
    own = CancelToken()
    try:
        with cancel.calling(own.cancel), renewed(claims, lease, length, own):
            yield ActionClaim(claims, lease, own)
    finally:
        with workspace.lake.database.write() as transaction:
            claims.release(transaction, lease)


def _taken(
    claims: Claims,
    branch: str,
    datasets: Collection[str],
    length: timedelta,
    turns: Sequence[Turn],
    cancel: CancelToken,
) -> ClaimLease:
    over = threading.Event()
    with cancel.calling(over.set):
        while not over.is_set():
            found = claims.take(branch, datasets, length, claims.of(branch), turns)
            if not isinstance(found, Refused):
                return found
            over.wait(_EVERY)
    raise stopped(min(datasets, default=""))


def _connections(workspace: Workspace, branch: str, datasets: Collection[str]) -> Sequence[Turn]:
    """The places at connections whose number is limited."""
    at_once = workspace.at_once
    if not at_once:
        return ()
    lake = workspace.lake
    leaves = lake.commits.state(lake.refs.head(branch)).leaves
    definitions = lake.objects.definitions(leaves[name].definition for name in datasets if name in leaves)
    by_name = {definition.dataset: definition for definition in definitions.values()}
    (job,) = with_turns([tuple(datasets)], by_name, workspace.places.connection_of, at_once)
    return job.turns
