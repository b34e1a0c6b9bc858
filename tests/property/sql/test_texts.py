"""Any text at all: reading it never raises, and what it says about places fits the text."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from andon.errors import CODES
from andon.sql.facts import SqlFacts, read_facts, read_macros
from andon.sql.rules import refusals

TEXT = """select from where group by having order limit with recursive as t o shop . , ( ) [ ] { } * + - ; ' " $$ $1 ? -- /* */
    'a.csv' read_csv('x.csv') read_csv( now() current_date age(x) random() 1 1.5 'é' "ü" 日本 union all pivot on in using sum join left
    full natural values create macro or replace table := => case when then end over partition lambda : :: cast exists not null
    tablesample 10% describe summarize show explain \n \t é interval day system.main.now() {'a': 1} x.y.z a.b unnest range(3)"""
WORDS = re.findall(r"\S+", TEXT)

words = st.lists(st.sampled_from([*WORDS, "\n", "\0"]), max_size=25).map(" ".join)
anything = st.text(max_size=60)


def check(text: str, facts: SqlFacts) -> None:
    assert facts.problems or facts.normal
    for problem in facts.problems:
        assert problem.code in CODES
        assert problem.message
        assert problem.offset is None or 0 <= problem.offset <= len(text)
    for use in (*facts.tables, *facts.calls):
        assert 0 <= use.offset <= len(text)
    for read in facts.reads:
        assert 0 <= read.start < read.end <= len(text)
    for role in ("source", "dataset", "view", "query", "macro"):
        for problem in refusals(facts, role=role, allow=frozenset()):
            assert problem.code in CODES


@settings(max_examples=150, deadline=None)
@given(st.lists(words | anything, min_size=1, max_size=5))
def test_no_text_breaks_reading(texts: list[str]) -> None:
    for text, facts in zip(texts, read_facts(texts), strict=True):
        check(text, facts)


@settings(max_examples=100, deadline=None)
@given(words | anything)
def test_no_text_breaks_reading_macros(text: str) -> None:
    for made in ([text], ["create macro f(a) as " + text], ["create macro f(a) as table select " + text]):
        facts = read_macros(made)[0]
        assert facts.statements or facts.problems
        for problem in facts.problems:
            assert problem.offset is None or 0 <= problem.offset <= len(made[0])


@settings(max_examples=100, deadline=None)
@given(words)
def test_comments_and_blanks_do_not_change_the_form(text: str) -> None:
    plain = f"select a, b from shop.t {text}"
    wrapped = f"/*--- x ---*/\n  {plain}\n-- end\n;"
    one, other = read_facts([plain, wrapped])
    if one.normal and not one.problems and "--" not in text and "/*" not in text:
        assert one.normal == other.normal
