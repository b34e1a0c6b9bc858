"""A data file that does not hold what was written, or that is not kept any more."""

from __future__ import annotations

from andon.base.record import Record
from andon.errors import DamagedError

#: What is said of a file that nothing kept.
GONE = "is gone"
_ANALYSIS = "analyses/"


class Damage(Record):
    """A file that does not hold what was written; `what` is `is not there`, `is cut off`, `is damaged`, `can't be read`, or `is gone`.

    Attributes:
        back: of a file that is gone, what brings it back: `marts.revenue@run:41`; None where no commit tells.
    """

    path: str
    what: str
    back: str | None = None

    @property
    def is_gone(self) -> bool:
        """Whether nothing kept it: no damage, but what `andon gc` does."""
        return self.what == GONE


def damaged(dataset: str, damage: Damage) -> DamagedError:
    """The error for a dataset whose data file is not what was written, or is gone; or for what a run of `analyses/NAME` made."""
    if dataset.startswith(_ANALYSIS):
        return DamagedError(
            "lake.corrupt",
            f"what a run of `{dataset}` made {damage.what}: {damage.path}",
            where=dataset,
            hint=f"`andon analysis run {dataset.removeprefix(_ANALYSIS)}` makes it again, as another run; else it comes back from a backup",
        )
    if damage.is_gone:
        return gone([dataset], [damage.back] if damage.back is not None else [])
    return DamagedError(
        "lake.corrupt",
        f"the data file of `{dataset}` {damage.what}: {damage.path}",
        where=dataset,
        hint=f"`andon run --force {dataset}` builds it again, with `--branch NAME` where only that branch shows it; `andon repair` builds"
        " again what any commit shows, where the same bytes come out; else it comes back from a backup",
    )


def gone(datasets: list[str], back: list[str]) -> DamagedError:
    """The error for versions whose data nothing kept.

    Args:
        back: what brings them back, as `andon repair` takes it.
    """
    names = ", ".join(f"`{name}`" for name in datasets)
    how = f"`andon repair {' '.join(back)}` builds them again and proves it, where the same comes out"
    return DamagedError(
        "lake.gone",
        f"the data of {names} are gone: that version is older than what is kept, and `andon gc` took them away",
        where=datasets[0],
        hint=how if back else "no commit shows how they were made; `andon run` makes today's",
    )
