"""Packing a kept run of an analysis: what it read, its code, and what it made, into a folder that runs without Andon."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from andon.base.document import to_json
from andon.base.likeness import without_places
from andon.engines.python.engine import readable_files
from andon.engines.relation import TableRelation
from andon.model.isolation import PackedFolder
from andon.relations.kept_tables import expected_table
from andon.service.analysis_running import AnalysisRunning
from andon.service.isolated_stage import COMMAND, OFFLINE, of_wheels
from andon.workspace.engine_settings import temporary
from andon.workspace.engines import Engines
from andon.workspace.masks import masked_columns

if TYPE_CHECKING:
    from andon.engines.bundle.folder import BundleFolder
    from andon.engines.duckdb.instance import Session
    from andon.engines.python.analysis import AnalysisTask
    from andon.model.analysis import AnalysisRun
    from andon.service.analyses import Analyses
    from andon.workspace.workspace import Workspace

_TABLES = (".parquet",)


class IsolatedAnalysis:
    """Packs one run of an analysis.

    Args:
        run: one that was kept, and did not fail.
        bundle: what it is packed into.
    """

    def __init__(self, workspace: Workspace, analyses: Analyses, run: AnalysisRun, bundle: BundleFolder) -> None:
        self._workspace = workspace
        self._analyses = analyses
        self._run = run
        self._bundle = bundle

    def pack(self, *, offline: bool) -> PackedFolder:
        """Do it; see `Isolating.isolate`."""
        from andon.engines.bundle.analysis_readme import analysis_readme
        from andon.engines.bundle.own_files import pack_environment, pack_own_files, stage_requirements
        from andon.engines.bundle.python_stage import analysis_step

        run, bundle = self._run, self._bundle
        name = f"analyses/{run.name}"
        with Engines(self._workspace, None, datetime.fromisoformat(run.logical_time)) as engines:
            task = AnalysisRunning(self._workspace).task_of(run, engines)
            session = engines().narrow.session()
            inputs = self._inputs(task, engines)
            outputs = self._outputs(session)
            duckdb = engines().narrow.engine.facts()["version"]
        is_fixed = task.kind == "jupyter"  # its cells were read when this is packed
        for path, text in task.files.items():
            bundle.text(f"code/{path}", text, fixed=is_fixed and path == task.entry)
        with TemporaryDirectory(prefix="andon-") as work:
            step = analysis_step(task, inputs, Path(work))
        bundle.text("expected/printed.txt", without_places(run.printed), fixed=True)
        pack_own_files(bundle, is_python=True, is_analysis=True)
        lock = stage_requirements(task.lock.decode() if task.lock is not None else None, is_python=True)
        python = run.environment.get("python")
        pack_environment(bundle, name, run.version, lock, python, offline=offline)
        told = PackedFolder(
            folder=str(bundle.target),
            dataset=name,
            ref=run.ref,
            commit=run.commit,
            version=run.version,
            run=run.number,
            command=OFFLINE if offline else COMMAND,
            runs=True,
            edits=[f"code/{path}" for path in task.files if not (is_fixed and path == task.entry)],
            rows=None,
            inputs=sorted(inputs),
            bytes=sum(int(each["size"]) for each in bundle.files.values()),
            masked={},
            reduced=None,
            notes=[*self._of_people(inputs), *(of_wheels() if offline else ())],
            outputs=[each.name for each in run.outputs],
        )
        stage = {
            "form": 1,
            "dataset": name,
            "ref": run.ref,
            "commit": run.commit,
            "version": run.version,
            "run": run.number,
            "logical_time": run.logical_time,
            "failed": None,
            "settings": {
                "threads": 1,
                "memory_limit": "",
                "duckdb": run.environment.get("packages", {}).get("duckdb") or duckdb,
                "python": python,
            },
            "steps": [step],
            "result": [],
            "analysis": {
                "kind": str(run.kind),
                "parameters": run.parameters,
                "numbers": run.numbers,
                "printed": "expected/printed.txt",
                "outputs": outputs,
            },
        }
        bundle.text("README.md", analysis_readme(told, stage))
        said = {each: value for each, value in to_json(told).items() if each != "folder"}
        document = {**stage, "told": said, "files": dict(bundle.files), "code": run.code}
        bundle.text("stage.json", json.dumps(document, indent=1, ensure_ascii=False))
        return told

    def _inputs(self, task: AnalysisTask, engines: Engines) -> dict[str, list[str]]:
        """Pack the rows of what it may read; gives the files by dataset."""
        lake, sql, found = self._workspace.lake, engines().narrow.engine, dict[str, list[str]]()
        hashes = {
            lake.storage.engine_name(file.path): file.sha256
            for version in lake.objects.versions(set(self._run.inputs.values())).values()
            for file in version.files
        }
        with temporary(self._workspace.settings, self._workspace.folder, "packing") as work:
            for name, recipe in task.inputs.items():
                relation = recipe.inputs[name]
                files = readable_files(sql, recipe, name, relation, work)
                known = hashes if isinstance(relation, TableRelation) else {}
                found[name] = [
                    self._bundle.copy(file, f"inputs/{name}/{number}.parquet", known.get(str(file)))
                    for number, file in enumerate(files, 1)
                ]
        return found

    def _outputs(self, session: Session) -> list[dict[str, Any]]:
        """Pack what the run made; gives what is known of each."""
        found = []
        for each in self._run.outputs:
            place = self._analyses.place(self._run, each.name)[1]
            found.append(
                {
                    **to_json(each),
                    "file": self._bundle.copy(place, f"expected/outputs/{each.name}", each.sha256),
                    "table": expected_table(session, place) if each.name.lower().endswith(_TABLES) else None,
                }
            )
        return found

    def _of_people(self, inputs: Mapping[str, Sequence[str]]) -> list[str]:
        """What is in the folder of what is marked as personal."""
        commit = self._workspace.lake.commits.get(self._run.commit)
        personal = masked_columns(self._workspace, commit)
        open_ = [f"{name} ({', '.join(sorted(personal[name]))})" for name in sorted(inputs) if personal.get(name)]
        return [f"personal columns are in it as they are: {'; '.join(open_)}"] if open_ else []
