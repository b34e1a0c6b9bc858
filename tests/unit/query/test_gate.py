"""The gate: what it makes of a text, and what it says of one that it refuses."""

from __future__ import annotations

import pytest

from andon.errors import UsageError
from andon.query.asking import before
from andon.query.gate import MOST_TEXT, bare, permit


def test_a_question_is_told_apart_from_what_asks_for_its_plan():
    plain = permit("  select a from s.t, r.u, s.t x where b = $n ;; ")
    assert (plain.text, plain.plan, plain.datasets) == (
        "select a from s.t, r.u, s.t x where b = $n",
        "",
        ("s.t", "r.u"),
    )
    assert plain.parameters == ("n",)
    assert before(plain, None) == ""
    for text, plan in [
        ("explain select a from s.t", "explain"),
        ("EXPLAIN\nANALYZE\nselect a from s.t", "explain analyze"),
        ("/* why */ explain /* so */ analyze -- slow\nfrom s.t", "explain analyze"),
        ("explain (select a from s.t)", "explain"),
    ]:
        found = permit(text)
        assert (found.plan, found.datasets, len(found.select)) == (plan, ("s.t",), len(text))
        assert found.select.strip().startswith(("select", "from", "(", "--"))
        assert before(found, None) == plan + "\n"
    assert permit("select a from s.t").shape == permit("explain select a from s.t").shape


@pytest.mark.parametrize(
    ("text", "says", "advice"),
    [
        ("copy s.t to 'x'", "expected a SELECT, found `COPY`", "a question reads: "),
        ("explain copy s.t to 'x'", "expected a SELECT, found `COPY`", "a question reads: "),
        ("explain analyze set x = 1", "expected a SELECT, found `SET`", "a question reads: "),
        ("explain explain select 1", "", ""),
        ("explain", "there is no SQL in the text", "write one SELECT"),
        ("", "there is no SQL in the text", "write one SELECT"),
        ("select 1; select 2", "expected one statement, found 2", "ask one at a time"),
        ("from '/etc/passwd'", "neither a dataset nor a file", "`andon ls` lists them"),
        ("from ''", "", ""),
        ('from ""', "", ""),
        ("from read_csv('x.csv')", "read outside of a source", "make a source"),
        ("select a from s.t -- " + "x" * MOST_TEXT, "are the most", "join with a dataset"),
    ],
)
def test_what_is_refused_has_a_next_step(text, says, advice):
    with pytest.raises(UsageError) as caught:
        permit(text)
    assert says in caught.value.message
    assert advice in str(caught.value.hint)


def test_places_are_those_of_the_text_that_was_asked():
    with pytest.raises(UsageError) as caught:
        permit("explain analyze\n  select * from 'x.csv'")
    assert caught.value.where == "query:2:17"
    assert bare(" \n select 1 ; ") == "select 1"
