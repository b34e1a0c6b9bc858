"""A review is computed from what was recorded, of a real lake over simulated days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from andon.base.clock import to_text
from andon.errors import UsageError
from andon.model.review import DEFINITIONS
from kit.clones import Clone


class Days:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 2, 6, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def test_a_week_with_a_bad_load_a_bad_change_and_a_branch(project: Clone):
    clock = project.clock = Days()
    project.write(
        "sources/shop/orders.sql",
        "/*---\nchecks: |\n  amount 0..100\n  id < 900 quarantine 5 rows\n---*/\n"
        "select id, customer, amount from read_csv('raw/orders_*.csv')\n",
    )
    assert project.run().published
    clock.now += timedelta(days=1)
    project.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,999\n")
    assert not project.refresh().published
    clock.now += timedelta(hours=2)
    project.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,99\n901,dan,1\n")
    assert project.refresh().published
    clock.now += timedelta(days=1)
    project.write("datasets/marts/count.sql", "select count(*) + 1 as n from shop.orders\n")
    assert project.run().published
    clock.now += timedelta(minutes=30)
    project.undo()
    with project.opened() as service:
        found = service.reviewing.review("7d", "main")
        assert found.incidents == {"opened": 2, "closed": 1, "standing": 1}, "the row set aside stands"
        assert (found.detect.count, found.recover.count) == (2, 1)
        assert 7200 <= (found.recover.median or 0) < 7300
        assert (found.detect.most or 0) < 60, "the run that met it noticed it"
        assert (found.published, found.changes) == (3, 2)
        (debt,) = found.quarantine
        assert (debt.dataset, debt.rows, debt.share, debt.days) == ("shop.orders", 1, 0.2, 1.0)
        (failed,) = found.failed_changes
        assert failed.why == "undone"
        assert 1800 <= (failed.restored or 0) < 1860
        assert "amount 0..100" not in [each.check for each in found.idle_checks], "it found something"
        assert found.definitions == DEFINITIONS
        later = service.reviewing.review(to_text(clock.now - timedelta(hours=1)), "main")
        assert (later.incidents["opened"], later.detect.count, later.changes) == (0, 0, 1)
        for wrong in ("soon", "2027-01-01", ""):
            with pytest.raises(UsageError) as refused:
                service.reviewing.review(wrong, "main")
            assert refused.value.code == "usage.bad_argument"
            assert refused.value.where == "since"
