"""The 22 checks in plain DuckDB, as one would write them by hand: `planned`, with what the footers prove left out, or `naive`.

    python benchmarks/checks_duckdb.py FOLDER planned|naive|appended

`planned` counts where the reader can skip, scans once for what is left, and joins last; `appended` does the same by hand for 100,000
rows that came to 10 million that were checked before. Nothing is shown of failing rows.
"""

from __future__ import annotations

import os
import sys

from checks_data import CHANNELS, COUNTRIES, STATUSES

EMAIL = (
    r"[A-Za-z0-9.!#$%&''*+/=?^_`{|}~-]+@[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+"
)
ROW_RULES = {
    "email": f"regexp_full_match(email, '{EMAIL}') is false",
    "product": "(abs(amount - quantity * unit_price) <= 0.01) is false",
    "shipped": "(shipped_at >= created_at) is false",
}
SETS = {"status": STATUSES, "channel": CHANNELS, "country": COUNTRIES}
TOTALS = "avg(case when coupon is null then 1 else 0 end), avg(unit_price), sum(amount)"


def naive(orders: str, customers: str, payments: str) -> list[str]:
    """One query for each check."""
    unique = "select coalesce(sum(n), 0) from (select count(*) as n from {} group by {}) where n > 1"
    return [
        f"select count(*) from {orders} where order_id is null",
        unique.format(orders, "order_id"),
        unique.format(orders, "external_ref"),
        f"select count(*) from {orders} o where customer_id is not null and not exists"
        f" (select 1 from {customers} c where c.customer_id = o.customer_id)",
        *(
            f"select count(*) from {orders} where {column} is null"
            for column in ("customer_id", "amount", "created_at")
        ),
        *(f"select count(*) from {orders} where {column} not in ({values})" for column, values in SETS.items()),
        f"select count(*) from {orders} where quantity not between 1 and 100",
        f"select count(*) from {orders} where unit_price not between 0.01 and 1000",
        f"select count(*) from {orders} where amount not between 0 and 100000",
        *(f"select count(*) from {orders} where {rule}" for rule in ROW_RULES.values()),
        f"select avg(case when coupon is null then 1 else 0 end) from {orders}",
        f"select (select sum(amount) from {orders}), (select sum(amount) from {payments})",
        f"select avg(unit_price) from {orders}",
        f"select count(distinct country) from {orders}",
        f"select count(*) from {orders}",
        f"select max(created_at) from {orders}",
        f"describe from {orders}",
    ]


def planned(orders: str, customers: str, payments: str) -> list[str]:
    """By hand: bounds and nulls from the footer, counts that skip, one scan, joins."""
    bounds = ", ".join(
        f"min({column}), max({column}), count({column})"
        for column in ("order_id", "quantity", "unit_price", "amount", "created_at", "customer_id")
    )
    rules = ", ".join(f"count(*) filter (where {rule})" for rule in ROW_RULES.values())
    bitmap = "count(order_id) - bit_count(bitstring_agg(order_id, 1, 10100000))"
    return [
        f"select stats_null_count, stats_min_value, stats_max_value from parquet_metadata('{orders[1:-1]}')"
        if "read_parquet" not in orders
        else f"select {bounds} from {orders}",
        *(f"select count(*) from {orders} where {column} not in ({values})" for column, values in SETS.items()),
        f"select {rules}, {TOTALS}, {bitmap} from {orders}",
        f"select count(distinct country) from {orders}",
        f"select sum(amount) from {payments}",
        f"select coalesce(sum(n), 0) from (select customer_id, count(*) as n from {orders} group by 1) o where not exists"
        f" (select 1 from {customers} c where c.customer_id = o.customer_id)",
        f"select coalesce(sum(n), 0) from (select count(*) as n from {orders} group by external_ref) where n > 1",
    ]


def appended(clean: str, later: str, customers: str, payments: str) -> list[str]:
    """The new rows alone, their keys against the old ones, and totals over all."""
    both = f"read_parquet([{clean}, {later}])"
    return [
        *planned(later, customers, payments),
        f"select max(order_id) from {clean}",
        f"select count(*) from {clean} o where exists (select 1 from {later} n where n.external_ref = o.external_ref)",
        f"select {TOTALS} from {both}",
        f"select count(distinct country) from {both}",
    ]


def main() -> None:
    import duckdb

    folder, what = sys.argv[1], sys.argv[2]
    names = {name: f"'{folder}/{name}.parquet'" for name in ("orders", "clean", "later", "customers", "payments")}
    connection = duckdb.connect(
        config={"threads": int(os.environ.get("THREADS", "1")), "memory_limit": os.environ.get("MEMORY", "1GB")}
    )
    connection.execute("set global parquet_metadata_cache = true")
    if what == "appended":
        queries = appended(names["clean"], names["later"], names["customers"], names["payments"])
    else:
        queries = {"planned": planned, "naive": naive}[what](names["orders"], names["customers"], names["payments"])
    for query in queries:
        rows = connection.execute(query).fetchall()
        print(rows[0] if len(rows) == 1 else f"{len(rows)} rows")


if __name__ == "__main__":
    main()
