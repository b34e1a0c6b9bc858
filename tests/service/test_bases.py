"""The base of a folder: what it last had in common with a branch, through pulls, undos, switches and branches that come and go."""

from __future__ import annotations

import pytest

from andon.errors import ConflictError
from andon.runs.goal import RunOptions
from kit.clones import closing

COUNT = "datasets/marts/count.sql"


def count(more: int) -> str:
    return f"select count(*) + {more} as n from shop.orders\n"


def test_an_edit_of_what_a_colleague_deleted_comes_back_after_a_pull(shared):
    ana, ben = shared
    ben.write(COUNT, None)
    ben.run()
    ana.write(COUNT, count(1))
    with pytest.raises(ConflictError):
        ana.run()

    assert ana.pull().kept == (COUNT,)
    ana.run()

    assert ana.ask("select n from marts.count") == [(4,)]


def test_an_edit_of_what_was_undone_passes_after_a_pull(shared):
    ana, _ = shared
    ana.write("datasets/marts/new.sql", "select 1 as n\n")
    ana.run()
    ana.undo()
    ana.write("datasets/marts/new.sql", "select 2 as n\n")

    ana.pull()
    ana.run()

    assert ana.ask("select n from marts.new") == [(2,)]


def test_the_meaning_of_a_colleagues_text_is_not_taken_for_that_of_the_base(shared):
    """Else an undo of hers would let this folder's older edit win over what was published since, without a word."""
    ana, ben = shared
    ben.branch("dev")
    ben.write(COUNT, count(2))
    ben.run(branch="dev")
    ana.write(COUNT, count(3))
    ana.publish("dev")
    ana.undo()
    ben.pull()
    ben.write(COUNT, count(5))
    ben.run()

    with pytest.raises(ConflictError):
        ana.run()


def test_a_raw_file_that_a_branch_never_had_is_new_to_it_after_a_switch(shared):
    ana, ben = shared
    ben.branch("dev")
    ana.write("raw/orders_06.csv", "id,customer,amount\n9,eve,1000\n")
    ana.run()

    ana.switch("dev")
    ana.run(branch="dev")

    assert ana.ask("select n from marts.count", "dev") == [(4,)]


def test_a_branch_has_nothing_in_common_with_an_earlier_one_of_its_name(shared):
    ana, _ = shared
    ana.branch("dev")
    ana.write(COUNT, count(1))
    ana.run(branch="dev")
    with closing(ana.open()) as service:
        service.branches.drop("dev")

    ana.branch("dev", ana.head().id)
    ana.run(branch="dev")

    assert ana.ask("select n from marts.count", "dev") == [(4,)]


@pytest.mark.parametrize("edited", [False, True], ids=["as it was", "edited since"])
def test_what_was_accepted_again_comes_with_the_next_publish_of_its_branch(project, edited):
    project.run()
    project.branch("dev")
    text = (project.root / COUNT).read_text()
    project.write(COUNT, count(100))
    project.run(branch="dev")
    project.write(COUNT, text)
    project.publish("dev")
    project.undo()
    project.accept(COUNT)
    if edited:
        project.write(COUNT, count(7))
        project.run()

    project.publish("dev")

    assert project.ask("select n from marts.count") == [(10,) if edited else (103,)]


def test_a_branch_that_is_not_there_yet_begins_where_main_is(shared):
    ana, _ = shared
    ana.write(COUNT, count(1))
    with closing(ana.open()) as service:
        planned = service.runs.plan(RunOptions(branch="dev"))
    assert [s.dataset for s in planned.steps if s.code_changed] == ["marts.count"]
    ana.run(branch="dev")
    assert ana.ask("select n from marts.count", "dev") == [(4,)]
