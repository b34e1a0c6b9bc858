"""A dataset under another name is the same one for all that is told of its past: who read it, what it cost, since when it is there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from andon.errors import UsageError
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.workspace.caller import Caller
from kit.clones import FILES, Clone

AGREED = RunOptions(agreed=ANY_PLAN)


class Days:
    """A clock that a test moves."""

    now = datetime(2026, 1, 1, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(microseconds=700)
        return self.now


@pytest.fixture(params=["renamed", "moved", "renamed, undone"])
def later(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Clone, str]:
    """A lake of 95 days, and a name: ben read the dataset of that name on the 50th day, under the name that it had then."""
    clone = Clone(tmp_path / "acme")
    clone.root.mkdir()
    clock = clone.clock = Days()
    clone.fill(FILES)
    assert clone.run().published
    clock.now += timedelta(days=50)
    name = "marts.count"
    with clone.opened() as service:
        if request.param == "renamed, undone":
            service.renaming.rename("marts.count", "marts.number", AGREED)
            name = "marts.number"
        service.by(Caller("ben", "python")).querying.ask(f"select n from {name}").fetch()
    clock.now += timedelta(days=5)
    if request.param == "moved":
        clone.write("datasets/marts/number.sql", clone.read("datasets/marts/count.sql"))
        clone.write("datasets/marts/count.sql", None)
        assert clone.run().published
    else:
        with clone.opened() as service:
            if request.param == "renamed":
                service.renaming.rename("marts.count", "marts.number", AGREED)
            else:
                service.undoing.undo()
    clock.now += timedelta(days=10)
    return clone, "marts.count" if request.param == "renamed, undone" else "marts.number"


def test_who_read_it_under_the_other_name_read_it(later: tuple[Clone, str]):
    clone, name = later
    with clone.opened() as service:
        found = service.catalog.find(name)
        readers = service.readers.of(name)
        assert (found.hits[0].dataset, found.hits[0].readers) == (name, 1)
        assert [each.person for each in readers.people] == ["ben"]
        clone.clock.now += timedelta(days=30)
        assert name not in {each.dataset for each in service.costs.waste().datasets}
        with pytest.raises(UsageError, match="ben read it"):
            service.costs.archive([name], AGREED)
        clone.clock.now += timedelta(days=30)
        wasted = {each.dataset: each for each in service.costs.waste().datasets}
        assert wasted[name].reader == "ben"


def test_what_it_cost_under_the_other_name_it_cost(later: tuple[Clone, str]):
    clone, name = later
    with clone.opened() as service:
        bill = service.costs.cost("dataset", "80d")

    assert {part.name for part in bill.parts} <= {None, "shop.orders", "marts.totals", "marts.best", name}
    assert sum(part.microseconds for part in bill.parts) == bill.total.microseconds
    assert sum(part.byte_days for part in bill.parts) == bill.total.byte_days
