"""`lineage` of a Python dataset is read without running it; an insight may name a column."""

from __future__ import annotations

import pytest

from kit.projects import SOURCE, load_texts, one_problem

PATH = "datasets/marts/a.py"
HEAD = "from andon import dataset, read\n"


def text(lineage: str) -> str:
    return HEAD + f"@dataset(lineage={lineage})\ndef a(orders=read('shop.orders'), b=read('marts.b')): ...\n"


def files(lineage: str) -> dict[str, str]:
    return SOURCE | {PATH: text(lineage), "datasets/marts/b.sql": "select 1 as x"}


def test_inputs_are_named_by_parameter_or_by_dataset() -> None:
    project = load_texts(files("{'r': ['orders.amount', 'marts.b.x'], 'n': [], 'd': 'b.x', '*': ['orders.id']}"))
    assert not project.problems
    assert project.datasets["marts.a"].lineage == (
        ("r", (("shop.orders", "amount"), ("marts.b", "x"))),
        ("n", ()),
        ("d", (("marts.b", "x"),)),
        ("*", (("shop.orders", "id"),)),
    )


def test_it_is_no_part_of_the_definition() -> None:
    first, second = (
        load_texts(files(said)).datasets["marts.a"].definition for said in ("{}", "{'r': ['orders.amount']}")
    )
    assert first.id == second.id


@pytest.mark.parametrize(
    ("lineage", "place", "words"),
    [
        ("['r']", "2:18", "must be a mapping of columns"),
        ("{'r': 1}", "2:24", "must be a list of texts"),
        ("{'r': [1]}", "2:25", "must be a text"),
        ("{'r': ['order.amount']}", "2:25", "no column of an input; inputs are `orders`, `b`"),
        ("{'r': ['orders']}", "2:25", "no column of an input"),
        ("{'r': ['marts.c.x']}", "2:25", "no column of an input"),
        ("{'r': X}", "2:24", "written out"),
    ],
)
def test_what_can_not_be_declared(lineage: str, place: str, words: str) -> None:
    problem = one_problem(files(lineage))
    assert problem.where == f"{PATH}:{place}"
    assert words in problem.message


def test_of_sql_it_is_read_from_the_sql() -> None:
    problem = one_problem(SOURCE | {"datasets/marts/b.sql": "/*---\nlineage: {x: [a.b]}\n---*/\nselect 1 as x"})
    assert "read from the SQL itself" in problem.message


def test_an_insight_may_use_a_column() -> None:
    project = load_texts(SOURCE | {"insights/i.yml": "title: t\nuses: [shop.orders.amount, shop.orders]\n"})
    assert not project.problems
    assert project.insights[0].uses == ("shop.orders.amount", "shop.orders")
    assert project.insights[0].datasets == ("shop.orders",)
    problem = one_problem(SOURCE | {"insights/i.yml": "title: t\nuses: [shop.order.amount]\n"})
    assert problem.message == "there is no dataset `shop.order`"
