"""Planning: from code, head and inputs to frozen steps. Pure: it reads nothing and asks nobody.

A dataset is reused when its recipe key is the one that its leaf was built by, or one that was ever built on any branch. While an
input's version is not known yet (it will be built), a dataset's key isn't either, and the step says `build`; should the input come out
with the same content after all, the run finds the key known and reuses (early cutoff).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from datetime import datetime
from typing import Any

from andon.base.clock import to_text
from andon.base.graph import levels, reach, reverse
from andon.base.record import Record, field
from andon.model.build import Build, InputFile, aside_key, recipe_key
from andon.model.commit import Leaf
from andon.model.dataset import ClockUse, Definition, Kind, Materialize
from andon.model.plan import UNCHANGED, Action, Step
from andon.model.quarantine import dataset_of, is_aside
from andon.runs.planning.histories import goes_on_from


class SourceInput(Record):
    """What a source would read: raw files by content and the contract they are read by.

    Attributes:
        added, removed, changed: paths that differ from what the leaf was built from, for the reason.
        kept_because: set when an undone file is among them: the whole source stays as published.
        load: why rows are asked of a database; what it will hold is known only then. None leaves what was extracted last.
    """

    files: tuple[InputFile, ...] = ()
    contract: Mapping[str, Any] | None = None
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    kept_because: str | None = None
    load: str | None = None


class Situation(Record):
    """All that a plan depends on.

    Attributes:
        definitions: of every dataset that should be there.
        files: `{dataset: its own files}` as they should stand in the leaf.
        leaves: the head's.
        sources: by dataset.
        selected: datasets whose code is taken; None means all. The others stay as the head has them.
        standing: datasets that stay as the head has them unless something that they read moves: their keys are not worked out.
        levels: the definitions in an order in which they can be planned (`graph.levels`), where that is known.
        forced: datasets that are built even if the key is known.
        moment: the logical time.
        known: recipe keys to current builds (asked for many keys at once).
        old: definitions of the head's leaves, for reasons.
        held: `{dataset: why}` of what people hold: it stays as it is published.
        packs: datasets whose files are put together, which changes no row of them.
        histories: by dataset the builds that histories go on from.
        grown: of tables that grow, and of which the head holds a result: how that was made.
        how: whether a table that grows is made whole or what is new of it, for the reason: asked with its name, why it is made at all,
            and the versions that it will read, None where one is not known yet.
        builder: which engine that is not embedded builds a dataset over such versions, and why; None where none does.
        wanted: tables that grow and of which more is asked for than what the code and the inputs say, each with what.
        released: by dataset which rows are in it although a check would set them aside (`digest_of`).
        released_before: the same, at the head.
        prove: why a dataset's published version is what its definition gives over inputs that change, or None; asked where the recipe
            key is not known, with those inputs and with all datasets that by now have, or will have, another version.
    """

    definitions: Mapping[str, Definition]
    files: Mapping[str, tuple[tuple[str, str], ...]]
    leaves: Mapping[str, Leaf]
    sources: Mapping[str, SourceInput]
    moment: datetime
    known: Callable[[Iterable[str]], Mapping[str, Build]]
    selected: frozenset[str] | None = None
    standing: frozenset[str] = frozenset()
    levels: Sequence[Sequence[str]] = ()
    forced: frozenset[str] = frozenset()
    held: Mapping[str, str] = field(default_factory=dict)
    old: Mapping[str, Definition] = field(default_factory=dict)
    packs: frozenset[str] = frozenset()
    histories: Mapping[str, Build] = field(default_factory=dict)
    grown: Mapping[str, Build] = field(default_factory=dict)
    wanted: Mapping[str, str] = field(default_factory=dict)
    released: Mapping[str, str] = field(default_factory=dict)
    released_before: Mapping[str, str] = field(default_factory=dict)
    how: Callable[[str, str, Mapping[str, str | None]], str] = lambda _, reason, __: reason
    builder: Callable[[str, Mapping[str, str | None]], str | None] = lambda _, __: None
    prove: Callable[[str, Sequence[str], Set[str]], str | None] | None = None


def clock_part(definition: Definition, moment: datetime) -> str | None:
    """The part of the logical time that goes into the key of `definition`."""
    if definition.clock is ClockUse.NONE:
        return None
    text = to_text(moment)
    return text[:10] if definition.clock is ClockUse.DATE else text


def datasets_taken(
    definitions: Mapping[str, Definition], leaves: Mapping[str, Leaf], selected: Set[str] | None
) -> set[str]:
    """The datasets whose code a plan takes: all, or what is selected and what that needs and was never published."""
    if selected is None:
        return set(definitions)
    taken = set(selected & definitions.keys())
    taken |= {dataset_of(d) for d in taken if is_aside(d)} & definitions.keys()  # both are of one write
    taken |= {str(definitions[d].aside) for d in taken if definitions[d].aside is not None}
    needed = reach({d: definition.inputs for d, definition in definitions.items()}, taken)
    taken |= {d for d in needed if d not in leaves and d in definitions}
    return taken | {str(definitions[d].aside) for d in taken if definitions[d].aside is not None}


def plan_steps(situation: Situation) -> tuple[Step, ...]:
    """The steps that lead from the head to what the code says, in an order in which they can be taken."""
    return _Planner(situation).steps()


class _Planner:
    def __init__(self, situation: Situation) -> None:
        self.now = situation
        taken = datasets_taken(situation.definitions, situation.leaves, situation.selected)
        # what was never published can't stay as it is: it is left out
        self.taken = {d for d in taken if d not in situation.held or d in situation.leaves}
        self.needs = {d: situation.definitions[d].inputs for d in self.taken}
        self.versions: dict[str, str | None] = {
            d: leaf.version for d, leaf in situation.leaves.items() if d not in self.taken
        }
        self.remade: set[str] = set()
        self.same = set(situation.packs)
        self.planned: dict[str, Step] = {}

    def steps(self) -> tuple[Step, ...]:
        steps: list[Step] = []
        for level in self._levels():
            # Level by level, so that keys that are not the head's are looked up many at a time.
            still = {d for d in level if self._stays(d)}
            keys = {d: self._key(d) for d in level if d not in still}
            asked = [key for d, key in keys.items() if key and not self._as_head(d, key)]
            beside = [self._aside_key(d, key) for d, key in keys.items() if key and not self._as_head(d, key)]
            known = self.now.known([*asked, *(key for key in beside if key is not None)])
            for dataset in level:
                if dataset in still:
                    self._keep(dataset, steps)
                    continue
                step = self._step(dataset, keys[dataset] or None, known)
                if step is None:
                    continue
                self.planned[dataset] = step
                steps.append(step)
                self.versions[dataset] = None if step.action is Action.BUILD else step.version
                if self._differs(dataset):
                    self.remade.add(dataset)
        return (*steps, *self._drops())

    def _levels(self) -> Sequence[Sequence[str]]:
        known = self.now.levels
        if sum(map(len, known)) == len(self.needs) and all(name in self.needs for level in known for name in level):
            return known
        return levels(self.needs)

    def _stays(self, dataset: str) -> bool:
        now = self.now
        return dataset in now.standing and self.remade.isdisjoint(now.definitions[dataset].inputs)

    def _keep(self, dataset: str, steps: list[Step]) -> None:
        leaf, needs = self.now.leaves[dataset], self.now.definitions[dataset].inputs
        for name in needs:
            if name not in self.needs:
                needs = tuple(p for p in needs if p in self.needs)
                break
        step = Step(dataset, Action.REUSE, UNCHANGED, needs, leaf.key, leaf.build, leaf.version)
        self.planned[dataset] = step
        steps.append(step)
        self.versions[dataset] = leaf.version

    def _key(self, dataset: str) -> str:
        """The recipe key, or "" while the version of an input is not known."""
        definition = self.now.definitions[dataset]
        if definition.kind is Kind.QUARANTINE:
            step = self.planned.get(definition.inputs[0])
            is_reused = step is not None and step.action is Action.REUSE and step.proof is None and step.key
            return aside_key(definition.id, str(step.key)) if step is not None and is_reused else ""
        inputs: dict[str, str] = {}
        for parent in definition.inputs:
            version = self.versions.get(parent)
            if version is None:
                return ""
            inputs[parent] = version
        if dataset in self.now.wanted:
            return ""
        grown, leaf = self.now.grown.get(dataset), self.now.leaves.get(dataset)
        if grown is not None and leaf is not None and leaf.definition == definition.id and grown.inputs == inputs:
            if self._is_released_anew(definition):
                return ""
            return grown.key  # which may hold more than a key of these inputs says: rows that stay by a person's word
        source = self.now.sources.get(dataset)
        if definition.kind is Kind.SOURCE and (source is None or source.load is not None):
            return ""
        files, contract = (source.files, source.contract) if source else ((), None)
        goes_on = goes_on_from(definition, inputs, self.now.histories.get(dataset), self.now.moment)
        clock, released = clock_part(definition, self.now.moment), None
        if definition.quarantine:
            released = self.now.released.get(dataset)
        return recipe_key(definition.id, inputs, files, contract or goes_on, clock, released=released)

    def _aside_key(self, dataset: str, key: str) -> str | None:
        """The recipe key of what is set aside of a dataset, where it is built by a key."""
        aside = self.now.definitions[dataset].aside
        return None if aside is None else aside_key(self.now.definitions[aside].id, key)

    def _set_aside(self, definition: Definition, key: str | None, known: Mapping[str, Build]) -> Step | None:
        """The step of rows that are set aside: it goes with that of their dataset. None where that stays, and none were set aside of it."""
        dataset, step = definition.dataset, self.planned.get(definition.inputs[0])
        leaf, needs = self.now.leaves.get(dataset), definition.inputs
        if step is None or (step.action is Action.KEEP and leaf is None):
            return None
        changed = (leaf is None or leaf.definition != definition.id) and not self._is_corrected_aside(needs[0])
        if step.action is Action.BUILD:
            return Step(dataset, Action.BUILD, f"is written with {needs[0]}", needs, code_changed=changed)
        if step.proof is not None and leaf is not None:
            proof = step.proof
            return Step(
                dataset, Action.REUSE, step.reason, needs, version=leaf.version, code_changed=changed, proof=proof
            )
        if leaf is not None and (step.action is Action.KEEP or leaf.key == key):
            action = Action.KEEP if step.action is Action.KEEP else Action.REUSE
            reason = step.reason if changed or step.action is Action.KEEP else UNCHANGED
            return Step(dataset, action, reason, needs, leaf.key, leaf.build, leaf.version, code_changed=changed)
        build = known[str(key)]
        return Step(dataset, Action.REUSE, step.reason, needs, key, build.id, build.version, code_changed=changed)

    def _is_stated_anew(self, definition: Definition, leaf: Leaf) -> bool:
        """Whether the code says something else than what made a leaf; what is done about its rows beside that is no code."""
        if leaf.definition == definition.id:
            return False
        before = self.now.old.get(leaf.definition)
        return before is None or before.stated != definition.stated

    def _is_corrected_aside(self, dataset: str) -> bool:
        corrected = self.now.definitions[dataset].corrected
        return corrected is not None and bool(corrected.aside)

    def _is_gone(self, dataset: str) -> bool:
        return dataset not in self.taken and dataset not in self.now.leaves

    def _as_head(self, dataset: str, key: str) -> bool:
        leaf = self.now.leaves.get(dataset)
        return leaf is not None and leaf.key == key

    def _step(self, dataset: str, key: str | None, known: Mapping[str, Build]) -> Step | None:
        now = self.now
        definition, leaf, source = now.definitions[dataset], now.leaves.get(dataset), now.sources.get(dataset)
        if definition.kind is Kind.QUARANTINE:
            return self._set_aside(definition, key, known)
        beside = self._aside_key(dataset, key) if key else None
        code_changed = leaf is None or leaf.files != now.files.get(dataset) or self._is_stated_anew(definition, leaf)
        needs = tuple(p for p in definition.inputs if p in self.needs)
        if dataset in now.held and leaf is not None:
            return Step(dataset, Action.KEEP, now.held[dataset], needs, leaf.key, leaf.build, leaf.version)
        if source is not None and source.kept_because and leaf is not None:
            return Step(dataset, Action.KEEP, source.kept_because, needs, leaf.key, leaf.build, leaf.version)
        gone = [p for p in definition.inputs if self._is_gone(p)]
        if gone and leaf is not None:
            reason = f"reads {gone[0]}, which is gone"
            return Step(dataset, Action.KEEP, reason, needs, leaf.key, leaf.build, leaf.version)
        if key and dataset not in now.forced:
            if leaf is not None and leaf.key == key and (beside is None or definition.aside in now.leaves):
                reason = "only comments, checks or layout changed" if code_changed else UNCHANGED
                return Step(
                    dataset, Action.REUSE, reason, needs, key, leaf.build, leaf.version, code_changed=code_changed
                )
            if key in known and (beside is None or beside in known):
                build = known[key]
                reason = f"built before, in run {build.run}" if build.run else "built before"
                if source is not None and (source.added or source.removed or source.changed):
                    reason = f"{_changed_files(source)}; {reason}"
                return Step(
                    dataset, Action.REUSE, reason, needs, key, build.id, build.version, code_changed=code_changed
                )
        proof = self._proof(dataset)
        if proof is not None and leaf is not None:
            return Step(
                dataset,
                Action.REUSE,
                f"proved equal: {proof}",
                needs,
                key or None,
                version=leaf.version,
                code_changed=code_changed,
                proof=proof,
            )
        reason = self._reason(dataset)
        if definition.materialize is Materialize.VIEW:
            return Step(dataset, Action.VIEW, reason, needs, key, version=key, code_changed=code_changed)
        versions = {name: self.versions.get(name) for name in definition.inputs}
        if definition.growth is not None:
            reason = now.how(dataset, reason, versions)
        engine = now.builder(dataset, versions)
        if engine is not None:
            reason = f"{reason}; by {engine}"
        return Step(dataset, Action.BUILD, reason, needs, key, code_changed=code_changed, engine=engine)

    def _proof(self, dataset: str) -> str | None:
        """Why the head's version still holds, where that can be proved before anything is built."""
        now = self.now
        if dataset in now.packs:
            return None
        definition = now.definitions[dataset]
        if definition.aside is not None and definition.aside not in now.leaves:
            return None
        changed = {p for p in definition.inputs if self._differs(p)}
        if changed and changed <= self.same and definition.clock is ClockUse.NONE and dataset in now.leaves:
            self.same.add(dataset)
            return f"the files of {min(changed)} were put together, its rows are the same"
        if now.prove is None or dataset in now.forced or dataset not in now.leaves:
            return None
        if definition.kind is not Kind.SQL:
            return None
        return now.prove(dataset, [p for p in definition.inputs if self._differs(p)], self.remade)

    def _reason(self, dataset: str) -> str:
        now = self.now
        definition, leaf, source = now.definitions[dataset], now.leaves.get(dataset), now.sources.get(dataset)
        if dataset in now.wanted:
            return now.wanted[dataset]
        if leaf is None:
            build = now.histories.get(dataset)
            named = next((d for d, other in now.leaves.items() if build is not None and other.build == build.id), None)
            return f"new, its history goes on from {named}" if named is not None else "new"
        if dataset in now.packs:
            return "its files are put together"
        if self._is_released_anew(definition) and leaf.definition == definition.id:
            return "rows of it were released, or are not any more"
        if leaf.definition != definition.id:
            return _changed_code(now.old.get(leaf.definition), definition)
        if source is not None and (source.added or source.removed or source.changed):
            return _changed_files(source)
        if source is not None and source.load is not None:
            return source.load
        rebuilt = [p for p in definition.inputs if self._differs(p)]
        if rebuilt:
            others = f" and {len(rebuilt) - 1} more" if len(rebuilt) > 1 else ""
            return f"reads {rebuilt[0]}{others}, which changes"
        if dataset in now.forced:
            return "asked for (--force)"
        if definition.clock is not ClockUse.NONE:
            instant, day = ("the clock", "the date") if definition.kind is Kind.PYTHON else ("now()", "current_date")
            return f"rebuilt at every run: {instant}" if definition.clock is ClockUse.INSTANT else f"a new day: {day}"
        return "an input changes"

    def _is_released_anew(self, definition: Definition) -> bool:
        """Whether other rows than at the head are in a dataset although a check would set them aside."""
        now, name = self.now, definition.dataset
        return bool(definition.quarantine) and now.released.get(name) != now.released_before.get(name)

    def _differs(self, dataset: str) -> bool:
        leaf = self.now.leaves.get(dataset)
        return leaf is None or self.versions.get(dataset) != leaf.version

    def _drops(self) -> list[Step]:
        now = self.now
        gone = sorted(now.leaves.keys() - now.definitions.keys() - now.held.keys())
        if now.selected is not None:
            gone = [
                d for d in gone if d in now.selected or (is_aside(d) and dataset_of(d) in self.taken | now.selected)
            ]
        if not gone:
            return []
        readers = reverse({d: definition.inputs for d, definition in now.definitions.items()})
        return [
            Step(
                d,
                Action.DROP,
                "its checks set no rows aside any more"
                if is_aside(d) and dataset_of(d) in now.definitions
                else "its file was deleted",
                version=now.leaves[d].version,
                breaks=tuple(sorted(readers.get(d, ()))),
                code_changed=True,
            )
            for d in gone
        ]


