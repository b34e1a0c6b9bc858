"""Facts of texts: tables, calls, reads, clock, problems, with places in characters."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from andon.model.dataset import ClockUse
from andon.sql.facts import SqlFacts, read_facts, read_macros
from andon.sql.macros import as_temporary, macro_name


def facts(text: str) -> SqlFacts:
    return read_facts([text])[0]


@pytest.mark.parametrize(
    ("text", "tables"),
    [
        ("select 1", []),
        ("select * from shop.orders, t join Cat.Shop.T2 on true", ["shop.orders", "t", "cat.shop.t2"]),
        ("with a as (select * from shop.x) select * from a, A", ["shop.x"]),
        ("with a as (select * from b), b as (select 1) select * from a, b", ["b"]),
        ("with a as (select 1) select * from shop.a", ["shop.a"]),
        ("with recursive r(n) as (select 1 union all select n + 1 from r) select * from r", []),
        ("select * from (with a as (select 1) select * from a) q, a", ["a"]),
        ("with a as (select 1) select (select max(x) from (select * from a)) from shop.t", ["shop.t"]),
        ("select 1 where exists (select 1 from shop.t) and 2 in (from shop.u)", ["shop.t", "shop.u"]),
        ("select * from shop.a union all (select * from shop.b except from shop.c)", ["shop.a", "shop.b", "shop.c"]),
        ("pivot shop.t on a in (1) using sum(b)", ["shop.t"]),
        ("from shop.t, unnest((select list(x) from shop.u))", ["shop.t", "shop.u"]),
        ("with a as (select 1 union select * from shop.z) select 1 union select 2 from a", ["shop.z"]),
        ("table shop.t", ["shop.t"]),
        ("select list_transform(l, lambda x: (select max(y) from shop.v)) from shop.t", ["shop.v", "shop.t"]),
    ],
)
def test_tables_are_those_that_the_text_does_not_define(text: str, tables: list[str]) -> None:
    found = facts(text)
    assert found.problems == ()
    assert [table.name for table in found.tables] == tables
    for table in found.tables:
        assert text[table.offset :].lower().startswith(table.name)


def test_places_are_characters_also_after_other_alphabets() -> None:
    text = (
        "/*--- description: Größe 日本 ---*/ select 'ä', Foo(x) from shop.größe where now() > 'é' and main.now() > 'x'"
    )
    found = facts(text)
    assert [text[table.offset :][:10] for table in found.tables] == ["shop.größe"]
    assert [text[call.offset :][:5].lower() for call in found.calls] == ["foo(x", "now()", "main."]
    assert [call.qualified for call in found.calls] == [None, None, "main"]


def test_calls_are_all_functions_and_no_operators() -> None:
    text = "select sum(a + b) over (partition by lower(c)), count(*), [1], x.y(), s.f(1) from range(3) where a || b like 'x'"
    names = [(call.name, call.qualified, call.is_table) for call in facts(text).calls]
    assert ("sum", None, False) in names
    assert ("lower", None, False) in names
    assert ("count_star", None, False) in names
    assert ("list_value", None, False) in names
    assert ("y", "x", False) in names
    assert ("range", None, True) in names
    assert not {"+", "||", "~~"} & {name for name, _, _ in names}


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("select 1", ClockUse.NONE),
        ("select current_date", ClockUse.DATE),
        ("select Current_Date", ClockUse.DATE),
        ("select today()", ClockUse.DATE),
        ("select age(x) from shop.t", ClockUse.DATE),
        ("select x.age() from shop.t", ClockUse.DATE),
        ("select age(x, y) from shop.t", ClockUse.NONE),
        ("select now()", ClockUse.INSTANT),
        ("select current_timestamp, current_date", ClockUse.INSTANT),
        ("select localtimestamp", ClockUse.INSTANT),
        ("select localtime", ClockUse.INSTANT),
        ("select current_time", ClockUse.INSTANT),
        ("select get_current_timestamp()", ClockUse.INSTANT),
        ("select 1 from shop.t where d > (select ago(interval 1 day))", ClockUse.INSTANT),
        ("select t.current_date from shop.t", ClockUse.NONE),
        ("select 'now()' -- now()", ClockUse.NONE),
    ],
)
def test_clock(text: str, clock: ClockUse) -> None:
    assert facts(text).clock is clock


@pytest.mark.parametrize(
    ("text", "code", "at"),
    [
        ("", "project.empty_file", None),
        ("  -- nothing\n;", "project.empty_file", None),
        ("select 1; select 2", "project.two_statements", "select 2"),
        ("select 1;; select 2 ;", "project.two_statements", "select 2"),
        ("select 1; drop table x", "project.not_select", "drop"),
        ("-- é\ncreate table x as select 1", "project.not_select", "create"),
        ("insert into t values (1)", "project.not_select", "insert"),
        ("copy t to 'x'", "project.not_select", "copy"),
        ("explain select 1", "project.not_select", "explain"),
        ("pragma version", "project.not_select", "pragma"),
        ("attach 'x'", "project.not_select", "attach"),
        ("selec 1", "project.bad_sql", "selec 1"),
        ("select 'é' from from", "project.bad_sql", "from"),
        ("select 'é', 'x", "project.bad_sql", "'x"),
        ("select a from t where", "project.bad_sql", None),
        ("select $1", "project.refused_sql", "$1"),
        ("select a, ? from t", "project.refused_sql", "?"),
        ("select $name", "project.refused_sql", "$name"),
        ("pivot shop.t on a", "project.refused_sql", "pivot"),
        ("select * from (pivot shop.t on a using sum(b))", "project.refused_sql", "pivot"),
        ("select 'a\0b'", "project.bad_sql", "\0"),
        ("select '\ud800'", "project.bad_sql", "\ud800"),
        ("select " + "(" * 20_000 + "1" + ")" * 20_000, "project.bad_sql", None),
        ("select " + "1+" * 5_000 + "1", "project.bad_sql", None),
        ("from read_csv('a' || 'b')", "project.refused_sql", "read_csv"),
        ("from read_csv('a', 'b')", "project.refused_sql", "'b'"),
        ("from 'a.xyz'", "project.refused_sql", "'a.xyz'"),
    ],
)
def test_problems_have_code_and_place(text: str, code: str, at: str | None) -> None:
    problem = facts(text).problems[0]
    assert problem.code == code
    assert problem.message
    assert not problem.message.endswith(".")
    if at is not None:
        assert problem.offset is not None
        assert text[problem.offset :].startswith(at)


@pytest.mark.parametrize(
    "text",
    [
        "select " + "1+" * 900 + "now() from shop.t",
        "select now() from shop.t" + " union all select now() from shop.t" * 1500,
        "select " + "abs(" * 400 + "now()" + ")" * 400 + " from shop.t",
        "select now() from " + "(select * from " * 60 + "shop.t" + ")" * 60,
        "select now() from shop.t where " + " or ".join(f"a = {n}" for n in range(5000)),
    ],
    ids=["sum", "unions", "calls", "subqueries", "conditions"],
)
def test_large_texts_are_read_or_refused(text: str) -> None:
    limit = sys.getrecursionlimit()
    found = facts(text)
    assert sys.getrecursionlimit() == limit
    assert found.clock is ClockUse.INSTANT
    assert {table.name for table in found.tables} == {"shop.t"}
    assert found.normal


def test_large_texts_are_read_by_many_threads_at_once() -> None:
    """The second try needs more levels than Python allows, and that limit is the whole process's."""
    limit = sys.getrecursionlimit()
    large = "select " + "abs(" * 900 + "now()" + ")" * 900 + " from shop.t"
    too_large = "select now() from " + "(select * from " * 900 + "shop.t" + ")" * 900
    texts = [large, "select a from shop.t", too_large, large] * 2
    with ThreadPoolExecutor(len(texts)) as pool:
        found = list(pool.map(facts, texts))
    for text, one in zip(texts, found, strict=True):
        messages = [problem.message for problem in one.problems]
        assert messages == (["the SQL is nested too deeply"] if text is too_large else [])
        assert one == facts(text)
    assert sys.getrecursionlimit() == limit


