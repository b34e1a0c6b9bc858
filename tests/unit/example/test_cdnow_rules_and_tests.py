"""The sample project's rule across datasets finds what it should, and its unit tests pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from andon.base.cache import MemoryCache
from andon.base.hashing import digest
from andon.checks.compile.check import Catalog, ViolationsPlan
from andon.checks.compile.rule_files import compile_rule, rule_check
from andon.checks.execute.plain import PlainRelations, measure
from andon.model.project import Project
from andon.model.unit_tests import TestStatus
from andon.project.folder.scan import scan
from andon.project.load import load
from andon.service.service import Service
from andon.sql.bind import Binder

EXAMPLE = Path(__file__).parents[3] / "examples" / "cdnow"
#: The columns that the rule may name.
COLUMNS = {
    "marts.revenue_by_month": [("month", "DATE"), ("revenue", "DECIMAL(18,2)")],
    "marts.cohorts": [("cohort", "DATE"), ("months_later", "BIGINT"), ("revenue", "DECIMAL(18,2)")],
    "marts.customer_value": [("customer_id", "BIGINT"), ("first_purchase", "DATE"), ("revenue", "DECIMAL(18,2)")],
}


@pytest.fixture(scope="module")
def project() -> Project:
    facts = scan(EXAMPLE, MemoryCache())
    files = {path: fact.sha256 for path, fact in facts.items()}
    loaded = load(files, lambda path: (EXAMPLE / path).read_bytes(), MemoryCache())
    assert loaded.problems == ()
    assert all(digest((EXAMPLE / path).read_bytes()) == sha for path, sha in files.items())
    return loaded


def test_the_rule_counts_rows_that_differ(project: Project) -> None:
    import duckdb

    (rule,) = project.rules
    check = rule_check(rule)
    assert (rule.name, check.dataset) == ("revenue_matches", rule.datasets[0])
    assert "marts.cohorts" in rule.datasets
    binder = Binder()
    plan = compile_rule(check, Catalog(COLUMNS, {}, {}), binder)
    binder.close()
    assert isinstance(plan, ViolationsPlan)
    engine = duckdb.connect()
    engine.execute("create schema marts")
    for name, columns in COLUMNS.items():
        engine.execute(f"create table {name} ({', '.join(' '.join(column) for column in columns)})")
    engine.execute("insert into marts.revenue_by_month values ('1997-01-01', 10)")
    engine.execute("insert into marts.cohorts values ('1997-01-01', 0, 10)")
    engine.execute("insert into marts.customer_value values (1, '1997-01-05', 10)")
    assert measure(plan, PlainRelations(rule.datasets[0], {}), engine).bad == 0
    engine.execute("update marts.cohorts set revenue = 10.01")
    assert measure(plan, PlainRelations(rule.datasets[0], {}), engine).bad == 1


def test_its_unit_tests_pass(tmp_path: Path) -> None:
    places = {"ANDON_STORAGE": str(tmp_path / "lake"), "ANDON_CATALOG": str(tmp_path / "catalog.db")}
    folder = tmp_path / "cdnow"
    folder.mkdir()
    for path in scan(EXAMPLE, MemoryCache()):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes((EXAMPLE / path).read_bytes())
    (folder / "raw").symlink_to(EXAMPLE / "raw")
    service = Service.open(folder, environ={"HOME": str(tmp_path), "ANDON_AUTHOR": "ana", **places})
    try:
        results = service.unit_tests.run()
    finally:
        service.close()
    assert len(results) == 2
    assert {result.status for result in results} == {TestStatus.PASS}
