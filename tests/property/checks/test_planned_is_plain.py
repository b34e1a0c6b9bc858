"""Planned execution gives exactly what one naive query for each check gives, over tables, files and lines that are made up."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from andon.checks.compile.check import ReferencePlan, RowPlan, UniquePlan
from andon.checks.execute import queries
from andon.checks.execute.plain import measure
from andon.checks.execute.planned import CheckQuestion, Target, execute
from andon.checks.execute.samples import sample
from andon.checks.judge import judge
from andon.model.check import CheckStatus
from andon.model.check_result import Samples
from kit.made_checks import COLUMNS, MOMENT, Row, comparable, items_of, lines, rows, world

if TYPE_CHECKING:
    import duckdb


def assert_planned_is_plain(question: CheckQuestion, connection: duckdb.DuckDBPyConnection) -> None:
    relations = question.relations()
    for (check, plan), done in zip(question.items, execute(question, connection, MOMENT), strict=True):
        alone = judge(check, measure(plan, relations, connection), MOMENT)
        assert comparable(done.verdict) == comparable(alone), (check.text, done)
        if done.verdict.status is not CheckStatus.FAIL or not done.verdict.bad:
            assert done.samples == Samples()
            continue
        if isinstance(plan, (RowPlan, UniquePlan, ReferencePlan)):
            assert len(done.samples.rows) == min(done.verdict.bad, question.samples), check.text
            naive = sample(plan, question, connection)
            if done.verdict.bad <= question.samples:
                assert Counter(done.samples.rows) == Counter(naive.rows), check.text


parts = st.lists(rows, min_size=1, max_size=3)


@settings(max_examples=50, deadline=None)
@given(parts, rows, st.none() | rows, st.lists(lines, min_size=1, max_size=6), st.booleans(), st.sampled_from([1, 20]))
def test_planned_is_plain(
    own: list[list[Row]], other: list[Row], before: list[Row] | None, written: list[str], is_large: bool, samples: int
) -> None:
    place = world()
    mine, theirs = place.table("s.d", own), place.table("o.t", [other])
    published = None if before is None else place.table("p.d", [before])
    others = {"o.t": theirs}
    question = CheckQuestion(items_of(written), mine, others, published, samples=samples)
    with patch.object(queries, "LARGE", 0 if is_large else queries.LARGE):
        assert_planned_is_plain(question, place.connection)


class States:
    """States in memory, as JSON."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def get(self, keys: Sequence[str]) -> dict[str, Any]:
        return {key: json.loads(self.kept[key]) for key in keys if key in self.kept}

    def put(self, states: Mapping[str, Any]) -> None:
        for key, state in states.items():
            made = json.dumps(state)
            assert self.kept.setdefault(key, made) == made


@settings(max_examples=50, deadline=None)
@given(parts, st.lists(rows, min_size=1, max_size=2), rows, st.lists(lines, min_size=1, max_size=6))
def test_what_is_kept_per_file_changes_nothing(
    first: list[list[Row]], added: list[list[Row]], other: list[Row], written: list[str]
) -> None:
    place = world()
    with patch.object(queries, "LARGE", 0):
        states, items = States(), items_of(written)
        theirs = place.table("o.t", [other])
        for values in (first, first + added, first + added, added):
            mine = place.table("s.d", values)
            question = CheckQuestion(items, mine, {"o.t": theirs}, None, states=states)
            assert_planned_is_plain(question, place.connection)


@settings(max_examples=40, deadline=None)
@given(rows, rows, st.none() | rows, st.lists(lines, min_size=1, max_size=6))
def test_views_are_checked_by_running_them(
    own: list[Row], other: list[Row], before: list[Row] | None, written: list[str]
) -> None:
    place = world()
    for name, values in (("s.d", own), ("o.t", other), ("p.d", before or [])):
        place.fill(name, values)
    published = None if before is None else Target("p.d", COLUMNS)
    question = CheckQuestion(items_of(written), Target("s.d", COLUMNS), {"o.t": Target("o.t", COLUMNS)}, published)
    assert_planned_is_plain(question, place.connection)


def test_most_lines_are_read_and_planned() -> None:
    place = world()
    values = [row_of(a=index, x="1.5", s="x", t="2026-11-22 11:00") for index in range(4)]
    written = ["a > 0", "x 0..1 where b > 0", "not null a", "sum(a) > 0", "max_age 26h by t", "s is email", "key a"]
    mine = place.table("s.d", [values])
    question = CheckQuestion(items_of(written), mine, {}, None)
    done = execute(question, place.connection, MOMENT)
    assert [one.how for one in done] == ["scan", "scan", "proof", "scan", "proof", "scan", "scan"]
    assert [str(one.verdict.status) for one in done] == ["fail", "pass", "pass", "pass", "pass", "fail", "pass"]
    assert_planned_is_plain(question, place.connection)


def row_of(**values: Any) -> Row:
    return tuple(values.get(name) for name, _ in COLUMNS)
