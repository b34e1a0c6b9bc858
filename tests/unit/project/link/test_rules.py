"""Rules across datasets: what `checks/*.sql` say, and what is wrong with them."""

from __future__ import annotations

import pytest

from andon.model.check import Allow, Severity
from andon.model.dataset import ClockUse
from andon.model.rule import Rule
from kit.projects import SOURCE, load_texts, one_problem, told

SHOP = SOURCE | {
    "datasets/marts/totals.sql": "select sum(amount) as amount from shop.orders\n",
    "macros/m.sql": "create macro cents(a) as a * 100;\ncreate macro latest() as table select * from shop.orders;\n",
}
FULL = """\
/*---
name: same_money
severity: warn
allow: 20 rows
why: Finance closes on it.
owner: ana
---*/
select t.amount, cents(o.amount) as cents -- both
from marts.totals t, shop.orders o
where t.amount <> o.amount;
"""


def rule(text: str, path: str = "checks/money.sql") -> Rule:
    project = load_texts(SHOP | {path: text})
    assert not project.problems, [told(p) for p in project.problems]
    assert len(project.rules) == 1
    return project.rules[0]


def test_what_a_rule_says() -> None:
    found = rule(FULL)
    assert (found.name, found.file) == ("same_money", "checks/money.sql")
    assert (found.severity, found.allow) == (Severity.WARN, Allow(count=20))
    assert (found.why, found.owner) == ("Finance closes on it.", "ana")
    assert found.datasets == ("marts.totals", "shop.orders")
    assert found.macros == ("create macro cents(a) as a * 100",)
    assert found.sql.endswith("where t.amount <> o.amount")
    assert found.clock is ClockUse.NONE
    assert [path for path, _ in found.files] == ["checks/money.sql", "macros/m.sql"]


def test_the_name_is_that_of_the_file() -> None:
    found = rule("select * from shop.orders where amount < 0", "checks/finance/no_debts.sql")
    assert (found.name, found.severity, found.allow) == ("no_debts", Severity.HOLD, None)


def test_layout_does_not_change_what_a_rule_means() -> None:
    one = rule("select * from shop.orders where amount < 0")
    assert rule("/*---\nwhy: x\n---*/\nSELECT *\nFROM shop.orders -- all\nWHERE amount < 0;").meaning == one.meaning
    assert rule("select * from shop.orders where amount < 1").meaning != one.meaning


def test_datasets_that_macros_read_and_the_clock() -> None:
    found = rule("select * from latest() where now() > date '2026-01-01'")
    assert found.datasets == ("shop.orders",)
    assert found.clock is ClockUse.INSTANT


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("select * from shop.oders", "checks/money.sql:1:15", "did you mean `shop.orders`?"),
        ("select 1 as x", "checks/money.sql:1:1", "reads no dataset"),
        ("select 1 from shop.orders; select 2 from shop.orders", "checks/money.sql:1:28", "found 2"),
        ("insert into shop.orders values (1)", "checks/money.sql:1:1", "SELECT"),
        ("select * from shop.orders where random() > 1", "checks/money.sql:1:33", "derive it from the rows"),
        ("select * from shop.orders, read_csv('raw/x.csv')", "checks/money.sql:1:28", "outside of a source"),
        ("/*---\nallow: 5%\n---*/ select * from shop.orders", "checks/money.sql:2:8", "a share of"),
        ("/*---\nallow: 5\n---*/ select * from shop.orders", "checks/money.sql:2:8", "`allow: 5 rows`"),
        ("/*---\nname: Same money\n---*/ select * from shop.orders", "checks/money.sql:2:7", "`name: same_money`"),
        ("/*---\nsevertiy: warn\n---*/ select * from shop.orders", "checks/money.sql:2:1", "`severity`"),
    ],
)
def test_what_can_be_wrong(text: str, place: str, says: str) -> None:
    problem = one_problem(SHOP | {"checks/money.sql": text})
    assert problem.where == place
    assert says in told(problem)


def test_two_rules_of_one_name() -> None:
    text = "select * from shop.orders"
    problem = one_problem(SHOP | {"checks/a/x.sql": text, "checks/b.sql": f"/*---\nname: x\n---*/ {text}"})
    assert problem.where == "checks/b.sql:2:1"
    assert "the other is `checks/a/x.sql`" in problem.message


def test_a_file_name_that_is_none_of_a_check() -> None:
    problem = one_problem(SHOP | {"checks/No debts.sql": "select * from shop.orders"})
    assert problem.code == "project.bad_name"
    assert "`no_debts.sql`" in (problem.hint or "")
