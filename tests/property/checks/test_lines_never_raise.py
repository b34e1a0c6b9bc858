"""Any line at all: reading it never raises; a refusal has a place within the line and a hint."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from andon.checks.language.parse import parse_check
from andon.errors import CODES, Problem
from andon.model.check import Check

TEXT = """not null key unique a b "odd name" "why" , ( ) [ ] { } -> shop.customers shop.customers.id in not in is email matches 'x+'
    1 -5 5% .5 1..5 0.. ..5 .. 2020-01-01 2020-01-01..2026-12-31 '2020' = <> < >= +- + - * / % :: : name: where allow 5% 20 rows
    warn info quarantine hold rows of published lost keys changed sum(a) sum( share(a > 0) distinct(a) avg(b) > 0 max_age 26h by 5m
    schema exact add ok widen watch and or case when then end select exists over () filter now() random() # -- ; /* ' \" \\ $$ ? $1
    null true é 日本 e'\\'' lambda x: . .. ... 1e9 1_000 1e999999% @ ~ || ->> j->'k'"""
WORDS = re.findall(r"\S+", TEXT)
words = st.lists(st.sampled_from([*WORDS, " ", "\t", "\n"]), max_size=14)
lines = words.map(" ".join) | words.map("".join) | st.text(max_size=40)
COLUMNS = [("a", "INTEGER"), ("b", "DOUBLE"), ("odd name", "VARCHAR")]


@settings(max_examples=400, deadline=None)
@given(lines, st.booleans(), st.sampled_from([None, "a", "odd name"]))
def test_no_line_breaks_reading(line: str, known: bool, column: str | None) -> None:
    found = parse_check(line, dataset="s.d", columns=COLUMNS if known else None, key=["a"], for_column=column, column=5)
    if isinstance(found, Check):
        assert found.text
        assert found.dataset not in found.others
        return
    assert isinstance(found, Problem)
    assert found.code in CODES
    assert found.message
    assert found.hint
    assert found.column is not None
    assert 5 <= found.column <= 5 + len(line)


@settings(max_examples=100, deadline=None)
@given(words.map(" ".join))
def test_what_was_read_reads_again_from_its_text(line: str) -> None:
    found = parse_check(line, dataset="s.d", columns=COLUMNS, key=["a"])
    if isinstance(found, Check):
        again = parse_check(found.text, dataset="s.d", columns=COLUMNS, key=["a"])
        assert isinstance(again, Check)
        assert again.id == found.id
