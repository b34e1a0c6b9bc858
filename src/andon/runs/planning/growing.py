"""What a plan says of tables that grow: whether a run would make all of them or what is new, and what somebody asked for besides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from andon.engines.types import stored_types
from andon.errors import UsageError
from andon.model.build import Build
from andon.model.dataset import Definition, Kind, Materialize
from andon.model.growth import By
from andon.model.intervals import shown
from andon.runs.growing.proofs import Proofs
from andon.runs.growing.wishes import Wishes

if TYPE_CHECKING:
    from andon.runs.goal import RunOptions
    from andon.runs.planning.gather import BoundCode
    from andon.workspace.workspace import Workspace


class PlannedGrowth:
    """The tables of one plan that grow.

    Args:
        taken: the datasets whose code is taken.
        selected: those that were named; None: all.
    """

    def __init__(
        self,
        workspace: Workspace,
        bound: BoundCode,
        options: RunOptions,
        taken: set[str],
        selected: frozenset[str] | None,
    ) -> None:
        self._workspace = workspace
        self._gathered = bound.gathered
        self._bound = bound.columns
        definitions, leaves = bound.gathered.definitions, bound.gathered.state.leaves
        growing = {d for d in taken if definitions[d].growth is not None}
        named = growing if selected is None else growing & selected
        known = {d for d in named if d in leaves}
        # what a source has loaded grows, too
        loaded = {d for d in taken if definitions[d].kind is Kind.SOURCE and d in leaves}
        whole = known | (loaded if selected is None else loaded & selected)
        self.wishes = Wishes(
            frozenset(whole) if options.full else frozenset(),
            frozenset(d for d in known if leaves[d].definition != definitions[d].id)
            if options.forward
            else frozenset(),
            {d: ranges for d, ranges in options.fill.items() if d in growing},
        )
        grown = {d: leaf for d, leaf in leaves.items() if d in growing and leaf.materialize == Materialize.INCREMENTAL}
        builds = workspace.lake.objects.builds(leaf.build for leaf in grown.values())
        #: How the published results were made, by dataset.
        self.builds: Mapping[str, Build] = {d: builds[leaf.build] for d, leaf in grown.items() if leaf.build in builds}

    @property
    def wanted(self) -> Mapping[str, str]:
        """Those that are made though code and inputs may be the same, each with why."""
        full = dict.fromkeys(self.wishes.full, "asked for")
        return {**full, **{d: f"fill {', '.join(map(shown, ranges))}" for d, ranges in self.wishes.fill.items()}}

    def require_fitting(self) -> None:
        """Refuse to keep rows beside others of other columns, and to fill what does not grow by time.

        Raises:
            UsageError: `usage.bad_argument`.
        """
        leaves, definitions = self._gathered.state.leaves, self._gathered.definitions
        versions = self._workspace.lake.objects.versions(leaves[d].version for d in self.wishes.forward)
        for name in sorted(self.wishes.forward):
            now, before = self._bound.get(name), versions[leaves[name].version]
            if leaves[name].materialize != Materialize.INCREMENTAL:
                why = f"it was a {leaves[name].materialize}"
            elif now is not None and stored_types(now) != before.types:
                why = "its columns are others than those of its earlier rows"
            else:
                continue
            raise UsageError(
                "usage.bad_argument",
                f"`{name}` can't go forward only: {why}",
                where=definitions[name].entry,
                hint="run without `--forward`: it is made whole",
            )

    def how(self, name: str, reason: str, inputs: Mapping[str, str | None]) -> str:
        """Whether a run would make what is new of a table or all of it, and why, as far as that is known before.

        Args:
            reason: why it is made at all.
            inputs: the versions that it will read; None where that is not known yet.
        """
        growth = self._gathered.definitions[name].growth
        found = self._how(name, reason, inputs)
        if growth is None or not growth.assume:
            return found
        return f"{found} (you answer for {' and '.join(f'`{word}`' for word in growth.assume)})"

    def _how(self, name: str, reason: str, inputs: Mapping[str, str | None]) -> str:
        definition, build = self._gathered.definitions[name], self.builds.get(name)
        leaf = self._gathered.state.leaves.get(name)
        if definition.growth is None or leaf is None:
            return reason
        if name in self.wishes.full or build is None:
            return f"full: {reason}"
        if leaf.definition != definition.id:
            if name not in self.wishes.forward:
                return f"full: {reason}"
            return f"forward only: {reason}, and its {self._rows(leaf.version):,} rows stay as they were made"
        if name in self.wishes.fill:
            return f"incremental: {reason}"
        known = {each: version for each, version in inputs.items() if version is not None}
        # a view that is to be made has a version that nobody has recorded yet
        if known == build.inputs:
            return reason  # it is made for another reason than what it reads
        if len(known) == len(inputs) == len(self._workspace.lake.objects.versions(known.values())):
            return self._decided(definition, build, known)
        changing = sorted(each for each in inputs if inputs[each] != build.inputs.get(each))
        return self._foreseen(definition, changing)

    def _decided(self, definition: Definition, build: Build, inputs: Mapping[str, str]) -> str:
        from andon.relations.relations import Relations
        from andon.runs.growing.decide import Deciding, MakeWholeError, changes_told

        try:
            deciding = Deciding(definition, Relations(self._workspace.lake), Proofs(self._workspace.cache))
            return f"incremental: {changes_told(deciding.extent(build.inputs, inputs).changes)}"
        except MakeWholeError as why:
            return f"full: {why}"

    def _foreseen(self, definition: Definition, changing: Sequence[str]) -> str:
        """What can be said before it is known what changes of the inputs."""
        listed = " and ".join(changing)
        growth, proofs = definition.growth, Proofs(self._workspace.cache)
        schemas = self._schemas(definition)
        assert growth is not None
        if schemas is None or growth.assume:
            return f"incremental, as far as {listed} allows"
        if growth.by is By.APPEND:
            why = proofs.grows(definition, schemas, changing).reason
            return (
                f"full: {listed} changes, and {why}" if why else f"incremental where {listed} only gets rows, else full"
            )
        key = definition.key if growth.by is By.KEY else (str(growth.column),)
        grain = growth.grain if growth.by is By.TIME else None
        choices = [key, *((column,) for column in key if len(key) > 1)]
        tried = [proofs.apart(definition, schemas, choice, grain) for choice in choices]
        if any(all(each in apart.inputs for each in changing) for apart in tried):
            return f"incremental: what changes of {listed}"
        first = next(each for each in changing if each not in tried[0].inputs)
        why = tried[0].whole.get(first) or tried[0].reason
        return f"full: {first} changes, which any row may read: {why}"

    def _schemas(self, definition: Definition) -> Mapping[str, Sequence[tuple[str, str]]] | None:
        leaves = self._gathered.state.leaves
        found: dict[str, Sequence[tuple[str, str]]] = {}
        ids = {name: leaves[name].version for name in definition.inputs if name in leaves and name not in self._bound}
        versions = self._workspace.lake.objects.versions(ids.values())
        for name in definition.inputs:
            if name in self._bound:
                found[name] = stored_types(self._bound[name])
            elif name in ids:
                found[name] = versions[ids[name]].types
            else:
                return None
        return found

    def _rows(self, version: str) -> int:
        return self._workspace.lake.objects.row_counts([version])[version][0] or 0
