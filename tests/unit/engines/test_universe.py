"""Views over views: many, deep, and shared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from andon.engines.duckdb.instance import Instance
from andon.engines.duckdb.universe import Universe
from andon.engines.relation import Relation, TableRelation, view_over
from andon.sql.messages import explain


@pytest.fixture
def instance() -> Iterator[Instance]:
    found = Instance()
    yield found
    found.close()


@pytest.fixture
def table(tmp_path: Path, instance: Instance) -> TableRelation:
    path = tmp_path / "t.parquet"
    instance.session().connection.execute(f"copy (select 1 as n) to '{path}' (format parquet)")
    return TableRelation((str(path),))


def catalogs(instance: Instance) -> int:
    return int(instance.session().connection.execute("select count(*) from duckdb_databases()").fetchall()[0][0])


def test_views_that_share_what_they_read_are_made_once_each(instance: Instance, table: TableRelation) -> None:
    left: Relation = table
    right: Relation = table
    for level in range(6):  # read over and over, the lowest would be made 2 ** 6 times
        inputs = {"s.left": left, "s.right": right}
        left, right = (
            view_over(f"{side}{level}", "select l.n + r.n as n from s.left l join s.right r on true", (), inputs)
            for side in ("left", "right")
        )
    before = catalogs(instance)
    universe = Universe(instance, {"s.top": left}.get)
    universe.ensure(["s.top"])
    assert instance.session().at(universe.catalog).execute("from s.top").fetchall() == [(2**6,)]
    assert catalogs(instance) == before + 1 + 11  # the universe, the top, and two views of each level below
    instance.session().at("memory")
    universe.detach()
    assert catalogs(instance) == before


def test_deeper_than_the_engine_follows_is_told_and_leaves_nothing_behind(
    instance: Instance, table: TableRelation
) -> None:
    top: Relation = table
    for level in range(40):
        top = view_over(f"v{level}", "select n + 1 as n from s.below", (), {"s.below": top})
    import duckdb

    connection = instance.session().connection
    universe = Universe(instance, {"s.top": top}.get)
    universe.ensure(["s.top"])
    assert instance.session().at(universe.catalog).execute("from s.top").fetchall() == [(41,)]
    connection.execute("set global max_expression_depth = 60")
    instance.session().at("memory")
    other, before = Universe(instance, {"s.top": top}.get), catalogs(instance)
    with pytest.raises(duckdb.Error) as caught:
        other.ensure(["s.top"])
    found = explain(caught.value, "from s.top")
    assert "deeper than the engine can follow" in found.message
    assert found.hint == "make one of the views on the way a table (`materialize: table`)"
    other.detach()
    assert catalogs(instance) < before
    universe.detach()


def chain(table: TableRelation, depth: int, broken: int | None = None) -> Relation:
    """Views over views, each of which reads the one below it and the table, with a column that has no type."""
    top: Relation = table
    for level in range(depth):
        last = "missing" if level == broken else "null as x, {'a': [b.n]} as y"
        sql = f"select b.n + t.n as n, {last} from s.below b, s.t t"
        top = view_over(f"c{level}{broken}", sql, (), {"s.below": top, "s.t": table})
    return top


def test_many_views_that_are_made_at_once_give_what_each_gives_alone(instance: Instance, table: TableRelation) -> None:
    universe = Universe(instance, {"s.top": chain(table, 14), "s.more": chain(table, 20)}.get)
    universe.ensure(["s.top", "s.more"])
    connection = instance.session().at(universe.catalog)
    assert connection.execute("from s.top union all from s.more").fetchall() == [
        (15, None, {"a": [14]}),
        (21, None, {"a": [20]}),
    ]
    other = Universe(instance, {"s.deep": chain(table, 24, broken=-1)}.get)
    other.ensure(["s.deep"])
    assert instance.session().at(other.catalog).execute("select n from s.deep").fetchall() == [(25,)]
    assert instance.session().connection.execute("select count(*) from duckdb_tables()").fetchall() == [(0,)]
    instance.session().at("memory")
    universe.detach()
    other.detach()


def test_a_view_that_fails_among_many_leaves_none_of_them_behind(instance: Instance, table: TableRelation) -> None:
    import duckdb

    universe = Universe(instance, {"s.top": chain(table, 40, broken=30), "s.good": chain(table, 40, broken=50)}.get)
    before = catalogs(instance)
    with pytest.raises(duckdb.BinderException, match="missing"):
        universe.ensure(["s.top"])
    assert catalogs(instance) == before
    universe.ensure(["s.good"])
    assert instance.session().at(universe.catalog).execute("select n from s.good").fetchall() == [(41,)]
    instance.session().at("memory")
    universe.detach()
