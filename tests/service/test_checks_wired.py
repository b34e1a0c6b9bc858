"""Whatever is published was checked in exactly that mix, by the lines, patterns and macros of the code that counts."""

from __future__ import annotations

import json
import re
from contextlib import closing
from datetime import UTC, datetime

import pytest

from andon.errors import ProjectError
from andon.model.event import Planned
from andon.runs.goal import ANY_PLAN, Listener, RunOptions
from kit.clones import Clone

SHOP = "select id, customer, amount from read_csv('raw/orders_*.csv')\n"
MORE = "id,customer,amount\n4,cleo,999\n"


def front(text: str, sql: str) -> str:
    return f"/*---\n{text}\n---*/\n{sql}"


def lines(*checks: str) -> str:
    return "checks: |\n" + "\n".join(f"  {line}" for line in checks)


def failing(result) -> list[str]:
    return [f"{c.dataset}: {c.label}" for c in result.checks if c.failed]


def check(clone: Clone, *select: str, at: str | None = None, again: bool = False):
    with closing(clone.open()) as service:
        return service.checks.run(select, at, again=again)


def accept(clone: Clone, run: int, *labels: str):
    with closing(clone.open()) as service:
        return service.checks.accept(run, labels, "it is right")


def run_with(clone: Clone, meanwhile, verb: str = "run"):
    """A run, with `meanwhile` called once after it planned and before it builds."""
    waiting = [meanwhile]

    def report(event):
        if isinstance(event, Planned) and waiting:
            waiting.pop()()

    with closing(clone.open()) as service:
        if verb == "refresh":
            return service.runs.refresh(RunOptions(), Listener(report))
        return service.runs.run(RunOptions(agreed=ANY_PLAN), Listener(report))


# -- who may hold


def test_what_fails_already_and_did_not_change_stops_nothing_else(project):
    project.clock = lambda: datetime(2026, 11, 2, tzinfo=UTC)
    project.write("raw/orders_05.csv", "id,customer,amount,day\n1,ada,10,2026-11-01\n")
    sql = "select id, customer, amount, day from read_csv('raw/orders_*.csv')\n"
    project.write("sources/shop/orders.sql", front("checks: max_age 2d by day", sql))
    assert project.run().published
    project.clock = lambda: datetime(2026, 11, 9, tzinfo=UTC)
    project.write("sources/shop/orders.sql", front("checks: max_age 2d by day", sql.replace(", day", ", day as day")))
    project.write("datasets/marts/count.sql", "select count(*) + 1 as n from shop.orders where id > 0\n")
    result = project.run()
    assert failing(result) == ["shop.orders: max_age 2d by day"]
    assert result.published
    assert project.ask("select n from marts.count") == [(2,)]


def test_a_refresh_goes_on_beside_what_fails_already(project):
    project.clock = lambda: datetime(2026, 11, 2, tzinfo=UTC)
    project.write("raw/orders_05.csv", "id,customer,amount,day\n1,ada,10,2026-11-01\n")
    project.write("raw/people.csv", "id,name\n1,ada\n")
    project.write("sources/shop/people.sql", "select name from read_csv('raw/people.csv')\n")
    sql = "select id, customer, amount, day from read_csv('raw/orders_*.csv')\n"
    project.write("sources/shop/orders.sql", front("checks: max_age 2d by day", sql))
    project.write("datasets/marts/both.sql", "select count(*) as n from shop.orders, shop.people\n")
    assert project.run().published
    project.clock = lambda: datetime(2026, 11, 9, tzinfo=UTC)
    project.write("raw/orders_05.csv", "id,customer,amount,day\n1,ada,10,2026-11-01\n\n")  # other bytes, the same rows
    project.write("raw/people.csv", "id,name\n1,ada\n2,ben\n")
    result = project.refresh()
    assert failing(result) == ["shop.orders: max_age 2d by day"]
    assert result.published
    assert project.ask("select n from marts.both") == [(2,)]


