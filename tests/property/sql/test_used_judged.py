"""Whom a change of columns breaks, judged by what happens: random queries, over random data, before and after columns are dropped, renamed
or given another type, and datasets taken away."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from andon.catalog.broken import Schemas, breaking, moved_between
from andon.model.broken_reader import Breaking
from andon.sql.lineage.used import is_made_alike, outcomes, used_columns
from kit.queries.data import Data, Tables, counted, drawn
from kit.queries.texts import SCHEMAS, query

EXAMPLES = int(os.environ.get("ANDON_USED", "40"))
DATA = Data()
#: Types that a column may get, and how its values are written then.
OTHER = ("VARCHAR", "BIGINT", "DOUBLE", "DATE")


def named_in(sql: str) -> list[str]:
    return [name for name in SCHEMAS if name in sql]


def moved_schemas(pick: random.Random) -> tuple[Schemas, str]:
    """Other columns for one of the datasets, and how they came about."""
    after = {name: list(columns) for name, columns in SCHEMAS.items()}
    name = pick.choice(sorted(after))
    place = pick.randrange(len(after[name]))
    how = pick.choice(["drop", "drop", "rename", "rename", "type", "gone", "add"])
    column, _ = after[name][place]
    if how == "drop":
        del after[name][place]
    elif how == "rename":
        after[name][place] = (pick.choice(["n", "c0", "w", "k", "y", "x", "u", "q"]), after[name][place][1])
        if len({each for each, _ in after[name]}) < len(after[name]):
            after[name][place] = ("q", after[name][place][1])
    elif how == "type":
        after[name][place] = (column, pick.choice(OTHER))
    elif how == "gone":
        del after[name]
    else:
        after[name].append((pick.choice(["n", "c0", "w", "u", "q"]), "INTEGER"))
        if len({each for each, _ in after[name]}) < len(after[name]):
            after[name].pop()
    return after, how


def loaded(tables: Tables, schemas: Schemas) -> None:
    """The same values under other columns."""
    for name in SCHEMAS:
        DATA.connection.execute(f"drop table if exists {name}")
    held: Tables = {}
    for name, columns in schemas.items():
        held[name] = {}
        old = [column for column, _ in SCHEMAS[name]]
        for number, (column, kind) in enumerate(columns):
            source = column if column in old else next((c for c in old if c not in dict(columns)), old[0])
            values = tables[name][source]
            same = dict(SCHEMAS[name]).get(source) == kind
            held[name][column] = values if same else ["null"] * len(values)
            del number
    DATA.load(held, schemas)


def told(sql: str, after: Schemas) -> Breaking | None:
    """What is said of a query."""
    datasets = named_in(sql)
    found = used_columns(sql, {name: SCHEMAS[name] for name in datasets})
    used: Mapping[str, Sequence[str]] | None = None
    if found is not None:
        used = {name: [column for dataset, column in found if dataset == name] for name in datasets}
    one, other = outcomes({"q": sql}, SCHEMAS)["q"], outcomes({"q": sql}, after)["q"]
    schemas = [{name: of[name] for name in datasets if name in of} for of in (SCHEMAS, after)]
    return breaking(one, other, datasets, used, moved_between(SCHEMAS, after), lambda: is_made_alike(sql, *schemas))


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.integers(0, 2**40))
def test_named_are_just_the_queries_that_fail_or_are_answered_otherwise(seed: int) -> None:
    pick = random.Random(seed)
    sql, _ = query(seed)
    if "plus(" in sql or "kept(" in sql:
        return
    tables = drawn(pick)
    loaded(tables, SCHEMAS)
    before = DATA.run(sql)
    if before is None:
        return
    types = [str(d[1]) for d in DATA.connection.execute(sql).description]
    for _ in range(3):
        after, how = moved_schemas(pick)
        found = told(sql, after)
        if set(named_in(sql)) - after.keys():
            assert found is Breaking.FAILS  # whatever becomes of it: what names no dataset is not let through
            continue
        loaded(tables, after)
        result = DATA.run(sql)
        where = f"{how}: {found}\n{sql}\n{after}"
        if result is None:
            assert found is not None, where
            assert found is Breaking.FAILS or how == "type", where
            continue
        new_types = [str(d[1]) for d in DATA.connection.execute(sql).description]
        old_columns, new_columns = (
            list(zip(before[0], types, strict=True)),
            list(zip(result[0], new_types, strict=True)),
        )
        rest = iter(new_columns)
        keeps = all(column in rest for column in old_columns)
        assert (found is Breaking.COLUMNS) == (not keeps), where
        assert found is not Breaking.FAILS, where
        if found is None and "limit" not in sql and before[0] == result[0]:
            assert counted(before) == counted(result), where
