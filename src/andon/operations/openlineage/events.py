"""The events of a run: one job for the run as a whole, one for each dataset that it makes, one for what is asked of it. Pure.

Messages of errors and rows that fail are not told: they may hold values of personal columns, and these events leave the machine.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from andon.base.record import Record
from andon.errors import CODES
from andon.lineage.openlineage import PRODUCER, RUN_EVENT, Document, facet, inputs_and_output, job_type
from andon.model.check import CheckStatus, Severity
from andon.model.check_result import CheckResult
from andon.model.lineage import Graph
from andon.model.run import RunResult, TaskResult, TaskStatus

_FACETS = "https://openlineage.io/spec/facets"
PARENT_FACET = f"{_FACETS}/1-2-0/ParentRunFacet.json#/$defs/ParentRunFacet"
ERROR_FACET = f"{_FACETS}/1-0-1/ErrorMessageRunFacet.json#/$defs/ErrorMessageRunFacet"
ASSERTIONS_FACET = f"{_FACETS}/1-1-0/DataQualityAssertionsDatasetFacet.json#/$defs/DataQualityAssertionsDatasetFacet"
OUTPUT_FACET = f"{_FACETS}/1-0-2/OutputStatisticsOutputDatasetFacet.json#/$defs/OutputStatisticsOutputDatasetFacet"


class ToldRun(Record):
    """The run that is told of.

    Attributes:
        namespace: of the lake's datasets and jobs.
        lake: its id, so that no two lakes tell of one run.
        job: names the run as a whole.
    """

    namespace: str
    lake: str
    number: int
    job: str

    def id(self, name: str = "") -> str:
        """The id of the run of a job."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"andon:{self.lake}:run:{self.number}:{name}"))


def begun(told: ToldRun, at: str, task: TaskResult | None = None) -> Document:
    """That the run began, or one of its tasks."""
    if task is None:
        return _event(told, "START", at, "", "run")
    return _event(told, "START", at, task.dataset, task.action)


def over(told: ToldRun, at: str, begun_tasks: Iterable[TaskResult], how: str) -> list[Document]:
    """That a run ended without a result: `ABORT` or `FAIL`."""
    return [
        *(_event(told, how, at, task.dataset, task.action) for task in begun_tasks),
        _event(told, how, at, "", "run"),
    ]


def ended(
    told: ToldRun, at: str, result: RunResult, begun_tasks: Mapping[str, TaskResult], graph: Graph | None
) -> list[Document]:
    """How the tasks of a run ended, what was asked of their results, and the run itself.

    Args:
        graph: of the run's commit, for what it knows of columns.
    """
    events = [_task(told, at, task, graph) for task in result.tasks if task.dataset in begun_tasks]
    asked: dict[str, list[CheckResult]] = {}
    for check in result.checks:
        if check.status is not CheckStatus.SKIPPED:
            asked.setdefault(check.dataset, []).append(check)
    events += [_checks(told, at, name, asked[name], graph) for name in sorted(asked)]
    is_failed = any(task.status is TaskStatus.FAILED for task in result.tasks)
    return [*events, _event(told, "FAIL" if is_failed else "COMPLETE", at, "", "run")]


def _task(told: ToldRun, at: str, task: TaskResult, graph: Graph | None) -> Document:
    is_well = task.status in (TaskStatus.OK, TaskStatus.HELD)
    event = _event(told, "COMPLETE" if is_well else "FAIL", at, task.dataset, task.action)
    if graph is not None and task.dataset in graph.nodes:
        node = graph.nodes[task.dataset]
        inputs, output = inputs_and_output(graph, node, told.namespace)
        event["job"]["facets"] = job_type(node.type or "")
        event["inputs"] = inputs
        if is_well:
            if task.rows is not None:
                output["outputFacets"] = {"outputStatistics": {**facet(OUTPUT_FACET), "rowCount": task.rows}}
            event["outputs"] = [output]
    if not is_well:
        code = str((task.error or {}).get("code", "build.failed"))
        message = f"{code}: {CODES.get(code, 'It failed.')} `andon show run:{told.number}` has more."
        event["run"]["facets"]["errorMessage"] = {
            **facet(ERROR_FACET),
            "message": message,
            "programmingLanguage": "SQL",
        }
    return event


def _checks(told: ToldRun, at: str, dataset: str, results: list[CheckResult], graph: Graph | None) -> Document:
    event = _event(told, "COMPLETE", at, f"{dataset}.checks", "test")
    about: Document = {"namespace": told.namespace, "name": dataset, "facets": {}}
    if graph is not None and dataset in graph.nodes:
        about = inputs_and_output(graph, graph.nodes[dataset], told.namespace)[1]
    about["inputFacets"] = {
        "dataQualityAssertions": {**facet(ASSERTIONS_FACET), "assertions": [_assertion(each) for each in results]}
    }
    event["inputs"] = [about]
    return event


def _assertion(result: CheckResult) -> dict[str, Any]:
    found: dict[str, Any] = {
        "assertion": str(result.kind),
        "success": not result.failed,
        "severity": "error" if result.severity is Severity.HOLD else "warn",
        "name": result.label,
        "content": result.text,
        "contentType": "expression",
    }
    if result.bad is not None:
        found |= {"expected": str(result.limit or 0), "actual": str(result.bad)}
    return found


def _event(told: ToldRun, kind: str, at: str, name: str, job: str) -> Document:
    facets: Document = {}
    if name:
        parent = {"run": {"runId": told.id()}, "job": {"namespace": told.namespace, "name": told.job}}
        facets["parent"] = {**facet(PARENT_FACET), **parent}
    return {
        "eventType": kind,
        "eventTime": at,
        "run": {"runId": told.id(name), "facets": facets},
        "job": {"namespace": told.namespace, "name": name or told.job, "facets": job_type(job)},
        "inputs": [],
        "outputs": [],
        "producer": PRODUCER,
        "schemaURL": RUN_EVENT,
    }