def test_one_bad_text_does_not_touch_the_others() -> None:
    good, bad, empty, other = read_facts(["select 1", "select (", "", "select a from shop.t"])
    assert good.normal
    assert bad.problems
    assert not bad.normal
    assert empty.problems
    assert [table.name for table in other.tables] == ["shop.t"]


def test_reads_have_patterns_options_and_range() -> None:
    text = (
        "-- é\nselect * from Read_CSV(['é.csv', 'b''c.csv'], header = true, columns := {'a': 'int', 'b': ')'} /* ) */) as t\n"
        "join 'data/*.parquet' p on true join \"x.json\" on true join read_ndjson_auto('n.json') on true"
    )
    found = facts(text)
    assert found.problems == ()
    csv, parquet, json, ndjson = found.reads
    assert csv.function == "read_csv"
    assert csv.patterns == ("é.csv", "b'c.csv")
    assert csv.options == (("header", "true"), ("columns", "{'a': 'int', 'b': ')'}"))
    assert text[csv.start : csv.end].startswith("Read_CSV(")
    assert text[csv.end :].startswith(" as t")
    assert (parquet.function, parquet.patterns) == ("read_parquet", ("data/*.parquet",))
    assert text[parquet.start : parquet.end] == "'data/*.parquet'"
    assert (json.function, text[json.start : json.end]) == ("read_json", '"x.json"')
    assert (ndjson.function, text[ndjson.start : ndjson.end]) == ("read_ndjson_auto", "read_ndjson_auto('n.json')")
    assert found.tables == ()


