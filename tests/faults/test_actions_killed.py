"""Corrective actions that are killed or frozen in any phase: who comes next verifies or undoes what was begun, nothing is done twice."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from andon.model.lamp import Lamp
from andon.model.signal import Signal, SignalKind
from andon.operations.incidents.keeping import SignalLook
from faults.audit import catalog_is_sound
from faults.schedulers import ACTION_PHASES, Schedulers, is_stopped
from kit.clones import FILES, Clone

SHOP = """/*---
checks: |
  amount 0..100
---*/
select id, customer, amount from read_csv('raw/orders_*.csv')
"""
PLAYBOOKS = """playbooks:
  - {on: {kind: [check, late]}, do: retry, mode: automatic, attempts: 3}
"""
#: So far ahead is the clock of who comes after a frozen one: its time is over by then.
LATER = 3600


@pytest.fixture(scope="module")
def passes() -> Iterator[Schedulers]:
    found = Schedulers()
    yield found
    found.close()


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published project whose refresh was held, and whose file is right by now."""
    clone = Clone(tmp_path_factory.mktemp("ready") / "acme")
    clone.fill({**FILES, "sources/shop/orders.sql": SHOP, "playbooks.yml": PLAYBOOKS})
    clone.run()
    clone.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,700\n")
    clone.refresh()
    clone.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
    return clone.root


@pytest.fixture
def lake(ready: Path, tmp_path: Path) -> Clone:
    shutil.copytree(ready, tmp_path / "acme")
    return Clone(tmp_path / "acme")


def acted(passes: Schedulers, lake: Clone, **asked: object) -> list[str]:
    """What a pass in a process of its own brought to an end."""
    out = lake.root.parent / "acted.json"
    assert passes.ended(passes.begin(lake.root, acts=True, out=str(out), **asked)) == 0
    found: list[str] = json.loads(out.read_text())
    return found


def kinds(lake: Clone) -> list[str]:
    with lake.opened() as service:
        workspace = service.workspace
        commits = workspace.lake.commits.first_parents(workspace.lake.refs.resolve("main"))
        return [str(commit.kind) for commit in commits]


@pytest.mark.parametrize("phase", ACTION_PHASES)
def test_what_was_begun_is_verified_once_by_who_comes_next(lake: Clone, passes: Schedulers, phase: str):
    assert passes.ended(passes.begin(lake.root, acts=True, stop=phase)) == -signal.SIGKILL
    is_published = phase in ("action published", "action before its record")
    assert acted(passes, lake) == (["retry verified"] if is_published else ["retry failed", "retry verified"])
    assert acted(passes, lake) == []
    assert kinds(lake) == ["refresh", "change", "init"], "published once"
    assert list(catalog_is_sound(lake.root / ".andon" / "catalog.db")) == []
    with lake.opened() as service:
        # a run that was killed before it published has an incident of its own
        *_, incident = service.workspace.incidents.newest()
        assert incident.dataset == "shop.orders"
        assert incident.state.is_over
        assert [action.is_interrupted for action in service.workspace.actions.newest()][1:] == [True] * (
            not is_published
        )
        assert service.querying.ask("select n from marts.count").fetch() == [(4,)]


def test_one_that_was_frozen_and_taken_over_publishes_nothing(lake: Clone, passes: Schedulers):
    frozen = passes.begin(lake.root, acts=True, stop="action before publishing", sent=int(signal.SIGSTOP))
    while not is_stopped(frozen):
        time.sleep(0.01)
    assert acted(passes, lake) == [], "while its time lasts nobody else does anything about the incident"
    assert acted(passes, lake, ahead=LATER) == ["retry failed", "retry verified"]
    head = lake.head().id
    os.kill(frozen, signal.SIGCONT)
    assert passes.ended(frozen) == 0
    assert lake.head().id == head
    assert kinds(lake) == ["refresh", "change", "init"]


@pytest.mark.parametrize("phase", ["action before publishing", "action published", "action before its record"])
def test_what_is_taken_back_is_taken_back_once(ready: Path, tmp_path: Path, passes: Schedulers, phase: str):
    """What did not help within its time is undone, also where whoever did that was killed."""
    shutil.copytree(ready, tmp_path / "acme")
    lake = Clone(tmp_path / "acme")
    lake.refresh()
    with lake.opened() as service:
        now = service.workspace.clock().isoformat()
        late = Signal("main", "shop.orders", SignalKind.LATE, "late", Lamp.STALE, "is late", now)
        service.incidents.catch_up("main", SignalLook(frozenset((SignalKind.LATE,)), (late,)))
    lake.write("raw/orders_07.csv", "id,customer,amount\n5,dan,3\n")
    assert acted(passes, lake) == ["retry running"], "whether it helped is not known yet"
    assert passes.ended(passes.begin(lake.root, acts=True, stop=phase, ahead=LATER)) == -signal.SIGKILL
    assert acted(passes, lake, ahead=LATER)[0] == "retry undone"
    assert kinds(lake)[:2].count("undo") == 1
    assert kinds(lake).count("undo") == 1
    assert lake.ask("select n from marts.count") == [(4,)]
