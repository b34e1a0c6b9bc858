"""A project of which one dataset is built by an engine that is no part of Andon: nothing else notices."""

from dataclasses import dataclass

import pytest

from andon.errors import ProjectError
from andon.service.service import Service
from kit.clones import FILES, Clone, closing, did
from kit.polars_engine import polars_kind

KIND = polars_kind()


@dataclass
class Mixed(Clone):
    """A clone of which `marts.totals` is built by Polars."""

    def open(self) -> Service:
        environ = {"ANDON_AUTHOR": self.author, "HOME": str(self.root), **self.environ}
        return Service.open(
            self.root, environ=environ, other_engine=lambda d, _: KIND if d.dataset == "marts.totals" else None
        )


@pytest.fixture
def mixed(tmp_path):
    clone = Mixed(tmp_path)
    clone.fill(FILES)
    return clone


def engines_of(clone):
    with closing(clone.open()) as service:
        leaves = service.workspace.lake.commits.state(service.workspace.lake.refs.resolve("main")).leaves
        builds = service.workspace.lake.objects.builds([leaf.build for leaf in leaves.values()])
        return {name: builds[leaf.build].engine["name"] for name, leaf in leaves.items()}


def test_it_is_built_checked_read_and_published_like_the_rest(mixed):
    mixed.write(
        "datasets/marts/totals.sql",
        f"/*---\nkey: customer\nchecks:\n  - amount > 0\n  - rows = 2\n---*/\n{FILES['datasets/marts/totals.sql']}",
    )
    result = mixed.run()
    assert result.published
    assert {c.status for c in result.checks} == {"pass"}
    assert engines_of(mixed) == {
        "shop.orders": "duckdb",
        "marts.totals": "polars",
        "marts.best": "duckdb",
        "marts.count": "duckdb",
    }
    assert mixed.ask("select * from marts.totals") == [("ada", 15), ("ben", 20)]
    assert mixed.ask("select * from marts.best") == [("ben",)]
    assert mixed.run().run is None


def test_a_change_of_layout_alone_keeps_the_version(mixed):
    mixed.run()
    before = mixed.leaves()
    mixed.write("datasets/marts/totals.sql", FILES["datasets/marts/totals.sql"].rstrip() + ", amount\n")
    result = mixed.run()
    assert did(result) == {"marts.totals": "build"}
    assert mixed.leaves()["marts.totals"].version == before["marts.totals"].version


def test_its_failure_stops_what_is_downstream_only(mixed):
    mixed.run()
    mixed.write("datasets/marts/totals.sql", "select cast(customer as int) as customer, 1 as amount from shop.orders\n")
    result = mixed.run()
    assert not result.published
    assert {t.dataset: t.status for t in result.tasks if t.status != "ok"} == {
        "marts.totals": "failed",
        "marts.best": "skipped",
    }
    failed = next(t for t in result.tasks if t.status == "failed")
    assert failed.error["where"] == "datasets/marts/totals.sql"


@pytest.mark.parametrize(
    ("head", "sql", "lacks"),
    [
        ("", "select customer, now() as amount from shop.orders", "does not show the logical time"),
        ("materialize: view", "select customer, 1 as amount from shop.orders", "makes no views"),
        ("", "select customer, twice(amount) as amount from shop.orders", "knows no macros"),
        ("", "select v.n as customer, 1 as amount from marts.v", "reads no views"),
        (
            "",
            "select [cast('0' as uuid)] as customer, 1 as amount from shop.orders",
            "can't write the type UUID of `customer`",
        ),
    ],
)
def test_what_it_lacks_is_told_by_the_plan(mixed, head, sql, lacks):
    mixed.write("macros/m.sql", "create macro twice(x) as 2 * x;\n")
    mixed.write("datasets/marts/v.sql", "/*---\nmaterialize: view\n---*/\nselect 1 as n\n")
    mixed.write("datasets/marts/totals.sql", (f"/*---\n{head}\n---*/\n" if head else "") + sql + "\n")
    with pytest.raises(ProjectError) as caught:
        mixed.plan()
    (problem,) = caught.value.problems
    assert (problem.code, problem.file) == ("build.not_supported", "datasets/marts/totals.sql")
    assert problem.message == f"the engine polars {lacks}, which `marts.totals` needs"
