"""Taking away the data of past versions that nothing needs any more: what goes, why, and how it comes back."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from andon.base.clock import from_text, system_clock, to_text
from andon.base.database import in_batches
from andon.base.duration import Duration
from andon.lake.collecting import Collected, Collector, Inventory, UnneededFile
from andon.lake.roots import RootPin, Roots, roots
from andon.model.collection import CollectedPart, Collection, KeptPart, WaitingFor
from andon.model.quarantine import dataset_of, is_aside
from andon.service.insight_asking import answer_path
from andon.service.kept_lengths import kept_length
from andon.service.leftovers import clear, named_elsewhere
from andon.workspace.code import project_at

if TYPE_CHECKING:
    from andon.lake.roots import Cutoff
    from andon.model.commit import Commit
    from andon.model.dataset import Definition
    from andon.workspace.workspace import Workspace

#: An upload that was begun so long ago is nobody's any more.
_HALF_DONE = timedelta(days=1)
#: Stages of what nothing needs, in the order in which they are told.
_STAGES = ("deleted", "ready", "read", "waits", "new")


class Collecting:
    """Takes away what one lake does not need."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lake = workspace.lake

    def collect(self, *, apply: bool = False) -> Collection:
        """What nothing needs any more; with `apply` it is marked, and deleted once its grace is over.

        Raises:
            ConflictError: `lake.busy` where somebody collects already.
            MachineError: `lake.corrupt`, `machine.storage` where it can't be known what is needed: then nothing is done.
        """
        begun = time.monotonic()
        keeping = Keeping(self._workspace)
        collector = Collector(
            self._lake,
            keeping.roots,
            lambda: named_elsewhere(self._workspace),
            self._sealing,
            self._grace,
        )
        if apply:
            found, done = collector.collect()
            self._lake.storage.tidy(system_clock() - _HALF_DONE)
            clear(self._workspace)
        else:
            found, done = collector.find(), Collected()
        return self._told(found, done, collector, keeping, apply, time.monotonic() - begun)

    @property
    def _grace(self) -> timedelta:
        now = self._workspace.clock()
        said = kept_length(self._workspace, "retention.grace", now)
        return said.after(now) - now if said is not None else timedelta()

    def _sealing(self, versions: Sequence[str]) -> set[str]:
        from andon.relations.sealing import seal

        return seal(self._workspace.readers, self._lake, self._workspace.facts, versions)

    def _told(
        self, found: Inventory, done: Collected, collector: Collector, keeping: Keeping, applied: bool, seconds: float
    ) -> Collection:
        ready = {file.path for file in collector.ready(found)}
        groups: dict[tuple[str, str, str, str], list[UnneededFile]] = {}
        back = keeping.back([*found.unneeded.values()])
        for file in found.unneeded.values():
            key = file.dataset, keeping.why(file), _stage(file, done, ready), back[file.path]
            groups.setdefault(key, []).append(file)
        parts = [self._part(key, files) for key, files in groups.items()]
        parts.sort(key=lambda part: (_STAGES.index(part.stage), -part.bytes, part.dataset or "~", part.why))
        gone = [part for part in parts if part.stage in (("deleted",) if applied else ("ready",))]
        grace = kept_length(self._workspace, "retention.grace", self._workspace.clock())
        whole: Counter[str] = Counter()
        for each in found.needed:
            whole[each.dataset] += each.size
        return Collection(
            applied=applied,
            grace=str(grace) if grace is not None else None,
            parts=parts,
            kept=sorted(
                (KeptPart(each.dataset, each.why, each.files, each.size) for each in found.needed),
                key=lambda each: (-whole[each.dataset], each.dataset, -each.bytes, each.why),
            ),
            files=sum(part.files for part in gone),
            deleted=sum(part.bytes for part in gone),
            seconds=round(seconds, 3),
            waits_for=[WaitingFor(each.process, each.since) for each in done.waits_for],
            is_written=done.is_written,
            refused=[f"the file `{path}` lies outside of the storage" for path in found.refused]
            + [
                f"the version `{version[:12]}` can't be read, so nothing would prove it"
                for version in sorted(done.stay)
            ],
        )

    def _part(self, key: tuple[str, str, str, str], files: Sequence[UnneededFile]) -> CollectedPart:
        dataset, why, stage, back = key
        until = None
        if stage == "waits":
            until = to_text(max(from_text(f.going.since) for f in files if f.going is not None) + self._grace)
        return CollectedPart(
            dataset=dataset or None,
            why=why,
            stage=stage,
            files=len(files),
            bytes=sum(file.size for file in files),
            versions=len({version for file in files for version in file.versions}),
            until=until,
            back=back,
        )


def _stage(file: UnneededFile, done: Collected, ready: set[str]) -> str:
    if file.path in done.deleted:
        return "deleted"
    if file.path in done.closed:
        return "read"
    if file.path in ready and file.path not in done.marked:
        return "ready"
    if file.going is None or file.going.state not in ("marked", "closed", "deleting"):
        return "new"
    return "waits"


