"""Proofs over several hops: a dataset may keep its result only if what it reads is proved to be what it was, made again or not."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime

import pytest

from kit.clones import Clone, closing, did

LINES = "select id, customer, amount from shop.orders\n"


def test_a_reader_of_what_was_left_behind_follows_when_that_catches_up(project: Clone) -> None:
    project.write("datasets/staging/lines.sql", LINES)
    project.write("datasets/marts/spent.sql", "select sum(amount) as spent from staging.lines\n")
    project.write("datasets/marts/more.sql", "select spent + 1 as more from marts.spent\n")
    assert project.run().published
    project.write("datasets/staging/lines.sql", LINES.replace("orders", "orders where id > 1"))
    assert project.run("staging.lines").published
    assert project.ask("from marts.more") == [(36,)]
    plan = {step.dataset: step for step in project.plan().steps}
    assert str(plan["marts.spent"].action) == str(plan["marts.more"].action) == "build"
    assert project.run().published
    assert project.ask("from marts.more") == [(26,)]


def test_a_view_left_behind_is_followed_too(project: Clone) -> None:
    project.write("datasets/staging/lines.sql", LINES)
    project.write("datasets/staging/seen.sql", "/*---\nmaterialize: view\n---*/\nselect amount from staging.lines\n")
    project.write("datasets/marts/more.sql", "select sum(amount) as more from staging.seen\n")
    assert project.run().published
    project.write("datasets/staging/lines.sql", LINES.replace("orders", "orders where id > 1"))
    assert project.run("staging.lines").published
    project.write(
        "datasets/staging/lines.sql", LINES.replace("orders", "orders where id > 1").replace("id,", "id, 1 as one,")
    )
    assert project.run().published
    assert project.ask("from marts.more") == [(25,)]


def test_a_star_left_behind_takes_the_columns_there_are_now(project: Clone) -> None:
    project.write("datasets/staging/lines.sql", LINES)
    project.write("datasets/staging/all_of_it.sql", "select * from staging.lines\n")
    project.write("datasets/marts/all_again.sql", "select * from staging.all_of_it\n")
    assert project.run().published
    project.write("datasets/staging/lines.sql", LINES.replace("id,", "id, 1 as one,"))
    assert project.run("staging.lines").published
    assert project.run().published
    assert project.ask("select sum(one) from marts.all_again") == [(3,)]


def test_what_reads_the_clock_is_no_proof_for_its_readers(project: Clone) -> None:
    project.write("datasets/marts/moment.sql", "select now() as seen\n")
    project.write("datasets/marts/day.sql", "select max(seen) as seen from marts.moment\n")
    assert project.run(now=datetime(2026, 1, 1, tzinfo=UTC)).published
    assert project.refresh(now=datetime(2026, 1, 2, tzinfo=UTC)).published
    assert project.ask("select seen::date::varchar from marts.day") == [("2026-01-02",)]


def test_what_a_check_held_back_reaches_its_readers_when_it_is_let_go(project: Clone) -> None:
    project.write("datasets/staging/lines.sql", "/*---\nchecks: |\n  amount < 50\n---*/\n" + LINES)
    project.write("datasets/marts/spent.sql", "select sum(amount) as spent from staging.lines\n")
    project.write("datasets/marts/more.sql", "select spent + 1 as more from marts.spent\n")
    assert project.run().published
    project.write("raw/orders_05.csv", "id,customer,amount\n1,ada,90\n2,ben,20\n3,ada,5\n")
    project.refresh(publish="healthy")
    assert project.ask("from marts.more") == [(36,)]
    project.write("datasets/staging/lines.sql", "/*---\nchecks: |\n  amount < 500\n---*/\n" + LINES)
    assert project.run().published
    assert project.ask("from marts.spent") == [(115,)]
    assert project.ask("from marts.more") == [(116,)]


def test_a_lost_result_is_no_proof(project: Clone) -> None:
    assert project.run().published
    with closing(project.open()) as service:
        leaf = service.workspace.lake.commits.state(service.workspace.lake.refs.resolve("main")).leaves["marts.count"]
        version = service.workspace.lake.objects.versions([leaf.version])[leaf.version]
        service.workspace.lake.storage.delete(version.files[0].path)
    project.write("datasets/marts/count.sql", "with x as (from shop.orders) select count(*) as n from x\n")
    result = project.run()
    assert did(result)["marts.count"] == "build"
    assert project.ask("from marts.count") == [(3,)]


def test_what_the_engine_chose_elsewhere_is_no_proof(project: Clone) -> None:
    first = "select amount as paid from shop.orders limit 1\n"
    project.write("datasets/marts/first.sql", first)
    project.write("datasets/marts/more.sql", "select paid + 1 as more from marts.first\n")
    assert project.run().published
    before = project.leaves()["marts.first"]
    project.write("datasets/marts/first.sql", "select o.amount as paid from shop.orders as o limit 1\n")
    with closing(project.open()) as service:
        changes_of = service.runs.plan().steps
    assert {s.dataset: str(s.action) for s in changes_of if s.dataset == "marts.first"} == {"marts.first": "reuse"}
    assert before == project.leaves()["marts.first"]


@pytest.mark.parametrize("head", ["", "/*---\nmaterialize: view\n---*/\n"])
def test_an_addition_is_proved_through_what_lies_between(project: Clone, head: str) -> None:
    project.write("datasets/staging/lines.sql", LINES)
    project.write("datasets/staging/between.sql", head + "select * from staging.lines\n")
    project.write("datasets/marts/spent.sql", "select sum(amount) as spent from staging.between\n")
    project.write("datasets/marts/more.sql", "select spent + 1 as more from marts.spent\n")
    assert project.run().published
    before = project.leaves()
    project.write("datasets/staging/lines.sql", LINES.replace("id,", "id, 1 as one,"))
    result = project.run()
    assert result.published
    assert not {"marts.spent", "marts.more"} & did(result).keys()
    assert project.leaves()["marts.more"] == before["marts.more"]
    assert project.ask("select sum(one) from staging.between") == [(3,)]
    shutil.rmtree(project.root / ".andon")


def test_the_reach_names_who_is_built_again_though_it_reads_nothing_that_changes(project: Clone) -> None:
    project.write("datasets/staging/lines.sql", LINES)
    project.write("datasets/marts/some.sql", "select any_value(amount) as paid from staging.lines\n")
    project.write("datasets/marts/more.sql", "select paid + 1 as more from marts.some\n")
    project.write("datasets/marts/all_in_all.sql", "select sum(amount) as spent from staging.lines\n")
    assert project.run().published
    project.write("datasets/staging/lines.sql", LINES.replace("id,", "id, 1 as one,"))
    plan = {step.dataset: step for step in project.plan().steps}
    built = {d for d, step in plan.items() if str(step.action) == "build"}
    assert built == {"staging.lines", "marts.some", "marts.more"}
    reach = plan["staging.lines"].reach
    assert reach is not None
    assert reach.datasets == ("marts.more", "marts.some")
    assert reach.build == 3
