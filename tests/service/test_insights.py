"""Insights over a real lake: made from a query, still true or not, and through which dataset."""

from __future__ import annotations

import pytest

from andon.base.document import to_json
from andon.base.text import seconds
from andon.errors import MachineError, UsageError
from andon.model.event import Event, Notice
from andon.query.workers import Workers
from andon.render.words import stake_text
from andon.runs.goal import Listener, RunOptions
from andon.service.insight_asking import InsightAsking
from andon.service.insight_changes import NewInsight, NewOutcome
from andon.service.insight_checks import InsightChecks
from andon.service.insight_documents import InsightState
from kit.clones import FILES, Clone

ORDERS = "id,customer,amount\n1,ada,10\n2,ben,20\n3,ada,5\n"
QUERIES = {
    "total": "select sum(amount) as total from shop.orders",
    "by_customer": "select * from marts.totals",
    "best": "select customer from marts.best",
    "count": "count_now",
    "customers": "select count(distinct customer) as n from shop.orders",
    "least": "select min(amount) as least from shop.orders",
    "cities": "select city, people from shop.cities order by people desc",
    "city_count": "select count(*) from shop.cities",
    "mean": "select avg(people)::double as mean from shop.cities",
    "names": "select distinct customer from marts.totals",
}
#: What the second load of orders says otherwise.
MOVED = {"total", "by_customer", "count"}


@pytest.fixture
def shop(tmp_path) -> Clone:
    clone = Clone(tmp_path / "acme")
    clone.fill(
        {
            **FILES,
            "raw/orders_05.csv": ORDERS,
            "raw/cities.csv": "city,people\nbonn,3\nulm,1\n",
            "sources/shop/cities.sql": "select city, people from 'raw/cities.csv'\n",
            "queries/count_now.sql": "select n from marts.count\n",
        }
    )
    clone.run()
    return clone


def add(service, name: str, query: str, **more):
    return service.insight_changes.add(NewInsight(name, f"Is {name} so?", query=query, **more), RunOptions())


def test_of_ten_insights_the_three_that_a_load_falsified_are_flagged(shop: Clone) -> None:
    with shop.opened() as service:
        for name, query in QUERIES.items():
            done = add(service, name, query, owner="ana")
            assert done.published, name
            assert done.kept, name
        assert {each.state for each in service.insight_checks.check()} == {InsightState.TRUE}
        assert {each.state for each in service.insights.list()} == {InsightState.TRUE}
        assert not [need for need in service.board.needs() if need.kind == "insight"]
    # a person who is known already, and no smaller or larger sum for anybody first
    shop.write("raw/orders_06.csv", "id,customer,amount\n4,ben,7\n")
    assert shop.refresh().published
    with shop.opened() as service:
        found = {each.name: each for each in service.insight_checks.check()}
        assert {name for name, each in found.items() if each.state is InsightState.MOVED} == MOVED
        assert {name for name, each in found.items() if each.state is InsightState.TRUE} == QUERIES.keys() - MOVED
        by = found["by_customer"]
        (change,) = by.movements
        assert (change.key, change.column, change.before, change.after) == ({"customer": "ben"}, "amount", 20, 27)
        assert (by.changed, by.came, by.went, by.total) == (1, 0, 0, 1)
        assert [(each.dataset, each.is_origin) for each in by.through] == [
            ("shop.orders", True),
            ("marts.totals", False),
        ]
        assert by.what == "1 row with other values, through shop.orders"
        assert by.through[0].command == f"andon diff {(by.pinned or '')[:8]} main --rows shop.orders"
        assert [each.dataset for each in found["total"].through] == ["shop.orders"]
        cards = [need for need in service.board.needs() if need.kind == "insight"]
        assert {need.affected.insights[0] for need in cards} == MOVED
        assert {need.owner for need in cards} == {"ana"}
        assert {str(each.kind) for each in service.incidents.standing()} <= {"governance"}  # a card, no incident
        # looked at again, and found right as it is now
        assert service.insight_changes.pin(["total", "count"], RunOptions()).published
        assert {need.affected.insights[0] for need in service.board.needs() if need.kind == "insight"} == {
            "by_customer"
        }
        states = {each.name: each.state for each in service.insights.list()}
        assert {name for name, state in states.items() if state is InsightState.MOVED} == {"by_customer"}


