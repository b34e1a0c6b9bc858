"""What an earlier release wrote is read by this one: nothing of it is lost, all of it repeats, and work goes on from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from andon.engines.duckdb.fingerprint import ALGORITHM
from andon.service.restoring import restore
from kit.clones import Clone
from kit.isolated import run_folder
from kit.past_lakes import KEPT, PACKED, SAMPLES, make, read, unpacked

NAMES = sorted(path.stem for path in SAMPLES.glob("*.json"))


#: Those with a backup, a stage in a folder, and a run of an analysis.
RICH = [name for name in NAMES if "analyses" in json.loads((SAMPLES / f"{name}.json").read_text())]


@pytest.fixture(params=RICH)
def rich(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Clone, dict[str, Any]]:
    root = tmp_path / "shop ö"
    return Clone(root), unpacked(request.param, root)


@pytest.fixture(params=NAMES)
def past(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Clone, dict[str, Any]]:
    root = tmp_path / "shop ö"
    return Clone(root), unpacked(request.param, root)


def test_all_that_could_be_read_then_is_read_the_same_and_is_whole(past) -> None:
    clone, then = past
    _is_as_then(read(clone.root), then)
    with clone.opened() as service:
        assert service.verifying.verify(all=True).damaged == []


def test_a_backup_of_then_comes_back(rich, tmp_path) -> None:
    clone, then = rich
    restore(clone.root / KEPT, tmp_path / "elsewhere", environ={"HOME": str(tmp_path)})
    _is_as_then(read(tmp_path / "elsewhere"), then)


def test_a_stage_of_then_is_made_again_and_so_is_an_analysis(rich) -> None:
    clone, then = rich
    assert run_folder(clone.root / PACKED).stdout.startswith("IDENTICAL")
    with clone.opened() as service:
        for name, number, _ in then["analyses"]:
            assert service.analysis_reproducing.reproduce(f"{name}@{number}").verdict.holds


def _is_as_then(now: dict[str, Any], then: dict[str, Any]) -> None:
    # a fingerprint of another algorithm is made anew
    kept = {version: text for version, text in then["contents"].items() if text.startswith(f"{ALGORITHM}:")}
    assert {version: now["contents"][version] for version in kept} == kept
    assert {name: now[name] for name in then if name != "contents"} == {
        n: each for n, each in then.items() if n != "contents"
    }


def test_all_that_was_built_then_is_built_again_the_same(past) -> None:
    clone, then = past
    with clone.opened() as service:
        found = {
            (commit, name): service.reproducing.reproduce(name, commit).verdict
            for commit, leaves in then["commits"].items()
            for name in leaves
        }
    assert [key for key, verdict in found.items() if not verdict.holds] == []


def test_work_goes_on(past) -> None:
    clone, then = past
    head = then["refs"]["branch main"][0]
    clone.undo()
    assert "marts.keys" in clone.leaves()
    clone.redo()
    assert "marts.most" in clone.leaves()
    clone.write("raw/orders_9.csv", "id,customer,day,amount\n90,zoe,2025-04-01,3\n")
    assert clone.refresh().published
    with clone.opened() as service:
        assert head in {entry.commit.id for entry in service.history.log(limit=100)}
    assert ("zoe",) in clone.ask("select customer from marts.names")


def test_a_sample_is_of_all_that_this_release_writes(tmp_path) -> None:
    """What is made now has the tables, kinds of files and kinds of refs that the newest sample has: one is made for each release."""
    made = make(tmp_path / "shop")
    now = read(made.root)
    newest = unpacked(NAMES[-1], tmp_path / "newest")
    assert {name.split()[0] for name in now["refs"]} == {name.split()[0] for name in newest["refs"]}
    assert {name for leaves in now["commits"].values() for name in leaves} == {
        name for leaves in newest["commits"].values() for name in leaves
    }
