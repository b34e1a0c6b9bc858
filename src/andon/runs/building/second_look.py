"""The second look when a recipe key is not known: whether what a query reads of its new inputs is what it read of the old ones.

The columns that are read, as one tuple of each row in its place, decide the result of a query that leaves nothing open; a fingerprint shows
whether they are the same. Mostly the free statistics, which are looked at first, tell them apart: a build that is needed pays nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from andon.base.text import words_in
from andon.model.dataset import ClockUse, Definition, Kind, Materialize
from andon.model.version import Version

if TYPE_CHECKING:
    from andon.relations.sides import Sides
    from andon.runs.building.job import Job


def same_reading(definition: Definition, inputs: Mapping[str, str], job: Job, sides: Sides) -> str | None:
    """Why the published version of a dataset is what its unchanged definition gives over `inputs` (`{dataset: version id}`), or None."""
    leaf = job.leaves.get(definition.dataset)
    if leaf is None or leaf.definition != definition.id or leaf.materialize != str(Materialize.TABLE):
        return None
    if definition.kind is not Kind.SQL or definition.clock is not ClockUse.NONE or definition.allow:
        return None
    build = job.lake.objects.builds([leaf.build]).get(leaf.build)
    if build is None or build.inputs.keys() != inputs.keys():
        return None
    pairs = {
        name: (sides.relations.version(build.inputs[name]), sides.relations.version(version))
        for name, version in inputs.items()
        if build.inputs[name] != version
    }
    if job.lake.objects.is_lost(sides.relations.version(leaf.version)):
        return None
    words = words_in("\n".join((definition.sql or "", *definition.macros)))
    for old, new in pairs.values():
        if old.is_view or new.is_view or old.rows != new.rows or job.lake.objects.is_lost(old):
            return None
        if any(name.lower() in words for name in _told_apart(old, new)):
            return None
    from andon.sql.reuse import Needs, can_reuse

    before = {name: _columns(sides, version) for name, version in build.inputs.items()}
    after = {name: _columns(sides, version) for name, version in inputs.items()}
    found = can_reuse(definition.sql or "", definition.macros, before, after, dict.fromkeys(pairs))
    if not isinstance(found, Needs):
        return None
    proofs = [f"of {name}: {proof}" for name, proof in found.proofs.items()]
    for name, columns in found.columns.items():
        old, new = pairs[name]
        if columns and not sides.hold_the_same(old, new, columns, in_order=found.in_order):
            return None
        listed = ", ".join(f"`{column}`" for column in columns)
        proofs.append(f"of {name}: the same values of {listed}" if columns else f"of {name}: as many rows")
    return "; ".join(proofs)


def _told_apart(old: Version, new: Version) -> set[str]:
    """Columns that the free statistics show to differ, and those that only one version has."""
    types = {c.name: c.type for c in old.columns}, {c.name: c.type for c in new.columns}
    found = {name for name in types[0].keys() | types[1].keys() if types[0].get(name) != types[1].get(name)}
    if len(old.files) == len(new.files) == 1:
        one, other = old.files[0].stats, new.files[0].stats
        for path in one.keys() & other.keys():
            a, b = one[path], other[path]
            if (a.nulls, a.minimum, a.maximum) != (b.nulls, b.minimum, b.maximum):
                found.add(path.partition('"."')[0].strip('"'))
    return found


def _columns(sides: Sides, version: str) -> list[tuple[str, str]]:
    return sides.relations.version(version).types
