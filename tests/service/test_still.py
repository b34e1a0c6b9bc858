"""A pass that compares instead of deciding says what a whole one says, whatever moved, and whoever looked before."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from andon.base.clock import to_text
from andon.base.record import replace
from andon.operations.scheduling import files
from andon.runs.goal import RunOptions
from andon.service.service import Service
from andon.state.attempts import Attempt
from kit.clones import FILES, Clone

START = datetime(2026, 11, 2, 20, tzinfo=UTC)
RULES = {
    "marts.hourly": "{every: 1h}",
    "marts.nightly": '{cron: "30 2 * * *", tz: Europe/Berlin}',
    "marts.aged": "{max_age: 6h}",
    "marts.asked": "{when: select max(id) from shop.orders, upstream: false}",
}


class At:
    """A clock that is set."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> At:
    return At()


@pytest.fixture
def lake(tmp_path: Path, clock: At, monkeypatch: pytest.MonkeyPatch) -> Clone:
    # files that were written this moment have other sizes here, each time
    monkeypatch.setattr(files, "_SETTLED", -(10**12))
    clone = Clone(tmp_path / "acme", clock=clock)
    clone.fill(FILES)
    for name, rule in RULES.items():
        clone.write(
            f"datasets/{name.replace('.', '/')}.sql",
            f"/*---\nrefresh: {rule}\n---*/\nselect count(*) as n from shop.orders\n",
        )
    clone.write("datasets/marts/today.sql", "select current_date as day\n")
    clone.run()
    return clone


def is_still(service: Service) -> bool:
    """Whether the next pass would only compare."""
    return service.schedules._looking._stillness.found("main", service.workspace.clock()) is not None


def test_a_still_pass_says_what_a_whole_one_says(lake: Clone, clock: At):
    """Random things happen; before each pass a whole look tells what it has to find. Some passes are of one process, some of others."""
    chance, number, found = random.Random(3), iter(range(5, 1000)), {"still": 0, "due": 0}
    lasting = lake.open()

    def file() -> None:
        lake.write(
            f"raw/orders_{next(number)}.csv", "id,customer,amount\n" + "".join(f"{n},x,1\n" for n in number_of())
        )

    def number_of() -> range:
        return range(next(number))

    def code() -> None:
        lake.write("datasets/marts/count.sql", f"select count(*) + {next(number)} as n from shop.orders\n")
        lake.run("marts.count")

    def paused() -> None:
        lasting.scheduling.pause(["marts.hourly"], clock.now + timedelta(minutes=chance.choice((20, 200))))

    def resumed() -> None:
        lasting.workspace.pauses.end("main", ["marts.hourly"])

    def held() -> None:
        if not lasting.cords.standing():
            lasting.cords.hold("marts.count", "totals look wrong")

    def released() -> None:
        if lasting.cords.standing():
            lasting.cords.release("marts.count")

    def failed() -> None:
        again = clock.now + timedelta(minutes=10)
        with lasting.workspace.lake.database.write() as transaction:
            attempt = Attempt("marts.hourly", 1, clock.now.isoformat(), "x", "boom", again.isoformat())
            lasting.workspace.attempts.put(transaction, "main", [attempt])

    def well() -> None:
        with lasting.workspace.lake.database.write() as transaction:
            lasting.workspace.attempts.put(transaction, "main", [], ["marts.hourly"])

    def by_hand() -> None:
        lasting.runs.refresh(RunOptions(select=("marts.hourly",)))

    def later() -> None:
        clock.now += timedelta(minutes=chance.choice((1, 10, 70, 400)))

    def back() -> None:
        clock.now -= timedelta(minutes=chance.choice((1, 90)))

    happens: list[Callable[[], None]] = [
        *(file, code, paused, resumed, held, released, failed, well, by_hand),
        *(later, later, later, back),
    ]
    for step in range(54):
        if step % 3:
            chance.choice(happens)()
        with lake.opened() as other:
            service = lasting if chance.random() < 0.5 else other
            wanted = {each.dataset for each in other.schedules.due().due}
            found["still"] += is_still(service)
            found["due"] += bool(wanted)
            held = {each.dataset for each in other.schedules.due().decisions if each.standing == "held back"}
            tick = service.scheduling.tick("up")
            assert {each.dataset for each in tick.due} == wanted
            assert {each.dataset for each in tick.waiting} == held
            if wanted:
                continue
            recorded = other.workspace.decisions.in_force("main")  # is what holds, whoever came by in between
            for each in other.schedules.due().decisions:
                if (
                    not each.is_quiet and each.dataset != "marts.aged"
                ):  # which knows by the pass how often somebody looks
                    assert recorded[each.dataset] == replace(each, seen="")
    lasting.close()
    assert found["still"] > 8, "it is the way of most passes"
    assert found["due"] > 8


def test_what_waits_is_told_by_a_still_pass_too(lake: Clone, clock: At):
    with lake.opened() as service:
        service.scheduling.pause(["marts.hourly"], why="the supplier moves")
        clock.now += timedelta(hours=1)
        told = [service.scheduling.tick("up").waiting for _ in range(3)]
    with lake.opened() as other:
        assert is_still(other)
        told.append(other.scheduling.tick("cron").waiting)
    assert {tuple((each.dataset, each.kind, each.until) for each in waiting) for waiting in told} == {
        (("marts.hourly", "paused", None),)
    }
    assert len(set(told)) == 1


def test_who_comes_after_another_decision_was_recorded_records_theirs(lake: Clone, clock: At):
    """What was paused when another process looked is told as it is by one that saw nothing of it."""
    with lake.opened() as service, lake.opened() as other:
        service.scheduling.tick("up")
        assert is_still(service)
        other.scheduling.pause(["marts.hourly"])
        other.scheduling.tick("cron")
        other.scheduling.resume([])
        clock.now += timedelta(minutes=2)
        assert not is_still(service)
        service.scheduling.tick("up")
        found = service.schedules.why("marts.hourly", clock.now)
        assert found.decision is not None
        assert found.decision.held is None
        service.scheduling.tick("up")
        assert is_still(service)
        assert is_still(other)


def test_to_ask_what_will_be_due_changes_nothing(lake: Clone, clock: At):
    """What somebody sees from the future is not noted as seen then: it would count as newer than all runs until that day."""
    lake.write("raw/orders_99.csv", "id,customer,amount\n9,ben,1\n")
    with lake.opened() as service:
        ahead = service.schedules.due(at=clock.now + timedelta(days=3))
        assert "shop.orders" in {each.dataset for each in ahead.due}
    with lake.opened() as service:
        assert service.schedules._looking._movement._before("main") == {}
        assert "shop.orders" in {each.dataset for each in service.schedules.due().due}
        (seen,) = service.schedules._looking._movement._before("main").values()
        assert seen.at == to_text(clock.now + timedelta(microseconds=1)), "now, and after the run that did not see it"
