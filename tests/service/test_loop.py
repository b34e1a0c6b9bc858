"""The loop of one person: run, change, refresh, undo, redo, branch, publish."""

from contextlib import closing

import pytest

import andon
from andon.errors import ProjectError, UsageError
from andon.runs.goal import RunOptions
from kit.clones import FILES, did

TOTALS = "select customer, amount from marts.totals order by customer"


def test_the_first_run_builds_and_publishes_everything(project):
    result = project.run()
    assert result.published
    assert did(result) == {
        "shop.orders": "build",
        "marts.totals": "build",
        "marts.best": "build",
        "marts.count": "build",
    }
    assert project.ask(TOTALS) == [("ada", 15), ("ben", 20)]
    assert project.head(f"run:{result.run}").id == result.commit == project.head().id


def test_a_run_with_nothing_to_do_makes_no_commit(project):
    first = project.run()
    second = project.run()
    assert did(second) == {}
    assert second.commit == first.commit
    assert second.run is None


def test_a_changed_raw_file_rebuilds_what_depends_on_it(project):
    project.run()
    project.write("raw/orders_05.csv", "id,customer,amount\n1,ada,11\n2,ben,20\n3,ada,5\n")
    result = project.run()
    assert did(result) == {"shop.orders": "build", "marts.totals": "build"} | {
        t.dataset: str(t.action)
        for t in result.tasks
        if t.dataset in ("marts.best", "marts.count") and t.action != "reuse"
    }
    assert project.ask(TOTALS) == [("ada", 16), ("ben", 20)]


def test_a_rebuild_with_equal_content_stops_there(project):
    project.run()
    before = project.leaves()
    project.write("raw/orders_05.csv", "id,customer,amount\n1,ada,10\n2,ben,20\n3,ada,5")  # no final line end
    result = project.run()
    assert did(result) == {"shop.orders": "build"}
    after = project.leaves()
    assert after["shop.orders"].version == before["shop.orders"].version
    assert after["shop.orders"].build != before["shop.orders"].build
    assert after["marts.totals"] == before["marts.totals"]


def test_a_comment_builds_nothing_and_is_kept(project):
    project.run()
    before = project.leaves()["marts.totals"]
    project.write("datasets/marts/totals.sql", "-- what each customer spent\n" + FILES_TOTALS)
    plan = project.plan()
    assert {s.dataset: s.reason for s in plan.steps}["marts.totals"] == "only comments, checks or layout changed"
    result = project.run()
    assert did(result) == {}
    after = project.leaves()["marts.totals"]
    assert (after.version, after.definition) == (before.version, before.definition)
    assert after.files != before.files
    assert project.run().run is None


FILES_TOTALS = "select customer, sum(amount) as amount from shop.orders group by customer order by customer\n"


def test_undo_gives_readers_the_state_before_and_the_undone_code_stays_out(project):
    project.run()
    project.write("datasets/marts/totals.sql", FILES_TOTALS.replace("sum(amount)", "2 * sum(amount)"))
    project.run()
    assert project.ask(TOTALS) == [("ada", 30), ("ben", 40)]
    undone = project.undo()
    assert "marts.totals" in undone.datasets
    assert project.ask(TOTALS) == [("ada", 15), ("ben", 20)]
    again = project.run()
    assert did(again) == {}
    assert any("undone" in n for n in again.notices)
    assert project.ask(TOTALS) == [("ada", 15), ("ben", 20)]
    project.redo()
    assert project.ask(TOTALS) == [("ada", 30), ("ben", 40)]
    assert project.rejected() == set()


def test_undo_redo_undo_goes_back_and_forth(project):
    project.run()
    project.write("datasets/marts/totals.sql", FILES_TOTALS.replace("sum(amount)", "2 * sum(amount)"))
    project.run()
    for _ in range(2):
        project.undo()
        assert project.ask(TOTALS) == [("ada", 15), ("ben", 20)]
        project.redo()
        assert project.ask(TOTALS) == [("ada", 30), ("ben", 40)]


def test_two_undos_are_redone_one_after_the_other(project):
    project.run()
    for factor in (2, 3):
        project.write("datasets/marts/totals.sql", FILES_TOTALS.replace("sum(amount)", f"{factor} * sum(amount)"))
        project.run()
    project.undo()
    project.undo()
    assert project.ask(TOTALS) == [("ada", 15), ("ben", 20)]
    project.redo()
    assert project.ask(TOTALS) == [("ada", 30), ("ben", 40)]
    project.redo()
    assert project.ask(TOTALS) == [("ada", 45), ("ben", 60)]
    assert project.rejected() == set()
    with pytest.raises(UsageError):
        project.redo()


