"""A collection is killed before each of its steps; and collections go on beside processes that publish and read. Nothing needed is lost,
and the next collection ends what was begun."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from andon.base.clock import from_text
from faults.audit import catalog_is_sound
from kit.clones import FILES, Clone

TESTS = Path(__file__).parents[1]
CONFIG = '[retention]\nkeep = "10d"\ngrace = "1d"\nruns = "1d"\n'
DAY = "2027-{:02}-{:02}T10:00"

#: Collects, and dies before step `at`: a write to the catalog, or a file that goes.
KILLED = """
import os, signal, sys
from pathlib import Path
from andon.base.clock import from_text
from andon.base.sqlite import SqliteDatabase
from andon.lake.local_storage import LocalStorage
from andon.service.service import Service

root, at, day = sys.argv[1], int(sys.argv[2]), sys.argv[3]
steps = 0
write, delete = SqliteDatabase.write, LocalStorage.delete

def step():
    global steps
    if steps == at:
        os.kill(os.getpid(), signal.SIGKILL)
    steps += 1

def writing(self):
    step()
    return write(self)

def deleting(self, path):
    step()
    delete(self, path)

service = Service.open(Path(root), environ={"ANDON_AUTHOR": "ana", "HOME": root}, clock=lambda: from_text(day))
service.workspace.lake
SqliteDatabase.write, LocalStorage.delete = writing, deleting
found = service.collecting.collect(apply=True)
SqliteDatabase.write, LocalStorage.delete = write, delete
print(found.files, steps)
service.close()
"""


class Shop(Clone):
    """A project on given days."""

    def on(self, day: str) -> Clone:
        return Clone(self.root, clock=lambda: from_text(day))


@pytest.fixture(scope="module")
def lived(tmp_path_factory) -> Shop:
    """Six loads, of which the last two are kept; a tag on the second; a file that nobody names."""
    shop = Shop(tmp_path_factory.mktemp("gc") / "shop")
    shop.fill({**FILES, "andon.toml": CONFIG})
    shop.on(DAY.format(1, 1)).run()
    for month in range(2, 7):
        shop.write("raw/orders_05.csv", f"id,customer,amount\n1,ada,{month}\n2,ben,20\n")
        shop.on(DAY.format(month, 1)).refresh()
    with shop.on(DAY.format(6, 2)).opened() as service:
        service.branches.tag("second", "main~4")
    left = shop.root / ".andon/lake/data/marts/left-0123456789abcdef.parquet"
    left.write_bytes(b"nobody's")
    collected(shop, DAY.format(7, 1))
    return shop


@pytest.fixture
def shop(lived, tmp_path) -> Shop:
    shutil.copytree(lived.root, tmp_path / "shop", symlinks=True)
    return Shop(tmp_path / "shop")


def collected(shop: Shop, day: str, at: int = -1) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(shop.root), str(at), day], capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode, done.stdout


def files(shop: Shop) -> set[str]:
    data = shop.root / ".andon/lake/data"
    return {path.relative_to(data).as_posix() for path in data.rglob("*") if path.is_file()}


def test_killed_before_any_step_nothing_needed_is_lost_and_the_next_one_ends_it(shop, tmp_path):
    day, later = DAY.format(7, 3), DAY.format(7, 4)
    whole = tmp_path / "whole"
    shutil.copytree(shop.root, whole, symlinks=True)
    status, told = collected(Shop(whole), day)
    deleted, steps = map(int, told.split())
    assert (status, deleted > 5) == (0, True)
    expected = files(Shop(whole))
    # every write, and of the files that go the first, one in the middle and the last
    for at in [*range(5), steps // 2, steps - 2, steps - 1]:
        struck = Shop(tmp_path / f"at {at}")
        shutil.copytree(shop.root, struck.root, symlinks=True)
        status, _ = collected(struck, day, at)
        assert status == -signal.SIGKILL, at
        assert [*catalog_is_sound(struck.root / ".andon/catalog.db")] == []
        assert expected <= files(struck), at
        status, _ = collected(struck, later)
        assert status == 0
        assert files(struck) == expected, at
        with struck.on(later).opened() as service:
            assert service.verifying.verify(all=True).damaged == [], at
            assert [row.state for row in service.workspace.lake.going.all().values() if row.state != "gone"] == []
        struck.on(later).undo()
        shutil.rmtree(struck.root)


#: Publishes again and again, each time something else.
PUBLISHING = """
import sys, time
from pathlib import Path
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.service import Service

