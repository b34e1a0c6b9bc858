"""What keeps column lineage from being silently wrong: everything that is not known falls back, with its reason."""

from __future__ import annotations

import copy
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from andon.sql.bound_plan import Planner, UntracedError, forget
from andon.sql.lineage.query import Lineage, column_lineage
from andon.sql.lineage.scans import Datasets
from andon.sql.lineage.tracer import Tracer

SCHEMAS = {"shop.t": [("a", "integer"), ("b", "varchar"), ("c", "integer[]")], "shop.u": [("a", "integer")]}
DATASETS: Datasets = {("shop", "t"): ("shop.t", {"a": "a", "b": "b", "c": "c"}), ("shop", "u"): ("shop.u", {"a": "a"})}


@pytest.fixture
def planner() -> Iterator[Planner]:
    found = Planner()
    for name, columns in SCHEMAS.items():
        found.declare(name, columns)
    yield found
    found.close()


def nodes(root: Any) -> Iterator[dict[str, Any]]:
    """Every part of a plan."""
    if isinstance(root, dict):
        yield root
        for part in root.values():
            yield from nodes(part)
    if isinstance(root, list):
        for part in root:
            yield from nodes(part)


def traced(root: dict[str, Any]) -> str:
    """Why a plan is not traced."""
    with pytest.raises(UntracedError) as caught:
        Tracer(DATASETS).trace(root)
    return str(caught.value)


def test_an_operator_that_is_not_known(planner: Planner) -> None:
    _, root = planner.plan("select a from shop.t where b > ''")
    next(node for node in nodes(root) if node.get("type") == "LOGICAL_FILTER")["type"] = "LOGICAL_SIEVE"
    assert "LOGICAL_SIEVE" in traced(root)


def test_an_operator_that_says_more_than_is_known(planner: Planner) -> None:
    _, root = planner.plan("select a from shop.t limit 1")
    next(node for node in nodes(root) if node.get("type") == "LOGICAL_LIMIT")["per_group"] = [{"index": 0}]
    assert "per_group" in traced(root)


def test_an_expression_that_is_not_known(planner: Planner) -> None:
    _, root = planner.plan("select a + 1 as x from shop.t")
    function = next(node for node in nodes(root) if node.get("expression_class") == "BOUND_FUNCTION")
    function["expression_class"] = "BOUND_DREAM"
    assert "BOUND_DREAM" in traced(root)


def test_a_function_that_keeps_columns_to_itself(planner: Planner) -> None:
    _, root = planner.plan("select a + 1 as x from shop.t")
    function = next(node for node in nodes(root) if node.get("expression_class") == "BOUND_FUNCTION")
    function["function_data"] = {"inner": copy.deepcopy(function["children"][0])}
    assert "hides what it reads" in traced(root)


def test_columns_in_another_order_than_their_types_say(planner: Planner) -> None:
    _, root = planner.plan("select a, b from shop.t")
    root["expressions"][0]["index"], root["expressions"][1]["index"] = 1, 0
    assert "not in the order expected" in traced(root)


def test_a_column_that_is_not_there(planner: Planner) -> None:
    _, root = planner.plan("select a from shop.t")
    root["expressions"][0]["index"] = 7
    assert "not there" in traced(root)


def test_a_scan_that_filters(planner: Planner) -> None:
    _, root = planner.plan("select a from shop.t")
    root["children"][0]["table_filters"] = {"filters": [1]}
    assert "table_filters" in traced(root)


def test_a_join_of_an_unknown_kind(planner: Planner) -> None:
    _, root = planner.plan("select t.a from shop.t join shop.u on t.a = u.a")
    next(node for node in nodes(root) if "join_type" in node)["join_type"] = "SIDEWAYS"
    assert "SIDEWAYS" in traced(root)


def test_a_plan_of_another_form_falls_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def plan(*_: object) -> tuple[list[tuple[str, str]], dict[str, Any]]:
        return [("a", "INTEGER")], {"type": "LOGICAL_PROJECTION", "children": []}

    monkeypatch.setattr(Planner, "plan", plan)
    assert "another form than expected" in str(column_lineage("select a from shop.t", SCHEMAS).fallback)


def test_a_dataset_of_an_earlier_call_is_not_known_later() -> None:
    assert column_lineage("select a from shop.u", SCHEMAS).fallback is None
    found = column_lineage("select a from shop.u", {"shop.t": SCHEMAS["shop.t"]})
    assert found == Lineage(fallback="table-level, because it reads `shop.u`, which is not a known dataset")


def test_a_dataset_may_change_its_columns() -> None:
    assert list(column_lineage("from shop.u", SCHEMAS).columns) == ["a"]
    assert list(column_lineage("from shop.u", {"shop.u": [("b", "varchar"), ("a", "date")]}).columns) == ["b", "a"]


def test_a_schema_that_can_not_be_declared_does_no_harm_to_the_next_call() -> None:
    found = column_lineage("select a from shop.u", {"shop.u": [("a", "no_such_type")]})
    assert found.fallback is not None
    assert column_lineage("select a from shop.u", SCHEMAS).fallback is None


def test_a_macro_that_can_not_be_made_does_no_harm_to_the_next_call() -> None:
    bad = column_lineage("select a from shop.u", SCHEMAS, ["create macro m(x) as (select y from nowhere.t)"])
    assert "macro `m`" in str(bad.fallback)
    assert column_lineage("select a from shop.u", SCHEMAS).fallback is None


def test_nothing_is_run_that_is_not_a_query() -> None:
    for text in (
        "drop table shop.u",
        "select a from shop.u; drop table shop.u",
        "copy shop.u to 'x.csv'",
        "set threads = 2",
    ):
        assert column_lineage(text, SCHEMAS).fallback == "table-level, because expected one SELECT"
    assert column_lineage("select a from shop.u", SCHEMAS).fallback is None


def test_text_that_no_parser_can_take() -> None:
    assert "NUL" in str(column_lineage("select a from shop.u \0", SCHEMAS).fallback)


def test_deep_texts() -> None:
    union = " union all ".join(["select a from shop.u"] * 300)
    assert column_lineage(union, SCHEMAS).columns == {"a": {("shop.u", "a")}}
    added = "select " + "+".join(["a"] * 800) + " as s from shop.u"
    assert column_lineage(added, SCHEMAS).columns == {"s": {("shop.u", "a")}}


def test_names_in_other_cases_and_with_quotes() -> None:
    schemas = {"shop.t": [("Total Amount", "integer"), ('q"t', "integer")]}
    found = column_lineage('select "total amount" + "Q""T" as x from SHOP."T"', schemas)
    assert found.columns == {"x": {("shop.t", "Total Amount"), ("shop.t", 'q"t')}}


def test_each_thread_has_an_engine_of_its_own() -> None:
    found: list[Lineage] = []
    threads = [
        threading.Thread(target=lambda: (found.append(column_lineage("from shop.u", SCHEMAS)), forget()))  # type: ignore[func-returns-value]
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    reads = {"a": frozenset({("shop.u", "a")})}
    assert found == [Lineage(reads, unchanged=reads)] * 4


def test_it_does_not_load_pandas() -> None:
    code = (
        "import sys; from andon.sql.lineage.query import column_lineage; "
        "assert column_lineage('from s.t', {'s.t': [('a', 'integer')]}).fallback is None; assert 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
