"""A rule across datasets and a unit test that fail hold a change; what they say is in the result of the run."""

from __future__ import annotations

import pytest

from kit.clones import Clone

RULE = """\
/*---
why: Nobody owes us.
---*/
select t.customer, o.id, cents(o.amount) as cents
from marts.totals as t
join shop.orders as o using (customer)
where o.amount < 0
order by o.id
"""
TEST = """\
- name: sums by customer
  dataset: marts.totals
  given:
    shop.orders: [{customer: ada, amount: 1}, {customer: ada, amount: 2}]
  expect: [{customer: ada, amount: 3}]
"""


def test_a_rule_that_finds_rows_holds(project: Clone) -> None:
    project.write("macros/m.sql", "create macro cents(a) as a * 100;\n")
    project.write("checks/no_debts.sql", RULE)
    first = project.run()
    assert (first.published, [(c.label, str(c.status), c.bad) for c in first.checks]) == (
        True,
        [("no_debts", "pass", 0)],
    )
    project.write("raw/orders_06.csv", "id,customer,amount\n4,ada,-3\n5,cy,-2\n")
    second = project.run()
    assert not second.published
    (failed,) = second.failed_checks
    assert (failed.dataset, failed.label, failed.bad, failed.total) == ("marts.totals", "no_debts", 2, None)
    assert failed.samples.columns == ("customer", "id", "cents")
    assert failed.samples.rows == (("ada", "4", "-300"), ("cy", "5", "-200"))
    project.write("checks/no_debts.sql", RULE.replace("why:", "allow: 2 rows\nwhy:"))
    assert project.run().published


def test_a_unit_test_that_fails_holds_the_change(project: Clone) -> None:
    project.write("tests/t.yml", TEST)
    assert project.run().published
    project.write(
        "datasets/marts/totals.sql", "select customer, max(amount) as amount from shop.orders group by customer\n"
    )
    held = project.run()
    assert not held.published
    (failed,) = held.failed_checks
    assert (failed.dataset, failed.label) == ("marts.totals", "sums by customer")
    project.write("tests/t.yml", TEST.replace("amount: 3", "amount: 2"))
    assert project.run().published


def test_a_rule_that_names_an_unknown_column_is_a_problem_of_the_project(project: Clone) -> None:
    from andon.errors import ProjectError

    project.write("checks/no_debts.sql", "select *\nfrom shop.orders\nwhere amuont < 0\n")
    with pytest.raises(ProjectError) as raised:
        project.plan()
    (problem,) = raised.value.problems
    assert (problem.where, problem.hint) == ("checks/no_debts.sql:3:7", "did you mean `amount`?")


LIMIT = "create macro limit_of(x) as x > {};\n"
BIG = "from marts.totals where limit_of(amount)\n"


def limited(project: Clone, checks: str = "") -> Clone:
    """A rule and perhaps a line that call a macro; 20 is the largest amount."""
    project.write("macros/limit.sql", LIMIT.format(100))
    project.write("checks/big.sql", BIG)
    if checks:
        text = project.read("datasets/marts/totals.sql")
        project.write("datasets/marts/totals.sql", f"/*---\nchecks: |\n  {checks}\n---*/\n{text}")
    assert project.run().published
    return project


@pytest.mark.parametrize("how", ["all-or-nothing", "healthy"])
@pytest.mark.parametrize("also", ["", "macros/more.sql"])
def test_a_rule_whose_macro_changed_holds(project: Clone, how: str, also: str) -> None:
    limited(project)
    head = project.head()
    if also:
        project.write("macros/limit.sql", "create macro limit_of(x) as x > bound();\n")
        project.write(also, "create macro bound() as 10;\n")
    else:
        project.write("macros/limit.sql", LIMIT.format(10))
    held = project.run(publish=how)
    assert [(c.label, str(c.status)) for c in held.checks] == [("big", "fail")]
    assert (held.published, project.head()) == (False, head)
    assert "big" in held.held
    project.write("macros/limit.sql", LIMIT.format(20))
    assert project.run(publish=how).published


@pytest.mark.parametrize("how", ["all-or-nothing", "healthy"])
def test_a_line_whose_macro_changed_holds(project: Clone, how: str) -> None:
    limited(project, "not limit_of(amount)")
    head = project.head()
    project.write("checks/big.sql", None)
    project.write("macros/limit.sql", LIMIT.format(10))
    assert not project.run(publish=how).published
    assert project.head() == head


@pytest.mark.parametrize("how", ["all-or-nothing", "healthy"])
def test_a_rule_that_begins_to_hold_holds(project: Clone, how: str) -> None:
    project.write("checks/big.sql", "/*---\nseverity: warn\n---*/\nfrom marts.totals where amount > 10\n")
    assert project.run().published
    head = project.head()
    project.write("checks/big.sql", "from marts.totals where amount > 10\n")
    assert not project.run(publish=how).published
    assert project.head() == head


def test_what_failed_before_for_all_to_see_holds_nothing(project: Clone) -> None:
    limited(project)
    project.write("checks/big.sql", f"/*---\nseverity: warn\n---*/\n{BIG}")
    project.write("macros/limit.sql", LIMIT.format(10))
    assert project.run().published
    project.write("checks/big.sql", f"-- a comment\n/*---\nseverity: warn\n---*/\n{BIG}")
    project.write("macros/limit.sql", "-- a comment\n" + LIMIT.format(10))
    assert project.run().published


@pytest.mark.parametrize("checks", ["", "not limit_of(amount)"], ids=["a rule", "a line"])
def test_a_macro_that_comes_with_a_selection_is_asked_of_all_that_calls_it(project: Clone, checks: str) -> None:
    limited(project, checks)
    if checks:
        project.write("checks/big.sql", None)
        assert project.run().published
    head = project.head()
    project.write("macros/limit.sql", LIMIT.format(10))
    project.write("datasets/marts/uses.sql", "select limit_of(n) as is_large from marts.count\n")
    held = project.run("marts.uses")
    assert (held.published, project.head()) == (False, head)
    project.write("macros/limit.sql", LIMIT.format(30))
    assert project.run("marts.uses").published
