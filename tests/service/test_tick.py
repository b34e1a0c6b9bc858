"""A pass brings up to date what is due, once; what failed waits; what is paused stays."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from andon.model.event import TaskEnded, TaskStarted
from andon.runs.goal import Listener
from andon.state.claims import Turn
from kit.clones import FILES, Clone

START = datetime(2026, 11, 2, tzinfo=UTC)


class At:
    """A clock that is set."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> At:
    return At()


@pytest.fixture
def lake(tmp_path: Path, clock: At) -> Clone:
    clone = Clone(tmp_path / "acme", clock=clock)
    clone.fill(FILES)
    clone.write(
        "datasets/marts/aged.sql", "/*---\nrefresh: {every: 1h}\n---*/\nselect count(*) as n from shop.orders\n"
    )
    clone.run()
    return clone


def test_a_pass_brings_up_to_date_what_is_due_and_the_next_finds_nothing(lake: Clone, clock: At):
    with lake.opened() as service:
        assert service.scheduling.tick().jobs == ()
        lake.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
        lake.write("datasets/marts/count.sql", "select 17 as n\n")  # an edit of the folder is nobody's refresh
        done = service.scheduling.tick("cron")
        assert [(job.outcome, job.published) for job in done.jobs] == [("done", True)]
        assert "shop.orders" in done.jobs[0].datasets
        assert (done.trigger, done.is_well, done.waiting) == ("cron", True, ())
        assert service.querying.ask("select n from marts.count").fetch() == [(4,)]
        head = service.workspace.lake.refs.resolve("main")
        assert (head.author, str(head.kind)) == ("andon", "refresh")
        assert service.scheduling.tick().due == ()
        clock.later(hours=1)
        again = service.scheduling.tick()
        assert [(job.outcome, job.run) for job in again.jobs] == [("nothing", None)]
        assert service.scheduling.tick().due == ()


def outcomes(tick) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {name: (job.outcome, job.failed) for job in tick.jobs for name in job.datasets}


def waits(tick) -> dict[str, str]:
    return {each.dataset: each.kind for each in tick.waiting}


def test_what_may_pass_by_itself_is_tried_again_and_more_and_more_rarely(tmp_path: Path, clock: At):
    lake = Clone(tmp_path / "acme", clock=clock)
    lake.write("andon.toml", '[connections.shop]\nkind = "sqlite"\npath = "shop.db"\n')
    with sqlite3.connect(lake.root / "shop.db") as shop:
        shop.execute("create table orders (id integer primary key)")
    lake.write(
        "sources/shop/orders.sql", "/*---\nconnection: shop\nrefresh: {every: 1h}\n---*/\nselect id from orders\n"
    )
    lake.write(
        "datasets/marts/count.sql", "/*---\nrefresh: {max_age: 1h}\n---*/\nselect count(*) as n from shop.orders\n"
    )
    lake.write("datasets/marts/own.sql", "select 1 as n from shop.more\n")
    lake.write("raw/more.csv", "id\n1\n")
    lake.write("sources/shop/more.sql", "from read_csv('raw/more.csv')\n")
    lake.run()
    (lake.root / "shop.db").rename(lake.root / "away.db")
    with lake.opened() as service:
        clock.later(hours=1)
        lake.write("raw/more.csv", "id\n1\n2\n")
        first = service.scheduling.tick()
        assert outcomes(first)["marts.own"] == ("done", ())
        assert outcomes(first)["shop.orders"] == ("failed", ("shop.orders",))
        waited = []
        for _ in range(6):
            second = service.scheduling.tick()
            assert (second.jobs, waits(second)) == ((), {"shop.orders": "retry", "marts.count": "above"})
            again = datetime.fromisoformat(second.waiting[1].until)
            assert "shop.db" in second.waiting[1].reason
            waited.append((again - clock.now) / timedelta(minutes=1))
            clock.now = again - timedelta(microseconds=1)
            assert service.scheduling.tick().jobs == ()
            clock.now = again
            assert outcomes(service.scheduling.tick())["shop.orders"] == ("failed", ("shop.orders",))
        for minutes, expected in zip(waited, [1, 5, 20, 60, 60, 60], strict=True):
            assert abs(minutes / expected - 1) <= 0.1
        (lake.root / "away.db").rename(lake.root / "shop.db")
        clock.later(hours=2)
        assert outcomes(service.scheduling.tick())["shop.orders"][0] in ("done", "nothing")
        assert service.workspace.attempts.of("main") == {}
        assert waits(service.scheduling.tick()) == {}


