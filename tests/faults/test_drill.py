"""The fault drill: a live project in which what can go wrong does, judged by who knows the truth; judge and script by themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from andon.base.record import replace
from andon.drill.line import Drill
from andon.drill.project import MISTAKES, files
from andon.drill.report import report_of
from andon.drill.script import LAKE, Fault, FaultKind, quiet_days, script_of
from andon.drill.truth import Truth
from andon.service.setup import example_folder

ROOT = Path(__file__).resolve().parents[2]
SEED, LAST = 1, date(2026, 11, 28)


def packed(script: Sequence[Sequence[Fault]]) -> list[list[Fault]]:
    """A script without its quiet days but the first and the last."""
    days = [[], *(faults for faults in script if faults), []]
    return [[replace(fault, day=day) for fault in faults] for day, faults in enumerate(days)]


def test_each_kind_of_fault_is_noticed_at_its_root_told_and_made_good_by_nobody(tmp_path: Path):
    root, script = tmp_path / "project", packed(script_of(20, SEED))
    root.mkdir()
    found = report_of(Drill(root, len(script), SEED, LAST, script=script, before=3).run(), SEED)
    assert {kind.kind for kind in found.kinds} == set(FaultKind)
    assert [f"{each.words}: {each}" for each in found.faults if not (each.right_root and each.corrected)] == []
    assert [each.words for each in found.faults if each.visible and "ben" not in each.words] == []
    assert (found.strays, found.false_alarms) == ([], [])
    assert [total for total in found.totals if not total.is_met] == []


@pytest.mark.parametrize("seed", range(5))
def test_a_script_has_all_faults_in_half_of_its_days(seed: int):
    script = script_of(60, seed)
    faults = [fault for day in script for fault in day]
    assert (len(faults), len(quiet_days(script))) == (40, 30)
    assert {fault.kind for fault in faults} == set(FaultKind)
    assert [fault.number for fault in faults] == list(range(1, 41))
    assert all(len({fault.root for fault in day}) == len(day) for day in script), "two of a day have two roots"
    long = [fault for fault in faults if fault.mends is not None and fault.mends > 24 and fault.root != LAKE]
    assert all(other.root != fault.root for fault in long for other in script[fault.day + 1])
    assert script_of(60, seed) == script
    assert len([fault for day in script_of(10, seed) for fault in day]) >= 5


def test_the_judge_counts_what_is_not_true_and_only_that():
    day = date(2026, 10, 1)
    truth = Truth.read(example_folder(), day, 3)
    assert list(truth.days) == [date(2026, 10, n) for n in (1, 2, 3)]
    lines = [(s.sale, s.customer, s.cds, s.cents) for s in truth.days[day]]
    assert truth.wrong_among(day, lines) == (0, list(truth.days[day]))
    assert truth.wrong_among(day, lines[1:])[0] == 0, "what is missing is late"
    assert truth.wrong_among(day, [*lines, lines[0]])[0] == 1, "what stands there twice is wrong once"
    sale, customer, cds, cents = lines[0]
    assert truth.wrong_among(day, [(sale, customer, cds, cents * 100), *lines[1:]])[0] == 1
    assert truth.wrong_among(date(2026, 1, 1), lines)[0] == len(lines)
    assert Counter(each.customer in truth.customers for each in truth.days[day]) == {True: len(lines)}


def test_every_mistake_of_the_colleague_changes_its_file():
    made = files("http://127.0.0.1:1/")
    assert all(right in made[path] and wrong not in made[path] for path, (right, wrong) in MISTAKES.items())


def test_the_page_shows_a_drill_of_all_its_days():
    page = (ROOT / "docs/explanation/drill.md").read_text(encoding="utf-8")
    assert all(f"\n{kind} " in page for kind in FaultKind)
    assert "60 days, 30 of them quiet" in page