def test_a_tick_looks_at_what_changed_and_asks_nothing_where_nothing_did(shop: Clone) -> None:
    def asked(service) -> int:
        return sum(each.face == "insight" for each in service.workspace.query_log.newest(500))

    with shop.opened() as service:
        add(service, "total", QUERIES["total"])
        add(service, "cities", QUERIES["cities"])
        service.scheduling.tick()
        before = asked(service)
        service.scheduling.tick()
        assert asked(service) == before
    shop.write("raw/orders_06.csv", "id,customer,amount\n4,ben,7\n")
    shop.refresh()
    with shop.opened() as service:
        before = asked(service)
        service.scheduling.tick()
        assert asked(service) == before + 1  # the cities are as they were
        assert [n.affected.insights for n in service.board.needs() if n.kind == "insight"] == [["total"]]
        (need,) = [n for n in service.board.needs() if n.kind == "insight"]
        assert need.action.command == "andon insight check total"
        assert need.action.page == "/insights/total?look=true"
    shop.undo()
    with shop.opened() as service:  # what was wrong was taken back
        service.scheduling.tick()
        assert not [n for n in service.board.needs() if n.kind == "insight"]


def test_what_was_pinned_is_known_without_its_commit_and_else_said_to_be_unknown(shop: Clone) -> None:
    with shop.opened() as service:
        add(service, "kept", QUERIES["by_customer"])
        add(service, "lost", QUERIES["total"])
    gone = "0123456789abcdef"
    for name in ("kept", "lost"):
        text = shop.read(f"insights/{name}.md") or ""
        line = next(line for line in text.splitlines() if line.startswith("pinned:"))
        shop.write(f"insights/{name}.md", text.replace(line.split("commit: ")[1].split(",")[0], f'"{gone}"'))
    shop.write("insights/lost.answer.jsonl", None)
    shop.write("raw/orders_06.csv", "id,customer,amount\n4,eve,7\n")
    assert shop.run().published
    with shop.opened() as service:
        kept, lost = service.insight_checks.check(["kept", "lost"])
        assert kept.state is lost.state is InsightState.MOVED
        assert [(m.kind, m.key, m.after) for m in kept.movements] == [("came", {"customer": "eve"}, {"amount": 7})]
        assert (kept.through, lost.through, lost.movements) == ([], [], [])
        assert "not kept any more" in lost.what


def test_answers_that_hold_personal_values_or_many_rows_are_not_kept(shop: Clone) -> None:
    shop.write("datasets/marts/many.sql", "select range as n from range(1500)\n")
    shop.write(
        "sources/shop/orders.sql",
        "/*---\ncolumns:\n  customer: {pii: true}\n---*/\n" + FILES["sources/shop/orders.sql"],
    )
    shop.run()
    with shop.opened() as service:
        who = add(service, "who", "select upper(customer) as who, amount from shop.orders")
        assert (who.kept, who.answer, who.rows, who.files) == (False, None, 3, ["insights/who.md"])
        assert add(service, "sum", "select sum(amount) as s from shop.orders where customer = 'ada'").kept
        many = add(service, "many", "select * from marts.many")
        assert (many.kept, many.rows) == (False, 1500)
        assert service.insights.show("who").pinned_answer is None
    shop.write("datasets/marts/many.sql", "select range * 2 as n from range(1500)\n")
    shop.write("raw/orders_06.csv", "id,customer,amount\n4,eve,7\n")
    shop.run()
    with shop.opened() as service:  # the commit is there, and is asked
        found, who = service.insight_checks.check(["many", "who"])
        assert (who.state, who.came, who.movements) == (InsightState.MOVED, 1, [])
        assert (found.state, len(found.movements), found.through[0].change) == (InsightState.MOVED, 20, "code")


def test_what_can_not_be_asked_any_more_is_said(shop: Clone) -> None:
    with shop.opened() as service:
        add(service, "best", QUERIES["best"])
        service.insight_changes.add(NewInsight("plain", "Why?", uses=("marts.best",)), RunOptions())
    shop.write("datasets/marts/best.sql", "select customer as who from marts.totals\n")
    shop.run()
    with shop.opened() as service:
        best, plain = service.insight_checks.check()
        assert (best.state, plain.state) == (InsightState.FAILED, InsightState.NO_QUERY)
        assert "can't be asked any more" in best.what
        assert [each.dataset for each in best.through] == ["marts.best"]


