"""What runs do is told as OpenLineage events by the standard's own client, over HTTP and into files, and harms no run."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from openlineage.client.facet_v2 import (
    column_lineage_dataset,
    data_quality_assertions_dataset,
    error_message_run,
    job_type_job,
    output_statistics_output_dataset,
    parent_run,
    schema_dataset,
)

from andon.operations.openlineage import outbox
from kit.clones import FILES, Clone, checked_totals

#: The client's own classes for the facets: each refuses what it does not know, and what misses something.
FACETS = {
    "schema": schema_dataset.SchemaDatasetFacet,
    "columnLineage": column_lineage_dataset.ColumnLineageDatasetFacet,
    "dataQualityAssertions": data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet,
    "outputStatistics": output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet,
    "jobType": job_type_job.JobTypeJobFacet,
    "parent": parent_run.ParentRunFacet,
    "errorMessage": error_message_run.ErrorMessageRunFacet,
}


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [name for name in os.environ if name.startswith("OPENLINEAGE")]:
        monkeypatch.delenv(name)


@pytest.fixture
def catalog(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server that takes events."""
    events: list[dict[str, Any]] = []

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/api/v1/lineage"
            events.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setattr(outbox, "PATIENCE", 60.0)
    yield f"http://127.0.0.1:{server.server_address[1]}", events
    server.shutdown()
    thread.join()
    server.server_close()


def project(folder: Path, **environ: str) -> Clone:
    clone = Clone(folder / "acme", environ=environ)
    clone.fill(FILES)
    clone.write("datasets/marts/totals.sql", checked_totals("customer in ada, ben warn"))
    return clone


def kinds(events: list[dict[str, Any]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for event in events:
        found.setdefault(event["job"]["name"], []).append(event["eventType"])
    return found


def is_sound(event: dict[str, Any]) -> None:
    """Each facet is one that the client's own class takes, of the version that it says."""
    places = [event["run"], event["job"], *event["inputs"], *event["outputs"]]
    for place in places:
        for name, value in {
            **place.get("facets", {}),
            **place.get("inputFacets", {}),
            **place.get("outputFacets", {}),
        }.items():
            if name in FACETS:
                fields = {key: each for key, each in value.items() if not key.startswith("_")}
                assert value["_schemaURL"] == FACETS[name](**fields)._get_schema(), name
    for assertion in _facet(event, "inputs", "inputFacets", "dataQualityAssertions").get("assertions", []):
        data_quality_assertions_dataset.Assertion(**assertion)


def _facet(event: dict[str, Any], side: str, kind: str, name: str) -> dict[str, Any]:
    return next((each[kind][name] for each in event[side] if name in each.get(kind, {})), {})


def test_runs_are_told_over_http(tmp_path: Path, catalog, monkeypatch: pytest.MonkeyPatch):
    url, events = catalog
    monkeypatch.setenv("OPENLINEAGE_URL", url)
    clone = project(tmp_path, OPENLINEAGE_URL=url)
    clone.run()
    clone.write("datasets/marts/best.sql", "select error('secret value') as n from marts.totals\n")
    clone.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
    clone.run()
    for event in events:
        is_sound(event)
    made = ["shop.orders", "marts.totals", "marts.best", "marts.count"]
    first, second = events[: len(events) // 2], events[len(events) // 2 :]
    assert kinds(first) == {
        "acme.run": ["START", "COMPLETE"],
        **{name: ["START", "COMPLETE"] for name in made},
        "marts.totals.checks": ["COMPLETE"],
    }
    assert kinds(second) == {**kinds(first), "acme.run": ["START", "FAIL"], "marts.best": ["START", "FAIL"]}
    assert first[0]["job"]["name"] == "acme.run"
    assert {each["run"]["facets"]["parent"]["run"]["runId"] for each in first[1:-1]} == {first[0]["run"]["runId"]}
    totals = next(e for e in second if e["job"]["name"] == "marts.totals" and e["eventType"] == "COMPLETE")
    assert [each["name"] for each in totals["inputs"]] == ["shop.orders"]
    assert [field["name"] for field in totals["outputs"][0]["facets"]["schema"]["fields"]] == ["customer", "amount"]
    assert totals["outputs"][0]["facets"]["columnLineage"]["fields"]["amount"]["inputFields"][0]["field"] == "amount"
    assert totals["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"] == 3
    checks = next(e for e in second if e["job"]["name"] == "marts.totals.checks")
    (assertion,) = _facet(checks, "inputs", "inputFacets", "dataQualityAssertions")["assertions"]
    assert (assertion["success"], assertion["severity"], assertion["actual"]) == (False, "warn", "1")
    failed = next(e for e in second if e["job"]["name"] == "marts.best" and e["eventType"] == "FAIL")
    assert failed["run"]["facets"]["errorMessage"]["message"].startswith("build.failed: ")
    assert "secret value" not in json.dumps(events)
    assert "cleo" not in json.dumps(events)


def test_a_run_that_is_stopped_is_told_and_files_take_events_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from andon.errors import DatasetError
    from andon.model.event import TaskEnded
    from andon.runs.goal import ANY_PLAN, Listener, RunOptions

    file = tmp_path / "events.jsonl"
    settings = {
        "OPENLINEAGE__TRANSPORT__TYPE": "file",
        "OPENLINEAGE__TRANSPORT__LOG_FILE_PATH": str(file),
        "OPENLINEAGE__TRANSPORT__APPEND": "true",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(outbox, "PATIENCE", 60.0)
    clone = project(tmp_path, **settings)
    with clone.opened() as service:

        def report(event: object) -> None:
            if isinstance(event, TaskEnded):
                listener.cancel.cancel()

        listener = Listener(report)
        with pytest.raises(DatasetError) as stopped:
            service.runs.run(RunOptions(agreed=ANY_PLAN), listener)
        assert stopped.value.code == "build.interrupted"
    told = kinds([json.loads(line) for line in file.read_text().splitlines()])
    assert told["acme.run"] == ["START", "ABORT"]
    assert told["shop.orders"] == ["START", "ABORT"]


def test_a_catalog_that_is_down_or_a_client_that_is_missing_harms_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    import sys

    monkeypatch.setattr(outbox, "PATIENCE", 0.05)
    url = "http://127.0.0.1:9"
    monkeypatch.setenv("OPENLINEAGE_URL", url)
    clone = project(tmp_path, OPENLINEAGE_URL=url)
    assert clone.run().published
    assert "events were not sent" in caplog.text
    caplog.clear()
    monkeypatch.setattr(outbox, "PATIENCE", 60.0)
    monkeypatch.setitem(sys.modules, "openlineage.client", None)
    clone.write("datasets/marts/best.sql", "select 1 as n\n")
    assert clone.run().published
    assert "pip install 'andon[openlineage]'" in caplog.text


def test_nothing_is_told_where_nobody_asked_for_it(tmp_path: Path):
    for environ in ({"HOME": str(tmp_path)}, {"OPENLINEAGE_URL": "http://x", "OPENLINEAGE_DISABLED": "true"}):
        assert not outbox.is_configured(environ)
    assert outbox.is_configured({"OPENLINEAGE_CONFIG": "ol.yml"})
    (tmp_path / ".openlineage").mkdir()
    (tmp_path / ".openlineage" / "openlineage.yml").write_text("transport: {type: console}\n")
    assert outbox.is_configured({"HOME": str(tmp_path)})
    clone = project(tmp_path)
    with clone.opened() as service:
        assert outbox.LineageOutbox not in service._shared._made
