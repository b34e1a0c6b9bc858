"""A data file that does not hold what was written."""

from __future__ import annotations

from andon.base.record import Record
from andon.errors import DamagedError


class Damage(Record):
    """A file that does not hold what was written; `what` is `is not there`, `is cut off`, `is damaged` or `can't be read`."""

    path: str
    what: str


def damaged(dataset: str, damage: Damage) -> DamagedError:
    """The error for a dataset whose data file is not what was written."""
    return DamagedError(
        "lake.corrupt",
        f"the data file of `{dataset}` {damage.what}: {damage.path}",
        where=dataset,
        hint=f"`andon run --force {dataset}` builds it again, with `--branch NAME` where only that branch shows it; `andon repair` builds"
        " again what any commit shows, where the same bytes come out; else it comes back from a backup",
    )