def test_what_fails_the_same_way_again_waits_for_other_inputs_other_code_or_its_next_slot(lake: Clone, clock: At):
    lake.write(
        "datasets/marts/ratio.sql",
        "select case when count(*) > 3 then error('too many') else count(*) end as n from shop.orders\n",
    )
    lake.run()
    with lake.opened() as service:
        lake.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
        done = service.scheduling.tick()
        assert [(job.outcome, job.published, job.failed) for job in done.jobs] == [("failed", True, ("marts.ratio",))]
        for _ in range(2):
            later = service.scheduling.tick()
            assert (later.jobs, waits(later)) == ((), {"marts.ratio": "failed"})
            assert "too many; it is tried again when its inputs or its code change" in later.waiting[0].reason
        clock.later(hours=1)  # something else is due, and what fails is not dragged along
        assert [(job.outcome, job.failed) for job in service.scheduling.tick().jobs] == [("nothing", ())]
        lake.write("raw/orders_06.csv", None)  # other inputs
        while (tick := service.scheduling.tick()).jobs:
            assert tick.is_well
        assert waits(tick) == {}
        lake.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,8\n")
        tick = service.scheduling.tick()
        assert not tick.is_well
    lake.write("datasets/marts/ratio.sql", "select count(*) as n from shop.orders\n")
    lake.run()  # other code
    with lake.opened() as service:
        assert service.scheduling.tick().due == ()


def test_what_a_person_brought_up_to_date_since_is_no_failure_any_more(tmp_path: Path, clock: At):
    """A database was mended: nothing that it was tried on is another one."""
    lake = Clone(tmp_path / "acme", clock=clock)
    lake.write("andon.toml", '[connections.shop]\nkind = "sqlite"\npath = "shop.db"\n')
    lake.write(
        "sources/shop/orders.sql", "/*---\nconnection: shop\nrefresh: {every: 1d}\n---*/\nselect id from orders\n"
    )
    with sqlite3.connect(lake.root / "shop.db") as shop:
        shop.execute("create table orders (id integer primary key)")
    lake.run()
    with sqlite3.connect(lake.root / "shop.db") as shop:
        shop.execute("alter table orders rename to away")
    clock.later(days=1)
    with lake.opened() as service:
        assert not service.scheduling.tick().is_well
        assert waits(service.scheduling.tick()) == {"shop.orders": "failed"}
        with sqlite3.connect(lake.root / "shop.db") as shop:
            shop.execute("alter table away rename to orders")
            shop.execute("insert into orders values (1)")
        clock.later(minutes=1)
        assert lake.refresh().published
        assert waits(service.scheduling.tick()) == {}


def test_a_check_that_holds_is_not_asked_again_and_again(lake: Clone, clock: At):
    lake.write("datasets/marts/few.sql", "/*---\nchecks: rows 1..3\nrefresh: {every: 1d}\n---*/\nfrom shop.orders\n")
    lake.run()
    with lake.opened() as service:
        lake.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
        done = service.scheduling.tick()
        assert [(job.outcome, job.failed) for job in done.jobs] == [("held", ("marts.few",))]
        assert done.jobs[0].published
        number = service.workspace.runs.newest(1)[0].number
        assert waits(service.scheduling.tick()) == {"marts.few": "failed"}
        clock.later(hours=23)
        service.scheduling.tick()
        assert service.workspace.runs.newest(1)[0].number == number
        clock.later(hours=1)  # its next slot
        assert outcomes(service.scheduling.tick())["marts.few"][0] == "held"


def test_what_is_paused_stays_as_it_is_published_and_what_reads_it_goes_on(lake: Clone, clock: At):
    with lake.opened() as service:
        until = clock.now + timedelta(hours=3)
        service.scheduling.pause(["marts.totals"], until, "the supplier moves")
        lake.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
        done = service.scheduling.tick()
        assert waits(done) == {"marts.totals": "paused"}
        assert "the supplier moves" in done.waiting[0].reason
        assert service.querying.ask("select count(*) from marts.totals").fetch() == [(2,)]
        assert service.querying.ask("select n from marts.count").fetch() == [(4,)]
        assert [each.dataset for each in service.scheduling.pauses()] == ["marts.totals"]
        clock.later(hours=3)  # it ends by itself, and is caught up once
        while service.scheduling.tick().jobs:
            continue
        assert service.querying.ask("select count(*) from marts.totals").fetch() == [(3,)]
        service.scheduling.pause([])
        clock.later(hours=1)
        assert service.scheduling.tick().jobs == ()
        clock.later(hours=50)
        assert service.scheduling.resume([]) == []
        assert len(service.scheduling.tick().jobs) == 1
        assert service.scheduling.tick().due == ()


