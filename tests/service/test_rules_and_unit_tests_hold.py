"""A rule across datasets and a unit test that fail hold a change; what they say is in the result of the run."""

from __future__ import annotations

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
    import pytest

    from andon.errors import ProjectError

    project.write("checks/no_debts.sql", "select *\nfrom shop.orders\nwhere amuont < 0\n")
    with pytest.raises(ProjectError) as raised:
        project.plan()
    (problem,) = raised.value.problems
    assert (problem.where, problem.hint) == ("checks/no_debts.sql:3:7", "did you mean `amount`?")
