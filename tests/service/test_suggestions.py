"""Suggestions on a real lake: recognised from its own records, written whole, accepted on a branch, never suggested again."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from andon.errors import ConflictError, UsageError
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.service import Service
from andon.workspace.caller import Caller
from kit.clones import Clone

ORDERS = "id,customer,region,amount\n" + "".join(
    f"{n},{('ada', 'ben', 'cleo')[n % 3]},{('EU', 'US')[n % 2]},{n}\n" for n in range(1, 31)
)
#: A Monday.
START = datetime(2026, 3, 2, 9, 12, tzinfo=UTC)


class Days:
    """A clock that is set to a day, at some time of the morning."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=10)
        return self.now

    def to(self, day: int) -> None:
        """That day, at a time at which a person comes to it: no two days at the same."""
        self.now = START + timedelta(days=day, minutes=day * day * 7 % 37, seconds=day * 13 % 60)


@pytest.fixture
def days() -> Days:
    return Days()


@pytest.fixture
def shop(project: Clone, days: Days) -> Iterator[tuple[Clone, Service]]:
    project.write("raw/orders_05.csv", ORDERS)
    project.write("sources/shop/orders.sql", "select * from read_csv('raw/orders_*.csv')\n")
    project.clock = days
    with project.opened() as service:
        service.runs.run(RunOptions(agreed=ANY_PLAN))
        yield project, service


def _by(service: Service, who: str, face: str = "http") -> Service:
    return service.by(Caller(who, face))


def _ask(service: Service, who: str, sql: str) -> None:
    _by(service, who).querying.ask(sql).fetch()


BY_CUSTOMER = "select customer, sum(amount) as revenue from shop.orders where region = '{}' group by customer"


def test_a_question_of_three_days_becomes_a_dataset(shop: tuple[Clone, Service], days: Days) -> None:
    _, service = shop
    for day, region in ((1, "EU"), (2, "US")):
        days.to(day)
        _ask(service, "ana", BY_CUSTOMER.format(region))
    assert service.suggestions.list().suggestions == []
    days.to(6)
    _ask(service, "ana", "SELECT o.customer, sum(o.amount) AS x FROM shop.orders o WHERE o.region='EU' GROUP BY 1")
    (one,) = service.suggestions.list().suggestions
    assert (one.kind, one.times, one.people, one.state) == ("query", 3, ("ana",), "open")
    shown = service.suggestions.show(one.number)
    assert shown.problem is None
    assert shown.why[1] == "`region` was EU and US"
    (file,) = shown.files
    assert file.file == "datasets/marts/x_by_customer_and_region.sql"
    assert file.text.endswith(
        "SELECT o.customer, sum(o.amount) AS x, o.region FROM shop.orders o GROUP BY 1, o.region\n"
    )
    assert "owner: ana" in file.text
    assert "checks: |" in file.text
    assert shown.checks
    assert service.datasets.list() == service.datasets.list("main"), "nothing is written by looking"
    done = service.suggestions.accept(one.number, "marts.revenue")
    assert (done.state, done.branch) == ("accepted", "suggestion-1")
    assert done.plan is not None
    assert "marts.revenue" in {step.dataset for step in done.plan.steps}
    rows = service.querying.ask(BY_CUSTOMER.format("EU"), "main").fetch()
    same = service.querying.ask("select customer, x from marts.revenue where region = 'EU'", "suggestion-1").fetch()
    assert sorted(rows) == sorted(same)
    assert service.suggestions.list().suggestions == []
    service.branches.publish("suggestion-1", options=RunOptions(agreed=ANY_PLAN))
    days.to(9)
    _ask(service, "ben", BY_CUSTOMER.format("US"))
    assert service.suggestions.list().suggestions == []
    with pytest.raises(UsageError, match="accepted already"):
        service.suggestions.accept(one.number)