def test_the_weakest_link_and_all_else_that_is_known(shop: Clone) -> None:
    with shop.opened() as service:
        add(
            service,
            "total",
            QUERIES["by_customer"],
            owner="ana",
            amount="5000",
            currency="USD",
            per="year",
            review_by="2001-01-01",
        )
        done = service.insight_changes.outcome(
            NewOutcome("total", "we called ben", amount="120.50", currency="USD", basis="measured"), RunOptions()
        )
        assert done.published
        (info,) = service.insights.list()
        assert (info.value.amount, info.value.per, info.value.basis, info.outcomes) == ("5000", "year", "estimated", 1)
        assert (info.unreviewed, info.level, info.rests_on) == (True, "amber", 2)
        assert info.weakest is not None
        page = service.insights.show("total")
        assert page.rests_on == ["marts.totals", "shop.orders"]
        assert {(each.dataset, each.kind) for each in page.flaws} == {
            (name, kind) for name in page.rests_on for kind in ("no_check", "no_owner", "no_description")
        }
        assert page.pinned_answer is not None
        assert page.pinned_answer.rows == [["ada", 15], ["ben", 20]]
        assert [(o.what, o.value and o.value.amount) for o in page.outcomes] == [("we called ben", "120.50")]
        service.cords.hold("shop.orders", "it looks wrong")
        (info,) = service.insights.list()
        assert (info.level, info.weakest and info.weakest.dataset) == ("red", "marts.totals")
        with pytest.raises(UsageError, match="no insight is named `totl`") as caught:
            service.insights.show("totl")
        assert "total" in (caught.value.hint or "")


def test_what_is_asked_wrongly_is_refused_and_nothing_is_written(shop: Clone) -> None:
    head = shop.head()
    with shop.opened() as service:
        for wanted, code in (
            (NewInsight("Bad Name", "?", query="select 1"), "usage.bad_argument"),
            (NewInsight("a", " ", query="select 1"), "usage.bad_argument"),
            (NewInsight("a", "Why?"), "usage.bad_argument"),
            (NewInsight("a", "Why?", query="select 1", amount="5"), "usage.bad_argument"),
            (NewInsight("a", "Why?", query="select 1", amount="five", currency="USD"), "usage.bad_argument"),
            (NewInsight("a", "Why?", query="select 1", review_by="2026-13-01"), "usage.bad_argument"),
            (NewInsight("a", "Why?", query="select 1", kind="guess"), "usage.bad_argument"),
            (NewInsight("a", "Why?", query="drop table x"), "usage.not_one_select"),
            (NewInsight("a", "Why?", query="nothing_saved"), "lake.query_not_found"),
            (NewInsight("a", "Why?", query="select * from range(100001)"), "usage.query_limit"),
        ):
            with pytest.raises(UsageError) as caught:
                service.insight_changes.add(wanted, RunOptions())
            assert caught.value.code == code, wanted
    assert shop.head().id == head.id
    shop.write("insights/a.yml", "title: mine\n")
    with shop.opened() as service, pytest.raises(UsageError, match="already"):
        add(service, "a", "select 1 as n")


def test_an_insight_is_made_on_a_branch_and_published_with_it(shop: Clone) -> None:
    with shop.opened() as service:
        done = service.insight_changes.add(NewInsight("a", "Why?", query="select 1 as n"), RunOptions(branch="try"))
        assert (done.branch, done.published) == ("try", True)
        assert not service.insights.list()
        assert [each.name for each in service.insights.list("try")] == ["a"]
    assert shop.publish("try").published
    with shop.opened() as service:
        assert [each.state for each in service.insight_checks.check()] == [InsightState.TRUE]


def test_a_plan_says_what_it_costs_and_which_insights_rest_on_it(shop: Clone) -> None:
    shop.write("andon.toml", '[cost]\ncurrency = "EUR"\ncompute_hour = 1000000\n')
    shop.run()
    with shop.opened() as service:
        worth = {"currency": "USD", "basis": "measured"}
        add(service, "best", QUERIES["best"], amount="5000", per="month", **worth)
        add(service, "total", QUERIES["total"], amount="70", per="year", currency="USD")
        add(service, "old", QUERIES["count"], amount="9", review_by="2001-01-01", **worth)
        add(service, "cities", QUERIES["cities"], amount="1", **worth)
        assert service.runs.plan(RunOptions()).stake is None
    shop.write("raw/orders_06.csv", "id,customer,amount\n4,ben,7\n")
    plan = shop.plan()
    stake = plan.stake
    assert stake is not None
    assert (stake.builds, stake.known) == (4, 4)
    assert stake.seconds == pytest.approx(sum(step.seconds or 0 for step in plan.works))
    assert (stake.currency, float(stake.money or 0)) == ("EUR", pytest.approx(stake.seconds / 0.0036, abs=0.2))
    assert (stake.insights, stake.unreviewed) == (("best", "old", "total"), ("old",))
    assert [to_json(each) for each in stake.worth] == [
        {"basis": "measured", "currency": "USD", "per": "year", "amount": "60000.00", "insights": 1},
        {"basis": "estimated", "currency": "USD", "per": "year", "amount": "70.00", "insights": 1},
    ]
    assert stake_text(stake) == (
        f"rebuilds 4 datasets, ≈ {seconds(stake.seconds or 0)} (≈ {stake.money} EUR);"
        " 3 insights rest on it (best, old, total): 60,000 USD a year measured, 70 USD a year estimated; 1 of them unreviewed"
    )
    assert to_json(plan)["stake"]["insights"] == ["best", "old", "total"]
    with shop.opened() as service:
        assert service.runs.run(RunOptions(branch="aside")).published
        taken = service.branches.plan_publish("aside").stake
        assert taken is not None, "what is taken over from a branch is built no more, and at stake all the same"
        assert (taken.builds, taken.money, taken.insights) == (0, None, stake.insights)