def test_a_check_that_holds_from_now_on_is_a_new_one(project):
    project.write("sources/shop/orders.sql", front("checks: amount 0..10 warn", SHOP))
    assert project.run().published
    project.write("sources/shop/orders.sql", front("checks: amount 0..10", SHOP))
    result = project.run()
    assert (result.published, failing(result)) == (False, ["shop.orders: amount 0..10"])


def test_one_thing_asked_twice_holds_by_the_stricter_line(project):
    project.write("sources/shop/orders.sql", front(lines("amount 0..10", "soft: amount 0..10 warn"), SHOP))
    try:
        result = project.run()
    except ProjectError:
        return
    assert not result.published
    assert failing(result) == ["shop.orders: amount 0..10", "shop.orders: soft"]


# -- lines of the code that counts


def test_lines_of_what_is_not_selected_are_those_that_are_published(project):
    project.write(
        "datasets/marts/count.sql",
        front("checks: n = sum(shop.orders.amount)", "select 35 as n\n").replace("n = sum", "sum(n) = sum"),
    )
    assert project.run().published
    # in the folder the line is gone, but that is not published here
    project.write("datasets/marts/count.sql", "select 35 as n\n")
    project.write("raw/orders_06.csv", MORE)
    result = project.run("shop.orders")
    assert (result.published, failing(result)) == (False, ["marts.count: sum(n) = sum(shop.orders.amount)"])


def test_rules_that_are_not_selected_are_those_that_are_published(project):
    project.write("checks/none.sql", "select id from shop.orders where amount > 100\n")
    assert project.run().published
    project.write("checks/none.sql", "select id from shop.orders where amount > 1000\n")
    project.write("raw/orders_06.csv", MORE)
    result = project.run("shop.orders")
    assert (result.published, failing(result)) == (False, ["shop.orders: none"])


def test_a_line_about_a_dataset_that_is_dropped_is_a_problem(project):
    project.write(
        "datasets/marts/best.sql", front("checks: customer -> marts.old.customer", "select 'ada' as customer\n")
    )
    project.write("datasets/marts/old.sql", "select 'ada' as customer\n")
    assert project.run().published
    project.write("datasets/marts/old.sql", None)
    with pytest.raises(ProjectError, match=r"marts\.old"):
        project.plan(drop=True)


# -- two at once


def test_a_line_that_another_publishes_meanwhile_is_asked_of_what_is_built(shared):
    ana, ben = shared
    ben.write("datasets/marts/plan.sql", front("checks: sum(n) = sum(shop.orders.amount)", "select 35 as n\n"))
    ana.write("raw/orders_06.csv", MORE)
    try:
        result = run_with(ana, lambda: ben.run("marts.plan"))
    finally:
        state = ana.ask("select (select sum(n) from marts.plan), (select sum(amount) from shop.orders)")
    assert state == [(35, 35)]
    assert not result.published


def test_a_refresh_never_publishes_a_mix_that_another_made_meanwhile(shared):
    ana, ben = shared
    for clone in shared:
        clone.write("datasets/marts/plan.sql", front("checks: sum(n) = sum(shop.orders.amount)", "select 35 as n\n"))
        clone.write("raw/orders_05.csv", ana.root.joinpath("raw/orders_05.csv").read_text())
    ana.run()
    ben.run()
    ben.write("datasets/marts/plan.sql", front("checks: sum(n) > 1", "select 36 as n\n"))
    ana.write("raw/orders_06.csv", MORE)
    run_with(ana, lambda: ben.run("marts.plan"), "refresh")
    published = check(ana, at="main", again=True)
    assert [r.label for r in published.results if r.failed] == []


