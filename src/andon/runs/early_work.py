"""The work of a run that builds ahead of its plan: what of it is sure, and the threads that write that."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING

from andon.base.record import Record, replace
from andon.base.threads import stop
from andon.model.build import recipe_key
from andon.model.dataset import Definition, Kind, Materialize
from andon.runs.building.columns import OutputColumns
from andon.runs.building.job import Demands, Job, RawReads, Reusable
from andon.runs.building.outcome import Asked
from andon.runs.building.writing import Made, Writer
from andon.runs.growing.proofs import Proofs
from andon.runs.pinned_sources import PinnedSources
from andon.runs.planning.bound_columns import columns_by_dataset
from andon.runs.planning.steps import clock_part
from andon.sources.files.paths import is_remote

if TYPE_CHECKING:
    from andon.model.build import Build
    from andon.model.version import Columns
    from andon.runs.planning.gather import Gathered
    from andon.runs.planning.raw_files import RawFiles
    from andon.workspace.engines import Engines
    from andon.workspace.workspace import Workspace


#: More than any input has: what its size might lead to another engine waits for the plan.
_ANY_SIZE = 1 << 62


class _Written(Record):
    """What was made of a definition, by which key, and what it took."""

    key: str
    made: Made
    seconds: float


def sure(workspace: Workspace, gathered: Gathered, taken: set[str]) -> frozenset[str]:
    """The new datasets that are built by their text and their inputs alone, over such inputs, and never were before."""
    definitions = gathered.definitions
    found = {name for name in taken if name not in gathered.state.leaves and _is_plain(workspace, gathered, name)}
    built = workspace.lake.objects.built_definitions(definitions[name].id for name in found)
    found = {name for name in found if definitions[name].id not in built}
    while bad := {name for name in found if not found.issuperset(definitions[name].inputs)}:
        found -= bad
    return frozenset(found)


def _is_plain(workspace: Workspace, gathered: Gathered, name: str) -> bool:
    each = gathered.definitions[name]
    if each.materialize is Materialize.VIEW or each.kind not in (Kind.SOURCE, Kind.SQL):
        return False
    if each.growth or each.history or each.quarantine or each.corrected or each.load or each.asks is not None:
        return False
    if each.kind is Kind.SOURCE:
        source = gathered.sources.get(name)
        if source is None or source.contract is None or source.kept_because or name in gathered.failures:
            return False
        return not any(is_remote(file.path) for file in source.files)
    return workspace.other_engine(each, _ANY_SIZE) is None


class EarlyWork:
    """Threads that write what is known: of the datasets `wanted` each as soon as its columns are told and what it reads is there."""

    def __init__(
        self,
        workspace: Workspace,
        raw: RawFiles,
        engines: Engines,
        gathered: Gathered,
        wanted: frozenset[str],
        moment: datetime,
    ) -> None:
        self.engines = engines
        self._relations = engines().relations
        self._workspace = workspace
        self._raw = raw
        self._gathered = gathered
        self._wanted = wanted
        self._moment = moment
        self._bound: dict[str, Columns] = {}
        self._versions: dict[str, str] = {}
        self._readers: dict[str, list[str]] = {}
        for name in wanted:
            for each in gathered.definitions[name].inputs:
                self._readers.setdefault(each, []).append(name)
        self._futures: dict[str, Future[_Written | None]] = {}
        self._copies: list[str] = []
        self._lock = threading.Lock()
        self._settled = False
        self._writer, self._columns = _writer(workspace, raw, engines, gathered, moment, self._bound)
        self._pool = ThreadPoolExecutor(engines.workers, thread_name_prefix="andon-ahead")

    def know(self, columns: Mapping[str, Columns]) -> None:
        """What these datasets return; those that are not wanted are left out."""
        new = {name: found for name, found in columns.items() if name in self._wanted and name not in self._bound}
        with self._lock:
            self._columns.register(columns_by_dataset(new))
            self._bound.update(new)
            for name in new:
                self._begin(name)

    def settle(self) -> None:
        """Begin nothing any more."""
        with self._lock:
            self._settled = True
        self._pool.shutdown(wait=False, cancel_futures=True)

    def take(self, definition: Definition, make: Build) -> Made | None:
        """See `Ahead.take`."""
        with self._lock:
            future = self._futures.pop(definition.dataset, None)
        began = time.perf_counter()
        written = _result(future)
        if written is None:
            return None
        if written.key != make.key:  # its inputs came out as something that was there before
            self._writer.drop(written.made)
            return None
        waited = time.perf_counter() - began
        return replace(written.made, seconds=max(0.0, written.seconds - waited))

    def copies(self) -> Sequence[str]:
        """See `Ahead.copies`."""
        with self._lock:
            found, self._copies = self._copies, []
        return found

    def end(self) -> None:
        """Stop, and delete what nobody took."""
        self.settle()
        left = [*self._futures.values()]
        if any(not future.done() for future in left):
            stop(self._pool, left, self.engines.interrupt)
        self._pool.shutdown(wait=True)
        for written in map(_result, left):
            if written is not None:
                self._writer.drop(written.made)

    def _begin(self, name: str) -> None:
        """Write a dataset if all that it needs is there; the lock is held."""
        if self._settled or name in self._futures or name not in self._bound:
            return
        definition = self._gathered.definitions[name]
        if all(each in self._versions for each in definition.inputs):
            inputs = {each: self._versions[each] for each in definition.inputs}
            self._futures[name] = self._pool.submit(self._written, definition, inputs)

    def _written(self, definition: Definition, inputs: Mapping[str, str]) -> _Written | None:
        """A result, or nothing where that fails, for whatever reason: then the task of the plan meets it again, and tells."""
        began = time.perf_counter()
        source = self._gathered.sources.get(definition.dataset)
        try:
            if source is not None:
                copies = self._raw.keep(source.files)
                with self._lock:
                    self._copies += copies
            files, contract = (source.files, source.contract) if source is not None else ((), None)
            key = recipe_key(definition.id, inputs, files, contract, clock_part(definition, self._moment))
            make = self._writer.begun(definition, key, inputs)
            made = self._writer.write(definition, make)
        except Exception:  # noqa: BLE001 - nothing is told of what is only ahead
            return None
        self._relations.add(made.version, replace(make, version=made.version.id), definition)
        with self._lock:
            self._versions[definition.dataset] = made.version.id
            for reader in self._readers.get(definition.dataset, ()):
                self._begin(reader)
        return _Written(key, made, time.perf_counter() - began)


def _result(future: Future[_Written | None] | None) -> _Written | None:
    try:
        return future.result() if future is not None else None
    except CancelledError:
        return None


def _writer(
    workspace: Workspace,
    raw: RawFiles,
    engines: Engines,
    gathered: Gathered,
    moment: datetime,
    bound: Mapping[str, Columns],
) -> tuple[Writer, OutputColumns]:
    """What writes results of which nothing is kept."""
    job = _job(workspace, raw, gathered, moment, bound)
    columns = OutputColumns(workspace.lake.objects, job.definitions, job.leaves, foreseen=True)
    return Writer(job, engines(), engines, columns), columns


def _job(
    workspace: Workspace, raw: RawFiles, gathered: Gathered, moment: datetime, bound: Mapping[str, Columns]
) -> Job:
    return Job(
        lake=workspace.lake,
        run=0,
        moment=moment,
        definitions=gathered.definitions,
        leaves=gathered.state.leaves,
        bound=bound,
        raw=RawReads(
            {name: (s.files, s.contract) for name, s in gathered.sources.items()}, {}, PinnedSources(gathered, raw)
        ),
        demands=Demands(lambda *_: None, lambda *_: Asked(), lambda *_: ()),
        reuse=Reusable(),
        proofs=Proofs(workspace.cache),
    )
