"""Two machines, each with a folder, a cache and a mirror of its own, on one catalog in a Postgres and one bucket."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kit.clones import did
from kit.fault_proxy import FaultProxy
from kit.in_buckets import BucketShop
from kit.remote import Bucket

TOTALS = "select customer, amount from marts.totals order by customer"
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def bucket(s3) -> Bucket:
    return Bucket(s3, "machines")


@pytest.fixture
def machines(tmp_path: Path, postgres, bucket, s3):
    """A function that gives a machine by its name."""
    proxy = FaultProxy(s3.url)
    address = postgres.catalog(f"machines{next(_numbers)}")
    prefix = None

    def machine(name: str) -> BucketShop:
        nonlocal prefix
        shop = BucketShop(tmp_path / name, bucket, proxy, 'catalog = "${env:CATALOG}"\n', prefix)
        shop.author, shop.environ["CATALOG"] = name, address
        prefix = shop.prefix
        return shop

    yield machine
    proxy.stop()


def test_what_one_builds_the_other_reads_and_does_not_build_again(machines):
    one, other = machines("ana"), machines("ben")
    one.run()
    assert did(other.run()) == {}
    assert other.ask(TOTALS) == [("ada", 15), ("ben", 20)]
    other.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
    assert other.run().published
    assert one.ask(TOTALS) == [("ada", 15), ("ben", 20), ("cleo", 7)]
    assert one.verified()
    assert other.verified()


def test_what_one_collects_the_other_does_not_read_from_its_copy(machines):
    one, other = machines("ana"), machines("ben")
    settings = f'{one.read("andon.toml")}[retention]\nkeep = "1d"\nruns = "1d"\n'
    for shop in (one, other):
        shop.write("andon.toml", settings)
    texts = [f"id,customer,amount\n1,ada,{amount}\n" for amount in (1, 2, 3)]
    one.write("raw/orders_05.csv", texts[0])
    one.run()
    assert other.ask(TOTALS) == [("ada", 1)]  # a copy is there from here on
    old = {path for path in one.objects("data/") if "totals" in path}
    for text in texts[1:]:
        one.write("raw/orders_05.csv", text)
        one.run()
    for days in (40, 80):
        one.clock = lambda days=days: datetime.now(UTC) + timedelta(days=days)
        with one.opened() as service:
            assert service.collecting.collect(apply=True).applied
    one.clock = None
    assert old.isdisjoint(one.objects("data/"))
    other.write("raw/orders_05.csv", texts[0])  # the same content as what is gone
    assert other.run(mine=("raw/orders_05.csv",)).published
    assert other.ask(TOTALS) == [("ada", 1)]
    other.lose_mirror()
    assert other.ask(TOTALS) == [("ada", 1)]
    assert other.verified()
