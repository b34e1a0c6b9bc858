"""Spark SQL that reads a dataset under another name reads the same in the same places, and says all else as before."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from andon.sql.spark_names import renamed_spark_table, spark_tables

NAMES = st.sampled_from(["shop.orders", "Shop.`Orders`", "shop.refunds", "`marts`.totals", "marts.orders"])
ALIASES = st.sampled_from(["", " o", " as `t`", " as refunds"])
PLACES = st.sampled_from(["'shop.orders'", "/* shop.orders */ 1", "orders.id", "o.orders", "`shop.orders`"])


@st.composite
def texts(draw) -> str:
    tables = draw(st.lists(st.tuples(NAMES, ALIASES), min_size=1, max_size=3))
    listed = " cross join ".join(name + alias for name, alias in tables)
    inner = draw(st.sampled_from(["", " where exists (select 1 from shop.orders)", " -- from shop.orders\n"]))
    return f"select {draw(PLACES)} from {listed}{inner}"


@given(texts(), st.sampled_from(["core.sales", "core.orders", "shop.refunds2", "core.order", "core.select"]))
def test_it_reads_the_same_in_the_same_places_and_comes_back(sql, new):
    made = renamed_spark_table(sql, "shop.orders", new)
    assert made is not None
    before, after = spark_tables(sql), spark_tables(made)
    assert [new if each.name == "shop.orders" else each.name for each in before] == [each.name for each in after]
    called = [each.alias.lower() or each.written.lower() for each in before]
    found = [each.alias.lower() or each.written.lower() for each in after]
    assert all(
        now == then or (then == "orders" and now == new.split(".")[1]) for then, now in zip(called, found, strict=True)
    )
    if "orders.id" in sql and "orders" in called:
        assert "orders" in found
    assert sql.count("'shop.orders'") == made.count("'shop.orders'")
    assert sql.count("*/") == made.count("*/")
    if all(each.name != new for each in before):
        back = renamed_spark_table(made, new, "shop.orders")
        assert back is not None
        assert [each.name for each in spark_tables(back)] == [each.name for each in before]
