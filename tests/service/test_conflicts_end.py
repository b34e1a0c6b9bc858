"""A way out of every conflict: what both sides changed is decided by one command, for code and raw files, and for good."""

from __future__ import annotations

import pytest

from andon.errors import ConflictError, UsageError
from kit.clones import Clone, did

COUNT = "datasets/marts/count.sql"
TOTALS = "datasets/marts/totals.sql"
MAY = "raw/orders_05.csv"


def count(number: int) -> str:
    return f"select {number} as n\n"


def orders(*amounts: int) -> str:
    return "id,customer,amount\n" + "".join(f"{i},ada,{amount}\n" for i, amount in enumerate(amounts))


def conflict_of(act) -> ConflictError:
    with pytest.raises(ConflictError) as caught:
        act()
    assert caught.value.code == "lake.folder_conflict"
    return caught.value


@pytest.fixture
def apart(shared) -> tuple[Clone, Clone]:
    """Two folders that changed one dataset and one raw file, each in its way; ana's is published."""
    ana, ben = shared
    ana.write(COUNT, count(1))
    ana.write(MAY, orders(1))
    ana.run()
    ben.write(COUNT, count(2))
    ben.write(MAY, orders(2, 2))
    return ana, ben


def test_what_the_message_names_takes_the_folders(apart):
    ana, ben = apart
    error = conflict_of(ben.run)
    assert error.details["files"] == [COUNT]
    assert f"--mine {COUNT}" in error.hint
    assert conflict_of(lambda: ben.run(mine=(COUNT,))).details["files"] == [MAY]
    ben.run(mine=(COUNT, MAY))
    assert ben.ask("from marts.count") == [(2,)]
    assert ben.ask("select sum(amount) from shop.orders") == [(4,)]
    assert did(ben.run()) == {}
    assert did(ana.run()) == {}  # what was ana's is older now
    assert ana.pull().written == (COUNT,)


def test_what_the_message_names_keeps_what_is_published(apart):
    ana, ben = apart
    ben.run(theirs=(".",))
    assert ben.ask("from marts.count") == [(1,)]
    assert ben.ask("select sum(amount) from shop.orders") == [(1,)]
    assert did(ben.run()) == {}
    assert ben.refresh().run is None
    assert (ben.read(COUNT), ben.read(MAY)) == (count(2), orders(2, 2))  # nothing of the folder is touched
    ana.write(COUNT, count(3))
    ana.write(MAY, orders(3))
    ana.run()
    assert did(ben.run()) == {}
    # an edit made now is one of both
    ben.write(MAY, orders(4))
    assert conflict_of(ben.run).details["files"] == [MAY]
    ben.run(mine=("raw",))
    assert ben.ask("select sum(amount) from shop.orders") == [(4,)]
    assert ben.pull().written == (COUNT,)
    assert ben.read(COUNT) == count(3)


def test_a_merged_text_is_written_with_pull(apart):
    _, ben = apart
    assert ben.pull().conflicts == (COUNT,)
    ben.write(COUNT, count(12))
    assert conflict_of(ben.run).details["files"] == [MAY]
    ben.run(mine=(MAY,))
    assert ben.ask("from marts.count") == [(12,)]


def test_a_nightly_refresh_is_no_dead_end(project):
    """A load is undone, and the next delivery changes the same file."""
    project.run()
    project.write(MAY, orders(5))
    project.run()
    project.undo()
    project.write(MAY, orders(6))
    project.refresh()
    assert project.ask("select sum(amount) from shop.orders") == [(6,)]


def test_a_refresh_decides_too(apart):
    _, ben = apart
    ben.write(COUNT, None)
    error = conflict_of(ben.refresh)
    assert error.details["files"] == [MAY]
    assert "`andon pull`" not in error.hint
    ben.refresh(mine=(MAY,))
    assert ben.ask("select sum(amount) from shop.orders") == [(4,)]
    assert ben.refresh().run is None


@pytest.fixture
def branches(project) -> Clone:
    """A branch and main that changed one dataset and one raw file, each in its way."""
    project.run()
    project.branch("dev")
    project.write(COUNT, count(2))
    project.write(MAY, orders(2, 2))
    project.run(branch="dev")
    project.write(COUNT, count(1))
    project.write(MAY, orders(1))
    project.run()
    return project


@pytest.mark.parametrize("side", ["mine", "theirs"])
def test_between_branches_a_side_is_taken_for_good(branches, side):
    error = conflict_of(lambda: branches.publish("dev"))
    assert "on the branch first" in error.hint
    result = branches.publish("dev", **{side: (COUNT, "raw")})
    assert result.published
    expected = {"mine": (2, 4), "theirs": (1, 1)}[side]
    assert branches.ask("select n, (select sum(amount) from shop.orders) from marts.count") == [expected]
    assert branches.publish("dev").run is None
    branches.switch("dev")
    branches.write(MAY, orders(2, 2))
    branches.write("datasets/marts/more.sql", "select 1 as one\n")
    branches.run(branch="dev")
    branches.publish("dev")
    assert branches.ask("select n, (select sum(amount) from shop.orders) from marts.count", "main") == [expected]
    assert "marts.more" in branches.leaves()


