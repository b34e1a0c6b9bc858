"""Verdicts, reaches and lists of names in words."""

from __future__ import annotations

import pytest

from andon.model.reach import Reach
from andon.model.verdict import Verdict, VerdictKind
from andon.render.words import listed, moment, names, reach_text, short, verdict_text


def test_ids_and_moments_as_people_see_them() -> None:
    assert short("3f2a9c1d" + "0" * 56) == "3f2a9c1d"
    assert moment("2026-11-01T06:00:59.123456Z") == "2026-11-01 06:00"


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, ""), (1, "a"), (6, "a, b, c, d, e, f"), (7, "a, b, c, d, e and 2 more"), (20, "a, b, c, d, e and 15 more")],
)
def test_few_names_are_listed_whole(count: int, text: str) -> None:
    assert names(iter("abcdefghijklmnopqrst"[:count])) == text


@pytest.mark.parametrize(
    ("count", "most", "text"),
    [(4, 4, "a, b, c, d"), (5, 4, "a, b, c, d and 1 more"), (5, 10, "a, b, c, d, e"), (3, 1, "a and 2 more")],
)
def test_the_first_names_and_how_many_beside_them(count: int, most: int, text: str) -> None:
    assert listed("abcde"[:count], most) == text


@pytest.mark.parametrize(
    ("verdict", "text"),
    [
        (Verdict(VerdictKind.NONE, proof="same plan"), "none: proved equal"),
        (Verdict(VerdictKind.ADDITIVE, added=("a", "b")), "additive: a, b"),
        (Verdict(VerdictKind.ADDITIVE, reasons=("another description", "x")), "additive: another description"),
        (Verdict(VerdictKind.COLUMNS, columns=tuple("abcdef")), "columns: a, b, c, d and 2 more"),
        (Verdict(VerdictKind.ROWS, columns=("a",), rows=True), "rows: any may differ"),
        (Verdict(VerdictKind.CONTRACT, dropped=("a",), renamed=(("b", "c"),)), "contract: a is gone; b is now c"),
        (
            Verdict(VerdictKind.CONTRACT, retyped=(("d", "BIGINT", "VARCHAR"),), key_changed=True),
            "contract: d is VARCHAR instead of BIGINT; another key",
        ),
        (
            Verdict(VerdictKind.CONTRACT, dropped=("a", "b", "c", "d", "e"), key_changed=True),
            "contract: a is gone; b is gone; c is gone; d is gone and 2 more",
        ),
    ],
)
def test_a_verdict_names_the_strongest_effect(verdict: Verdict, text: str) -> None:
    assert verdict_text(verdict) == text


@pytest.mark.parametrize(
    ("reach", "text"),
    [
        (Reach(), "nobody reads what changes"),
        (Reach(build=1), "nobody reads what changes; 1 to build"),
        (Reach(("a",), owners=("ana",)), "reaches 1 dataset (a)"),
        (Reach(("a", "b"), ("revenue",)), "reaches 2 datasets (a, b), insight revenue"),
        (Reach(insights=("revenue", "churn")), "reaches insights revenue, churn"),
        (
            Reach(("a", "b", "c"), (), (), 2, 23_588, 0.2),
            "reaches 3 datasets (a, b, c); 2 to build, 23,588 rows, about 0.20 s",
        ),
        (Reach(("a",), build=1, rows=0, seconds=0.05), "reaches 1 dataset (a); 1 to build"),
    ],
)
def test_a_reach_tells_whom_and_what_it_costs(reach: Reach, text: str) -> None:
    assert reach_text(reach) == text
