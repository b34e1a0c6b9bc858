"""What a plan says of tables that grow: whether a run would make all of them or what is new, and what somebody asked for besides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from andon.base.record import Record
from andon.base.text import plural, seconds, size
from andon.engines.types import stored_types
from andon.errors import UsageError
from andon.model.build import Build
from andon.model.dataset import ClockUse, Definition, Kind, Materialize
from andon.model.growth import By, Grain, Grown
from andon.model.intervals import floor, moment_text, shown
from andon.model.verdict import Verdict, VerdictKind
from andon.relations.bounds import bounds_of
from andon.runs.growing.proofs import Proofs
from andon.runs.growing.wishes import Wishes

if TYPE_CHECKING:
    from andon.runs.goal import RunOptions
    from andon.runs.planning.gather import BoundCode
    from andon.workspace.workspace import Workspace


class OwnChanges(Protocol):
    """What is known of definitions that changed."""

    def own(self, dataset: str) -> Verdict | None:
        """What the change of a dataset's own definition means."""
        ...


class RebuildCost(Record):
    """What making a table whole takes: its rows, the rows and bytes of what it reads, and seconds by what it took before."""

    rows: int
    read: int
    size: int
    seconds: float | None

    @property
    def told(self) -> str:
        """In words, to follow why it is made whole."""
        took = f", about {seconds(self.seconds)}" if self.seconds is not None and self.seconds >= 0.1 else ""
        return f"; {plural(self.rows, 'row')} anew, {plural(self.read, 'row')} ({size(self.size)}) read{took}"


