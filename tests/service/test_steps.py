"""What a plan is to be told of its steps alone is what the whole plan says of them."""

from __future__ import annotations

from andon.base.record import replace
from andon.model.plan import Plan
from kit.clones import Clone

GROWS = """/*---
materialize: incremental
incremental:
  by: append
---*/
select customer, amount from shop.orders where amount > {}
"""


def short(plan: Plan) -> Plan:
    """The plan without times, meaning, reach and approvals."""
    steps = [
        replace(each, seconds=None, verdict=None, reach=None, readers=(), lint=(), breaks=()) for each in plan.steps
    ]
    return replace(plan, steps=tuple(steps), stake=None, approvals=())


def test_steps_are_those_of_the_plan(project: Clone) -> None:
    def compared(clone: Clone) -> Plan:
        with clone.opened() as service:
            whole, alone = service.runs.plan(), service.runs.steps()
            assert alone == short(whole)
            assert service.standing.status().plan == alone
            return whole

    assert all(step.seconds is None for step in compared(project).steps)
    project.write("datasets/marts/grows.sql", GROWS.format(0))
    project.run()
    assert not compared(project).moves
    project.write("datasets/marts/grows.sql", GROWS.format(1))
    project.write(
        "datasets/marts/totals.sql", "select customer, sum(amount) + 1 as amount from shop.orders group by all"
    )
    project.write("datasets/marts/new.sql", "select count(*) as n from marts.totals")
    edited = {step.dataset: step for step in compared(project).steps}
    # what was built before is expected to take as long again, what is new is not known
    assert edited["marts.totals"].seconds is not None
    assert edited["marts.new"].seconds is None
    assert edited["marts.totals"].verdict is not None
    assert "rows anew" in edited["marts.grows"].reason
    project.write("datasets/marts/new.sql", None)
    project.write("datasets/marts/best.sql", None)
    compared(project)