def test_between_branches_something_of_both_is_written_on_the_branch(branches):
    branches.write(COUNT, count(12))
    branches.run(branch="dev")
    branches.publish("dev", mine=(COUNT,))
    assert branches.ask("select n, (select sum(amount) from shop.orders) from marts.count") == [(12, 1)]
    assert branches.publish("dev").run is None


def test_a_decision_about_what_needs_none_is_refused(apart):
    ana, ben = apart
    for clone, option in ((ana, "mine"), (ben, "theirs")):
        with pytest.raises(UsageError) as caught:
            clone.run(**{option: (TOTALS,) if clone is ana else (".", "datasets/other")})
        assert caught.value.code == "usage.bad_argument"
        assert f"--{option}" in caught.value.hint


def test_a_branch_that_the_folder_never_saw_is_merged_from_where_it_parted(shared):
    ana, ben = shared
    ana.branch("dev")
    ana.write(COUNT, count(1))
    ana.run(branch="dev")
    ben.write(TOTALS, "select customer, max(amount) as amount from shop.orders group by customer\n")
    result = ben.run(branch="dev")
    assert "marts.totals" in did(result)
    assert ben.ask("from marts.count", "dev") == [(1,)]  # ana's edit stays


def test_what_was_decided_for_the_folder_is_not_asked_again_though_a_selection_leaves_it_out(apart):
    _, ben = apart
    ben.run("marts.best", mine=(".",))
    assert ben.ask("from marts.count") == [(1,)]
    ben.run()
    assert ben.ask("from marts.count") == [(2,)]
    assert ben.ask("select sum(amount) from shop.orders") == [(4,)]


def test_what_was_decided_for_the_folder_is_not_asked_again_while_an_undo_keeps_its_source_back(apart):
    ana, ben = apart
    june = "raw/orders_06.csv"
    ana.write(june, orders(100))
    ana.run()
    ana.undo()
    ben.write(june, orders(100))
    ben.run(mine=(".",))
    assert ben.ask("select sum(amount) from shop.orders") == [(1,)]  # kept as a whole
    assert ben.refresh().published
    assert did(ben.run()) == {"shop.orders": "keep"}
    ben.accept(june)
    ben.refresh()
    assert ben.ask("select sum(amount) from shop.orders") == [(104,)]


@pytest.fixture
def in_part(project) -> Clone:
    """A branch that main took, undid, and of which it keeps a part out since; both changed another dataset."""
    project.run()
    project.branch("dev")
    project.write(COUNT, count(2))
    project.run(branch="dev")
    project.publish("dev")
    project.undo()
    project.write(TOTALS, "select 'dev' as customer, 1 as amount\n")
    project.run(branch="dev")
    project.write(TOTALS, "select 'main' as customer, 1 as amount\n")
    project.run()
    return project


def test_of_a_branch_that_is_taken_in_part_nothing_is_asked_twice(in_part):
    assert conflict_of(lambda: in_part.publish("dev")).details["files"] == [TOTALS]
    assert in_part.publish("dev", theirs=(TOTALS,)).published
    again = in_part.publish("dev")
    assert again.run is None
    assert any(COUNT in line for line in again.notices)

    # what was kept out passes once it is accepted
    in_part.accept(COUNT)
    in_part.write(COUNT, count(2))
    in_part.publish("dev")
    assert in_part.ask("select n, (select customer from marts.totals) from marts.count") == [(2, "main")]
    assert in_part.publish("dev").run is None


def test_an_edit_of_what_was_decided_in_part_is_one_of_both(in_part):
    in_part.publish("dev", theirs=(TOTALS,))
    in_part.write(TOTALS, "select 'new' as customer, 1 as amount\n")
    in_part.run(branch="dev")
    assert conflict_of(lambda: in_part.publish("dev")).details["files"] == [TOTALS]
    in_part.publish("dev", mine=(TOTALS,))
    assert in_part.ask("select customer from marts.totals") == [("new",)]


def test_an_undone_decision_counts_no_more(in_part):
    in_part.publish("dev", theirs=(TOTALS,))
    in_part.undo()
    assert conflict_of(lambda: in_part.publish("dev")).details["files"] == [TOTALS]


@pytest.mark.parametrize(("side", "expected"), [("mine", 12), ("theirs", 11)])
def test_raw_files_of_a_source_that_an_undo_holds_are_not_asked_for_twice(project, side, expected):
    june = "raw/orders_06.csv"
    project.run()
    project.branch("dev")
    project.write(june, orders(10))
    project.run(branch="dev")
    project.publish("dev")
    project.undo()
    project.write(MAY, orders(2))
    project.run(branch="dev")
    project.write(june, None)
    project.write(MAY, orders(1))
    project.run()
    assert conflict_of(lambda: project.publish("dev")).details["files"] == [MAY]
    project.publish("dev", **{side: (MAY,)})
    assert project.publish("dev").run is None
    project.accept(june)
    project.publish("dev")
    assert project.ask("select sum(amount) from shop.orders") == [(expected,)]