def test_a_connection_serves_no_more_at_a_time_than_it_may(tmp_path: Path, clock: At):
    lake = Clone(tmp_path / "acme", clock=clock)
    lake.write(
        "andon.toml", '[connections.shop]\nkind = "sqlite"\npath = "shop.db"\nat_once = 1\n[engine]\nat_once = 3\n'
    )
    with sqlite3.connect(lake.root / "shop.db") as shop:
        for name in ("a", "b", "c"):
            shop.execute(f"create table {name} (id integer primary key)")
            lake.write(
                f"sources/shop/{name}.sql",
                f"/*---\nconnection: shop\nrefresh: {{every: 1h}}\n---*/\nselect id from {name}\n",
            )
    lake.run()
    with sqlite3.connect(lake.root / "shop.db") as shop:
        for name in ("a", "b", "c"):
            shop.execute(f"insert into {name} values (1)")
    clock.later(hours=1)
    seen: list[str] = []

    def report(event: object) -> None:
        if isinstance(event, TaskStarted | TaskEnded):
            seen.append(event.dataset if isinstance(event, TaskStarted) else event.result.dataset)

    with lake.opened() as service:
        workspace = service.workspace
        turn = Turn("connection shop", 1)
        other = workspace.claims.take("other", ["x"], timedelta(minutes=1), {}, [turn])
        refused = service.scheduling.tick()
        assert (refused.jobs, set(waits(refused).values())) == ((), {"turn"})
        with workspace.lake.database.write() as transaction:
            workspace.claims.release(transaction, other)
        done = service.scheduling.tick(listener=Listener(report))
    assert [job.outcome for job in done.jobs] == ["done"] * 3
    assert sorted(seen[::2]) == ["shop.a", "shop.b", "shop.c"]
    assert seen[::2] == seen[1::2], "each ended before the next began"


def test_who_lost_a_claim_publishes_nothing_and_who_has_it_does(lake: Clone, clock: At):
    lake.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
    with lake.opened() as service, lake.opened() as other:
        head = service.workspace.lake.refs.resolve("main").id
        late = []

        def report(event: object) -> None:
            if isinstance(event, TaskEnded) and not late:
                clock.later(minutes=3)  # so long it was silent
                late.append(other.scheduling.tick())
                late.append(other.workspace.lake.refs.resolve("main").id)

        lost = service.scheduling.tick(listener=Listener(report))
        assert [(job.outcome, job.published) for job in lost.jobs] == [("lost", False)]
        assert [job.outcome for job in late[0].jobs] == ["done"]
        assert service.workspace.lake.refs.resolve("main").id == late[1] != head
        assert service.workspace.attempts.of("main") == {}


def test_a_claim_of_a_clock_that_was_wrong_holds_nothing_up(lake: Clone, clock: At):
    lake.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
    with lake.opened() as service:
        claims = service.workspace.claims
        clock.later(days=3)
        claims.take("main", ["marts.count"], timedelta(minutes=1), {})
        assert waits(service.scheduling.tick()) == {"marts.count": "claimed"}
        clock.later(days=-3)
        assert "marts.count" in outcomes(service.scheduling.tick())
        assert service.querying.ask("select n from marts.count").fetch() == [(4,)]


def test_a_clock_that_was_put_back_hides_nothing_that_comes(lake: Clone, clock: At):
    with lake.opened() as service:
        clock.later(minutes=-40)
        for day, expected in (("06", 4), ("07", 5)):
            lake.write(f"raw/orders_{day}.csv", f"id,customer,amount\n{int(day)},cleo,7\n")
            assert outcomes(service.scheduling.tick())["marts.count"] == ("done", ())
            assert service.querying.ask("select n from marts.count").fetch() == [(expected,)]
            clock.later(seconds=1)
        before = service.workspace.runs.newest(1)[0].number
        for _ in range(3):
            clock.later(seconds=10)
            service.scheduling.tick()
        assert service.workspace.runs.newest(1)[0].number == before


