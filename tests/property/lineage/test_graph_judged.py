"""The lineage of a whole lake is judged by what happens: random datasets read each other, one column of a source gets other values,
and nothing may change but what the graph says is reached. What is reached by derivation alone keeps its rows apart from those values.

Queries that leave open which rows they take (a LIMIT without an order, `first` without one) are left out: what decides there is the
order in which rows lie, which is no column.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from andon.base.cache import MemoryCache
from andon.lineage.graph import Parts, build_graph
from andon.model.dataset import Definition, Kind, Materialize
from andon.model.lineage import Graph, NodeKind, Radii, Spot, blast_radius, downstream, part, upstream
from andon.sql.bind import Binder, BindError
from kit.empty_engine import empty_engine
from kit.queries.traced import DATA, MACROS, ROWS, SCHEMAS, Scope, Writer, value

_OPEN = re.compile(r"\blimit\b|\b(any_value|first|last|list)\(|\basof\b|distinct on")


class LakeWriter(Writer):
    """Writes queries that read earlier ones too."""

    def __init__(self, seed: int, known: dict[str, list[tuple[str, str]]]) -> None:
        super().__init__(seed)
        self.known = known

    def one_source(self, depth: int, left: Scope, outer: Scope) -> tuple[str, Scope]:
        if self.known and self.chance(0.5):
            dataset, name = self.pick.choice(sorted(self.known)), self.name("q")
            return f"{dataset} {name}", [(f"{name}.{column}", "integer") for column, _ in self.known[dataset]]
        return super().one_source(depth, left, outer)


def write_lake(seed: int) -> dict[str, tuple[str, list[tuple[str, str]]]]:
    """`{dataset: (SQL, columns)}`, each reading sources and what stands before it."""
    found: dict[str, tuple[str, list[tuple[str, str]]]] = {}
    binder = Binder()
    try:
        for name, columns in SCHEMAS.items():
            binder.declare(name, columns)
        for attempt in range(60):
            if len(found) == 4:
                break
            sql = LakeWriter(seed * 61 + attempt, {d: columns for d, (_, columns) in found.items()}).whole()
            if _OPEN.search(sql):
                continue
            try:
                columns = [(c, "bigint") for c, _ in binder.bind(sql, MACROS)]
            except BindError:
                continue
            name = f"d.t{len(found)}"
            found[name] = (f"select {', '.join(f'{c}::bigint as {c}' for c, _ in columns)} from ({sql})", columns)
            binder.declare(name, columns)
    finally:
        binder.close()
    return found


def graph_of(lake: dict[str, tuple[str, list[tuple[str, str]]]]) -> Graph:
    names = [*SCHEMAS, *lake]
    definitions = {
        name: Definition(name, Kind.SOURCE, Materialize.TABLE, "", name, sql="select 1", id=name) for name in SCHEMAS
    }
    for name, (sql, _) in lake.items():
        inputs = tuple(sorted(n for n in names if re.search(rf"\b{re.escape(n)}\b", " ".join((sql, *MACROS)))))
        definitions[name] = Definition(
            name, Kind.SQL, Materialize.TABLE, "", sql, inputs=inputs, sql=sql, macros=MACROS, id=sql
        )
    columns = {**SCHEMAS, **{name: found for name, (_, found) in lake.items()}}
    return build_graph(Parts(definitions, columns), MemoryCache())


def contents(
    lake: dict[str, tuple[str, list[tuple[str, str]]]], tables: dict[str, dict[str, list[str]]]
) -> dict[str, list[tuple[Any, ...]]] | None:
    """What every dataset holds over these sources; None if the engine refuses one."""
    import duckdb

    with empty_engine() as connection:
        try:
            connection.execute("create schema s; create schema d")
            for dataset, columns in SCHEMAS.items():
                declared = ", ".join(f"{column} {kind}" for column, kind in columns)
                rows = ", ".join(
                    f"({', '.join(r)})" for r in zip(*(tables[dataset][c] for c, _ in columns), strict=True)
                )
                connection.execute(f"create table {dataset} ({declared}); insert into {dataset} values {rows}")
            for macro in MACROS:
                connection.execute(macro)
            found = {}
            for name, (sql, _) in lake.items():
                connection.execute(f"create table {name} as {sql}")
                found[name] = connection.execute(f"from {name}").fetchall()
        except duckdb.Error:
            return None
    return found


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**40))
def test_nothing_changes_but_what_is_reached(seed: int) -> None:
    pick = random.Random(seed)
    lake = write_lake(seed)
    graph = graph_of(lake)
    DATA.draw(pick)
    before = contents(lake, DATA.tables)
    if before is None:
        return
    for _ in range(5):
        dataset = pick.choice(sorted(SCHEMAS))
        column, kind = pick.choice(SCHEMAS[dataset])
        changed = {name: dict(columns) for name, columns in DATA.tables.items()}
        changed[dataset][column] = [value(pick, kind) for _ in range(ROWS)]
        after = contents(lake, changed)
        if after is None:
            continue
        reached = downstream(graph, [f"{dataset}.{column}"]).hops
        for name, (sql, columns) in lake.items():
            if Spot(name) in reached:
                continue  # its rows may differ, and with them all
            same = [i for i, (c, _) in enumerate(columns) if Spot(f"{name}.{c}") not in reached]
            left, right = (Counter(tuple(row[i] for i in same) for row in rows[name]) for rows in (before, after))
            assert left == right, (f"{dataset}.{column}", name, sql)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**40))
def test_up_is_down_seen_from_the_other_end(seed: int) -> None:
    graph = graph_of(write_lake(seed))
    columns = [n.id for n in graph.nodes.values() if n.kind is NodeKind.COLUMN]
    pick = random.Random(seed)
    radii = Radii(graph)
    for start in pick.sample(columns, min(6, len(columns))):
        for changed in ([start], [start, graph.holder(pick.choice(columns))]):
            assert radii.of(changed) == blast_radius(graph, changed)
        below = downstream(graph, [start]).hops.keys()
        for end in pick.sample(columns, min(6, len(columns))):
            down = bool({Spot(end), Spot(graph.holder(end))} & below)
            up = upstream(graph, [end]).hops
            # a dataset is reached as a whole, or looked at as a whole, where nothing finer is known
            assert down == bool({Spot(start), Spot(graph.holder(start))} & up.keys()), (start, end)
        found = part(graph, [start], up=True, down=True)
        assert all(e.source in found.nodes and e.target in found.nodes for e in found.edges)
