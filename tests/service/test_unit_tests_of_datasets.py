"""`andon test` on the real engines: SQL, macros, views, Python, sources, the clock; what is kept and what runs again."""

from __future__ import annotations

import pytest

import andon
from andon.errors import ProjectError
from andon.model.unit_tests import TestResult, TestStatus
from andon.runs.inspection.unit_tests import with_changed_tests
from andon.runs.planning.gather import Gatherer
from kit.clones import Clone

PASS, FAIL, ERROR = TestStatus


def results(project: Clone, *select: str, again: bool = False) -> list[TestResult]:
    service = project.open()
    try:
        return service.unit_tests.run(select, again=again)
    finally:
        service.close()


def one(project: Clone, text: str) -> TestResult:
    project.write("tests/t.yml", text)
    (found,) = results(project)
    return found


TOTALS = """\
- name: sums by customer
  dataset: marts.totals
  given:
    shop.orders:
      - {id: 1, customer: ada, amount: 10}
      - {id: 2, customer: ben, amount: 20}
      - {id: 3, customer: ada, amount: 5}
  expect:
    - {customer: ben, amount: 20}
    - {customer: ada, amount: 15}
"""


@pytest.mark.parametrize("published", [False, True])
def test_a_test_that_passes(project: Clone, published: bool) -> None:
    if published:
        project.run()
    found = one(project, TOTALS)
    assert (found.status, found.message, found.problems) == (PASS, None, ())
    assert found.columns == ("customer", "amount")


def test_a_test_that_fails_shows_the_cells(project: Clone) -> None:
    found = one(project, TOTALS.replace("amount: 15", "amount: 16"))
    assert found.status is FAIL
    (pair,) = found.pairs
    assert (pair.expected, pair.found, pair.differing) == (("ada", "16"), ("ada", "15"), (1,))
    assert (found.missing_count, found.unexpected_count) == (1, 1)


def test_only_listed_columns_count_and_null_is_told(project: Clone) -> None:
    text = TOTALS.replace("amount: 10}", "amount: null}").replace(
        "customer: ada, amount: 5", "customer: null, amount: 5"
    )
    expect = "  expect: [{customer: ada}, {customer: ben}, {customer: null}]\n"
    assert one(project, text.split("  expect:")[0] + expect).status is PASS
    expect = "  expect: [{customer: ada, amount: null}, {customer: ben, amount: 20}, {customer: null, amount: 5}]\n"
    assert one(project, text.split("  expect:")[0] + expect).status is PASS


def test_order(project: Clone) -> None:
    assert one(project, TOTALS + "  ordered: true\n").misplaced
    lines = TOTALS.splitlines(keepends=True)
    assert one(project, "".join([*lines[:-2], lines[-1], lines[-2]]) + "  ordered: true\n").status is PASS


def test_inputs_that_are_not_given_are_empty(project: Clone) -> None:
    found = one(project, "- {name: nothing, dataset: marts.totals, expect: []}\n")
    assert (found.status, found.notices) == (PASS, ("not given, so empty: shop.orders",))
    found = one(project, TOTALS.split("  expect:")[0] + "  expect: []\n")
    assert (found.status, found.columns, found.unexpected_count) == (FAIL, ("customer", "amount"), 2)


def test_what_does_not_fit_is_told_together(project: Clone) -> None:
    text = TOTALS.replace("{id: 1,", "{id: 1.5,").replace("id: 3, customer", "id: 3, custommer")
    text = text.replace("{customer: ben, amount: 20}", "{customer: ben, amuont: x}").replace(
        "amount: 15}", "amuont: 15}"
    )
    found = one(project, text)
    assert found.status is ERROR
    assert [problem.where for problem in found.problems] == ["tests/t.yml:5:14", "tests/t.yml:7:17", "tests/t.yml:9:23"]
    assert [problem.hint for problem in found.problems][1:] == ["did you mean `customer`?", "did you mean `amount`?"]


def test_types_are_those_of_changed_code_else_the_published_ones(project: Clone) -> None:
    project.write("datasets/marts/doubled.sql", "select customer, amount * 2 as amount from marts.totals\n")
    text = (
        "- name: doubles\n  dataset: marts.doubled\n  given:\n    marts.totals: [{customer: a, amount: 1.25}]\n"
        "  expect: [{amount: 2.50}]\n"
    )
    project.run()
    assert "`1.25` does not fit `amount`" in one(project, text).problems[0].message
    project.write("datasets/marts/totals.sql", "select customer, amount::decimal(10, 2) as amount from shop.orders\n")
    assert one(project, text).status is PASS


