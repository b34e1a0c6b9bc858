"""All problems of a project in one report: what is wrong in one file hides nothing of what is wrong in others."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from andon.errors import ProjectError
from andon.service.service import Service
from kit.clones import FILES, Clone

#: Mistakes in files of their own: each is told alone, so each is told beside all others.
MISTAKES = {
    "datasets/m/parse.sql": "selec 1",
    "datasets/m/column.sql": "select amountt from shop.orders",
    "datasets/m/function.sql": "select summ(amount) as s from shop.orders",
    "datasets/m/types.sql": "select customer - interval 1 day as d from shop.orders",
    "datasets/m/twins.sql": "select amount, amount from shop.orders",
    "datasets/m/lines.sql": "/*---\nchecks: |\n  amount > zero\n  amount between 1 and\n  ammount > 0\n  id -> no.where\n---*/"
    "\nfrom shop.orders",
    "datasets/m/key.sql": "/*---\nkey: idd\n---*/\nselect id from shop.orders",
    "datasets/m/front.sql": "/*---\nownr: ana\nchecks: foo bar baz\n---*/\nselect nothing from shop.orders",
    "datasets/m/unknown.sql": "select 1 as x from shop.ordrs",
    "datasets/m/circle.sql": "select * from m.ring",
    "datasets/m/ring.sql": "select * from m.circle",
    "datasets/m/itself.sql": "select * from m.itself",
    "datasets/m/random.sql": "select random() as r",
    "datasets/m/two.sql": "select 1 as a; select 2 as b",
    "datasets/m/near.sql": "/* ---\nkey: x\n--- */\nselect 1 as x",
    "datasets/m/py.py": "from andon import dataset, read\n@dataset(checks='foo bar baz')\ndef py(x=read('shop.orders')):\n    return x\n",
    "sources/shop/lines.sql": "/*---\nchecks: nope > 1\n---*/\nselect * from read_csv('raw/orders_*.csv')",
    "sources/shop/nothing.sql": "select 1 as x",
    "checks/rule.sql": "select nocol from shop.orders",
    "checks/other.sql": "select 1 from shop.nowhere",
    "macros/m.sql": "create macro f(x) as x +;",
    "tests/t.yml": "- dataset: marts.totals\n",
    "insights/i.yml": "titel: x\n",
}  # fmt: skip
#: Told only together: the circle needs both of its files.
TOGETHER = {"datasets/m/circle.sql", "datasets/m/ring.sql"}

Told = set[tuple[str | None, int | None, int | None, str]]


def told(clone: Clone) -> Told:
    with pytest.raises(ProjectError) as caught:
        clone.plan()
    return {(p.file, p.line, p.column, p.message) for p in caught.value.problems}


@pytest.mark.parametrize("is_published", [False, True])
def test_each_mistake_is_told_beside_all_others(project: Clone, is_published: bool) -> None:
    if is_published:
        project.run()
    alone: Told = set()
    for path, text in MISTAKES.items():
        if path not in TOGETHER:
            project.write(path, text)
            alone |= told(project)
            project.write(path, None)
    project.fill(MISTAKES)
    together = told(project)
    assert alone <= together, alone - together
    more = {file for file, *_ in together - alone}
    assert more == {"datasets/m/circle.sql"}, together - alone


def test_nothing_is_said_that_only_follows_from_another_problem(project: Clone) -> None:
    """What a dataset that can't be read will return nobody knows, nor what is made from it, whatever was published before."""
    project.write("datasets/marts/again.sql", "select * from marts.totals\n")
    project.run()
    project.write("datasets/marts/totals.sql", "select customer, sum(amount) as amount, 1 as level form shop.orders")
    project.write("datasets/marts/reader.sql", "/*---\nchecks: level > 0\n---*/\nselect level from marts.again\n")
    project.write("datasets/marts/count.sql", "/*---\nchecks: level > 0\n---*/\nselect level from marts.totals\n")
    assert {(file, message) for file, _, _, message in told(project)} == {
        ("datasets/marts/totals.sql", 'syntax error at or near "form"')
    }


def test_only_what_is_selected_is_told_once_single_files_are_sound(project: Clone) -> None:
    for path in ("datasets/m/column.sql", "datasets/m/lines.sql", "datasets/m/function.sql"):
        project.write(path, MISTAKES[path])
    with pytest.raises(ProjectError) as caught:
        project.plan("m.column", "m.lines")
    assert {p.file for p in caught.value.problems} == {"datasets/m/column.sql", "datasets/m/lines.sql"}
    assert project.plan("marts.totals").steps
    assert FILES.keys() >= {"datasets/marts/totals.sql"}


def test_check_test_and_suggestions_tell_all_that_a_plan_tells(project: Clone) -> None:
    project.run()
    project.fill(MISTAKES)
    planned = told(project)
    verbs: list[Callable[[Service], object]] = [
        lambda service: service.checks.run(),
        lambda service: service.checks.sql(),
        lambda service: service.unit_tests.run(),
        lambda service: service.proposing.suggest(),
    ]
    for ask in verbs:
        with project.opened() as service, pytest.raises(ProjectError) as caught:
            ask(service)
        assert {(p.file, p.line, p.column, p.message) for p in caught.value.problems} == planned


def test_a_line_that_a_check_refuses_is_told_with_what_a_run_refuses(project: Clone) -> None:
    project.run()
    project.write("datasets/marts/totals.sql", "/*---\nchecks: amount > > 0\n---*/\nselect amout from shop.orders\n")
    with project.opened() as service, pytest.raises(ProjectError) as caught:
        service.checks.run(("marts.totals",))
    assert [p.line for p in caught.value.problems] == [2, 4]