def test_a_result_is_read_as_often_as_one_wants(project):
    project.run()
    with closing(andon.open(project.root)) as lake:
        result = lake.sql("select id, amount from shop.orders order by id")
        rows = [(1, 10), (2, 20), (3, 5)]
        for _ in range(2):
            assert "3 rows" in repr(result)
            assert result.fetchall() == rows
            assert result.arrow().num_rows == len(rows)
            assert list(result.df().itertuples(index=False, name=None)) == rows
            assert result.pl().rows() == rows


def test_history_is_a_line_that_readers_saw(project):
    project.run()
    project.write("datasets/marts/more.sql", "select 1 as one")
    project.run()
    project.undo()
    with pytest.raises(UsageError):
        project.ask("select * from marts.more")
    assert project.ask("select one from marts.more", at="main~1") == [(1,)]


def test_a_deleted_dataset_leaves_with_the_publish_and_undo_brings_it_back(project):
    project.run()
    project.write("datasets/marts/count.sql", None)
    assert did(project.run()) == {"marts.count": "drop"}
    assert "marts.count" not in project.leaves()
    project.undo()
    assert "marts.count" in project.leaves()
    again = project.run()
    assert did(again) == {}
    assert "marts.count" in project.leaves()


def test_an_accepted_rejection_passes_again(project):
    project.run()
    project.write("datasets/marts/count.sql", "select count(*) + 1 as n from shop.orders\n")
    project.run()
    project.undo()
    assert did(project.run()) == {}
    project.accept("datasets/marts/count.sql")
    assert did(project.run()) == {"marts.count": "reuse"} or project.ask("select n from marts.count") == [(4,)]
    assert project.ask("select n from marts.count") == [(4,)]


def test_an_undone_file_that_was_fixed_passes_and_so_does_the_rest_of_its_publish(project):
    project.run()
    project.write("datasets/marts/totals.sql", FILES_TOTALS.replace("sum(amount)", "3 * sum(amount)"))
    project.write("datasets/marts/count.sql", "select count(*) + 7 as n from shop.orders\n")
    project.run()
    project.undo()
    project.write("datasets/marts/totals.sql", FILES_TOTALS.replace("sum(amount)", "4 * sum(amount)"))
    result = project.run()
    assert project.ask(TOTALS) == [("ada", 60), ("ben", 80)]
    assert project.ask("select n from marts.count") == [(10,)]
    assert result.published


def test_an_undone_raw_file_waits_until_it_is_corrected(project):
    project.run()
    project.write("raw/orders_06.csv", "id,customer,amount\n4,ada,999999\n")
    project.refresh()
    assert project.ask("select max(amount) from shop.orders") == [(999999,)]
    project.undo()
    assert project.ask("select max(amount) from shop.orders") == [(20,)]
    waiting = project.refresh()
    assert did(waiting) == {"shop.orders": "keep"}
    project.write("raw/orders_07.csv", "id,customer,amount\n5,ben,7\n")
    assert did(project.refresh()) == {"shop.orders": "keep"}
    assert project.ask("select count(*) from shop.orders") == [(3,)]
    project.write("raw/orders_06.csv", "id,customer,amount\n4,ada,9\n")
    result = project.refresh()
    assert result.published
    assert project.ask("select count(*), max(amount) from shop.orders") == [(5, 20)]


def test_a_failing_dataset_holds_a_change_whole(project):
    project.run()
    project.write("datasets/marts/best.sql", "select (customer)::int as customer from marts.totals\n")
    project.write("datasets/marts/count.sql", "select 2 * count(*) as n from shop.orders\n")
    result = project.run()
    assert not result.published
    assert "marts.best" in result.held
    assert project.ask("select n from marts.count") == [(3,)]
    assert project.ask("select n from marts.count", at=f"run:{result.run}") == [(6,)]
    project.write("datasets/marts/best.sql", FILES["datasets/marts/best.sql"])
    fixed = project.run()
    assert fixed.published
    assert did(fixed) == {}  # the count was built by the held run already
    assert project.ask("select n from marts.count") == [(6,)]


def test_a_refresh_publishes_the_healthy_part(project):
    project.write(
        "datasets/marts/checked.sql", "select (customer)::int as customer from shop.orders where amount > 50\n"
    )
    project.write("datasets/marts/below.sql", "select count(*) as n from marts.checked\n")
    project.run()
    project.write("raw/orders_06.csv", "id,customer,amount\n4,dora,70\n")
    result = project.refresh()
    assert result.published
    status = {t.dataset: str(t.status) for t in result.tasks}
    assert status["marts.checked"] == "failed"
    assert status["marts.below"] == "skipped"
    assert status["marts.count"] == "ok"
    assert project.ask("select n from marts.count") == [(4,)]
    assert project.ask("select n from marts.below") == [(0,)]