def test_an_acceptance_that_another_publishes_meanwhile_stays(shared):
    ana, ben = shared
    ben.write("datasets/m/a.sql", front("checks: n > 1", "select 1 as n\n"))
    held = ben.run()
    ana.write("datasets/m/b.sql", "select 2 as n\n")
    result = run_with(ana, lambda: accept(ben, held.run, "n > 1"))
    assert result.published
    assert {"m.a", "m.b"} <= ana.leaves().keys()
    assert [a.label for a in ana.head().acceptances] == ["n > 1"]


def test_accepting_a_refresh_takes_no_code_that_is_behind(project):
    project.write("macros/m.sql", "create macro plus(x) as x + 1;\n")
    project.write("datasets/m/a.sql", "select plus(1) as n\n")
    project.write("datasets/m/b.sql", "select plus(2) as n\n")
    project.write("sources/shop/orders.sql", front("checks: amount 0..100", SHOP))
    assert project.run().published
    project.write("macros/m.sql", "create macro plus(x) as x + 2;\n")
    assert project.run("m.a").published
    project.write("raw/orders_06.csv", MORE)
    held = project.refresh()
    assert failing(held) == ["shop.orders: amount 0..100"]
    done = accept(project, held.run, "amount 0..100")
    assert done.published
    assert project.ask("select (select n from m.a), (select n from m.b)") == [(3, 3)]


# -- what a kept result depends on


def test_a_schema_check_is_asked_again_when_what_is_declared_changes(project):
    sql = "select 1 as n\n"
    project.write("datasets/m/a.sql", front("columns:\n  n: {type: INTEGER}\nchecks: schema exact", sql))
    assert project.run().published
    project.write("datasets/m/a.sql", front("columns:\n  n: {type: VARCHAR}\nchecks: schema exact", sql))
    try:
        result = project.run()
    except ProjectError:
        return
    assert failing(result) == ["m.a: schema exact"]


def test_a_schema_check_is_asked_again_when_the_definition_is_the_same(project):
    project.write("datasets/m/base.sql", "select 1 as a\n")
    project.write("datasets/m/x.sql", front("checks: schema exact", "select * from m.base\n"))
    assert project.run().published
    project.write("datasets/m/base.sql", "select 1 as a, 2 as b\n")
    # another definition may have other columns
    project.write("datasets/m/x.sql", front("checks: schema exact", "select a, b from m.base\n"))
    aside = project.run(publish="none")
    assert failing(aside) == []
    # the same one may not, though what it makes was asked before
    project.write("datasets/m/x.sql", front("checks: schema exact", "select * from m.base\n"))
    result = project.run()
    assert (result.published, failing(result)) == (False, ["m.x: schema exact"])


def test_a_reference_to_a_key_is_asked_again_when_the_key_is_another_one(project):
    project.write("datasets/m/a.sql", front("key: id", "select * from (values (1, 2), (2, 3)) t(id, other)\n"))
    project.write("datasets/m/b.sql", front("checks: x -> m.a", "select 1 as x\n"))
    assert project.run().published
    project.write("datasets/m/a.sql", front("key: other", "select * from (values (1, 2), (2, 3)) t(id, other)\n"))
    assert failing(project.run()) == ["m.b: x -> m.a"]


def test_patterns_of_the_project(project):
    project.write("andon.toml", "[patterns]\nname = 'a.*|b.*'\n")
    project.write("sources/shop/orders.sql", front("checks: customer is name", SHOP))
    assert project.run().published
    # another text of the pattern is another check: asked of what is reused, and it can hold
    project.write("andon.toml", "[patterns]\nname = 'a.*'\n")
    result = project.run()
    assert (result.published, failing(result)) == (False, ["shop.orders: customer is name"])
    project.write("andon.toml", "[patterns]\nname = '('\n")
    with pytest.raises(ProjectError) as caught:
        project.plan()
    assert [(p.file, p.line) for p in caught.value.problems] == [("andon.toml", 2)]


