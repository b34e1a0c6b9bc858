"""A project with a dataset of each kind, and what happens to it in a year: refreshes, an edit, an undo, a branch, a publish of it."""

from __future__ import annotations

from pathlib import Path

from kit.clones import Clone

GROWING = "/*---\nmaterialize: incremental\n{}\n---*/\n{}\n"
KINDS = {
    "andon.toml": "",
    "sources/shop/orders.sql": (
        "/*---\nchecks: |\n  amount 0..100 quarantine 90%\n---*/\n"
        "select id, customer, day, amount from read_csv('raw/orders_*.csv')\n"
    ),
    "datasets/marts/totals.sql": (
        "select customer, sum(amount) as amount, count(*) as n from shop.orders group by customer order by customer\n"
    ),
    "datasets/marts/names.sql": "/*---\nmaterialize: view\n---*/\nselect distinct customer from shop.orders\n",
    "datasets/marts/rows.sql": GROWING.format(
        "incremental: {by: append}", "select id, amount * 2 as twice from shop.orders"
    ),
    "datasets/marts/days.sql": GROWING.format(
        "incremental: {by: time, column: day}", "select id, day, amount from shop.orders"
    ),
    "datasets/marts/keys.sql": GROWING.format(
        "key: customer\nincremental: {by: key}",
        "select customer, max(amount) as most from shop.orders group by customer",
    ),
    "datasets/marts/then.sql": (
        "/*---\nmaterialize: history\nkey: customer\n---*/\nselect customer, n from marts.totals\n"
    ),
    "datasets/marts/parted.sql": "/*---\npartition: [customer]\n---*/\nselect customer, id, day from shop.orders\n",
    "datasets/marts/clock.sql": "select customer, current_date as today, now() as moment from marts.names\n",
}


def day(clone: Clone, number: int, *rows: str) -> None:
    clone.write(f"raw/orders_{number}.csv", "\n".join(["id,customer,day,amount", *rows, ""]))


def year_of_lake(root: Path) -> Clone:
    """A project with a dataset of each kind, after refreshes, an edit, a rename, an undo, a branch and a publish of it."""
    clone = Clone(root / "acme é")
    clone.fill(KINDS)
    day(clone, 1, "1,ada,2026-01-01,10", "2,ben,2026-01-01,-5")
    clone.run()
    day(clone, 2, "3,ada,2026-01-02,20.5", "4,cleo,2026-01-02,700")
    clone.refresh()
    totals = KINDS["datasets/marts/totals.sql"]
    clone.write("datasets/marts/totals.sql", totals.replace("count(*) as n", "count(*) + 1 as n"))
    clone.run()
    clone.undo()
    clone.switch("try", create=True)
    clone.write("datasets/marts/totals.sql", totals.replace("count(*) as n", "count(*) - 1 as n"))
    clone.run(branch="try")
    day(clone, 2, "3,ada,2026-01-02,21.5", "5,dora,2026-01-03,7")
    clone.refresh(branch="try")
    clone.publish("try")
    clone.switch("main")
    # another text that means the same: taken over by proof
    clone.write(
        "datasets/marts/names.sql",
        KINDS["datasets/marts/names.sql"].replace("customer from", "customer as customer from"),
    )
    clone.run()
    with clone.opened() as service:
        service.runs.optimize()
    return clone