def test_what_was_found_as_it_was_is_up_to_date_although_something_beside_it_is_held(tmp_path: Path, clock: At):
    lake = Clone(tmp_path / "acme", clock=clock)
    with sqlite3.connect(tmp_path / "shop.db") as shop:
        shop.execute("create table orders (id integer primary key)")
    lake.write("andon.toml", f'[connections.shop]\nkind = "sqlite"\npath = "{tmp_path / "shop.db"}"\n')
    lake.write(
        "playbooks.yml", "playbooks:\n  - {on: {kind: [source, failed]}, do: retry, mode: automatic, wait: [1 min]}\n"
    )
    every = "refresh: {every: 1h}"
    lake.write("sources/shop/orders.sql", f"/*---\nconnection: shop\n{every}\n---*/\nselect id from orders\n")
    lake.write("raw/stock.csv", "id\n1\n")
    lake.write(
        "sources/shop/stock.sql", f"/*---\n{every}\nchecks: id < 9\n---*/\nselect id from read_csv('raw/stock.csv')\n"
    )
    lake.write("datasets/marts/both.sql", "select count(*) as n from shop.orders, shop.stock\n")
    lake.run()
    with lake.opened() as service:
        clock.later(hours=1)
        (tmp_path / "shop.db").rename(tmp_path / "away.db")
        assert outcomes(service.scheduling.tick())["shop.orders"] == ("failed", ("shop.orders",))
        (tmp_path / "away.db").rename(tmp_path / "shop.db")
        clock.later(hours=1)
        lake.write("raw/stock.csv", "id\n10\n")
        job = next(job for job in service.scheduling.tick().jobs if "shop.stock" in job.datasets)
        assert (job.outcome, job.published, job.failed) == ("held", False, ("shop.stock",))
        due = {each.dataset: each for each in service.schedules.due().decisions}
        assert (due["shop.orders"].standing, due["shop.orders"].next[:16]) == ("waits", "2026-11-02T03:00")
        assert [(each.action, each.outcome) for each in service.actions.newest()] == [("retry", "verified")]
        assert {each.dataset: each.kind for each in service.incidents.list()} == {"shop.stock": "check"}


def test_after_an_outage_a_load_and_all_that_was_kept_back_with_it_are_one_run(tmp_path: Path, clock: At):
    """A total over the mart and the load keeps both back while the mart can't be made; when it can, one run makes both."""
    lake = Clone(tmp_path / "acme", clock=clock)
    with sqlite3.connect(tmp_path / "crm.db") as crm:
        crm.execute("create table people (id integer primary key)")
        crm.execute("insert into people values (1), (2)")
    lake.write("andon.toml", f'[connections.crm]\nkind = "sqlite"\npath = "{tmp_path / "crm.db"}"\n')
    every = "refresh: {every: 7h}"
    lake.write("sources/crm/people.sql", f"/*---\nconnection: crm\n{every}\n---*/\nselect id from people\n")
    lake.write("sources/shop/sales.sql", f"/*---\n{every}\n---*/\nselect * from read_csv('raw/sales_*.csv')\n")
    lake.write("raw/sales_1.csv", "id,amount\n1,3\n2,4\n")
    lake.write("datasets/staging/sums.sql", "select id, sum(amount) as amount from shop.sales group by id\n")
    lake.write(
        "datasets/marts/worth.sql",
        "/*---\nchecks: |\n  reconciles: sum(amount) = sum(shop.sales.amount)\n---*/\n"
        "select id, amount from staging.sums join crm.people using (id)\n",
    )
    lake.run()
    with lake.opened() as service:
        clock.later(hours=7)
        (tmp_path / "crm.db").rename(tmp_path / "away.db")
        lake.write("raw/sales_2.csv", "id,amount\n1,5\n")
        (job,) = service.scheduling.tick().jobs
        assert (job.outcome, job.published) == ("failed", False)
        assert {"shop.sales", "staging.sums"} <= set(job.failed)
        (tmp_path / "away.db").rename(tmp_path / "crm.db")
        clock.later(hours=7)
        (job,) = service.scheduling.tick().jobs
        assert (job.outcome, job.published, job.failed) == ("done", True, ())
        assert set(job.datasets) == {"crm.people", "shop.sales", "staging.sums", "marts.worth"}
        assert service.querying.ask("select sum(amount) from marts.worth").fetch() == [(12,)]
        assert service.incidents.list() == []
