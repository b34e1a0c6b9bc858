"""Lineage as OpenLineage events (spec 2-0-2), for catalogs that collect them: run events with schema and column lineage facets.

Every build of the lake was one run of a job that is named as its dataset. Values that go into values are DIRECT, what decides which
rows there are is INDIRECT and stands in the facet's `dataset`, as the spec has it; finer kinds are not claimed.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from andon.base.graph import topological
from andon.model.build import Build
from andon.model.lineage import EdgeKind, Graph, Level, Node, NodeKind
from andon.version import __version__

PRODUCER = f"urn:andon:{__version__}"
_SPEC = "https://openlineage.io/spec"
RUN_EVENT = f"{_SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"
SCHEMA_FACET = f"{_SPEC}/facets/1-2-0/SchemaDatasetFacet.json#/$defs/SchemaDatasetFacet"
COLUMN_FACET = f"{_SPEC}/facets/1-2-0/ColumnLineageDatasetFacet.json#/$defs/ColumnLineageDatasetFacet"
JOB_TYPE_FACET = f"{_SPEC}/facets/2-0-4/JobTypeJobFacet.json#/$defs/JobTypeJobFacet"

Document = dict[str, Any]


def run_events(part: Graph, whole: Graph, builds: Mapping[str, Build], namespace: str) -> list[Document]:
    """A COMPLETE event for every dataset of `part` that was built, in the order of the builds.

    Args:
        part: which datasets to tell of; what each reads is told in full.
        whole: all of the commit.
        builds: by dataset how its version came about.
        namespace: of the lake's datasets, files and jobs.
    """
    told = [name for name, node in part.nodes.items() if node.kind is NodeKind.DATASET and name in builds]
    needs: dict[str, set[str]] = {name: set() for name in told}
    for edge in whole.edges:
        if whole.holder(edge.target) in needs:
            needs[whole.holder(edge.target)].add(whole.holder(edge.source))
    events = [_event(whole, whole.nodes[name], builds[name], namespace) for name in topological(needs)]
    # builds that were recorded together have one time; what is read comes first
    return sorted(events, key=lambda event: str(event["eventTime"]))


def inputs_and_output(graph: Graph, node: Node, namespace: str) -> tuple[list[Document], Document]:
    """What a dataset is made of, and itself, with the facets that a commit's graph knows."""
    edges = [edge for key in (node.id, *graph.columns_of.get(node.id, ())) for edge in graph.into.get(key, ())]
    inputs = dict.fromkeys(graph.holder(edge.source) for edge in edges)
    output = _dataset(graph, node, namespace)
    lineage = _column_lineage(graph, node, namespace)
    if lineage is not None:
        output["facets"]["columnLineage"] = lineage
    return [_dataset(graph, graph.nodes[name], namespace) for name in inputs], output


def job_type(kind: str) -> Document:
    """The facet that says what kind of job it is."""
    return {
        "jobType": {**facet(JOB_TYPE_FACET), "processingType": "BATCH", "integration": "ANDON", "jobType": kind.upper()}
    }


def _event(graph: Graph, node: Node, build: Build, namespace: str) -> Document:
    inputs, output = inputs_and_output(graph, node, namespace)
    return {
        "eventType": "COMPLETE",
        "eventTime": build.created,
        "run": {"runId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"andon:build:{build.id}"))},
        "job": {
            "namespace": namespace,
            "name": node.id,
            "facets": job_type(node.type or ""),
        },
        "inputs": inputs,
        "outputs": [output],
        "producer": PRODUCER,
        "schemaURL": RUN_EVENT,
    }


def _dataset(graph: Graph, node: Node, namespace: str) -> Document:
    columns = [graph.nodes[c] for c in graph.columns_of.get(node.id, ())]
    fields = [{"name": c.name, "type": c.type or ""} for c in columns]
    facets = {"schema": {**facet(SCHEMA_FACET), "fields": fields}} if fields else {}
    return {"namespace": namespace, "name": node.id, "facets": facets}


def _column_lineage(graph: Graph, node: Node, namespace: str) -> Document | None:
    """The facet, or None for a dataset of which nothing is known by column."""

    def sources(key: str, kind: EdgeKind, transformation: str) -> list[Document]:
        return [
            {
                "namespace": namespace,
                "name": graph.holder(edge.source),
                "field": graph.nodes[edge.source].name,
                "transformations": [{"type": transformation}],
            }
            for edge in graph.into.get(key, ())
            if edge.kind is kind and edge.level is Level.COLUMN and graph.nodes[edge.source].of is not None
        ]

    fields = {}
    for column in graph.columns_of.get(node.id, ()):
        found = sources(column, EdgeKind.DERIVE, "DIRECT")
        if found:
            fields[graph.nodes[column].name] = {"inputFields": found}
    deciding = sources(node.id, EdgeKind.INFLUENCE, "INDIRECT")
    if not fields and not deciding:
        return None
    return {**facet(COLUMN_FACET), "fields": fields, "dataset": deciding}


def facet(schema: str) -> Document:
    """What each facet begins with."""
    return {"_producer": PRODUCER, "_schemaURL": schema}
