"""OpenLineage events have the shape that the spec (2-0-2, with its facets) asks for."""

from __future__ import annotations

import json
import re
import uuid
from datetime import datetime
from typing import Any

from andon.lineage.openlineage import run_events
from andon.model.build import Build
from andon.model.lineage import Edge, EdgeKind, Graph, Level, Node, NodeKind

URI = re.compile(r"[a-z][a-z0-9+.-]*:\S+\Z")
TRANSFORMATIONS = {"DIRECT", "INDIRECT"}


def nodes(**datasets: str) -> dict[str, Node]:
    found = {}
    for name, columns in datasets.items():
        dataset = f"s.{name}"
        found[dataset] = Node(dataset, NodeKind.DATASET, dataset, type="sql")
        for column in columns.split():
            found[f"{dataset}.{column}"] = Node(f"{dataset}.{column}", NodeKind.COLUMN, column, dataset, "BIGINT")
    return found


GRAPH = Graph(
    {
        "raw/a.csv": Node("raw/a.csv", NodeKind.FILE, "raw/a.csv", files=("raw/a.csv",)),
        "raw/a.csv#x": Node("raw/a.csv#x", NodeKind.COLUMN, "x", "raw/a.csv", "VARCHAR"),
        **nodes(a="x y", b="x n", c="z"),
    },
    (
        Edge("raw/a.csv#x", "s.a.x", EdgeKind.DERIVE, Level.COLUMN),
        Edge("raw/a.csv", "s.a", EdgeKind.INFLUENCE, Level.COLUMN),
        Edge("s.a.x", "s.b.x", EdgeKind.DERIVE, Level.COLUMN),
        Edge("s.a.y", "s.b", EdgeKind.INFLUENCE, Level.COLUMN),
        Edge("s.a", "s.b", EdgeKind.INFLUENCE, Level.COLUMN),
        Edge("s.b", "s.c", EdgeKind.DERIVE, Level.TABLE),
    ),
)
BUILDS = {
    name: Build(f"build-{name}", "k", name, "d", "v", 1, created=f"2026-11-0{day}T08:00:00.000000Z")
    for day, name in enumerate(("s.a", "s.b", "s.c"), 1)
}


def events() -> list[dict[str, Any]]:
    return json.loads(json.dumps(run_events(GRAPH, GRAPH, BUILDS, "andon://acme")))


def check_facets(facets: dict[str, Any]) -> None:
    for name, facet in facets.items():
        assert URI.match(facet["_producer"]), name
        assert re.match(r"https://openlineage\.io/spec/facets/\d-\d-\d/\w+\.json#/\$defs/\w+\Z", facet["_schemaURL"])


def check_dataset(dataset: dict[str, Any]) -> None:
    assert dataset.keys() <= {"namespace", "name", "facets", "inputFacets", "outputFacets"}
    assert dataset["namespace"]
    assert dataset["name"]
    check_facets(dataset["facets"])
    for field in dataset["facets"].get("schema", {"fields": []})["fields"]:
        assert isinstance(field["name"], str)
        assert isinstance(field["type"], str)


def check_fields(fields: list[dict[str, Any]]) -> None:
    for field in fields:
        assert field.keys() == {"namespace", "name", "field", "transformations"}
        assert {t["type"] for t in field["transformations"]} <= TRANSFORMATIONS


def test_an_event_is_a_run_event() -> None:
    for event in events():
        assert event.keys() == {
            "eventType", "eventTime", "run", "job", "inputs", "outputs", "producer", "schemaURL"
        }  # fmt: skip
        assert event["eventType"] == "COMPLETE"
        assert datetime.fromisoformat(event["eventTime"]).utcoffset() is not None
        assert uuid.UUID(event["run"]["runId"]).version == 5
        assert event["job"]["namespace"] == "andon://acme"
        check_facets(event["job"]["facets"])
        assert {"processingType", "integration"} <= event["job"]["facets"]["jobType"].keys()
        assert URI.match(event["producer"])
        assert event["schemaURL"] == "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
        for dataset in (*event["inputs"], *event["outputs"]):
            check_dataset(dataset)
        facet = event["outputs"][0]["facets"].get("columnLineage", {"fields": {}, "dataset": []})
        check_fields(facet["dataset"])
        for field in facet["fields"].values():
            check_fields(field["inputFields"])


def test_what_the_facet_says() -> None:
    first, second, third = events()
    assert first["inputs"][0]["name"] == "raw/a.csv"
    source = {"namespace": "andon://acme", "name": "s.a"}
    facet = second["outputs"][0]["facets"]["columnLineage"]
    assert facet["fields"] == {
        "x": {"inputFields": [{**source, "field": "x", "transformations": [{"type": "DIRECT"}]}]}
    }
    assert facet["dataset"] == [{**source, "field": "y", "transformations": [{"type": "INDIRECT"}]}]
    assert [d["name"] for d in second["inputs"]] == ["s.a"]
    # at table level the inputs are all that is said
    assert "columnLineage" not in third["outputs"][0]["facets"]
    assert [d["name"] for d in third["inputs"]] == ["s.b"]


def test_columns_that_are_named_exist() -> None:
    for event in events():
        known = {
            (d["name"], f["name"]) for d in event["inputs"] for f in d["facets"].get("schema", {"fields": []})["fields"]
        }
        facet = event["outputs"][0]["facets"].get("columnLineage", {"fields": {}, "dataset": []})
        used = [*facet["dataset"], *(f for field in facet["fields"].values() for f in field["inputFields"])]
        assert {(f["name"], f["field"]) for f in used} <= known


def test_the_same_build_is_the_same_run() -> None:
    assert [e["run"] for e in events()] == [e["run"] for e in events()]
    assert len({e["run"]["runId"] for e in events()}) == 3
