"""A data file that does not hold what was written."""

from __future__ import annotations

from andon.base.record import Record
from andon.errors import DamagedError


class Damage(Record):
    """A file that does not hold what was written; `what` is `is not there`, `is cut off` or `is damaged`."""

    path: str
    what: str


def damaged(dataset: str, damage: Damage) -> DamagedError:
    """The error for a dataset whose data file is not what was written."""
    return DamagedError(
        "lake.corrupt",
        f"the data file of `{dataset}` {damage.what}: {damage.path}",
        where=dataset,
        hint=f"`andon run --force {dataset}` builds it again, with `--branch NAME` where only that branch shows it; of a commit that no"
        " branch shows any more it comes back only from a backup",
    )