def test_of_personal_columns_no_value_speaks_for_it(shop: tuple[Clone, Service], days: Days) -> None:
    project, service = shop
    marked = "/*---\ncolumns:\n  customer: {pii: true}\n---*/\nselect * from read_csv('raw/orders_*.csv')\n"
    project.write("sources/shop/orders.sql", marked)
    service.runs.run(RunOptions(agreed=ANY_PLAN))
    for day, name in ((1, "ada"), (2, "ben"), (6, "cleo")):
        days.to(day)
        sql = f"select region, sum(amount) as revenue from shop.orders where customer = '{name}' group by region"
        _ask(service, "ana", sql)
    (one,) = service.suggestions.list().suggestions
    assert service.suggestions.show(one.number).why[1] == "`customer` was another one at times"


def test_what_a_dataset_answers_is_told_and_not_suggested(shop: tuple[Clone, Service], days: Days) -> None:
    _, service = shop
    for who in ("ana", "ben", "ben"):
        _ask(service, who, "select customer, sum(amount) from shop.orders group by 1")
    found = service.suggestions.list()
    assert found.suggestions == []
    assert [(one.by, one.times, one.people) for one in found.answered] == [("marts.totals", 3, ("ben", "ana"))]
    assert service.suggestions.list() == found, "it is told as long as it is asked"
    with pytest.raises(UsageError, match=r"is there: `marts\.totals`"):
        service.suggestions.accept(1)


def test_of_two_who_decide_at_once_the_first_does_and_the_other_is_told(
    shop: tuple[Clone, Service], days: Days
) -> None:
    _, service = shop
    for day, region in ((1, "EU"), (2, "US"), (6, "EU")):
        days.to(day)
        _ask(service, "ana", BY_CUSTOMER.format(region))
    (one,) = service.suggestions.list().suggestions
    ana, ben = (_by(service, who).suggestions for who in ("ana", "ben"))
    seen = ben._offer(one.number)
    with ana._alone(seen), pytest.raises(ConflictError, match="somebody accepts it at this moment"):
        ben.accept(one.number)
    assert ana.accept(one.number).state == "accepted"
    with pytest.raises(ConflictError, match="ana accepted it meanwhile") as told:
        ben._decide(seen, "dismissed", None)
    assert told.value.code == "suggestion.decided"
    with pytest.raises(ConflictError, match="ana accepted it meanwhile"), ben._alone(seen):
        pass
    assert [offer.who for offer in service.workspace.offers.all()] == ["ana"]


def test_values_that_others_asked_with_are_theirs(shop: tuple[Clone, Service], days: Days) -> None:
    project, service = shop
    marked = "/*---\ncolumns:\n  customer: {pii: true}\n---*/\nselect * from read_csv('raw/orders_*.csv')\n"
    project.write("sources/shop/orders.sql", marked)
    service.runs.run(RunOptions(agreed=ANY_PLAN))
    for day in (1, 2, 6):
        days.to(day)
        sql = (
            "select region, sum(amount) as revenue from shop.orders where customer = 'cleo' group by region -- of cleo"
        )
        _ask(service, "ana", sql)
    (one,) = _by(service, "ben").suggestions.list().suggestions
    shown = _by(service, "ben").suggestions.show(one.number)
    assert "cleo" not in repr(shown)
    for who in ("ana", "ana", "ana"):
        _ask(
            service,
            who,
            "select customer, sum(amount) from shop.orders where amount >= 0 and customer <> 'cleo' group by 1",
        )
    assert "cleo" not in repr(_by(service, "ben").suggestions.list())


def test_what_is_dismissed_stays_so_in_other_words(shop: tuple[Clone, Service], days: Days) -> None:
    _, service = shop
    for who in ("ana", "ben", "ana"):
        _ask(service, who, "select region, sum(amount) as revenue from shop.orders where id > 3 group by region")
    (one,) = service.suggestions.list().suggestions
    assert service.suggestions.dismiss(one.number).state == "dismissed"
    for day in range(1, 5):
        days.to(day)
        _ask(service, "ana", "select region, sum(amount) as revenue from shop.orders where id > 5 group by region")
        _ask(
            service,
            "ben",
            "select sum(amount), region from shop.orders where id > 4 group by region having sum(amount) > 1",
        )
        assert service.suggestions.list().suggestions == []
    states = [each.state for each in service.suggestions.list(decided=True).suggestions]
    assert states == ["dismissed", "dismissed"]


