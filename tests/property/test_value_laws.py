"""Value and cost along the lineage: nothing is lost or made, and who relies on whom is what paths say."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from andon.model.insight import Basis, Insight, Period, Worth
from andon.value.allot import allot, allot_by
from andon.value.at_stake import at_stake
from andon.value.bill import Amounts, Charge, ChargeKind, Served, Usefulness, allocate, bill_of
from andon.value.rates import Rates, cents
from andon.value.resting import Resting, rests_on
from andon.value.shares import ValueKind, is_unreviewed, value_shares, yearly
from andon.value.useful import LastRead, Lives, keepers, putting_away, usefulness
from andon.value.weakest import LinkFlaw, LinkLevel, repairs, weakest_links

TODAY = "2026-11-30"
NAMES = [f"m.d{index}" for index in range(7)]


@st.composite
def worths(draw: st.DrawFn) -> Worth:
    if draw(st.booleans()):
        return Worth()
    amount = draw(st.decimals(-(10**9), 10**9, places=draw(st.integers(0, 4))))
    basis = draw(st.sampled_from(Basis))
    return Worth(amount, draw(st.sampled_from(["USD", "EUR"])), draw(st.sampled_from(Period)), basis)


@st.composite
def lakes(draw: st.DrawFn) -> tuple[dict[str, list[str]], list[Insight]]:
    needs = {
        name: draw(st.lists(st.sampled_from(NAMES[:index]), max_size=3, unique=True)) if index else []
        for index, name in enumerate(NAMES)
    }
    insights = [
        Insight(
            f"i{index}",
            f"insights/i{index}.md",
            "?",
            uses=tuple(draw(st.lists(st.sampled_from(NAMES), max_size=3, unique=True))),
            worth=draw(worths()),
            review_by=draw(st.sampled_from([None, "2026-11-29", TODAY, "2027-01-01"])),
        )
        for index in range(draw(st.integers(0, 5)))
    ]
    return needs, insights


def paths(needs: dict[str, list[str]], start: str) -> set[str]:
    return {start}.union(*(paths(needs, each) for each in needs[start]))


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=9))
def test_what_is_allotted_adds_up(total: int, weights: list[int]) -> None:
    equal = allot(total, len(weights))
    assert sum(equal) == total
    assert max(equal) - min(equal) <= 1
    by = allot_by(total, weights)
    assert sum(by) == total
    whole = sum(weights)
    if whole:
        assert all(abs(part * whole - total * weight) < whole for part, weight in zip(by, weights, strict=True))


@given(lakes())
def test_shares_add_up_to_the_whole_and_reliance_is_what_paths_say(
    lake: tuple[dict[str, list[str]], list[Insight]],
) -> None:
    needs, insights = lake
    resting = rests_on(insights, needs)
    for insight in insights:
        assert resting.on[insight.name] == set().union(*(paths(needs, each) for each in insight.datasets))
    for name in NAMES:
        assert set(resting.behind.get(name, ())) == {each for each, on in resting.on.items() if name in on}
    found = value_shares(insights, resting, TODAY)
    assert set(found.unreviewed) == {each.name for each in insights if is_unreviewed(each, TODAY)}
    counted = [each for each in insights if each.name not in found.unreviewed]
    kinds: dict[ValueKind, int] = {}
    for each in counted:
        made = yearly(each.worth)
        if made is not None:
            kinds[made[0]] = kinds.get(made[0], 0) + made[1]
    assert found.totals == kinds
    for kind, total in kinds.items():
        parts = sum(of.get(kind, 0) for of in found.shares.values())
        assert parts + found.unplaced.get(kind, 0) == total
    assert all(kind.basis is not Basis.NONE for kind in found.totals), "what has no basis is no sum"


@given(lakes(), st.sets(st.sampled_from(NAMES)))
def test_what_is_at_stake_is_each_insight_once_and_no_sum_over_what_is_known_otherwise(
    lake: tuple[dict[str, list[str]], list[Insight]], made: set[str]
) -> None:
    needs, insights = lake
    names, unreviewed, worth = at_stake(insights, needs, made, TODAY)
    hit = [each for each in insights if made & set().union(*(paths(needs, used) for used in each.datasets))]
    assert list(names) == sorted(each.name for each in hit)
    assert list(unreviewed) == sorted(each.name for each in hit if is_unreviewed(each, TODAY))
    told = {(each.basis, each.currency, each.per): (Decimal(each.amount), each.insights) for each in worth}
    assert len(told) == len(worth)
    sums: dict[tuple[str, str, str], tuple[Decimal, int]] = {}
    for each in hit:
        counts = yearly(each.worth)
        if counts is not None and each.name not in unreviewed:
            kind, cents = counts
            key = (str(kind.basis), kind.currency, str(kind.per))
            before, count = sums.get(key, (Decimal(0), 0))
            sums[key] = (before + Decimal(cents) / 100, count + 1)
    assert told == sums


def test_a_year_has_twelve_months() -> None:
    usd = ValueKind(Basis.MEASURED, "USD", Period.YEAR)
    assert yearly(Worth(Decimal("10.01"), "USD", Period.MONTH, Basis.MEASURED)) == (usd, 12012)
    assert yearly(Worth(Decimal(5), "USD", Period.ONCE, Basis.MEASURED)) == (
        ValueKind(Basis.MEASURED, "USD", Period.ONCE),
        500,
    )
    assert yearly(Worth(words="much")) is None


amounts = st.builds(Amounts, st.integers(0, 10**12), st.integers(0, 10**15), st.integers(0, 10**9))


@st.composite
def charges(draw: st.DrawFn) -> list[Charge]:
    return [
        Charge(
            draw(st.sampled_from(ChargeKind)),
            draw(amounts),
            tuple(draw(st.lists(st.sampled_from([*NAMES, "m.gone"]), max_size=3, unique=True))),
            draw(st.sampled_from([None, "ana", "ben"])),
            draw(st.sampled_from([None, None, "i0"])),
            draw(st.booleans()),
        )
        for _ in range(draw(st.integers(0, 8)))
    ]


@given(lakes(), charges(), st.sets(st.sampled_from(NAMES)), st.sets(st.sampled_from(NAMES)))
def test_what_served_and_what_was_wasted_is_all_that_was_spent(
    lake: tuple[dict[str, list[str]], list[Insight]], spent: list[Charge], read: set[str], new: set[str]
) -> None:
    needs, insights = lake
    resting = rests_on(insights, needs)
    found = allocate(spent, Usefulness(resting, read, new))
    for charge in spent:
        own = [each.amounts for each in found if each.charge is charge]
        assert Amounts(*(sum(each) for each in zip(*own, strict=True))) == charge.amounts
    bill = bill_of(found)
    total = Amounts(*(sum(each) for each in zip(Amounts(), *(charge.amounts for charge in spent), strict=True)))
    assert bill.total == total
    assert Amounts(*(sum(each) for each in zip(*bill.served.values(), strict=True))) == total
    for each in found:
        if each.served is Served.WASTE:
            assert each.dataset is not None
            assert each.dataset not in resting.behind, "what an insight rests on is no waste"
            assert each.dataset not in read | new
        if each.served is Served.INSIGHT and each.dataset is not None:
            assert each.to in resting.behind[each.dataset]


@given(
    lakes(),
    st.lists(
        st.tuples(st.sampled_from(NAMES), st.sampled_from("ab"), st.sampled_from([LinkLevel.RED, LinkLevel.AMBER]))
    ),
)
def test_the_weakest_link_is_the_lowest_of_all(
    lake: tuple[dict[str, list[str]], list[Insight]], said: list[tuple[str, str, LinkLevel]]
) -> None:
    needs, insights = lake
    flaws = list(
        {(name, kind): LinkFlaw(name, kind, level, kind, f"mend {kind}") for name, kind, level in said}.values()
    )
    resting = rests_on(insights, needs)
    links = {each.insight: each for each in weakest_links(resting, flaws)}
    assert set(links) == {each.name for each in insights}
    for insight in insights:
        rests = set().union(*(paths(needs, each) for each in insight.datasets))
        levels = [flaw.level for flaw in flaws if flaw.dataset in rests]
        link = links[insight.name]
        assert link.level is min(levels, default=LinkLevel.GREEN)
        assert set(link.flaws) == {flaw for flaw in flaws if flaw.dataset in rests and flaw.level is link.level}
    first = repairs(links.values(), {})
    assert {name for each in first for name in each.insights} == {n for n, link in links.items() if link.flaws}
    most = max((sum(flaw in link.flaws for link in links.values()) for flaw in flaws), default=0)
    if first:
        assert len(first[0].insights) == most, "the first repair helps most insights"


def test_nobody_rests_on_nothing() -> None:
    assert rests_on([], {"m.a": []}) == Resting({}, {})
    assert weakest_links(Resting({}, {}), []) == []


DAYS = ["2026-08-01", "2026-10-30", "2026-10-31", "2026-11-20"]


@st.composite
def lived(draw: st.DrawFn) -> Lives:
    needs, insights = draw(lakes())
    for one, other in draw(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=2)):
        needs[one] = [*needs[one], other]  # a check names it: in a circle, too
    few = st.lists(st.sampled_from(NAMES), max_size=2)
    rules = {f"r{index}": draw(few) for index in range(draw(st.integers(0, 1)))}
    read = {name: LastRead("ana", "2026-11-01") for name in draw(few)}
    first = {name: draw(st.sampled_from(DAYS)) for name in draw(st.lists(st.sampled_from(NAMES), unique=True))}
    queries = {"q": draw(few)} if draw(st.booleans()) else {}
    branches = {"try": draw(few)} if draw(st.booleans()) else {}
    return Lives(needs, insights, rules, read, first, queries, branches)


def needed_by(needs: dict[str, list[str]], start: str, seen: frozenset[str] = frozenset()) -> set[str]:
    """Itself and all that it can't be without, by walking every path."""
    return {start}.union(*(needed_by(needs, each, seen | {start}) for each in needs[start] if each not in seen))


