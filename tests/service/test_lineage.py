"""Lineage of a real lake: from raw files through SQL, views and Python to insights, at any commit, from the cache."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing

import pytest

import andon
from andon.errors import ProjectError, UsageError
from andon.model.lineage import EdgeKind, Level, NodeKind, blast_radius
from andon.runs.goal import RunOptions
from andon.runs.planning.outlook import graph_ahead
from kit.clones import Clone

FILES = {
    "sources/shop/customers.sql": "select id, lower(name) as name from read_csv('raw/customers.csv') where active\n",
    "raw/customers.csv": "id,name,active,city\n1,Ada,true,Bonn\n2,Ben,true,Ulm\n3,Cy,false,Bonn\n",
    "macros/money.sql": "create macro money(x) as cast(x as decimal(18, 2));\n",
    "datasets/marts/named.sql": "/*---\nmaterialize: view\nowner: ana\n---*/\nselect c.id, t.customer, money(t.amount) as spent"
    " from marts.totals t join shop.customers c on c.name = t.customer\n",
    "datasets/marts/scores.py": "from andon import dataset, read\n\n\n@dataset(owner='ben')\n"
    "def scores(named=read('marts.named')):\n    return named.project('id, spent * 2 as score')\n",
    "datasets/marts/told.py": "from andon import dataset, read\n\n\n"
    "@dataset(lineage={'id': 'named.id', 'score': ['named.spent', 'marts.scores.score'], '*': ['named.customer']})\n"
    "def told(named=read('marts.named'), scores=read('marts.scores')):\n    return named.project('id, spent * 2 as score')\n",
    "insights/best.yml": "title: Who is best?\nkind: decision\nowner: eve\ndecision: Whom to write to\nuses: [marts.best]\n",
    "insights/sums.yml": "title: What is spent?\nuses: [marts.named.spent]\n",
    "checks/sums.sql": "/*---\nname: sums_match\n---*/\nselect t.amount from marts.totals t where t.amount < 0\n",
}


@pytest.fixture
def lake(project: Clone) -> Clone:
    project.fill(FILES)
    project.run()
    return project


def edges(clone: Clone, at: str | None = None) -> dict[str, set[tuple[str, str]]]:
    """`{target: {(source, how)}}`: `=` derives, `~` influences; `!` known at table level only."""
    found: dict[str, set[tuple[str, str]]] = {}
    with closing(clone.open()) as service:
        graph = service.lineages.graph(at or "main")
    for edge in graph.edges:
        how = "=" if edge.kind is EdgeKind.DERIVE else "~"
        found.setdefault(edge.target, set()).add((edge.source, how + ("!" if edge.level is Level.TABLE else "")))
    return found


def test_from_files_to_insights(lake: Clone) -> None:
    found = edges(lake)
    assert found["shop.customers.name"] == {("raw/customers.csv#name", "=")}
    assert found["shop.customers"] == {("raw/customers.csv#active", "~"), ("raw/customers.csv", "~")}
    assert found["shop.orders.amount"] == {("raw/orders_*.csv#amount", "=")}
    assert found["marts.totals.amount"] == {("shop.orders.amount", "=")}
    assert found["marts.totals"] == {("shop.orders.customer", "~"), ("shop.orders", "~")}
    assert found["marts.count"] == {("shop.orders", "~")}
    assert "marts.count.n" not in found
    assert found["marts.named.spent"] == {("marts.totals.amount", "=")}
    assert found["marts.named"] >= {("shop.customers.name", "~"), ("marts.totals.customer", "~")}
    assert found["insight:best"] == {("marts.best", "=!")}
    assert found["insight:sums"] == {("marts.named.spent", "=")}


def test_sources_of_many_forms(lake: Clone) -> None:
    for year in (2025, 2026):
        lake.write(f"raw/parts/year={year}/x.csv", "id,amount,note\n1,2.5,a\n2,3.5,b\n")
    lake.write("raw/events.json", '[{"who": "ada", "place": {"day": 1}}, {"who": "ben", "place": {"day": 2}}]')
    lake.write(
        "sources/shop/parts.sql",
        "select p.id, amount * 2 as double, year, filename from read_csv('raw/parts/*/x.csv', filename = true) p"
        " where note is not null",
    )
    lake.write("sources/shop/plain.sql", "select x.id, x.note from 'raw/parts/year=2025/x.csv'")
    lake.write("sources/shop/events.sql", "select who, place.day as day from read_json('raw/events.json')")
    lake.write(
        "sources/shop/both.sql",
        "with a as (select * from read_csv('raw/customers.csv')) select a.id, e.who from a"
        " join read_json('raw/events.json') e on lower(a.name) = e.who",
    )
    lake.run()
    found = edges(lake)
    parts = "raw/parts/*/x.csv"
    assert found["shop.parts.double"] == {(f"{parts}#amount", "=")}
    assert found["shop.parts.year"] == {(f"{parts}#year", "=")}
    assert found["shop.parts.filename"] == {(f"{parts}#filename", "=")}
    assert found["shop.parts"] == {(f"{parts}#note", "~"), (parts, "~")}
    assert found["shop.plain.note"] == {("raw/parts/year=2025/x.csv#note", "=")}
    assert found["shop.events.day"] == {("raw/events.json#place", "=")}
    assert found["shop.both.who"] == {("raw/events.json#who", "=")}
    assert found["shop.both"] >= {("raw/customers.csv#name", "~"), ("raw/events.json#who", "~")}
    with closing(lake.open()) as service:
        nodes = service.lineages.graph("main").nodes
    assert not [n.reason for n in nodes.values() if n.reason and n.type == "source"]
    assert nodes[parts].files == ("raw/parts/year=2025/x.csv", "raw/parts/year=2026/x.csv")


def test_python_is_known_as_far_as_it_is_declared(lake: Clone) -> None:
    found = edges(lake)
    assert found["marts.scores"] == {("marts.named", "=!")}
    assert found["marts.told.id"] == {("marts.named.id", "=")}
    assert found["marts.told.score"] == {("marts.named.spent", "="), ("marts.scores.score", "=")}
    assert found["marts.told"] == {("marts.named.customer", "~"), ("marts.named", "~"), ("marts.scores", "~")}
    with closing(lake.open()) as service:
        nodes = service.lineages.graph("main").nodes
    assert nodes["marts.scores"].reason == "table-level, because it is Python and declares no `lineage`"
    assert nodes["marts.told"].reason is None
    assert nodes["raw/orders_*.csv"].files == ("raw/orders_05.csv",)


def test_a_declaration_may_be_added_without_building(lake: Clone) -> None:
    text = FILES["datasets/marts/scores.py"].replace("owner='ben'", "owner='ben', lineage={'id': 'named.id'}")
    lake.write("datasets/marts/scores.py", text)
    assert {str(s.action) for s in lake.plan().steps if s.dataset == "marts.scores"} == {"reuse"}
    lake.run()
    found = edges(lake)
    assert found["marts.scores.id"] == {("marts.named.id", "=")}
    assert found["marts.scores.score"] == {("marts.named", "=!")}
    assert found["marts.scores"] == {("marts.named", "~!")}
    assert edges(lake, "main~1")["marts.scores"] == {("marts.named", "=!")}


def test_a_declaration_of_a_column_that_is_not_there_is_a_problem_of_the_plan(lake: Clone) -> None:
    text = FILES["datasets/marts/scores.py"].replace("owner='ben'", "owner='ben', lineage={'id': 'named.idd'}")
    lake.write("datasets/marts/scores.py", text.replace("* 2", "* 3"))
    with pytest.raises(ProjectError) as caught:
        lake.plan()
    (problem,) = caught.value.problems
    assert (problem.code, problem.file, problem.hint) == (
        "project.unknown_column",
        "datasets/marts/scores.py",
        "did you mean `id`?",
    )


def test_a_wrong_declaration_is_refused_though_nothing_else_changes(lake: Clone) -> None:
    before = edges(lake)
    text = FILES["datasets/marts/scores.py"].replace("owner='ben'", "owner='ben', lineage={'id': 'named.idd'}")
    lake.write("datasets/marts/scores.py", text)
    with pytest.raises(ProjectError) as caught:
        lake.run()
    (problem,) = caught.value.problems
    assert (problem.file, "`idd`" in problem.message, problem.hint) == (
        "datasets/marts/scores.py",
        True,
        "did you mean `id`?",
    )
    assert edges(lake) == before


def test_any_past_commit_can_be_asked(lake: Clone) -> None:
    lake.write("datasets/marts/totals.sql", "select customer, max(id) as amount from shop.orders group by customer\n")
    lake.run()
    assert edges(lake)["marts.totals.amount"] == {("shop.orders.id", "=")}
    assert edges(lake, "main~1")["marts.totals.amount"] == {("shop.orders.amount", "=")}


def test_what_was_kept_over_inputs_that_moved_says_so(lake: Clone) -> None:
    lake.write("checks/sums.sql", None)
    lake.run(drop=True)
    lake.write(
        "datasets/marts/totals.sql", "select customer, sum(amount) as total from shop.orders group by customer\n"
    )
    lake.run("marts.totals")
    with closing(lake.open()) as service:
        node = service.lineages.graph("main").nodes["marts.best"]
    assert node.reason is not None
    assert node.reason.startswith("table-level, because ")
    assert "amount" in node.reason
    assert edges(lake)["marts.best"] == {("marts.totals", "=!")}


def test_a_known_commit_needs_no_engine(lake: Clone) -> None:
    edges(lake)
    code = (
        "import sys\nfrom pathlib import Path\nfrom andon.service.service import Service\n"
        f"service = Service.open(Path({str(lake.root)!r}))\n"
        "assert service.lineages.lineage('marts.told.score').graph.edges\n"
        "assert 'duckdb' not in sys.modules and 'pyarrow' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_edit_traces_only_what_it_touches(lake: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    from andon.lineage import graph as tracing

    edges(lake)
    lake.write("datasets/marts/count.sql", "select count(*) as n, max(amount) as most from shop.orders\n")
    lake.run()
    asked = []
    real = tracing.column_lineage
    monkeypatch.setattr(tracing, "column_lineage", lambda sql, *rest: asked.append(sql) or real(sql, *rest))
    assert edges(lake)["marts.count.most"] == {("shop.orders.amount", "=")}
    assert len(asked) == 1


def test_the_graph_of_a_plan_is_the_one_after_its_publish(lake: Clone) -> None:
    lake.write("datasets/marts/totals.sql", "select customer, max(id) as amount from shop.orders group by customer\n")
    lake.write("datasets/marts/more.sql", "select amount + 1 as more from marts.totals\n")
    lake.write("sources/shop/extra.sql", "select * from read_csv('raw/extra.csv')\n")
    lake.write("raw/extra.csv", "a,b\n1,x\n2,y\n")
    with closing(lake.open()) as service:
        goal, options = service.runs._change_goal(RunOptions()), RunOptions()
        prepared = service._preparer.prepare(goal, options)
        ahead = graph_ahead(service.workspace, prepared.gathered, prepared.bound)
    lake.run()
    with closing(lake.open()) as service:
        assert service.lineages.graph("main") == ahead
    lake.write(
        "datasets/marts/new.py",
        "from andon import dataset, read\n\n\n@dataset()\ndef new(t=read('marts.totals')):\n    return t\n",
    )
    lake.write("datasets/marts/newer.sql", "select * from marts.new\n")
    with closing(lake.open()) as service:
        prepared = service._preparer.prepare(service.runs._change_goal(RunOptions()), RunOptions())
        nodes = graph_ahead(service.workspace, prepared.gathered, prepared.bound).nodes
    reason = "table-level, because it reads `marts.new`, whose columns are not known before it is built"
    assert nodes["marts.newer"].reason == reason


def test_impact(lake: Clone) -> None:
    with closing(andon.Lake(lake.open())) as found:
        impact = found.impact("shop.orders", "amount")
        document = impact.to_json()
    by_name = {reader.dataset: reader for reader in impact.readers}
    assert {name: reader.hops for name, reader in by_name.items()} == {
        "marts.totals": 1,
        "marts.best": 2,
        "marts.named": 2,
        "marts.scores": 3,
        "marts.told": 3,
    }
    assert by_name["marts.totals"].columns == ("amount",)
    assert by_name["marts.named"].columns == ("spent",)
    # the largest amount is compared with, so it decides which customers are best
    assert (by_name["marts.best"].columns, by_name["marts.best"].influenced) == ((), True)
    assert by_name["marts.scores"].reason is not None
    assert [(node.name, hops) for node, hops in impact.insights] == [("Who is best?", 3), ("What is spent?", 3)]
    assert document["owners"] == ["ana", "ben", "eve"]
    assert document["checks"] == []


def test_impact_of_a_column_that_only_some_read(lake: Clone) -> None:
    with closing(andon.Lake(lake.open())) as found:
        assert found.impact("shop.orders", "id").readers == ()
        assert [c.text for c in found.impact("marts.totals", "amount").checks] == ["sums_match"]
        assert found.impact("marts.totals", "customer").checks == ()
        # of the dataset as a whole the rows may change, which a count feels
        assert "marts.count" in {r.dataset for r in found.impact("shop.orders").readers}


def test_the_radius_is_the_impact(lake: Clone) -> None:
    with closing(lake.open()) as service:
        graph = service.lineages.graph("main")
        impact = service.lineages.impact("marts.totals")
    radius = blast_radius(graph, ["marts.totals", "not.there"])
    assert radius == impact.radius
    assert radius.datasets == tuple(sorted(r.dataset for r in impact.readers))
    assert radius.insights == ("best", "sums")


def test_a_raw_file_may_be_asked_for(lake: Clone) -> None:
    with closing(andon.Lake(lake.open())) as found:
        trail = found.lineage("raw/orders_05.csv", up=False)
    assert trail.start.kind is NodeKind.FILE
    assert "marts.totals.amount" in trail.graph.nodes


def test_depth_and_ways(lake: Clone) -> None:
    with closing(andon.Lake(lake.open())) as found:
        near = found.lineage("marts.named", "spent", down=False, depth=1).graph
        assert {n for n in near.nodes if near.nodes[n].of is None} == {"marts.named", "marts.totals", "shop.customers"}
        far = found.at("main").lineage("marts.named", "spent", down=False).graph
        assert "raw/orders_*.csv#amount" in far.nodes
        assert not any(n.startswith("marts.told") for n in far.nodes)


def test_what_is_not_there(lake: Clone) -> None:
    with closing(andon.Lake(lake.open())) as found:
        for target, code, hint in (
            ("marts.total", "lake.dataset_not_found", "did you mean `marts.totals`?"),
            ("marts.totals.amunt", "lake.column_not_found", "did you mean `amount`?"),
        ):
            with pytest.raises(UsageError) as caught:
                found.lineage(target)
            assert (caught.value.code, caught.value.hint) == (code, hint)
        assert found.lineage("Marts.Totals.AMOUNT").start.id == "marts.totals.amount"


def test_an_insight_must_use_columns_that_are_there(lake: Clone) -> None:
    lake.write("insights/sums.yml", "title: What is spent?\nuses: [marts.named.spend]\n")
    with pytest.raises(ProjectError) as caught:
        lake.run()
    (problem,) = caught.value.problems
    assert (problem.file, problem.hint) == ("insights/sums.yml", "did you mean `spent`?")


def test_an_insight_must_use_datasets_that_are_there(lake: Clone) -> None:
    lake.write("insights/sums.yml", "title: What is spent?\nuses: [marts.name.spent]\n")
    with pytest.raises(ProjectError) as caught:
        lake.plan()
    assert caught.value.problems[0].code == "project.unknown_dataset"
