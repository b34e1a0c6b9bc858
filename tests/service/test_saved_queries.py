"""Saved queries are files of the project: loaded with it, versioned with the commit, asked with values of their types."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from andon.errors import AndonError
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.saved_texts import ToSave
from kit.clones import Clone

AGREED = RunOptions(agreed=ANY_PLAN)
PATH = "queries/best.sql"
BEST = "select customer from marts.totals where amount > $least order by customer limit $n"


@pytest.fixture
def acme(project) -> Clone:
    project.run()
    return project


def save(clone: Clone, sql: str | None = BEST, options: RunOptions = AGREED, name: str = "best", **said):
    with clone.opened() as service:
        return service.saving.save(ToSave(name, sql, **said), options)


def ask(clone: Clone, name: str = "best", at: str | None = None, **values: object) -> list[tuple]:
    with clone.opened() as service:
        return service.saved_queries.ask(name, values, at).fetch()


def listed(clone: Clone, at: str | None = None) -> list[str]:
    with clone.opened() as service:
        return [query.name for query in service.saved_queries.list(at)]


def test_one_is_saved_asked_and_taken_back(acme):
    done = save(acme, owner="ana", parameters=("least=decimal", "n=integer=1"))
    assert (done.published, done.kind, done.reads) == (True, "query", ("marts.totals",))
    assert [(c.name, c.type) for c in done.columns] == [("customer", "VARCHAR")]
    assert acme.read(PATH) == (
        f"/*---\nowner: ana\nparameters: {{least: decimal, n: {{type: integer, default: 1}}}}\n---*/\n{BEST}\n"
    )
    assert ask(acme, least="1") == [("ada",)]
    assert ask(acme, least=Decimal(1), n=5) == [("ada",), ("ben",)]
    first = acme.head().id
    save(acme, sql="select $least as x", parameters=("least=decimal",), replaces=True)
    assert ask(acme, least=7) == [(Decimal(7),)]
    assert ask(acme, at=first, least=0) == [("ada",)]
    acme.undo()
    assert ask(acme, least=0) == [("ada",)]
    acme.undo()
    assert listed(acme) == []
    acme.redo()
    assert listed(acme) == ["best"]


def test_a_branch_has_its_own(acme):
    save(acme, options=RunOptions(branch="try"))
    assert (listed(acme), listed(acme, "try")) == ([], ["best"])
    acme.publish("try")
    assert listed(acme) == ["best"]
    assert acme.read(PATH) is None
    acme.pull()
    assert acme.read(PATH) == f"{BEST}\n"


def test_a_run_of_the_folder_takes_those_that_lie_there(acme):
    acme.write(PATH, f"/*---\nparameters: {{least: decimal}}\n---*/\n{BEST}\n")
    acme.run()
    assert ask(acme, least=10, n=9) == [("ada",), ("ben",)]
    acme.write(PATH, None)
    acme.run()
    assert listed(acme) == []


def test_values_that_do_not_fit_are_told(acme):
    save(acme, parameters=("least=decimal", "n=integer=1"))
    for values, word in [
        ({}, "needs a value for `least`"),
        ({"least": "x"}, "is no decimal"),
        ({"least": True}, "is no decimal"),
        ({"least": "1", "n": "1.5"}, "is no integer"),
        ({"least": "1", "lesst": "2"}, "has no parameter `lesst`"),
    ]:
        with pytest.raises(AndonError, match=word) as raised:
            ask(acme, **values)
        assert raised.value.code == "usage.bad_argument"


def test_a_value_is_never_read_as_sql(acme):
    save(acme, sql="select $text as t, $day as d", parameters=("text=text", "day=date"))
    assert ask(acme, text="1'; drop table x --", day="2026-10") == [("1'; drop table x --", date(2026, 10, 1))]


#: A file, its text, and the code and the place of what is wrong with it.
WRONG = [
    (PATH, "select customer from marts.total", "project.unknown_dataset", "1:22"),
    (PATH, "select cust from marts.totals where amount > $n", "project.unknown_column", "1:8"),
    (PATH, "select $first, $second, cust from marts.totals", "project.unknown_column", "1:25"),
    (PATH, "select 1 as x; select 2 as y", "project.two_statements", "1:16"),
    (PATH, "select * from read_csv('/etc/passwd')", "usage.not_one_select", "1:15"),
    (PATH, "select ? as x", "project.bad_sql", None),
    (PATH, "/*---\nparameters:\n  n: number\n---*/\nselect $n as x", "project.bad_value", "3:6"),
    (PATH, "/*---\nparameters:\n  n: {type: date, default: x}\n---*/\nselect $n as x", "project.bad_value", "3:28"),
    (PATH, "/*---\nparameters:\n  m: date\n---*/\nselect $n as x", "project.bad_value", "3:3"),
    (PATH, "/*---\nmaterialize: view\n---*/\nselect 1 as x", "project.unknown_key", "2:1"),
    ("queries/Best.sql", "select 1 as x", "project.bad_name", None),
    ("queries/a/best.sql", "select 1 as x", "project.bad_name", None),
    (PATH, "", "project.empty_file", None),
]


def test_what_is_wrong_with_one_is_told_with_all_other_problems(acme):
    acme.write("datasets/marts/wrong.sql", "selec 1")
    head = acme.head()
    for path, text, code, where in WRONG:
        acme.write(path, text)
        with pytest.raises(AndonError) as raised:
            acme.run()
        acme.write(path, None)
        found = [problem for problem in raised.value.problems if problem.file == path]
        assert [problem.code for problem in found] == [code], (text, raised.value)
        assert where is None or found[0].where == f"{path}:{where}", (text, raised.value)
        assert any(problem.file == "datasets/marts/wrong.sql" for problem in raised.value.problems)
    assert acme.head() == head


def test_a_change_tells_which_of_them_will_fail(acme):
    save(acme)
    acme.write(
        "datasets/marts/totals.sql", "select customer, sum(amount) as total from shop.orders group by customer\n"
    )
    acme.write("datasets/marts/best.sql", "select 1 as one\n")
    plan = acme.plan()
    assert {s.dataset: s.breaks for s in plan.steps if "query best" in s.breaks}.keys() == {"marts.totals"}
    told = [notice for notice in plan.notices if notice.startswith(PATH)]
    assert len(told) == 1
    assert "will fail: there is no column `amount`" in told[0]


def test_what_only_a_dataset_has_is_refused(acme):
    for said in ({"materialize": "view"}, {"refresh": "6h"}, {"checks": ("amount > 0",)}):
        with pytest.raises(AndonError, match="names a saved query"):
            save(acme, **said)
    with pytest.raises(AndonError, match="names a dataset"):
        save(acme, name="marts.best_of_all", sql="select 1 as x", parameters=("n=integer",))


def test_an_impact_names_those_that_read_what_it_reaches(acme):
    save(acme, name="names", sql="select customer from marts.totals")
    save(acme, name="largest", sql="select max(amount) as amount from marts.totals where customer = $who")
    save(acme, name="other", sql="select n from marts.count")
    with acme.opened() as service:
        of = {
            target: service.lineages.impact(target).queries
            for target in (
                "marts.totals",
                "marts.totals.customer",
                "marts.totals.amount",
                "shop.orders.amount",
                "marts.count",
            )
        }
    assert of == {
        "marts.totals": ("largest", "names"),
        "marts.totals.customer": ("largest", "names"),
        "marts.totals.amount": ("largest",),
        "shop.orders.amount": ("largest",),
        "marts.count": ("other",),
    }


def test_a_query_named_like_a_dataset_is_told_how_that_is_asked(acme):
    with pytest.raises(AndonError) as raised:
        ask(acme, "totals")
    assert raised.value.hint == "a dataset is asked in SQL: `from marts.totals`"
