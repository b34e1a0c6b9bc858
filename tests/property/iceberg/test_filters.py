"""Statistics never lose a row: random filters over random tables, with Iceberg's bounds and without.

`ANDON_FUZZ` multiplies the number of filters, for a long run by hand.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from andon.base.names import literal
from kit.iceberg_tables import Table, connect, constant

SEEDS = range(6)
FILTERS = 140 * int(os.environ.get("ANDON_FUZZ", "1"))
PYICEBERG_FILTERS = 25 * int(os.environ.get("ANDON_FUZZ", "1"))


@pytest.fixture(scope="module")
def connection() -> Iterator[Any]:
    with connect() as opened:
        yield opened


def condition(rng: random.Random, table: Table) -> str:
    """A random condition over one column or part of one, sometimes two joined."""
    column, kind = rng.choice(list(table.filtered.items()))
    values = [held(rng, table, column, kind) for _ in range(3)]
    simple = rng.choice(
        [f"{column} {operator} {values[0]}" for operator in ("=", "<", ">", "<=", ">=", "<>", "is distinct from")]
        + [
            f"{column} = {values[0]}",
            f"{column} between {values[0]} and {values[1]}",
            f"{column} in ({', '.join(values)})",
            f"{column} not in ({', '.join(values[:2])})",
            f"{column} is null",
            f"{column} is not null",
        ]
        + (
            [f"starts_with({column}, ({values[0]})[:3])", f"{column} like ({values[0]})[:2] || '%'"]
            if kind == "VARCHAR"
            else []
        )
        + ([f"isnan({column})"] if kind in ("FLOAT", "DOUBLE") else [])
    )
    draw = rng.random()
    if draw < 0.15:
        return f"not ({simple})"
    if draw < 0.35:
        return f"({simple}) {rng.choice(('and', 'or'))} ({condition(rng, table)})"
    return simple


def held(rng: random.Random, table: Table, column: str, kind: str) -> str:
    """A constant: often one that the column holds, else any."""
    texts = table.texts(column)
    if texts and kind != "BLOB" and rng.random() < 0.5:
        return f"{literal(rng.choice(texts))}::{kind}"
    return constant(rng, kind)


@pytest.mark.parametrize("seed", SEEDS)
def test_duckdb_finds_every_row(connection: Any, tmp_path: Path, seed: int) -> None:
    table = Table(connection, tmp_path, seed)
    rng = random.Random(f"filters {seed}")
    figures = "select count(*), sum(k), sum(k * k)"
    for _ in range(FILTERS):
        where = condition(rng, table)
        expected = connection.execute(f"{figures} from truth where {where}").fetchone()
        seen = connection.execute(f"{figures} from iceberg_scan('{table.metadata}') where {where}").fetchone()
        assert seen == expected, where


@pytest.mark.parametrize("seed", SEEDS)
def test_pyiceberg_finds_every_row(connection: Any, tmp_path: Path, seed: int) -> None:
    """The rows that its scan gives are those that the same expression leaves of the whole table."""
    from pyiceberg.expressions import And, Not, Or
    from pyiceberg.expressions.visitors import bind, rewrite_not
    from pyiceberg.io.pyarrow import expression_to_pyarrow
    from pyiceberg.table import StaticTable

    table = Table(connection, tmp_path, seed)
    static = StaticTable.from_metadata(table.metadata)
    whole = static.scan().to_arrow()
    rng = random.Random(f"pyiceberg {seed}")
    tried = 0
    while tried < PYICEBERG_FILTERS:
        expression = simple_expression(rng, table)
        if expression is None:
            continue
        draw = rng.random()
        if draw < 0.3:
            other = simple_expression(rng, table) or expression
            expression = rng.choice((And, Or))(expression, other)
        elif draw < 0.45:
            expression = Not(expression)
        # A scan does so first; of NaN, `not (x >= 1)` is true and `x < 1` is not.
        expression = rewrite_not(expression)
        expected = whole.filter(expression_to_pyarrow(bind(static.schema(), expression, case_sensitive=True)))
        seen = static.scan(row_filter=expression, selected_fields=("k",)).to_arrow()
        assert sorted(seen["k"].to_pylist()) == sorted(expected["k"].to_pylist()), expression
        tried += 1


def simple_expression(rng: random.Random, table: Table) -> Any:
    """A random condition over one column for pyiceberg; None if it can't be said there (years before Christ, NaN)."""
    from pyiceberg import expressions

    # Arrow can't compare UUIDs; see the next test.
    column, kind = rng.choice([item for item in table.names.items() if item[1] != "UUID"])
    values = []
    for _ in range(2):
        text = held(rng, table, column, kind)
        if any(word in text for word in ("infinity", "BC", "12345", "24:00:00", "nan")):
            return None
        values.append(table.connection.execute(f"select {text}").fetchone()[0])
    comparisons = ("EqualTo", "NotEqualTo", "LessThan", "GreaterThan", "LessThanOrEqual", "GreaterThanOrEqual")
    choices = [getattr(expressions, name)(column, values[0]) for name in (*comparisons, "EqualTo")]
    choices += [expressions.IsNull(column), expressions.NotNull(column)]
    choices += [expressions.In(column, set(values)), expressions.NotIn(column, set(values))]
    if kind == "VARCHAR":
        choices.append(expressions.StartsWith(column, values[0][:3]))
    if kind in ("FLOAT", "DOUBLE"):
        choices += [expressions.IsNaN(column), expressions.NotNaN(column)]
    return rng.choice(choices)


@pytest.mark.parametrize("seed", SEEDS)
def test_pyiceberg_plans_every_file_for_uuids(connection: Any, tmp_path: Path, seed: int) -> None:
    """Every file that holds a row which the engine finds is among those that pyiceberg would read."""
    from pyiceberg import expressions
    from pyiceberg.table import StaticTable

    table = Table(connection, tmp_path, seed)
    static = StaticTable.from_metadata(table.metadata)
    rng = random.Random(f"uuid {seed}")
    column = next(name for name, kind in table.names.items() if kind == "UUID")
    operators = {"EqualTo": "=", "NotEqualTo": "<>", "LessThan": "<", "GreaterThanOrEqual": ">="}
    for name, operator in list(operators.items()) * 5:
        text = held(rng, table, column, "UUID")
        value = connection.execute(f"select {text}").fetchone()[0]
        planned = static.scan(row_filter=getattr(expressions, name)(column, value)).plan_files()
        needed = connection.execute(
            f"select distinct filename from read_parquet('{tmp_path}/data/*.parquet', filename = true) where {column} {operator} {text}"
        ).fetchall()
        assert {f"file://{row[0]}" for row in needed} <= {task.file.file_path for task in planned}


def test_bounds_do_skip_files(connection: Any, tmp_path: Path) -> None:
    """The tests above would pass without any bounds: with one file gone, a filter that rules it out must not miss it."""
    table = Table(connection, tmp_path, 0)
    (gone, low, high) = max(
        (f.path, int(f.stats['"k"'].minimum or 0), int(f.stats['"k"'].maximum or 0)) for f in table.version.files
    )
    (tmp_path / gone).unlink()
    count = f"select count(*) from iceberg_scan('{table.metadata}') where k"
    assert (
        connection.execute(f"{count} < {low}").fetchone()
        == connection.execute(f"select count(*) from truth where k < {low}").fetchone()
    )
    with pytest.raises(Exception, match=r"No such file|Cannot open file|not found"):
        connection.execute(f"{count} = {high}").fetchone()
