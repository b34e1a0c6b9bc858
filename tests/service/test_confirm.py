"""Agreeing to a plan: the one that was seen is done, another one is asked about again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from andon.errors import ConflictError
from andon.model.event import Planned
from andon.model.plan import Plan
from andon.runs.goal import ANY_PLAN, Listener, PlanUnconfirmed, RunOptions
from kit.clones import FILES, Clone, closing, did

COUNT = "datasets/marts/count.sql"
TOTALS = "datasets/marts/totals.sql"


def refused(call: Callable[[], object]) -> Plan:
    """The plan that `call` is refused with."""
    with pytest.raises(PlanUnconfirmed) as caught:
        call()
    assert caught.value.code == "usage.confirmation_needed"
    assert caught.value.hint
    return caught.value.plan


def run(clone: Clone, agreed: str | None = None, listener: Listener | None = None, **options: object):
    with closing(clone.open()) as service:
        return service.runs.run(RunOptions(**options, agreed=agreed), listener)


def works(plan: Plan) -> dict[str, str]:
    return {step.dataset: str(step.action) for step in plan.works}


@pytest.fixture
def edited(project: Clone) -> Clone:
    """A published project with an edit."""
    project.run()
    project.write(COUNT, "select count(*) + 1 as n from shop.orders\n")
    return project


def test_the_refusal_carries_the_plan_that_plan_shows_and_does_nothing(edited):
    head, runs = edited.head(), newest(edited)
    plan = refused(lambda: run(edited))
    assert works(plan) == {"marts.count": "build"}
    assert plan.digest == edited.plan().digest != ""
    assert (edited.head(), newest(edited)) == (head, runs)


def newest(clone: Clone) -> list[int]:
    with closing(clone.open()) as service:
        return [record.number for record in service.workspace.runs.newest(5)]


def test_the_plan_that_was_seen_is_done(edited):
    result = run(edited, edited.plan().digest)
    assert result.published
    assert did(result) == {"marts.count": "build"}


def test_other_code_of_the_same_step_is_another_plan(edited):
    seen = edited.plan()
    edited.write(COUNT, "select count(*) + 2 as n from shop.orders\n")
    plan = refused(lambda: run(edited, seen.digest))
    assert works(plan) == works(seen)
    assert plan.digest != seen.digest
    assert run(edited, plan.digest).published
    assert edited.ask("select n from marts.count") == [(5,)]


def test_a_comment_is_code_too_and_a_message_is_not(edited):
    seen = edited.plan()
    edited.write(COUNT, "-- more\nselect count(*) + 1 as n from shop.orders\n")
    refused(lambda: run(edited, seen.digest))
    edited.write(COUNT, "select count(*) + 1 as n from shop.orders\n")
    assert run(edited, seen.digest, message="one more").published


def test_a_macro_of_what_is_built_is_part_of_the_plan(project):
    project.write("macros/m.sql", "create macro more(x) as x + 1;\n")
    project.write(COUNT, "select more(count(*)) as n from shop.orders\n")
    project.run()
    project.write("macros/m.sql", "create macro more(x) as x + 2;\n")
    seen = project.plan()
    project.write("macros/m.sql", "create macro more(x) as x + 3;\n")
    plan = refused(lambda: run(project, seen.digest))
    assert works(plan) == works(seen) == {"marts.count": "build"}


def test_another_selection_is_another_plan(edited):
    edited.write(TOTALS, FILES[TOTALS].replace("sum(", "2 * sum("))
    one, both = edited.plan("marts.count"), edited.plan()
    assert works(refused(lambda: run(edited, one.digest))) == works(both)
    assert did(run(edited, one.digest, select=("marts.count",))) == {"marts.count": "build"}


def test_an_edit_of_what_is_not_selected_does_not_ask_again(edited):
    seen = edited.plan("marts.count")
    edited.write(TOTALS, FILES[TOTALS].replace("sum(", "2 * sum("))
    edited.write("datasets/marts/new.sql", "select 1 as one\n")
    result = run(edited, seen.digest, select=("marts.count",))
    assert did(result) == {"marts.count": "build"}
    assert edited.ask("select * from marts.totals order by 1") == [("ada", 15), ("ben", 20)]


def test_what_a_colleague_publishes_and_the_plan_does_not_touch_does_not_ask_again(shared):
    ana, ben = shared
    ana.write(COUNT, "select count(*) + 1 as n from shop.orders\n")
    seen = ana.plan()
    ben.write("datasets/marts/bens.sql", "select 1 as one\n")
    ben.run()
    result = run(ana, seen.digest)
    assert result.published
    assert {"marts.bens", "marts.count"} <= ana.leaves().keys()
    assert ana.ask("select n from marts.count") == [(4,)]


def test_what_a_colleague_publishes_so_that_the_steps_differ_asks_again(shared):
    ana, ben = shared
    ana.write(COUNT, "select count(*) + 1 as n from shop.orders\n")
    seen = ana.plan()
    ben.write("datasets/marts/reader.sql", "select n from marts.count\n")
    ben.run()
    plan = refused(lambda: run(ana, seen.digest))
    assert works(plan) == {"marts.count": "build", "marts.reader": "build"}
    assert plan.base != seen.base
    assert run(ana, plan.digest).published
    assert ana.ask("select n from marts.reader") == [(4,)]


def test_a_branch_that_moves_under_a_run_asks_again_if_the_plan_is_another_one(shared):
    """What was agreed to is planned again on top of the new head: where that is another plan, nobody agreed to it."""
    ana, ben = shared
    ana.write(COUNT, "select count(*) + 1 as n from shop.orders\n")
    ben.write("datasets/marts/reader.sql", "select n from marts.count\n")
    moves = [ben.run]

    def report(event: object) -> None:
        if isinstance(event, Planned) and moves:
            moves.pop()()

    seen = ana.plan()
    plan = refused(lambda: run(ana, seen.digest, Listener(report)))
    assert "marts.reader" in works(plan)
    assert ana.ask("select n from marts.reader") == ben.ask("select n from marts.count") == [(3,)]
    assert run(ana, plan.digest).published


def test_an_edit_that_is_saved_after_a_run_began_is_not_published(shared):
    """Planned again, because a colleague published meanwhile, a run takes the texts and raw files that it took at first."""
    ana, ben = shared
    ana.write(COUNT, "select count(*) + 1 as n from shop.orders\n")
    ana.write("macros/m.sql", "create macro more(x) as x + 10;\n")
    ana.write("datasets/marts/most.sql", "select more(max(amount)) as most from shop.orders\n")
    ben.write("datasets/marts/reader.sql", "select n from marts.count\n")

    def meanwhile() -> None:
        ben.run()
        ana.write(COUNT, "select count(*) + 2 as n from shop.orders\n")
        ana.write("macros/m.sql", "create macro more(x) as x + 20;\n")
        ana.write("raw/orders_06.csv", "id,customer,amount\n9,eve,900\n")

    moves = [meanwhile]

    def report(event: object) -> None:
        if isinstance(event, Planned) and moves:
            moves.pop()()

    result = run(ana, ANY_PLAN, Listener(report))
    assert (result.published, moves) == (True, [])
    assert ana.ask("select n, most from marts.reader, marts.most") == [(4, 30)]
    assert works(ana.plan()).keys() >= {"marts.count", "marts.most", "shop.orders"}  # the edits are still to come


def test_what_is_asked_about_is_what_is_done_whatever_is_edited_while_somebody_thinks(edited):
    seen: list[dict[str, str]] = []

    def agree(plan: Plan) -> None:
        seen.append(works(plan))
        assert plan.steps[-1].verdict is not None or len(plan.steps) > 1  # all that is known is shown
        edited.write(COUNT, "select count(*) + 7 as n from shop.orders\n")
        edited.write("datasets/marts/new.sql", "select 1 as one\n")

    result = run(edited, listener=Listener(agree=agree))
    assert (seen, did(result)) == ([{"marts.count": "build"}], {"marts.count": "build"})
    assert edited.ask("select n from marts.count") == [(4,)]
    assert works(edited.plan()) == {"marts.count": "build", "marts.new": "build"}


def test_who_does_not_agree_has_done_nothing(edited):
    head, runs = edited.head(), newest(edited)

    def agree(_: Plan) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(edited, listener=Listener(agree=agree))
    assert (edited.head(), newest(edited)) == (head, runs)


def test_another_plan_by_then_is_asked_about_again(shared):
    """Once because a colleague published while somebody thought, once because one did while it was built."""
    ana, ben = shared
    ana.write(COUNT, "select count(*) + 1 as n from shop.orders\n")
    asked: list[dict[str, str]] = []

    def publish(name: str) -> None:
        ben.write(f"datasets/marts/{name}.sql", "select n from marts.count\n")
        ben.run()

    def agree(plan: Plan) -> None:
        asked.append(works(plan))
        if len(asked) == 1:
            publish("first")

    moves = ["second"]

    def report(event: object) -> None:
        if isinstance(event, Planned) and moves:
            publish(moves.pop())

    result = run(ana, listener=Listener(report, agree=agree))
    assert result.published
    assert [set(one) for one in asked] == [
        {"marts.count"},
        {"marts.count", "marts.first"},
        {"marts.second"},  # what was built is reused
    ]
    assert ana.ask("select n from marts.second") == [(4,)]


def test_a_publish_is_agreed_to_in_the_same_way(project):
    project.run()
    project.write(COUNT, "select count(*) + 1 as n from shop.orders\n")
    project.run(branch="try")
    with closing(project.open()) as service:
        seen = service.branches.plan_publish("try")
        assert refused(lambda: service.branches.publish("try")).digest == seen.digest
    project.write(COUNT, "select count(*) + 2 as n from shop.orders\n")
    project.run(branch="try")
    with closing(project.open()) as service:
        plan = refused(lambda: service.branches.publish("try", options=RunOptions(agreed=seen.digest)))
        assert plan.digest != seen.digest
        assert service.branches.publish("try", options=RunOptions(agreed=plan.digest)).published
    assert project.ask("select n from marts.count", "main") == [(5,)]


def test_a_publish_is_not_asked_about_again_for_what_it_does_not_touch(project):
    project.run()
    project.write(COUNT, "select count(*) + 1 as n from shop.orders\n")
    project.run(branch="try")
    with closing(project.open()) as service:
        seen = service.branches.plan_publish("try")
    project.write(COUNT, FILES[COUNT])
    project.write("datasets/marts/other.sql", "select 1 as one\n")
    project.run()
    with closing(project.open()) as service:
        assert service.branches.publish("try", options=RunOptions(agreed=seen.digest)).published
    assert {"marts.other", "marts.count"} <= project.leaves().keys()


def test_what_moves_no_code_of_main_never_asks(project):
    project.run()
    project.write("raw/orders_06.csv", "id,customer,amount\n4,ada,1\n")
    with closing(project.open()) as service:
        assert service.runs.refresh().published
    project.write("raw/orders_07.csv", "id,customer,amount\n5,ada,1\n")
    assert run(project).published  # a run that finds new files and no new code
    project.write(COUNT, "select count(*) + 1 as n from shop.orders\n")
    assert run(project, branch="aside").published
    assert not run(project, publish="none").published
    assert project.ask("select n from marts.count") == [(5,)]


def test_any_plan_agrees_to_what_comes_and_another_text_to_nothing(edited):
    refused(lambda: run(edited, "no digest"))
    refused(lambda: run(edited, ""))
    assert run(edited, ANY_PLAN).published
    assert run(edited).run is None  # nothing to do is nothing to agree to


def test_a_conflict_comes_before_the_question(shared):
    ana, ben = shared
    ana.write(COUNT, "select count(*) + 1 as n from shop.orders\n")
    ben.write(COUNT, "select count(*) + 2 as n from shop.orders\n")
    ben.run()
    with pytest.raises(ConflictError) as caught:
        run(ana)
    assert caught.value.code == "lake.folder_conflict"
