"""A Python dataset that shows clock, chance, zone and environment is built again as it was: later, elsewhere, by somebody else."""

from __future__ import annotations

import os
import shutil
import time
from datetime import UTC, datetime

from andon.model.plan import Action
from andon.model.reproduction import ReproVerdict
from kit.clones import Clone

TELLS = """import os
import random
import time
from datetime import date, datetime

from andon import dataset, read, seed
from shared import today


@dataset()
def made(names=read("a.names")):
    chance = names.query("n", "select random()").fetchall()
    told = [datetime.now(), today(), time.time(), time.ctime(), time.tzname, random.random(), seed(), chance, hash("ana")]
    return {"told": [*map(str, told), *sorted(f"{k}={v}" for k, v in os.environ.items() if "/" not in v)]}
"""
FILES = {
    "andon.toml": "",
    "datasets/a/names.sql": "select unnest(['ana', 'ben']) as name\n",
    "datasets/a/made.py": TELLS,
    "datasets/a/day.py": (
        "from andon import dataset\nfrom shared import today\n\n\n@dataset()\ndef day():\n    return {'d': [today()]}\n"
    ),
    "datasets/a/plain.py": "from andon import dataset\n\n\n@dataset()\ndef plain():\n    return {'x': [1]}\n",
    "modules/shared.py": "from datetime import date\n\n\ndef today():\n    return date.today()\n",
}
FIRST, SAME_DAY, YEAR_ON = (
    datetime(2025, 11, 1, 6, tzinfo=UTC),
    datetime(2025, 11, 1, 18, tzinfo=UTC),
    datetime(2026, 11, 1, 6, tzinfo=UTC),
)


def values(service, at=None) -> set[str]:
    return {row[0] for row in service.querying.ask("from a.made", at).fetch()}


def works(plan) -> dict[str, str]:
    return {step.dataset: step.reason for step in plan.steps if step.action is Action.BUILD}


def test_what_a_run_showed_comes_out_again_a_year_later_and_elsewhere(tmp_path, monkeypatch):
    clone = Clone(tmp_path / "acme")
    clone.fill(FILES)
    clone.run(now=FIRST)
    with clone.opened() as service:
        assert "2025-11-01 06:00:00" in values(service)
    assert works(clone.plan(now=SAME_DAY)) == {"a.made": "rebuilt at every run: the clock"}
    assert works(clone.plan(now=YEAR_ON)) == {
        "a.made": "rebuilt at every run: the clock",
        "a.day": "a new day: the date",
    }
    clone.run(now=YEAR_ON)
    for name, value in {"TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "7", "SHOP": "x"}.items():
        monkeypatch.setenv(name, value)
    time.tzset()
    try:
        clone.root = shutil.move(clone.root, tmp_path / "moved to cleo's größte")
        clone = Clone(clone.root, author="cleo", environ={"TZ": os.environ["TZ"]})
        with clone.opened() as service:
            for ref in ("main", "main~1"):
                for name in ("a.made", "a.day", "a.plain"):
                    found = service.reproducing.reproduce(name, ref)
                    assert (name, ref, found.verdict) == (name, ref, ReproVerdict.IDENTICAL)
                    assert found.engine["seed"] == service.reproducing.reproduce(name, "main").engine["seed"]
            at = values(service, "main~1")
            assert "2025-11-01 06:00:00" in at
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_seed_is_that_which_was_recorded(tmp_path, monkeypatch):
    """How a seed is chosen may change one day: what was built before comes out by its own."""
    chance = (
        "import random\nfrom andon import dataset\n\n\n@dataset()\ndef plain():\n    return {'x': [random.random()]}\n"
    )
    clone = Clone(tmp_path / "acme")
    clone.fill({"andon.toml": "", "datasets/a/plain.py": chance})
    clone.run()
    monkeypatch.setattr("andon.engines.python.task.seed_of", lambda _: 1)
    with clone.opened() as service:
        assert service.reproducing.reproduce("a.plain").verdict is ReproVerdict.IDENTICAL
    clone.run("a.plain", force=True)
    with clone.opened() as service:
        assert service.reproducing.reproduce("a.plain").engine["seed"] == 1
