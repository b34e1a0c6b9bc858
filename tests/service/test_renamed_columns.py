"""A column that is declared to be another one renamed keeps its field id, through builds, branches and what is declared later."""

from contextlib import closing

import pytest

from andon.errors import ProjectError
from kit.clones import Clone

LINES = "select id, customer, amount from shop.orders order by id\n"
RENAMED = "/*---\ncolumns: {revenue: {was: amount}}\n---*/\n" + LINES.replace("amount", "amount as revenue")
PATH = "datasets/staging/lines.sql"


@pytest.fixture
def lines(project: Clone) -> Clone:
    project.write(PATH, LINES)
    assert project.run().published
    return project


def ids(clone: Clone, dataset: str = "staging.lines") -> dict[str, int]:
    leaf = clone.leaves()[dataset]
    with closing(clone.open()) as service:
        return {
            c.name: c.field_id for c in service.workspace.lake.objects.versions([leaf.version])[leaf.version].columns
        }


def step(clone: Clone, dataset: str = "staging.lines"):
    return {s.dataset: s for s in clone.plan().steps}[dataset]


def schema_lines(clone: Clone) -> list[tuple[str, ...]]:
    with closing(clone.open()) as service:
        return [(change.verdict, *change.lines) for change in service.history.schema_log("staging.lines")]


def test_a_rename_keeps_the_id_and_is_told(lines):
    assert ids(lines) == {"id": 1, "customer": 2, "amount": 3}
    lines.write(PATH, RENAMED)
    verdict = step(lines).verdict
    assert verdict.kind == "contract"
    assert verdict.renamed == (("amount", "revenue"),)
    assert lines.run().published
    assert ids(lines) == {"id": 1, "customer": 2, "revenue": 3}
    assert schema_lines(lines)[0] == ("contract", "~ amount renamed revenue")


def test_the_declaration_may_be_taken_out_later(lines):
    lines.write(PATH, RENAMED)
    lines.run()
    lines.write(PATH, LINES.replace("amount", "amount as revenue"))
    assert step(lines).verdict.kind == "none"
    lines.run()
    lines.run(force=True)
    assert ids(lines) == {"id": 1, "customer": 2, "revenue": 3}


def test_the_declaration_may_come_later(lines):
    lines.write(PATH, LINES.replace("amount", "amount as revenue"))
    lines.run()
    assert ids(lines)["revenue"] == 4
    lines.write(PATH, RENAMED)
    verdict = step(lines).verdict
    assert verdict.kind == "additive"
    assert "`revenue` keeps the field id of `amount`" in verdict.reasons
    lines.run()
    assert ids(lines)["revenue"] == 3
    assert len(schema_lines(lines)) == 2  # the id alone is no change that a reader sees


def test_an_old_name_that_comes_back_is_a_new_column(lines):
    lines.write(PATH, RENAMED)
    lines.run()
    both = RENAMED.replace("as revenue", "as revenue, 2 * amount as amount")
    lines.write(PATH, both)
    lines.run()
    assert ids(lines) == {"id": 1, "customer": 2, "revenue": 3, "amount": 4}
    assert schema_lines(lines)[0] == ("additive", "+ amount BIGINT")
    lines.write(PATH, both.partition("---*/\n")[2])
    lines.run(force=True)
    assert ids(lines) == {"id": 1, "customer": 2, "revenue": 3, "amount": 4}


def test_another_branch_keeps_its_ids(shared):
    ana, ben = shared
    both = LINES.replace("amount", "amount, 2 * amount as revenue")
    ana.write(PATH, both)
    assert ana.run().published
    assert ids(ana) == {"id": 1, "customer": 2, "amount": 3, "revenue": 4}
    ben.pull()
    ben.write(PATH, RENAMED)
    ben.run(branch="other")
    with closing(ben.open()) as service:
        leaf = service.workspace.lake.commits.state(service.workspace.lake.refs.resolve("other")).leaves[
            "staging.lines"
        ]
        columns = service.workspace.lake.objects.versions([leaf.version])[leaf.version].columns
    assert {c.name: c.field_id for c in columns} == {"id": 1, "customer": 2, "revenue": 3}
    ana.write(PATH, both.replace("2 *", "3 *"))
    assert ana.run().published
    assert ids(ana) == {"id": 1, "customer": 2, "amount": 3, "revenue": 4}


