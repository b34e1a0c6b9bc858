"""Undo of an older publish: its code goes, what came since stays, and the rest is built on today's inputs."""

from contextlib import closing

import pytest

from andon.errors import ConflictError, UsageError
from kit.clones import Clone

TOTALS = "select customer, sum(amount) as amount from shop.orders group by customer order by customer\n"


@pytest.fixture
def changed(project: Clone) -> Clone:
    """Three publishes: the first data, doubled totals, and more data with another count."""
    assert project.run().published
    project.write("datasets/marts/totals.sql", TOTALS.replace("sum(amount)", "2 * sum(amount)"))
    assert project.run().published
    project.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
    project.write("datasets/marts/count.sql", "select count(*) + 100 as n from shop.orders\n")
    assert project.run().published
    return project


def test_the_code_goes_and_what_came_since_stays(changed):
    doubled = changed.head("main~1")
    with closing(changed.open()) as service:
        tried = service.reverting.attempt(doubled)
        assert {s.dataset: str(s.verdict.kind) for s in tried.plan.steps if s.verdict and s.code_changed} == {
            "marts.totals": "columns"
        }
        (rows,) = [r.rows for r in tried.changes.rows if r.dataset == "marts.totals"]
        assert (rows.added, rows.removed) == (3, 3)
        assert changed.ask("select amount from marts.totals where customer = 'ada'") == [(30,)]
        result = service.reverting.revert(doubled)
    assert result.published
    assert changed.ask("from marts.totals order by customer") == [("ada", 15), ("ben", 20), ("cleo", 7)]
    assert changed.ask("from marts.count") == [(104,)]
    commit = changed.head()
    assert (str(commit.kind), commit.target) == ("undo", doubled.id)
    assert [c.path for c in commit.rejected] == ["datasets/marts/totals.sql"]


def test_it_sticks_and_can_be_redone(changed):
    with closing(changed.open()) as service:
        service.reverting.revert(changed.head("main~1"))
    assert changed.run().run is None  # the folder still has the doubled totals
    assert changed.ask("select amount from marts.totals where customer = 'ada'") == [(15,)]
    with closing(changed.open()) as service:
        with pytest.raises(UsageError, match="is undone already"):
            service.reverting.find("main~2")
        service.undoing.redo()
    assert changed.ask("select amount from marts.totals where customer = 'ada'") == [(30,)]


def test_what_was_changed_again_since_is_a_conflict(changed):
    doubled = changed.head("main~1")
    changed.write("datasets/marts/totals.sql", TOTALS.replace("sum(amount)", "3 * sum(amount)"))
    assert changed.run().published
    before = changed.head()
    with closing(changed.open()) as service, pytest.raises(ConflictError, match="was changed again since") as caught:
        service.reverting.attempt(doubled)
    assert "newer publish first" in (caught.value.hint or "")
    assert changed.head() == before


def test_a_refresh_is_taken_out_by_its_files(project):
    assert project.run().published
    project.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
    assert project.refresh().published
    project.write("datasets/marts/totals.sql", TOTALS.replace("sum(amount)", "2 * sum(amount)"))
    assert project.run().published
    with closing(project.open()) as service:
        assert service.reverting.revert(project.head("main~1")).published
    assert project.ask("from marts.totals order by customer") == [("ada", 30), ("ben", 40)]
    project.refresh()
    assert project.ask("select count(*) from shop.orders") == [(3,)]


def test_only_publishes_of_the_branch_can_be_named(changed):
    with closing(changed.open()) as service:
        first = list(service.workspace.lake.commits.first_parents(changed.head()))[-1]
        with pytest.raises(UsageError, match="is no publish but `init`"):
            service.reverting.find(first.id)
        service.branches.create("aside", "main~2")
    changed.run(branch="aside")
    with closing(changed.open()) as service, pytest.raises(UsageError, match="not in the history of main"):
        service.reverting.find("aside")


def test_a_redo_by_its_name_means_what_it_brought_again(changed):
    doubled = changed.head("main~1")
    with closing(changed.open()) as service:
        service.reverting.revert(doubled)
        service.undoing.redo()
        redo = changed.head()
        changed.write("datasets/marts/more.sql", "select 1 as n\n")
        changed.run()
        found = service.reverting.find(redo.id)
        assert found == doubled
        service.reverting.revert(found)
        assert changed.ask("select amount from marts.totals where customer = 'ada'") == [(15,)]
        with pytest.raises(UsageError, match="is undone already"):
            service.reverting.find(redo.id)
