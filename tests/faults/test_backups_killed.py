"""Backups and restores are struck at their changes of the disk: SIGKILL, a loss of power, a disk that is full, one that fails.

Earlier backups stay whole, a new one is whole or not there, a lake that is put back is there and whole or not there, and the same command
goes on. And backups beside processes that publish: each is the lake of one moment.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from andon.service.restoring import RestoreOptions, restore
from faults.audit import catalog_is_sound, lake_is_whole
from faults.tracer import BROKEN, FULL, KILL, POWER, why_not
from kit.clones import FILES, Clone

#: How many places of each are struck by each fault; `ANDON_FAULT_POINTS=all` strikes every one.
POINTS = {"backup": 2, "restore": 4}
FAULTS = (KILL, POWER, FULL, BROKEN)
_TESTS = Path(__file__).parents[1]
_REASON = why_not()


@pytest.mark.skipif(_REASON is not None and not os.environ.get("CI"), reason=str(_REASON))
def test_nothing_is_lost_and_nothing_is_half_there():
    wanted = os.environ.get("ANDON_FAULT_POINTS")
    asked = [(verb, fault, wanted or POINTS[verb]) for verb in POINTS for fault in FAULTS]
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        done = subprocess.run(
            [sys.executable, "-W", "ignore::ResourceWarning", "-m", "faults.backups", folder],
            input="".join(json.dumps(line) + "\n" for line in asked),
            capture_output=True,
            text=True,
            cwd=_TESTS,
            check=False,
        )
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(reports) == len(asked), done.stderr[-3000:]
    assert [line for report in reports for line in report["violations"]] == []
    assert sum(len(report["points"]) for report in reports) >= 0.8 * sum(
        report["operations"] if wanted == "all" else int(number)
        for report, (_, _, number) in zip(reports, asked, strict=True)
    )


PUBLISHER = """
import sys
from pathlib import Path
from kit.clones import Clone

root, name, turns = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
clone = Clone(root, author=name)
for turn in range(turns):
    clone.write(f"raw/orders_{name}{turn}.csv", f"id,customer,amount\\n{turn},{name},1\\n")
    clone.refresh()
    print(turn, flush=True)
"""


def test_a_backup_beside_publishers_is_the_lake_of_one_moment(tmp_path):
    clone = Clone(tmp_path / "shop")
    clone.fill(FILES)
    clone.run()
    publishers = [
        subprocess.Popen(
            [sys.executable, "-c", PUBLISHER, clone.root, name, "4"], stdout=subprocess.PIPE, text=True, cwd=_TESTS
        )
        for name in ("ben", "cleo")
    ]
    made = []
    while any(process.poll() is None for process in publishers):
        with clone.opened() as service:
            made.append(service.backups.make(str(tmp_path / "kept")))
    assert [process.communicate()[0].split() for process in publishers] == [list("0123")] * 2
    assert all(each.backup.whole for each in made)
    moments = {each.backup.commit: each.backup for each in made}
    assert len(moments) > 2, "some of them were made between two publishes"
    for number, backup in enumerate(moments.values()):
        again = Clone(tmp_path / f"again{number}")
        restore(tmp_path / "kept", again.root, RestoreOptions(backup.id), environ={"HOME": str(tmp_path)})
        assert [*catalog_is_sound(again.root / ".andon/catalog.db")] == []
        with again.opened() as service:
            assert [*lake_is_whole(service.workspace.lake)] == []
            assert service.workspace.lake.refs.resolve("main").id == backup.commit
            rows = service.querying.ask("select count(*) from shop.orders").fetch()
            assert rows == service.querying.ask("select n from marts.count").fetch()
