"""What lines are about, told without reading them as checks: from their words, and from their tokens."""

from __future__ import annotations

import pytest

from andon.checks.language.lines import follow, form_word, holds_query, mentions_of, reads_column
from andon.checks.language.mentions import is_age, macros_called, pairs_in
from andon.checks.language.parse import parse_check
from andon.model.check import Check, MaxAge

KEY = ("id",)


@pytest.mark.parametrize(
    ("line", "column", "expected"),
    [
        ("customer -> shop.customers", None, True),
        ("customer -> shop.customer", None, False),
        ("customer -> shop.customers", "id", True),
        ("customer -> shop.customers", "name", False),
        ("customer -> shop.customers.name", "name", True),
        ("customer -> shop.customers.name", "id", False),
        ('customer -> shop.customers."Full Name"', "full name", True),
        ("(a, b) -> shop.customers (id, name)", "name", True),
        ("(a, b) -> shop.customers (id, name)", "vip", False),
        ("sum(x) = sum(Shop.Customers.Spent) +- 1%", "spent", True),
        ("sum(x) = sum(shop.orders.amount)", None, False),
        ("note = 'shop.customers'", None, False),
        ("note = 'a -> shop.customers.id'", "id", False),
        ("other.shop.customers > 1", None, False),
        ("count(*) = count(shop.customers.id) and sum(x) = sum(shop.customers.spent)", "spent", True),
        ("a in (select id from shop.customers where vip)", "vip", True),
        ("a in (select c.id from shop.customers c)", "id", True),
        ("a in (select c.id from shop.customers c)", "vip", False),
        ("a in (select * from shop.customers)", "vip", True),
        ("a in (from shop.customers)", "vip", True),
        ("2 * a in (select id from shop.customers)", "vip", False),
    ],
)
def test_a_line_names_a_dataset_or_a_column(line: str, column: str | None, expected: bool) -> None:
    if column is None:
        assert bool(mentions_of(line, "shop.customers")) is expected
    else:
        assert reads_column(line, "shop.customers", column, KEY) is expected


@pytest.mark.parametrize(
    "line", ["id -> shop.customers", "who: (id, day) -> shop.customers", "name: id -> shop.customers"]
)
def test_without_a_key_the_columns_of_the_same_name_are_meant(line: str) -> None:
    assert reads_column(line, "shop.customers", "ID", ())
    assert not reads_column(line, "shop.customers", "vip", ())
    assert not reads_column(line, "shop.customers", "name", ())


def test_pairs_are_all_that_may_be_meant() -> None:
    texts = ["a -> Shop.Orders", 'sum(x) = sum(m."Totals".y)', "n > 1", "note = 'see s.t'"]
    assert pairs_in(texts) == {"shop.orders", "m.totals", "totals.y", "s.t"}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("max_age 26h by created_at", True),
        ("fresh: max_age 3 mo by due warn", True),
        ("MAX_AGE 26h", True),
        ("max_age 26h by day where n between 1 and 5", True),
        ("max_age_days < 3", False),
        ("max_age < 3", False),
        ("max_age in 1, 2", False),
        ("max_age 0..5", False),
        ("max_age ..5", False),
        ("note = 'max_age 26h by day'", False),
        ("max_age_ok: amount > 0", False),
        ("amount > 0  # max_age 26h by day", False),
    ],
)
def test_a_line_is_about_age(line: str, expected: bool) -> None:
    assert is_age(line) is expected
    read = parse_check(line, dataset="s.d", columns=None, key=None, for_column="day" if line == "MAX_AGE 26h" else None)
    assert isinstance(read, Check)
    assert isinstance(read.form, MaxAge) is expected


@pytest.mark.parametrize(
    ("line", "word"),
    [("key a, b", "key"), ("one: KEY a", "key"), ("key\ta", "key"), ("keys > 1", "keys"), ("(a) > 1", ""), ("", "")],
)
def test_a_line_begins_with_a_word(line: str, word: str) -> None:
    assert form_word(line) == word


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a in (select b from s.t)", True),
        ("a in ( FROM s.t)", True),
        ("exists (with x as (values (1)) select * from x)", True),
        ("a in (table s.t)", True),
        ("extract(year from day) > 2000", False),
        ("note = '(select 1)'", False),
        ('"(select" > 1', False),
        ("selected in 1, 2", False),
    ],
)
def test_a_query_stands_in_brackets(text: str, expected: bool) -> None:
    assert holds_query(text) is expected


def test_words_that_follow_each_other() -> None:
    assert follow("a IS  not null", "is", "not", "null")
    assert not follow("a is null and not b", "is", "not", "null")
    assert not follow("note = 'is not null'", "is", "not", "null")


def test_macros_are_called_by_others() -> None:
    macros = {
        "net": "create macro net(x) as x - tax(x)",
        "tax": "create macro tax(x) as x * rate()",
        "rate": "create macro rate() as 0.2",
        "other": "create macro other() as net(1)",
    }
    assert macros_called(["NET(amount) > 0"], macros) == {"net", "tax", "rate"}
    assert macros_called(["amount > 0", "rate() = 1"], macros) == {"rate"}
    assert macros_called([], macros) == set()
