"""The 22 checks in other tools, each run in its own environment: `python checks_peers.py TOOL FOLDER`, TOOL one of PACKAGES.

What a tool has no form for is written as it offers it (SQL or an expression), and what it can't say at all is left out and told.
"""

from __future__ import annotations

import sys
from pathlib import Path

#: What is installed for each tool.
PACKAGES = {
    "soda": ("soda-core-duckdb", "setuptools"),
    "pandera": ("pandera[polars]", "polars"),
    "pointblank": ("pointblank[pl]", "polars"),
    "dbt": ("dbt-core<1.12", "dbt-duckdb"),
}
EMAIL = (
    r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+$"
)
SETS = {
    "status": ["new", "paid", "shipped", "delivered", "returned"],
    "channel": ["web", "app", "store", "phone"],
    "country": ["DE", "AT", "CH", "FR", "NL", "BE", "PL"],
}
RANGES = {"quantity": (1, 100), "unit_price": (0.01, 1000), "amount": (0, 100_000)}
REQUIRED = ("order_id", "customer_id", "amount", "created_at")


def soda(folder: Path) -> None:
    """Soda Core 3 on DuckDB."""
    import duckdb
    from soda.scan import Scan

    connection = duckdb.connect(config={"threads": 1})
    for name in ("orders", "customers", "payments"):
        connection.execute(f"create view {name} as from read_parquet('{folder}/{name}.parquet')")
    lines = ["checks for orders:", *(f"  - missing_count({name}) = 0" for name in REQUIRED)]
    lines += [f"  - duplicate_count({name}) = 0" for name in ("order_id", "external_ref")]
    lines.append("  - values in (customer_id) must exist in customers (customer_id)")
    for name, values in SETS.items():
        lines += [f"  - invalid_count({name}) = 0:", f"      valid values: [{', '.join(values)}]"]
    for name, (low, high) in RANGES.items():
        lines += [f"  - invalid_count({name}) = 0:", f"      valid min: {low}", f"      valid max: {high}"]
    lines += ["  - invalid_count(email) = 0:", f"      valid regex: '{EMAIL.replace(chr(39), chr(39) * 4)}'"]
    for name, rule in (
        ("product", "abs(amount - quantity * unit_price) > 0.01"),
        ("shipped", "shipped_at < created_at"),
    ):
        lines += [f"  - failed rows:\n      name: {name}\n      fail condition: {rule}"]
    lines += ["  - missing_percent(coupon) < 75", "  - avg(unit_price) between 150 and 250", "  - row_count > 9000000"]
    lines += ["  - countries between 5 and 10:\n      countries expression: count(distinct country)"]
    lines += ["  - newest > 0:\n      newest expression: epoch(max(created_at))"]
    lines += ["  - paid between 0 and 1000:\n      paid query: |"]
    lines += ["        select abs((select sum(amount) from orders) - (select sum(amount) from payments))"]
    lines += ["  - schema:\n      fail:\n        when required column missing: [order_id, amount]"]
    scan = Scan()
    scan.add_duckdb_connection(connection, data_source_name="duckdb")
    scan.set_data_source_name("duckdb")
    scan.add_sodacl_yaml_str("\n".join(lines))
    scan.disable_telemetry()
    scan.execute()
    print(scan.get_logs_text() if scan.has_error_logs() else f"{len(scan.get_checks_fail())} failed")
    if scan.has_error_logs():
        sys.exit(1)


def pandera(folder: Path) -> None:
    """Pandera on Polars. References and totals are checks of the frame."""
    import pandera.polars as pa
    import polars as pl

    frame = pl.read_parquet(folder / "orders.parquet")
    customers = pl.read_parquet(folder / "customers.parquet")["customer_id"]
    paid = pl.read_parquet(folder / "payments.parquet")["amount"].sum()
    columns = {name: pa.Column(checks=pa.Check.isin(values), nullable=True) for name, values in SETS.items()}
    columns |= {
        name: pa.Column(checks=pa.Check.in_range(*ends), nullable=name != "amount") for name, ends in RANGES.items()
    }
    columns |= {
        "order_id": pa.Column(unique=True),
        "external_ref": pa.Column(unique=True),
        "customer_id": pa.Column(),
        "created_at": pa.Column(),
        "email": pa.Column(checks=pa.Check.str_matches(EMAIL), nullable=True),
    }

    def rule(expression: pl.Expr) -> pa.Check:
        return pa.Check(lambda data: data.lazyframe.select(expression))

    schema = pa.DataFrameSchema(
        columns,
        checks=[
            rule((pl.col("amount") - pl.col("quantity") * pl.col("unit_price")).abs() <= 0.01),
            rule(pl.col("shipped_at") >= pl.col("created_at")),
            rule(pl.col("customer_id").is_in(customers.implode())),
            rule(pl.col("coupon").is_null().mean() < 0.75),
            rule(pl.col("unit_price").mean().is_between(150, 250)),
            rule(pl.col("country").n_unique().is_between(5, 10)),
            rule(pl.len() > 9_000_000),
            rule(pl.col("amount").sum().is_between(paid * 95 / 100, paid * 105 / 100)),
            rule(pl.col("created_at").max() > pl.datetime(2026, 8, 19)),
        ],
    )
    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        print(len(errors.failure_cases), "failure cases")


