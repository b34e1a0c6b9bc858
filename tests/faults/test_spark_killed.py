"""A run is killed while Spark writes: what it leaves nothing names, `doctor` tells it, `gc` takes it away, and the next run goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from andon.service.leftovers import find
from kit.clones import FILES, Clone
from kit.connect import ConnectServer, endpoint
from kit.spark_projects import spark_settings

TOTALS = "datasets/marts/totals.sql"
#: Of so many rows that Spark writes for long, a piece at a time.
WIDE = "select a.id, b.id as other, md5(a.customer || b.customer) as h from shop.orders a, shop.orders b"


def config(url: str) -> str:
    return spark_settings(url, "[retention]", 'grace = ""', patience="1s")


@pytest.fixture
def own():
    found = ConnectServer()
    yield found
    found.stop()


@pytest.fixture
def clone(tmp_path, own):
    made = Clone(tmp_path / "acme")
    made.fill({**FILES, "andon.toml": config(own.url)})
    made.write("raw/orders_05.csv", "id,customer,amount\n" + "".join(f"{n},c{n},1\n" for n in range(20_000)))
    made.write("datasets/marts/best.sql", None)
    assert made.run().published  # settings of a lake's files are those that are published
    made.write(TOTALS, f"/*---\nengine: spark\n---*/\n{WIDE}\n")
    return made


def test_what_it_left_is_taken_away_and_the_next_run_goes_on(clone, own):
    data = clone.root / ".andon/lake/data"
    command = [sys.executable, "-m", "andon.cli.main", "-C", str(clone.root), "run", "--yes"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    end = time.monotonic() + 60
    while not left(data):
        assert process.poll() is None, "it ended before it was killed"
        assert time.monotonic() < end
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    own.stop()  # else it goes on with what nobody waits for
    assert left(data)
    clone.write("andon.toml", config(endpoint()))
    with clone.opened() as service:
        assert any(".spark.part" in path for path in find(service.workspace).paths)
        service.collecting.collect(apply=True)
    assert not left(data)
    clone.write(TOTALS, f"/*---\nengine: spark\n---*/\n{FILES[TOTALS]}")
    result = clone.run()
    assert result.published, [task.error for task in result.tasks]
    assert not list(data.rglob("*.part"))


def left(data) -> list:
    return [path for path in data.rglob("*") if path.is_file() and ".spark.part" in str(path)]
