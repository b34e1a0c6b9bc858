"""One incident for each cause: opened by what runs meet, contained while readers see what was good, closed when it is right again."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from andon.base.record import replace
from andon.base.uptime import Uptime
from andon.errors import ConflictError
from andon.model.incident import Incident, IncidentState
from andon.model.mask import MASK
from andon.model.run import TaskResult, TaskStatus
from andon.model.signal import SignalKind
from andon.operations.incidents.of_runs import signals_of
from andon.runs.goal import RunOptions
from andon.service.service import Service
from andon.state.incidents import Incidents
from andon.state.runs import RunRecord
from kit.clones import FILES, Clone

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


class Jumping:
    """The clock of a machine that tells how long it has run, whatever the clock shows."""

    def __init__(self, now: datetime) -> None:
        self.now, self.start, self.wrong, self.boot = now, now, timedelta(), "one"

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now + self.wrong

    def uptime(self) -> Uptime:
        return Uptime("here", self.boot, (self.now - self.start) // timedelta(microseconds=1))

    def passes(self, **by: float) -> None:
        self.now += timedelta(**by)


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
    assert again.opened > ended.opened, "corrections are tried anew"


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


def numbers(shop: Clone) -> dict[int, str]:
    return {incident.number: incident.dataset for incident in standing(shop)}


def warned(shop: Clone, line: str) -> None:
    """The totals with a check that only warns."""
    shop.write("datasets/marts/totals.sql", TOTALS.replace("sum(amount) = sum(shop.orders.amount)", f"{line} warn"))


def test_an_undo_ends_it_and_a_redo_brings_it_back_though_no_run_asked_again(shop):
    shop.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,50\n")
    warned(shop, "amount < 40")
    assert shop.run().published
    assert numbers(shop) == {1: "marts.totals"}
    shop.undo()
    assert numbers(shop) == {}
    shop.redo()
    (again,) = standing(shop)
    assert (again.number, again.reopened, again.state) == (1, 1, IncidentState.OPEN)


def test_what_is_renamed_reworded_or_retired_keeps_or_ends_its_incident(shop):
    warned(shop, "amount < 12")
    assert shop.run().published
    assert numbers(shop) == {1: "marts.totals"}
    warned(shop, "amount < 13")
    assert shop.run().published
    (reworded,) = standing(shop)
    assert (reworded.number, reworded.title) == (1, "the check `amount < 13 warn` fails in 2 of 2 rows")
    text = shop.read("datasets/marts/totals.sql")
    shop.write("datasets/marts/sums.sql", text)
    shop.write("datasets/marts/totals.sql", None)
    for name in ("best",):
        shop.write(f"datasets/marts/{name}.sql", "select customer from marts.sums\n")
    assert shop.run().published
    assert numbers(shop) == {1: "marts.sums"}, "by its new name"
    shop.write("datasets/marts/sums.sql", None)
    shop.write("datasets/marts/best.sql", None)
    assert shop.run().published
    assert numbers(shop) == {}


def test_two_causes_on_one_dataset_are_two_and_what_stands_by_itself_parts(shop):
    warned(shop, "amount < 12")
    assert shop.run().published
    shop.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,999\n")
    shop.refresh()
    assert numbers(shop) == {1: "shop.orders"}, "a cause above that is found later takes in what is below"
    shop.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,99\n")
    assert shop.refresh().published
    assert numbers(shop) == {2: "marts.totals"}, "what fails all the same has a cause of its own"
    shop.write(
        "datasets/marts/totals.sql",
        shop.read("datasets/marts/totals.sql").replace("12 warn", "12 warn\n  rows < 2 warn"),
    )
    assert shop.run().published
    assert numbers(shop) == {2: "marts.totals", 3: "marts.totals"}


def test_a_judged_one_stays_closed_until_it_was_right(shop):
    warned(shop, "rows < 2")
    assert shop.run().published
    with shop.opened() as service:
        with pytest.raises(ConflictError, match="closes itself"):
            service.incidents.close(1)
        assert service.incidents.close(1, "expected", "three customers by now").verdict == "expected"
    shop.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,9\n")
    assert shop.refresh().published
    assert numbers(shop) == {}
    shop.write("raw/orders_05.csv", "id,customer,amount\n1,ada,10\n")
    (shop.root / "raw/orders_06.csv").unlink()
    assert shop.refresh().published
    shop.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,9\n")
    assert shop.refresh().published
    assert numbers(shop) == {1: "marts.totals"}


def test_whoever_comes_next_reads_what_nobody_read_and_nothing_twice(shop, monkeypatch):
    shop.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,999\n")
    with monkeypatch.context() as patch:  # as if killed at the end of the run, before or within the transaction

        def killed(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        patch.setattr(Incidents, "mark_seen", killed)
        with shop.opened() as service, pytest.raises(KeyboardInterrupt):
            service.runs.refresh(RunOptions())
    with shop.opened() as one, shop.opened() as other:
        assert one.workspace.incidents.newest() == []
        barrier = threading.Barrier(2)

        def catch_up(service: Service) -> None:
            barrier.wait()
            service.incidents.catch_up("main")

        threads = [threading.Thread(target=catch_up, args=(service,)) for service in (one, other)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        (incident,) = one.workspace.incidents.newest()
        assert [str(event.kind) for event in one.workspace.incidents.events(incident.number)] == ["state", "state"]
        (signal,) = one.workspace.incidents.signals([incident.number])[incident.number]
        assert signal.times == 1


def test_a_first_look_at_an_old_lake_tells_what_still_stands(shop):
    for amount in (999, 99, 998):
        shop.write("raw/orders_06.csv", f"id,customer,amount\n4,cleo,{amount}\n")
        shop.refresh()
    with shop.opened() as service, service.workspace.lake.database.write() as transaction:
        for table in ("incident", "incident_signal", "incident_event", "seen_run"):
            transaction.execute(f"delete from {table}")
    assert numbers(shop) == {1: "shop.orders"}
    with shop.opened() as service:
        assert len(service.workspace.incidents.newest()) == 1
        assert len(service.workspace.incidents.events(1)) == 2


def test_a_branch_has_its_own_and_they_end_with_it(shop):
    warned(shop, "rows < 2")
    assert shop.run().published
    shop.branch("try")
    shop.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,999\n")
    assert not shop.refresh(branch="try").published
    with shop.opened() as service:
        assert [each.dataset for each in service.incidents.list("try")] == ["shop.orders"]
        assert [each.dataset for each in service.incidents.list("main")] == ["marts.totals"]
        service.branches.drop("try")
        service.incidents.list("main")
        assert [each.branch for each in service.workspace.incidents.standing()] == ["main"]


def test_what_changed_and_which_rows_are_told_by_key(shop):
    shop.write(
        "sources/shop/orders.sql", SHOP.replace("checks: |", "key: id\ncolumns:\n  customer: {pii: true}\nchecks: |")
    )
    shop.write("datasets/marts/count.sql", FILES["datasets/marts/count.sql"])
    assert shop.run().published
    shop.ask("select * from marts.totals")
    shop.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,999\n5,dan,-7\n")
    shop.refresh()
    shop.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,998\n6,dan,7\n")
    held = shop.refresh()
    with shop.opened() as service:
        page = service.incidents.show(1)
    assert (page.first_bad, page.last_good) == (shop.head("run:3").id, shop.head().id)
    assert [(each.kind, each.dataset, each.what) for each in page.differences] == [
        ("files", "shop.orders", "raw/orders_06.csv came"),
        ("rows", "shop.orders", "5 rows, where there were 3"),
    ]
    (rows,) = page.rows
    assert (rows.key, rows.bad, rows.new, rows.before, rows.is_whole) == (["id"], 1, 1, 0, True)
    assert rows.samples == [{"id": "4", "customer": MASK, "amount": "998"}], (
        "of the newest run, without what is personal"
    )
    assert (page.below, page.people) == (["marts.best", "marts.count", "marts.totals"], ["ana"])
    assert page.signals[0].run == held.run
    warned(shop, "amount < 12")
    (shop.root / "raw/orders_06.csv").unlink()
    assert shop.run().published
    with shop.opened() as service:
        (info,) = service.incidents.list()
        (rows,) = service.incidents.show(info.incident).rows
    assert (rows.dataset, rows.new, rows.before) == ("marts.totals", 0, 2), "they were so before anybody asked"


def test_what_was_not_too_old_once_is_no_proof_that_it_is_not_now(project: Clone):
    now = [datetime(2026, 3, 2, 6, tzinfo=UTC)]

    def clock() -> datetime:
        now[0] += timedelta(milliseconds=1)
        return now[0]

    project.clock = clock
    aged = "/*---\nchecks: |\n  max_age 30h by day warn\n---*/\nselect id, day from read_csv('raw/days.csv')\n"
    project.write("raw/days.csv", "id,day\n1,2026-03-01\n2,2026-03-02\n")
    project.write("sources/shop/days.sql", aged)
    assert project.run().published
    now[0] += timedelta(days=2)
    project.write("raw/days.csv", "id,day\n1,2026-03-01\n2,2026-03-02\n3,2026-03-02\n")
    assert project.refresh().published
    (incident,) = standing(project)
    assert incident.title.startswith("the check `max_age 30h by day warn`")
    project.undo()
    assert [each.number for each in standing(project)] == [incident.number]
    project.write("raw/days.csv", "id,day\n1,2026-03-01\n3,2026-03-04\n")
    assert project.refresh().published
    assert standing(project) == []


def test_an_age_is_judged_by_whoever_looks_though_no_run_has_anything_to_do(project: Clone):
    clock = project.clock = Jumping(datetime(2026, 3, 2, 6, tzinfo=UTC))
    aged = "/*---\nchecks: |\n  max_age 30h by day\n---*/\nselect id, day from read_csv('raw/days.csv')\n"
    project.write("raw/days.csv", "id,day\n1,2026-03-02\n")
    project.write("sources/shop/days.sql", aged)
    assert project.run().published
    with project.opened() as service:
        assert list(service.incidents.standing("main")) == []
        service.scheduling.tick("up")
        clock.passes(days=2)
        service.scheduling.tick("up")
        (incident,) = service.workspace.incidents.standing("main")
        assert (incident.dataset, incident.kind, incident.first_run) == ("shop.days", SignalKind.CHECK, None)
        seq = service.workspace.incidents.newest_seq()
        service.scheduling.tick("up")
        assert service.workspace.incidents.newest_seq() == seq, "it is told once"
    project.write("raw/days.csv", "id,day\n1,2026-03-04\n")
    assert project.refresh().published
    assert numbers(project) == {}


def test_a_clock_that_jumps_is_an_incident_of_the_machine_and_no_source_is_to_blame(project: Clone):
    clock = project.clock = Jumping(datetime(2026, 3, 2, 6, tzinfo=UTC))
    aged = "/*---\nrefresh: {every: 6h}\nchecks: |\n  max_age 30h by day\n---*/\nselect id, day from read_csv('raw/days.csv')\n"
    project.write("raw/days.csv", "id,day\n1,2026-03-02\n")
    project.write("sources/shop/days.sql", aged)
    assert project.run().published
    with project.opened() as service:
        service.scheduling.tick("cron")
        clock.passes(hours=6)
        service.scheduling.tick("cron")
        assert service.workspace.incidents.standing("main") == [], "nobody looked for a while: that is no jump"
    clock.wrong = timedelta(days=3)
    clock.passes(hours=6)
    project.write("raw/days.csv", "id,day\n1,2026-03-02\n2,2026-03-02\n")
    with project.opened() as service:  # another process, of the same start of the machine
        assert not service.scheduling.tick("cron").jobs[0].published
        (incident,) = service.workspace.incidents.standing("main")
        assert (incident.dataset, incident.kind) == ("", SignalKind.CLOCK)
        assert incident.title == "the clock of `here` was put ahead by 3 days since it showed 2026-03-02 12:00"
        signals = service.workspace.incidents.signals([incident.number])[incident.number]
        assert {each.dataset for each in signals} == {"", "shop.days"}, "the age that it makes is part of it"
        seq = service.workspace.incidents.newest_seq()
        service.incidents.catch_up()
        assert service.workspace.incidents.newest_seq() == seq, "it is told once"
        clock.wrong = timedelta()
        clock.passes(hours=6)
        assert service.scheduling.tick("cron").jobs[0].published
        assert service.workspace.incidents.standing("main") == [], "what it held back is settled, and not in three days"
    clock.boot = "another"  # nothing is to be compared with: only what is recorded of a time to come tells it
    clock.passes(days=4)
    project.write("raw/days.csv", "id,day\n1,2026-03-06\n")
    with project.opened() as service:
        service.scheduling.tick("cron")
        assert service.workspace.incidents.standing("main") == []
        clock.boot, clock.wrong = "a third", timedelta(days=-2)
        service.scheduling.tick("cron")
        (incident,) = service.workspace.incidents.standing("main")
        assert incident.kind is SignalKind.CLOCK
        assert "which is to come: the clock is behind, or was ahead" in incident.title
        clock.wrong = timedelta()
        service.scheduling.tick("cron")
        assert service.workspace.incidents.standing("main") == []


class Beside(Jumping):
    """The clock of another machine, which goes right at the same time."""

    def __init__(self, other: Jumping) -> None:
        super().__init__(other.now)
        self.other = other

    def __call__(self) -> datetime:
        self.other()
        return self.other.now

    def uptime(self) -> Uptime:
        return Uptime("there", "two", (self.other.now - self.start) // timedelta(microseconds=1))


def test_of_a_clock_only_its_machine_and_a_person_can_say_that_it_is_right(project: Clone):
    """Another machine that looks in between closes nothing; said right it is measured from then on, so that the next jump is seen."""
    clock = project.clock = Jumping(datetime(2026, 3, 2, 6, tzinfo=UTC))
    project.run()
    with project.opened() as here, Clone(project.root, clock=Beside(clock)).opened() as there:

        def looks() -> None:
            for service in (here, there, here, there):
                clock.passes(minutes=2)
                service.scheduling.tick("cron")

        looks()
        for number, wrong in enumerate((-30, 30)):
            clock.wrong = timedelta(hours=wrong)
            looks()
            (incident,) = here.workspace.incidents.standing("main")
            assert incident.reopened == number, "it stands, whoever looks"
            clock.wrong = timedelta()
            looks()
            assert here.workspace.incidents.standing("main") == []
        clock.wrong = timedelta(hours=30)
        looks()
        (incident,) = here.workspace.incidents.standing("main")
        here.incidents.close(incident.number, "expected")
        looks()
        assert here.workspace.incidents.standing("main") == []
        clock.wrong = timedelta(hours=60)
        looks()
        (incident,) = here.workspace.incidents.standing("main")
        assert incident.title.startswith("the clock of `here` was put ahead by 1 day")


def test_what_is_beside_a_load_that_is_held_was_brought_up_to_date_and_what_is_held_is_no_second_incident(
    project: Clone,
):
    clock = project.clock = Jumping(datetime(2026, 3, 2, 6, tzinfo=UTC))
    every = "/*---\nrefresh: {every: 1h}\nchecks: |\n  id 0..9\n  max_age 30h by day\n---*/\n"
    project.write("raw/days.csv", "id,day\n1,2026-03-02\n")
    project.write("sources/shop/days.sql", every + "select id, day from read_csv('raw/days.csv')\n")
    project.write(
        "datasets/marts/beside.sql", "/*---\nrefresh: {every: 1h}\n---*/\nselect count(*) as n from shop.orders\n"
    )
    assert project.run().published
    clock.passes(days=2)
    project.write("raw/days.csv", "id,day\n1,2026-03-02\n77,2026-03-04\n")
    with project.opened() as service:
        assert not service.runs.refresh().published
        clock.passes(minutes=30)
        service.scheduling.tick("up")
        (incident,) = service.workspace.incidents.standing("main")
        assert incident.title == "the check `id 0..9` fails in 1 of 2 rows"
        told = service.workspace.incidents.signals([incident.number])[incident.number]
        assert {each.dataset for each in told} == {"shop.days"}, "marts.beside was looked at by that run"


def test_a_run_that_was_killed_is_told_and_one_that_somebody_stopped_is_not():
    run = RunRecord(
        7, "main", "c", "refresh", "andon", "2026-03-02", "2026-03-02", "interrupted", None, False, None, "x", None
    )
    (signal,) = signals_of(run, [], [])
    assert (signal.dataset, signal.kind, signal.details["retryable"]) == ("", SignalKind.FAILED, True)
    assert signal.what == "a run came to no end: the process that made it is gone"
    assert signals_of(replace(run, seconds=1.5), [], []) == []
    down = TaskResult("shop.orders", "build", "", TaskStatus.FAILED, error={"code": "source.unreachable"})
    found = signals_of(run, [down], [])
    assert {each.dataset for each in found} == {"", "shop.orders"}, "what else failed before does not hide it"


def test_a_defect_in_what_comes_after_a_run_is_no_failure_of_the_run(shop, monkeypatch):
    from andon.model.event import Notice
    from andon.operations.incidents.keeping import IncidentKeeper
    from andon.runs.goal import DEFAULTS, Listener

    def broken(self, branch, look=None):
        raise KeyError("a defect")

    monkeypatch.setattr(IncidentKeeper, "catch_up", broken)
    shop.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
    told: list[object] = []
    with shop.opened() as service:
        result = service.runs.refresh(DEFAULTS, Listener(report=told.append))
    assert result.published
    assert any(isinstance(e, Notice) and "a defect (KeyError)" in e.text for e in told)