def test_macros_of_the_project_serve_in_lines(project):
    project.write("macros/m.sql", "create macro twice(x) as x * 2;\ncreate macro big(x) as twice(x) > 100;\n")
    project.write("sources/shop/orders.sql", front(lines("not big(amount)", "sum(twice(amount)) = 70"), SHOP))
    result = project.run()
    assert (result.published, failing(result)) == (True, [])
    project.write("macros/m.sql", "create macro twice(x) as x * 3;\ncreate macro big(x) as twice(x) > 100;\n")
    result = project.run()
    assert (result.published, failing(result)) == (False, ["shop.orders: sum(twice(amount)) = 70"])


def test_macros_of_lines_do_not_reach_into_views(project):
    project.write("macros/m.sql", "create macro plus(x) as x + 1;\n")
    project.write("datasets/m/v.sql", front("materialize: view", "select plus(id) as n from shop.orders\n"))
    assert project.run().published
    project.write("macros/m.sql", "create macro plus(x) as x + 1000;\n")
    checks = lines("sum(n) = sum(m.v.n)", "plus(n) > 1000", "n > (select max(plus(n)) - 997 from m.v)")
    project.write("datasets/m/w.sql", front(checks, "select plus(9) - 1000 as n\n"))
    result = project.run("m.w")
    assert (result.published, failing(result)) == (True, [])
    assert project.ask("select sum(n) from m.v") == [(9,)]


def test_macros_of_rules_do_not_reach_into_views(project):
    project.write("macros/m.sql", "create macro plus(x) as x + 1;\n")
    view = front("materialize: view\nchecks: n < 100", "select plus(id) as n from shop.orders\n")
    project.write("datasets/m/v.sql", view)
    project.write("datasets/m/w.sql", "select 1 as n\n")
    assert project.run().published
    project.write("macros/m.sql", "create macro plus(x) as x + 1000;\n")
    project.write("datasets/m/w.sql", "select 2 as n\n")
    project.write("checks/small.sql", "select v.n from m.v v, m.w where v.n > plus(0)\n")
    result = project.run(publish="healthy")
    assert result.published
    assert project.ask("select sum(v.n), max(w.n) from m.v v, m.w w") == [(9, 2)]
    assert [(c.version is None, str(c.status)) for c in check(project, at="main", again=True).results] == [
        (False, "pass"),
        (False, "pass"),
    ]


def test_an_age_within_rows_of_the_clock_is_measured_again(project):
    days = ["2026-11-01", "2026-11-03"]
    project.clock = lambda: datetime(2026, 11, 2, tzinfo=UTC)
    project.write("raw/days.csv", "day\n" + "\n".join(days) + "\n")
    project.write(
        "sources/shop/days.sql",
        front("checks: max_age 1d by day where day <= current_date", "select day from read_csv('raw/days.csv')\n"),
    )
    assert project.run().published
    project.clock = lambda: datetime(2026, 11, 3, 12, tzinfo=UTC)
    assert [(str(r.status), r.reason) for r in check(project, "shop.days").results] == [("pass", None)]


# -- what is told


def test_results_are_json(project):
    project.clock = lambda: datetime(2026, 11, 9, tzinfo=UTC)
    project.write(
        "datasets/m/odd.sql",
        front(
            lines(
                "max(x) < 5 warn",
                "min(y) > 5 warn",
                "sum(z) > 1e300 warn",
                "max_age 1h by day warn",
                "max_age 1h by far warn",
                "l = [] warn",
                "b = 'x'::blob warn",
                "max(t) = 'x' warn",
            ),
            "select 'nan'::double as x, '-inf'::double as y, 1::decimal(38, 10) as z, date '2026-11-01' as day, "
            "timestamp 'infinity' as far, [1, 2] as l, '\\xFF'::blob as b, 'ü\\x' || chr(0) as t\n",
        ),
    )
    for _ in range(2):
        with closing(project.open()) as service:
            result = service.runs.run(RunOptions(agreed=ANY_PLAN))
            report = service.checks.run(("m.odd",))
        for document in (result.to_json(), report.to_json()):
            json.dumps(document, allow_nan=False)
        assert [str(r.status) for r in report.results] == ["fail"] * 8


