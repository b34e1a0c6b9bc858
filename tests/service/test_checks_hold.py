"""A bad load never reaches a reader: what is held, what is kept, what goes on."""

from contextlib import closing
from datetime import UTC, datetime

import pytest

import andon
from andon.errors import ProjectError, UsageError
from andon.model.check import CheckStatus
from kit.clones import Clone

SHOP = """/*---
checks: |
  amount 0..100
---*/
select id, customer, amount from read_csv('raw/orders_*.csv')
"""
TOTALS = """/*---
key: customer
checks: |
  sum(amount) = sum(shop.orders.amount)
---*/
select customer, sum(amount) as amount from shop.orders group by customer order by customer
"""
BAD = "id,customer,amount\n4,cleo,999\n5,dan,7\n"


@pytest.fixture
def checked(project: Clone) -> Clone:
    """The small project with a range on the source and a reconciliation downstream."""
    project.write("sources/shop/orders.sql", SHOP)
    project.write("datasets/marts/totals.sql", TOTALS)
    assert project.run().published
    return project


def statuses(result) -> dict[str, str]:
    return {t.dataset: str(t.status) for t in result.tasks}


def failing(result) -> list[str]:
    return [f"{c.dataset}: {c.label}" for c in result.checks if c.failed]


def test_a_change_with_a_failing_check_is_held_whole(checked):
    before = checked.head()
    checked.write("raw/orders_06.csv", BAD)
    checked.write("datasets/marts/count.sql", "select count(*) + 1 as n from shop.orders\n")
    result = checked.run()
    assert (result.published, failing(result)) == (False, ["shop.orders: amount 0..100"])
    assert result.held == "shop.orders: `amount 0..100` fails in 1 of 5 rows"
    assert checked.head() == before
    assert statuses(result) == {
        "shop.orders": "held",
        "marts.totals": "skipped",
        "marts.best": "skipped",
        "marts.count": "skipped",
    }
    (check,) = [c for c in result.checks if c.failed]
    assert check.samples.by_name() == [{"id": "4", "customer": "cleo", "amount": "999"}]
    assert (check.bad, check.total) == (1, 5)
    assert checked.ask("select count(*) from shop.orders", at=f"run:{result.run}") == [(5,)]
    assert checked.ask("select count(*) from shop.orders") == [(3,)]


def test_a_refresh_keeps_what_fails_and_its_downstream_and_publishes_the_rest(checked):
    checked.write("sources/shop/people.sql", "select id, name from read_csv('raw/people_*.csv')\n")
    checked.write("raw/people_1.csv", "id,name\n1,ada\n")
    assert checked.run().published
    before = checked.leaves()
    checked.write("raw/orders_06.csv", BAD)
    checked.write("raw/people_2.csv", "id,name\n2,ben\n")
    result = checked.refresh()
    assert result.published
    after = checked.leaves()
    assert {d for d in after if after[d] != before[d]} == {"shop.people"}
    assert statuses(result)["shop.orders"] == "held"
    assert checked.ask("select count(*) from shop.people") == [(2,)]
    assert checked.ask("select count(*) from shop.orders", at=f"run:{result.run}") == [(5,)]
    assert checked.ask("select count(*) from shop.people", at=f"run:{result.run}") == [(2,)]


def test_a_corrected_file_reuses_what_was_built(checked):
    checked.write("raw/orders_06.csv", BAD)
    checked.run()
    checked.write("raw/orders_06.csv", BAD.replace("999", "99"))
    result = checked.run()
    assert result.published
    assert failing(result) == []


def test_a_held_result_holds_again_without_being_built_or_asked_again(checked):
    checked.write("raw/orders_06.csv", BAD)
    first = checked.run()
    second = checked.run()
    assert not second.published
    assert failing(second) == failing(first)
    assert {c.how for c in second.checks if c.dataset == "shop.orders"} == {"kept"}
    assert [t.action for t in second.tasks if t.dataset == "shop.orders"] == ["reuse"]
    assert [c.samples for c in second.checks if c.failed] == [c.samples for c in first.checks if c.failed]


def test_a_check_of_two_datasets_keeps_both_in_a_refresh(checked):
    # the source is healthy and the total is not: both are named, both changed, both stay
    checked.write(
        "datasets/marts/totals.sql",
        TOTALS.replace("from shop.orders group", "from shop.orders where id < 4 group"),
    )
    assert checked.run().published
    before = checked.leaves()
    checked.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,9\n")
    result = checked.refresh()
    after = checked.leaves()
    assert failing(result) == ["marts.totals: sum(amount) = sum(shop.orders.amount)"]
    assert not result.published or after == before
    assert after == before
    assert "marts.totals" in (result.held or "")


