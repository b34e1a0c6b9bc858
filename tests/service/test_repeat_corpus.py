"""What is declared of each dataset of the corpus holds: whatever machine, settings, zone, language, place and company it is built again in,
an exact one comes out the same, an open one that does not is explained by its construct, and the lint tells the open ones alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from andon.project.files.packages import lock_inputs
from kit.clones import Clone
from kit.isolated import run_folder
from kit.locks import lock_or_skip
from kit.repeat_corpus import ENTRIES, FEW, MANY, PYTHON, events, files, python_files

EXACT = {entry.name for entry in ENTRIES if entry.open is None}
OPEN = {entry.name: entry.open for entry in ENTRIES if entry.open is not None}

#: Builds all again in a process of its own, one way round or the other, and says what came out.
AGAIN = """
import json, sys
from pathlib import Path
from andon.service.service import Service
names = json.loads(sys.argv[1])
service = Service.open(Path.cwd(), environ={"ANDON_AUTHOR": "ben", "HOME": "."})
found = {}
for name in names:
    one = service.reproducing.reproduce("lab." + name)
    found[name] = [one.verdict.name, [[cause.what, cause.file, cause.line] for cause in one.causes]]
service.close()
print(json.dumps(found))
"""
#: Other settings of the engine, another zone and language; what stands in `TMPDIR` is of the place.
ELSEWHERE = [
    ("[engine]\nthreads = 1\nmemory_limit = '1 GB'\n", {"TZ": "Asia/Tokyo", "LC_ALL": "C"}),
    ("[engine]\nthreads = 2\nwide_above = 1\nmemory_limit = '3 GB'\n", {"TZ": "America/St_Johns", "LC_ALL": "C.UTF-8"}),
]
#: How often those in Python are made again: what they import takes a second each time.
REPLAYS = int(os.environ.get("ANDON_REPLAYS", "1"))
Found = dict[str, tuple[str, list[tuple[str, str, int]]]]


@pytest.fixture(scope="module", params=[False, True], ids=["one thread", "two threads"])
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Clone, bool]]:
    """All of it, built: in one go, then with more events; and what the folder has since."""
    import duckdb

    rows = MANY if request.param else FEW
    clone = Clone(tmp_path_factory.mktemp("repeats") / "lab é")
    clone.fill(files(wide=request.param))
    raw = clone.root / "raw" / "events"
    raw.mkdir(parents=True)
    duckdb.sql(f"copy ({events(0, rows)}) to '{raw}/0.parquet'")
    assert clone.run().published
    duckdb.sql(f"copy ({events(1, rows)}) to '{raw}/1.parquet'")
    assert clone.refresh().published
    yield clone, request.param
    shutil.rmtree(clone.root)


def again(root: Path, names: list[str], environ: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", AGAIN, json.dumps(names)],
        cwd=root,
        env={**os.environ, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def told(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err[-2000:]
    return json.loads(out)  # type: ignore[no-any-return]


def as_declared(found: dict[str, Any], *, wide: bool) -> None:
    assert len(found) == len(ENTRIES)
    for name, (verdict, causes) in found.items():
        if name in EXACT or not wide:
            assert verdict == "IDENTICAL", (name, verdict, causes)
        elif verdict != "IDENTICAL":
            assert OPEN[name] in [what for what, _, _ in causes], (name, verdict, causes)


def test_what_is_declared_comes_out_on_other_machines_in_other_places_and_beside_other_work(lab, tmp_path) -> None:
    clone, wide = lab
    for number, (settings, environ) in enumerate(ELSEWHERE):
        place = tmp_path / f"moved {number} ü"
        shutil.copytree(clone.root, place)
        shutil.rmtree(place / "raw")
        (place / "andon.toml").write_text(settings)
        names = sorted(entry.name for entry in ENTRIES)
        # the other way round beside it, in the same lake: who builds again is in nobody's way
        beside = [again(place, names, environ), again(place, names[::-1], environ)][: 2 - number]
        for process in beside:
            as_declared(told(process), wide=wide)
        shutil.rmtree(place)


#: Every so manyth is packed; `ANDON_REPLAYS=3` packs all.
PACKED = ENTRIES if int(os.environ.get("ANDON_REPLAYS", "1")) > 2 else ENTRIES[::6]


def test_what_is_declared_comes_out_in_a_folder_without_andon(lab, tmp_path) -> None:
    clone, wide = lab
    for entry in PACKED:
        with clone.opened() as service:
            service.isolating.isolate(f"lab.{entry.name}", tmp_path / entry.name)
        found = run_folder(tmp_path / entry.name)
        if entry.open is None or not wide:
            assert (found.returncode, found.stdout.partition(" ")[0]) == (0, "IDENTICAL"), (entry, found)
        elif found.stdout.startswith("DIFFERENT"):
            assert entry.open in found.stdout, (entry, found)
        shutil.rmtree(tmp_path / entry.name)


def test_the_lint_tells_the_open_ones_and_no_other(lab) -> None:
    clone, wide = lab
    with clone.opened() as service:
        found = {(each.what, Path(each.file).stem) for each in service.linting.lint(()).findings}
    adds = {"sum(…)", "avg(…)", "favg(…)", "stddev(…)", "var_pop(…)", "corr(…)", "regr_slope(…)", "approx_quantile(…)"}
    adds |= {"reservoir_quantile(…)", "approx_top_k(…)"}
    declared = {(what, "corpus" if name == "odd_macro" else name) for name, what in OPEN.items()}
    threads = {(what, name) for what, name in declared if what in adds or name == "window_total_open"}
    assert found == (declared if wide else declared - threads)


@pytest.fixture(scope="module")
def pythons(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    """The datasets in Python, built; all have one lock."""
    clone = Clone(tmp_path_factory.mktemp("pythons") / "lab é")
    clone.fill(python_files())
    wanted = lock_inputs(PYTHON[0].sql)
    assert wanted is not None
    lock = lock_or_skip("lab.drawn", [*wanted.dependencies], wanted.digest)
    for entry in PYTHON:
        clone.write(f"datasets/lab/{entry.name}.lock.txt", lock)
    assert clone.run().published
    yield clone
    shutil.rmtree(clone.root)


def test_what_is_declared_of_python_comes_out_elsewhere(pythons, tmp_path) -> None:
    declared = {entry.name: entry.open for entry in PYTHON}
    place = tmp_path / "moved ü"
    shutil.copytree(pythons.root, place, symlinks=True)
    for name in ("datasets", "raw"):
        shutil.rmtree(place / name, ignore_errors=True)
    for settings, environ in ELSEWHERE[:REPLAYS]:
        (place / "andon.toml").write_text(settings)
        for name, (verdict, causes) in told(again(place, sorted(declared), environ)).items():
            what = declared[name]
            if what is None:
                assert verdict == "IDENTICAL", (name, verdict, causes)
            elif what == "n_jobs":
                assert verdict in ("IDENTICAL", "EQUAL"), (name, verdict, causes)
            else:
                assert verdict == "DIFFERENT", (name, verdict)
            if verdict != "IDENTICAL":
                assert what in [cause for cause, _, _ in causes], (name, verdict, causes)
