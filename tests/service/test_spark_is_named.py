"""Who computed, or will compute, is named wherever it is not DuckDB: in plans, changes, runs and datasets, by all faces."""

from __future__ import annotations

import re
from html import unescape

import pytest

from kit.clones import FILES, Clone
from kit.command_line import Andon
from kit.connect import server
from kit.serving import serving
from kit.spark_projects import spark_settings

TOTALS = "datasets/marts/totals.sql"
SPARK = f"/*---\nengine: spark\n---*/\n{FILES[TOTALS]}"


@pytest.fixture
def clone(tmp_path):
    made = Clone(tmp_path)
    made.fill({**FILES, "andon.toml": spark_settings(), TOTALS: SPARK})
    return made


def shown(client, path: str) -> str:
    reply = client.visit(path)
    assert reply.status == 200, reply.data[-1000:]
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", reply.data.decode())))


def text(clone, *words: str) -> str:
    """What a command prints, its lines joined."""
    return re.sub(r"\s+", " ", Andon(clone.root)(*words).out)


def test_plan_run_change_and_dataset_name_it(clone):
    who = "sail" if server() == "sail" else "spark"
    steps = {step.dataset: step.document() for step in clone.plan().steps}
    assert steps["marts.totals"].engine == "spark, as its file says"
    assert not steps["marts.best"].engine
    assert "by spark, as its file says" in text(clone, "plan")
    run = clone.run()
    with clone.opened() as service:
        tasks = {task.dataset: task for task in service.run_log.show(str(run.run)).document().tasks}
    assert str(tasks["marts.totals"].engine).split()[0] == who
    assert not tasks["marts.best"].engine
    assert f"({who} " in text(clone, "show", f"run:{run.run}")
    assert f"{who} " in text(clone, "show", "marts.totals")
    clone.write(TOTALS, SPARK.replace("sum(amount) as amount", "sum(amount) + 1 as amount"))
    assert "by spark, as its file says" in text(clone, "plan")
    with serving(clone.root) as found:
        client = found.client()
        page = shown(client, f"/runs/{run.run}?task=marts.totals")
        assert "by spark, as its file says" in page
        assert f"Engine {who} " in page
        assert f"Engine {who} " in shown(client, "/d/marts.totals")
        assert "Engine" not in shown(client, "/d/marts.best")
        assert "by spark, as its file says" in shown(client, "/changes/@folder?whole=true")