def test_warnings_go_on(checked):
    checked.write("sources/shop/orders.sql", SHOP.replace("0..100", "0..100 warn"))
    checked.write("raw/orders_06.csv", BAD)
    result = checked.run()
    assert result.published
    assert failing(result) == ["shop.orders: amount 0..100 warn"]


def test_a_new_check_runs_on_a_reused_version_and_can_hold(checked):
    checked.write("sources/shop/orders.sql", SHOP.replace("amount 0..100", "amount 0..100\n  rows > 3"))
    plan = checked.plan()
    assert {s.dataset: str(s.action) for s in plan.works} == {"shop.orders": "check"}
    result = checked.run()
    assert (result.published, failing(result)) == (False, ["shop.orders: rows > 3"])
    checked.write("sources/shop/orders.sql", SHOP.replace("amount 0..100", "amount 0..100\n  rows > 2"))
    result = checked.run()
    assert result.published
    assert [c.label for c in result.checks if c.how != "kept"] == ["rows > 2"]
    assert checked.run().run is None


def test_an_accepted_failure_does_not_hold_later_edits_of_comments(checked):
    checked.write("raw/orders_06.csv", BAD)
    held = checked.run()
    with closing(checked.open()) as service:
        done = service.checks.accept(held.run, ["amount 0..100"], "a big customer")
    assert done.published
    assert checked.ask("select count(*) from shop.orders") == [(5,)]
    assert [a.reason for a in checked.head().acceptances] == ["a big customer"]
    checked.write("sources/shop/orders.sql", SHOP.replace("select id", "-- a comment\nselect id"))
    assert checked.run().published
    assert [a.reason for a in checked.head().acceptances] == ["a big customer"]
    checked.write("raw/orders_06.csv", BAD.replace("999", "998"))
    assert not checked.run().published


def test_an_acceptance_names_what_holds_and_gives_a_reason(checked):
    checked.write("raw/orders_06.csv", BAD)
    held = checked.run()
    with closing(checked.open()) as service:
        with pytest.raises(UsageError, match="needs a reason"):
            service.checks.accept(held.run, ["amount 0..100"], " ")
        with pytest.raises(UsageError, match="does not hold run"):
            service.checks.accept(held.run, ["amount 0..10"], "x")
        with pytest.raises(UsageError, match="no result of run 99"):
            service.checks.accept(99, ["amount 0..100"], "x")


def test_a_wrong_line_is_told_with_the_other_problems_before_anything_is_built(checked):
    checked.write("sources/shop/orders.sql", SHOP.replace("amount 0..100", "amonut 0..100"))
    checked.write("datasets/marts/totals.sql", TOTALS.replace("sum(amount) =", "sum(amuont) ="))
    with pytest.raises(ProjectError) as caught:
        checked.plan()
    places = {(p.file, p.line) for p in caught.value.problems}
    assert places == {("sources/shop/orders.sql", 3), ("datasets/marts/totals.sql", 4)}
    assert all(p.hint for p in caught.value.problems)


def test_a_dropped_column_that_a_check_of_another_dataset_names_fails_in_plan(checked):
    checked.write("datasets/marts/n.sql", "/*---\nchecks: n -> marts.count.n\n---*/\nselect n from marts.count\n")
    assert checked.run().published
    checked.write("datasets/marts/count.sql", "select count(*) as n, 1 as one from shop.orders\n")
    assert checked.run().published
    checked.write("datasets/marts/n.sql", "/*---\nchecks: one -> marts.count.one\n---*/\nselect one from marts.count\n")
    assert checked.run().published
    checked.write("datasets/marts/count.sql", "select count(*) as n from shop.orders\n")
    checked.write("datasets/marts/n.sql", "/*---\nchecks: one -> marts.count.one\n---*/\nselect 1 as one\n")
    with pytest.raises(ProjectError, match="one"):
        checked.plan()


def test_rules_across_datasets_hold_and_name_their_rows(checked):
    checked.write(
        "checks/no_big_customers.sql",
        "/*---\nwhy: nobody buys so much\n---*/\nselect customer, amount from marts.totals where amount > 50\n",
    )
    assert checked.run().published
    checked.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,60\n")
    result = checked.run()
    assert failing(result) == ["marts.totals: no_big_customers"]
    (rule,) = [c for c in result.checks if c.failed]
    assert rule.samples.by_name() == [{"customer": "cleo", "amount": "60"}]


