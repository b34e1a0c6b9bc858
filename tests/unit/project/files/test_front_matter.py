"""Front matter: where it may stand, what its keys mean, and checks with the lines on which they stand."""

from __future__ import annotations

import pytest

from andon.lake.packing import definition_of, definition_text
from andon.model.dataset import CheckLine, ColumnSpec, Materialize
from andon.model.standing import Caveat
from andon.project.files.fields import COLUMN_FIELDS, FIELDS
from kit.projects import load_texts, one_problem, told

PATH = "datasets/marts/a.sql"

FULL = """-- Written by the finance team.

/*---
description: One row per customer, with value to date.
owner: ana
tags: [customers, "b c"]
materialize: view          # view | table
key: [customer_id, day]
refresh: {max_age: 6h, upstream: true}
columns:
  customer_id: Number of the customer
  day:
  revenue: {description: Purchases to date, type: "decimal(18,2)", checks: ">= 0", pii: true}
  segment:
    checks: |
      in a, b
      not null
checks: |
  not null customer_id

  # a comment
  -- another
    revenue >= 0 warn  "why: it's money"
caveats: [Sample of 1997]
engine: duckdb
---*/
select 1 as customer_id, current_setting_free as day, 2 as revenue, 'a' as segment from (select 1 as current_setting_free)
"""


def test_everything_that_can_be_said() -> None:
    project = load_texts({PATH: FULL})
    assert not project.problems, [told(p) for p in project.problems]
    dataset = project.datasets["marts.a"]
    assert dataset.description == "One row per customer, with value to date."
    assert dataset.owner == "ana"
    assert dataset.tags == ("customers", "b c")
    assert dataset.definition.materialize is Materialize.VIEW
    assert dataset.definition.key == ("customer_id", "day")
    assert dataset.refresh == (("max_age", "6h"), ("upstream", "true"))
    assert dataset.columns == (
        ColumnSpec("customer_id", "Number of the customer"),
        ColumnSpec("day"),
        ColumnSpec("revenue", "Purchases to date", "decimal(18,2)", (">= 0",), True),
        ColumnSpec("segment", checks=("in a, b", "not null")),
    )
    assert dataset.caveats == (Caveat("sample_of_1997", "Sample of 1997"),)
    assert dataset.checks == (
        CheckLine("not null customer_id", PATH, 19, 3),
        CheckLine('revenue >= 0 warn  "why: it\'s money"', PATH, 23, 5),
        CheckLine(">= 0", PATH, 13, 76, "revenue"),
        CheckLine("in a, b", PATH, 16, 7, "segment"),
        CheckLine("not null", PATH, 17, 7, "segment"),
    )
    lines = FULL.split("\n")
    for check in dataset.checks:
        assert lines[check.line - 1][check.column - 1 :].lstrip('"').startswith(check.text)


def test_a_former_name_is_part_of_the_meaning() -> None:
    plain = "/*--- columns: {b: } ---*/ select 1 as b"
    text = "/*--- columns: {b: {was: a}} ---*/ select 1 as b"
    one, other = (load_texts({PATH: each}).datasets["marts.a"] for each in (plain, text))
    assert other.columns == (ColumnSpec("b", was="a"),)
    assert (one.definition.was, other.definition.was) == ((), (("b", "a"),))
    assert one.definition.id != other.definition.id
    assert one.definition.id == load_texts({PATH: "select 1 as b"}).datasets["marts.a"].definition.id
    assert definition_of(definition_text(other.definition)) == other.definition


def test_the_text_to_run_keeps_its_lines() -> None:
    sql = load_texts({PATH: FULL}).datasets["marts.a"].definition.sql
    assert sql is not None
    assert FULL.startswith(sql)
    assert load_texts({PATH: "select 1 as x ; -- end\n"}).datasets["marts.a"].definition.sql == "select 1 as x"


def test_front_matter_on_one_line_and_with_a_byte_order_mark() -> None:
    project = load_texts({PATH: b"\xef\xbb\xbf/*--- owner: ana ---*/ select 1 as x"})
    assert not project.problems
    assert project.datasets["marts.a"].owner == "ana"


