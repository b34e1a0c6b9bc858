"""A year of the example: months come, code is edited, renamed, undone and published from a branch. All that was ever shown is built again
the same, there, and from a backup in another place beside a raw folder that holds something else."""

from __future__ import annotations

import gzip
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from andon.errors import DatasetError
from andon.model.reproduction_sample import ReproductionSample
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.reproduction_samples import SampleOptions
from andon.service.restoring import RestoreOptions, restore
from kit.clones import Clone
from kit.locks import lock_or_skip

EXAMPLE = Path(__file__).parents[2] / "examples" / "cdnow"
MONTHS = [path.name for path in sorted((EXAMPLE / "raw").glob("transactions_*"))]
WEEKDAYS = "datasets/marts/orders_by_weekday.sql"
LAPSED = "datasets/marts/lapsed_customers.sql"
MONTHLY = "datasets/marts/revenue_by_month.sql"
#: Their packages come from an index.
PYTHON = ("purchase_model", "predictions", "customers_to_write_to")


class Calendar:
    """A clock that a test moves on by months; each look takes a second."""

    def __init__(self) -> None:
        self.now = datetime(1997, 7, 1, 6, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def next_month(self) -> None:
        self.now = (self.now.replace(day=1) + timedelta(days=32)).replace(day=1, hour=6, minute=0, second=0)


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    root = tmp_path_factory.mktemp("year") / "cdnow"
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns(".andon", "transactions_*", "__pycache__"))
    try:
        lock_or_skip("marts.any", ["numpy"])
    except (DatasetError, pytest.skip.Exception):
        for path in [each for name in PYTHON for each in root.glob(f"datasets/marts/{name}.*")]:
            path.unlink()
        shutil.rmtree(root / "insights")
    calendar = Calendar()
    clone = Clone(root, clock=calendar)

    def brings(*months: str) -> None:
        for name in months:
            shutil.copy(EXAMPLE / "raw" / name, root / "raw" / name)

    def edited(path: str, old: str, new: str) -> None:
        text = clone.read(path)
        assert text is not None
        assert old in text, (path, old)
        clone.write(path, text.replace(old, new))

    brings(*MONTHS[:6])
    assert clone.run().published
    for number, name in enumerate(MONTHS[6:18], start=1):
        calendar.next_month()
        brings(name)
        if number == 5:  # half a month, taken back, and then the whole
            path = root / "raw" / name
            whole = path.read_bytes()
            path.write_bytes(gzip.compress(b"".join(gzip.decompress(whole).splitlines(keepends=True)[:400]), mtime=0))
            assert clone.refresh().published
            clone.undo()
            path.write_bytes(whole)
        assert clone.refresh().published
        if number == 2:  # words alone: taken over
            edited(WEEKDAYS, "select", "-- by day\nselect")
            clone.run()
        elif number == 3:  # other code for the same rows: proved, or found to be equal
            edited(MONTHLY, "from staging.purchases", "from (select * from staging.purchases) as bought")
            clone.run()
        elif number == 6:  # an edit that is taken back, and again
            edited(WEEKDAYS, "count(*)", "count(*) + 0")
            clone.run()
            clone.undo()
            clone.redo()
        elif number == 8:
            with clone.opened() as service:
                service.renaming.rename(
                    "marts.lapsed_customers", "marts.sleeping_customers", RunOptions(agreed=ANY_PLAN)
                )
        elif number == 10:
            clone.switch("try", create=True)
            edited(MONTHLY, "order by", "-- oldest first\norder by")
            edited("datasets/marts/rfm.sql", "select", "/* as of the data */ select")
            clone.run(branch="try")
            clone.publish("try")
            clone.switch("main")
    return clone


def again(clone: Clone, sample: int | None = None) -> ReproductionSample:
    with clone.opened() as service:
        return service.reproduction_samples.sample((), SampleOptions(sample=sample, seed=7))


def all_identical(found: ReproductionSample, least: int) -> None:
    others = [
        (each.dataset, each.commit, each.how)
        for each in found.versions
        if each.verdict is None or each.verdict.name != "IDENTICAL"
    ]
    assert others == []
    assert len(found.versions) >= least


def test_all_that_was_shown_comes_out_the_same(year) -> None:
    all_identical(again(year, 25), 25)


def test_so_it_does_from_a_backup_elsewhere_beside_other_raw_files(year, tmp_path) -> None:
    with year.opened() as service:
        service.backups.make(str(tmp_path / "copies"))
    moved = Clone(tmp_path / "elsewhere é", author="ben")
    restore(tmp_path / "copies", moved.root, RestoreOptions())
    raw = moved.root / "raw"
    raw.mkdir(exist_ok=True)
    for name in MONTHS:
        (raw / name).write_bytes(b"something else")
    with moved.opened() as service:
        assert service.verifying.verify(all=True).damaged == []
    all_identical(again(moved), 150)
