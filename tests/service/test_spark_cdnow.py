"""The sample project on Spark: each table holds what DuckDB gives, or is refused with the place and what to write."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from andon.errors import ProjectError
from kit.clones import Clone
from kit.connect import endpoint, server

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "cdnow"
SQL = ("staging.purchases", "marts.cohorts", "marts.orders_by_weekday", "marts.revenue_by_month", "marts.calibration")


@pytest.fixture
def cdnow(tmp_path):
    shutil.copytree(EXAMPLE, tmp_path / "cdnow", ignore=shutil.ignore_patterns(".andon"))
    clone = Clone(tmp_path / "cdnow")
    more = f'\n[engines.spark]\nurl = "{endpoint()}"\nserver = "{server()}"\nschemas = "staging, marts"\n'
    clone.write("andon.toml", f"{clone.read('andon.toml')}{more}")
    return clone


def test_what_spark_builds_is_what_duckdb_gives_and_the_rest_is_refused_in_the_plan(cdnow):
    with pytest.raises(ProjectError) as caught:
        cdnow.plan()
    refused = {problem.file for problem in caught.value.problems}
    assert {problem.code for problem in caught.value.problems} == {"build.not_supported"}
    assert all(problem.hint for problem in caught.value.problems)
    assert refused <= {"datasets/marts/customer_value.sql", "datasets/marts/rfm.sql"}
    for path in refused:
        cdnow.write(path, str(cdnow.read(path)).replace("\nowner:", "\nengine: duckdb\nowner:", 1))
    result = cdnow.run("shop.*", *SQL)
    assert [task.error for task in result.tasks if task.error] == []
    with cdnow.opened() as service:
        lake = service.workspace.lake
        leaves = lake.commits.state(lake.refs.resolve(f"run:{result.run}")).leaves
        builds = lake.objects.builds([leaf.build for leaf in leaves.values()])
        facts = {name: builds[leaf.build].engine for name, leaf in leaves.items()}
    assert {name for name, engine in facts.items() if engine["name"] == "spark"} >= set(SQL)
    assert all(facts[name]["compared"].startswith("the same rows") for name in SQL)
