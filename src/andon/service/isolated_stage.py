"""One stage on its way into a folder: what it reads, what its engine is asked, what is to come out, and what the folder says of it."""

from __future__ import annotations

import contextlib
import json
import platform
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from andon.base.document import to_json
from andon.base.record import Record, field
from andon.errors import AndonError, UsageError
from andon.model.build import engine_words
from andon.model.damage import gone
from andon.model.dataset import Kind, Materialize
from andon.model.isolation import PackedFolder
from andon.model.quarantine import aside_of
from andon.runs.inspection.recorded_places import recorded_places
from andon.service.reduced_inputs import ReducedInputs, Reduction, reduced
from andon.service.stage_packing import PackedSteps, StagePacker

if TYPE_CHECKING:
    from andon.engines.bundle.folder import BundleFolder
    from andon.engines.engine import Recipe
    from andon.model.build import Build
    from andon.model.dataset import Definition
    from andon.model.version import DataFile, Version
    from andon.runs.rebuilding.again import Again, Rebuilder
    from andon.workspace.view import View
    from andon.workspace.workspace import Workspace

#: What makes a stage again in its folder.
COMMAND = (
    "python3 -m venv .venv && .venv/bin/pip install --require-hashes -r env/requirements.txt && .venv/bin/python run.py"
)
#: The same with packages that are packed.
OFFLINE = COMMAND.replace("--require-hashes", "--no-index --find-links env/wheels --require-hashes")


class StageSubject(Record):
    """What is packed.

    Attributes:
        version: what is to come out; None where it failed.
        is_aside: whether it is the rows that checks set aside, which are made with their dataset.
        build, definition: of what failed: what it was about to be made of.
        failed: how it failed.
    """

    dataset: str
    version: Version | None = None
    is_aside: bool = False
    build: Build | None = None
    definition: Definition | None = None
    failed: str | None = None


class _Packed(Record):
    """What came of packing the files.

    Attributes:
        rows: what is to come out; None where that is not known.
    """

    build: Build
    definition: Definition
    steps: PackedSteps
    rows: Version | None
    inputs: list[str]
    code: dict[str, str]
    lock: str | None
    stage: dict[str, Any]
    given: ReducedInputs | None = None
    notes: list[str] = field(default_factory=list)


