"""What a dataset says of itself for which a contract has no words of its own, as the plain values that stand in one. Pure."""

from __future__ import annotations

from typing import Any

from andon.base.document import to_json
from andon.contracts.odcs.words import CAVEAT_DETAILS, CERTIFIED, DEPRECATED, HANDLES
from andon.model.dataset import Dataset

#: Where its text stands is no part of what is said.
_PLACE = ("line", "column")


def standing_of(dataset: Dataset) -> dict[str, Any]:
    """Which columns its caveats are about and since when, that it ends, who vouches for it, which caveats it deals with, by property."""
    found: dict[str, Any] = {}
    details = [caveat for caveat in dataset.caveats if caveat.columns or caveat.since]
    if details:
        found[CAVEAT_DETAILS] = [to_json(caveat) for caveat in details]
    if dataset.deprecated is not None:
        found[DEPRECATED] = {key: value for key, value in to_json(dataset.deprecated).items() if key not in _PLACE}
    if dataset.certified is not None:
        found[CERTIFIED] = to_json(dataset.certified)
    if dataset.handles:
        found[HANDLES] = {each.caveat: each.how for each in dataset.handles}
    return found
