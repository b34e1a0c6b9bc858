"""What a merge makes of tables that grow: what a branch filled since it parted from the head is filled with it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from andon.model.dataset import Materialize
from andon.model.growth import Grown
from andon.model.intervals import Range, common, complement
from andon.runs.growing.filled import filled_ranges

if TYPE_CHECKING:
    from andon.lake.lake import Lake
    from andon.model.build import Build
    from andon.model.commit import Commit, Leaf


class MergedGrowth:
    """Two sides of a merge, and the state at which they parted.

    Args:
        head: the commit that is merged into.
        merged: what is merged; None: nothing is.
    """

    def __init__(self, lake: Lake, head: Commit, merged: Commit | None) -> None:
        self._lake = lake
        self._is_merge = merged is not None
        self._here: Mapping[str, Leaf] = {}
        self._there: Mapping[str, Leaf] = {}
        self._parted: Mapping[str, Leaf] = {}
        if merged is not None:
            base = lake.commits.merge_base(head, merged)
            self._here = lake.commits.state(head).leaves
            self._there = lake.commits.state(merged).leaves
            self._parted = lake.commits.state(base).leaves if base is not None else {}

    def taken(self, growing: Collection[str]) -> Mapping[str, Build]:
        """How the branch made tables that it alone made anew since the two parted: more of them may be filled there."""
        moved = {
            d: self._there[d].build
            for d in growing
            if d in self._here
            and d in self._there
            and d in self._parted
            and self._here[d].version == self._parted[d].version
            and self._there[d].definition == self._here[d].definition
        }
        builds = self._lake.objects.builds(moved.values())
        return {d: builds[build] for d, build in moved.items() if build in builds}

    def filled(self) -> Mapping[str, tuple[Range, ...]]:
        """Of tables that both made anew: the times that the branch filled since the two parted, and that the head has not."""
        both = [
            d
            for d in sorted(self._here.keys() & self._there.keys())
            if self._here[d].materialize == self._there[d].materialize == Materialize.INCREMENTAL
            and self._here[d].definition == self._there[d].definition
            and self._here[d].version != self._there[d].version
            and (d not in self._parted or self._here[d].version != self._parted[d].version)
        ]
        if not both:
            return {}
        sides = (self._there, self._here, self._parted)
        builds = self._lake.objects.builds(side[d].build for d in both for side in sides if d in side)
        found = {}
        for dataset in both:
            there, here, before = (
                filled_ranges(Grown.of(builds[side[dataset].build].grown)) if dataset in side else () for side in sides
            )
            # where all is filled on a side, there is nothing to add, or it is not known which times are meant
            if there is not None and here is not None and before is not None:
                missing = common(common(there, complement(here)), complement(before))
                if missing:
                    found[dataset] = missing
        return found