def test_a_plain_comment_is_no_front_matter() -> None:
    project = load_texts({PATH: "/* owner: ana */ select 1 as x"})
    assert not project.problems
    assert project.datasets["marts.a"].owner is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("/*--\nchecks: x > 0\n--*/\nselect 1 as x", 1),
        ("/* ---\nowner: ana\n--- */\nselect 1 as x", 1),
        ("/*\nchecks: |\n  x > 0\n*/\nselect 1 as x", 1),
        ("/**\n * description: it\n * key: x\n */\nselect 1 as x", 1),
        ("/* - - -\nkey: x\n*/select 1 as x", 1),
        ("/*\u2014\u2014\u2014\nkey: x\n*/select 1 as x", 1),
        ("/*--- key: x */select 1 as x", 1),
        ("/*=== \n\n columns:\n  x: {checks: '> 0'}\n*/select 1 as x", 1),
        ("-- a licence\n/* of ours */\n  /* --- tags: [a] --- */\nselect 1 as x", 3),
        ("select 1 as x\n/* ---\nchecks: x > 0\n--- */", 2),
        ("/*--\r\nmaterialize: view\r\n*/ select 1 as x", 1),
        ("/*-- refresh: {every: 1h} */ select 1 as x", 1),  # not in this version, and no less meant
    ],
)
def test_what_is_nearly_front_matter_is_never_dropped_without_a_word(text: str, line: int) -> None:
    problem = one_problem({PATH: text})
    assert (problem.code, problem.line) == ("project.front_matter", line)
    assert "---*/" in f"{problem.message} {problem.hint}"


def test_the_same_holds_for_rules() -> None:
    rule = "/* ---\nseverity: warn\n--- */\nselect x from marts.a where x > 1"
    problem = one_problem({PATH: "select 1 as x", "checks/small.sql": rule})
    assert (problem.code, problem.file) == ("project.front_matter", "checks/small.sql")


@pytest.mark.parametrize(
    "comment",
    [
        "/* Revenue by month: one row each. */",
        "/* ---------- \n   Revenue by month\n   ---------- */",
        "/* -- old: select a from b -- */",
        "/* The key: a month. What it checks: nothing. */",
        "/* note\n   key: the month is one */",
        "/* https://example.org/description: a page */",
        "/**/",
        "/* unclosed -- checks */",
    ],
)
def test_comments_for_people_stay_comments(comment: str) -> None:
    assert not load_texts({PATH: f"{comment}\nselect 1 as x -- checks: none\n/* trailing */"}).problems


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("select 1 as x\n /*---\nowner: ana\n---*/", 2, 2, "first thing"),
        ("/*---\nowner: ana\n", 1, 1, "not closed"),
        ("/*---\nowner: ana\n*/\nselect 1 as x", 3, 1, "---*/"),
        ("/*---\nowner: a */ b\n---*/\nselect 1 as x", 2, 10, "`*/`"),
        ("/*---\nowner: /* b\n---*/\nselect 1 as x", 2, 8, "`/*`"),
    ],
)
def test_where_front_matter_goes_wrong(text: str, line: int, column: int, words: str) -> None:
    problem = one_problem({PATH: text})
    assert (problem.code, problem.line, problem.column) == ("project.front_matter", line, column)
    assert words in f"{problem.message} {problem.hint}"


