"""A data file that does not hold what was written."""

from __future__ import annotations

from andon.base.record import Record
from andon.errors import MachineError


class Damage(Record):
    """A file that does not hold what was written; `what` is `is not there`, `is cut off` or `is damaged`."""

    path: str
    what: str


def damaged(dataset: str, damage: Damage) -> MachineError:
    """The error for a dataset whose data file is not what was written."""
    return MachineError(
        "lake.corrupt",
        f"the data file of `{dataset}` {damage.what}: {damage.path}",
        where=dataset,
        hint=f"`andon run --force {dataset}` builds it again; of a commit that no branch shows any more it comes back only from a backup",
    )