def test_macros_of_a_file() -> None:
    text = (
        "-- é\ncreate macro net(x, rate := 0.19) as x / (1 + rate);\n"
        "create or replace macro recent(n) as table select *, (n) as m from shop.orders where d > current_date - n;\n"
        "create function two(a) as a, (a, b) as net(a) + b"
    )
    found = read_macros([text])[0]
    assert found.problems == ()
    net, recent, two = found.statements
    assert [statement.name for statement in found.statements] == ["net", "recent", "two"]
    assert net.text == "create macro net(x, rate := 0.19) as x / (1 + rate)"
    assert text[net.offset :].startswith(net.text)
    assert recent.is_table
    assert recent.clock is ClockUse.DATE
    assert [text[table.offset :][:11] for table in recent.tables] == ["shop.orders"]
    assert [call.name for call in two.calls] == ["net"]
    assert text[two.calls[0].offset :].startswith("net(a)")


def test_layout_of_a_macro_does_not_change_its_form_and_defaults_do() -> None:
    forms = [
        read_macros([text])[0].statements[0].normal
        for text in (
            "create macro f(a, b := 1) as a + b",
            "CREATE OR REPLACE MACRO F(a, b := 1) AS (a + /* x */ b);",
            "create macro f(a, b := 2) as a + b",
            "create macro f(a, b) as a + b",
            "create macro f(b, a := 1) as a + b",
            "create macro f(a, b := 1) as table select a + b",
            "create macro f(a, b := 1) as a + b, (c) as c",
        )
    ]
    assert forms[0] == forms[1]
    assert len(set(forms)) == len(forms) - 1


@pytest.mark.parametrize(
    ("text", "message", "at"),
    [
        ("", "no macro", None),
        ("create macro s.f() as 1", "no schema", "s.f"),
        ("create temp macro f() as 1", "temporary", "temp"),
        ("select 1", "expected CREATE MACRO", "select"),
        ("create table f(a int)", "expected CREATE MACRO", "table"),
        ("create", "expected CREATE MACRO", "create"),
        ("create macro", "syntax error", None),
        ("create macro f(x) as x +", "syntax error", None),
        ("create macro f(x) as (select max(a) from shop.t)", "can't read", "shop.t"),
        ("create macro f(x) as 1); drop table x; --", "syntax error", None),
        ("create macro f(x) as table pivot shop.t on a", "pivot", None),
        ("create macro f(x) as x; create macro g(", "syntax error", None),
        ("create macro sum(x) as x", "function of the engine", "sum"),
        ("create macro now() as 1", "function of the engine", "now"),
    ],
)
def test_bad_macro_files(text: str, message: str, at: str | None) -> None:
    problem = read_macros([text])[0].problems[0]
    assert message in problem.message
    if at is not None:
        assert problem.offset is not None
        assert text[problem.offset :].startswith(at)


@pytest.mark.parametrize(
    ("text", "expected", "named"),
    [
        ("create macro f(a) as a", "create or replace temp macro f(a) as a", ("f", False)),
        (
            '/* x */ CREATE OR REPLACE FUNCTION "F"() AS TABLE select 1',
            'create or replace temp macro "F"() AS TABLE select 1',
            ("f", True),
        ),
        (
            "create macro if not exists f(a) as a, (a, b) as b",
            "create or replace temp macro f(a) as a, (a, b) as b",
            ("f", False),
        ),
    ],
)
def test_temporary_forms_of_macros(text: str, expected: str, named: tuple[str, bool]) -> None:
    assert as_temporary(text) == expected
    assert macro_name(text) == named
