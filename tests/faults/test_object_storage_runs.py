"""Whatever request of a run goes wrong, and however: what is published is whole, and nothing of what was is lost."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from andon.errors import AndonError
from kit.fault_proxy import FAULTS, FaultProxy
from kit.in_buckets import BucketShop
from kit.remote import Bucket

TOTALS = "select customer, amount from marts.totals order by customer"
BEFORE, AFTER = [("ada", 15), ("ben", 20)], [("ada", 16), ("ben", 20), ("cleo", 7)]
CHANGED = "id,customer,amount\n1,ada,11\n2,ben,20\n3,ada,5\n4,cleo,7\n"


@pytest.fixture(scope="module")
def bucket(s3) -> Bucket:
    return Bucket(s3, "faulty-runs")


@pytest.fixture(scope="module")
def proxy(s3):
    proxy = FaultProxy(s3.url)
    yield proxy
    proxy.stop()


@given(
    faults=st.lists(st.sampled_from(["", "", *(each for each in FAULTS if each != "hang")]), min_size=1, max_size=14),
    stays=st.sampled_from(["", "", "503", "reset", "lost answer"]),
    fresh=st.booleans(),
)
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_a_run_is_whole_or_not_there(tmp_path_factory, bucket, proxy, faults, stays, fresh):
    """The first requests go wrong one by one, as drawn; the rest go well, or all wrong."""
    proxy.heal()
    shop = BucketShop(tmp_path_factory.mktemp("shop"), bucket, proxy, "object_storage.silence = 1\n")
    shop.run()
    shop.write("raw/orders_05.csv", CHANGED)
    if fresh:
        shop.lose_mirror()
    proxy.take()
    proxy.plan.chosen = lambda asked, number: faults[number] if number < len(faults) else stays
    failure = None
    try:
        published = shop.run().published
    except AndonError as error:
        published, failure = False, error
    proxy.heal()
    if failure is not None:
        assert failure.code in ("machine.storage", "run.failed")
        assert failure.hint
    shop.lose_mirror()
    assert shop.ask(TOTALS) == (AFTER if published else BEFORE)
    assert shop.verified()
    shop.run()
    shop.lose_mirror()
    assert shop.ask(TOTALS) == AFTER
    assert shop.verified()


ASKED = """
import sys
from pathlib import Path
from andon.service.service import Service
for _ in range(3):
    service = Service.open(Path(sys.argv[1]))
    for name in ("shop.orders", "marts.totals", "marts.best", "marts.count"):
        assert service.querying.ask(f"from {name}").fetch()
    service.close()
print("all read")
"""


def test_processes_that_share_one_mirror_read_the_same_while_it_is_emptied(tmp_path, bucket, proxy):
    proxy.heal()
    shop = BucketShop(tmp_path / "shop", bucket, proxy)
    shop.run()
    environ = {**os.environ, **shop.environ, "HOME": str(shop.root), "ANDON_AUTHOR": "ana"}
    for _ in range(2):
        for each in (shop.mirror / "data").rglob("*.parquet"):
            each.unlink()
        command = [sys.executable, "-c", ASKED, str(shop.root)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": environ}
        readers = [subprocess.Popen(command, **pipes) for _ in range(3)]
        told = [reader.communicate() for reader in readers]
        assert [out for out, _ in told] == ["all read\n"] * 3, told
    assert list(shop.mirror.rglob("*.tmp")) == []
