"""The reference of checks is true: every example reads as the form that it is an example of, every pattern accepts what it says."""

from __future__ import annotations

from itertools import product

import pytest

from andon.checks.compile.plans import Catalog, Compiled, DeclaredChecks
from andon.checks.compile.read import read_checks
from andon.checks.language import patterns
from andon.checks.language.grammar import (
    EXAMPLE_COLUMNS,
    EXAMPLE_DATASET,
    EXAMPLE_KEYS,
    FORMS,
    PARTS,
    WHOLE_LINE,
    FormText,
    nearest_example,
)
from andon.checks.language.parse import parse_check
from andon.errors import Problem
from andon.model.check import Check, CheckKind
from andon.model.dataset import CheckLine
from andon.sql.parse import engine


def read(*lines: str) -> tuple[list[Compiled], list[Problem]]:
    given = DeclaredChecks(EXAMPLE_DATASET, tuple(CheckLine(text, "f.sql", 1) for text in lines), ("order_id",))
    found, problems = read_checks([given], Catalog(EXAMPLE_COLUMNS, EXAMPLE_KEYS, {}))
    return list(found[EXAMPLE_DATASET])[1:], problems


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.shape)
def test_examples_are_of_their_form(form: FormText) -> None:
    lines = [line for line in form.examples if line != "key order_id"]  # which its `key:` says already
    found, problems = read(*lines)
    assert not problems
    assert [one.check.text for one in found] == lines
    assert {str(one.check.kind) for one in found} == {form.kind}
    assert form.means.endswith(".")


def test_every_kind_of_line_has_a_form() -> None:
    assert {form.kind for form in FORMS} == {str(kind) for kind in CheckKind} - {"unit"}


def test_what_stands_around_a_form() -> None:
    lines = [part.example for part in PARTS] + [WHOLE_LINE]
    found, problems = read(*lines)
    assert not problems
    assert len(found) == len(lines)


def test_each_form_takes_all_that_may_stand_after_it() -> None:
    """In every combination, and as what it is: no modifier is read as part of the form, or of another modifier."""
    given = {"dataset": EXAMPLE_DATASET, "columns": EXAMPLE_COLUMNS[EXAMPLE_DATASET], "key": ("order_id",)}
    reason = "it's why: 100% of 2 rows"
    for form in FORMS:
        for example in form.examples:
            base = parse_check(example, **given)
            assert isinstance(base, Check)
            wheres = ("", " where status = 'paid'") if form.kind != "schema" and not base.where else ("",)
            allows = ("", " allow 1%", " allow 0.5 %", " allow 2 rows", " allow 1 row", " allow 2_000 rows")
            for where, allow, severity, why in product(
                wheres, allows if form.kind == "row" else ("",), ("", " warn", " info"), ("", f' "{reason}"')
            ):
                line = f"{example}{where}{allow}{severity}{why}"
                found = parse_check(line, **given)
                assert isinstance(found, Check), (line, found)
                assert found.form == base.form, line
                assert (found.where is None) == (not where and not base.where), line
                assert (found.allow is None) == (not allow), line
                assert str(found.severity) == (severity.strip() or str(base.severity)), line
                assert found.why == (reason if why else None), line


@pytest.mark.parametrize("name", patterns.NAMES)
def test_patterns_accept_what_they_say(name: str) -> None:
    means, good, bad = patterns.MEANINGS[name]
    assert means
    for text, accepted in ((good, True), (bad, False), (f" {good}", False)):
        sql = patterns.predicate(name, "t.x")
        row = engine().execute(f"select {sql} from (values ('{text}')) t(x)").fetchone()
        assert row == (accepted,), text


def test_each_pattern_is_told_of() -> None:
    assert tuple(sorted(patterns.MEANINGS)) == patterns.NAMES


@pytest.mark.parametrize(
    ("line", "example"),
    [
        ("email not_null", "not null email"),
        ("no nulls in email", "not null email"),
        ("uniqe email", "unique email"),
        ("matchs email '[a-z]+'", "code matches"),
        ("amount between 0, 100", "amount 0..100"),
        ("row_count more than 5", "rows > 5"),
        ("customer_id references shop.customers", "customer_id -> shop.customers"),
        ("freshness of created_at", "max_age 26h by created_at"),
    ],
)
def test_the_nearest_form_is_shown(line: str, example: str) -> None:
    _, (problem,) = read(line)
    assert problem.hint is not None
    assert example in problem.hint


def test_no_sign_no_example() -> None:
    assert nearest_example(["foo", "a"]) is None
