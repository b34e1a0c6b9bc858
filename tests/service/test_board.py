"""The board: what needs a person with whom it reaches and the next step, lanes, and that it moves when something does."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from andon.model.lamp import Lamp
from andon.runs.goal import RunOptions
from andon.service.board import BoardDocument
from andon.service.editing import ToEdit
from andon.service.insight_changes import NewInsight
from andon.service.needs import IDLE, Need
from andon.state.runs import RunBegin, RunEnd
from andon.workspace.caller import Caller
from kit.clones import Clone, closing

TOTALS = "select customer, sum(amount) as amount from shop.orders group by customer order by customer\n"


def checked(*lines: str, head: str = "") -> str:
    return f"/*---\nowner: ana\n{head}checks: |\n" + "".join(f"  {line}\n" for line in lines) + f"---*/\n{TOTALS}"


def board(clone: Clone) -> BoardDocument:
    with clone.opened() as service:
        found = service.board.show()
        assert found.mark == service.board.mark()
        assert [need.to_json() for need in service.standing.status().needs] == [need.to_json() for need in found.needs]
        return found


def lamps(found: BoardDocument) -> dict[str, str]:
    return {card.name: str(card.status) for lane in found.lanes for card in lane.cards}


@pytest.fixture
def shop(project: Clone) -> Clone:
    project.write("datasets/marts/totals.sql", checked("amount < 100"))
    project.write("insights/sales.yml", "title: Who buys?\nuses: [marts.best]\nowner: cem\n")
    project.run()
    return project


def test_a_healthy_lake_needs_nobody(shop: Clone) -> None:
    found = board(shop)
    assert (found.headline, found.needs, found.status) == ("All 4 datasets are healthy", [], Lamp.OK)
    assert [(lane.name, lane.kind, [card.title for card in lane.cards]) for lane in found.lanes] == [
        ("Sources", "source", ["shop.orders"]),
        ("marts", "schema", ["best", "count", "totals"]),
        ("Insights", "insight", ["Who buys?"]),
    ]
    assert found.counts == {"fail": 0, "blocked": 0, "stale": 0, "warn": 0, "ok": 4, "running": 0}


def test_a_held_load_is_told_with_whom_it_reaches(shop: Clone) -> None:
    with shop.opened() as service:
        for who in ("ana", "ben"):
            service.by(Caller(who, "http")).querying.ask("from marts.best").fetch()
    shop.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,700\n")
    shop.refresh()
    found = board(shop)
    (need,) = found.needs
    assert (need.kind, need.status, need.datasets, need.owner, need.run) == ("held", "fail", ["marts.totals"], "ana", 2)
    assert need.what == "run 2 is kept from readers: its check `amount < 100` does not hold"
    assert need.affected.to_json() == {"datasets": 1, "people": 2, "insights": ["sales"]}
    assert need.action.command == 'andon accept run:2 "amount < 100" --reason "…"'
    assert need.action.page == "/runs/2"
    assert lamps(found) == {
        "shop.orders": "ok",
        "marts.count": "ok",
        "marts.totals": "fail",
        "marts.best": "blocked",
        "sales": "blocked",
    }
    with shop.opened() as service:
        service.checks.accept(2, ["amount < 100"], "a big order")
    found = board(shop)
    (need,) = found.needs
    assert (need.kind, need.status) == ("check", "warn")
    assert need.what.endswith("which ana accepted: a big order")
    shop.undo()
    assert board(shop).needs == []


@pytest.mark.parametrize("between", ["another dataset", "an insight"])
def test_what_was_held_is_over_once_the_code_is_as_it_was_whatever_ran_between(shop: Clone, between: str) -> None:
    good = (shop.root / "datasets/marts/totals.sql").read_text()
    shop.write("datasets/marts/totals.sql", good.replace("sum(amount)", "sum(amount) * 1000"))
    assert not shop.run().published
    if between == "another dataset":
        shop.write("datasets/marts/count.sql", "select count(*) + 1 as n from shop.orders\n")
        assert shop.run("marts.count").published
    else:
        with shop.opened() as service:
            made = NewInsight(name="buyers", question="Who buys?", query="select customer from marts.best")
            assert service.insight_changes.add(made, RunOptions()).published
    assert {need.kind for need in board(shop).needs} >= {"held"}
    shop.write("datasets/marts/totals.sql", good)
    assert shop.run().published
    assert [need for need in board(shop).needs if need.kind == "held"] == []


def test_a_source_that_fails_is_told_until_a_run_brings_it(shop: Clone) -> None:
    shop.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,oops\n")
    shop.refresh()
    found = board(shop)
    (need,) = found.needs
    assert (need.kind, need.status, need.datasets) == ("failed", "fail", ["shop.orders"])
    assert need.affected.datasets == 3
    assert need.action.body == {"select": ["shop.orders"]}
    assert found.headline == "1 dataset is failing"
    shop.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
    shop.refresh()
    assert board(shop).needs == []


def test_what_was_made_anew_of_old_data_is_as_old_as_they_are(project: Clone) -> None:
    start = datetime(2026, 11, 1, 8, tzinfo=UTC)
    now = [start]
    project.clock = lambda: now[0]
    project.write("datasets/marts/totals.sql", "/*---\nrefresh: {max_age: 6h}\n---*/\n" + TOTALS)
    project.run()
    now[0] = start + timedelta(hours=5)
    project.refresh(select=("marts.totals",))
    now[0] = start + timedelta(hours=7)
    with closing(project.open()) as service:
        (need,) = service.board.show().needs
    assert need.what == "it promises `max_age 6h`, and its data are of 2026-11-01 08:00"
    project.refresh()
    with closing(project.open()) as service:
        assert service.board.show().needs == []


def test_a_broken_promise_is_told_once_for_all_below(project: Clone) -> None:
    start = datetime(2026, 11, 1, 8, tzinfo=UTC)
    now = [start]
    project.clock = lambda: now[0]
    source = "/*---\nrefresh: {max_age: 6h}\n---*/\nselect id, customer, amount from read_csv('raw/orders_*.csv')\n"
    project.write("sources/shop/orders.sql", source)
    project.write("datasets/marts/totals.sql", "/*---\nrefresh: {max_age: 7h}\n---*/\n" + TOTALS)
    project.run()
    with closing(project.open()) as service:
        fresh, mark = service.board.show(), service.board.mark()
        assert fresh.needs == []
        now[0] = start + timedelta(hours=5)
        assert service.board.mark() == mark
        now[0] = start + timedelta(hours=8)
        found = service.board.show()
        assert found.mark != mark
        assert [(need.kind, need.status, need.datasets) for need in found.needs] == [("late", "stale", ["shop.orders"])]
        assert found.needs[0].what == "it promises `max_age 6h`, and was brought up to date at 2026-11-01 08:00"
        assert found.needs[0].action.command == "andon refresh +shop.orders+"
        assert lamps(found)["marts.totals"] == "stale"
        assert found.counts["stale"] == 2
    project.refresh()
    with closing(project.open()) as service:
        assert service.board.show().needs == []


def test_branches_wait_and_come_last(story: Clone) -> None:
    found = board(story)
    (need,) = found.needs
    assert (need.kind, need.status, need.datasets) == ("branch", IDLE, ["marts.count", "marts.extra"])
    assert need.what == "the branch `try` changes 2 datasets and is not published"
    assert need.action.page == "/changes/try"
    assert found.headline == "All 4 datasets are healthy"
    story.write(
        "datasets/marts/best.sql", "/*---\nchecks: |\n  rows = 7 warn\n---*/\nselect customer from marts.totals\n"
    )
    story.run()
    assert [need.kind for need in board(story).needs] == ["check", "branch"]
    story.publish("try")
    assert [need.kind for need in board(story).needs] == ["check"]


def test_what_is_wrong_with_the_folder_is_told_by_its_place(shop: Clone) -> None:
    mark = board(shop).mark
    shop.write("datasets/marts/count.sql", "select nothing from shop.orders\n")
    found = board(shop)
    assert found.mark != mark
    (need,) = found.needs
    assert (need.kind, need.status, need.datasets) == ("folder", "warn", [])
    assert need.what.startswith("the folder can't be run: datasets/marts/count.sql:1:8: ")
    shop.write("datasets/marts/count.sql", "select count(*) as n from shop.orders\n")
    assert board(shop).needs == []


def test_an_earlier_commit_has_a_board_of_its_own(story: Clone) -> None:
    with story.opened() as service:
        here, before = service.board.show(), service.board.show("main~2")
        assert (before.branch, len(before.needs)) == ("main~2", 0)
        assert before.commit != here.commit
        assert service.board.show("try").counts["ok"] == 5


def test_an_empty_lake_says_so(project: Clone) -> None:
    with project.opened() as service:
        found = service.board.show()
        assert (found.headline, found.lanes) == ("Nothing is published yet", [])


def test_most_readers_affected_come_first(shop: Clone) -> None:
    shop.write(
        "datasets/marts/count.sql", "/*---\nchecks: |\n  n = 7 warn\n---*/\nselect count(*) as n from shop.orders\n"
    )
    shop.write("datasets/marts/lone.sql", "/*---\nchecks: |\n  rows = 7 warn\n---*/\nselect 1 as one\n")
    shop.run()

    def order() -> list[str]:
        return [name for need in board(shop).needs for name in need.datasets]

    assert order() == ["marts.count", "marts.lone"]
    with shop.opened() as service:
        service.by(Caller("ben", "http")).querying.ask("from marts.lone").fetch()
    assert order() == ["marts.lone", "marts.count"]
    need: Need = board(shop).needs[0]
    assert need.affected.people == 1


def test_what_nobody_wants_any_more_is_over(shop: Clone) -> None:
    before = shop.read("datasets/marts/totals.sql")
    shop.write("datasets/marts/totals.sql", checked("amount < 2"))
    shop.run()
    (need,) = board(shop).needs
    assert (need.kind, need.run) == ("held", 2)
    shop.write("datasets/marts/totals.sql", before)
    assert shop.run().run is None
    assert board(shop).needs == []
    shop.write("datasets/marts/totals.sql", checked("amount < 2"))
    shop.run()
    assert [need.run for need in board(shop).needs] == [3]


def test_a_run_that_failed_as_a_whole_is_told(shop: Clone) -> None:
    with shop.opened() as service:
        runs, lake = service.workspace.runs, service.workspace.lake
        number = runs.begin(
            RunBegin("main", lake.refs.head("main").id, "refresh", "ana", "2999-01-01T00:00:00.000000Z")
        )
        with lake.database.write() as transaction:
            runs.end(transaction, number, RunEnd("failed", 1.0, error={"message": "the disk is full"}))
    (need,) = board(shop).needs
    assert (need.kind, need.what, need.owner) == ("run", "run 2 came to nothing: the disk is full", "ana")


def test_who_asks_again_does_not_wait_for_the_folder(shop: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("andon.service.board._LOOK_AGAIN", 0.0)
    with shop.opened() as service:
        assert service.board.show().needs == []
        shop.write("datasets/marts/count.sql", "select nothing from shop.orders\n")
        service.board.show()
        deadline = time.monotonic() + 30
        while not service.board.show().needs and time.monotonic() < deadline:
            time.sleep(0.02)
        assert [need.kind for need in service.board.show().needs] == ["folder"]


def test_a_publish_of_something_else_settles_nothing_of_the_folder(shop: Clone) -> None:
    shop.branch("aside")
    with shop.opened() as service:
        changed = ToEdit("marts.count", "select count(*) + 1 as n from shop.orders\n", None)
        service.editing.save(changed, RunOptions(branch="aside"))
    shop.write("datasets/marts/totals.sql", checked("amount < 10"))
    shop.run()
    held = [need for need in board(shop).needs if need.kind == "held"]
    assert [need.datasets for need in held] == [["marts.totals"]]
    assert shop.publish("aside").published
    assert [need for need in board(shop).needs if need.kind == "held"] == held
    shop.write("datasets/marts/totals.sql", checked("amount < 100"))
    shop.run()
    assert [need for need in board(shop).needs if need.kind == "held"] == []
