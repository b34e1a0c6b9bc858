"""Taking away the data of past versions that nothing needs any more: what goes, why, and how it comes back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from andon.base.clock import from_text, to_text
from andon.base.duration import Duration, read_duration
from andon.lake.collecting import Collected, Collector, Found, UnneededFile
from andon.lake.roots import Pin, Roots, roots
from andon.model.collection import CollectedPart, Collection, KeptPart, WaitingFor
from andon.model.quarantine import dataset_of, is_aside
from andon.service.leftovers import named_elsewhere
from andon.workspace.code import project_at

if TYPE_CHECKING:
    from andon.lake.roots import Cutoff
    from andon.model.commit import Commit
    from andon.model.dataset import Definition
    from andon.workspace.workspace import Workspace

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
        else:
            found, done = collector.find(), Collected()
        return self._told(found, done, collector, keeping, apply, time.monotonic() - begun)

    @property
    def _grace(self) -> timedelta:
        said = read_duration(str(self._workspace.settings.get("retention.grace")))
        now = self._workspace.clock()
        return said.after(now) - now if said is not None else timedelta()

    def _sealing(self, versions: Sequence[str]) -> set[str]:
        from andon.relations.sealing import seal

        return seal(self._workspace.readers, self._lake, self._workspace.facts, versions)

    def _told(
        self, found: Found, done: Collected, collector: Collector, keeping: Keeping, applied: bool, seconds: float
    ) -> Collection:
        ready = {file.path for file in collector.ready(found)}
        groups: dict[tuple[str, str, str], list[UnneededFile]] = {}
        for file in found.unneeded.values():
            stage = _stage(file, done, ready, applied)
            groups.setdefault((file.dataset, keeping.why(file), stage), []).append(file)
        parts = [self._part(key, files, keeping) for key, files in groups.items()]
        parts.sort(key=lambda part: (_STAGES.index(part.stage), -part.bytes, part.dataset or "~", part.why))
        gone = [part for part in parts if part.stage in (("deleted",) if applied else ("ready",))]
        said = str(self._workspace.settings.get("retention.grace"))
        return Collection(
            applied=applied,
            grace=said or None,
            parts=parts,
            kept=sorted(
                (KeptPart(each.dataset, each.why, each.files, each.size) for each in found.needed),
                key=lambda each: (-each.bytes, each.dataset, each.why),
            ),
            files=sum(part.files for part in gone),
            deleted=sum(part.bytes for part in gone),
            seconds=round(seconds, 3),
            waits_for=[WaitingFor(each.process, each.since) for each in done.waits_for],
            is_written=done.is_written,
            refused=list(found.refused),
        )

    def _part(self, key: tuple[str, str, str], files: Sequence[UnneededFile], keeping: Keeping) -> CollectedPart:
        dataset, why, stage = key
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
            back=keeping.back(files),
        )


def _stage(file: UnneededFile, done: Collected, ready: set[str], applied: bool) -> str:
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
        self._default = read_duration(str(workspace.settings.get("retention.keep")))
        self._definitions: dict[str, Definition] = {}

    def roots(self) -> Roots:
        """What must be kept; all that is no ref of the lake itself is told here."""
        said = read_duration(str(self._workspace.settings.get("retention.runs")))
        since = to_text(said.before(self._now)) if said is not None else ""
        return roots(self._lake, self._cutoffs, since, self._pins())

    def _pins(self) -> Iterable[Pin]:
        for run in self._workspace.runs.running():
            yield Pin(run.base, f"run:{run.number}, which is not over, goes on from it")

    def _cutoffs(self, head: Commit) -> Cutoff:
        state = self._lake.commits.state(head)
        project = project_at(self._workspace, state)
        said = {name: dataset.keep for name, dataset in project.datasets.items()}
        former = self._lake.former_names.of(head, state)

        def cutoff(dataset: str, definition: str) -> str:
            name = dataset_of(dataset) if is_aside(dataset) else dataset
            keep = said.get(former.get(name, name))
            if keep is None and self._never_again(definition) is None:
                keep = self._default
            return to_text(keep.before(self._now)) if keep is not None else ""

        return cutoff

    def why(self, file: UnneededFile) -> str:
        """Why nothing needs a file."""
        if not file.dataset:
            return "no version names it"
        if file.shown is None:
            return "no branch or tag shows it"
        return "it was replaced longer ago than it is kept"

    def back(self, files: Sequence[UnneededFile]) -> str:
        """How data come back."""
        return "built again"

    def _never_again(self, definition: str) -> str | None:
        """Why what a definition made can't be made again, if so."""
        if definition not in self._definitions:
            self._definitions.update(self._lake.objects.definitions([definition]))
        found = self._definitions.get(definition)
        if found is None:
            return "nobody knows how it was made"
        if found.asks is not None:
            return f"it came from {found.asks}"
        if "random" in found.allow:
            return "it was made by chance"
        return None