def test_a_column_that_is_marked_personal_later_is_masked_in_kept_results(project):
    checks = lines("amount 0..7 warn", "max(customer) < 'a' warn")
    project.write("sources/shop/orders.sql", front(checks, SHOP))
    assert "ada" in str(project.run().to_json())
    project.write("sources/shop/orders.sql", front("columns:\n  customer: {pii: true}\n" + checks, SHOP))
    again = project.run()
    assert len(failing(again)) == 2
    assert not {"ada", "ben"} & set(str(again.to_json()).replace("'", " ").split())
    for report in (check(project, "shop.orders"), check(project, at="main")):
        assert not {"ada", "ben"} & set(str(report.to_json()).replace("'", " ").split())


def test_personal_columns_are_masked_wherever_a_check_reads_them(project):
    project.write("sources/shop/orders.sql", front("columns:\n  customer: {pii: true}", SHOP))
    project.write(
        "datasets/marts/count.sql",
        front(lines("max(n) = max(shop.orders.customer) warn", "n = '1' warn"), "select '1' as n\n"),
    )
    project.write(
        "checks/rule.sql",
        front(
            "severity: warn",
            "select o.customer as n, o.customer, o.customer as who, o from marts.count c, shop.orders o where o.id > 0\n",
        ),
    )
    project.write(
        "checks/wrong.sql",
        front("severity: warn", "select c.n from marts.count c, shop.orders o where o.customer::int > 3\n"),
    )
    result = project.run()
    assert len(failing(result)) == 3
    text = json.dumps(result.to_json())
    assert not re.search(r"\b(ada|ben)\b", text), text  # an id may have the letters within it


def test_rules_run_by_themselves_too(project):
    project.write("checks/none.sql", front("severity: warn", "select id from shop.orders where amount > 5\n"))
    project.run()
    for report in (check(project), check(project, "shop.orders"), check(project, at="main")):
        assert [r.label for r in report.results] == ["none"]


SECRET = 77_123_456


@pytest.mark.parametrize("marked", ["before", "later"])
def test_a_total_of_a_personal_number_tells_no_ones_value(project, marked):
    """A sum or a mean too: a condition, a case or the data may leave one row of it, and two of them tell their difference."""
    project.write("raw/orders_05.csv", f"id,customer,amount\n1,ada,10\n2,ben,{SECRET}\n3,ada,5\n")
    told = [
        "count(amount) = 0 warn",
        "share(amount > 7) < 1% warn",
        "share(amount > 7) < 1% where id = 2 warn",
        "sum(case when amount > 7 then 1 else 0 end) = 0 warn",
        "distinct(amount) = 0 where id = 2 warn",
        "sum(id) filter (where amount > 7) = 0 warn",
    ]
    hidden = [
        "sum(amount) = 1 warn",
        "sum(amount) = 1 where id = 2 warn",
        "avg(amount) > 1e9 where id = 2 warn",
        "sum(amount) filter (where id = 2) 1..20 warn",
        "sum(case when id = 2 then amount else 0 end) = 1 +- 5 warn",
        "amount.max() < 7 warn",
        "stddev_pop(amount) < 7 warn",
        "max(amount) < 7 warn",
        "any_value(amount) filter (where id = 2) < 7 warn",
        "median(amount) filter (where id = 2) 1..2 warn",
        "max(amount) + 1 < 7 warn",
        "arg_max(amount, id) filter (where id = 2) < 7 warn",
        "max(id) > max(amount) warn",
        "max(id) = (select sum(o.amount)::bigint from shop.orders o where o.id = 2) warn",
        "max(id) = (select max(b) from shop.orders o(a, c, b)) warn",
        "max(id) = (select max(columns('a.ount')) from shop.orders) warn",
        "list(amount)[2] < 7 warn",
        "max(case when id = 2 then amount end) = 0 warn",
        "watch max(amount)",
        "watch avg(amount) where id = 2",
    ]
    front_matter = "columns:\n  amount: {pii: true}\n" + lines(*told, *hidden)
    if marked == "later":
        project.write("sources/shop/orders.sql", front(lines(*told, *hidden), SHOP))
        project.run()
    project.write("sources/shop/orders.sql", front(front_matter, SHOP))
    project.write(
        "datasets/marts/count.sql",
        front(lines("n > max(shop.orders.amount) warn"), "select count(*) as n from shop.orders\n").replace(
            "n > max", "max(n) > max"
        ),
    )
    result = project.run()
    found = {c.text: c for c in [*result.checks, *check(project, again=True).results]}
    assert all(found[line].value not in (None, "•••") for line in told)
    assert all(found[line].value == "•••" for line in hidden if "max(id)" not in line)
    assert all((found[line].value, found[line].limit) == (3, "•••") for line in hidden if "max(id)" in line)
    assert found["max(amount) < 7 warn"].limit == "< 7"
    sides = [found[line].reason for line in hidden if " 1..20" in line or " = 1 +- 5" in line]
    assert sides == ["too large", "too large"]
    with closing(project.open()) as service:
        history = service.checks.history("shop.orders")
        report = service.diff_reports.report("main~1", "main") if marked == "later" else None
        shown = service.datasets.show("shop.orders")
    for document in (result, check(project), check(project, at="main"), *history, report, shown):
        text = json.dumps(document.to_json()) if document is not None else ""
        for value in (SECRET, SECRET + 1, sum((10, SECRET, 5))):
            assert str(value) not in text
    with closing(project.open()) as service:
        kept = service.workspace.lake.database.query("select body from check_result") if marked == "before" else ()
    assert not [body for (body,) in kept if str(SECRET) in body]


