"""What was found out about content once is known in all lakes of a process of tests.

A lake keeps in its cache what follows from content alone (columns of a file, by its sha256; what a query reads, by its text). Thousands
of tests make lakes of the same few files, and working the same answer out of the same content again proves nothing more. So a lake of a
test finds in its cache what another one worked out, as it would after a cache was handed on. What is known of places and times (which
files a folder had when, whether a data file is whole) and what was executed (unit tests) is each lake's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from andon.base.cache import Entries, FileCache

#: Kinds whose keys hold all that their values follow from.
_BY_CONTENT = frozenset(
    {
        "bound",
        "checks",
        "checks_all",
        "contract",
        "facts",
        "grows",
        "lineage",
        "meaning",
        "row by row",
        "rows apart",
        "rule",
        "source columns",
        "verdict",
    }
)
#: The most that is kept; then all is worked out anew.
_MOST = 50_000

_known: dict[str, bytes] = {}


@dataclass
class Switch:
    """Whether tests save themselves work that was done: engines that are used again, and what is known of content."""

    is_on: bool = True
    is_remembering: bool = True


@contextmanager
def remembered(switch: Switch) -> Iterator[None]:
    """Caches of lakes know what any of them knew, while the switch is on."""
    get, put = FileCache.get, FileCache.put

    def knowing(self: FileCache, entries: Entries[Any], keys: Iterable[str]) -> dict[str, Any]:
        keys = list(keys)
        found = get(self, entries, keys)
        if switch.is_remembering and len(found) < len(keys) and _is_by_content(entries):
            prefix = self._prefix(entries)
            known = {key: _known[prefix + key] for key in keys if key not in found and prefix + key in _known}
            values = {key: entries.decode(content) for key, content in known.items()}
            if values:
                put(self, entries, values)
                found |= values
        return found

    def noting(self: FileCache, entries: Entries[Any], values: Mapping[str, Any]) -> None:
        put(self, entries, values)
        if _is_by_content(entries):
            if len(_known) > _MOST:
                _known.clear()
            prefix = self._prefix(entries)
            _known.update(
                (prefix + key, content)
                for key, value in values.items()
                if (content := entries.encode(value)) is not None
            )

    with patch.object(FileCache, "get", knowing), patch.object(FileCache, "put", noting):
        yield


def _is_by_content(entries: Entries[Any]) -> bool:
    return entries.name.rpartition(".")[0] in _BY_CONTENT
