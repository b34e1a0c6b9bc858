"""Views over views: what they return is known from the plan, and the engine's limit is an error of the view that comes to it."""

from __future__ import annotations

from collections import Counter

from andon.engines.duckdb.engine import DuckDBEngine
from andon.engines.engine import Recipe, Types
from kit.clones import Clone

HEAD = "/*---\nmaterialize: view\n---*/\n"


def chain(clone: Clone, levels: int, value: str) -> None:
    clone.write("datasets/d/v0.sql", "select 1::bigint as a, 2 as b\n")
    for level in range(1, levels + 1):
        clone.write(f"datasets/d/v{level}.sql", f"{HEAD}select {value} as a, b from d.v{level - 1}\n")


def test_the_engine_is_asked_for_the_last_view_of_a_chain_and_for_none_when_data_below_change(project, monkeypatch):
    asked: Counter[str] = Counter()
    describe = DuckDBEngine.describe
    monkeypatch.setattr(
        DuckDBEngine,
        "describe",
        lambda self, recipe: asked.update([recipe.definition.dataset]) or describe(self, recipe),
    )
    chain(project, 20, "a + 1")
    assert project.run().published
    assert asked.keys() == {"d.v20"}
    assert project.ask("from d.v20") == [(21, 2)]
    project.write("datasets/d/v0.sql", "select 5::bigint as a, 2 as b\n")
    assert project.run().published
    assert project.ask("from d.v20") == [(25, 2)]
    project.write("datasets/d/v0.sql", "select 'x' as a, 2 as b\n")
    project.write("datasets/d/v1.sql", f"{HEAD}select len(a) as a, b from d.v0\n")
    assert project.run().published
    assert project.ask("select a, typeof(a) from d.v20") == [(20, "BIGINT")]
    assert asked.keys() == {"d.v20"}


def test_more_than_the_engine_can_read_is_an_error_of_that_view(project, monkeypatch):
    """The engine comes to its limit at some 200 levels; here it is set lower, so that it does at 26."""
    describe = DuckDBEngine.describe

    def narrowed(self: DuckDBEngine, recipe: Recipe) -> Types:
        self.instance.session().connection.execute("set max_expression_depth to 100")
        return describe(self, recipe)

    monkeypatch.setattr(DuckDBEngine, "describe", narrowed)
    project.run()
    chain(project, 26, "a + 1")
    result = project.run()
    assert not result.published
    (failed,) = [task for task in result.tasks if task.status == "failed"]
    assert failed.error["code"] == "build.not_supported"
    assert failed.error["where"] == f"datasets/d/{failed.dataset[2:]}.sql"
    assert "levels of views" in failed.error["message"]
    level = int(failed.dataset.removeprefix("d.v"))
    project.write(
        f"datasets/d/v{level // 2}.sql", (project.read(f"datasets/d/v{level // 2}.sql") or "").removeprefix(HEAD)
    )
    assert project.run().published
    assert project.ask("from d.v26") == [(27, 2)]
