"""Two machines, each with a folder, a cache and a mirror of its own, on one catalog in a Postgres and one bucket."""

from __future__ import annotations

import hashlib
import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from andon.errors import ConflictError
from andon.lake.objects import Objects
from andon.service import leftovers
from andon.service.leftovers import remove
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


def silenced(monkeypatch, clean) -> None:
    """A run is silent before it names what it built, longer than its lease lasts, and another machine cleans up meanwhile."""
    record = Objects.record

    def recorded(self, *rest, **named):
        monkeypatch.undo()
        with self._database.write() as transaction:
            transaction.execute("delete from lease where kind = 'writes'")
        clean()
        return record(self, *rest, **named)

    monkeypatch.setattr(Objects, "record", recorded)


@pytest.mark.parametrize("is_first", [True, False])
def test_who_was_silent_while_another_cleaned_names_nothing_that_is_gone(machines, monkeypatch, is_first):
    one, other = machines("ana"), machines("ben")
    if not is_first:
        one.run()
        one.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
    removed = []

    def clean() -> None:
        with other.opened() as service:
            removed.append(remove(service.workspace).files)

    silenced(monkeypatch, clean)
    assert one.run().published  # it finds out, and begins anew
    assert removed == [1]
    one.lose_mirror()
    assert one.verified()
    with other.opened() as service:
        remove(service.workspace)
    assert one.verified()


def test_who_was_silent_while_it_cleaned_takes_nothing_away_that_is_named_meanwhile(machines, monkeypatch):
    one, other = machines("ana"), machines("ben")
    one.run()
    one.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
    with one.opened() as service:  # left by who was killed, and the same content as what comes
        service.workspace.lake.storage.put(raw := raw_of(one), [one.read("raw/orders_06.csv").encode()], 0o777)
    told = leftovers._told

    def silent(workspace, *rest):
        monkeypatch.undo()
        with workspace.lake.database.write() as transaction:
            transaction.execute("delete from lease where kind = 'sweeps'")
        assert one.run().published
        return told(workspace, *rest)

    monkeypatch.setattr(leftovers, "_told", silent)
    with other.opened() as service, pytest.raises(ConflictError) as caught:
        remove(service.workspace)
    assert caught.value.code == "lake.busy"
    assert raw in one.objects("raw/")
    assert one.verified()


def raw_of(shop: BucketShop) -> str:
    sha256 = hashlib.sha256((shop.root / "raw/orders_06.csv").read_bytes()).hexdigest()
    return f"raw/{sha256[:2]}/{sha256}"