def test_macros_views_and_the_clock(project: Clone) -> None:
    project.write("macros/m.sql", "create macro days_old(d) as date_diff('day', d, today());\n")
    project.write(
        "datasets/marts/ages.sql", "select id, days_old(date '2026-01-01') as days, now() as t from shop.orders\n"
    )
    project.write(
        "datasets/marts/seen.sql", "/*---\nmaterialize: view\n---*/\nselect sum(id) as ids from shop.orders\n"
    )
    project.write(
        "tests/t.yml",
        "- name: the day\n  dataset: marts.ages\n  now: 2026-01-11T10:00\n  given: {shop.orders: [{id: 1}]}\n"
        "  expect: [{id: 1, days: 10, t: 2026-01-11T10:00Z}]\n"
        "- name: another day\n  dataset: marts.ages\n  now: 2026-02-01\n  given: {shop.orders: [{id: 1}]}\n"
        "  expect: [{days: 31}]\n"
        "- name: as the lake stores it\n  dataset: marts.seen\n  given: {shop.orders: [{id: 1}, {id: 2}]}\n"
        "  expect: [{ids: 3}]\n",
    )
    assert [(found.status, found.message, found.problems) for found in results(project)] == [(PASS, None, ())] * 3


def test_floats_and_tolerances(project: Clone) -> None:
    project.write(
        "datasets/marts/share.sql", "select amount / 3 as third, amount::decimal(9, 2) as exact from shop.orders\n"
    )
    text = "- name: thirds\n  dataset: marts.share\n  given: {shop.orders: [{amount: 1}]}\n"
    assert one(project, text + "  expect: [{third: 0.33333333333}]\n").status is PASS
    assert one(project, text + "  expect: [{third: 0.3333}]\n").status is FAIL
    assert one(project, text + "  expect: [{third: 0.3333}]\n  approx: {third: 0.1%}\n").status is PASS
    assert one(project, text + "  expect: [{third: 0.33, exact: 1.02}]\n  approx: 0.01\n").status is FAIL
    assert one(project, text + "  expect: [{third: 0.33, exact: 1.01}]\n  approx: 0.01\n").status is PASS
    found = one(project, text + "  expect: [{third: 0.33}]\n  approx: {thrid: 0.01}\n")
    assert found.problems[0].hint == "did you mean `third`?"


PYTHON = """\
from andon import dataset, read


@dataset(columns={"customer": "Who", "points": "Earned"})
def points(totals=read("marts.totals")):
    rows = totals.fetchall()
    print("seen", len(rows))
    return [{"customer": customer, "points": amount * 10} for customer, amount in rows]
"""


def test_python(project: Clone) -> None:
    project.write("datasets/marts/points.py", PYTHON)
    given = "  given: {marts.totals: [{customer: ada, amount: 3}]}\n"
    text = "- name: ten each\n  dataset: marts.points\n" + given
    assert one(project, text + "  expect: [{customer: ada, points: 30}]\n").status is PASS
    found = one(project, text + "  expect: [{customer: ada, points: 31}]\n")
    assert (found.status, found.pairs[0].differing) == (FAIL, (1,))
    project.write("datasets/marts/points.py", PYTHON.replace("amount * 10", "amount / 0"))
    found = one(project, text + "  expect: []\n")
    assert found.status is ERROR
    assert "division" in (found.message or "")


def test_an_input_that_was_never_built(project: Clone) -> None:
    project.write("datasets/marts/points.py", PYTHON)
    project.write("datasets/marts/rich.sql", "select customer from marts.points where points > 100\n")
    text = (
        "- name: more than 100\n  dataset: marts.rich\n  given:\n    marts.points:\n"
        "      - {customer: ada, points: 101}\n      - {customer: ben, points: 100}\n  expect: [{customer: ada}]\n"
    )
    found = one(project, text)
    assert found.status is PASS
    assert found.notices == ("marts.points was never built: types of its columns are those of the given rows",)


@pytest.mark.parametrize("published", [False, True])
def test_a_source(project: Clone, published: bool) -> None:
    if published:
        project.run()
    text = (
        "- name: reads the export\n  dataset: shop.orders\n  given:\n    raw/orders_07.csv: |\n"
        "      id,customer,amount\n      7,cy,3\n  expect: [{id: 7, customer: cy, amount: 3}]\n"
    )
    assert one(project, text).status is PASS
    found = one(project, text.replace("      7,cy,3\n", "      7,cy\n"))
    assert found.status is ERROR
    found = one(project, text.replace("raw/orders_07.csv", "raw/other.csv"))
    (problem,) = found.problems
    assert (problem.where, problem.hint) == ("tests/t.yml:4:5", "it reads `raw/orders_*.csv`")
    found = one(project, text.replace("raw/orders_07.csv", "raw/../raw/orders_07.csv"))
    assert "does not read" in found.problems[0].message
    found = one(project, "- {name: none, dataset: shop.orders, expect: []}\n")
    assert found.problems[0].message == "no file is given for `raw/orders_*.csv`, which `shop.orders` reads"


