"""The data of the check benchmark: 10 million orders of 13 columns with known faults, 100,000 later ones, customers, payments.

    python benchmarks/checks_data.py FOLDER [ROWS]

Writes Parquet files, and `told.json` with what each write told about its file (Andon keeps that with each version).
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

LATER = 100_000
STATUSES = "'new', 'paid', 'shipped', 'delivered', 'returned'"
CHANNELS = "'web', 'app', 'store', 'phone'"
COUNTRIES = "'DE', 'AT', 'CH', 'FR', 'NL', 'BE', 'PL'"

#: Planted: 4 references that occur twice, 2 unknown customers, statuses that don't exist, 2 texts that are no address, 1 wrong
#: product, 2 shipped before they were ordered.
ORDERS = """
with numbers as (select i, case when i in (500001, 1500001, 2500001, 3500001) then i - 1 else i end as r
    from range({first}, {last} + 1) t(i)),
orders as (select i as order_id,
    'R' || substr(md5(r::varchar), 1, 20) as external_ref,
    (case when i in (77, 777777) then 999999999 else 1 + hash(i * 7) % 200000 end)::bigint as customer_id,
    case when i % 2000003 = 5 then 'lost' else [{statuses}][1 + (hash(i * 3) % 5)::int] end as status,
    [{channels}][1 + (hash(i * 5) % 4)::int] as channel,
    [{countries}][1 + (hash(i * 11) % 7)::int] as country,
    (1 + hash(i * 13) % 100)::int as quantity,
    ((1 + hash(i * 17) % 40000) / 100.0)::decimal(9, 2) as unit_price,
    case when hash(i * 19) % 10 < 3 then 'C' || (hash(i * 23) % 50) end as coupon,
    case when i in (123, 456789) then 'no address' when hash(i * 29) % 20 <> 0
        then 'user' || (hash(i * 31) % 3000000) || '@example' || (hash(i * 37) % 50) || '.com' end as email,
    timestamp '2026-01-01' + to_seconds((i * 2)::bigint) as created_at from numbers)
select order_id, external_ref, customer_id, status, channel, country, quantity, unit_price,
    (quantity * unit_price + case when order_id = 4242 then 1 else 0 end)::decimal(18, 2) as amount, coupon, email, created_at,
    case when order_id in (9999, 99998) then created_at - interval 1 day
        when hash(order_id * 41) % 5 <> 0 then created_at + to_minutes((hash(order_id * 43) % 10000)::bigint) end as shipped_at
from orders
"""


def without_faults(sql: str) -> str:
    """The same orders, all well: what was published, and what is added to it."""
    for fault, well in (
        ("case when i in (500001, 1500001, 2500001, 3500001) then i - 1 else i end", "i"),
        ("case when i in (77, 777777) then 999999999 else 1 + hash(i * 7) % 200000 end", "1 + hash(i * 7) % 200000"),
        ("case when i % 2000003 = 5 then 'lost' else ", "case when true then "),
        ("i in (123, 456789)", "false"),
        ("order_id = 4242", "false"),
        ("order_id in (9999, 99998)", "false"),
    ):
        assert fault in sql
        sql = sql.replace(fault, well)
    return sql


def make(folder: Path, rows: int) -> None:
    """Write all files."""
    import duckdb

    folder.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(config={"threads": 1})
    listed = {"statuses": STATUSES, "channels": CHANNELS, "countries": COUNTRIES}
    told = {}
    queries = {
        "customers": "select i as customer_id, 'customer ' || i as name from range(1, 200001) t(i)",
        "orders": ORDERS.format(first=1, last=rows, **listed),
        "clean": without_faults(ORDERS.format(first=1, last=rows, **listed)),
        "later": without_faults(ORDERS.format(first=rows + 1, last=rows + LATER, **listed)),
        "payments": f"select customer_id, sum(amount)::decimal(18, 2) as amount from '{folder}/orders.parquet' group by all",
    }
    for name, sql in queries.items():
        path = folder / f"{name}.parquet"
        row = connection.execute(
            f"copy ({sql}) to '{path}' (format parquet, compression zstd, compression_level 1, return_stats)"
        ).fetchall()[0]
        described = connection.execute(f"describe from '{path}'").fetchall()
        told[name] = {
            "rows": row[1],
            "size": row[2],
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "stats": row[4],
            "columns": [(one[0], one[1]) for one in described],
        }
    (folder / "told.json").write_text(json.dumps(told))


if __name__ == "__main__":
    make(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 10_000_000)
