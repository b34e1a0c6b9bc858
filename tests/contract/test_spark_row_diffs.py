"""Rows that differ are the same whoever finds them: two tables that are made up, cut down by Spark or not, give one row diff."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from andon.base.names import quote
from andon.engines.answers import AskedTables, NotAnswered
from andon.engines.duckdb.instance import Instance
from andon.engines.duckdb.row_diff import DiffQuestion, DiffSide, compare
from andon.engines.relation import TableRelation
from andon.engines.spark.engine import SparkEngine
from andon.model.check import Tolerance
from andon.model.dataset import Definition, Kind, Materialize
from andon.model.row_diff import RowDiff
from andon.model.version import Column
from andon.relations import differing
from andon.relations.differing import NEW, OLD, cut_down
from kit import engines
from kit.made_checks import MOMENT

DEFINITION = Definition("s.d", Kind.SQL, Materialize.TABLE, "datasets/s/d.sql", "")
VALUES = {
    "BIGINT": ("null", "0", "1", "-1", "9223372036854775807"),
    "INTEGER": ("null", "0", "1", "7"),
    "DOUBLE": ("null", "'nan'", "0.0", "-0.0", "1.5", "'inf'", "'-inf'"),
    "VARCHAR": ("null", "''", "'a'", "'NULL'", "'it''s'"),
    "DECIMAL(18,2)": ("null", "0", "1.10", "-9999999999999999.99"),
    "BOOLEAN": ("null", "true", "false"),
    "TIMESTAMP": ("null", "'2024-01-01'", "'2024-01-01 00:00:00.000001'"),
    "BIGINT[]": ("null", "[]", "[1, null]"),
}
#: What a column of one type may have become.
LATER = {"INTEGER": ("INTEGER", "BIGINT"), "BIGINT": ("BIGINT", "DECIMAL(18,2)")}
NAMES = ("c0", 'odd "n.ame', "v1", "x")
_numbers = itertools.count()


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkEngine]:
    with engines.spark(tmp_path_factory.mktemp("spark")) as bench:
        assert isinstance(bench.engine, SparkEngine)
        yield bench.engine


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    instance = Instance()
    yield instance
    instance.close()


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[str], list[tuple[str, ...]], list[tuple[str, ...]], int]:
    kinds = draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=4))
    later = [draw(st.sampled_from(LATER.get(kind, (kind,)))) for kind in kinds]
    row = st.tuples(*(st.sampled_from(VALUES[kind][:4]) for kind in kinds))
    old = draw(st.lists(row, min_size=1, max_size=8))
    kept = [r for r in old if draw(st.booleans())]
    new = draw(st.permutations(kept + draw(st.lists(row, max_size=5))))
    return kinds, later, old, new, draw(st.integers(0, min(2, len(kinds))))


def side(instance: Instance, folder: Path, kinds: list[str], rows: list[tuple[str, ...]]) -> tuple[DiffSide, str]:
    columns = tuple(Column(NAMES[at], kind, at + 1) for at, kind in enumerate(kinds))
    listed = ", ".join(f"{quote(c.name)} {c.type}" for c in columns)
    connection = instance.session().connection
    connection.execute(f"create or replace temp table made ({listed})")
    for row in rows:
        connection.execute(f"insert into made values ({', '.join(row)})")
    path = str(folder / f"{next(_numbers)}.parquet")
    connection.execute(f"copy made to '{path}' (format parquet)")
    return DiffSide(f"read_parquet(['{path}'])", columns, len(rows)), path


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(tables(), st.sampled_from([None, "c0 is not null"]), st.booleans())
def test_a_row_diff_is_the_same_over_what_spark_left(
    spark: SparkEngine,
    instance: Instance,
    tmp_path: Path,
    case: tuple[list[str], list[str], list[tuple[str, ...]], list[tuple[str, ...]], int],
    where: str | None,
    is_near: bool,
) -> None:
    kinds, later, before, after, keys = case
    old, new = side(instance, tmp_path, kinds, before), side(instance, tmp_path, later, after)
    tolerance = Tolerance(Decimal("0.5"), relative=False) if is_near else None
    question = DiffQuestion("s.d", NAMES[:keys], where, tolerance=tolerance)
    asked = AskedTables(
        DEFINITION,
        MOMENT,
        {OLD: TableRelation((old[1],)), NEW: TableRelation((new[1],))},
        {name: [(c.name, c.type) for c in each[0].columns] for name, each in ((OLD, old), (NEW, new))},
    )
    whole = compare(instance.session(), old[0], new[0], question)
    with pytest.MonkeyPatch.context() as patched, spark.answering(asked) as session:
        patched.setattr(differing, "_MOST", 100)
        try:
            found = cut_down(session, old[0], new[0], question)
        except NotAnswered:
            assert "BIGINT[]" in kinds  # whatever else there is is compared there
            return
        assert not found.why_not
        assert shown(compare(instance.session(), found.old, found.new, question)) == shown(whole)


def shown(found: RowDiff) -> str:
    """All that it tells; NaN is equal to itself here."""
    return repr(found.document())


def test_of_equal_tables_nothing_is_left_and_nothing_stays(
    spark: SparkEngine, instance: Instance, tmp_path: Path
) -> None:
    rows = [(str(number), "'a'") for number in range(50)]
    old, new = (side(instance, tmp_path, ["BIGINT", "VARCHAR"], list(each)) for each in (rows, reversed(rows)))
    columns = [(c.name, c.type) for c in old[0].columns]
    asked = AskedTables(
        DEFINITION, MOMENT, {OLD: TableRelation((old[1],)), NEW: TableRelation((new[1],))}, {OLD: columns, NEW: columns}
    )
    with spark.answering(asked) as session:
        found = cut_down(session, old[0], new[0], DiffQuestion("s.d"))
        assert (found.old.rows, found.new.rows) == (0, 0)
    assert [*tmp_path.rglob("*.part")] == []
