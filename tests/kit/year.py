"""A year of the sample project: a month's file loaded each month, and beside it what happens to a lake that people work with."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.setup import example_folder
from kit.clones import Clone

#: What needs packages, and what uses that.
PYTHON = (
    "datasets/marts/purchase_model.py",
    "datasets/marts/purchase_model.lock.txt",
    "datasets/marts/predictions.py",
    "datasets/marts/predictions.lock.txt",
    "datasets/marts/customers_to_write_to.sql",
    "datasets/marts/lapsed_customers.sql",
    "insights/letters.md",
    "insights/retention.md",
)
MONTHS = tuple(
    f"{year}-{month:02}" for year, month in [(1997, m) for m in range(1, 13)] + [(1998, m) for m in range(1, 7)]
)
#: So many months are there when it begins.
_BEGUN = 6
_VALUE, _MONTHLY = "datasets/marts/customer_value.sql", "datasets/marts/revenue_by_month.sql"
_TRANSACTIONS = "raw/transactions_{}.csv.gz"


class Calendar:
    """A clock that goes on by itself, and by months when it is told."""

    def __init__(self) -> None:
        self.now = datetime(1997, 7, 3, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def next_month(self) -> None:
        self.now = (self.now.replace(day=1) + timedelta(days=32)).replace(day=3, hour=8)


def live(clone: Clone, months: int, *, python: bool) -> Iterator[str]:
    """Let so many months go by, and all of `EVENTS`, spread over them; what happens, as it does."""
    calendar = clone.clock
    assert isinstance(calendar, Calendar)
    shutil.copytree(example_folder(), clone.root, ignore=shutil.ignore_patterns(".andon", "__pycache__"))
    for path in () if python else PYTHON:
        (clone.root / path).unlink()
    for month in MONTHS[_BEGUN:]:
        (clone.root / _TRANSACTIONS.format(month)).unlink()
    assert clone.run().published
    yield "begun"
    for number, month in enumerate(MONTHS[_BEGUN : _BEGUN + months]):
        calendar.next_month()
        bring(clone, month)
        assert clone.refresh().published, month
        yield month
        for event in _share(number, months):
            event(clone, month)
            yield event.__name__


def bring(clone: Clone, month: str) -> None:
    name = _TRANSACTIONS.format(month)
    shutil.copyfile(example_folder() / name, clone.root / name)


def edit(clone: Clone, path: str, old: str, new: str) -> None:
    text = clone.read(path)
    assert text is not None
    assert old in text, (path, old)
    clone.write(path, text.replace(old, new))
    assert clone.run().published


# -- what happens


def a_comment(clone: Clone, month: str) -> None:
    """Nothing of its meaning changes: nothing is built."""
    edit(clone, _VALUE, "with until as", f"-- looked at in {month}\nwith until as")


def an_equal_result(clone: Clone, _: str) -> None:
    """Another text with the same rows: the earlier version is taken over."""
    edit(clone, _MONTHLY, "count(*) as orders", "sum(1) as orders")


def another_number(clone: Clone, _: str) -> None:
    edit(
        clone,
        _VALUE,
        "money(sum(amount)) as revenue,",
        "money(sum(amount)) as revenue,\n  money(sum(amount) / count(*)) as spent_per_purchase,",
    )


def taken_back(clone: Clone, _: str) -> None:
    before = clone.read(_MONTHLY)
    edit(clone, _MONTHLY, "round((sum(amount) / count(*))", "round((sum(amount) / count(*) * 1.1)")
    clone.undo()
    clone.write(_MONTHLY, before)


def taken_back_and_again(clone: Clone, _: str) -> None:
    edit(clone, _MONTHLY, "order by month", "order by month desc")
    clone.undo()
    clone.redo()


def a_rename(clone: Clone, _: str) -> None:
    with clone.opened() as service:
        service.renaming.rename("marts.orders_by_weekday", "marts.weekdays", RunOptions(agreed=ANY_PLAN))


def a_branch(clone: Clone, _: str) -> None:
    clone.switch("cds", create=True)
    clone.write(
        "datasets/marts/cds.sql", "/*---\nmaterialize: view\n---*/\nselect sum(cds) as cds from staging.purchases\n"
    )
    clone.run(branch="cds")
    clone.publish("cds")
    clone.switch("main")


def a_table_that_grows(clone: Clone, _: str) -> None:
    text = "/*---\nmaterialize: incremental\nincremental: {by: append}\n---*/\nselect cds * 2 as twice from shop.transactions\n"
    clone.write("datasets/marts/lines.sql", text)
    assert clone.run().published


def rows_set_aside(clone: Clone, _: str) -> None:
    text = (
        "/*---\nchecks: |\n  cds < 30 quarantine 50%\n---*/\nselect customer_id, cds, amount from shop.transactions\n"
    )
    clone.write("datasets/marts/usual.sql", text)
    assert clone.run().published


def a_correction(clone: Clone, month: str) -> None:
    """The shop sends a month again, with a line more."""
    place = clone.root / _TRANSACTIONS.format(month)
    lines = gzip.decompress(place.read_bytes()).splitlines(keepends=True)
    more = b",".join([*lines[-1].split(b",")[:3], b"1.25\n"])
    place.write_bytes(gzip.compress(b"".join([*lines, more]), mtime=0))
    assert clone.refresh().published


def a_bad_month(clone: Clone, month: str) -> None:
    """A load that a check holds, and then the right one."""
    place = clone.root / _TRANSACTIONS.format(month)
    good = place.read_bytes()
    lines = gzip.decompress(good).splitlines(keepends=True)
    place.write_bytes(gzip.compress(b"".join([*lines, lines[-1].replace(lines[-1].split(b",")[0], b"99999")]), mtime=0))
    clone.refresh()
    place.write_bytes(good)
    clone.refresh()


def a_macro(clone: Clone, _: str) -> None:
    text = clone.read("macros/money.sql")
    assert text is not None
    clone.write("macros/money.sql", f"-- of the shop\n{text}")
    assert clone.run().published


def forced(clone: Clone, _: str) -> None:
    with clone.opened() as service:
        service.runs.run(RunOptions(select=("marts.customer_value",), force=True, agreed=ANY_PLAN))


def files_put_together(clone: Clone, _: str) -> None:
    with clone.opened() as service:
        service.runs.optimize()


Event = Callable[[Clone, str], None]
EVENTS: Sequence[Event] = (
    a_comment,
    an_equal_result,
    a_table_that_grows,
    another_number,
    taken_back,
    a_rename,
    a_branch,
    rows_set_aside,
    a_correction,
    taken_back_and_again,
    a_bad_month,
    a_macro,
    forced,
    files_put_together,
)


def _share(number: int, months: int) -> Sequence[Event]:
    return EVENTS[len(EVENTS) * number // months : len(EVENTS) * (number + 1) // months]


def spoil_raw_files(root: Path) -> None:
    """The raw folder of today has nothing of what was loaded."""
    for number, path in enumerate(sorted((root / "raw").iterdir())):
        if number % 2:
            path.unlink()
        else:
            path.write_bytes(b"something else\n")