def test_a_new_rule_runs_on_what_is_published_and_can_hold(checked):
    checked.write("checks/none.sql", "select customer from marts.totals where amount > 10\n")
    result = checked.run()
    assert (result.published, failing(result)) == (False, ["marts.totals: none"])


def test_personal_columns_are_masked_in_samples(checked):
    checked.write("sources/shop/orders.sql", SHOP.replace("checks: |", "columns:\n  customer: {pii: true}\nchecks: |"))
    checked.write("raw/orders_06.csv", BAD)
    result = checked.run()
    (check,) = [c for c in result.checks if c.failed]
    assert check.samples.masked == ("customer",)
    assert "cleo" not in str(check.to_json())


def test_a_check_that_cannot_run_is_an_error_and_holds(checked):
    checked.write("sources/shop/orders.sql", SHOP.replace("amount 0..100", "customer::date > date '2020-01-01'"))
    result = checked.run()
    assert not result.published
    (check,) = [c for c in result.checks if c.failed]
    assert check.status is CheckStatus.ERROR
    assert "ada" in (check.reason or "")


def test_nothing_about_age_is_forgotten_when_nothing_is_new(project):
    project.clock = lambda: datetime(2026, 11, 2, tzinfo=UTC)
    project.write("raw/orders_05.csv", "id,customer,amount,day\n1,ada,10,2026-11-01\n")
    project.write(
        "sources/shop/orders.sql",
        "/*---\nchecks: max_age 2d by day\n---*/\nselect id, customer, amount, day from read_csv('raw/orders_*.csv')\n",
    )
    assert project.run().published
    project.clock = lambda: datetime(2026, 11, 5, tzinfo=UTC)
    later = project.refresh()
    assert (later.run, later.published, failing(later)) == (None, True, ["shop.orders: max_age 2d by day"])
    assert [c.how for c in later.checks] == ["kept"]


def test_watched_rows_learn_and_then_warn(project):
    project.write("sources/shop/orders.sql", "/*---\nchecks: watch rows\n---*/\n" + SHOP.split("---*/\n")[1])
    lines = ["id,customer,amount"]
    for day in range(1, 15):
        project.clock = lambda day=day: datetime(2026, 11, day, 6, tzinfo=UTC)
        lines += [f"{day * 100 + n},c{n},1" for n in range(3)]
        project.write("raw/orders_05.csv", "\n".join(lines) + "\n")
        result = project.refresh() if day > 1 else project.run()
        (check,) = result.checks
        if day == 3:
            assert (check.status, check.reason) == (CheckStatus.SKIPPED, "learning 1/8") or "learning" in check.reason
    assert check.status is CheckStatus.PASS
    project.clock = lambda: datetime(2026, 11, 15, 6, tzinfo=UTC)
    project.write("raw/orders_05.csv", "\n".join(lines[:4]) + "\n")
    result = project.refresh()
    assert result.published
    assert failing(result) == ["shop.orders: watch rows"], result.checks


def test_a_failing_unit_test_holds_a_change(checked):
    checked.write(
        "tests/totals.yml",
        "- name: sums\n  dataset: marts.totals\n  given:\n    shop.orders:\n"
        "      - {customer: a, amount: 1}\n      - {customer: a, amount: 2}\n"
        "  expect:\n    - {customer: a, amount: 3}\n",
    )
    assert checked.run().published
    checked.write(
        "datasets/marts/totals.sql",
        TOTALS.replace("sum(amount) as", "max(amount) as").replace("  sum(amount) =", "  #"),
    )
    result = checked.run()
    assert (result.published, failing(result)) == (False, ["marts.totals: sums"])


def test_a_branch_is_checked_beside_what_its_readers_have(checked):
    checked.write(
        "datasets/marts/count.sql", "/*---\nchecks: rows >= 100% of published\n---*/\nselect 1 as n from shop.orders\n"
    )
    assert checked.run().published
    checked.write(
        "datasets/marts/count.sql",
        "/*---\nchecks: rows >= 100% of published\n---*/\nselect 1 as n from shop.orders limit 2\n",
    )
    aside = checked.run(branch="fewer")
    assert not aside.published
    assert failing(aside) == ["marts.count: rows >= 100% of published"]


def test_history_of_checks_survives_an_undo(checked):
    checked.write("datasets/marts/count.sql", "/*---\nchecks: n > 2\n---*/\nselect count(*) as n from shop.orders\n")
    assert checked.run().published
    checked.undo()
    with closing(checked.open()) as service:
        assert [c.label for c in service.checks.history("marts.count")] == ["n > 2"]


