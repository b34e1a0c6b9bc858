"""Files put together: names, dependencies, macros, what a definition's id depends on, cycles."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations

import pytest

from andon.model.dataset import ClockUse, Kind
from andon.model.insight import Basis, Period, Pin, Worth
from andon.model.project import Project
from kit.projects import SOURCE, load_texts, one_problem, told

A, B = "datasets/marts/a.sql", "datasets/marts/b.sql"


def good(texts: dict[str, str]) -> Project:
    project = load_texts(SOURCE | texts)
    assert not project.problems, [told(p) for p in project.problems]
    return project


def test_an_empty_project() -> None:
    project = load_texts({"andon.toml": ""})
    assert project.datasets == {}
    assert project.problems == ()
    assert list(project.shared) == ["andon.toml"]


def test_inputs_come_from_the_sql() -> None:
    text = "with x as (select * from shop.orders) select x.id from x join MARTS.B using (id) where id in (select id from shop.orders)"
    project = good({A: text, B: "select id from shop.orders"})
    definition = project.datasets["marts.a"].definition
    assert definition.inputs == ("marts.b", "shop.orders")
    assert definition.kind is Kind.SQL
    assert definition.entry == A


def test_a_source() -> None:
    definition = good({}).datasets["shop.orders"].definition
    assert definition.kind is Kind.SOURCE
    assert [read.patterns for read in definition.reads] == [("raw/orders.csv",)]
    assert definition.sql is not None
    read = definition.reads[0]
    assert definition.sql[read.start : read.end] == "read_csv('raw/orders.csv')"


def test_shared_files_and_meanings() -> None:
    project = good(
        {A: "select 1 as x", "macros/m.sql": "create macro m(a) as a;", "README.md": "x", "tests/a.yml": "[]"}
    )
    assert set(project.shared) == {"macros/m.sql", "README.md", "tests/a.yml"}
    assert project.meanings[A] == project.datasets["marts.a"].definition.meaning
    assert project.meanings["macros/m.sql"] == project.files["macros/m.sql"]


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("select id, amount from shop.orders", "SELECT id,\n  amount -- c\nFROM shop.orders;", True),
        ("select id from shop.orders", "/*---\nowner: ana\nchecks: id > 0\n---*/ select id from shop.orders", True),
        ("select id from shop.orders", "select id + 1 as id from shop.orders", False),
        ("select id from shop.orders", "/*---\nkey: id\n---*/ select id from shop.orders", False),
        ("select id from shop.orders", "/*---\nmaterialize: view\n---*/ select id from shop.orders", False),
        ("select id from shop.orders", "/*---\nmaterialize: table\n---*/ select id from shop.orders", True),
    ],
)
def test_what_a_definition_means(first: str, second: str, same: bool) -> None:
    ids = [good({A: text}).datasets["marts.a"].definition.id for text in (first, second)]
    assert (ids[0] == ids[1]) is same


MACROS = {
    "macros/a.sql": "create macro outer_(x) as inner_(x) + 1; create macro unused(x) as x;",
    "macros/b.sql": "create macro inner_(x) as x * year(current_date);",
    "macros/c.sql": "create macro latest(n) as table select * from marts.b order by id limit n;",
    A: "select outer_(o.id) as x from shop.orders o, latest(5)",
    B: "select id from shop.orders",
}


def test_macros_are_part_of_what_uses_them() -> None:
    project = good(MACROS)
    definition = project.datasets["marts.a"].definition
    names = [text.split("(")[0].split()[-1] for text in definition.macros]
    assert set(names) == {"outer_", "inner_", "latest"}
    assert names.index("inner_") < names.index("outer_")
    assert definition.clock is ClockUse.DATE
    assert definition.inputs == ("marts.b", "shop.orders")
    assert [path for path, _ in definition.uses] == ["macros/a.sql", "macros/b.sql", "macros/c.sql"]
    assert {path for path, _ in definition.files} == {A, "macros/a.sql", "macros/b.sql", "macros/c.sql"}
    assert project.datasets["marts.b"].definition.macros == ()


def test_only_the_macros_that_are_used_count() -> None:
    first = good(MACROS).datasets["marts.a"].definition.id
    moved = MACROS | {
        "macros/a.sql": "create macro outer_(x) as inner_(x) + 1;",
        "macros/d.sql": "create macro unused(x) as x + 1;",
    }
    assert good(moved).datasets["marts.a"].definition.id == first
    spaced = MACROS | {"macros/b.sql": "-- c\ncreate or replace macro inner_( x ) as x * year(current_date)"}
    assert good(spaced).datasets["marts.a"].definition.id == first
    edited = MACROS | {"macros/b.sql": "create macro inner_(x) as x * 2;"}
    assert good(edited).datasets["marts.a"].definition.id != first


def test_the_order_of_files_does_not_matter() -> None:
    items = list((SOURCE | MACROS).items())[:5]
    rest = dict(list((SOURCE | MACROS).items())[5:])
    ids = {load_texts(rest | dict(order)).datasets["marts.a"].definition.id for order in list(permutations(items))[:20]}
    assert len(ids) == 1


@pytest.mark.parametrize(
    ("texts", "place", "words"),
    [
        ({"macros/a.sql": "create macro f(x) as g(x); create macro g(x) as f(x);"}, "macros/a.sql:1:1", "f → g → f"),
        (
            {"macros/a.sql": "create macro f(x) as x;", "macros/b.sql": "\ncreate macro f(x) as x;"},
            "macros/b.sql:2:1",
            "first in `macros/a.sql`",
        ),
        (
            {"macros/a.sql": "create macro t() as table\nselect * from shop.ordrs;"},
            "macros/a.sql:2:15",
            "`shop.orders`?",
        ),
        (
            {"macros/a.sql": "create macro f() as now();", A: "/*---\nmaterialize: view\n---*/\nselect f() as t"},
            f"{A}:4:8",
            "clock",
        ),
        (
            {
                "macros/a.sql": "create macro t() as table select * from shop.orders;",
                "sources/shop/b.sql": "select * from t(), 'a.csv'",
            },
            "sources/shop/b.sql:1:15",
            "reads a dataset",
        ),
        ({A: "select * from shop.order"}, f"{A}:1:15", "`shop.orders`?"),
        ({A: "select * from shp.orders"}, f"{A}:1:15", "`shop.orders`?"),
        ({A: "select * from warehouse.orders"}, f"{A}:1:15", "`shop.orders`?"),
        ({A: "select * from orders"}, f"{A}:1:15", "with their schema: `shop.orders`"),
        ({A: "select * from ordrs"}, f"{A}:1:15", "`shop.orders`?"),
        ({A: "select * from zzz.qqq"}, f"{A}:1:15", "datasets/zzz/qqq.sql"),
        ({A: "select * from marts.a"}, f"{A}:1:15", "marts.a → marts.a"),
        ({A: "select *\nfrom marts.b", B: "select * from marts.a"}, f"{A}:2:6", "marts.a → marts.b → marts.a"),
        ({"datasets/a.sql": "select 1 as x"}, "datasets/a.sql", "<schema>"),
        ({"datasets/a/b/c.sql": "select 1 as x"}, "datasets/a/b/c.sql", "datasets/a/b_c.sql"),
        ({"datasets/marts/AbcDef.sql": "select 1 as x"}, "datasets/marts/AbcDef.sql", "abc_def"),
        ({"datasets/marts/2x.sql": "select 1 as x"}, "datasets/marts/2x.sql", "_2x"),
        ({"datasets/marts/ä.sql": "select 1 as x"}, "datasets/marts/ä.sql", "lower-case"),
        ({"datasets/temp/x.sql": "select 1 as x"}, "datasets/temp/x.sql", "reserved"),
        ({"datasets/marts/x__quarantine.sql": "select 1 as x"}, "datasets/marts/x__quarantine.sql", "reserved"),
        ({"datasets/marts/a.SQL": "select 1 as x"}, "datasets/marts/a.SQL", "lower case"),
        ({"datasets/marts/a.yml": "a: b"}, "datasets/marts/a.yml", ".sql"),
        ({A: "select 1 as x", "sources/marts/a.sql": "select * from 'a.csv'"}, "sources/marts/a.sql", "two files"),
        ({A: "select 1 as x", "datasets/Marts/A.sql": "select 1 as x"}, "datasets/Marts/A.sql", "only in case"),
        ({"sources/shop/x.py": "x = 1"}, "sources/shop/x.py:1:1", "no function has the mark"),
        ({"sources/shop/b.sql": "select 1 as x"}, "sources/shop/b.sql:1:1", "no file"),
        ({"checks/a.sql": "select * from shop.oders"}, "checks/a.sql:1:15", "`shop.orders`?"),
        ({"checks/a.sql": "/*---\nseverity: holt\n---*/ select id from shop.orders"}, "checks/a.sql:2:11", "`hold`?"),
        ({"checks/a.sql": "select random() as x from shop.orders"}, "checks/a.sql:1:8", "random"),
        ({"insights/a.yml": "title: x\nuses: [shop.oders]"}, "insights/a.yml:2:8", "`shop.orders`?"),
        ({"insights/a.yml": "- x"}, "insights/a.yml:1:1", "mapping"),
        ({"insights/a.yml": "titel: x\ntitle: y"}, "insights/a.yml:1:1", "`title`?"),
        ({"playbooks.yml": "a: b: c"}, "playbooks.yml:1:5", "quotes"),
        ({"tests/a.yml": "a: [1"}, "tests/a.yml:1:4", "not closed"),
        ({A: "select * from {{ ref('x') }}"}, f"{A}:1:15", "no templates"),
        ({A: "\n  \n"}, A, "empty"),
        ({A: "-- nothing\n"}, A, "no SQL"),
        ({"macros/a.sql": ""}, "macros/a.sql", "empty"),
    ],
)
def test_what_can_be_wrong(texts: dict[str, str], place: str, words: str) -> None:
    problem = one_problem(SOURCE | texts)
    assert problem.where == place
    assert words in f"{problem.message} {problem.hint}"


def test_every_circle_is_told() -> None:
    texts = {f"datasets/m/{x}.sql": f"select * from m.{y}" for x, y in ("ab", "ba", "cd", "de", "ec")}
    found = [p.message.split(": ")[1] for p in load_texts(texts).problems]
    assert found == ["m.a → m.b → m.a", "m.c → m.d → m.e → m.c"]


def test_a_wrong_name_blames_nobody_else() -> None:
    one_problem({"datasets/marts/Big.sql": "select 1 as x", B: "select * from marts.Big"})


def test_a_broken_dataset_blames_nobody_else() -> None:
    one_problem({A: "select from where", B: "select * from marts.a"})


def test_insights() -> None:
    text = "title: Who leaves?\nkind: action\nowner: ana\nuses: [shop.orders]\nvalue: 5\ndecision: write\n"
    insight = good({"insights/leavers.yml": text}).insights[0]
    assert (insight.name, insight.title, insight.kind) == ("leavers", "Who leaves?", "action")
    assert insight.uses == ("shop.orders",)
    assert insight.worth == Worth(words="5")


WHOLE = """---
kind: decision
question: Whom do we write to?
answer: 1,204 customers
owner: ana
uses: [marts.a.x, leavers]
query: |
  select count(*) as n
  from shop.orders
