"""What a write told for free."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from andon.model.version import Version


def facts_of(version: Version) -> list[tuple[str, Any]]:
    """What the write told, by column: equal content in equal files has equal facts."""
    found = ((name, (s.nulls, s.minimum, s.maximum)) for f in version.files for name, s in f.stats.items())
    return sorted(found, key=repr)  # of some nothing is known


def has_order(engine: Mapping[str, Any]) -> bool:
    """Whether an engine of which a build records such facts promises in which order rows come: the embedded ones do."""
    return str(engine.get("name", "duckdb")) == "duckdb"


def may_hold_the_same(one: Version, other: Version) -> bool:
    """Whether what the writes told leaves it open that two versions hold the same rows, in whatever order."""
    if (one.types, one.rows) != (other.types, other.rows):
        return False
    if len(one.files) == len(other.files) == 1:
        return facts_of(one) == facts_of(other)
    return _nulls(one) == _nulls(other)


def _nulls(version: Version) -> dict[str, int | None]:
    """How many NULLs each column has; None where a write did not tell."""
    found: dict[str, int | None] = {}
    for file in version.files:
        for name, stats in file.stats.items():
            before = found.get(name, 0)
            found[name] = None if stats.nulls is None or before is None else before + stats.nulls
    return found
