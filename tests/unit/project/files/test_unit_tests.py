"""Files of unit tests: what they say, and every problem with its place."""

from __future__ import annotations

import pytest

from andon.model.unit_tests import Cell, CellKind, Near, UnitTest
from kit.projects import SOURCE, load_texts, one_problem, told

SHOP = SOURCE | {
    "datasets/marts/totals.sql": "select id, sum(amount) as amount from shop.orders group by id\n",
    "datasets/marts/recent.sql": "select * from shop.orders where now() > date '2026-01-01'\n",
}
TEST = """\
# a comment
- name: two orders of one
  dataset: marts.totals
  description: Sums them.
  given:
    shop.orders:
      - {id: 1, amount: 2.50}
      - id: 1
        amount: null
  expect:
    - {id: 1, Amount: "2.50"}
"""


def loaded(text: str, **files: str) -> tuple[UnitTest, ...]:
    project = load_texts(SHOP | {"tests/totals.yml": text, **{f"tests/{n}.csv": t for n, t in files.items()}})
    assert not project.problems, [told(p) for p in project.problems]
    return project.tests


def shown(rows: tuple[tuple[Cell, ...], ...]) -> list[list[tuple[str, str]]]:
    return [[(str(cell.kind), cell.text) for cell in row] for row in rows]


def test_what_a_test_says() -> None:
    (test,) = loaded(TEST)
    assert (test.name, test.dataset, test.description) == ("two orders of one", "marts.totals", "Sums them.")
    assert (test.file, test.line, test.column) == ("tests/totals.yml", 2, 3)
    assert (test.now, test.ordered, test.near) == (None, False, ())
    (given,) = test.given
    assert (given.name, given.line, given.column) == ("shop.orders", 6, 5)
    assert given.rows is not None
    assert given.rows.columns == ("id", "amount")
    assert shown(given.rows.rows) == [[("number", "1"), ("number", "2.50")], [("number", "1"), ("null", "")]]
    assert given.rows.places == ((7, 10), (7, 17))
    assert test.expect.columns == ("id", "Amount")
    assert shown(test.expect.rows) == [[("number", "1"), ("text", "2.50")]]


def test_time_order_and_tolerances() -> None:
    text = TEST + "  now: 2026-07-01T09:30\n  ordered: true\n  approx: {amount: 1%, id: 0.50}\n"
    (test,) = loaded(text)
    assert test.now == "2026-07-01T09:30:00.000000Z"
    assert test.ordered
    assert test.near == (Near("1", True, "amount"), Near("0.5", False, "id"))
    (test,) = loaded(TEST + "  approx: 0.01\n")
    assert test.near == (Near("0.01"),)


def test_csv_in_the_test() -> None:
    text = TEST.split("  given:")[0] + (
        "  given:\n    shop.orders: |\n      id,amount\n      1,2.50\n\n"
        '      2,"a ""b"", c"\n      3,\n      4,""\n  expect: []\n'
    )
    (test,) = loaded(text)
    rows = test.given[0].rows
    assert rows is not None
    assert rows.columns == ("id", "amount")
    assert [row[1].text for row in rows.rows] == ["2.50", 'a "b", c', "", ""]
    assert [row[1].kind for row in rows.rows] == [CellKind.BARE, CellKind.TEXT, CellKind.NULL, CellKind.TEXT]
    assert [(row[1].line, row[1].column) for row in rows.rows] == [(8, 9), (10, 9), (11, 9), (12, 9)]
    assert test.expect.rows == ()


def test_csv_in_a_file() -> None:
    text = TEST.split("  given:")[0] + "  given: {shop.orders: tests/orders.csv}\n  expect: tests/wanted.csv\n"
    (test,) = loaded(text, orders="id,amount\r\n1,2\r\n", wanted="id\n1\n")
    rows = test.given[0].rows
    assert rows is not None
    assert (rows.file, rows.columns, len(rows.rows)) == ("tests/orders.csv", ("id", "amount"), 1)
    assert rows.rows[0][1] == Cell(CellKind.BARE, "2", 2, 3)
    assert test.expect.file == "tests/wanted.csv"


def test_nested_values_keep_their_digits() -> None:
    text = TEST.split("  given:")[0] + "  given: {shop.orders: [{id: [1.50, a, {b: true, c: null}]}]}\n  expect: []\n"
    (test,) = loaded(text)
    rows = test.given[0].rows
    assert rows is not None
    assert rows.rows[0][0].text == '[1.50, "a", {"b": true, "c": null}]'