ENDLESS = "select count(*) as n from range(1000000000) a, range(1000) b"


def test_a_query_that_takes_too_long_is_stopped_told_and_stops_neither_the_others_nor_the_pass(
    shop: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, query in (
        ("endless", ENDLESS),
        ("total", QUERIES["total"]),
        ("wrong", "select customer::int as c from shop.orders"),
    ):
        shop.write(
            f"insights/{name}.md", f'---\nquery: {query}\npinned: {{commit: "0123456789abcdef"}}\n---\n# {name}?\n'
        )
    shop.write("insights/broken.md", "---\nquery: select 1 as n\npinned: {commit: abcdef0123456789}\n---\n# b?\n")
    shop.write("andon.toml", "[query]\ntimeout = 1\n")
    shop.run()
    asking = InsightAsking.before

    def before(self, insight, state, cancel=None):
        if insight.name == "broken":
            raise ZeroDivisionError
        return asking(self, insight, state, cancel)

    monkeypatch.setattr(InsightAsking, "before", before)
    with shop.opened() as service:
        assert service.scheduling.tick().trigger
        looks = service.workspace.insight_looks.of("main")
        assert {name: look.state for name, look in looks.items() if name != "*"} == {
            "endless": "failed",
            "total": "moved",
            "wrong": "failed",
            "broken": "failed",
        }
        assert looks["endless"].what == (
            "it can't be asked any more: the query was stopped: it takes more than the 1 seconds that it may"
        )
        assert "a defect in Andon (ZeroDivisionError)" in looks["broken"].what
        assert "*" in looks, "none is asked again before something moves"
        assert len([need for need in service.board.needs() if need.kind == "insight"]) == 4


def test_what_keeps_all_from_being_asked_ends_no_pass_and_is_tried_again_in_an_hour(
    shop: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    with shop.opened() as service:
        add(service, "total", QUERIES["total"])
    shop.write("raw/orders_06.csv", "id,customer,amount\n4,ben,7\n")
    shop.refresh()
    heard: list[Event] = []
    with shop.opened() as service:
        monkeypatch.setattr(Workers, "worker", _no_worker)
        service.scheduling.tick(listener=Listener(heard.append))
        look = service.workspace.insight_looks.of("main")["total"]
        assert (look.state, look.what, look.mark) == ("failed", "it could not be asked: no worker", "")
        monkeypatch.undo()
        service.scheduling.tick()
        assert service.workspace.insight_looks.of("main")["total"] == look, "it was asked just now"
        (check,) = service.insight_checks.check()
        assert check.state is InsightState.MOVED
        monkeypatch.setattr(InsightChecks, "_pass", _defect)
        service.scheduling.tick(listener=Listener(heard.append))
        assert Notice("insights of main were not looked at: a defect (ZeroDivisionError)") in heard


def _no_worker(*_: object) -> None:
    raise MachineError("machine.worker", "no worker")


def _defect(*_: object) -> None:
    raise ZeroDivisionError


def test_what_moved_although_no_dataset_did_is_said_to_be_no_fault_of_the_data(shop: Clone) -> None:
    with shop.opened() as service:
        service.insight_changes.add(
            NewInsight("when", "When?", query="select now() as at, n from marts.count"), RunOptions()
        )
        (found,) = service.insight_checks.check(["when"])
    assert (found.state, list(found.through)) == ("moved", [])
    assert "no dataset is another one since" in found.what


def test_the_repair_of_what_is_kept_from_readers_is_said_of_what_is_kept(shop: Clone) -> None:
    shop.write("sources/shop/orders.sql", "/*---\nchecks: |\n  amount > 0\n---*/\n" + FILES["sources/shop/orders.sql"])
    assert shop.run().published
    with shop.opened() as service:
        service.insight_changes.add(NewInsight("many", "How many?", query="select n from marts.count"), RunOptions())
    shop.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,-7\n")
    kept = shop.refresh()
    with shop.opened() as service:
        repairs = {flaw.dataset: flaw.repair for flaw in service.insights.show("many").flaws}
        assert repairs["shop.orders"] == f"`andon check shop.orders --at run:{kept.run}` says what is wrong"
        service.cords.hold("shop.orders", "it looks odd")
        repairs = {flaw.dataset: flaw.repair for flaw in service.insights.show("many").flaws}
        assert repairs["marts.count"] == "it goes on once what it reads does"