def test_values_that_can_be_any_are_parameters(shop: tuple[Clone, Service], days: Days) -> None:
    _, service = shop
    for day, low in ((1, 3), (2, 5), (3, 9)):
        days.to(day)
        _ask(
            service,
            "ben",
            f"select customer, count(*) as orders from shop.orders where amount > {low} group by customer",
        )
    (one,) = service.suggestions.list().suggestions
    shown = service.suggestions.show(one.number)
    assert shown.problem is None, shown.problem
    assert shown.files[0].file == "queries/orders_by_customer.sql"
    done = service.suggestions.accept(one.number)
    assert done.state == "accepted"
    reader = service.by(Caller("ana", "python", done.branch))
    answer = reader.saved_queries.ask("orders_by_customer", {"amount": 20}).fetch()
    assert sum(n for _, n in answer) == 10


def test_a_selection_that_is_run_by_hand_gets_its_schedule(shop: tuple[Clone, Service], days: Days) -> None:
    clone, service = shop
    for week in range(3):
        days.to(7 * week + 1)
        clone.write(f"raw/orders_{week + 10}.csv", f"id,customer,region,amount\n{week + 100},ada,EU,4\n")
        _by(service, "ana", "cli").runs.refresh(RunOptions(select=("shop.orders+",)))
        if week < 2:
            assert service.suggestions.list().suggestions == []
    (one,) = service.suggestions.list().suggestions
    assert one.kind == "run"
    assert one.title == "a schedule for shop.orders+, on Tuesdays at about 09:15"
    shown = service.suggestions.show(one.number)
    assert shown.problem is None, shown.problem
    (file,) = shown.files
    assert (file.file, file.is_new) == ("sources/shop/orders.sql", False)
    assert 'refresh: {cron: "15 9 * * 2"}' in file.text
    assert shown.plan is not None
    assert service.suggestions.accept(one.number).state == "accepted"
    service.branches.publish("suggestion-1", options=RunOptions(agreed=ANY_PLAN))
    assert service.suggestions.list().suggestions == []


def test_several_that_are_run_by_hand_become_a_group(shop: tuple[Clone, Service], days: Days) -> None:
    clone, service = shop
    toml = clone.read("andon.toml") or ""
    clone.write("andon.toml", toml + "\n[schedules.by_hand]\nselect = ['marts.*'] # as it is\nmax_age = '9d'\n")
    clone.write("raw/visits_1.csv", "id,region\n1,EU\n")
    clone.write("sources/shop/visits.sql", "select id, region from read_csv('raw/visits_*.csv')\n")
    clone.write(
        "sources/crm/leads.sql", "/*---\nrefresh: {max_age: 20d}\n---*/\nselect id from read_csv('raw/visits_*.csv')\n"
    )
    clone.run()
    for week in range(3):
        days.to(7 * week + 1)
        clone.write(f"raw/visits_{week + 2}.csv", f"id,region\n{week + 100},EU\n")
        _by(service, "ana", "cli").runs.refresh(RunOptions(select=("shop.*", "crm.leads")))
    (one,) = service.suggestions.list().suggestions
    shown = service.suggestions.show(one.number)
    assert shown.problem is None, shown.problem
    texts = {file.file: file.text for file in shown.files}
    assert sorted(texts) == ["andon.toml", "sources/crm/leads.sql"], "what says it itself would win over a group"
    group = '[schedules.by_hand_2]\nselect = ["crm.leads", "shop.*"]\ncron = "15 9 * * 2"\n'
    assert texts["andon.toml"] == (clone.read("andon.toml") or "").rstrip("\n") + "\n\n" + group
    assert 'refresh: {cron: "15 9 * * 2"}' in texts["sources/crm/leads.sql"]
    assert service.suggestions.accept(one.number).state == "accepted"
    service.branches.publish("suggestion-1", options=RunOptions(agreed=ANY_PLAN))
    assert service.suggestions.list().suggestions == []
    coming = {each.dataset: each.next for each in service.schedules.due().decisions}
    assert coming["shop.visits"] == coming["crm.leads"] == "2026-03-24T09:15:00.000000Z", coming


