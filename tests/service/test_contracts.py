"""Contracts of a real lake: judged by the tool of others, taken over into a bare project, read by the API as by the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import andon
from andon.contracts.writing import yaml_of
from andon.errors import ProjectError, UsageError
from kit.clones import Clone

ORDERS = """/*---
description: One row per order.
owner: ana
tags: [orders, core]
key: id
caveats: [Sample of 1997, "Prices: gross"]
refresh: {max_age: 26h}
columns:
  id: Number of the order
  amount: {description: Price in EUR, type: DOUBLE, checks: ">= 0"}
  email: {pii: true}
checks: |
  not null customer_id, status
  status in new, paid
  named: rows 1..1_000 warn "why not"
  customer_id -> shop.customers
  max_age 26h by created_at warn
  sum(amount) > 0 where status = 'paid'
  share(status = 'new') < 75%
  amount 0..100 allow 1%
  code matches '[A-Z]{2}|x'
  email is email info
  watch rows
---*/
"""
TOTALS = """-- a comment of ours
select customer_id, sum(amount) as revenue, [{'a': 1, 'b': [date '2026-01-01']}] as parts
from shop.orders group by customer_id order by 1
"""
OF_TOTALS = """/*---
owner: ben
key: customer_id
checks: |
  revenue > 0
  rows = count(shop.customers.id)
  sum(revenue) = sum(shop.orders.amount) +- 0.1%
---*/
"""
SELECT = {
    "shop/orders": "select * from read_csv('raw/orders.csv')\n",
    "shop/customers": "select * from read_csv('raw/customers.csv')\n",
    "marts/totals": TOTALS,
    "marts/old": "select 1 as id\n",
}
FRONT = {
    "shop/orders": ORDERS,
    "shop/customers": "/*---\nkey: id\nrefresh: {every: 1d}\n---*/\n",
    "marts/totals": OF_TOTALS,
    "marts/old": "",
}
RAW = {
    "andon.toml": 'author = "ana"\n[people]\nana = {role = "owner", mail = "ana@shop.example"}\n',
    "raw/orders.csv": """id,customer_id,amount,status,created_at,code,email
1,1,2.5,new,2026-01-01,AB,a@x.de
2,2,3.5,paid,2026-01-02,x,b@x.de
""",
    "raw/customers.csv": "id,country\n1,DE\n2,FR\n",
}
PYTHON = """from andon import dataset, read


@dataset(owner="ben")
def big(orders=read("shop.orders")):
    return orders.filter("amount > 3").project("id as order_id, amount")
"""
SCHEMA = """version: 2
models:
  - name: totals
    description: Revenue by customer
    meta: {owner: ana, slack: "#x"}
    config: {tags: [finance]}
    columns:
      - name: customer_id
        description: the customer
        data_type: bigint
        tests:
          - not_null: {config: {severity: warn}}
          - relationships: {arguments: {to: ref('customers'), field: id}}
      - name: revenue
        data_tests:
          - dbt_utils.expression_is_true: {expression: "= nonsense(3)"}
          - dbt_utils.accepted_range: {min_value: 0}
  - name: big
    description: Large orders
    columns: [{name: order_id, description: Its number, tests: [unique]}]
  - name: nobody
    columns: [{name: id, tests: [unique]}]
"""


def project(root: Path, front: dict[str, str]) -> Clone:
    clone = Clone(root)
    clone.fill(RAW)
    for name, query in SELECT.items():
        folder = "sources" if name.startswith("shop/") else "datasets"
        clone.write(f"{folder}/{name}.sql", front.get(name, "") + query)
    clone.write("datasets/marts/big.py", PYTHON)
    assert clone.run().published
    return clone


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Clone:
    """A published project that says much about its datasets."""
    return project(tmp_path_factory.mktemp("shop") / "acme", FRONT)


def texts(clone: Clone, folder: Path) -> dict[str, str]:
    """The contract of each dataset by its file, written below a folder."""
    folder.mkdir(exist_ok=True)
    with clone.opened() as service:
        found = {one.file: yaml_of(one.contract) for one in service.contracts.export()}
    for name, text in found.items():
        (folder / name).write_text(text, encoding="utf-8")
    return found


_LINT = """
import sys, warnings
warnings.simplefilter("ignore")
from datacontract.cli import app
for path in sys.argv[1:]:
    try:
        print(path, app(["lint", "--all-errors", path], standalone_mode=False) or 0)
    except BaseException as error:
        print(path, getattr(error, "exit_code", getattr(error, "code", error)))
