"""Packing a stage into a folder: a version, or what a run failed on, with all that it is made of and what makes it again."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from andon.base.record import Record
from andon.model.dataset import Kind, Materialize
from andon.model.isolation import PackedFolder
from andon.model.quarantine import aside_of
from andon.runs.inspection.recorded_places import recorded_places
from andon.service.reproducing import commit_ref
from andon.workspace.view import View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from andon.engines.bundle.folder import BundleFolder
    from andon.model.build import Build
    from andon.model.dataset import Definition
    from andon.model.version import DataFile, Version
    from andon.runs.rebuilding.again import Again, Rebuilder
    from andon.service.stage_packing import PackedSteps, StagePacker
    from andon.workspace.workspace import Workspace

#: What makes a stage again in its folder.
COMMAND = (
    "python -m venv .venv && .venv/bin/pip install --require-hashes -r env/requirements.txt && .venv/bin/python run.py"
)


class IsolateOptions(Record):
    """How a stage is packed.

    Attributes:
        sample: so many rows of each input at most.
        where: of the inputs that have its columns the rows that meet this condition.
        masks: whether the values of personal columns are masked, also where the caller may see them.
        offline: whether the packages are packed, too.
        run: the run whose stage it is, published or not.
    """

    sample: int | None = None
    where: str | None = None
    masks: bool = False
    offline: bool = False
    run: int | None = None


class Isolating:
    """Packs stages of one lake."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def isolate(
        self, name: str, folder: Path | None = None, options: IsolateOptions | None = None, ref: str | None = None
    ) -> PackedFolder:
        """Pack a version of a dataset with all that it is made of. Nothing of the lake is changed.

        Args:
            name: `schema.name`, or `schema.name@REF`.
            folder: where it goes; there must be nothing. Without it one in the folder that the process works in.
            ref: the same as in the name.

        Raises:
            UsageError: `lake.ref_not_found`, `lake.dataset_not_found`; `usage.exists` where the folder holds something.
            AndonError: where it can't be packed: an input is not what was written.
        """
        from andon.engines.bundle.folder import BundleFolder

        asked = options or IsolateOptions()
        dataset, _, place = name.partition("@")
        if asked.run is not None:
            place = f"run:{asked.run}"
        view = View.at(self._workspace, commit_ref(self._workspace, place or ref))
        view.leaf(dataset)
        target = (folder or Path(f"{dataset}-{view.commit.id[:8]}")).absolute()
        with BundleFolder(target) as bundle:
            found = self._packed(dataset, view, bundle, asked)
            bundle.done()
        return found

    def _packed(self, dataset: str, view: View, bundle: BundleFolder, asked: IsolateOptions) -> PackedFolder:
        del asked
        from andon.runs.rebuilding.again import Rebuilder
        from andon.runs.rebuilding.recording import AskedError, Tape
        from andon.service.stage_packing import PackedSteps, StagePacker

        objects = self._workspace.lake.objects
        leaf = view.leaf(dataset)
        version = objects.versions([leaf.version])[leaf.version]
        plays = not _is_one_task(objects.definitions([leaf.definition])[leaf.definition])
        packers: list[StagePacker] = []
        tape = Tape(plays=plays, seen=lambda recipe: packers[0].seen(recipe))
        with Rebuilder(self._workspace, view.commit, tape.between) as rebuilder:
            build, definition = rebuilder.made_with(dataset)
            packer = StagePacker(
                self._workspace,
                rebuilder.lake.storage,
                rebuilder.sides_of(build).narrow.engine,
                bundle,
                build,
                definition,
                self._known(build, rebuilder),
            )
            packers.append(packer)
            made: Again | None = None
            with contextlib.suppress(AskedError):
                made = rebuilder.alone(dataset)
            code = packer.code()
            files = made.made.files if made is not None and not made.is_kept else ()
            if made is not None and made.is_kept:
                steps = PackedSteps((), tuple(packer.expected(version.files)))
            else:
                steps = packer.steps(tape.tasks, files, version.types)
            rows = made.made if made is not None and version.is_view else version
            expected = packer.expected(rows.files)
            stage = self._stage(view, build, definition, rows, steps, expected, rebuilder)
        return self._written(view, bundle, build, definition, rows, steps, stage, code, packer)

    def _stage(
        self,
        view: View,
        build: Build,
        definition: Definition,
        version: Version,
        steps: PackedSteps,
        expected: Sequence[str],
        rebuilder: Rebuilder,
    ) -> dict[str, Any]:
        """What `stage.json` says."""
        from andon.engines.bundle.expected import expected_entry

        sides = rebuilder.sides_of(build)
        places = [rebuilder.lake.storage.engine_path(file.path) for file in version.files]
        key = [name for name in definition.key if name in dict(version.types)]
        causes = recorded_places(self._workspace.lake.objects, build, definition, view.state)
        engine = build.engine
        return {
            "form": 1,
            "dataset": version.dataset,
            "ref": view.ref,
            "commit": view.commit.id,
            "version": version.id,
            "build": build.id,
            "run": build.run,
            "logical_time": build.logical_time,
            "settings": {
                "threads": engine.get("threads") or 1,
                "memory_limit": engine.get("memory_limit") or "",
                "duckdb": engine.get("version"),
                "python": engine.get("python"),
            },
            "steps": list(steps.steps),
            "result": list(steps.result),
            "key": key,
            "expected": {"files": list(expected), **expected_entry(sides.narrow.session(), version, places, key)},
            "causes": [
                {"what": e.what, "file": e.file, "line": e.line, "why": e.why, "exact": e.exact} for e in causes
            ],
        }

    def _written(
        self,
        view: View,
        bundle: BundleFolder,
        build: Build,
        definition: Definition,
        version: Version,
        steps: PackedSteps,
        stage: dict[str, Any],
        code: dict[str, str],
        packer: StagePacker,
    ) -> PackedFolder:
        from andon.engines.bundle.own_files import pack_own_files
        from andon.engines.bundle.readme import readme

        edits = [f"code/{step['written']['path']}" for step in steps.steps if step.get("written")]
        edits += [path for step in steps.steps for path in step.get("edits", ())]
        edits += [f"code/{macro['path']}" for step in steps.steps for macro in step.get("macros", ()) if macro["path"]]
        pack_own_files(bundle, packer.lock(), is_python=definition.kind is Kind.PYTHON)
        told = PackedFolder(
            folder=str(bundle.target),
            dataset=version.dataset,
            ref=view.ref,
            commit=view.commit.id,
            version=version.id,
            run=build.run,
            command=COMMAND,
            runs=bool(steps.steps),
            edits=list(dict.fromkeys(edits)),
            rows=version.rows,
            inputs=packer.inputs,
            bytes=sum(int(each["size"]) for each in bundle.files.values()),
            masked={},
            reduced=None,
            notes=[],
        )
        bundle.text("README.md", readme(told, stage))
        stage = {**stage, "files": dict(bundle.files), "code": code}
        bundle.text("stage.json", json.dumps(stage, indent=1, ensure_ascii=False))
        return told

    def _known(self, build: Build, rebuilder: Rebuilder) -> dict[str, DataFile]:
        """The data files of the lake that may be read for a build, by the path that an engine knows them by."""
        lake = self._workspace.lake
        relations = rebuilder.sides_of(build).relations
        ids = set(relations.tables(build.inputs.values()))
        for name in (build.dataset, aside_of(build.dataset)):  # what it went on from, too
            ids.update(each.version for each in lake.objects.builds_of(name))
        return {
            lake.storage.engine_path(file.path): file
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