root, end = sys.argv[1], time.monotonic() + float(sys.argv[2])
service = Service.open(Path(root), environ={"ANDON_AUTHOR": "ben", "HOME": root})
turn = 0
while time.monotonic() < end:
    turn += 1
    text = f"select {turn % 5} as n, count(*) as rows from shop.orders"
    (Path(root) / "datasets/marts/turn.sql").write_text(text)
    result = service.runs.run(RunOptions(agreed=ANY_PLAN))
    assert result.published, result
print(turn)
service.close()
"""
#: Reads again and again what main shows, and what it showed before; what is gone may say so, and nothing else may.
READING = """
import sys, time
from pathlib import Path
from andon.errors import DamagedError
from andon.service.service import Service

root, end = sys.argv[1], time.monotonic() + float(sys.argv[2])
service = Service.open(Path(root), environ={"ANDON_AUTHOR": "cleo", "HOME": root})
read = gone = 0
while time.monotonic() < end:
    for at in ("main", "main~1", "main~2", "main~4"):
        try:
            asked = service.querying.ask("select n, rows from marts.turn", at)
            time.sleep(0.005)
            assert len(asked.fetch()) == 1
            asked.close()
            read += 1
        except DamagedError as error:
            assert error.code == "lake.gone" and at not in ("main", "main~1"), (at, error)
            gone += 1
print(read, gone)
service.close()
"""
COLLECTING = """
import sys, time
from pathlib import Path
from andon.service.service import Service

root, end = sys.argv[1], time.monotonic() + float(sys.argv[2])
service = Service.open(Path(root), environ={"ANDON_AUTHOR": "ana", "HOME": root})
deleted = 0
while time.monotonic() < end:
    deleted += service.collecting.collect(apply=True).files
print(deleted)
service.close()
"""


def test_beside_publishers_and_readers_nothing_needed_is_lost(tmp_path):
    shop = Clone(tmp_path / "shop")
    shop.fill({**FILES, "datasets/marts/turn.sql": "select 0 as n, count(*) as rows from shop.orders"})
    # nothing waits: what readers hold is all that keeps it
    shop.write("andon.toml", '[retention]\nkeep = "1s"\ngrace = ""\nruns = "1s"\n')
    shop.run()
    shop.write("datasets/marts/turn.sql", "select 1 as n, count(*) as rows from shop.orders")
    shop.run()
    for _ in range(3):
        shop.write("datasets/marts/turn.sql", f"select {10 + _} as n, count(*) as rows from shop.orders")
        shop.run()
    seconds = os.environ.get("ANDON_COLLECT_SECONDS", "4")
    processes = {
        name: subprocess.Popen(
            [sys.executable, "-c", text, str(shop.root), seconds],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=TESTS,
        )
        for name, text in (("publishing", PUBLISHING), ("reading", READING), ("collecting", COLLECTING))
    }
    told = {}
    for name, process in processes.items():
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, (name, err)
        told[name] = [int(word) for word in out.split()]
    assert told["publishing"][0] > 1
    assert told["reading"][0] > 5
    with shop.opened() as service:
        rest = [service.collecting.collect(apply=True).files for _ in range(2)]
        assert told["collecting"][0] + sum(rest) > 0, told
        found = service.verifying.verify(all=True)
        assert found.damaged == []
        head = service.verifying.verify("main")
        assert (head.damaged, head.gone) == ([], [])
    assert [*catalog_is_sound(shop.root / ".andon/catalog.db")] == []