def test_a_branch_is_built_aside_and_published_without_building(project):
    project.run()
    project.branch("fix/count")
    project.write("datasets/marts/count.sql", "select 10 * count(*) as n from shop.orders\n")
    on_branch = project.run(branch="fix/count")
    assert did(on_branch) == {"marts.count": "build"}
    assert project.ask("select n from marts.count") == [(3,)]
    assert project.ask("select n from marts.count", at="fix/count") == [(30,)]
    published = project.publish("fix/count")
    assert did(published) == {}
    assert project.ask("select n from marts.count") == [(30,)]
    assert len(project.head().parents) == 2


def test_a_selection_takes_only_what_it_names(project):
    project.run()
    project.write("datasets/marts/count.sql", "select 5 * count(*) as n from shop.orders\n")
    project.write("datasets/marts/totals.sql", FILES_TOTALS.replace("sum(amount)", "2 * sum(amount)"))
    result = project.run("marts.count")
    assert did(result) == {"marts.count": "build"}
    assert project.ask(TOTALS) == [("ada", 15), ("ben", 20)]
    rest = project.run("marts.totals")
    assert did(rest) == {"marts.totals": "build"}
    assert any("left behind: marts.best" in n for n in rest.notices)


def test_a_view_over_a_view_follows_its_input(project):
    project.write(
        "datasets/marts/v1.sql", "/*---\nmaterialize: view\n---*/\nselect sum(amount) as s from shop.orders\n"
    )
    project.write("datasets/marts/v2.sql", "/*---\nmaterialize: view\n---*/\nselect s + 1 as s from marts.v1\n")
    project.write("datasets/marts/t.sql", "select s * 2 as s from marts.v2\n")
    project.run()
    assert project.ask("select s from marts.t") == [(72,)]
    project.write("raw/orders_06.csv", "id,customer,amount\n4,ada,100\n")
    result = project.run()
    assert did(result).items() >= {"marts.v1": "view", "marts.v2": "view", "marts.t": "build"}.items()
    assert project.ask("select s from marts.v2") == [(136,)]
    assert project.ask("select s from marts.v2", at="main~1") == [(36,)]
    assert project.ask("select s from marts.t") == [(272,)]


def test_a_macro_is_part_of_what_uses_it(project):
    project.write("macros/money.sql", "create macro cents(x) as x * 100;\n")
    project.write("datasets/marts/money.sql", "select sum(cents(amount)) as c from shop.orders\n")
    project.run()
    assert project.ask("select c from marts.money") == [(3500,)]
    project.write("macros/money.sql", "create macro cents(x) as x * 1000;\n")
    result = project.run()
    assert did(result) == {"marts.money": "build"}
    assert {t.dataset: t.reason for t in result.tasks}["marts.money"].startswith("uses macros/money.sql")
    assert project.ask("select c from marts.money") == [(35000,)]
    project.undo()
    assert project.ask("select c from marts.money") == [(3500,)]
    assert did(project.run()) == {}


def test_the_logical_time_is_seen_and_is_part_of_the_key(project):
    from datetime import UTC, datetime

    project.write("datasets/marts/today.sql", "select current_date as d, count(*) as n from shop.orders\n")
    first = project.run(now=datetime(2026, 3, 1, 12, tzinfo=UTC))
    assert first.published
    assert project.ask("select d::varchar from marts.today") == [("2026-03-01",)]
    assert did(project.run(now=datetime(2026, 3, 1, 18, tzinfo=UTC))) == {}
    assert did(project.run(now=datetime(2026, 3, 2, 1, tzinfo=UTC))) == {"marts.today": "build"}


def test_problems_stop_a_run_before_anything_is_done(project):
    project.run()
    before = project.head().id
    project.write("datasets/marts/count.sql", "select cuont(*) as n from shop.orders\n")
    project.write("datasets/marts/best.sql", "select custmer from marts.totals\n")
    with pytest.raises(ProjectError) as caught:
        project.run()
    assert {p.file for p in caught.value.problems} == {"datasets/marts/count.sql", "datasets/marts/best.sql"}
    assert all(p.line == 1 and p.hint and p.excerpt for p in caught.value.problems)
    assert project.head().id == before