def pointblank(folder: Path) -> None:
    """Pointblank on Polars. References are a column made beforehand, totals are looked at with Polars."""
    import pointblank as pb
    import polars as pl

    frame = pl.read_parquet(folder / "orders.parquet")
    customers = pl.read_parquet(folder / "customers.parquet")["customer_id"]
    frame = frame.with_columns(known=pl.col("customer_id").is_in(customers.implode()))
    checked = pb.Validate(frame).col_vals_not_null(columns=list(REQUIRED))
    checked = checked.rows_distinct(columns_subset=["order_id"]).rows_distinct(columns_subset=["external_ref"])
    for name, values in SETS.items():
        checked = checked.col_vals_in_set(columns=name, set=values)
    for name, (low, high) in RANGES.items():
        checked = checked.col_vals_between(columns=name, left=low, right=high)
    checked = (
        checked.col_vals_regex(columns="email", pattern=EMAIL, na_pass=True)
        .col_vals_expr(expr=(pl.col("amount") - pl.col("quantity") * pl.col("unit_price")).abs() <= 0.01)
        .col_vals_expr(expr=(pl.col("shipped_at") >= pl.col("created_at")).fill_null(value=True))
        .col_vals_expr(expr=pl.col("known"))
        .col_exists(columns=frame.columns[:13])
        .interrogate()
    )
    print(sum(step.all_passed is False for step in checked.validation_info), "steps failed")
    print(frame.select(pl.col("coupon").is_null().mean(), pl.col("unit_price").mean(), pl.col("amount").sum()).row(0))
    print(frame["country"].n_unique(), frame["created_at"].max(), frame.height)


def dbt(folder: Path) -> None:
    """dbt tests on DuckDB."""
    from dbt.cli.main import dbtRunner

    project = folder / "dbt"
    (project / "models").mkdir(parents=True, exist_ok=True)
    (project / "tests").mkdir(exist_ok=True)
    (project / "dbt_project.yml").write_text("name: shop\nversion: '1.0'\nconfig-version: 2\nprofile: shop\n")
    (project / "profiles.yml").write_text(
        "shop:\n  target: a\n  outputs:\n    a: {type: duckdb, path: ':memory:', threads: 1}\n"
    )
    yaml = [
        "sources:",
        "  - name: raw",
        "    meta:",
        f"      external_location: '{folder}/{{name}}.parquet'",
        "    tables:",
    ]
    yaml += ["      - name: customers", "      - name: payments", "      - name: orders", "        columns:"]
    tests = {name: ["not_null"] for name in REQUIRED}
    tests["order_id"].append("unique")
    tests["external_ref"] = ["unique"]
    tests["customer_id"].append("relationships: {to: \"source('raw', 'customers')\", field: customer_id}")
    tests |= {name: [f"accepted_values: {{values: [{', '.join(values)}]}}"] for name, values in SETS.items()}
    for name, listed in tests.items():
        yaml += [f"          - name: {name}", "            tests:", *(f"              - {test}" for test in listed)]
    (project / "models" / "s.yml").write_text("\n".join(yaml))
    rules = {name: f"{name} not between {low} and {high}" for name, (low, high) in RANGES.items()}
    rules |= {
        "email": f"not regexp_full_match(email, '{EMAIL.replace(chr(39), chr(39) * 2)}')",
        "product": "abs(amount - quantity * unit_price) > 0.01",
        "shipped": "shipped_at < created_at",
    }
    rules = {name: f"select * from {{{{ source('raw', 'orders') }}}} where {rule}" for name, rule in rules.items()}
    orders = "{{ source('raw', 'orders') }}"
    for name, condition in {
        "coupons": "avg((coupon is null)::int) < 0.75",
        "prices": "avg(unit_price) between 150 and 250",
        "countries": "count(distinct country) between 5 and 10",
        "rows": "count(*) > 9000000",
        "fresh": "max(created_at) > timestamp '2026-08-19'",
        "paid": "abs(sum(amount) - (select sum(amount) from {{ source('raw', 'payments') }})) < 1000",
    }.items():
        rules[name] = f"select 1 from {orders} having not ({condition})"
    for name, sql in rules.items():
        (project / "tests" / f"{name}.sql").write_text(sql)
    done = dbtRunner().invoke(["test", "--project-dir", str(project), "--profiles-dir", str(project)])
    results = [str(one.status) for one in getattr(done.result, "results", [])]
    print({status: results.count(status) for status in set(results)})
    if not results or "error" in results:
        sys.exit(1)


if __name__ == "__main__":
    {"soda": soda, "pandera": pandera, "pointblank": pointblank, "dbt": dbt}[sys.argv[1]](Path(sys.argv[2]).resolve())