def test_readers_of_the_old_name_are_told_the_new_one(lines):
    lines.write("datasets/marts/total.sql", "select sum(l.amount) as total from staging.lines l\n")
    lines.run()
    lines.write(PATH, RENAMED)
    with pytest.raises(ProjectError) as raised:
        lines.plan()
    assert raised.value.problems[0].hint == "`staging.lines.amount` is now `revenue`"
    assert raised.value.problems[0].file == "datasets/marts/total.sql"


def test_parts_of_a_renamed_column_follow_it(lines):
    nested = "select id, {'a': amount, 'b': [customer]} as amount from shop.orders order by id\n"
    path = "datasets/staging/nested.sql"
    lines.write(path, nested)
    lines.run()

    def column():
        leaf = lines.leaves()["staging.nested"]
        with closing(lines.open()) as service:
            return service.workspace.lake.objects.versions([leaf.version])[leaf.version].columns[1]

    before = column()
    lines.write(path, "/*---\ncolumns: {revenue: {was: amount}}\n---*/\n" + nested.replace("as amount", "as revenue"))
    lines.run()
    assert (before.name, column().name) == ("amount", "revenue")
    assert (column().field_id, column().children) == (before.field_id, before.children)


def test_a_renamed_column_of_python(lines):
    path = "datasets/marts/spent.py"
    text = (
        "from andon import dataset, read\n\n\n@dataset({})\ndef spent(totals=read('marts.totals')):\n"
        "    return totals.project('customer, amount as {}')\n"
    )
    lines.write(path, text.format("", "amount"))
    assert lines.run().published
    assert ids(lines, "marts.spent") == {"customer": 1, "amount": 2}
    lines.write(path, text.format("columns={'spent': {'was': 'amount'}}", "spent"))
    assert lines.run().published
    assert ids(lines, "marts.spent") == {"customer": 1, "spent": 2}


def test_a_renamed_column_of_a_source(lines):
    assert ids(lines, "shop.orders") == {"id": 1, "customer": 2, "amount": 3}
    lines.write(
        "sources/shop/orders.sql",
        "/*--- columns: {price: {was: amount}} ---*/ select id, customer, amount as price from read_csv('raw/orders_*.csv')\n",
    )
    with pytest.raises(ProjectError) as raised:
        lines.plan()
    assert {p.hint for p in raised.value.problems} == {"`shop.orders.amount` is now `price`"}
    lines.write(PATH, LINES.replace("amount", "price as amount"))
    lines.write(
        "datasets/marts/totals.sql",
        "select customer, sum(price) as amount from shop.orders group by customer order by customer\n",
    )
    assert step(lines, "shop.orders").verdict.renamed == (("amount", "price"),)
    assert lines.run().published
    assert ids(lines, "shop.orders") == {"id": 1, "customer": 2, "price": 3}
    assert ids(lines) == {"id": 1, "customer": 2, "amount": 3}


CHECKED = """/*---
key: nr
columns: {nr: {was: id}, revenue: {was: amount}}
checks: |
  changed rows < 5% warn
  lost keys = 0 warn
  sum(revenue) 90%..110% of published warn
---*/
select id as nr, customer, amount * 10 as revenue from shop.orders where id < 3 order by id
"""


def test_checks_against_the_published_version_know_what_a_column_was(lines):
    lines.write(PATH, CHECKED)
    found = {c.text: c for c in lines.run().checks}
    assert [found["changed rows < 5% warn"].bad, found["changed rows < 5% warn"].total] == [2, 2]
    assert [found["lost keys = 0 warn"].bad, found["lost keys = 0 warn"].samples.columns] == [
        1,
        ("nr", "customer", "revenue"),
    ]
    assert found["sum(revenue) 90%..110% of published warn"].value == 300
