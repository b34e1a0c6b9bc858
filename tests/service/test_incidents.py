"""One incident for each cause: opened by what runs meet, contained while readers see what was good, closed when it is right again."""

from __future__ import annotations

import pytest

from andon.model.incident import Incident, IncidentState
from andon.model.signal import SignalKind
from kit.clones import Clone

SHOP = """/*---
checks: |
  amount 0..100
---*/
select id, customer, amount from read_csv('raw/orders_*.csv')
"""
TOTALS = """/*---
key: customer
checks: |
  sum(amount) = sum(shop.orders.amount)
---*/
select customer, sum(amount) as amount from shop.orders group by customer order by customer
"""


@pytest.fixture
def shop(project: Clone) -> Clone:
    project.write("sources/shop/orders.sql", SHOP)
    project.write("datasets/marts/totals.sql", TOTALS)
    assert project.run().published
    return project


def standing(shop: Clone) -> list[Incident]:
    with shop.opened() as service:
        return list(service.incidents.standing("main"))


def test_a_bad_load_is_one_incident_that_closes_when_it_is_corrected(shop):
    assert standing(shop) == []
    good = shop.head().id
    shop.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,999\n5,dan,7\n")
    first = shop.refresh()
    (incident,) = standing(shop)
    assert (incident.dataset, incident.kind, incident.state) == (
        "shop.orders",
        SignalKind.CHECK,
        IncidentState.CONTAINED,
    )
    assert incident.title == "the check `amount 0..100` fails in 1 of 5 rows"
    assert (incident.first_run, incident.last_good) == (first.run, good)
    shop.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,998\n5,dan,7\n")
    shop.refresh()
    assert [each.number for each in standing(shop)] == [incident.number], "the same again is the same incident"
    shop.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,99\n5,dan,7\n")
    assert shop.refresh().published
    assert standing(shop) == []
    with shop.opened() as service:
        ended = service.workspace.incidents.find(incident.number)
        events = service.workspace.incidents.events(incident.number)
    assert ended is not None
    assert ended.state is IncidentState.CLOSED
    assert [str(each.kind) for each in events] == [
        "state",
        "state",
        "repeated",
        "cleared",
        "state",
        "state",
    ]
    shop.write("raw/orders_07.csv", "id,customer,amount\n6,cleo,999\n")
    shop.refresh()
    (again,) = standing(shop)
    assert (again.number, again.reopened) == (incident.number, 1), "what comes back is the same incident again"


def test_a_change_that_is_held_is_no_incident_and_one_that_fails_for_its_data_is(shop):
    shop.write("datasets/marts/totals.sql", TOTALS.replace("sum(amount) as", "sum(amount) + 1 as"))
    assert not shop.run().published
    assert standing(shop) == []
    shop.write("datasets/marts/totals.sql", TOTALS)
    shop.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,nonsense\n")
    shop.refresh()
    (incident,) = standing(shop)
    assert (incident.dataset, incident.kind) == ("shop.orders", SignalKind.SCHEMA)
    (shop.root / "raw/orders_06.csv").unlink()
    shop.refresh()
    assert standing(shop) == []
