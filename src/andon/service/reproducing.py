"""Building past versions again, as they were recorded, and saying whether the same comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.errors import AndonError, MachineError
from andon.model.reproduction import OpenConstruct, RebuiltInput, Reproduction, ReproVerdict
from andon.model.reproduction_sample import MissCause, NotedReproduction
from andon.runs.inspection.recorded_places import places_of, recorded_findings
from andon.workspace.masks import masked_columns
from andon.workspace.view import View, commit_ref

if TYPE_CHECKING:
    from andon.model.build import Build
    from andon.model.commit import Leaf
    from andon.relations.reproduced import Likeness
    from andon.runs.rebuilding.again import Again, Rebuilder
    from andon.workspace.workspace import Workspace

#: What a build records of what it ran on: as people call it, and what brings that back.
_MACHINE: dict[str, tuple[str, str | None]] = {
    "version": ("the engine's version", "the version of Andon that pins that engine"),
    "python": ("the version of Python", "that version of Python"),
    "isolation": ("what keeps Python apart", None),
    "network": ("the network that Python sees", None),
    "seed": ("the seed", None),
    "threads": ("the engine's threads", None),
    "memory_limit": ("the engine's memory", None),
}
#: What its run noted of the machine.
_ORIGIN: tuple[tuple[str, str, str | None], ...] = (
    ("andon", "the version of Andon", "that version of Andon"),
    ("platform", "the system", None),
    ("processor", "the processor", None),
)


class Reproducing:
    """Builds versions of one lake again, apart from it."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def reproduce(self, name: str, ref: str | None = None, *, deep: bool = False) -> Reproduction:
        """Build the version that a dataset has at a commit again, and compare the two. Nothing of the lake is changed; what
        came out is kept, where the caller may write.

        Args:
            name: `schema.name`, or `schema.name@REF`; REF is a branch, tag, commit, `run:41`, a date.
            ref: the same as in the name.
            deep: build again what it is made of, too, down to raw files and what was loaded.

        Raises:
            UsageError: `lake.ref_not_found`, `lake.dataset_not_found`.
            ConflictError: `lake.lease_lost` where this process was silent for so long that what it read went.
            AndonError: where it can't be built any more: an input is not what was written, packages can't be had, the code fails.
        """
        from andon.runs.rebuilding.again import Rebuilder
        from andon.service.analysis_code import refuse_analysis

        refuse_analysis(self._workspace, name, "`andon analysis reproduce {0}` runs it again")
        dataset, _, place = name.partition("@")
        view = View.at(self._workspace, commit_ref(self._workspace, place or ref))
        leaf = view.leaf(dataset)
        masked = masked_columns(self._workspace, view.commit)
        try:
            leases = self._workspace.lake.leases
            with leases.reading() as hold, hold.telling(), Rebuilder(self._workspace, view.commit) as rebuilder:
                made = rebuilder.again(dataset, deep=deep)
                results = [self._compared(each, rebuilder, masked) for each in made]
        except AndonError as error:
            # this machine could not, or was silent while data went: that says nothing of the version
            if not error.code.startswith("machine.") and error.code != "lake.lease_lost":
                self._note(dataset, leaf, None, "could not be built", MissCause(view.commit.id, ()), code=error.code)
            raise
        (*before, (last, result)) = zip(made, results, strict=True)
        build = self._workspace.lake.objects.builds([leaf.build])[leaf.build]
        taken = round(sum(each.seconds for each in made), 4)
        causes, is_expected = self._causes(last, view) if result.verdict is not ReproVerdict.IDENTICAL else ([], False)
        miss = None if result.verdict.holds else MissCause(view.commit.id, tuple(causes), is_expected)
        self._note(dataset, leaf, result.verdict, result.how, miss, kept=last.is_kept, seconds=taken)
        return Reproduction(
            dataset=dataset,
            ref=view.ref,
            commit=view.commit.id,
            version=last.recorded.id,
            build=build.id,
            run=build.run,
            proof=build.proof,
            logical_time=build.logical_time,
            engine={key: each for key, each in last.build.engine.items() if isinstance(each, str | int)},
            verdict=result.verdict,
            how=result.how,
            inputs=[
                RebuiltInput(each.recorded.dataset, each.recorded.id, known.verdict, known.how)
                for each, known in before
            ],
            difference=result.difference,
            causes=causes,
            kept=last.is_kept,
            seconds=taken,
            seconds_then=round(build.seconds, 4),
        )

    def _note(
        self,
        dataset: str,
        leaf: Leaf,
        verdict: ReproVerdict | None,
        how: str,
        miss: MissCause | None,
        *,
        code: str | None = None,
        kept: bool = False,
        seconds: float = 0.0,
    ) -> None:
        """Keep what came out; who may not write keeps nothing."""
        workspace = self._workspace
        if workspace.lake.database.is_read_only:
            return
        at, who = to_text(workspace.clock()), workspace.caller.author
        noted = NotedReproduction(at, who, dataset, leaf.build, leaf.version, verdict, how, code, kept, seconds)
        try:
            workspace.reproductions.add(noted, miss)
        except MachineError as failure:
            if failure.code not in ("machine.read_only", "machine.disk"):
                raise

    def _compared(self, again: Again, rebuilder: Rebuilder, masked: dict[str, frozenset[str]]) -> Likeness:
        from andon.relations.content import KIND
        from andon.relations.reproduced import Likeness, compared

        if again.is_kept:
            return Likeness(
                ReproVerdict.IDENTICAL, "what was loaded is kept, and whole; whom it came from is not asked again"
            )
        key = [name for name in again.definition.key if name in dict(again.recorded.types)]
        hidden = masked.get(again.recorded.dataset, frozenset())
        facts, version = self._workspace.facts, again.recorded.id
        return compared(
            again.recorded,
            again.made,
            rebuilder.sides(again),
            rebuilder.lake,
            key,
            hidden,
            lambda: facts.find(version, KIND),
        )

    def _causes(self, again: Again, view: View) -> tuple[list[OpenConstruct], bool]:
        """By what it may differ: what is not as it was recorded, then places of its code; whether that says it need not be the same."""
        beside, definition = [*_beside(again), *self._machine(again.build)], again.definition
        found = recorded_findings(self._workspace.lake.objects, again.build, definition, view.state)
        is_said = bool(definition.allow) or (bool(found) and all(each.silenced is not None for each in found))
        return [*beside, *places_of(definition, found)], is_said and not beside

    def _machine(self, build: Build) -> list[OpenConstruct]:
        """What of machine and Andon is otherwise than where the run came from."""
        from andon.workspace.machine import this_machine

        then, now = self._workspace.origins.of(build.run), this_machine()
        if then is None:
            return []
        known = ((what, str(getattr(then, name)), str(getattr(now, name)), exact) for name, what, exact in _ORIGIN)
        return [
            OpenConstruct(what, None, None, f"it was {was}, and is {found}", exact)
            for what, was, found, exact in known
            if was and found and was != found
        ]


def _beside(again: Again) -> list[OpenConstruct]:
    """What is otherwise than it was when a version was built, beside its code."""
    return [
        OpenConstruct(what, None, None, f"it was {then}, and is {now}", exact)
        for key, (what, exact) in _MACHINE.items()
        if (then := again.build.engine.get(key)) and (now := again.engine.get(key)) and then != now
    ]
