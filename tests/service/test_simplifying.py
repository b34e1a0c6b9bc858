"""Hints by which a project gets simpler: found by who reads what, written out, taken on a branch, and then they are gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kit.clones import Clone


class Days:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


FILES = {
    "andon.toml": "",
    "raw/orders_05.csv": "id,customer,amount,note\n1,ada,10,x\n2,ben,20,y\n3,ada,5,z\n",
    "sources/shop/orders.sql": "select id, customer, amount, note from read_csv('raw/orders_*.csv')\n",
    # one reader, with words of its own
    "datasets/staging/totals.sql": (
        "/*---\ndescription: Sums by customer.\ncolumns:\n  customer: Who bought.\n---*/\n"
        "-- all time\nselect customer, sum(amount) as amount\nfrom shop.orders\ngroup by customer\n"
    ),
    "datasets/marts/best.sql": (
        "/*---\ndescription: Who buys most.\n---*/\n-- the best first\nselect customer, amount * 2 as twice -- double\n"
        "from staging.totals\nwhere amount > 1\n"
    ),
    # two that say the same
    "datasets/marts/lines.sql": "select id, net(amount) as amount, note from shop.orders where amount > 0\n",
    "datasets/marts/rows.sql": "select o.id, net(o.amount) as amount, o.note from shop.orders as o where 0 < o.amount\n",
    # views on views
    "datasets/marts/seen.sql": "/*---\nmaterialize: view\n---*/\nselect id, amount, customer from shop.orders\n",
    "datasets/marts/shown.sql": "/*---\nmaterialize: view\n---*/\nselect id, customer from marts.seen\n",
    # a check that another implies
    "datasets/marts/keyed.sql": (
        "/*---\nkey: id\nchecks: |\n  not null id\n  amount 0..100\n  amount 0..1000\n---*/\n"
        "select id, amount, half(amount) as half from shop.orders\n"
    ),
    "macros/money.sql": "-- without tax\ncreate macro net(a) as a / 2;\n-- one half\ncreate macro half(a, share := 2) as a / share;\ncreate macro never(a) as a;\n",
}


@pytest.fixture
def lake(tmp_path) -> Clone:
    clock = Days()
    clone = Clone(tmp_path / "acme", clock=clock)
    clone.fill(FILES)
    done = clone.run()
    assert done.published, (done.held, [t.error for t in done.tasks])
    clock.now += timedelta(days=40)
    return clone


def test_try(lake):
    with lake.opened() as s:
        found = s.simplifying.list()
        for h in found.hints:
            d = s.simplifying.show(h.number)
            print(h.number, h.kind, h.title, h.verdict, h.saves, d.problem, d.evidence, d.proof)
            for f in d.files:
                print("==", f.file)
                print(f.after)
        assert 0
