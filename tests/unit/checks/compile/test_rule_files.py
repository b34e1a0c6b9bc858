"""Rules of `checks/*.sql` as checks: compiled with their place, and run with their macros."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from andon.checks.compile.check import Catalog, ViolationsPlan
from andon.checks.compile.rule_files import compile_rule, rule_check
from andon.checks.execute.plain import PlainRelations, measure
from andon.checks.judge import judge
from andon.errors import Problem
from andon.model.check import Allow, CheckKind, CheckStatus, Severity
from andon.model.dataset import ClockUse
from andon.model.rule import Rule
from andon.sql.bind import Binder

if TYPE_CHECKING:
    import duckdb

SQL = """/*---
name: no_debts
---*/
select id, cents(amount) as cents
from shop.orders
where amount < 0
order by id"""
CENTS = "create macro cents(a) as a * 100"
ORDERS = [("id", "INTEGER"), ("amount", "INTEGER")]


def make(sql: str = SQL, **settings: object) -> Rule:
    values: dict[str, object] = {"datasets": ("shop.orders", "marts.b", "marts.a"), "macros": (CENTS,), **settings}
    return Rule("no_debts", "checks/no_debts.sql", sql, "meaning", **values)  # type: ignore[arg-type]


def compiled(rule: Rule) -> ViolationsPlan | Problem:
    catalog = Catalog({"shop.orders": ORDERS, "marts.a": [("x", "INTEGER")], "marts.b": []}, {}, {})
    catalog = Catalog({**catalog.columns, "marts.b": [("y", "DATE")]}, {}, {})
    binder = Binder()
    try:
        return compile_rule(rule_check(rule), catalog, binder)
    finally:
        binder.close()


def plan_of(rule: Rule) -> ViolationsPlan:
    found = compiled(rule)
    assert isinstance(found, ViolationsPlan), found
    return found


@pytest.fixture
def engine() -> duckdb.DuckDBPyConnection:
    import duckdb

    connection = duckdb.connect()
    connection.execute(
        "create schema shop; create table shop.orders as from (values (1, 5), (2, -3), (3, -4)) t(id, amount)"
    )
    return connection


def test_a_rule_as_a_check() -> None:
    check = rule_check(make(severity=Severity.WARN, why="money", clock=ClockUse.DATE))
    assert (check.dataset, check.others) == ("shop.orders", ("marts.a", "marts.b"))
    assert (check.name, check.label, check.kind) == ("no_debts", "no_debts", CheckKind.ROW)
    assert (check.severity, check.why, check.uses_clock) == (Severity.WARN, "money", True)
    assert check.file == "checks/no_debts.sql"


def test_the_id_is_that_of_the_meaning() -> None:
    one = rule_check(make())
    assert rule_check(make(SQL + "\n-- more", why="x", severity=Severity.INFO)).id == one.id
    assert rule_check(make(allow=Allow(count=2))).id != one.id


def test_counts_what_it_returns(engine: duckdb.DuckDBPyConnection) -> None:
    rule = make()
    plan = plan_of(rule)
    assert plan.columns == (("id", "INTEGER"), ("cents", "INTEGER"))
    verdict = judge(rule_check(rule), measure(plan, PlainRelations("shop.orders", {}), engine))
    assert (verdict.status, verdict.bad, verdict.total) == (CheckStatus.FAIL, 2, None)
    left = engine.execute("select count(*) from duckdb_functions() where function_name = 'cents'").fetchall()
    assert left == [(0,)], "the macro stays"


@pytest.mark.parametrize(("most", "status"), [(1, CheckStatus.FAIL), (2, CheckStatus.PASS)])
def test_allowed_rows(engine: duckdb.DuckDBPyConnection, most: int, status: CheckStatus) -> None:
    rule = make(allow=Allow(count=most))
    assert judge(rule_check(rule), measure(plan_of(rule), PlainRelations("shop.orders", {}), engine)).status is status


def test_no_row_passes(engine: duckdb.DuckDBPyConnection) -> None:
    rule = make("select * from shop.orders where id > 9")
    verdict = judge(rule_check(rule), measure(plan_of(rule), PlainRelations("shop.orders", {}), engine))
    assert (verdict.status, verdict.bad) == (CheckStatus.PASS, 0)


def test_what_can_not_run_is_an_error(engine: duckdb.DuckDBPyConnection) -> None:
    rule = make("select * from shop.orders where error('no') is null")
    assert (
        judge(rule_check(rule), measure(plan_of(rule), PlainRelations("shop.orders", {}), engine)).status
        is CheckStatus.ERROR
    )


@pytest.mark.parametrize(
    ("sql", "place", "says"),
    [
        (SQL.replace("where amount", "where amuont"), "checks/no_debts.sql:6:7", "amount"),
        (SQL.replace("cents(amount)", "cent(amount)"), "checks/no_debts.sql:4:12", "cent"),
        ("select id from shop.orders o join marts.a on y = id", "checks/no_debts.sql:1:46", "there is no column `y`"),
    ],
)
def test_binds_with_its_place(sql: str, place: str, says: str) -> None:
    found = compiled(make(sql))
    assert isinstance(found, Problem)
    assert found.where == place
    assert says in f"{found.message} {found.hint}"
    assert found.excerpt


def test_an_unknown_dataset() -> None:
    found = compiled(make(datasets=("shop.oders",)))
    assert isinstance(found, Problem)
    assert (found.code, found.hint) == ("project.unknown_dataset", "did you mean `shop.orders`?")