class IsolatedStage:
    """Packs one stage.

    Args:
        view: the commit in which it is, or in which its inputs are.
        reduction: what is done to its inputs.
    """

    def __init__(
        self, workspace: Workspace, view: View, subject: StageSubject, bundle: BundleFolder, reduction: Reduction
    ) -> None:
        self._workspace = workspace
        self._view = view
        self._subject = subject
        self._bundle = bundle
        self._reduction = reduction

    def pack(self, *, personal: Mapping[str, frozenset[str]], offline: bool) -> PackedFolder:
        """Do it; see `Isolating.isolate`.

        Args:
            personal: by dataset the columns that are marked as personal, in lower case.
            offline: whether the packages are packed.
        """
        from andon.engines.bundle.own_files import pack_environment, pack_own_files, stage_requirements
        from andon.engines.bundle.readme import readme

        packed = self._packed()
        definition, bundle = packed.definition, self._bundle
        version = self._subject.version.id if self._subject.version is not None else None
        is_python = definition.kind is Kind.PYTHON
        pack_own_files(bundle, is_python=is_python)
        lock = stage_requirements(packed.lock, is_python=is_python)
        python = packed.build.engine.get("python")
        pack_environment(bundle, self._subject.dataset, version, lock, python, offline=offline)
        told = PackedFolder(
            folder=str(bundle.target),
            dataset=self._subject.dataset,
            ref=self._view.ref,
            commit=self._view.commit.id,
            version=version,
            run=packed.build.run,
            command=OFFLINE if offline else COMMAND,
            runs=bool(packed.steps.steps),
            edits=packed.steps.edits,
            rows=packed.rows.rows if packed.rows is not None else None,
            inputs=packed.inputs,
            bytes=sum(int(each["size"]) for each in bundle.files.values()),
            masked=packed.given.masked if packed.given is not None else {},
            reduced="; ".join(packed.given.said) or None if packed.given is not None else None,
            notes=[
                *packed.notes,
                *_of_nothing(packed),
                *self._of_people(packed, personal),
                *(of_wheels() if offline else ()),
            ],
        )
        bundle.text("README.md", readme(told, packed.stage))
        said = {
            name: each for name, each in to_json(told).items() if name != "folder"
        }  # where it was made is no part of it
        document = {**packed.stage, "told": said, "files": dict(bundle.files), "code": packed.code}
        bundle.text("stage.json", json.dumps(document, indent=1, ensure_ascii=False))
        return told

    def _of_people(self, packed: _Packed, personal: Mapping[str, frozenset[str]]) -> list[str]:
        """What is in the folder of what is marked as personal."""
        given = packed.given.masked if packed.given is not None else {}
        hidden = {column.lower() for columns in given.values() for column in columns}
        left = {
            name: personal.get(name, frozenset()) - hidden for name in (*packed.build.inputs, self._subject.dataset)
        }
        open_ = [f"{name} ({', '.join(sorted(columns))})" for name, columns in left.items() if columns]
        if not open_:
            return []
        how = "`--mask` gives them other values"
        if self._reduction.masked:
            how = "no input has columns of these names, so mark as `pii` what they are made of, and pack it again"
        return [f"personal columns are in it as they are: {'; '.join(open_)}; {how}"]

    def _packed(self) -> _Packed:
        from andon.runs.rebuilding.again import Rebuilder
        from andon.runs.rebuilding.recording import Tape

        packers: list[StagePacker] = []

        def seen(recipe: Recipe) -> None:
            packers[0].seen(recipe)

        subject, workspace = self._subject, self._workspace
        tape = Tape(seen)
        with Rebuilder(workspace, self._view.commit, tape.between) as rebuilder:
            build, definition = self._made_by(rebuilder)
            self._require_ours(definition)
            self._require_there(build)
            given = self._given(rebuilder, build, definition)
            tape.plays = given is not None or subject.is_aside or not _is_one_task(definition)
            packer = StagePacker(workspace, rebuilder, self._bundle, build, definition, self._known(build, rebuilder))
            packers.append(packer)
            made = self._made(rebuilder, build, definition, given)
            code = packer.code()
            rows = subject.version
            if definition.asks is not None and rows is not None:
                own = self._own_rows(rebuilder, build, rows)
                rows, given = (own.versions[rows.dataset], own) if own is not None else (rows, None)
                expected = packer.expected(rows.files)
                steps = PackedSteps((), tuple(expected))
            else:
                is_new = made is not None and rows is not None and (given is not None or rows.is_view)
                rows = made.made if is_new and made is not None else rows
                files = made.made.files if made is not None else ()
                steps = packer.steps(tape.tasks, files, rows.types if rows is not None else ())
                expected = packer.expected(rows.files) if rows is not None else []
            stage = self._stage(build, definition, rows, steps, expected, rebuilder)
        return _Packed(
            build,
            definition,
            steps,
            rows,
            packer.inputs,
            code,
            packer.lock(),
            stage,
            given,
            self._notes(build, definition),
        )

    def _notes(self, build: Build, definition: Definition) -> list[str]:
        subject = self._subject
        notes = []
        if not _is_ours(build):
            notes.append(f"{engine_words(build.engine)} made it; in the folder DuckDB does")
        if subject.failed is not None:
            notes.append(f"it failed then: {subject.failed}")
        if definition.asks is not None:
            notes.append(
                f"{definition.asks} can't be asked for the same again: what was loaded is kept, and is packed as it was loaded"
            )
        if subject.version is not None and subject.version.is_view:
            notes.append("it is a view, whose rows are kept nowhere: what is to come out was made when this was packed")
        return notes

    def _made_by(self, rebuilder: Rebuilder) -> tuple[Build, Definition]:
        subject = self._subject
        if subject.build is not None and subject.definition is not None:
            return subject.build, subject.definition
        return rebuilder.made_with(subject.dataset)

    def _require_ours(self, definition: Definition) -> None:
        """Raise where another engine makes a dataset.

        Raises:
            UsageError: `isolate.other_engine`.
        """
        other = self._workspace.other_engine(definition, 0)
        if other is not None:
            raise UsageError(
                "isolate.other_engine",
                f"`{definition.dataset}` is made by the engine {other.capabilities.name}, which no folder brings",
                where=definition.entry,
                hint="`andon reproduce` makes it again here; a folder can be made of a dataset that reads it",
            )

    def _require_there(self, build: Build) -> None:
        """Raise where what it reads, or what is to come out, is gone: at once of all that is.

        Raises:
            DamagedError: `lake.gone`; `lake.corrupt` where what is to come out is damaged.
        """
        lake, rows = self._workspace.lake, self._subject.version
        ids = [*build.inputs.values(), *([rows.id] if rows is not None else ())]
        tables = lake.going.tables(lake.database, ids).values()
        found = [(v.dataset, d) for v in tables for file in v.files if (d := lake.intact.damage(file)) is not None]
        lost = [(dataset, damage) for dataset, damage in found if damage.is_gone]
        if lost:
            back = dict.fromkeys(damage.back for _, damage in lost if damage.back is not None)
            raise gone(sorted({dataset for dataset, _ in lost}), [*back])
        if rows is not None:
            lake.intact.require(rows.dataset, rows.files)

    def _given(self, rebuilder: Rebuilder, build: Build, definition: Definition) -> ReducedInputs | None:
        """What stands in the place of its inputs, if anything does.

        Raises:
            UsageError: `isolate.raw_files`.
        """
        reduction = self._reduction
        if definition.asks is not None:
            return None  # its own rows are
        if definition.kind is Kind.SOURCE:
            if reduction.is_any([definition.dataset]):
                raise UsageError(
                    "isolate.raw_files",
                    f"`{definition.dataset}` reads raw files, which are packed whole and as they are",
                    where=definition.entry,
                    hint="leave out `--sample`, `--where` and `--mask`, or isolate a dataset that reads it",
                )
            return None
        relations = rebuilder.sides_of(build).relations
        below = [relations.version(each).dataset for each in relations.tables(build.inputs.values())]
        # what is marked only here is hidden where it comes from, too, as far as it has the same name there
        reduction = reduction.also(reduction.masked.get(self._subject.dataset, frozenset()), (*build.inputs, *below))
        return reduced(rebuilder, build, build.inputs, reduction) if reduction.is_any([*build.inputs, *below]) else None

    def _own_rows(self, rebuilder: Rebuilder, build: Build, version: Version) -> ReducedInputs | None:
        """Of a load that is kept the rows that are packed, where those are not all."""
        own = {version.dataset: version.id}
        return reduced(rebuilder, build, own, self._reduction) if self._reduction.is_any(own) else None

    def _made(
        self, rebuilder: Rebuilder, build: Build, definition: Definition, given: ReducedInputs | None
    ) -> Again | None:
        """What is made while it is heard what engines are asked; None where nothing was computed.

        Raises:
            AndonError: it fails, and did not then.
        """
        from andon.runs.rebuilding.recording import AskedError

        subject = self._subject
        inputs = given.versions if given is not None else None
        with contextlib.suppress(AskedError):
            if subject.version is not None:
                return rebuilder.alone(subject.dataset, inputs)
            try:
                return rebuilder.tried(build, definition, inputs)
            except AndonError as error:
                if error.code.startswith(("lake.", "machine.")):
                    raise
        return None

    def _stage(
        self,
        build: Build,
        definition: Definition,
        rows: Version | None,
        steps: PackedSteps,
        expected: list[str],
        rebuilder: Rebuilder,
    ) -> dict[str, Any]:
        """What `stage.json` says."""
        from andon.engines.bundle.expected import expected_entry

        sides, engine = rebuilder.sides_of(build), build.engine
        session = sides.narrow.session()
        key = [name for name in definition.key if rows is None or name in dict(rows.types)]
        causes = recorded_places(self._workspace.lake.objects, build, definition, self._view.state)
        outcome = None
        if rows is not None:
            places = [rebuilder.lake.storage.engine_path(file.path) for file in rows.files]
            outcome = {"files": expected, **expected_entry(session, rows, places, key)}
        return {
            "form": 1,
            "dataset": self._subject.dataset,
            "ref": self._view.ref,
            "commit": self._view.commit.id,
            "version": self._subject.version.id if self._subject.version is not None else None,
            "run": build.run,
            "logical_time": build.logical_time,
            "failed": self._subject.failed,
            "settings": {
                "threads": engine.get("threads") or 1,
                "memory_limit": engine.get("memory_limit") or "",
                "duckdb": (engine.get("version") if _is_ours(build) else None)
                or sides.narrow.engine.facts()["version"],
                "python": engine.get("python"),
            },
            "steps": list(steps.steps),
            "result": list(steps.result),
            "key": key,
            "expected": outcome,
            "causes": [
                {"what": e.what, "file": e.file, "line": e.line, "why": e.why, "exact": e.exact} for e in causes
            ],
        }

    def _known(self, build: Build, rebuilder: Rebuilder) -> dict[str, DataFile]:
        """The data files of the lake that may be read for a build, by the path that an engine knows them by."""
        lake = self._workspace.lake
        relations = rebuilder.sides_of(build).relations
        ids = set(relations.tables(build.inputs.values()))
        for name in (build.dataset, aside_of(build.dataset)):  # what it went on from, too
            ids.update(each.version for each in lake.objects.builds_of(name))
        return {
            lake.storage.engine_name(file.path): file
            for version in lake.objects.versions(ids).values()
            for file in version.files
        }


def _is_one_task(definition: Definition) -> bool:
    """Whether one task makes all of a dataset, so that what it is asked is known before anything is computed."""
    return (
        definition.materialize is Materialize.TABLE
        and definition.kind is not Kind.QUARANTINE
        and not (definition.quarantine or definition.partition or definition.corrected)
        and definition.growth is None
    )


def _of_nothing(packed: _Packed) -> list[str]:
    """That inputs which were made fewer leave nothing to compare."""
    is_empty = packed.given is not None and packed.given.said and packed.rows is not None and packed.rows.rows == 0
    return ["no row comes out of what is packed: look at the condition"] if is_empty else []


def of_wheels() -> list[str]:
    """What is to know of wheels that are packed."""
    machine = f"{platform.system()} on {platform.machine()}, Python {'.'.join(platform.python_version_tuple()[:2])}"
    return [f"the packages in `env/wheels` are for {machine}; elsewhere leave `--no-index --find-links env/wheels` out"]


def _is_ours(build: Build) -> bool:
    return bool(build.engine.get("name", "duckdb") == "duckdb")