@given(lived())
def test_waste_is_what_nothing_live_needs(lives: Lives) -> None:
    use = usefulness(lives, "2026-10-31")
    live = {each for insight in lives.insights for each in insight.datasets}
    for of in (lives.rules, lives.queries, lives.branches):
        live |= {each for read in of.values() for each in read}
    live |= set(lives.read)
    young = {name for name, first in lives.first.items() if first >= "2026-10-31"}
    for name in NAMES:
        is_kept = any(name in needed_by(lives.needs, each) for each in live)
        is_young = any(name in needed_by(lives.needs, each) for each in young)
        assert bool(keepers(name, lives)) == is_kept
        assert (use.served(name) is Served.WASTE) == (not is_kept and not is_young)
        assert (use.served(name) in (Served.INSIGHT, Served.PEOPLE)) == is_kept


@given(
    st.lists(st.tuples(st.integers(0, 10**12), st.integers(0, 10**15)), min_size=1, max_size=12),
    st.decimals(0, 1000, places=4),
    st.decimals(0, 1000, places=4),
)
def test_money_as_it_is_shown_adds_up(measured: list[tuple[int, int]], hour: Decimal, month: Decimal) -> None:
    rates = Rates("EUR", hour, month)
    amounts = [rates.priced(*each) for each in measured]
    total = sum(each.money for each in amounts)
    exact = sum(hour * micros / 3600 + month * kept / (30 * 10**3) for micros, kept in measured)
    assert abs(total - exact) <= len(measured)
    shown = cents(amounts)
    assert abs(sum(shown) * 10_000 - total) <= 5_000
    assert all(abs(each * 10_000 - own.money) <= 15_000 for each, own in zip(shown, amounts, strict=True))


@given(lakes(), st.sets(st.sampled_from(NAMES)), st.permutations(NAMES), st.integers(1, 9))
def test_what_is_put_away_together_leaves_nothing_that_needs_it(lake, named, ordered, most) -> None:
    needs, _ = lake
    gone = putting_away(ordered, needs, named, most)
    assert len(gone) == len(set(gone)) <= most
    stays = set(NAMES) - set(gone)
    assert named <= stays
    assert all(paths(needs, name) <= stays for name in stays)
    if most >= len(NAMES):  # and nothing is left that could go, too
        assert all(any(name in paths(needs, other) for other in named) for name in stays)