class Keeping:
    """How long data are kept, by what the code of branches and the settings say."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lake = workspace.lake
        self._now = workspace.clock()
        self._default = kept_length(workspace, "retention.keep", self._now)
        self._runs_kept = kept_length(workspace, "retention.runs", self._now)
        self._definitions: dict[str, Definition] = {}
        #: the longest that any branch keeps a dataset
        self._said: dict[str, tuple[str, str]] = {}

    def roots(self) -> Roots:
        """What must be kept; all that is no ref of the lake itself is told here."""
        since = to_text(self._runs_kept.before(self._now)) if self._runs_kept is not None else ""
        return roots(self._lake, self._cutoffs, since, [*self._runs(), *self._insights(), *self._analyses()])

    def _runs(self) -> Iterator[RootPin]:
        """What runs go on from that are not over."""
        for run in self._workspace.runs.running():
            yield RootPin(run.base, f"run:{run.number}, which is not over, goes on from it")

    def _insights(self) -> Iterator[RootPin]:
        """What answers were read from that are kept nowhere else, and runs of analyses that show an insight."""
        pins = []
        for ref in self._lake.refs.of_kind("branch"):
            state = self._lake.commits.state(self._lake.commits.get(ref.commit))
            files = state.files()
            for insight in project_at(self._workspace, state).insights:
                pin = insight.pinned
                if pin is not None and (pin.result is None or files.get(answer_path(insight.name)) != pin.result):
                    why = f"the insight {insight.name} was answered by it"
                    pins.append(RootPin(pin.commit, why, frozenset(insight.datasets)))
                for label in insight.evidence:
                    name, _, number = label.partition("@")
                    run = self._lake.analysis_runs.find(name, int(number) if number.isdecimal() else None)
                    if run is not None:
                        why = f"{run.label}, which read it, shows the insight {insight.name}"
                        pins.append(RootPin(run.commit, why, frozenset(run.inputs)))
        known = self._lake.commits.known(pin.commit for pin in pins)
        yield from (pin for pin in pins if pin.commit in known)

    def _analyses(self) -> Iterator[RootPin]:
        """What kept runs of analyses read: they are run again over it."""
        for run in self._lake.analysis_runs.last().values():
            yield RootPin(run.commit, f"the last run of the analysis {run.name} read it", frozenset(run.inputs))

    def _cutoffs(self, head: Commit) -> Cutoff:
        """How long the datasets of a branch are kept, by its own code: so no branch takes away what another one keeps."""
        state = self._lake.commits.state(head)
        project = project_at(self._workspace, state)
        former = self._lake.former_names.of(head, state)
        past: dict[str, Duration | None] = {}

        def said(dataset: str) -> Duration | None:
            name = dataset_of(dataset) if is_aside(dataset) else dataset
            name = former.get(name, name)
            if name in project.datasets:
                return project.datasets[name].keep
            if name not in past:
                past[name] = self._last_said(name, head)
            return past[name]

        def cutoff(dataset: str, definition: str) -> str:
            keep = said(dataset)
            if keep is None and self._never_again(definition) is None:
                keep = self._default
            if keep is None:
                return ""
            since = to_text(keep.before(self._now))
            known = self._said.get(dataset)
            if known is None or since < known[0]:
                self._said[dataset] = since, str(keep)
            return since

        return cutoff

    def _last_said(self, dataset: str, head: Commit) -> Duration | None:
        """What the file of a dataset said that is not there any more, when it was there last."""
        for commit in self._lake.commits.first_parents(head):
            if self._lake.commits.leaf(commit, dataset) is not None:
                found = project_at(self._workspace, self._lake.commits.state(commit)).datasets.get(dataset)
                return found.keep if found is not None else None
        return None

    def why(self, file: UnneededFile) -> str:
        """Why nothing needs a file."""
        if not file.dataset:
            return "no version names it"
        if file.shown is None:
            return "no branch or tag shows it" + (
                f", nor a run of the last {self._runs_kept}" if self._runs_kept else ""
            )
        keep = self._said.get(file.dataset)
        return f"replaced more than {keep[1]} ago" if keep is not None else "no branch or tag shows it"

    def back(self, files: Sequence[UnneededFile]) -> dict[str, str]:
        """How the data of files come back, by path."""
        by_version: dict[str, set[str]] = {}
        wanted = {version for file in files for version in file.versions}
        for marks, batch in in_batches(wanted):
            sql = f"select distinct version, definition from build where version in ({marks})"
            for version, definition in self._lake.database.query(sql, batch):
                by_version.setdefault(version, set()).add(definition)
        missing = set().union(*by_version.values()) - self._definitions.keys() if by_version else set()
        self._definitions.update(self._lake.objects.definitions(missing))
        return {file.path: self._back(file, by_version) for file in files}

    def _back(self, file: UnneededFile, by_version: Mapping[str, Iterable[str]]) -> str:
        if not file.dataset:
            return "nothing would need it"
        whys = {
            self._never_again(definition) for version in file.versions for definition in by_version.get(version, ())
        }
        if not whys:
            return "never: nobody knows how it was made"
        return "built again" if None in whys else f"never: {min(filter(None, whys))}"

    def _never_again(self, definition: str) -> str | None:
        """Why what a definition made can't be made again, if so."""
        if definition not in self._definitions:
            self._definitions.update(self._lake.objects.definitions([definition]))
        found = self._definitions.get(definition)
        if found is None:
            return "nobody knows how it was made"
        if found.asks is not None:
            return f"it came from {found.asks}"
        return "it was made by chance" if "random" in found.allow else None