@pytest.mark.parametrize(
    ("yaml", "place", "code", "words"),
    [
        ("ownr: ana", "2:1", "project.unknown_key", "`owner`?"),
        ("zzz: ana", "2:1", "project.unknown_key", "known are"),
        ("owner: 5", "2:8", "project.bad_value", '"5"'),
        ("owner: true", "2:8", "project.bad_value", '"true"'),
        ("owner: [a]", "2:8", "project.bad_value", "a list"),
        ("owner:", "2:1", "project.bad_value", "no value"),
        ("owner: ''", "2:8", "project.bad_value", "empty"),
        ("tags: customers", "2:7", "project.bad_value", "tags: [customers]"),
        ("tags: [a, 5]", "2:11", "project.bad_value", "number 5"),
        ("materialize: tabel", "2:14", "project.bad_value", "`table`?"),
        ("materialize: incremental", "2:1", "project.bad_value", "needs to know by what"),
        ("materialize: incremental\nincremental: append", "3:14", "project.bad_value", "must be a mapping"),
        ("materialize: incremental\nincremental: {by: tme}", "3:19", "project.bad_value", "`append`"),
        ("materialize: incremental\nincremental: {grain: day}", "3:14", "project.bad_value", "`by`"),
        ("materialize: incremental\nincremental: {by: time}", "3:14", "project.bad_value", "needs a `column`"),
        ("materialize: incremental\nincremental: {by: key}", "3:1", "project.bad_value", "needs the `key`"),
        ("incremental: {by: append}", "2:1", "project.bad_value", "this one doesn't"),
        (
            "materialize: incremental\nincremental: {by: append, lookback: 3d}",
            "3:27",
            "project.bad_value",
            "is for growth by time",
        ),
        (
            "materialize: incremental\nincremental: {by: time, column: a, lookback: 3q}",
            "3:46",
            "project.bad_value",
            "a length of time",
        ),
        (
            "materialize: incremental\nincremental: {by: time, column: a, start: soon}",
            "3:43",
            "project.bad_value",
            "a date or a time",
        ),
        (
            "materialize: incremental\nincremental: {by: append, assume: [rows]}",
            "3:36",
            "project.bad_value",
            "`assume`",
        ),
        ("materialize: history", "2:1", "project.bad_value", "needs the `key`"),
        ("engine: flink", "2:9", "project.bad_value", "spark"),
        ("key: 5", "2:6", "project.bad_value", "key: [a, b]"),
        ("key: [a, A]", "2:10", "project.bad_value", "twice"),
        ("key: []", "2:6", "project.bad_value", "empty list"),
        ("refresh: 6h", "2:10", "project.bad_value", "{max_age: 6h}"),
        ("refresh: {max_age: 6m}", "2:20", "project.bad_value", "30 min"),
        ("refresh: {cron: daily}", "2:17", "project.bad_value", "five fields"),
        ("refresh: {evry: 1h}", "2:11", "project.unknown_key", "`every`?"),
        ("refresh: {upstream: 5}", "2:21", "project.bad_value", "true or false"),
        ("columns: [a]", "2:10", "project.bad_value", "mapping"),
        ("columns:\n  a: 5", "3:6", "project.bad_value", "number 5"),
        ("columns:\n  a: x\n  A: y", "4:3", "project.bad_value", "one to the engine"),
        ("columns:\n  a: {descripton: x}", "3:7", "project.unknown_key", "`description`?"),
        ("columns:\n  a: {pii: yes}", "3:12", "project.bad_value", "true or false"),
        ("columns:\n  a: {was: a}", "3:12", "project.bad_value", "`was` must name another column"),
        ("columns:\n  a: {was: c}\n  b: {was: c}", "4:12", "project.bad_value", "`was` must name a column once"),
        ("checks: 5", "2:9", "project.bad_value", "checks: |"),
        ("checks:\n  - a > 0\n  - 5", "4:5", "project.bad_value", "number 5"),
        ("allow: [randm]", "2:9", "project.bad_value", "`random`?"),
        ("timeout: 5", "2:1", "project.bad_value", "Python"),
        ("tests: x", "2:1", "project.bad_value", "tests/*.yml"),
        ("just words", "2:1", "project.bad_value", "key: value"),
        ("- a", "2:1", "project.bad_value", "key: value"),
    ],
)
def test_wrong_values(yaml: str, place: str, code: str, words: str) -> None:
    problem = one_problem({PATH: f"/*---\n{yaml}\n---*/\nselect 1 as a\n"})
    assert problem.where == f"{PATH}:{place}"
    assert problem.code == code
    assert words in f"{problem.message} {problem.hint}"
    assert problem.hint or "found" in problem.message


def test_every_key_is_described() -> None:
    for field in (*FIELDS, *COLUMN_FIELDS):
        assert field.help.endswith(".")
        assert field.type
        assert field.default


def test_a_source_is_never_a_view() -> None:
    text = "/*---\nmaterialize: view\n---*/\nselect * from read_csv('a.csv')"
    assert "always a table" in one_problem({"sources/shop/a.sql": text}).message


@pytest.mark.parametrize(("key", "place"), [("quarantine", "amount > 0 quarantine"), ("tests", "tests/*.yml")])
def test_what_stands_elsewhere_is_told_and_not_called_planned(key: str, place: str) -> None:
    problem = one_problem({"datasets/a/b.sql": f"/*---\n{key}: x\n---*/\nselect 1 as n\n"})
    assert problem.code == "project.bad_value"
    assert "is no key here" in problem.message
    assert place in (problem.hint or "")
