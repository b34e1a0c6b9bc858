"""What datasets say of each other: caveats with ids and columns, who handles them, what takes the place of what ends."""

from __future__ import annotations

import pytest

from andon.model.glossary import GlossaryTerm
from andon.model.standing import Caveat, Certification, Deprecation, Handling
from kit.projects import SOURCE, load_texts, one_problem, told

A, B = "datasets/marts/a.sql", "datasets/marts/b.sql"
ORDERS = "sources/shop/orders.sql"
SAID = """/*---
caveats:
  - Till receipts of the first week are missing, we think.
  - {id: eu_only, text: Only the EU., columns: [amount], since: 2026-01-01}
  - 2 of them
---*/
select 1 as x
"""
READS = "select a.x from marts.a"


def test_what_is_said_is_kept() -> None:
    files = SOURCE | {
        A: SAID,
        B: "/*---\nhandles:\n  eu_only: the others are added\n  marts.a/_2_of_them: all are here\ncertified: ana\n---*/ "
        + READS,
        "datasets/marts/c.sql": "/*---\ndeprecated: {use: marts.b, until: 2027-01-31, why: it is slow}\n"
        "certified: {by: ben, on: 2026-11-01}\n---*/ select 1 as x",
        "datasets/marts/d.sql": "/*---\ndeprecated: nobody needs it\n---*/ select 1 as x",
    }
    project = load_texts(files)
    assert not project.problems, [told(each) for each in project.problems]
    assert project.datasets["marts.a"].caveats == (
        Caveat("till_receipts_of_the_first_week", "Till receipts of the first week are missing, we think."),
        Caveat("eu_only", "Only the EU.", ("amount",), "2026-01-01"),
        Caveat("_2_of_them", "2 of them"),
    )
    handled = project.datasets["marts.b"]
    assert handled.handles == (
        Handling("eu_only", "the others are added", 3, 3),
        Handling("marts.a/_2_of_them", "all are here", 4, 3),
    )
    assert handled.certified == Certification("ana")
    ends = project.datasets["marts.c"]
    assert (ends.deprecated, ends.certified) == (
        Deprecation("marts.b", "2027-01-31", "it is slow", 2, 19),
        Certification("ben", "2026-11-01"),
    )
    last = project.datasets["marts.d"].deprecated
    assert last is not None
    assert (last.use, last.why) == (None, "nobody needs it")


def test_what_is_said_shapes_no_definition() -> None:
    bare = load_texts(SOURCE | {A: "select 1 as x"})
    assert load_texts(SOURCE | {A: SAID}).datasets["marts.a"].definition.id == bare.datasets["marts.a"].definition.id


@pytest.mark.parametrize(
    ("said", "place", "words"),
    [
        ("caveats: [a, a]", "2:14", "`a` twice"),
        ("caveats: {a: b}", "2:10", "list"),
        ("caveats: [{id: x}]", "2:11", "`text`"),
        ("caveats: [{id: Not good, text: x}]", "2:16", "lower-case"),
        ("caveats: [{text: x, since: long ago}]", "2:28", "2026-11-30"),
        ("handles: [eu_only]", "2:10", "caveat → how"),
        ("handles: {eu_onli: added}", "2:11", "`eu_only`?"),
        ("handles: {marts.b/eu_only: added}", "2:11", "eu_only"),
        ("deprecated: {use: marts.aa}", "2:19", "`marts.a`?"),
        ("deprecated: {use: marts.b}", "2:19", "by itself"),
        ("deprecated: {until: soon}", "2:21", "2026-11-30"),
        ("deprecated: true", "2:13", "marts.revenue"),
        ("certified: {on: 2026-11-01}", "2:12", "nobody"),
        ("retention: 400d", "2:12", "by: placed_on"),
        ("retention: {keep: 400d}", "2:12", "`by`"),
        ("retention: {by: x, keep: long}", "2:26", "`13mo`"),
    ],
)
def test_what_can_be_wrong(said: str, place: str, words: str) -> None:
    problem = one_problem(SOURCE | {A: SAID, B: f"/*---\n{said}\n---*/ {READS}"})
    assert problem.where == f"{B}:{place}"
    assert words in f"{problem.message} {problem.hint}"


def test_a_glossary() -> None:
    said = """
revenue: What was taken, without tax.
customer:
  meaning: Who bought once.
  also: [client]
  columns: [marts.a.x, shop.orders]
  owner: ana
"""
    project = load_texts(SOURCE | {A: "select 1 as x", "glossary.yml": said})
    assert not project.problems, [told(each) for each in project.problems]
    assert project.glossary == (
        GlossaryTerm("revenue", "What was taken, without tax."),
        GlossaryTerm(
            "customer", "Who bought once.", ("client",), ("marts.a.x", "shop.orders"), "ana", ((6, 13), (6, 24))
        ),
    )
    assert load_texts(SOURCE | {"glossary.yml": "# none yet\n"}).glossary == ()


@pytest.mark.parametrize(
    ("said", "place", "words"),
    [
        ("- a", "1:1", "term → meaning"),
        ("a: {also: [b]}", "1:4", "`meaning`"),
        ("a: {meaning: x, columns: [shop.oders.id]}", "1:27", "`shop.orders`?"),
        ("a: x\nb: {meaning: y, also: [A]}", "2:1", "already a word of `a`"),
        ("a: 5", "1:4", "text"),
    ],
)
def test_what_can_be_wrong_with_a_glossary(said: str, place: str, words: str) -> None:
    problem = one_problem(SOURCE | {"glossary.yml": said})
    assert problem.where == f"glossary.yml:{place}"
    assert words in f"{problem.message} {problem.hint}"


def test_two_that_replace_each_other_are_both_told() -> None:
    texts = {
        A: "/*---\ndeprecated: {use: marts.b}\n---*/ select 1 as x",
        B: "/*---\ndeprecated: {use: marts.a}\n---*/ select 1 as x",
    }
    assert [each.where for each in load_texts(SOURCE | texts).problems] == [
        f"{A}:2:19",
        f"{B}:2:19",
    ]
