"""Which checks are suggested for which data, and which are not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from andon.model.proposed_line import ProposedLine
from kit.suggested import NOW, Tables, tables


@pytest.fixture
def lake():
    made = tables()
    yield made
    made.connection.close()


ORDERS = """
    select
      i as order_id, 'c' || (i % 40) as customer_id, ['new', 'paid', 'shipped'][i % 3 + 1] as status,
      (i % 90 + 1)::decimal(10, 2) as amount, (i % 5 + 1)::integer as quantity,
      'p' || i || '@shop.example' as email, if(i % 9 = 0, null, 'x' || i) as note,
      timestamp '2026-02-01' + i * interval 1 hour as ordered_at,
      timestamp '2026-02-01' + (i + 5) * interval 1 hour as shipped_at
    from range(600) t(i)
"""


def lines(found: list[ProposedLine]) -> list[str]:
    return [one.line for one in found]


def suggest(lake: Tables, query: str, *declared: str, name: str = "shop.orders", **given) -> list[str]:
    lake.make(name, query)
    return lines(lake.suggest(lake.subject(name, *declared, **given)))


def test_a_table_of_orders(lake):
    found = suggest(lake, ORDERS, is_source=True, moment=NOW)
    assert found == [
        "key order_id",
        "email is email",
        "not null customer_id, status, amount, quantity, email, ordered_at, shipped_at",
        "status in new, paid, shipped",
        "ordered_at <= shipped_at",
        "amount 0..200",
        "quantity 1..",
        "max_age 1w by shipped_at",
        "watch rows",
    ]


def test_the_evidence_is_what_the_data_says(lake):
    lake.make("shop.orders", ORDERS)
    found = {one.line: one.evidence for one in lake.suggest(lake.subject("shop.orders", is_source=True))}
    assert found["key order_id"] == "600 rows, as many different values, none empty"
    assert found["status in new, paid, shipped"] == "3 values in 600 rows, the rarest 200 times"
    assert found["amount 0..200"] == "1 to 90; twice the largest, rounded up"
    assert found["email is email"] == "by its name and values is an e-mail address"


def test_what_is_declared_or_implied_is_not_suggested(lake):
    declared = (
        "key order_id",
        "email matches '.*@.*'",
        "not null customer_id, status, amount, quantity, email, ordered_at",
        "status in new, paid, shipped, returned",
        "shipped_at >= ordered_at",
        "amount > 0",
        "quantity 1..",
        "rows > 100",
        "max_age 2w by ordered_at",
    )
    assert suggest(lake, ORDERS, *declared, is_source=True, moment=NOW) == ["not null shipped_at"]


def test_a_declared_key_needs_no_not_null(lake):
    found = suggest(lake, ORDERS, key=("order_id",))
    assert not [line for line in found if line.startswith("key")]
    assert "order_id" not in next(line for line in found if line.startswith("not null"))


def test_small_tables_say_little(lake):
    assert suggest(lake, "select i as n, 'a' as status from range(5) t(i)") == []
    assert suggest(lake, "select * from (select 1 as id) where false") == []


def test_a_pair_can_be_the_key(lake):
    query = "select c as customer_id, date '2026-01-01' + d::int as day, 1 as n from range(20) t(c), range(10) u(d)"
    assert suggest(lake, query)[0] == "key customer_id, day"


def test_of_several_keys_the_datasets_own_comes(lake):
    query = "select 'k' || i as batch_code, i as order_id from range(100) t(i)"
    assert suggest(lake, query)[0] == "key order_id"


def test_a_reference_to_what_is_called_the_same(lake):
    lake.make("shop.customers", "select 'c' || i as customer_id from range(60) t(i)")
    lake.make("shop.lost", "select 'c' || i as customer_id from range(10) t(i)")
    lake.make("shop.orders", ORDERS)
    customers, lost = (
        lake.neighbour("shop.customers", "customer_id"),
        lake.neighbour("shop.lost", "customer_id", above=3),
    )
    found = lake.suggest(lake.subject("shop.orders", others=(customers, lost)))
    assert "customer_id -> shop.customers" in lines(found)
    assert not [line for line in lines(found) if "shop.lost" in line]
    lake.make("shop.orders", ORDERS.replace("% 40", "% 80"))
    missing = lake.suggest(lake.subject("shop.orders", others=(customers,)))
    assert not [line for line in lines(missing) if "->" in line]


def test_a_reference_by_the_name_of_the_thing(lake):
    lake.make("shop.customers", "select 'c' || i as id from range(60) t(i)")
    lake.make("shop.orders", ORDERS)
    found = lake.suggest(lake.subject("shop.orders", others=(lake.neighbour("shop.customers", "id"),)))
    assert "customer_id -> shop.customers.id" in lines(found)


def test_nothing_refers_to_what_is_made_from_it(lake):
    lake.make("marts.value", "select 'c' || i as customer_id from range(60) t(i)")
    lake.make("shop.orders", ORDERS)
    below = lake.neighbour("marts.value", "customer_id", is_downstream=True)
    assert not [line for line in lines(lake.suggest(lake.subject("shop.orders", others=(below,)))) if "->" in line]


def test_sums_that_agree_with_where_they_come_from(lake):
    lake.make("shop.orders", ORDERS)
    lake.make("marts.value", "select customer_id, sum(amount) as revenue, count(*) as n from shop.orders group by all")
    orders = lake.neighbour("shop.orders", "order_id", is_upstream=True)
    found = lines(lake.suggest(lake.subject("marts.value", others=(orders,))))
    assert "sum(revenue) = sum(shop.orders.amount)" in found
    lake.make("marts.value", "select customer_id, sum(amount)::double as revenue from shop.orders group by all")
    found = lines(lake.suggest(lake.subject("marts.value", others=(orders,))))
    assert "sum(revenue) = sum(shop.orders.amount) +- 0.01%" in found


def test_nearly_all_is_enough_for_a_pattern(lake):
    query = "select if(i in (3, 7), 'none', 'p' || i || '@shop.example') as email from range(2000) t(i)"
    lake.make("crm.people", query)
    found = lake.suggest(lake.subject("crm.people"))
    assert [one.line for one in found if one.rule == "pattern"] == ["email is email allow 0.5%"]
    assert found[0].evidence.endswith("but 2 of 2,000")
    assert not [line for line in suggest(lake, query.replace("i in (3, 7)", "i % 3 = 0")) if " is " in line]


def test_patterns_are_told_by_values_alone(lake):
    query = "select uuid()::varchar as token, 'https://a.example/' || i as page from range(200) t(i)"
    assert {"token is uuid", "page is url"} <= set(suggest(lake, query))


def test_codes_of_one_length(lake):
    assert "length(sku) = 6" in suggest(lake, "select lpad((i % 300)::varchar, 6, '0') as sku from range(900) t(i)")


def test_of_pii_no_value_is_shown(lake):
    found = suggest(lake, ORDERS, masked=frozenset(("status", "email", "amount")))
    assert "email is email" in found
    assert not [line for line in found if "status in" in line or line.startswith("amount")]


def test_odd_names_and_values_are_written_so_that_they_mean_themselves(lake):
    query = (
        """select ['it''s', 'where', 'b c'][i % 3 + 1] as "Rows", i % 7 + 1.5 as "unit price" from range(300) t(i)"""
    )
    found = suggest(lake, query, is_source=True)
    assert "\"Rows\" in 'b c', 'it''s', 'where'" in found
    assert '"unit price" 0..20' in found


def test_shares_percents_and_numbers_that_only_name(lake):
    query = """
      select (i % 97) / 97.0 as churn, (i % 101)::double as discount_percent, 10000 + i as zip, 1990 + i % 30 as year,
        i % 20 - 3 as balance
      from range(400) t(i)
    """
    found = suggest(lake, query)
    assert "churn 0..1" in found
    assert "discount_percent 0..100" in found
    assert not [line for line in found if line.startswith(("zip ", "year ", "balance "))]


def test_columns_that_identify_rows_without_the_name_of_an_identifier(lake):
    """A code that comes first, or is called like the dataset; no measure, no text with blanks, none of too few rows."""
    carriers = "select 'C' || i as carrier, 'Airline ' || i as name, i as size from range(16) t(i)"
    assert suggest(lake, carriers, name="ops.airlines")[0] == "key carrier"
    assert suggest(lake, "select 1 as n, 'p' || i as plane from range(20) t(i)", name="ops.planes")[0] == "key plane"
    for column in ("'Airline ' || i as name", "i as amount", "i * 0.5 as level", "repeat('x', 40 + i) as note"):
        found = suggest(lake, f"select {column}, 1 as n from range(20) t(i)", name="ops.things")
        assert not [line for line in found if line.startswith("key")], column


def test_what_identifies_rows_is_referred_to_by_its_name(lake):
    lake.make("ops.airlines", "select 'C' || i as carrier from range(16) t(i)")
    lake.make("ops.daily", "select date '2026-01-01' + i::int as day from range(40) t(i)")
    lake.make(
        "ops.flights", "select 'C' || i % 7 as carrier, date '2026-01-01' + i::int % 30 as day from range(90) t(i)"
    )
    others = (lake.neighbour("ops.airlines", "carrier"), lake.neighbour("ops.daily", "day"))
    found = lines(lake.suggest(lake.subject("ops.flights", others=others)))
    assert [line for line in found if "->" in line] == ["carrier -> ops.airlines"]
    assert not [line for line in found if line.startswith("carrier in")], "the reference says it"


def test_a_table_of_few_rows_has_a_key_where_it_is_looked_up(lake):
    lake.make("ops.shops", "select 's' || i as shop, 'north' as region from range(30) t(i)")
    regions = "select unnest(['north', 'south', 'east', 'west']) as region"
    assert suggest(lake, regions, name="ops.regions") == []
    shops = lake.neighbour("ops.shops", "shop")
    assert lines(lake.suggest(lake.subject("ops.regions", others=(shops,)))) == ["key region"]


def test_ranges_that_say_nothing(lake):
    """Parts of a calendar say by their names what they may be, and a few whole numbers nothing about the largest to come."""
    query = """
      select i % 12 + 1 as month, i % 24 as hour, i % 7 as weekday, i % 2 as is_active, i % 5 + 1 as rating,
        (i % 3)::utinyint as level, i % 4 as retries, i % 90 as minutes_late
      from range(400) t(i)
    """
    found = suggest(lake, query, is_source=True)
    about = ("month", "hour", "weekday", "is_active", "rating", "level", "retries", "minutes_late")
    assert [line for line in found if line.startswith(about)] == [
        "is_active in 0, 1",
        "minutes_late 0..200",
        "rating 1..",
        "retries 0..",
    ]


def test_what_failed_before_is_said(lake):
    lake.make("shop.orders", ORDERS)
    lake.make("old.one", ORDERS)
    lake.make("old.two", ORDERS.replace("'new'", "'open'"))
    lake.make("old.three", ORDERS.replace("as status", "as state"))
    found = {
        one.line: (one.past_failures, one.past_versions)
        for one in lake.suggest(lake.subject("shop.orders"), "old.one", "old.two", "old.three")
    }
    assert found["status in new, paid, shipped"] == (1, 2)
    assert found["key order_id"] == (0, 3)
    assert (0, 3) in [past for line, past in found.items() if line.startswith("not null customer_id")]


def test_rows_by_their_past(lake):
    def rows(*earlier: int, **given) -> list[str]:
        lake.make("old.before", ORDERS.replace("range(600)", f"range({(earlier or (600,))[-1]})"))
        lake.make("shop.orders", ORDERS)
        past = ("old.before",) if earlier else ()
        subject = lake.subject("shop.orders", earlier_rows=earlier, **given)
        return [one.line for one in lake.suggest(subject, *past) if one.rule == "rows"]

    assert rows() == []
    assert rows(is_source=True) == ["watch rows"]
    assert rows(400, 500, is_source=True) == ["rows >= 100% of published"]
    assert rows(400, 700, is_source=True) == ["watch rows"]
    assert rows(600, 600, 600) == ["rows = 600"]
    assert rows(300, 500, key=("order_id",)) == ["lost keys = 0", "watch rows"]


def test_age_needs_a_newest_value_near_the_version(lake):
    old = suggest(lake, ORDERS, is_source=True, moment=NOW + timedelta(days=40))
    assert not [line for line in old if line.startswith("max_age")]
    daily = "select date '2026-03-01' - (i % 80)::int as day, i as n from range(500) t(i)"
    assert "max_age 2d by day" in suggest(lake, daily, is_source=True, moment=NOW)