def test_a_failure_of_the_sql_is_an_error(project: Clone) -> None:
    project.write("datasets/marts/strict.sql", "select error('no ' || customer) as x from shop.orders\n")
    found = one(project, "- {name: a, dataset: marts.strict, given: {shop.orders: [{customer: ada}]}, expect: []}\n")
    assert found.status is ERROR
    assert "no ada" in (found.message or "")


def test_unchanged_tests_are_not_run_again(project: Clone) -> None:
    project.write("tests/t.yml", TOTALS + TOTALS.replace("sums", "wrong").replace("amount: 15", "amount: 1"))
    assert [(found.status, found.cached) for found in results(project)] == [(PASS, False), (FAIL, False)]
    second = results(project)
    assert [(found.status, found.cached) for found in second] == [(PASS, True), (FAIL, True)]
    assert second[1].pairs
    assert [found.cached for found in results(project, again=True)] == [False, False]
    project.write("tests/t.yml", "# moved\n\n" + TOTALS.replace("sums", "adds"))
    (moved,) = results(project)
    assert (moved.cached, moved.name, moved.line) == (True, "adds by customer", 3)
    project.write(
        "datasets/marts/totals.sql",
        "-- layout\nSELECT customer, sum(amount) AS amount FROM shop.orders GROUP BY customer ORDER BY customer\n",
    )
    assert results(project)[0].cached
    project.write(
        "datasets/marts/totals.sql", "select customer, max(amount) as amount from shop.orders group by customer\n"
    )
    (changed,) = results(project)
    assert (changed.cached, changed.status) == (False, FAIL)


def test_selection(project: Clone) -> None:
    count = "- {name: none, dataset: marts.count, expect: [{n: 0}]}\n"
    project.write("tests/t.yml", TOTALS + count)
    assert [found.dataset for found in results(project)] == ["marts.count", "marts.totals"]
    assert [found.dataset for found in results(project, "marts.totals+")] == ["marts.totals"]
    assert results(project, "marts.best") == []
    project.run()
    project.write("datasets/marts/count.sql", "select count(*) as n, 1 as one from shop.orders\n")
    assert [found.dataset for found in results(project, "state:changed")] == ["marts.count"]


def test_problems_of_the_project_are_raised(project: Clone) -> None:
    project.write("tests/t.yml", TOTALS.replace("marts.totals", "marts.toals"))
    with pytest.raises(ProjectError) as raised:
        results(project)
    assert raised.value.problems[0].hint == "did you mean `marts.totals`?"


def test_nothing_is_left_behind(project: Clone) -> None:
    one(project, TOTALS)
    assert list((project.root / ".andon/tmp").glob("*")) == []
    assert not list((project.root / ".andon").glob("**/data/**/*.parquet"))


def test_from_python(project: Clone) -> None:
    project.write("tests/t.yml", TOTALS)
    with andon.open(project.root) as lake:
        (found,) = lake.test("marts.totals")
        assert (found.status, found.cached) == (PASS, False)
        assert lake.test(again=True)[0].cached is False
        assert lake.test(exclude=["marts.totals"]) == []


def test_which_datasets_have_changed_tests(project: Clone) -> None:
    def changed() -> set[str]:
        service = project.open()
        try:
            gatherer, head = Gatherer(service.workspace), service.workspace.lake.refs.resolve("main")
            return with_changed_tests(gatherer.gather(head, gatherer.folder(), service.workspace.bases.of("main")))
        finally:
            service.close()

    project.write("tests/t.yml", TOTALS)
    project.write("tests/n.yml", "- {name: none, dataset: marts.count, expect: tests/n.csv}\n")
    project.write("tests/n.csv", "n\n0\n")
    assert changed() == {"marts.totals", "marts.count"}
    project.run()
    assert changed() == set()
    project.write("tests/n.yml", "- {name: no orders, dataset: marts.count, expect: tests/n.csv}\n")
    assert changed() == {"marts.count"}
    project.write("tests/n.csv", "n\n1\n")
    assert changed() == {"marts.totals", "marts.count"}
