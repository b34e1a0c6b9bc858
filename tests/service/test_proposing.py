"""Proposed checks on a real lake: tried on the versions that readers had, written into the files, run with the next result."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

import andon
from andon.errors import ProjectError, UsageError
from kit.clones import Clone, closing

SOURCE = "select id, customer, amount, placed_on from read_csv('raw/orders_*.csv')\n"
MARTS = "/*---\nowner: ana  # she knows\n---*/\nselect customer, sum(amount) as revenue from shop.orders group by customer order by 1\n"
PYTHON = """from andon import dataset, read


@dataset(owner="ben")
def big(orders=read("shop.orders")):
    return orders.filter("amount > 3").project("id as order_id, amount")
"""


def orders(month: int, count: int = 80, status: str = "") -> str:
    rows = [
        f"{month * 1000 + i},c{i % 30}{status},{i % 7 + 1}.50,2026-{month:02d}-{i % 28 + 1:02d}" for i in range(count)
    ]
    return "\n".join(["id,customer,amount,placed_on", *rows]) + "\n"


class Clock:
    """A day later at each run."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 6, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def shop(tmp_path) -> Clone:
    """Three months, loaded one after the other."""
    made = Clone(tmp_path / "acme", clock=Clock())
    made.write("andon.toml", "")
    made.write("sources/shop/orders.sql", SOURCE)
    made.write("datasets/marts/totals.sql", MARTS)
    made.write("datasets/marts/big.py", PYTHON)
    for month in (1, 2, 3):
        made.write(f"raw/orders_{month:02d}.csv", orders(month))
        made.run() if month == 1 else made.refresh()
        made.clock.now += timedelta(days=1)
    return made


def suggested(clone: Clone, *select: str, at: str | None = None) -> dict[str, dict[str, tuple[int, int]]]:
    with closing(clone.open()) as service:
        found = service.proposing.suggest(select, at)
        return {one.dataset: {s.line: (s.past_failures, s.past_versions) for s in one.suggestions} for one in found}


def written(clone: Clone, *select: str) -> dict[str, list[str]]:
    with closing(clone.open()) as service:
        found = service.proposing.write(service.proposing.suggest(select))
        return {path: [s.line for s in lines] for path, lines in found.items()}


def test_lines_are_tried_on_the_versions_that_were(shop: Clone) -> None:
    found = suggested(shop)
    assert found["shop.orders"] == {
        "key id": (0, 2),
        "not null customer, amount, placed_on": (0, 2),
        "amount 0..20": (0, 2),
        "rows >= 100% of published": (0, 1),
    }
    assert found["marts.totals"]["sum(revenue) = sum(shop.orders.amount) +- 0.01%"] == (0, 2)
    assert found["marts.big"]["key order_id"] == (0, 2)


def test_of_another_commit(shop: Clone) -> None:
    assert suggested(shop, "shop.orders", at="main~2")["shop.orders"]["key id"] == (0, 0)


def test_what_would_have_failed_is_told_and_not_written(shop: Clone) -> None:
    shop.write("raw/orders_02.csv", orders(2).replace("c5,", ","))
    shop.refresh()
    shop.write("raw/orders_02.csv", orders(2, 81))
    shop.refresh()
    found = suggested(shop, "shop.orders")["shop.orders"]
    assert found["not null customer"] == (1, 4)
    assert found["not null amount, placed_on"] == (0, 4)
    lines = written(shop, "shop.orders")["sources/shop/orders.sql"]
    assert "not null amount, placed_on" in lines
    assert "not null customer" not in lines


def test_what_was_undone_does_not_count(shop: Clone) -> None:
    shop.write("raw/orders_02.csv", orders(2).replace("c5,", ","))
    shop.refresh()
    shop.undo()
    assert suggested(shop, "shop.orders")["shop.orders"]["not null customer, amount, placed_on"] == (0, 2)


def test_written_lines_stand_in_the_files_and_are_run(shop: Clone) -> None:
    found = written(shop)
    assert sorted(found) == ["datasets/marts/big.py", "datasets/marts/totals.sql", "sources/shop/orders.sql"]
    assert 'checks="""\n    key order_id\n' in (shop.root / "datasets/marts/big.py").read_text()
    text = (shop.root / "datasets/marts/totals.sql").read_text()
    assert text.startswith(
        "/*---\nowner: ana  # she knows\nchecks: |\n  key customer\n  sum(revenue) = sum(shop.orders.amount) +- 0.01%\n"
    )
    assert text.endswith("---*/\n" + MARTS.split("---*/\n")[1])
    again = suggested(shop)
    assert not [line for lines in again.values() for line in lines]
    result = shop.run()
    assert result.published
    assert {r.status for r in result.checks} <= {"pass", "skipped"}


def test_a_file_that_cannot_be_added_to_leaves_all_as_they_are(shop: Clone) -> None:
    shop.write("datasets/marts/totals.sql", MARTS.replace("owner:", "checks: rows > 0  # some\nowner:"))
    before = (shop.root / "sources/shop/orders.sql").read_text()
    with pytest.raises(ProjectError, match="can't be written") as raised:
        written(shop)
    assert raised.value.code == "project.cannot_add"
    assert raised.value.where == "datasets/marts/totals.sql"
    assert (shop.root / "sources/shop/orders.sql").read_text() == before


def test_a_file_that_the_folder_lacks(shop: Clone) -> None:
    with closing(shop.open()) as service:
        found = service.proposing.suggest(("marts.totals",))
        shop.write("datasets/marts/totals.sql", None)
        with pytest.raises(UsageError, match="no such file"):
            service.proposing.write(found)


def test_a_line_that_cannot_be_read_is_reported(shop: Clone) -> None:
    shop.write("datasets/marts/totals.sql", MARTS.replace("owner:", "checks: |\n  share(revenue) < 5\nowner:"))
    with pytest.raises(ProjectError) as raised:
        suggested(shop, "marts.totals")
    assert raised.value.problems[0].line == 3


def test_nothing_built_yet(project: Clone) -> None:
    with pytest.raises(UsageError, match="nothing is built yet"):
        suggested(project)


def test_from_python(shop: Clone) -> None:
    with andon.open(shop.root) as lake:
        found = lake.suggest("marts.totals", write=True)
    assert [one.dataset for one in found] == ["marts.totals"]
    assert "sum(revenue)" in (shop.root / "datasets/marts/totals.sql").read_text()
