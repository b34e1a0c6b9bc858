"""Groups of datasets with rules of their own (`[schedules]`), held against the datasets that there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from andon.errors import UsageError
from andon.model.dataset import Dataset
from andon.project.select import select, selectable
from andon.settings.schedules import SCHEDULES, schedules_of


def check_schedules(
    settings: Mapping[str, Any],
    datasets: Mapping[str, Dataset],
    add: Callable[[tuple[str, ...], str, str | None], None],
) -> None:
    """Note for every group that selects nothing why.

    Args:
        add: notes a problem: where in the settings, message, hint.
    """
    found = schedules_of(settings)
    if not found:
        return
    among = selectable(datasets)
    for schedule in found:
        for key, terms in (("select", schedule.select), ("exclude", schedule.exclude)):
            for term in terms:
                try:
                    select([term.removeprefix("!")], among)
                except UsageError as error:
                    add((SCHEDULES, schedule.name, key), error.message, error.hint)


def scheduled(settings: Mapping[str, Any], datasets: Mapping[str, Dataset]) -> dict[str, tuple[str, ...]]:
    """`{group: the datasets that it selects}`; a term that names nothing any more selects nothing."""
    found: dict[str, tuple[str, ...]] = {}
    groups = schedules_of(settings)
    among = selectable(datasets) if groups else None
    for schedule in groups:
        assert among is not None
        chosen: set[str] = set()
        gone: set[str] = set()
        for term in schedule.select:
            try:
                (gone if term.startswith("!") else chosen).update(select([term.removeprefix("!")], among))
            except UsageError:
                continue  # told where the project is read
        for term in schedule.exclude:
            try:
                gone |= select([term.removeprefix("!")], among)
            except UsageError:
                continue
        found[schedule.name] = tuple(sorted(chosen - gone))
    return found
