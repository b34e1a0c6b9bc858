"""Files of insights: what is written reads back the same, and what is added by text changes nothing else."""

from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.base.record import replace
from andon.errors import ProjectError
from andon.model.insight import Basis, Insight, InsightKind, InsightOutcome, Period, Pin, Worth
from andon.project.files.facts import InsightFile
from andon.project.files.insight import read_insight
from andon.project.write_insight import insight_text, with_outcome, with_pin

PATH = "insights/why.md"
LINES = (
    st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=30)
    .map(str.strip)
    .filter(lambda text: bool(text) and text.splitlines() == [text])
)
TEXTS = st.one_of(
    LINES, st.sampled_from(["no", "12", "a: b", "[x], {y}", "# it", "---", "'quoted\"", "on, off", "50%", "*/"])
)
DAYS = st.dates().map(lambda day: day.isoformat()).filter(lambda text: text >= "1000")
HEX = st.text(string.hexdigits.lower()[:16], min_size=8, max_size=64)
PINS = st.builds(Pin, HEX, st.none() | HEX)


@st.composite
def worths(draw: st.DrawFn, *, once: bool = False) -> Worth:
    words = draw(st.none() | TEXTS)
    if draw(st.booleans()):
        return Worth(words=words)
    amount = draw(st.decimals(-(10**9), 10**9, places=draw(st.integers(0, 3))))
    basis = draw(st.sampled_from(Basis))
    return Worth(
        amount,
        draw(st.sampled_from(["USD", "EUR"])),
        Period.ONCE if once else draw(st.sampled_from(Period)),
        basis,
        words,
    )


OUTCOMES = st.builds(InsightOutcome, DAYS, TEXTS, st.none() | worths(once=True).filter(lambda w: w != Worth()))
QUERIES = st.sampled_from(
    [
        "monthly",
        "select 1 as n",
        "select customer,\n  sum(amount) as total\nfrom marts.totals\n\ngroup by customer",
        "  from marts.totals".strip(),
        "select '---' as x, '\t' as y, 'ü' as z, ': # ' as w\nfrom marts.b",
    ]
)


@st.composite
def insights(draw: st.DrawFn) -> Insight:
    return Insight(
        "why",
        PATH,
        draw(TEXTS),
        draw(st.sampled_from(InsightKind)),
        owner=draw(st.none() | TEXTS),
        uses=tuple(draw(st.lists(st.sampled_from(["marts.a", "marts.b.amount", "shop.orders"]), unique=True))),
        query=draw(st.none() | QUERIES),
        answer=draw(st.none() | TEXTS),
        date=draw(st.none() | DAYS),
        worth=draw(worths()),
        outcomes=tuple(draw(st.lists(OUTCOMES, max_size=2))),
        review_by=draw(st.none() | DAYS),
        pinned=draw(st.none() | PINS),
        description=draw(st.none() | st.just("Two lines.\n\n- one\n- # two") | LINES),
        decision=draw(st.none() | TEXTS),
    )


def said(path: str, text: str) -> Insight:
    facts = read_insight(path, text)
    assert not facts.problems, (facts.problems, text)
    assert isinstance(facts.said, InsightFile)
    return facts.said.insight


@settings(max_examples=150)
@given(insights(), PINS, OUTCOMES)
def test_what_is_written_reads_back_the_same_and_is_added_to(made: Insight, pin: Pin, outcome: InsightOutcome) -> None:
    text = insight_text(made)
    found = said(PATH, text)
    assert replace(found, uses=(), queries=()) == replace(made, uses=(), queries=())
    assert set(made.uses) <= set(found.uses)
    longer = with_outcome(PATH, with_pin(PATH, text, pin), outcome)
    assert said(PATH, longer) == replace(found, pinned=pin, outcomes=(*found.outcomes, outcome))


BY_HAND = """\
# who asked
title: Who stays?   # asked in May
uses: [marts.totals]
outcomes:
# the first
- on: 2026-05-01
  what: we called them   # all
# before the last
- {on: 2026-06-01, what: they stayed}

# what it was read from
pinned:
  commit: 0123456789ab
  result: abc
review_by: 2027-01-01
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("path", ["insights/who.yml", "insights/who.md"])
def test_comments_and_layout_stay(path: str, end: str) -> None:
    text = (BY_HAND if path.endswith(".yml") else f"---\n{BY_HAND}---\n# Who\n\nMore.\n").replace("\n", end)
    before = said(path, text)
    outcome = InsightOutcome("2026-07-01", "they came: back", Worth(amount=None, words="a lot, much"))
    made = with_pin(path, with_outcome(path, text, outcome), Pin("ba9876543210", "def"))
    assert said(path, made) == replace(before, outcomes=(*before.outcomes, outcome), pinned=Pin("ba9876543210", "def"))
    gone = [line for line in text.split(end) if line not in made.split(end)]
    assert gone == ["pinned:", "  commit: 0123456789ab", "  result: abc"]
    assert ("\r\n" in made) == (end == "\r\n")
    assert "\n" not in made.replace("\r\n", "") or end == "\n"


def test_what_can_not_be_added_to_is_refused_with_the_line_to_write() -> None:
    flow = "title: Who?\nuses: [marts.totals]\noutcomes: [{on: 2026-05-01, what: x}]\n"
    with pytest.raises(ProjectError) as caught:
        with_outcome("insights/who.yml", flow, InsightOutcome("2026-07-01", "they left"))
    assert caught.value.code == "project.cannot_add"
    assert "{on: 2026-07-01, what: they left}" in (caught.value.hint or "")
    with pytest.raises(ProjectError, match="no front matter"):
        with_pin("insights/who.md", "# only text\n", Pin("0123456789ab"))