def test_a_change_of_main_is_refused_where_nothing_can_be_asked(project):
    from andon.runs.goal import RunOptions
    from kit.clones import closing

    with closing(project.open()) as service, pytest.raises(UsageError) as caught:
        service.runs.run(RunOptions())
    assert caught.value.code == "usage.confirmation_needed"


def test_where_nothing_healthy_moves_there_is_no_publish(project):
    project.write("raw/people.csv", "id,name\n1,ada\n2,ben\n")
    project.write("sources/crm/people.sql", "select id, name from read_csv('raw/people.csv')\n")
    project.run()
    head = project.head()
    project.write("raw/people.csv", "id,name\none,ada\n")
    refreshed = project.refresh()
    assert did(refreshed)["crm.people"] == "build"
    assert not refreshed.published
    assert "nothing is healthy" in refreshed.held
    assert project.head() == head
    project.write("datasets/marts/count.sql", "select error('no') as n from shop.orders\n")
    assert not project.run(publish="healthy").published
    assert project.head() == head


def test_what_publishes_nothing_is_not_asked_about(project):
    project.run()
    project.write("datasets/marts/count.sql", "select count(*) + 1 as n from shop.orders\n")
    with closing(project.open()) as service:
        result = service.runs.run(RunOptions(publish="none"))
    assert not result.published
    assert project.ask("select n from marts.count", at=f"run:{result.run}") == [(4,)]


def test_branches_and_results_name_their_commits(project):
    project.run()
    with closing(andon.open(project.root)) as lake:
        lake.branches.create("try")
        head = project.head().id[:8]
        assert repr(lake.branches) == f"<andon branches main ({head}, current), try ({head})>"
        assert [b.name for b in lake.branches] == ["main", "try"]
        assert repr(lake.sql("select n from marts.count")) == f"n\n3\n[1 row at commit {head}]"


def test_problems_of_all_kinds_are_told_together(project):
    """What only binding finds (columns, functions) stands beside what loading finds."""
    project.write("datasets/marts/count.sql", "select cuont(*) as n from shop.orders\n")
    project.write("datasets/marts/best.sql", "select custmer from marts.totals\n")
    project.write("datasets/marts/unknown.sql", "select 1 as x from marts.totls\n")
    project.write("datasets/marts/syntax.sql", "selec 1\n")
    project.write("datasets/marts/after.sql", "select x from marts.unknown\n")
    project.write("andon.toml", "[engine]\nthreds = 2\n")
    with pytest.raises(ProjectError) as caught:
        project.plan()
    assert {p.code for p in caught.value.problems} == {
        "project.unknown_key",
        "project.unknown_dataset",
        "project.bad_sql",
        "project.unknown_column",
        "project.unknown_function",
    }


def test_a_redo_is_built_with_what_was_published_since(project):
    """Neither what it brings back nor what was published since stays as it was without the other one."""
    project.run()
    project.write("datasets/m/added.sql", "select count(*) as n from shop.orders\n")
    project.run()
    project.undo()
    project.write("raw/orders_06.csv", "id,customer,amount\n9,eve,1000\n")
    project.refresh()
    project.redo()
    assert project.ask("select n from m.added") == [(4,)]

    project.write("datasets/marts/count.sql", "select count(*) + 100 as n from shop.orders\n")
    project.run()
    project.undo()
    project.write("datasets/m/reader.sql", "select n from marts.count\n")
    project.run()
    assert project.ask("select n from m.reader") == [(4,)]
    project.redo()
    assert project.ask("select n from marts.count") == project.ask("select n from m.reader") == [(104,)]


def test_a_redo_does_not_take_back_a_newer_macro(project):
    project.write("macros/m.sql", "create macro f(x) as x + 1;\n")
    project.write("datasets/m/a.sql", "select f(1) as v\n")
    project.run()
    project.write("macros/m.sql", "create macro f(x) as x + 2;\n")
    project.run()
    project.undo()
    project.write("macros/m.sql", "create macro f(x) as x + 3;\ncreate macro g(x) as x;\n")
    project.write("datasets/m/b.sql", "select g(7) as v\n")
    project.run("m.b")

    with pytest.raises(UsageError, match=r"macros/m\.sql"):
        project.redo()


def test_what_a_corrected_file_needs_passes_with_it(project):
    project.run()
    project.write("macros/m.sql", "create macro plus(x) as x + 1;\n")
    project.write("datasets/m/a.sql", "select plus(1) as v\n")
    project.run()
    project.undo()
    project.write("datasets/m/a.sql", "select plus(2) as v\n")

    assert project.run().published

    assert project.ask("select v from m.a") == [(3,)]
