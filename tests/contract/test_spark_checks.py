"""Checks that Spark is asked come out as on DuckDB: verdicts, counts, values and failing rows, over tables and lines that are made up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from andon.base.record import replace
from andon.checks.compile.check import RowPlan
from andon.checks.execute import queries
from andon.checks.execute.elsewhere import FoundElsewhere, elsewhere
from andon.checks.execute.planned import CheckQuestion, execute
from andon.engines.answers import AskedTables
from andon.engines.relation import TableRelation
from andon.engines.spark.engine import SparkEngine
from andon.model.dataset import Definition, Kind, Materialize
from kit import engines
from kit.made_checks import MOMENT, Row, comparable, items_of, lines, rows, world

DEFINITION = Definition("s.d", Kind.SQL, Materialize.TABLE, "datasets/s/d.sql", "")


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkEngine]:
    with engines.spark(tmp_path_factory.mktemp("spark")) as bench:
        assert isinstance(bench.engine, SparkEngine)
        yield bench.engine


def told(spark: SparkEngine, question: CheckQuestion) -> FoundElsewhere:
    """What Spark tells of a question about files."""
    targets = {"s.d": question.own, **question.others, **({"p.d": question.published} if question.published else {})}
    named = replace(
        question,
        own=replace(question.own, relation="s.d"),
        others={name: replace(target, relation=name) for name, target in question.others.items()},
        published=None if question.published is None else replace(question.published, relation="p.d"),
    )
    tables = {name: TableRelation(target.paths) for name, target in targets.items()}
    asked = AskedTables(DEFINITION, MOMENT, tables, {name: target.columns for name, target in targets.items()})
    with spark.answering(asked) as answering:
        return elsewhere(named, answering, "spark")


def asked_of_both(
    spark: SparkEngine, own: list[list[Row]], other: list[Row], before: list[Row] | None, written: list[str]
) -> FoundElsewhere:
    place = world()
    mine, theirs = place.table("s.d", own), place.table("o.t", [other])
    published = None if before is None else place.table("p.d", [before])
    place.connection.execute("delete from s.d; delete from o.t")
    for name, target in (("s.d", mine), ("o.t", theirs)):
        place.connection.execute(f"insert into {name} from {target.relation}")
    question = CheckQuestion(items_of(written), mine, {"o.t": theirs}, published, samples=3)
    with patch.object(queries, "LARGE", 0):
        there = told(spark, question)
        here = execute(question, place.connection, MOMENT)
        both = execute(question, place.connection, MOMENT, there)
    for (check, plan), one, other_one in zip(question.items, here, both, strict=True):
        assert comparable(one.verdict) == comparable(other_one.verdict), (check.text, one, other_one)
        if isinstance(plan, RowPlan) or (one.verdict.bad or 0) <= question.samples:
            assert Counter(one.samples.rows) == Counter(other_one.samples.rows), check.text
        assert len(one.samples.rows) == len(other_one.samples.rows)
    return there


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(rows, min_size=1, max_size=2), rows, st.none() | rows, st.lists(lines, min_size=6, max_size=12))
def test_a_check_has_one_answer_whoever_gives_it(
    spark: SparkEngine, own: list[list[Row]], other: list[Row], before: list[Row] | None, written: list[str]
) -> None:
    asked_of_both(spark, own, other, before, written)