def test_nothing_is_built_on_a_held_result_that_is_taken_over(checked):
    checked.write("raw/orders_06.csv", BAD)
    checked.run()
    again = checked.run()
    assert statuses(again) == {
        "shop.orders": "held",
        "marts.totals": "skipped",
        "marts.best": "skipped",
        "marts.count": "skipped",
    }


def test_of_two_failing_checks_both_must_be_accepted(checked):
    checked.write("sources/shop/orders.sql", SHOP.replace("amount 0..100", "amount 0..100\n  rows < 5"))
    checked.write("raw/orders_06.csv", BAD)
    held = checked.run()
    assert failing(held) == ["shop.orders: amount 0..100", "shop.orders: rows < 5"]
    with closing(checked.open()) as service:
        one = service.checks.accept(held.run, ["rows < 5"], "it grew")
        assert (one.published, statuses(one)["marts.totals"]) == (False, "skipped")
        both = service.checks.accept(held.run, ["rows < 5", "amount 0..100"], "it grew")
        assert both.published
    assert checked.ask("select count(*) from marts.totals") == [(4,)]


def test_an_acceptance_comes_back_with_what_it_was_about(checked):
    checked.write("raw/orders_06.csv", BAD)
    held = checked.run()
    with closing(checked.open()) as service:
        assert service.checks.accept(held.run, ["amount 0..100"], "a big customer").published
    checked.write("raw/orders_06.csv", BAD.replace("999", "9"))
    assert checked.refresh().published
    assert checked.head().acceptances == ()
    checked.undo()
    assert [a.reason for a in checked.head().acceptances] == ["a big customer"]


def test_python_asks_accepts_and_tells_the_history(checked):
    checked.write("raw/orders_06.csv", BAD)
    held = checked.run()
    with closing(andon.open(checked.root)) as lake:
        assert {c.status for c in lake.check("shop.*", at=f"run:{held.run}").results} == {CheckStatus.FAIL}
        assert {c.status for c in lake.check("shop.*").results} == {CheckStatus.PASS}
        assert lake.accept_result(held.run, "amount 0..100", reason="a big customer").published
        said = [(c.run, c.status) for c in lake.check_history("shop.orders")]
    assert said == [(3, CheckStatus.FAIL), (2, CheckStatus.FAIL), (1, CheckStatus.PASS)]


def shown(clone: Clone, dataset: str, at: str | None = None) -> list[tuple[str, str, str]]:
    """What the page of a dataset says of its checks: line, severity, status."""
    with closing(clone.open()) as service:
        page = service.datasets.show(dataset, at)
        return [(c.label, str(c.severity), str(c.status)) for c in page.checks]


def test_a_page_shows_the_checks_that_its_own_commit_states(checked: Clone):
    before = [("amount 0..100", "hold", "pass")]
    assert shown(checked, "shop.orders") == before
    checked.write("sources/shop/orders.sql", SHOP.replace("0..100\n", "0..100 warn\n  rows > 100\n"))
    held = checked.run(branch="try")
    assert not held.published
    assert shown(checked, "shop.orders") == before, "the trial's lines are not main's, though the version is one"
    assert shown(checked, "shop.orders", f"run:{held.run}") == [
        ("amount 0..100 warn", "warn", "pass"),
        ("rows > 100", "hold", "fail"),
    ]


def test_a_page_shows_results_beside_the_versions_of_its_own_commit(checked: Clone):
    totals = [("key customer", "hold", "pass"), ("sum(amount) = sum(shop.orders.amount)", "hold", "pass")]
    assert shown(checked, "marts.totals") == totals
    checked.write(
        "sources/shop/orders.sql", SHOP.replace("amount from", "case id when 3 then 6 else amount end as amount from")
    )
    checked.write("datasets/marts/totals.sql", TOTALS.replace("from shop.orders", "from read_orders()"))
    checked.write(
        "macros/read.sql",
        "create macro read_orders() as table select * from (values ('ada', 15), ('ben', 20)) t(customer, amount);\n",
    )
    held = checked.run(branch="try")
    assert (held.published, failing(held)) == (False, ["marts.totals: sum(amount) = sum(shop.orders.amount)"])
    assert shown(checked, "marts.totals") == totals
    assert [c[2] for c in shown(checked, "marts.totals", f"run:{held.run}")] == ["pass", "fail"]