"""


def lint(folder: Path, *names: str) -> dict[str, str]:
    """What `datacontract lint` ends with, for each file. It has the schemas of the standard in it, and asks no network."""
    paths = [str(folder / name) for name in names]
    ran = subprocess.run([sys.executable, "-c", _LINT, *paths], capture_output=True, text=True, timeout=300, check=True)
    ends = dict(line.rsplit(" ", 1) for line in ran.stdout.splitlines() if line.startswith(str(folder)))
    return {Path(path).name: end for path, end in ends.items()}


def test_contracts_are_good_by_the_tool_of_the_standard(shop: Clone, tmp_path: Path):
    found = texts(shop, tmp_path / "c")
    assert len(found) == 5
    broken = found["shop.orders.odcs.yaml"].replace("metric: rowCount", "metric: countOfRows")
    (tmp_path / "c" / "broken.odcs.yaml").write_text(broken, encoding="utf-8")
    assert lint(tmp_path / "c", *found, "broken.odcs.yaml") == {**dict.fromkeys(found, "0"), "broken.odcs.yaml": "1"}


def test_a_contract_adds_nothing_to_what_it_was_made_of(shop: Clone, tmp_path: Path):
    for name, text in texts(shop, tmp_path).items():
        with shop.opened() as service:
            found = service.contracts.bring(text, name)
        assert [(one.diff, one.settings, one.checks) for one in found.datasets] == [("", {}, [])]
        assert found.left_out == []


def test_a_bare_project_takes_over_all_that_contracts_say(shop: Clone, tmp_path: Path):
    """Exported from there, once it is published, they are the same but for the order of checks."""
    bare = project(tmp_path / "bare", {})
    wanted = texts(shop, tmp_path / "c")
    before = {path: bare.read(path) for path in ("sources/shop/orders.sql", "datasets/marts/totals.sql")}
    for name, text in sorted(wanted.items()):
        with bare.opened() as service:
            looked = service.contracts.bring(text, name)
            assert {path: bare.read(path) for path in before} == before
            found = service.contracts.bring(text, name, apply=True)
        assert (looked.datasets, found.left_out) == (found.datasets, [])
        before = {path: bare.read(path) for path in before}
    assert "-- a comment of ours\nselect customer_id" in (bare.read("datasets/marts/totals.sql") or "")
    assert 'owner="ben"' in (bare.read("datasets/marts/big.py") or "")
    assert bare.run().published
    with shop.opened() as one, bare.opened() as other:
        for a, b in zip(one.contracts.export(), other.contracts.export(), strict=True):
            assert _sorted(a.contract) == _sorted(b.contract)


def _sorted(contract: dict) -> dict:
    """The contract with its rules in one order, and without the version, which is made of all of it."""
    plain = json.loads(json.dumps(contract))
    plain.pop("version")
    for schema in plain["schema"]:
        for place in (schema, *schema["properties"]):
            place["quality"] = sorted(place.get("quality", []), key=str)
    return plain


def test_a_property_file_of_dbt_is_taken_over(shop: Clone, tmp_path: Path):
    clone = project(tmp_path / "acme", FRONT)
    with clone.opened() as service:
        found = service.contracts.bring(SCHEMA, "schema.yml", apply=True)
        again = service.contracts.bring(SCHEMA, "schema.yml", apply=True)
    totals, big, nobody = found.datasets
    assert totals.checks == ["not null customer_id warn", "customer_id -> shop.customers.id", "revenue 0.."]
    assert (big.checks, big.settings) == (
        ["unique order_id"],
        {"description": "Large orders", "columns": {"order_id": {"description": "Its number"}}},
    )
    assert nobody.needed is not None
    assert nobody.checks == ["unique id"]
    assert [(one.line, one.what) for one in found.left_out] == [
        (3, "owner: ana"),
        (5, "models[0].meta.slack: #x"),
        (16, "models[0].columns[1].data_tests[0].dbt_utils.expression_is_true: `revenue = nonsense(3)`"),
    ]
    text = clone.read("datasets/marts/totals.sql") or ""
    assert "owner: ben\n" in text
    assert "  customer_id: {description: the customer, type: BIGINT}\n" in text
    assert (found.applied, again.applied) == (True, False)
    assert [one.diff for one in again.datasets[:2]] == ["", ""]
    assert clone.run().published
    with clone.opened() as service:
        results = {check.check for check in service.checks.run(("marts.totals", "marts.big"), None).document().checks}
    assert {"revenue 0..", "unique order_id"} <= results


def test_by_python_and_what_is_wrong_is_told(shop: Clone, tmp_path: Path):
    (tmp_path / "schema.yml").write_text("models:\n  - {}\n  - name: totals\n    columns: 3\n", encoding="utf-8")
    with andon.open(shop.root) as lake:
        (one,) = lake.contracts.export("marts.totals")
        assert one.contract["schema"][0]["physicalName"] == "marts.totals"
        with pytest.raises(ProjectError) as wrong:
            lake.contracts.import_file(tmp_path / "schema.yml")
        assert [p.line for p in wrong.value.problems] == [2, 4]
        for path in (tmp_path / "nope.yml", tmp_path):
            with pytest.raises(UsageError):
                lake.contracts.import_file(path)
