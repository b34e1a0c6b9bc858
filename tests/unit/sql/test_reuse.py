"""Whether a result still holds over new inputs: what is read, what is proved, and what fingerprints have to show."""

from __future__ import annotations

from andon.model.verdict import Verdict, VerdictKind
from andon.sql.reuse import Needs, Rebuild, Reuse, can_reuse, reads_of, same_reading

ORDERS = [("id", "INTEGER"), ("customer", "INTEGER"), ("amount", "INTEGER"), ("price", "DOUBLE")]
SCHEMAS = {"shop.orders": ORDERS, "shop.customers": [("id", "INTEGER"), ("name", "VARCHAR")]}
WIDER = {**SCHEMAS, "shop.orders": [*ORDERS, ("tax", "INTEGER")]}
ADDED = Verdict(VerdictKind.ADDITIVE, added=("tax",), proof="…")
SUMS = "select customer, sum(amount) as s from shop.orders group by customer"


def asked(
    sql: str, verdict: Verdict | None, new: dict[str, list[tuple[str, str]]] | None = None
) -> Reuse | Needs | Rebuild:
    return can_reuse(sql, (), SCHEMAS, new or SCHEMAS, {"shop.orders": verdict})


def test_reads_of_names_the_columns_on_which_the_result_depends() -> None:
    sql = "with o as (select * from shop.orders) select c.name from o join shop.customers c on c.id = o.customer"
    found = reads_of(sql, SCHEMAS)
    assert found.columns == {"shop.orders": {"customer"}, "shop.customers": {"id", "name"}}
    assert (found.is_open, found.reason) == (False, None)


def test_reads_of_a_count_are_no_columns() -> None:
    assert reads_of("select count(*) as n from shop.orders", SCHEMAS).columns == {"shop.orders": frozenset()}


def test_reads_of_an_open_query_say_so() -> None:
    assert reads_of("select id from shop.orders limit 3", SCHEMAS).is_open
    assert reads_of("select first(id) as f from shop.orders", SCHEMAS).is_open
    assert not reads_of("select id from shop.orders order by id limit 3", SCHEMAS).is_open


def test_reads_of_what_cannot_be_followed_has_a_reason() -> None:
    assert reads_of("select nothing from shop.orders", SCHEMAS).reason


def test_a_new_column_that_nobody_reads_is_proved_to_make_no_difference() -> None:
    found = asked(SUMS, ADDED, WIDER)
    assert found == Reuse({"shop.orders": "additive: `amount`, `customer` and the rows are the same"})


def test_a_new_column_under_a_star_is_built() -> None:
    found = asked("select * from shop.orders", ADDED, WIDER)
    assert isinstance(found, Rebuild)
    assert found.reason == "it has other columns over the new schemas"
    assert same_reading("select * from shop.orders", (), SCHEMAS, WIDER) == found.reason


def test_a_new_column_that_takes_an_aliases_place_is_built() -> None:
    sql = "select customer as tax, count(*) as n from shop.orders group by tax"
    assert isinstance(asked(sql, ADDED, WIDER), Rebuild)
    assert same_reading(SUMS, (), SCHEMAS, WIDER) is None


def test_values_that_changed_elsewhere_make_no_difference() -> None:
    assert isinstance(asked(SUMS, Verdict(VerdictKind.COLUMNS, ("price",))), Reuse)
    assert asked(SUMS, Verdict(VerdictKind.COLUMNS, ("amount",))) == Needs({"shop.orders": ("amount", "customer")})


def test_a_broken_contract_about_other_columns_makes_no_difference() -> None:
    less = {**SCHEMAS, "shop.orders": ORDERS[:3]}
    assert isinstance(asked(SUMS, Verdict(VerdictKind.CONTRACT, dropped=("price",)), less), Reuse)
    gone = {**SCHEMAS, "shop.orders": ORDERS[:2]}
    assert isinstance(asked(SUMS, Verdict(VerdictKind.CONTRACT, dropped=("amount", "price")), gone), Rebuild)


def test_other_data_has_to_show_equal_fingerprints() -> None:
    assert asked(SUMS, None) == Needs({"shop.orders": ("amount", "customer")})
    assert asked(SUMS, Verdict(VerdictKind.ROWS, rows=True)) == Needs({"shop.orders": ("amount", "customer")})
    assert asked("select count(*) as n from shop.orders", None) == Needs({"shop.orders": ()}, in_order=False)


def test_rows_in_another_order_have_to_be_looked_at_where_the_order_shows() -> None:
    moved = Verdict(VerdictKind.NONE, reordered=True, proof="…")
    for sql in (SUMS, "select id from shop.orders", "select sum(price) as p from shop.orders"):
        found = asked(sql, moved)
        assert isinstance(found, Needs)
        assert found.in_order
    for sql in (
        "select count(*) as n, max(customer) as c from shop.orders",
        "select customer, sum(amount) as a from shop.orders group by customer order by customer",
        "select id, amount from shop.orders order by id, amount",
    ):
        assert isinstance(asked(sql, moved), Reuse)


def test_what_only_sorts_is_read_too() -> None:
    found = asked("select id from shop.orders order by price", None)
    assert found == Needs({"shop.orders": ("id", "price")})


def test_a_count_of_rows_that_stay_is_proved() -> None:
    found = asked("select count(*) as n from shop.orders", Verdict(VerdictKind.COLUMNS, ("amount",)))
    assert found == Reuse({"shop.orders": "columns: only the number of rows is read, and the rows are the same"})


def test_an_input_that_is_not_read_any_more_makes_no_difference() -> None:
    found = can_reuse(SUMS, (), SCHEMAS, SCHEMAS, {"shop.customers": None})
    assert found == Reuse({"shop.customers": "it is not read"})


def test_what_depends_on_how_rows_lie_is_built_even_where_nothing_that_it_reads_changes() -> None:
    for sql in (
        "select id from shop.orders limit 3",
        "select id, row_number() over (order by amount) as r from shop.orders",
    ):
        found = asked(sql, Verdict(VerdictKind.COLUMNS, ("price",)))
        assert found == Rebuild("its result depends on how the rows of its inputs lie")