def test_a_source_is_given_texts() -> None:
    text = "- name: reads\n  dataset: shop.orders\n  given:\n    raw/orders.csv: |\n      id;amount\n  expect: []\n"
    (test,) = loaded(text)
    assert (test.given[0].rows, test.given[0].text) == (None, "id;amount\n")


def test_the_id_is_that_of_what_decides() -> None:
    (one,) = loaded(TEST)
    same = TEST.replace("two orders of one", "another name").replace("# a comment\n", "").replace("Sums them", "x")
    assert loaded(same)[0].id == one.id
    for old, new in (
        ("2.50}", "2.51}"),
        ('"2.50"', '"2.51"'),
        ("marts.totals", "marts.recent"),
        ("amount: null", "amount: ''"),
    ):
        assert loaded(TEST.replace(old, new) + "  now: 2026-01-01\n")[0].id != one.id


@pytest.mark.parametrize(
    ("old", "new", "place", "says"),
    [
        ("marts.totals", "marts.total", "3:12", "did you mean `marts.totals`?"),
        ("    shop.orders:", "    shop.oders:", "6:5", "did you mean `shop.orders`?"),
        ("    shop.orders:", "    marts.recent:", "6:5", "`marts.totals` does not read `marts.recent` (it reads `shop.orders`)"),
        ("  dataset: marts.totals\n", "", "2:3", "a test needs `dataset`"),
        ("  description:", "  descripton:", "4:3", "did you mean `description`?"),
        ("    - {id: 1, Amount", "    - {id: 1, b: 1, B: 2, Amount", "11:21", "column `B` is there twice"),
        ("      - id: 1\n        amount: null\n", "      - 5\n", "8:9", "each row of `shop.orders` must be a mapping"),
        ('    - {id: 1, Amount: "2.50"}', "    - {id: 1}\n    - {id: 1, x: 2}", "12:15", "the first row does not list `x`"),
        ('    - {id: 1, Amount: "2.50"}', "    - {id: 1, x: 2}\n    - {id: 1}", "12:7", "the row does not list `x`"),
        ('  expect:\n    - {id: 1, Amount: "2.50"}', "  expect: 5", "10:11", "must be a list of rows"),
        ('  expect:\n    - {id: 1, Amount: "2.50"}', "  expect: tests/x.csv", "10:11", "there is no file `tests/x.csv`"),
        ('  expect:\n    - {id: 1, Amount: "2.50"}', "  expect: |\n    id,id\n    1,2", "11:8", "`id` is named twice"),
        ('  expect:\n    - {id: 1, Amount: "2.50"}', "  expect: |\n    id\n    1,2", "12:5", "2 fields, and the header 1"),
        ('  expect:\n    - {id: 1, Amount: "2.50"}', '  expect: |\n    id\n    "1', "12:5", "a quote is not closed"),
        ("  description: Sums them.", "  now: tomorrow", "4:8", "`now` must be a date or a time"),
        ("  description: Sums them.", "  ordered: maybe", "4:12", "must be `true` or `false`"),
        ("  description: Sums them.", "  approx: -1", "4:11", "must be a number or a share"),
        ("  dataset: marts.totals", "  dataset: marts.recent", "2:3", "uses the clock"),
        ("  dataset: marts.totals", "  dataset: shop.orders", "6:5", "`raw/orders.csv: |`"),
    ],
)  # fmt: skip
def test_what_can_be_wrong(old: str, new: str, place: str, says: str) -> None:
    assert old in TEST
    problem = one_problem(SHOP | {"tests/totals.yml": TEST.replace(old, new, 1)})
    assert problem.where == f"tests/totals.yml:{place}"
    assert says in told(problem)
    assert problem.excerpt


def test_the_shape_of_dbt_gets_a_hint() -> None:
    problem = one_problem(SHOP | {"tests/a.yml": "unit_tests:\n  - name: a\n"})
    assert "take `unit_tests:` out" in (problem.hint or "")


def test_two_tests_of_one_name() -> None:
    problem = one_problem(SHOP | {"tests/a.yml": TEST, "tests/b.yml": TEST})
    assert problem.where == "tests/b.yml:2:3"
    assert "tests/a.yml:2" in problem.message


def test_a_flaw_of_a_data_file_stands_there() -> None:
    text = TEST.split("  given:")[0] + "  given: {shop.orders: tests/orders.csv}\n  expect: []\n"
    problem = one_problem(SHOP | {"tests/a.yml": text, "tests/orders.csv": "id,amount\n1\n"})
    assert problem.where == "tests/orders.csv:2:1"


def test_an_empty_file_and_no_tests() -> None:
    assert load_texts(SHOP | {"tests/a.yml": "# none yet\n", "tests/b.yml": ""}).tests == ()
