"""Taking one step: SQL or Python in, Parquet out, a version and its build as the result."""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from andon.base.clock import to_text
from andon.base.names import literal, quote_name
from andon.engines.duckdb.failures import translate
from andon.engines.duckdb.fingerprint import fingerprint
from andon.engines.duckdb.write import stored_types, write_parquet
from andon.engines.python.task import PythonSettings
from andon.errors import AndonError, DatasetError
from andon.model.build import Build, recipe_key
from andon.model.dataset import Definition, Kind
from andon.model.plan import Action, Step
from andon.model.version import DataFile, Version, version_id
from andon.relations.sides import Side, Sides
from andon.runs.building.columns import OutputColumns
from andon.runs.building.job import Job
from andon.runs.building.outcome import Outcome
from andon.runs.building.second_look import same_reading
from andon.runs.planning.steps import clock_part

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Tasks:
    """Takes steps for a job on the engines of its run."""

    def __init__(self, job: Job, sides: Sides, python: PythonSettings) -> None:
        self.job = job
        self.sides = sides
        self._python_settings = python
        self.relations = sides.relations
        self._columns = OutputColumns(job.lake.objects, job.definitions, job.leaves)

    def interrupt(self) -> None:
        """Stop what is running."""
        self.job.cancelled.set()
        self.sides.interrupt()

    def register(self, wanted: Mapping[str, Sequence[tuple[str, str]]]) -> None:
        """Give field ids to the columns (name, lake type) of many datasets in one transaction."""
        self._columns.register(wanted)

    def __call__(self, step: Step, versions: Mapping[str, str]) -> Outcome:
        """Take one step (see `Execute`)."""
        outcome = self._take(step, versions)
        version = outcome.version or self.relations.version(outcome.version_id)
        return replace(outcome, asked=self.job.demands.checks(step.dataset, version, versions))

    def _take(self, step: Step, versions: Mapping[str, str]) -> Outcome:
        dataset = step.dataset
        if dataset in self.job.raw.failures:
            raise self.job.raw.failures[dataset]
        if self.job.cancelled.is_set():
            raise DatasetError("build.interrupted", "the run was stopped", where=dataset)
        definition = self.job.definitions[dataset]
        inputs = {name: versions[name] for name in definition.inputs}
        self.sides.versions.update(inputs)
        files, contract = self.job.raw.pinned.get(dataset, ((), None))
        key = recipe_key(definition.id, inputs, files, contract, clock_part(definition, self.job.moment))
        if step.key is None and dataset not in self.job.reuse.forced and definition.id in self.job.reuse.built_before:
            known = self.job.lake.objects.builds_by_key([key]).get(key)
            if known is not None and not self.job.lake.objects.is_lost(self.relations.version(known.version)):
                return self._adopt(known)
        began = time.perf_counter()
        if step.proof is not None and step.version is not None:
            return self._proved(definition, key, inputs, step.version, step.proof)
        if self.job.reuse.proofs and dataset not in self.job.reuse.forced and step.action is Action.BUILD:
            same = same_reading(definition, inputs, self.job, self.sides)
            if same is not None:
                return self._proved(definition, key, inputs, self.job.leaves[dataset].version, same)
        make = Build(
            id=secrets.token_hex(16),
            key=key,
            dataset=dataset,
            definition=definition.id,
            version="",
            run=self.job.run,
            inputs=inputs,
            files=files,
            contract=contract,
            logical_time=to_text(self.job.moment),
        )
        if step.action is Action.VIEW:
            outcome = self._view(definition, make)
        elif definition.kind is Kind.PYTHON:
            outcome = self._python(definition, make, began)
        else:
            outcome = self._sql(definition, make, began)
        if outcome.version is not None:
            self.relations.add(outcome.version, outcome.build, definition)
        return outcome

    def _proved(
        self, definition: Definition, key: str, inputs: Mapping[str, str], version_id: str, proof: str
    ) -> Outcome:
        """The published version under a new recipe: a build that only says why."""
        build = Build(
            id=secrets.token_hex(16),
            key=key,
            dataset=definition.dataset,
            definition=definition.id,
            version=version_id,
            run=self.job.run,
            inputs=inputs,
            logical_time=to_text(self.job.moment),
            proof=proof,
        )
        version = self.relations.version(version_id)
        note = f"proved equal: {proof}"
        return Outcome(version, build, version_id, version.rows, fresh=True, note=note, definition=definition)

    # -- kinds of steps

    def _view(self, definition: Definition, make: Build) -> Outcome:
        side = self.sides.narrow
        side.universe.ensure(definition.inputs)
        with self._explained(definition), self.sides.names(side, definition, make.inputs) as catalog:
            produced = side.session().columns(catalog, f"\n{definition.sql}\n")
        version = Version(make.key, definition.dataset, self._columns.of(definition.dataset, produced), is_view=True)
        build = _finished(make, version.id, side.instance.facts(), 0.0)
        return Outcome(version, build, version.id, None, fresh=True, definition=definition)

    def _sql(self, definition: Definition, make: Build, began: float) -> Outcome:
        size = sum(self.relations.size(i) for i in make.inputs.values()) + sum(f.size for f in make.files)
        with self.sides.for_size(size) as side:
            return self._sql_on(side, definition, make, began)

    def _sql_on(self, side: Side, definition: Definition, make: Build, began: float) -> Outcome:
        session = side.session()
        side.universe.ensure(definition.inputs)
        source = definition.kind is Kind.SOURCE
        sql = self.job.raw.reader.render(definition.dataset) if source else definition.sql or ""
        with self._explained(definition), self.sides.names(side, definition, make.inputs) as catalog:
            produced = self.job.bound.get(definition.dataset) if self._as_bound(make.inputs) else None
            if produced is None:
                produced = session.columns(catalog, f"\n{sql}\n")
            return self._write(side, definition, make, sql, produced, began, catalog=catalog)

    def _as_bound(self, inputs: Mapping[str, str]) -> bool:
        """Whether the inputs have the columns that the plan bound over: what a Python dataset or a raw file returns is known only now."""
        for name, version in inputs.items():
            leaf, bound = self.job.leaves.get(name), self.job.bound.get(name)
            if bound is not None:
                expected = stored_types(bound)
            elif leaf is None:
                return False
            elif leaf.version == version:
                continue
            else:
                expected = [(c.name, c.type) for c in self.relations.version(leaf.version).columns]
            if [(c.name, c.type) for c in self.relations.version(version).columns] != expected:
                return False
        return True

    def _python(self, definition: Definition, make: Build, began: float) -> Outcome:
        from andon.engines.python.run import run_python
        from andon.engines.python.task import PythonTask

        side = self.sides.narrow
        session = side.session()
        work = self.sides.settings.temporary / f"python-{make.id[:12]}"
        work.mkdir(parents=True)
        try:
            texts = {path: self.job.lake.objects.text(sha) for path, sha in definition.files}
            inputs = {name: self._input_files(side, name, version, work) for name, version in make.inputs.items()}
            task = PythonTask(
                dataset=definition.dataset,
                function=definition.function or "",
                entry=definition.entry,
                files=texts,
                parameters=definition.parameters,
                inputs=inputs,
                views={},
                lock=texts.get(definition.lock) if definition.lock else None,
                output=work / "result.parquet",
                work=work / "child",
                timeout=definition.timeout or self._python_settings.timeout,
                logical_time=self.job.moment,
                memory_limit=self.sides.settings.memory_limit or None,
            )
            task.work.mkdir()
            done = run_python(task, environments=self._python_settings.environments, cancelled=self.job.cancelled)
            lock = next((sha for path, sha in definition.files if path == definition.lock), None)
            sql = f"select * from read_parquet({literal(str(task.output))})"
            with self._explained(definition):
                produced = session.columns(side.universe.catalog, sql)
                self.job.demands.columns(definition.dataset, produced)
                facts = {**side.instance.facts(), "python": done.python}
                return self._write(side, definition, make, sql, produced, began, lock=lock, log=done.log, facts=facts)
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def _input_files(self, side: Side, name: str, version: str, work: Path) -> tuple[Path, ...]:
        """The Parquet files of an input; a view is written out for the child, which knows no catalog."""
        found = self.relations.version(version)
        if not found.is_view:
            return tuple(Path(self.job.lake.storage.engine_path(f.path)) for f in found.files)
        side.universe.ensure([name])
        target = work / f"{name}.parquet"
        side.session().at(side.universe.catalog).execute(
            f"copy (from {quote_name(name)}) to {literal(str(target))} (format parquet)"
        )
        return (target,)

    # -- writing

    def _write(
        self,
        side: Side,
        definition: Definition,
        make: Build,
        sql: str,
        produced: Sequence[tuple[str, str]],
        began: float,
        *,
        catalog: str | None = None,
        lock: str | None = None,
        log: str | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> Outcome:
        storage = self.job.lake.storage
        columns = self._columns.of(definition.dataset, produced)
        schema, _, name = definition.dataset.partition(".")
        path = storage.new_path(f"data/{schema}", name, ".parquet")
        try:
            written = write_parquet(
                side.session(), catalog or side.universe.catalog, sql, produced, columns, storage.engine_path(path)
            )
        except BaseException:
            storage.delete(path)
            raise
        size, sha = storage.facts(path)
        files = (DataFile(path, size, sha, written.rows, written.stats),)
        version = Version(version_id(columns, files), definition.dataset, columns, files)
        same, proof = self._same_content(side, definition.dataset, version)
        if same is not None:
            storage.delete(path)
            version = same
        build = _finished(
            make,
            version.id,
            facts or side.instance.facts(),
            time.perf_counter() - began,
            proof=proof,
            lock=lock,
            log=log,
        )
        note = f"{proof}: version kept" if proof else None
        return Outcome(version, build, version.id, version.rows, fresh=True, note=note, definition=definition)

    def _same_content(self, side: Side, dataset: str, version: Version) -> tuple[Version | None, str | None]:
        """The published version, if `version` holds the same content (early cutoff), and how that is known."""
        leaf = self.job.leaves.get(dataset)
        if leaf is None or leaf.materialize != "table":
            return None, None
        earlier = self.relations.version(leaf.version)
        if self.job.lake.objects.is_lost(earlier):
            return None, None  # built again because it was lost
        if leaf.version == version.id:
            return earlier, "same bytes"
        if earlier.columns != version.columns or earlier.rows != version.rows or _facts(earlier) != _facts(version):
            return None, None
        storage = self.job.lake.storage
        prints = [
            fingerprint(side.session(), v, [storage.engine_path(f.path) for f in v.files]) for v in (earlier, version)
        ]
        return (earlier, "same content") if prints[0] == prints[1] else (None, None)

    def _adopt(self, build: Build) -> Outcome:
        rows = self.relations.version(build.version).rows
        note = f"input content came out the same; built before, in run {build.run}" if build.run else "built before"
        return Outcome(None, build, build.version, rows, fresh=False, note=note)

    # -- errors

    @contextmanager
    def _explained(self, definition: Definition) -> Iterator[None]:
        try:
            yield
        except AndonError:
            raise
        except Exception as error:
            if definition.kind is Kind.SOURCE and not self.job.cancelled.is_set():
                raise self.job.raw.reader.explain(definition.dataset, error) from error
            raise translate(error, definition) from error


def _facts(version: Version) -> list[tuple[str, Any]]:
    """What the write told for free, by column: equal content has equal facts."""
    return sorted((name, (s.nulls, s.minimum, s.maximum)) for f in version.files for name, s in f.stats.items())


def _finished(
    make: Build,
    version: str,
    engine: Mapping[str, Any],
    seconds: float,
    proof: str | None = None,
    lock: str | None = None,
    log: str | None = None,
) -> Build:
    return Build(
        id=make.id,
        key=make.key,
        dataset=make.dataset,
        definition=make.definition,
        version=version,
        run=make.run,
        inputs=make.inputs,
        files=make.files,
        contract=make.contract,
        logical_time=make.logical_time,
        engine=engine,
        lock=lock,
        seconds=seconds,
        proof=proof,
        log=log,
    )
