"""Signals that stand, from real runs: late by promise and by habit, out of the usual, not governed; each until it is right again."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from andon.model.lamp import Lamp
from andon.model.signal import Signal, SignalKind
from kit.clones import FILES, Clone

PROMISED = "/*---\nrefresh: {max_age: 6h}\n---*/\n" + FILES["datasets/marts/count.sql"]


class Days:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 6, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


@pytest.fixture
def shop(project: Clone) -> Clone:
    project.clock = Days()
    return project


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """Twelve days of a shop in which some two hundred rows come each day."""
    clone = Clone(tmp_path_factory.mktemp("usual") / "acme", clock=Days())
    clone.fill({**FILES, "datasets/marts/count.sql": PROMISED, "raw/orders_05.csv": orders(0, 200)})
    clone.run()
    with clone.opened() as service:
        assert service.signals.look("main").signals == ()
        for number in range(1, 13):
            clone.write("raw/orders_05.csv", orders(number, 200 + number % 3))
            clone.clock.now += timedelta(days=1)
            assert service.runs.refresh().published
        assert service.signals.look("main").signals == ()
        assert service.signals.look("dev").kinds == frozenset()
    return clone


@pytest.fixture
def usual(template: Clone, tmp_path: Path) -> Clone:
    """A copy of it."""
    shutil.copytree(template.root, tmp_path / "acme")
    clock = Days()
    clock.now = template.clock.now
    return Clone(tmp_path / "acme", clock=clock)


def found(shop: Clone) -> dict[tuple[str, SignalKind], Signal]:
    with shop.opened() as service:
        look = service.signals.look("main")
    assert all(signal.run is None for signal in look.signals), "they stand as long as they are found"
    return {(signal.dataset, signal.kind): signal for signal in look.signals}


def orders(day: int, rows: int) -> str:
    return "id,customer,amount\n" + "".join(f"{day * 100_000 + n},ada,{n % 7}\n" for n in range(rows))


def load(shop: Clone, day: int, rows: int) -> None:
    shop.write("raw/orders_05.csv", orders(day, rows))
    shop.clock.now += timedelta(days=1)
    assert shop.refresh().published


def test_what_is_late_or_out_of_the_usual_is_found_until_it_is_right_again(usual: Clone):
    load(usual, 20, 12)
    signals = found(usual)
    assert signals["shop.orders", SignalKind.VOLUME].what.startswith("it has 12 rows: far below what was learned from")
    assert signals.keys() == {("shop.orders", SignalKind.VOLUME)}
    load(usual, 21, 201)
    assert found(usual) == {}
    usual.clock.now += timedelta(hours=30)
    late = found(usual)
    assert late["marts.count", SignalKind.LATE].what.startswith(
        "it promises `max_age 6h`, and was brought up to date at"
    )
    usual.clock.now += timedelta(hours=12)
    assert found(usual)["shop.orders", SignalKind.LATE].what.startswith("nothing new came since 2026-03-")
    load(usual, 22, 201)
    assert found(usual) == {}


def test_rows_that_a_check_watches_are_its_affair_and_limits_can_be_switched_off(usual: Clone):
    source = FILES["sources/shop/orders.sql"]
    usual.write("sources/shop/orders.sql", f"/*---\nchecks: watch rows warn\n---*/\n{source}")
    usual.run()
    load(usual, 20, 12)
    assert found(usual) == {}
    usual.write("sources/shop/orders.sql", source)
    usual.run()
    assert ("shop.orders", SignalKind.VOLUME) in found(usual)
    usual.write("andon.toml", "[signals]\nlearned = false\n")
    assert found(usual) == {}


def test_what_people_use_has_an_owner_and_a_description_and_what_looks_personal_is_marked(shop: Clone):
    shop.write("raw/people.csv", "id,email\n1,a@b.c\n")
    aside = "/*---\nowner: ana\ndescription: People\nchecks: not null id quarantine 1 row\n---*/\n"
    shop.write("sources/shop/people.sql", aside + "select id, email from read_csv('raw/people.csv')\n")
    shop.run()
    shop.ask("from marts.best")
    assert found(shop).keys() == {("shop.people", SignalKind.GOVERNANCE)}
    shop.author = "ben"
    shop.ask("from marts.best")
    signals = found(shop)
    assert signals["marts.best", SignalKind.GOVERNANCE].what == "people use it, and it has no owner and no description"
    assert signals["shop.people", SignalKind.GOVERNANCE].what == "`email` looks personal and is not marked `pii`"
    shop.write(
        "datasets/marts/best.sql",
        "/*---\nowner: ana\ndescription: The best\n---*/\n" + FILES["datasets/marts/best.sql"],
    )
    for shop.author in ("ana", "ben"):  # rows set aside have no file: they are whose the dataset is
        shop.ask("select id from shop.people__quarantine")
    marked = "/*---\ncolumns: {email: {pii: true}}\nchecks: not null id quarantine 1 row\n---*/\n"
    marked += "select id, email from read_csv('raw/people.csv')\n"
    shop.write("sources/shop/people.sql", marked)
    shop.run()
    assert found(shop) == {}
    shop.write("andon.toml", "[signals]\ngovernance = false\n")
    assert found(shop) == {}


def test_values_of_people_are_found_by_what_they_are_and_none_of_them_is_kept(shop: Clone):
    accounts = ["DE89370400440532013000", "GB82WEST12345698765432", "FR1420041010050500013M02606"]
    accounts += ["NL91ABNA0417164300", "CH9300762011623852957", "AT611904300234573201"]
    shop.write("raw/paid.csv", "id,note,target\n" + "".join(f"{n},paid,{each}\n" for n, each in enumerate(accounts)))
    shop.write("sources/shop/paid.sql", "select id, note, target from read_csv('raw/paid.csv')\n")
    shop.run()
    (signal,) = found(shop).values()
    assert signal.what == "`target` holds what look like bank accounts (IBAN) and is not marked `pii`"
    with shop.opened() as service:
        service.incidents.standing("main")
        database = service.workspace.lake.database
        tables = ["incident", "incident_signal", "incident_event", "usual", "fact"]
        kept = repr([database.query(f"select * from {table}") for table in tables])
    assert "bank accounts" in kept
    assert not any(each in kept for each in accounts)
    marked = "/*---\ncolumns: {target: {pii: true}}\n---*/\nselect id, note, target from read_csv('raw/paid.csv')\n"
    shop.write("sources/shop/paid.sql", marked)
    shop.run()
    assert found(shop) == {}


def test_a_column_that_comes_with_a_refresh_stands_until_the_file_says_what_it_is(shop: Clone):
    said = "/*---\nschema: widen\ncolumns: {said}\n---*/\nselect * from read_csv('raw/orders_*.csv', union_by_name = true)\n"
    first = "{id: The number, customer: Who, amount: How much}"
    shop.write("sources/shop/orders.sql", said.replace("{said}", first))
    shop.run()
    assert found(shop) == {}, "what a change brings was seen by who made it"
    shop.write("raw/orders_06.csv", "id,customer,amount,city\n4,cleo,7,Bonn\n")
    assert shop.refresh().published
    assert found(shop)["shop.orders", SignalKind.GOVERNANCE].what == (
        "`city` came with a refresh, and its file says nothing of it"
    )
    shop.write("raw/orders_07.csv", "id,customer,amount,city\n5,dan,7,Kiel\n")
    assert shop.refresh().published
    assert found(shop).keys() == {("shop.orders", SignalKind.GOVERNANCE)}, "it stands, however often it comes"
    shop.write("sources/shop/orders.sql", said.replace("{said}", first.replace("}", ", city: Where}")))
    shop.run()
    assert found(shop) == {}


def test_a_look_where_nothing_changed_takes_as_many_statements_however_many_datasets(shop: Clone):
    assert _statements(shop, 2) == _statements(shop, 40) < 20


def _statements(shop: Clone, many: int) -> int:
    """How many statements a second look asks, of so many datasets."""
    shop.fill({f"datasets/more/d{n}.sql": f"select {n} as n, count(*) as m from shop.orders\n" for n in range(many)})
    shop.run()
    asked: list[str] = []
    with shop.opened() as service:
        service.signals.look("main")
        database = service.workspace.lake.database
        ask = database.query
        database.query = lambda sql, parameters=(): asked.append(sql) or ask(sql, parameters)  # type: ignore[method-assign]
        service.signals.look("main")
    return len(asked)


def test_what_stands_is_an_incident_that_is_told_once_and_closes_by_itself(usual: Clone):
    load(usual, 20, 12)
    with usual.opened() as service:
        (incident,) = service.incidents.standing("main")
        assert (incident.dataset, incident.kind, incident.lamp) == ("shop.orders", SignalKind.VOLUME, Lamp.WARN)
        assert service.signals.look_if_moved("main") is None, "it is known, and nothing moved"
        for _ in range(3):
            service.incidents.standing("main")
        assert len(service.workspace.incidents.events(incident.number)) == 1
        usual.clock.now += timedelta(hours=31)
        assert service.signals.look_if_moved("main") is not None, "a promise is broken by now"
        assert {each.kind for each in service.incidents.standing("main")} == {SignalKind.VOLUME, SignalKind.LATE}
    load(usual, 21, 201)
    with usual.opened() as service:
        assert service.incidents.standing("main") == []


def test_a_promise_of_a_group_is_one_of_its_datasets(shop: Clone):
    shop.write("andon.toml", '[schedules.hourly]\nselect = ["marts.count"]\nmax_age = "6h"\n')
    shop.run()
    shop.clock.now += timedelta(hours=7)
    with shop.opened() as service:
        (late,) = service.signals.look("main").signals
        assert (late.dataset, late.kind) == ("marts.count", SignalKind.LATE)
        assert late.details["rule"] == "max_age 6h (schedule hourly)"
        (kept,) = service.reviewing.review("1d").promises
        assert (kept.dataset, kept.kept < 1) == ("marts.count", True)


def test_a_trigger_that_stays_away_is_noticed_by_who_looks_and_a_person_owes_no_rhythm(usual: Clone):
    with usual.opened() as service:
        for _ in range(4):
            usual.clock.now += timedelta(minutes=5)
            service.scheduling.tick("cron")
            service.scheduling.tick()
        assert [each.kind for each in service.incidents.standing("main")] == []
        usual.clock.now += timedelta(hours=2)
        silent = [each for each in service.incidents.standing("main") if each.kind is SignalKind.SILENCE]
        (incident,) = silent
        assert incident.title.startswith("`cron` looked by schedule each 5 min, and stays away since")
        service.scheduling.tick("cron")
        ended = service.workspace.incidents.find(incident.number)
        assert ended is not None
        assert ended.state.is_over


def test_rows_that_are_kept_longer_than_was_said(shop: Clone) -> None:
    shop.write("raw/visits.csv", "id,seen\n1,2025-01-02\n2,2026-03-01\n")
    source = "sources/shop/visits.sql"
    body = "select id, seen from read_csv('raw/visits.csv')\n"
    shop.write(source, body)
    shop.write("datasets/marts/visited.sql", "select id, seen::timestamp as seen from shop.visits\n")
    shop.run()

    def told() -> list[tuple[str, str, str]]:
        with shop.opened() as service:
            found = service.signals.look("main").signals
            return [(s.dataset, s.subject, s.what) for s in found if s.subject == "retention"]

    assert told() == []
    said = "/*---\nretention: {by: seen, keep: 400d}\n---*/\n"
    shop.write(source, said + body)
    shop.write(
        "datasets/marts/visited.sql",
        said.replace("400d", "2y") + "select id, seen::timestamp as seen from shop.visits\n",
    )
    shop.run()
    words = "it holds rows of 2025-01-02 by `seen`, and says that it keeps them 400d"
    assert told() == [("shop.visits", "retention", words)], "no build was needed to notice it"
    shop.clock.now += timedelta(days=320)
    assert [name for name, _, _ in told()] == ["marts.visited", "shop.visits"], "time alone makes it so"
    shop.write("raw/visits.csv", "id,seen\n2,2026-12-24\n")
    shop.refresh()
    assert told() == []
    shop.write(source, said.replace("by: seen", "by: id") + body)
    shop.run()
    assert told() == [("shop.visits", "retention", "its `retention` goes by `id`, which is no date or time of it")]
