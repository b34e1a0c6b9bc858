"""Service levels of a contract: an age of a column is a check, one of the dataset a promise of its `refresh`."""

from __future__ import annotations

from collections.abc import Mapping

from andon.contracts.lines import column_text, duration_text
from andon.contracts.odcs.words import AGES, FREQUENCIES
from andon.contracts.taking import Taker
from andon.contracts.values import GatheredLines

_REASONS = {
    "driver": "Andon has no word for it",
    "valueExt": "Andon has no word for it",
    "description": "a promise has no description",
    "schedule": "`refresh: {cron: …}` says it",
    "scheduler": "`refresh: {cron: …}` says it",
}


class Levels:
    """Reads service levels into the datasets that they are of.

    Args:
        found: by name of a schema, what is gathered of it.
        known: names of the columns of each, by their small letters.
    """

    def __init__(
        self, found: Mapping[str, GatheredLines], known: Mapping[str, Mapping[str, str]], default: str | None
    ) -> None:
        self._found = found
        self._known = known
        self._default = default
        self.refresh: dict[str, list[tuple[str, str]]] = {name: [] for name in found}

    def read(self, level: Taker) -> None:
        """One service level: carried over, or told."""
        kind = (level.text("property") or "").lower()
        value, unit = level.text("value"), level.text("unit")
        element = level.text("element") or self._default
        if kind not in (*AGES, *FREQUENCIES):
            level.notes.leave(
                level.place, f"{level.path}: {kind} {value or ''}".rstrip(), "no promise of Andon is like it"
            )
            level.ignore(["id", "description", "driver", "valueExt", "schedule", "scheduler", "customProperties"])
            return
        schema, column = self._place(element)
        if schema is None:
            what = "of several elements" if element and "," in element else f"no schema is meant by `{element}`"
            why = what if element else "it does not say of which schema it is"
            level.notes.leave(level.place, f"{level.path}: {kind} {value or ''}".rstrip(), why)
            level.ignore(["id", "description", "driver", "valueExt", "schedule", "scheduler", "customProperties"])
            return
        is_cron = kind in FREQUENCIES and (unit or "").lower() == "cron"
        duration = None if value is None or is_cron else duration_text(value, unit or "")
        if is_cron and value is not None:
            self.refresh[schema].append(("cron", value))
            level.ignore(["schedule", "scheduler"])
        elif duration is None:
            level.notes.leave(level.place, f"{level.path}: {kind} {value} {unit or ''}".rstrip(), "it is no duration")
        elif kind in FREQUENCIES:
            self._told(level, column)
            self.refresh[schema].append(("every", duration))
        elif column is not None:
            self._found[schema].add(
                f"max_age {duration} by {column_text(column)}", level.node, level.path, is_implied=True
            )
        else:
            self.refresh[schema].append(("max_age", duration))
        level.ignore(["id"])
        level.end(_REASONS)

    def _told(self, level: Taker, column: str | None) -> None:
        if column is not None:
            level.notes.leave(level.place, f"{level.path}.element: {column}", "a refresh is of a whole dataset")

    def _place(self, element: str | None) -> tuple[str | None, str | None]:
        """The schema and the column that an element names."""
        only = next(iter(self._found)) if len(self._found) == 1 else None
        if element is None:
            return only, None
        if "," in element:
            return None, None
        small = element.lower()
        for name in self._found:
            if small == name.lower():
                return name, None
            column = self._known[name].get(small.removeprefix(f"{name.lower()}."))
            if column is not None and small.startswith(f"{name.lower()}."):
                return name, column
        if only is not None and "." not in small and small in self._known[only]:
            return only, self._known[only][small]
        return None, None