class PlannedGrowth:
    """The tables of one plan that grow.

    Args:
        taken: the datasets whose code is taken.
        selected: those that were named; None: all.
        changes: what other definitions mean, where that may be proved.
        estimate: whether it is worked out what making a table whole takes.
    """

    def __init__(
        self,
        workspace: Workspace,
        bound: BoundCode,
        options: RunOptions,
        taken: set[str],
        selected: frozenset[str] | None,
        changes: OwnChanges | None = None,
        *,
        estimate: bool = False,
    ) -> None:
        self._workspace = workspace
        self._changes = changes
        self._gathered = bound.gathered
        self._bound = bound.columns
        definitions, leaves = bound.gathered.definitions, bound.gathered.state.leaves
        growing = {d for d in taken if definitions[d].growth is not None}
        named = growing if selected is None else growing & selected
        known = {d for d in named if d in leaves}
        # what a source has loaded grows, too
        loaded = {d for d in taken if definitions[d].kind is Kind.SOURCE and d in leaves}
        whole = known | (loaded if selected is None else loaded & selected)
        grown = {d: leaf for d, leaf in leaves.items() if d in growing and leaf.materialize == Materialize.INCREMENTAL}
        builds = workspace.lake.objects.builds(leaf.build for leaf in grown.values())
        #: How the published results were made, by dataset.
        self.builds: Mapping[str, Build] = {d: builds[leaf.build] for d, leaf in grown.items() if leaf.build in builds}
        others = {d for d in growing if d in leaves and leaves[d].definition != definitions[d].id}
        self._earlier = workspace.lake.objects.definitions(leaves[d].definition for d in others & self.builds.keys())
        equal = frozenset(d for d in others if self._makes_the_same(d))
        #: Those that are parted otherwise than before: they grow on.
        self._parted = frozenset(d for d in others if self._is_but_for_parting(d))
        self.wishes = Wishes(
            full=frozenset(whole) if options.full else frozenset(),
            forward=frozenset(known & others - equal - self._parted) if options.forward else frozenset(),
            fill={d: ranges for d, ranges in options.fill.items() if d in growing},
            equal=equal,
        )
        #: What making tables whole is expected to take, for those whose definition changed.
        self.costs: Mapping[str, RebuildCost] = {}
        if estimate:
            self.costs = {d: self._cost(d) for d in sorted(others - equal - self._parted - self.wishes.forward)}

    @property
    def seconds(self) -> Mapping[str, float]:
        """What tables whose definition changed are expected to take."""
        return {name: cost.seconds for name, cost in self.costs.items() if cost.seconds is not None}

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

    def proof(self, name: str, changed: Sequence[str]) -> str | None:
        """Why the published rows of a table are what its other definition gives, too; None where inputs changed or it is not proved."""
        if name not in self.wishes.equal or changed or self._changes is None:
            return None
        leaves, build = self._gathered.state.leaves, self.builds[name]
        is_current = all(each in leaves and leaves[each].version == version for each, version in build.inputs.items())
        own = self._changes.own(name)
        objects = self._workspace.lake.objects
        if own is None or not is_current or objects.is_lost(objects.versions([build.version])[build.version]):
            return None
        before, now = self._earlier[leaves[name].definition].growth, self._gathered.definitions[name].growth
        return f"only how it grows changed, which shapes no row; {own.proof}" if before != now else own.proof

    def _is_but_for_parting(self, name: str) -> bool:
        """Whether another definition of a table that grows is the same but for which rows are set aside."""
        old = self._earlier.get(self._gathered.state.leaves[name].definition)
        return old is not None and old.is_but_for_parting(self._gathered.definitions[name])

    def _makes_the_same(self, name: str) -> bool:
        """Whether another definition of a table surely makes the rows of its published one, and they are told apart by the same."""
        leaf, new = self._gathered.state.leaves[name], self._gathered.definitions[name]
        old, build = self._earlier.get(leaf.definition), self.builds.get(name)
        if self._changes is None or old is None or build is None or old.growth is None or new.growth is None:
            return False
        if any(each.clock is not ClockUse.NONE or each.allow for each in (old, new)) or old.parting != new.parting:
            return False
        settings = [(each.by, each.column, each.start, each.deleted) for each in (old.growth, new.growth)]
        # what is filled ends where intervals do
        if settings[0] != settings[1] or (old.growth.grain != new.growth.grain and Grown.of(build.grown).filled):
            return False
        own = self._changes.own(name)
        return own is not None and own.kind is VerdictKind.NONE and not own.reordered

    def _cost(self, name: str) -> RebuildCost:
        """What making a table whole reads, and takes by what it took before."""
        from andon.relations.relations import Relations

        relations, leaves = Relations(self._workspace.lake), self._gathered.state.leaves
        known = [leaves[each].version for each in self._gathered.definitions[name].inputs if each in leaves]
        read = sum(relations.version(each).rows or 0 for each in relations.tables(known))
        rows = self._rows(leaves[name].version)
        builds = self._workspace.lake.objects.builds_of(name)
        whole = next((b for b in builds if b.seconds and Grown.of(b.grown).way.startswith("full")), None)
        took = None
        if whole is not None:
            then = self._rows(whole.version)
            took = whole.seconds * max(rows / then, 1.0) if then else whole.seconds
        return RebuildCost(rows, read, sum(map(relations.size, known)), took)

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
        if name in self._parted and dict(inputs) == build.inputs:
            return f"{reason}: what is there is parted anew"
        if leaf.definition != definition.id and name not in self.wishes.equal | self._parted:
            if name not in self.wishes.forward:
                return f"full: {reason}{self.costs[name].told if name in self.costs else ''}"
            return f"forward only: {reason}, and its {self._kept(definition, leaf.version)} stay as they were made"
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

    def _kept(self, definition: Definition, version_id: str) -> str:
        """The rows of a version, with the times that they are of where it grows by time."""
        rows = f"{self._rows(version_id):,} rows"
        version = self._workspace.lake.objects.versions([version_id])[version_id]
        names = {name.lower(): (name, kind) for name, kind in version.types}
        column = names.get(str(definition.growth.column if definition.growth is not None else "").lower())
        if column is None:
            return rows
        bounds = [bounds_of(file, *column) for file in version.files]
        known = [each for each in bounds if each.is_known and each.lowest is not None]
        if not known or not all(each.is_known for each in bounds):
            return rows
        first, last = min(each.lowest for each in known), max(each.highest for each in known)
        grain = definition.growth.grain if definition.growth is not None else Grain.DAY
        return f"{rows} from {moment_text(floor(first, grain))} to {moment_text(floor(last, grain))}"

    def _rows(self, version: str) -> int:
        return self._workspace.lake.objects.row_counts([version])[version][0] or 0