#: What a change of code does to a history.
_ANEW = ": its history begins anew, what it kept stays in earlier commits"
_LEFT = ": what its history kept stays in earlier commits"


def _changed_code(old: Definition | None, new: Definition) -> str:
    if old is None:
        return "its definition changed"
    if old.stated == new.stated:
        return "its rows are corrected" if new.corrected is not None else "its rows are corrected no more"
    before, after = dict(old.uses), dict(new.uses)
    used = sorted(p for p in before.keys() | after.keys() if before.get(p) != after.get(p))
    if old.meaning != new.meaning:
        if old.materialize != new.materialize:
            lost = _LEFT if old.history is not None else ""
            return f"materialize changed from {old.materialize} to {new.materialize}{lost}"
        if old.key != new.key:
            return f"its key changed{_ANEW if new.history is not None else ''}"
        if old.sort != new.sort:
            return "the order of its rows changed"
        if old.partition != new.partition:
            return "its partitions changed"
        if old.growth != new.growth:
            return "how it grows changed"
        if old.is_but_for_parting(new):
            return "which rows are set aside changed"
        if new.rest is not None:
            return "what it asks changed"
        return "its Python changed" if new.kind is Kind.PYTHON or new.is_function else "its SQL changed"
    if used:
        others = f" and {len(used) - 1} more" if len(used) > 1 else ""
        return f"uses {used[0]}{others}, which changed"
    return "its definition changed"


def _changed_files(source: SourceInput) -> str:
    parts = [
        f"{len(paths)} {word} ({paths[0]}{', …' if len(paths) > 1 else ''})"
        for paths, word in ((source.added, "new"), (source.changed, "changed"), (source.removed, "removed"))
        if paths
    ]
    return "files: " + ", ".join(parts)
