"""What is due by schedule and why (not), now and at a moment that is over, by what was recorded; in as few statements whatever the size."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from andon.errors import UsageError
from andon.service.service import Service
from kit.clones import FILES, Clone

START = datetime(2026, 11, 2, tzinfo=UTC)


class At:
    """A clock that is set."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def later(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now


@pytest.fixture
def clock() -> At:
    return At()


@pytest.fixture
def lake(tmp_path: Path, clock: At) -> Clone:
    clone = Clone(tmp_path / "acme", clock=clock)
    clone.fill(FILES)
    clone.write(
        "andon.toml", '[schedules.nightly]\nselect = ["tag:nightly"]\ncron = "0 2 * * *"\ntz = "Europe/Berlin"\n'
    )
    clone.write(
        "datasets/marts/aged.sql", "/*---\nrefresh: {max_age: 6h}\n---*/\nselect count(*) as n from shop.orders\n"
    )
    clone.write("datasets/marts/night.sql", "/*---\ntags: [nightly]\n---*/\nselect 1 as n\n")
    clone.write("datasets/marts/hand.sql", "/*---\nrefresh: manual\n---*/\nfrom shop.orders\n")
    clone.run()
    return clone


def due(service: Service, *select: str) -> dict[str, str]:
    return {each.dataset: each.reason for each in service.schedules.due(select).due}


def test_rules_of_its_own_and_of_groups_tell_what_is_due_and_what_comes(lake: Clone, clock: At):
    with lake.opened() as service:
        assert due(service) == {}
        coming = {each.dataset: each.next for each in service.schedules.due().coming}
        assert coming == {"marts.night": "2026-11-02T01:00:00.000000Z", "marts.aged": coming["marts.aged"]}
        assert "2026-11-02T05:55" < coming["marts.aged"] <= "2026-11-02T06:00:00.000000Z", "so early that it is in time"
        clock.later(hours=1)
        assert due(service) == {"marts.night": "brought up to date at 2026-11-02 00:00, it was due at 2026-11-02 01:00"}
        assert due(service, "marts.aged") == {}
        assert [job.outcome for job in service.scheduling.tick().jobs] == ["nothing"]
        lake.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
        found = service.schedules.due()
        reasons = {each.dataset: each.reason for each in found.due}
        assert reasons["shop.orders"] == "files: 1 added (raw/orders_06.csv)"
        assert reasons["marts.aged"] == "reads shop.orders, which is due"
        assert "marts.hand" not in reasons
        assert {each.dataset: each.standing for each in found.decisions}["marts.hand"] == "waits"
        lake.write("raw/orders_06.csv", None)
        assert due(service) == {}, "as it was read"
        with pytest.raises(UsageError, match="selects no dataset"):
            service.schedules.due(["marts.nope"])


def test_what_an_undo_keeps_out_is_not_looked_at_again_and_again(lake: Clone, clock: At):
    lake.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
    with lake.opened() as service:
        clock.later(minutes=5)
        assert service.scheduling.tick().is_well
        clock.later(minutes=5)
        lake.undo()
        for _ in range(3):
            clock.later(minutes=5)
            service.scheduling.tick()
        assert due(service) == {}
        assert service.scheduling.tick().jobs == ()


def told(service: Service, at: datetime | None = None) -> str:
    return " · ".join(service.schedules.why("marts.night", at).told)


def test_why_is_told_of_any_moment_by_what_was_recorded(lake: Clone, clock: At):
    with lake.opened() as service:
        assert "nobody looked by schedule until now" in told(service)
        for _ in range(4):
            clock.later(minutes=10)
            service.scheduling.tick("cron")
        service.scheduling.pause(["marts.night"], why="the supplier moves")
        paused = clock.later(minutes=30)  # 01:10, its slot is over
        service.scheduling.tick("cron")
        away = clock.later(hours=3)
        service.scheduling.resume(["marts.night"])
        assert f"nobody looked between {paused:%Y-%m-%d %H:%M} (`cron`) and now" in told(service)
        back = clock.later(minutes=1)
        assert [job.datasets for job in service.scheduling.tick("cron").jobs] == [("marts.night",)]
        clock.later(minutes=10)
        service.scheduling.tick("cron")
        early, held, gone, now = (told(service, at) for at in (START + timedelta(minutes=25), paused, away, clock.now))
        assert "not due" in early
        assert "it comes at 2026-11-02 01:00" in early
        assert "`cron` looked about then" in early
        assert "held back" in held
        assert "paused by ana: the supplier moves (due: brought up to date at 2026-11-02 00:00" in held
        assert f"nobody looked between {paused:%Y-%m-%d %H:%M} (`cron`) and {back:%Y-%m-%d %H:%M}" in gone
        assert f"brought up to date at {back:%Y-%m-%d %H:%M}" in now
        assert "for 2026-11-02 01:00" in told(service, back)
        assert "run 1 of 2026-11-02 00:00 had it" in now
        with pytest.raises(UsageError, match="no dataset is named"):
            service.schedules.why("marts.gone")


def test_only_what_changed_is_recorded_and_idle_passes_are_one_line(lake: Clone, clock: At):
    with lake.opened() as service:
        for _ in range(30):
            clock.later(minutes=2)
            service.scheduling.tick("up")
        recorded = service.workspace.decisions
        lines = recorded.passes("main")
        assert [each.due for each in lines] == [1, 0, 0], "the first; how often it looks is known; the last"
        assert sum(each.times for each in lines) == 30
        assert {d: each.standing for d, each in recorded.in_force("main").items()} == {
            "marts.aged": "waits",
            "marts.hand": "waits",
            "marts.night": "due",
        }
        clock.later(hours=2)
        found = service.schedules.due()
        assert [(each.trigger, each.usual) for each in found.silent] == [("up", 120.0)]


def statements(service: Service) -> int:
    """How many statements a look asks that finds nothing."""
    database, seen = service.workspace.lake.database, []
    query, write = database.query, database.write

    def counted(sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        seen.append(sql)
        return query(sql, parameters)

    database.query = counted  # type: ignore[method-assign]
    try:
        service.schedules.due()
        del seen[:]
        assert service.schedules.due().due == []
    finally:
        database.query, database.write = query, write  # type: ignore[method-assign]
    return len(seen)


def test_a_look_asks_as_many_statements_whatever_the_size(lake: Clone, clock: At):
    with lake.opened() as service:
        few = statements(service)
    for number in range(120):
        lake.write(
            f"datasets/more/d{number}.sql",
            "/*---\nrefresh: {every: 1w}\n---*/\nselect count(*) as n from shop.orders\n",
        )
    lake.run()
    with lake.opened() as service:
        assert statements(service) == few <= 12
