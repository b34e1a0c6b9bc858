"""A file of which only comments were edited says what the parser says of it, or is left to the parser."""

from __future__ import annotations

import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from andon.project.files.layout import Role
from andon.project.files.reworded import reworded
from andon.project.files.sql import read_selects

PATH = "datasets/marts/revenue.sql"
QUERIES = (
    "select id , amount >= 1 as big , 'it''s' as said , \"Odd Name\" from shop.orders o where o . id = - 1 ;",
    "with a as ( select max ( day ) as day from shop.days ) select * from a join shop.orders using ( day )",
    "select 'a' 'b' as both , $$ x -- y $$ as kept , e'\\'--' as odd , upper ( note ) , note :: date from shop.notes",
    "select 1 - - 2 as sum , x -> x + 1 as arrow , today ( ) from shop.orders group by all",
)
BLANKS = ("", " ", "  ", "\n", "\r", "\t", "\u00a0", "\u2003", "\ufeff", "\x0b", "\x1c", ";", "\\", "-")
COMMENTS = (
    "--",
    "-- note\n",
    "-- it's\n",
    "--\r",
    "-- größe\n",
    "\n-- from shop.other\n",
    "/* c */",
    "/*",
    "*/",
    "/*---\nowner: ana\n---*/",
)
GAPS = st.sampled_from((*BLANKS, *COMMENTS))


def _facts(text: str):
    (found,) = read_selects([(PATH, text, Role.DATASET_SQL)])
    return found


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, str]:
    """A text, and one with the same words and other gaps between some of them."""
    words = draw(st.sampled_from(QUERIES)).split(" ")
    odd = st.one_of(GAPS, st.tuples(GAPS, GAPS).map("".join), st.tuples(st.just(" "), GAPS).map("".join))
    gaps = [draw(st.sampled_from([" ", " ", "\n", "  "])) for _ in range(len(words) + 1)]
    if draw(st.booleans()):
        gaps[draw(st.integers(0, len(words)))] = draw(odd)
    other = list(gaps)
    for _ in range(draw(st.integers(1, 3))):
        other[draw(st.integers(0, len(words)))] = draw(odd)

    def text(between: list[str]) -> str:
        return between[0] + "".join(word + gap for word, gap in zip(words, between[1:], strict=True))

    return text(gaps), text(other)


@settings(max_examples=200, deadline=None)
@given(edited())
@example(("select 'a'\n'b'", "select 'a' 'b'"))
@example(("select 1 from shop.orders", "select 1 from shop.orders /*"))
@example(("select 1 >= 0 from shop.orders", "select 1 > = 0 from shop.orders"))
@example(("select x -> x + 1 from shop.orders", "select x ->-- note\nx + 1 from shop.orders"))
@example(("select 1 from shop.orders", "select 1 \x0bfrom shop.orders"))
@example(("select 1 from shop.orders", "/*---\nowner: ana\n---*/ select 1 from shop.orders"))
def test_what_is_taken_over_is_what_the_parser_says(texts: tuple[str, str]) -> None:
    before, after = texts
    found = reworded(before, _facts(before), after)
    event("taken over" if found is not None else "parsed")
    assert found is None or found == _facts(after)


@pytest.mark.parametrize("query", [QUERIES[0], QUERIES[1], QUERIES[3]])
def test_a_comment_is_no_reason_to_parse(query: str) -> None:
    front = "/*---\nowner: ana\ndescription: What came in\n---*/\n"
    before = front + query.replace(" from", "\nfrom").removesuffix(" ;")
    after = before.replace("\nfrom", "  -- of this year\n\n  from", 1) + "\n-- note 1\n"
    found = reworded(before, _facts(before), after)
    assert found is not None
    assert found == _facts(after)
    assert [use.line for use in found.said.tables] != [use.line for use in _facts(before).said.tables]