STAFF = """/*---
key: id
checks: |
  manager_id -> hr.staff warn
  manager_id -> hr.staff.id where dept = 'a' warn
  (manager_id, dept) -> hr.staff (id, dept) warn
  pay <= (select avg(pay) from hr.staff) warn
  manager_id in (select id from hr.staff) warn
  max(pay) = max(hr.staff.pay) warn
---*/
select * from read_csv('raw/staff.csv')
"""


@pytest.mark.parametrize("large", [False, True])
def test_a_dataset_may_be_named_in_its_own_file(project, monkeypatch, large):
    if large:  # as tables of many rows are asked, file by file
        monkeypatch.setattr("andon.checks.execute.queries.LARGE", 1)
    project.write("raw/staff.csv", "id,manager_id,pay,dept\n1,,10,a\n2,1,5,a\n3,1,7,b\n4,9,8,b\n")
    project.write("sources/hr/staff.sql", STAFF)
    found = {c.text.removesuffix(" warn"): c for c in project.run().checks if c.dataset == "hr.staff"}
    assert [(c.bad, c.total) for c in list(found.values())[1:6]] == [(1, 4), (0, 2), (2, 4), (2, 4), (1, 4)]
    assert str(found["max(pay) = max(hr.staff.pay)"].status) == "pass"
    assert found["manager_id -> hr.staff"].samples.rows[0][0] == "4"
    project.write("raw/staff.csv", "id,manager_id,pay,dept\n1,,10,a\n2,1,5,a\n3,1,7,b\n4,9,8,b\n9,1,90,b\n")
    again = {c.text.removesuffix(" warn"): c.bad for c in project.run().checks if c.dataset == "hr.staff"}
    project.write(
        "sources/hr/staff.sql",
        STAFF.replace("max(pay) =", "exists (select 1 from hr.staff s where s.id = staff.id)\n  max(pay) ="),
    )
    with pytest.raises(ProjectError, match="staff"):  # the row has no name when it is asked, so the plan says so
        project.run()
    assert (again["manager_id -> hr.staff"], again["pay <= (select avg(pay) from hr.staff)"]) == (0, 1)
