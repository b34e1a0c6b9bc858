"""Ranking: its laws, whatever is found; and how it answers questions, those too that were left alone while it was made."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.catalog.ranking import Called, Names, ranked, worth
from andon.model.lamp import Lamp

BENCHMARKS = Path(__file__).resolve().parents[3] / "benchmarks"


class Finding(NamedTuple):
    """A dataset that was found, with all that counts."""

    dataset: str
    text: float
    called: Called
    people: int
    lamp: Lamp
    is_deprecated: bool
    is_certified: bool
    is_owned: bool
    is_described: bool


FINDINGS = st.lists(
    st.builds(
        Finding,
        st.sampled_from([f"s.d{number}" for number in range(12)]),
        st.floats(1e-6, 1e3),
        st.sampled_from(Called),
        st.integers(0, 400),
        st.sampled_from(Lamp),
        *[st.booleans()] * 4,
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda each: each.dataset,
)


def order_of(found: list[Finding]) -> list[str]:
    texts = {each.dataset: each.text for each in found}
    worths = {each.dataset: worth(*each[3:]) for each in found}
    return ranked(texts, worths, {each.dataset: each.called for each in found if each.called})


@given(FINDINGS, st.randoms(use_true_random=False))
def test_the_order_is_total_and_the_same_for_whoever_asks(found: list[Finding], pick: Any) -> None:
    order = order_of(found)
    assert sorted(order) == sorted(each.dataset for each in found)
    assert order_of(pick.sample(found, len(found))) == order


@given(FINDINGS)
def test_what_is_called_so_comes_first(found: list[Finding]) -> None:
    by_name = {each.dataset: each for each in found}
    called = [by_name[name].called for name in order_of(found)]
    assert called == sorted(called, reverse=True)


@given(FINDINGS, st.data())
def test_a_person_more_never_lowers_and_what_speaks_against_it_never_raises(found: list[Finding], data: Any) -> None:
    one = data.draw(st.sampled_from(found))
    place = order_of(found).index(one.dataset)

    def moved(**change: Any) -> int:
        return order_of([each._replace(**change) if each is one else each for each in found]).index(one.dataset)

    assert moved(people=one.people + 1) <= place
    assert moved(is_certified=True) <= place
    assert moved(is_deprecated=True) >= place
    for lamp in Lamp:
        if lamp.gravity > one.lamp.gravity:
            assert moved(lamp=lamp) >= place
    assert worth(one.people, Lamp.FAIL, True) < worth(one.people) < worth(one.people + 1)


def test_names_as_they_are_typed() -> None:
    names = Names(["shop.orders", "marts.shop_orders", "legacy.orders"])
    assert names.called("Shop Orders") == {"shop.orders": Called.WHOLE, "marts.shop_orders": Called.LAST_PART}
    assert names.called("orders") == {"shop.orders": Called.LAST_PART, "legacy.orders": Called.LAST_PART}
    assert names.called("order") == {}


@pytest.fixture(scope="module")
def bench() -> Any:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import search_ranking
    finally:
        sys.path.remove(str(BENCHMARKS))
    return search_ranking


@pytest.mark.parametrize(("trade", "seed"), [("shop", 1), ("shop", 2), ("care", 1)])
def test_sixty_questions_are_answered_well(bench: Any, trade: str, seed: int) -> None:
    found = bench.judged({each.name: each for each in (bench.SHOP, bench.CARE)}[trade], seed)
    assert len(found) == 60
    andon, plain = bench.means(found)
    assert andon >= bench.GOOD
    assert andon - plain >= bench.ABOVE
    # where bm25 has anything to go by, too
    andon, plain = bench.means(found, "meaning in words")
    assert andon - plain >= bench.ABOVE


def test_the_judge_tells_good_from_bad(bench: Any) -> None:
    made = bench.made_lake(bench.SHOP, 1)
    assert len(made.entries) == 500
    assert made.entries == bench.made_lake(bench.SHOP, 1).entries
    for question in made.questions:
        best = sorted(question.grades, key=lambda name: -question.grades[name])
        assert bench.gain(best, question.grades) == pytest.approx(1.0)
        assert bench.gain([], question.grades) == 0.0
        assert bench.gain(list(reversed([*best, *"abcde"])), question.grades) < 1.0
        assert all(made.parts[name].role not in ("scratch", "stale") for name in question.grades)
