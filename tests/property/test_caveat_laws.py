"""Caveats go where their columns go, and no further than where they are handled: held against paths, one by one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from andon.lineage.caveats import inherited_caveats
from andon.model.dataset import Dataset, Definition, Kind, Materialize
from andon.model.insight import Insight
from andon.model.lineage import Edge, EdgeKind, Graph, Level, Node, NodeKind
from andon.model.standing import Caveat, Handling
from andon.service.insight_flaws import links_of
from andon.value.resting import rests_on
from andon.value.weakest import repairs

COLUMNS = ("a", "b", "c")
#: An input's column that makes a column, that decides the rows, or an input of which nothing finer is known.
Read = tuple[int, str | None, str | None]


@st.composite
def lakes(draw: st.DrawFn) -> tuple[dict[str, Dataset], Graph]:
    count = draw(st.integers(2, 6))
    names = [f"m.d{index}" for index in range(count)]
    nodes: dict[str, Node] = {}
    edges: list[Edge] = []
    datasets: dict[str, Dataset] = {}
    for index, name in enumerate(names):
        nodes[name] = Node(name, NodeKind.DATASET, name)
        nodes |= {f"{name}.{column}": Node(f"{name}.{column}", NodeKind.COLUMN, column, name) for column in COLUMNS}
        inputs: set[str] = set()
        for _ in range(draw(st.integers(0, 3)) if index else 0):
            parent = names[draw(st.integers(0, index - 1))]
            inputs.add(parent)
            source = draw(st.sampled_from([None, *COLUMNS]))
            target = draw(st.sampled_from([None, *COLUMNS]))
            kind = EdgeKind.INFLUENCE if target is None else EdgeKind.DERIVE
            level = Level.TABLE if source is None and draw(st.booleans()) else Level.COLUMN
            edges.append(
                Edge(
                    parent if source is None else f"{parent}.{source}",
                    name if target is None or level is Level.TABLE else f"{name}.{target}",
                    kind,
                    level,
                )
            )
        caveats = tuple(
            Caveat(each, each, tuple(draw(st.lists(st.sampled_from(COLUMNS), max_size=2, unique=True))))
            for each in draw(st.lists(st.sampled_from(["x", "y"]), max_size=2, unique=True))
        )
        handled = draw(st.lists(st.sampled_from(["x", "y", *(f"{other}/x" for other in names)]), max_size=1))
        definition = Definition(
            dataset=name,
            kind=Kind.SQL,
            materialize=Materialize.TABLE,
            entry=f"datasets/m/d{index}.sql",
            meaning="",
            inputs=tuple(sorted(inputs)),
            files=(),
            id=name,
        )
        datasets[name] = Dataset(definition, caveats=caveats, handles=tuple(Handling(each, "so") for each in handled))
    return datasets, Graph(nodes, tuple(edges))


def reached(
    datasets: dict[str, Dataset], graph: Graph, origin: str, caveat: Caveat
) -> dict[str, frozenset[str] | None]:
    """By brute force: again and again, whatever one step adds, until nothing is added."""
    open_ones = {
        name
        for name, one in datasets.items()
        if name != origin and not {each.caveat for each in one.handles} & {caveat.id, f"{origin}/{caveat.id}"}
    }
    if not caveat.columns:
        found = {origin}
        while True:
            more = {n for n in open_ones - found if found & set(datasets[n].definition.inputs)}
            if not more:
                return dict.fromkeys(found - {origin})
            found |= more
    touched = {f"{origin}.{column}" for column in caveat.columns}
    while True:
        more = set()
        for edge in graph.edges:
            holder, own = graph.holder(edge.target), graph.holder(edge.source)
            of_whole = own in touched or (edge.level is Level.TABLE and any(graph.holder(n) == own for n in touched))
            if holder in open_ones and (edge.source in touched or of_whole):
                more.add(edge.target)
        if more <= touched:
            break
        touched |= more
    found_columns: dict[str, frozenset[str] | None] = {}
    for name in open_ones:
        columns = frozenset(c for c in COLUMNS if f"{name}.{c}" in touched)
        if name in touched:
            found_columns[name] = None
        elif columns:
            found_columns[name] = columns
    return found_columns


@given(lakes())
def test_a_caveat_is_where_a_path_leads_that_nobody_handles(lake: tuple[dict[str, Dataset], Graph]) -> None:
    datasets, graph = lake
    found = inherited_caveats(datasets, lambda: graph)
    expected: dict[str, set[tuple[str, str, frozenset[str] | None]]] = {}
    for origin, dataset in datasets.items():
        for caveat in dataset.caveats:
            for name, columns in reached(datasets, graph, origin, caveat).items():
                expected.setdefault(name, set()).add((origin, caveat.id, columns))
    told = {
        name: {(e.origin, e.caveat.id, None if e.columns is None else frozenset(e.columns)) for e in each}
        for name, each in found.items()
    }
    assert told == expected
    for name in datasets:
        alone = inherited_caveats(datasets, lambda: graph, [name])
        assert alone == ({name: found[name]} if name in found else {}), "who asks of one looks at no other"
    assert all(len(each) == len(told[name]) for name, each in found.items()), "each is told once"


@given(lakes(), st.data())
def test_a_caveat_is_one_repair_however_many_insights_have_it(
    lake: tuple[dict[str, Dataset], Graph], data: st.DataObject
) -> None:
    datasets, graph = lake
    used = data.draw(st.lists(st.sets(st.sampled_from(sorted(datasets)), min_size=1), max_size=3))
    insights = [Insight(f"i{n}", f"insights/i{n}.md", "?", uses=tuple(sorted(names))) for n, names in enumerate(used)]
    resting = rests_on(insights, {name: one.definition.inputs for name, one in datasets.items()})
    links = links_of(insights, resting, (), datasets, datasets, inherited_caveats(datasets, lambda: graph))
    expected: dict[tuple[str, str], set[str]] = {}
    for origin, dataset in datasets.items():
        for caveat in dataset.caveats:
            told = {origin, *reached(datasets, graph, origin, caveat)}
            if held := {insight.name for insight in insights if told & set(insight.datasets)}:
                expected[origin, caveat.text] = held
    found = repairs(links.values(), {})
    assert {(each.flaw.dataset, each.flaw.what): sorted(each.insights) for each in found} == {
        caveat: sorted(held) for caveat, held in expected.items()
    }
    assert len(found) == len(expected), "each is told once"