date: 2026-11-02
value: {amount: 16858.50, currency: USD, per: quarter, basis: estimated}
outcomes:
  - {on: 2026-11-30, what: letters went out, value: {amount: 120, currency: USD, basis: measured}}
review-by: 2027-03-01
pinned: {commit: 3f2a91c4, result: ab12}
---
# A heading

What it is about.
"""


def test_an_insight_in_markdown() -> None:
    files = {
        "insights/letters.md": WHOLE,
        "insights/README.md": "no front matter",
        "insights/notes.md": "# Only notes\n",
        "queries/leavers.sql": "select * from marts.b",
        A: "select 1 as x",
        B: "select 2 as y",
    }
    project = good(files)
    (insight,) = project.insights
    assert (insight.title, insight.kind, insight.answer) == ("Whom do we write to?", "decision", "1,204 customers")
    assert insight.description == "What it is about."
    assert (insight.uses, insight.queries) == (("marts.a.x", "shop.orders", "marts.b"), ("leavers",))
    assert insight.datasets == ("marts.a", "shop.orders", "marts.b")
    assert insight.worth == Worth(Decimal("16858.50"), "USD", Period.QUARTER, Basis.ESTIMATED)
    (outcome,) = insight.outcomes
    assert (outcome.on, outcome.worth and outcome.worth.basis) == ("2026-11-30", Basis.MEASURED)
    assert (insight.review_by, insight.pinned) == ("2027-03-01", Pin("3f2a91c4", "ab12"))


@pytest.mark.parametrize(
    ("said", "place", "words"),
    [
        ("uses: [shop.oders]", "3:8", "`shop.orders`?"),
        ("uses: [leaver]", "3:8", "saved query `leaver`"),
        ("query: |\n  select n\n  from shop.oders", "5:8", "`shop.orders`?"),
        ("query: select * from", "3:8", "end of input"),
        ("query: |\n  copy shop.orders to 'x'", "4:3", ""),
        ("date: yesterday", "3:7", "2026-11-30"),
        ("value: {amount: 5}", "3:8", "currency"),
        ("value: {amount: many, currency: USD}", "3:17", "number"),
        ("value: {amount: 1e30, currency: USD}", "3:17", "number"),
        ("value: {amount: 5, currency: dollars}", "3:30", "USD"),
        ("value: {basis: measured}", "3:8", "amount"),
        ("outcomes: [{on: 2026-11-30}]", "3:12", "`what`"),
        ("outcomes: [{on: 2026-11-30, what: x, value: {amount: 1, currency: USD, per: year}}]", "3:45", "once"),
        ("pinned: {result: x}", "3:9", "`commit`"),
        ("kind: idea", "3:7", "`action`"),
    ],
)
def test_what_can_be_wrong_with_an_insight(said: str, place: str, words: str) -> None:
    problem = one_problem(SOURCE | {"insights/a.md": f"---\ntitle: x\n{said}\n---\n"})
    assert problem.where == f"insights/a.md:{place}"
    assert words in f"{problem.message} {problem.hint}"


def test_an_insight_has_one_file_and_an_end() -> None:
    problem = one_problem(SOURCE | {"insights/a.md": "---\ntitle: x\n---\n", "insights/a.yml": "title: y\n"})
    assert (problem.code, problem.where) == ("project.duplicate_name", "insights/a.yml")
    assert one_problem(SOURCE | {"insights/a.md": "---\ntitle: x\n"}).code == "project.front_matter"


def test_random_is_accepted_where_it_is_allowed() -> None:
    definition = good({A: "/*---\nallow: [random]\n---*/ select random() as x"}).datasets["marts.a"].definition
    assert definition.allow == ("random",)
