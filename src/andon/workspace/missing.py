"""The error for a dataset that is not there, told in one way."""

from __future__ import annotations

from collections.abc import Iterable

from andon.base.names import did_you_mean
from andon.errors import UsageError


def no_dataset(name: str, place: str, known: Iterable[str]) -> UsageError:
    """`lake.dataset_not_found` for `name` at `place` (a ref, as it was asked for), with the nearest of the `known` names."""
    return UsageError(
        "lake.dataset_not_found",
        f"no dataset is named `{name}` at {place}",
        where=name,
        hint=did_you_mean(name, known) or "`andon ls` lists all datasets",
    )
