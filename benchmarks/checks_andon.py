"""The 22 checks as Andon runs them within a build: read, bound, planned, judged, failing rows fetched. One process.

python benchmarks/checks_andon.py FOLDER orders            10 million rows
python benchmarks/checks_andon.py FOLDER both STATES.json  with the 100,000 later ones, and what earlier runs kept per file
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from andon.checks.compile.check import Catalog, compile_check
from andon.checks.execute.planned import CheckQuestion, Target, execute
from andon.checks.language.parse import parse_check
from andon.engines.duckdb.stats import parse_return_stats
from andon.errors import Problem
from andon.model.version import DataFile
from andon.sql.bind import Binder

LINES = """
key order_id
unique external_ref
customer_id -> shop.customers
not null customer_id
not null amount
not null created_at
status in new, paid, shipped, delivered, returned
channel in web, app, store, phone
country in DE, AT, CH, FR, NL, BE, PL
quantity 1..100
unit_price 0.01..1000
amount 0..100_000
email is email
amount = quantity * unit_price +- 0.01
shipped_at >= created_at
share(coupon is null) < 75%
sum(amount) = sum(shop.payments.amount) +- 5%
avg(unit_price) 150..250
distinct(country) 5..10
rows >= 9_000_000
max_age 3d by created_at
schema exact
""".strip().splitlines()
MOMENT = datetime(2026, 8, 22, 20, tzinfo=UTC)


class States:
    """States in a JSON file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.kept: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}

    def get(self, keys: Sequence[str]) -> Mapping[str, Any]:
        return {key: self.kept[key] for key in keys if key in self.kept}

    def put(self, states: Mapping[str, Any]) -> None:
        self.kept.update(states)
        self.path.write_text(json.dumps(self.kept))


def target(folder: Path, told: Mapping[str, Any], names: Sequence[str]) -> Target:
    paths = tuple(str(folder / f"{name}.parquet") for name in names)
    files = tuple(
        DataFile(
            name, told[name]["size"], told[name]["sha256"], told[name]["rows"], parse_return_stats(told[name]["stats"])
        )
        for name in names
    )
    listed = ", ".join(f"'{path}'" for path in paths)
    columns = [(name, kind) for name, kind in told[names[0]]["columns"]]
    return Target(f"read_parquet([{listed}])", columns, files, paths)


def main() -> None:
    import duckdb

    folder, what = Path(sys.argv[1]), sys.argv[2]
    states = States(Path(sys.argv[3])) if len(sys.argv) > 3 else None
    told = json.loads((folder / "told.json").read_text())
    own = target(folder, told, ["clean", "later"] if what == "both" else [what])
    others = {f"shop.{name}": target(folder, told, [name]) for name in ("customers", "payments")}
    columns = {"shop.orders": own.columns, **{name: one.columns for name, one in others.items()}}
    catalog = Catalog(columns, {"shop.orders": ["order_id"], "shop.customers": ["customer_id"]}, {})
    binder = Binder()
    items = []
    for line in LINES:
        check = parse_check(line, dataset="shop.orders", columns=own.columns, key=["order_id"])
        assert not isinstance(check, Problem), check
        plan = compile_check(check, catalog, binder)
        assert not isinstance(plan, Problem), plan
        items.append((check, plan))
    connection = duckdb.connect(
        config={"threads": int(os.environ.get("THREADS", "1")), "memory_limit": os.environ.get("MEMORY", "1GB")}
    )
    connection.execute("set timezone = 'UTC'; set global parquet_metadata_cache = true")
    question = CheckQuestion(items, own, others, None, declared=own.columns, masked=frozenset({"email"}), states=states)
    for (check, _), done in zip(items, execute(question, connection, MOMENT), strict=True):
        verdict = done.verdict
        shown = f"{verdict.bad} of {verdict.total}" if verdict.bad is not None else f"{verdict.value}"
        print(
            f"{verdict.status:5} {done.how:6} {done.seconds:6.3f} s {len(done.samples.rows):3} rows  {check.text:45} {shown}"
        )


if __name__ == "__main__":
    main()