def test_files_with_a_source_each_get_one_for_all(shop: tuple[Clone, Service], days: Days) -> None:
    clone, service = shop
    for number, month in enumerate(("jan", "feb", "mar"), 1):
        days.to(10 * number)
        file = clone.root.parent / f"leads {month}.csv"
        file.write_text(f"lead,amount\nl{number},{number}\n")
        service.uploads.publish(
            file, f"crm.leads_{month}", RunOptions(agreed=ANY_PLAN), lambda its: service.runs.run(its)
        )
        offered = service.suggestions.list().suggestions
        assert [one.kind for one in offered] == (["files"] if number == 3 else [])
    shown = service.suggestions.show(offered[0].number)
    assert shown.problem is None, shown.problem
    assert shown.files[0].file == "sources/crm/leads.sql"
    assert "read_csv('raw/uploads/crm/leads_*/*.csv')" in shown.files[0].text
    done = service.suggestions.accept(offered[0].number)
    assert done.state == "accepted"
    rows = service.querying.ask("select lead, amount from crm.leads order by 1", done.branch).fetch()
    assert [tuple(row) for row in rows] == [("l1", 1), ("l2", 2), ("l3", 3)]


def test_there_is_no_such_suggestion(shop: tuple[Clone, Service]) -> None:
    _, service = shop
    for verb in (service.suggestions.show, service.suggestions.accept, service.suggestions.dismiss):
        with pytest.raises(UsageError, match="there is no suggestion 7"):
            verb(7)


@pytest.mark.parametrize(("asked", "action"), [("retry", "retry"), ("ask the shop again", "command")])
def test_a_fix_that_helped_twice_is_a_playbook_at_the_third_incident(
    shop: tuple[Clone, Service], days: Days, asked: str, action: str
) -> None:
    clone, service = shop
    says_another_thing_each_time = "import time; print(time.time_ns())"
    clone.write(
        "playbooks.yml",
        'playbooks:\n  - name: ask the shop again\n    on: {kind: check, dataset: "shop.*"}\n    do: command\n    mode: suggest\n'
        f"    with: {{run: [{json.dumps(sys.executable)}, -c, {json.dumps(says_another_thing_each_time)}]}}\n",
    )
    clone.write(
        "sources/shop/orders.sql",
        "/*---\nchecks: |\n  amount 0..100\n---*/\nselect * from read_csv('raw/orders_*.csv')\n",
    )
    service.runs.run(RunOptions(agreed=ANY_PLAN))
    ben = _by(service, "ben")
    for number in range(1, 4):
        days.to(3 * number)
        clone.write(f"raw/orders_1{number}.csv", f"id,customer,region,amount\n{number + 100},ada,EU,999\n")
        assert not service.runs.refresh().published
        (incident,) = service.incidents.standing()
        offered = service.suggestions.list().suggestions
        assert [one.kind for one in offered] == (["correction"] if number == 3 else [])
        if number < 3:
            clone.write(f"raw/orders_1{number}.csv", f"id,customer,region,amount\n{number + 100},ada,EU,9\n")
            assert ben.actions.fix(incident.number, asked).outcome == "verified"
            assert not service.incidents.standing()
    shown = service.suggestions.show(offered[0].number)
    assert shown.title == f"a playbook: {action} when shop.orders has an incident of kind check"
    assert shown.why[1] == "would have fired 2 times, fixed 2, needless 0"
    assert shown.problem is None, shown.problem
    done = service.suggestions.accept(offered[0].number)
    assert (done.state, done.files[0].file) == ("accepted", "playbooks.yml")
    playbooks = service.by(Caller("ana", "python", done.branch)).actions.playbooks()
    assert f"{action} shop.orders when check" in {each.name for each in playbooks.playbooks}
    assert clone.publish(str(done.branch)).published
    again = service.suggestions.show(offered[0].number)  # it is there already, and nothing stands in its way
    assert (again.state, again.problem) == ("accepted", None)
