"""Many lines read together, with the ways around the engine, mean exactly what each means alone when the engine is asked for all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.base.cache import MemoryCache
from andon.base.record import replace
from andon.checks.compile import typed
from andon.checks.compile.check import compile_check
from andon.checks.compile.plans import Catalog, DeclaredChecks
from andon.checks.compile.read import read_checks
from andon.checks.compile.reader import placed
from andon.checks.compile.shared import Shared
from andon.checks.language import expression
from andon.checks.language.parse import parse_lines
from andon.checks.language.simple import NO_COLUMNS, simple
from andon.errors import Problem
from andon.model.check import Check
from andon.model.dataset import CheckLine
from andon.sql.bind import Binder
from andon.sql.names import CLOCK_KEYWORDS, STATE_KEYWORDS
from andon.sql.parse import engine, parse

CASES = Path(__file__).parents[2] / "cases" / "checks"
SHOP = [
    ("a", "INTEGER"),
    ("b", "BIGINT"),
    ("x", "DOUBLE"),
    ("f", "FLOAT"),
    ("m", "DECIMAL(9,2)"),
    ("w", "DECIMAL(38,10)"),
    ("h", "HUGEINT"),
    ("s", "VARCHAR"),
    ("d", "DATE"),
    ("t", "TIMESTAMP"),
    ("z", "TIMESTAMP WITH TIME ZONE"),
    ("n", "TIMESTAMP_NS"),
    ("odd name", "SMALLINT"),
    ("name", "VARCHAR"),
    ("key", "INTEGER"),
    ("is_active", "BOOLEAN"),
    ("j", "JSON"),
    ("l", "INTEGER[]"),
    ("e", "ENUM('p', 'q')"),
    ("u", "UBIGINT"),
    ("current_date", "INTEGER"),
    ("rowid", "INTEGER"),
]
OTHER = [("id", "INTEGER"), ("amount", "DECIMAL(18,2)"), ("s", "VARCHAR"), ("at", "TIMESTAMP")]
CATALOG = Catalog(
    {"s.d": SHOP, "s.e": OTHER, "o.f": SHOP},
    {"s.d": ("a",), "s.e": ("id",), "o.f": ()},
    {"plate": "[A-Z]{2}-[0-9]+"},
    ("create macro big(v) as v > 100",),
)
BINDER = Binder()


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


names = st.sampled_from(
    (
        *words("a b x f m w h s d t z n name key A X is_active j l e u current_date rowid nope id amount at"),
        '"odd name"',
    )
)
numbers = st.sampled_from(
    words("0 1 -5 0.5 2147483648 -0.25 1_000 99999999999999999999 1e3 5% .5 0.123456789 999999999999999.123456789")
)
texts = st.sampled_from(["'x'", "'it''s'", "''", "'2020-01-01'", "'2020-01-01 10:00'", "'1'"])
totals = st.builds(
    "{}({})".format,
    st.sampled_from(["sum", "avg", "min", "max", "count", "median", "distinct", "share", "list"]),
    names,
) | st.sampled_from(["count(*)", "sum(s.e.amount)", "share(a > 0)", "sum( a )", "max(s.e.at)", "count(distinct s)"])
sides = (
    names
    | numbers
    | texts
    | totals
    | st.sampled_from(["a + b", "abs(x)", "date '2020-01-01'", "(a)", "x * 2", "now()", "null"])
)
operators = st.sampled_from(["=", "<>", "!=", "<", "<=", ">", ">=", "=="])
blank = st.sampled_from(["", " ", "  "])
compared = st.builds("{}{}{}{}{}".format, sides, blank, operators, blank, sides)
bounds = numbers | st.sampled_from(["2020-01-01", "'2020-01-01 10:00'", "", "'b'"])
forms = st.one_of(
    compared,
    st.builds("{} +- {}".format, compared, st.sampled_from(["0.01", "1%", "2"])),
    st.builds("{} {} {}".format, compared, st.sampled_from(["and", "or"]), compared),
    st.builds("{} {}..{}".format, sides, bounds, bounds),
    st.builds("{} {} {}, {}".format, sides, st.sampled_from(["in", "not in"]), sides, bounds),
    st.builds("{} is {}".format, sides, st.sampled_from(["email", "plate", "date", "luhn", "null", "nothing"])),
    st.builds("{} matches {}".format, sides, st.sampled_from(["'[a-z]+'", "'('"])),
    st.builds("{} {}, {}".format, st.sampled_from(["not null", "key", "unique"]), names, names),
    st.builds("{} {}".format, st.sampled_from(["not null", "key", "unique"]), names),
    st.builds("{} -> {}".format, names, st.sampled_from(["s.e", "s.e.s", "o.f.a", "no.where", "s.d.b"])),
    st.builds("rows {} {}".format, operators, numbers | totals),
    st.builds("max_age 2d by {}".format, sides),
    st.builds("{} {} 90% of published".format, sides, operators),
    st.builds("watch {}".format, sides),
    st.sampled_from(
        ["schema add ok", "lost keys = 0", "changed rows < 5%", "big(a)", "big(a) = true", "rows 1..", "a > 5 b"]
    ),
)
lines = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "", "", "n: ", "other: "]),
    forms,
    st.sampled_from(["", "", " where a > 0", " where b", " where name = 'x'", " where sum(a) > 0"]),
    st.sampled_from(["", "", " allow 5%", " warn", ' warn "why"', "  # comment"]),
)


@contextmanager
def only_the_engine() -> Iterator[None]:
    """No way around the engine, and nothing remembered."""

    def no(*_: Any) -> None:
        return None

    expression._read.cache_clear()
    with (
        mock.patch.object(expression, "simple", no),
        mock.patch.object(typed, "simple", no),
        mock.patch.object(typed, "simple_type", no),
        mock.patch.object(typed.Typer, "_over_no_table", no),
    ):
        yield
    expression._read.cache_clear()


def alone(one: DeclaredChecks, catalog: Catalog) -> tuple[list[tuple[Check, Any]], list[Problem]]:
    """Each line on its own, in the plainest way."""
    with only_the_engine():
        checks, problems = parse_lines(
            one.lines, dataset=one.dataset, columns=catalog.columns[one.dataset], key=one.key, patterns=catalog.patterns
        )
        shared = Shared(catalog.patterns, catalog.macros)
        checks = [shared.complete(check) for check in checks]
        compiled = [(check, compile_check(check, catalog, BINDER)) for check in checks]
    lines_of = {line.line: line for line in one.lines}
    problems += [placed(plan, lines_of.get(check.line)) for check, plan in compiled if isinstance(plan, Problem)]
    return [(check, plan) for check, plan in compiled if not isinstance(plan, Problem)], problems


def assert_exact(declared: list[DeclaredChecks], catalog: Catalog) -> None:
    found, problems = read_checks(declared, catalog, datasets=catalog.columns)
    wanted: list[Problem] = []
    for one in declared:
        compiled, wrong = alone(one, catalog)
        assert [(c.check, c.plan) for c in found[one.dataset]] == compiled
        wanted += sorted(wrong, key=lambda p: (p.file or "", p.line or 0, p.column or 0))
    # what a line was meant as is asked of all lines that don't fit, here only of those that don't read
    plain = [
        replace(one, hint=other.hint) if _is_led(one) else one for one, other in zip(problems, wanted, strict=True)
    ]
    # and what a hint offers is tried on the columns, here it is only read
    plain = [
        replace(one, code=other.code, message=other.message, hint=other.hint) if _offers(other) else one
        for one, other in zip(plain, wanted, strict=True)
    ]
    assert plain == wanted


def _offers(problem: Problem) -> bool:
    return (problem.hint or "").startswith(("write `", "compare it: `"))


def _is_led(problem: Problem) -> bool:
    return (problem.hint or "").startswith("write `")


def declare(dataset: str, texts: list[str], key: tuple[str, ...]) -> DeclaredChecks:
    return DeclaredChecks(
        dataset, tuple(CheckLine(text, "f.sql", place, 3) for place, text in enumerate(texts, 1)), key
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(lines, max_size=8), st.lists(lines, max_size=4))
def test_lines_of_several_datasets(first: list[str], second: list[str]) -> None:
    assert_exact([declare("s.d", first, ("a",)), declare("s.e", second, ("id",)), declare("o.f", first, ())], CATALOG)


@settings(max_examples=40, deadline=None)
@given(st.lists(lines, max_size=4), st.lists(lines, max_size=3), st.data())
def test_what_is_kept_is_what_is_read(first: list[str], second: list[str], data: st.DataObject) -> None:
    cache = MemoryCache()
    declared = [declare("s.d", first, ("a",)), declare("s.e", second, ())]
    once = read_checks(declared, CATALOG, cache)
    assert read_checks(declared, CATALOG, cache) == once == read_checks(declared, CATALOG)
    changed = [declared[0], declare("s.e", [*second, data.draw(lines)], ())]
    assert read_checks(changed, CATALOG, cache) == read_checks(changed, CATALOG)
    fewer = Catalog({**CATALOG.columns, "s.d": SHOP[1:]}, CATALOG.keys, {}, ())
    assert read_checks(changed, fewer, cache) == read_checks(changed, fewer)


def test_the_lines_of_all_case_files() -> None:
    written = "".join(path.read_text(encoding="utf-8") for path in sorted(CASES.glob("*.txt")))
    found = list(dict.fromkeys(re.findall(r"^> (.*)$", written, re.MULTILINE)))
    assert len(found) > 300
    # few of them fit the other dataset: those stand for all that don't
    assert_exact([declare("s.d", found, ("a",)), declare("s.e", found[::6], ("id",))], CATALOG)


def test_simple_trees_are_the_engines() -> None:
    one = [
        "a",
        "Amt",
        '"odd n"',
        "0",
        "-5",
        "0.50",
        "-0.50",
        "10.00",
        "2147483647",
        "2147483648",
        "-2147483648",
        "1_000.5",
    ]
    one += [
        "0.0",
        "-0",
        "'x'",
        "'it''s'",
        "''",
        "sum(a)",
        "SUM( B )",
        "count(*)",
        "count( distinct a)",
        'min("odd n")',
        "key",
    ]
    marks = ("=", "==", "<>", "!=", "<", "<=", ">", ">=")
    made = one + [f"{x}{b}{o}{b}{y}" for x in one for y in one for o in marks for b in ("", " ")]
    known = 0
    for text, parsed in zip(made, parse([f"select ({text}\n)" for text in made]), strict=True):
        found = simple(text, 8)
        if found is not None:
            known += 1
            assert parsed.statements[0]["node"]["select_list"][0] == found.tree, text
    assert known > len(made) * 0.7


def test_words_that_are_no_columns_are_the_engines() -> None:
    rows = engine().execute("select keyword_name from duckdb_keywords()").fetchall()
    for (word,), parsed in zip(rows, parse([f"select ({row[0]}\n)" for row in rows]), strict=True):
        tree = parsed.statements[0]["node"]["select_list"][0] if parsed.statements else {}
        is_column = tree.get("column_names") == [word]
        assert is_column != (word in NO_COLUMNS), word
        if is_column and word not in CLOCK_KEYWORDS | STATE_KEYWORDS:
            assert simple(word, 8) is not None


@pytest.mark.parametrize("column", [c for c in SHOP if c[0] not in ("current_date",)], ids=lambda c: c[1])
def test_simple_types_are_the_binders(column: tuple[str, str]) -> None:
    own = {name.lower(): kind for name, kind in SHOP}
    BINDER.declare("s.d", SHOP)
    written = f'"{column[0]}"'
    for text in (written, *(f"{f}({written})" for f in ("sum", "avg", "min", "max", "count", "median", "stddev"))):
        found = simple(text, 0)
        kind = None if found is None else typed.simple_type(found.tree, own)
        if kind is not None:
            assert BINDER.bind(f'select ({text}) as c0 from "s"."d"') == [("c0", kind)]
