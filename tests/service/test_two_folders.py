"""Two clones on one lake: folders are merged, nothing is dropped because a folder is stale."""

import shutil
import threading

import pytest

from andon.errors import ConflictError
from kit.clones import FILES, Clone, did


def test_a_stale_folder_keeps_what_a_colleague_added(shared):
    ana, ben = shared
    ben.write("datasets/marts/bens.sql", "select 1 as one\n")
    ben.run()
    ana.write("datasets/marts/anas.sql", "select 2 as two\n")
    result = ana.run()
    assert did(result) == {"marts.anas": "build"}
    assert {"marts.bens", "marts.anas"} <= ana.leaves().keys()


def test_a_colleagues_newer_file_wins_over_an_untouched_one(shared):
    ana, ben = shared
    ben.write("datasets/marts/count.sql", "select 2 * count(*) as n from shop.orders\n")
    ben.run()
    result = ana.run()
    assert did(result) == {}
    assert ana.ask("select n from marts.count") == [(6,)]
    assert any("datasets/marts/count.sql" in n for n in result.notices)


def test_both_changed_one_file_is_a_conflict_that_pull_merges(shared):
    ana, ben = shared
    text = "select\n  count(*) as n,\n  1 as a,\n  2 as b,\n  3 as c\nfrom shop.orders\n"
    ana.write("datasets/marts/count.sql", text)
    ana.run()
    ben.pull()
    ben.write("datasets/marts/count.sql", text.replace("3 as c", "33 as c"))
    ben.run()
    ana.write("datasets/marts/count.sql", text.replace("count(*) as n", "count(*) + 1 as n"))
    with pytest.raises(ConflictError) as caught:
        ana.run()
    assert caught.value.exit_status == 3
    assert "datasets/marts/count.sql" in caught.value.message
    pulled = ana.pull()
    assert pulled.merged == ("datasets/marts/count.sql",)
    ana.run()
    assert ana.ask("select n, a, b, c from marts.count") == [(4, 1, 2, 33)]


def test_a_conflict_that_lines_cannot_decide_has_markers(shared):
    ana, ben = shared
    ben.write("datasets/marts/count.sql", "select 2 as n\n")
    ben.run()
    ana.write("datasets/marts/count.sql", "select 3 as n\n")
    assert ana.pull().conflicts == ("datasets/marts/count.sql",)
    text = (ana.root / "datasets/marts/count.sql").read_text()
    assert "<<<<<<<" in text
    assert "select 2 as n" in text
    assert "select 3 as n" in text


def test_a_fresh_clone_keeps_what_it_lacks(shared, tmp_path):
    ana, _ = shared
    ana.write("raw/orders_06.csv", "id,customer,amount\n4,ada,1\n")
    ana.run()
    fresh = Clone(tmp_path / "fresh", "ci", environ=ana.environ)
    for path, text in FILES.items():
        if path != "datasets/marts/best.sql":
            fresh.write(path, text)
    result = fresh.run()
    assert did(result) == {}
    assert "marts.best" in fresh.leaves()
    assert fresh.ask("select count(*) from shop.orders") == [(4,)]
    assert any("datasets/marts/best.sql" in n for n in result.notices)


def test_a_fresh_clone_can_drop_what_it_lacks(shared, tmp_path):
    ana, _ = shared
    fresh = Clone(tmp_path / "fresh", "ci", environ=ana.environ)
    for path, text in FILES.items():
        if path != "datasets/marts/best.sql":
            fresh.write(path, text)
    assert did(fresh.run(drop=True)) == {"marts.best": "drop"}


def test_a_clone_without_junes_file_keeps_june_and_adds_july(shared):
    ana, ben = shared
    ana.write("raw/orders_06.csv", "id,customer,amount\n4,ada,1\n")
    ana.run()
    ben.write("raw/orders_07.csv", "id,customer,amount\n5,ben,2\n")
    ben.run()
    assert ben.ask("select count(*) from shop.orders") == [(5,)]


def test_an_undone_file_of_a_colleague_does_not_come_back_from_her_folder(shared):
    ana, ben = shared
    ana.write("datasets/marts/count.sql", "select -1 as n\n")
    ana.run()
    ben.undo()
    assert did(ana.run()) == {}
    assert ben.ask("select n from marts.count") == [(3,)]
    ana.write("datasets/marts/count.sql", "select count(*) + 100 as n from shop.orders\n")
    assert did(ana.run()) == {"marts.count": "build"}
    assert ben.ask("select n from marts.count") == [(103,)]


def test_a_refresh_between_plan_and_publish_is_taken_in(shared):
    ana, ben = shared
    ana.write("datasets/marts/anas.sql", "select sum(amount) as s from shop.orders\n")
    ben.write("raw/orders_06.csv", "id,customer,amount\n4,ada,100\n")

    from andon.model.event import Planned
    from andon.runs.goal import ANY_PLAN, Listener, RunOptions
    from kit.clones import closing

    def meanwhile(event):
        if isinstance(event, Planned):
            ben.refresh()

    with closing(ana.open()) as service:
        result = service.runs.run(RunOptions(agreed=ANY_PLAN), Listener(meanwhile))
    assert result.published
    assert ana.ask("select s from marts.anas") == [(135,)]


def test_a_branch_is_published_after_main_was_refreshed_twice(shared):
    ana, ben = shared
    ana.branch("dev")
    ana.write("datasets/marts/count.sql", "select 10 * count(*) as n from shop.orders\n")
    ana.run(branch="dev")
    ben.write("raw/orders_06.csv", "id,customer,amount\n4,ada,1\n")
    ben.refresh()
    ben.write("raw/orders_07.csv", "id,customer,amount\n5,ada,1\n")
    ben.refresh()
    result = ana.publish("dev")
    assert result.published
    assert ana.ask("select n from marts.count") == [(50,)]


def test_switching_refuses_to_lose_edits(shared):
    ana, _ = shared
    ana.branch("dev")
    ana.write("datasets/marts/count.sql", "select 8 as n\n")
    ana.run(branch="dev")
    ana.write("datasets/marts/count.sql", FILES["datasets/marts/count.sql"])
    assert ana.switch("dev")[1] == ["datasets/marts/count.sql"]
    assert (ana.root / "datasets/marts/count.sql").read_text() == "select 8 as n\n"
    ana.write("datasets/marts/count.sql", "select 9 as n\n")
    with pytest.raises(ConflictError) as caught:
        ana.switch("main")
    assert caught.value.code == "lake.folder_dirty"


def test_publishes_at_once_are_none_lost_and_none_torn(shared):
    ana, _ = shared
    errors = []

    def publish(number):
        clone = Clone(ana.root.parent / f"p{number}", f"p{number}", environ=ana.environ)
        shutil.copytree(ana.root, clone.root, ignore=shutil.ignore_patterns(".andon"))
        try:
            for turn in range(3):
                clone.write(f"datasets/marts/d{number}.sql", f"select {turn} as turn\n")
                clone.run()
        except Exception as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=publish, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    for number in range(4):
        assert ana.ask(f"select turn from marts.d{number}") == [(2,)]


def test_pull_does_not_bring_back_what_this_folder_deleted(shared):
    ana, _ = shared
    ana.write("datasets/marts/best.sql", None)
    ana.pull()
    assert not (ana.root / "datasets/marts/best.sql").exists()
    assert did(ana.run()) == {"marts.best": "drop"}
