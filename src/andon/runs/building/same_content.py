"""Whether what was made is what is published: then the published version is kept, and nothing downstream is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.record import replace
from andon.model.dataset import Materialize
from andon.model.version import Version
from andon.relations.bounds import span_of
from andon.relations.changed_files import changed_files
from andon.runs.building.facts import has_order, may_hold_the_same

if TYPE_CHECKING:
    from andon.relations.sides import Sides
    from andon.runs.building.job import Job


class SameContent:
    """Compares results of one job with what is published."""

    def __init__(self, job: Job, sides: Sides) -> None:
        self._job = job
        self._sides = sides

    def content(self, dataset: str, version: Version, *, in_order: bool = True) -> tuple[Version | None, str | None]:
        """The published version, if `version` holds the same content (early cutoff), and how that is known.

        Args:
            in_order: whether the engine that made it promises an order of rows; else that is no content.
        """
        leaf = self._job.leaves.get(dataset)
        if leaf is None or not Materialize(leaf.materialize).has_files:
            return None, None
        earlier = self._sides.relations.version(leaf.version)
        if earlier.columns != version.columns or earlier.rows != version.rows:
            return None, None
        if self._job.lake.objects.is_lost(earlier, anew=leaf.version == version.id):
            return None, None  # built again because it was lost
        if leaf.version == version.id:
            return earlier, "same bytes"
        if self._job.definitions[dataset].growth is not None:  # how its rows lie is no content
            return (earlier, "same content") if self._hold_the_same_rows(earlier, version) else (None, None)
        if not may_hold_the_same(earlier, version):
            return None, None
        if _share_files(earlier, version) and not self._job.definitions[dataset].partition:
            return None, None
        is_same = self._sides.hold_the_same(earlier, version, in_order=in_order and self._has_order(leaf.build))
        return (earlier, "same content") if is_same else (None, None)

    def _has_order(self, build: str) -> bool:
        """Whether the engine that made what is published promised an order of its rows."""
        found = self._job.lake.objects.builds([build]).get(build)
        return found is None or has_order(found.engine)

    def _hold_the_same_rows(self, earlier: Version, version: Version) -> bool:
        """Whether two versions of a table that grows hold the same rows: files that both have are not read."""
        change = changed_files(earlier, version)
        if not change.new or not change.gone:
            return not change.new and not change.gone
        for name, kind in version.types:  # what the writes told may tell them apart, and costs nothing
            told = [span_of(files, name, kind) for files in (change.gone, change.new)]
            if None not in told and told[0] != told[1]:
                return False
        sides = (replace(earlier, files=change.gone), replace(version, files=change.new))
        return sides[0].rows == sides[1].rows and self._sides.hold_the_same(*sides, in_order=False)


def _share_files(one: Version, other: Version) -> bool:
    """Whether some files of two versions are the same: then what was written for one is known to be something else, but for partitions."""
    return not {file.path for file in one.files}.isdisjoint(file.path for file in other.files)
