"""Eight publishers, fifty publishes each, on one lake at once: none lost, none torn. With the compare taken out, some are."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from faults.audit import catalog_is_sound, is_in_history, lake_is_whole
from faults.publishers import COUNTER, adds, number_in, open_lake


def publish_at_once(folder: Path, publishers: int, publishes: int, *bug: str) -> list[str]:
    """Let them publish; what was lost or torn."""
    open_lake(folder).database.close()
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "faults.publishers", folder, str(number), str(publishes), *bug],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[1],
        )
        for number in range(publishers)
    ]
    acknowledged = []
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        acknowledged += [json.loads(line)["commit"] for line in out.splitlines()]
    assert len(acknowledged) == publishers * publishes
    lake = open_lake(folder)
    try:
        return [
            *(catalog_is_sound(folder / "catalog.db") if (folder / "catalog.db").exists() else ()),
            *is_in_history(lake, "main", acknowledged),
            *numbers_are_right(lake, publishers, publishes),
            *each_commit_holds_one_publish(lake),
            *(line for line in lake_is_whole(lake) if "definition" not in line),
        ]
    finally:
        lake.database.close()


def numbers_are_right(lake, publishers, publishes):
    leaves = lake.commits.state(lake.refs.resolve("main")).leaves
    for number in range(publishers):
        leaf = leaves.get(f"own.p{number}")
        if leaf is None or number_in(lake, leaf) != publishes - 1:
            yield f"publisher {number} is not at its last turn"
    counted = number_in(lake, leaves[COUNTER])
    if counted != publishers * adds(publishes):
        yield f"the counter is at {counted}, not {publishers * adds(publishes)}"


def each_commit_holds_one_publish(lake):
    """A torn publish would show as a commit with less or more than its author's change."""
    for commit in lake.commits.first_parents(lake.refs.resolve("main")):
        if commit.parent is None:
            continue
        own, turn = f"own.{commit.author}", int(commit.message.removeprefix("turn "))
        expected = {own, COUNTER} if turn % 5 == 0 else {own}
        changed = lake.commits.changed_leaves(lake.commits.get(commit.parent), commit)
        if changed.keys() != expected:
            yield f"{commit.id[:8]} ({commit.author}, {commit.message}) changed {sorted(changed)}"
        elif number_in(lake, changed[own][1]) != turn:
            yield f"{commit.id[:8]} does not hold turn {turn}"


def test_none_is_lost_and_none_is_torn(tmp_path):
    assert publish_at_once(tmp_path, 8, 50) == []


def test_nor_is_any_in_a_catalog_of_postgres(tmp_path, postgres, monkeypatch):
    monkeypatch.setenv("CATALOG", postgres.catalog("at_once"))
    assert publish_at_once(tmp_path, 8, 25) == []
    assert not (tmp_path / "catalog.db").exists()


def test_without_the_compare_some_are_lost(tmp_path):
    found = publish_at_once(tmp_path, 3, 10, "no compare")
    assert any("lost" in line for line in found)
    assert any("is not at its last turn" in line or "the counter is at" in line for line in found) or len(found) > 1


if __name__ == "__main__":
    pytest.main([__file__])
