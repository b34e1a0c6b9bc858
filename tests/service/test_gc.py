"""What `gc` takes away and what it leaves, over real datasets; every door says what brings data back that are gone, and that does it."""

from __future__ import annotations

import os
import shutil

import pytest

from andon.errors import AndonError, ConflictError, DamagedError, MachineError
from andon.lake.collecting import collecting
from andon.model.collection import Collection
from andon.model.reproduction import ReproVerdict
from andon.runs.goal import ANY_PLAN, RunOptions
from kit.all_in_postgres import IS_ON
from kit.clones import Clone
from kit.shops import FILES, ORDERS, Shop, copied

#: Of which a version is older than it is kept, in `old`.
OLD = {"shop.orders", "marts.totals", "marts.rows"}


@pytest.fixture(scope="module")
def first_shop(tmp_path_factory) -> Shop:
    shop = Shop(tmp_path_factory.mktemp("gc") / "shop")
    shop.fill(FILES)
    shop.run()
    return shop


@pytest.fixture(scope="module")
def old_shop(first_shop, tmp_path_factory) -> Shop:
    shop = copied(first_shop, tmp_path_factory.mktemp("old"))
    shop.later(1)
    shop.load(ORDERS + "4,cleo,7\n")
    shop.later(40)
    shop.load(ORDERS + "4,cleo,8\n")
    return shop


@pytest.fixture(scope="module")
def gone_shop(old_shop, tmp_path_factory) -> Shop:
    shop = copied(old_shop, tmp_path_factory.mktemp("gone"))
    shop.collect()
    return shop


@pytest.fixture
def shop(first_shop, tmp_path) -> Shop:
    return copied(first_shop, tmp_path)


@pytest.fixture
def old(old_shop, tmp_path) -> Shop:
    """Three publishes, of which the first is older than it is kept."""
    return copied(old_shop, tmp_path)


def of(found: Collection, stage: str) -> set[str]:
    return {part.dataset or "" for part in found.parts if part.stage == stage}


class TestWhatGoes:
    def test_only_what_was_replaced_longer_ago_than_it_is_kept(self, old):
        first = old.files_of("main~2")
        assert of(old.gc(apply=False), "new") == OLD
        before = old.files()
        done = old.collect()
        assert of(done, "deleted") == OLD
        assert before - old.files() == set.union(*(first[name] for name in OLD))
        assert done.deleted == sum(part.bytes for part in done.parts if part.stage == "deleted") > 0

    def test_a_look_changes_nothing_and_says_what_would_be_done(self, old):
        old.gc()
        old.later(3)
        before = old.files()
        looked = old.gc(apply=False)
        assert (of(looked, "ready"), old.files()) == (OLD, before)
        assert {(p.dataset, p.bytes, p.files) for p in old.gc().parts} == {
            (p.dataset, p.bytes, p.files) for p in looked.parts
        }

    def test_nothing_goes_before_its_grace_is_over(self, old):
        before = old.files()
        old.gc()
        old.later(1.9)
        assert of(old.gc(), "waits") == OLD
        assert old.files() == before

    def test_without_a_setting_all_history_stays(self, old):
        old.write("andon.toml", "")
        assert old.gc(apply=False).parts == []

    def test_a_folder_can_keep_longer_than_what_is_published_and_not_shorter(self, old):
        old.write("andon.toml", '[retention]\nkeep = "1d"\ngrace = ""\nruns = "1d"\n')
        assert {part.stage for part in old.gc().parts} == {"new"}
        old.write("andon.toml", '[retention]\nkeep = "1y"\n')
        assert old.gc(apply=False).parts == []

    def test_a_tag_keeps_for_ever(self, old):
        with old.opened() as service:
            service.branches.tag("first", "main~2")
        old.later(4000)
        assert of(old.collect(), "deleted") >= set()
        assert old.files_of("first")["marts.totals"] <= old.files()
        assert old.ask("select count(*) from marts.totals", "first") == [(2,)]

    def test_what_an_undo_brings_back_stays_however_old(self, old):
        old.later(4000)
        old.collect()
        old.undo()
        assert old.ask("select amount from marts.totals where customer = 'cleo'") == [(7,)]
        old.later(4000)
        old.collect()
        old.redo()
        assert old.ask("select amount from marts.totals where customer = 'cleo'") == [(8,)]

    def test_a_dataset_that_is_no_more_is_kept_as_its_file_said_last(self, old):
        old.write("datasets/marts/kept.sql", None)
        old.write("datasets/marts/totals.sql", None)
        old.run()
        old.later(40)
        old.load(ORDERS)
        kept, gone = old.files_of("main~2", "marts.kept", "marts.totals").values()
        old.collect()
        assert kept <= old.files()
        assert not gone & old.files()

    def test_a_renamed_dataset_is_kept_as_its_file_says_now(self, old):
        with old.opened() as service:
            service.renaming.rename("marts.totals", "marts.sums", RunOptions(agreed=ANY_PLAN))
        old.write("datasets/marts/sums.sql", f"/*---\nkeep: 10y\n---*/\n{FILES['datasets/marts/totals.sql']}")
        old.run()
        old.later(400)
        first = old.files_of("main~4", "marts.totals")["marts.totals"]
        old.collect()
        assert first <= old.files()

    def test_a_branch_keeps_by_its_own_code_and_takes_away_nothing_of_main(self, old):
        old.switch("try", create=True)
        old.write("datasets/marts/kept.sql", "/*---\nkeep: 1d\n---*/\nselect count(*) as n from shop.orders\n")
        old.run(branch="try")
        old.later(100)
        old.collect()
        assert old.files_of("main~2", "marts.kept")["marts.kept"] <= old.files()

    def test_a_run_that_was_not_published_is_kept_so_long_as_is_said(self, old):
        old.write(
            "datasets/marts/totals.sql",
            "select customer, sum(amount) as amount, 1 as one from shop.orders group by 1\n",
        )
        result = old.run(publish="none")
        made = old.files_of(f"run:{result.run}", "marts.totals")["marts.totals"]
        old.later(9)
        old.collect()
        assert made <= old.files()
        old.later(9)
        old.collect()
        assert not made & old.files()

    def test_files_that_nobody_names_go_after_the_grace_and_others_are_not_touched(self, shop):
        lake = shop.root / ".andon/lake"
        left = lake / "data/marts/left-0123456789abcdef.parquet"
        left.write_bytes(b"of a run that was killed")
        (lake / "data/marts/half.parquet.part").mkdir()
        outside = shop.root / "elsewhere.parquet"
        outside.write_bytes(b"mine")
        (lake / "data/marts/link-0123456789abcdef.parquet").symlink_to(outside)
        (lake / "somebody's").mkdir()
        (lake / "somebody's/file").write_text("mine")
        shop.gc()
        assert left.exists()
        shop.later(3)
        assert of(shop.gc(), "deleted") == {""}
        assert not left.exists()
        assert outside.exists()
        assert (lake / "somebody's/file").exists()

    def test_files_that_nobody_names_stay_while_somebody_writes(self, shop):
        left = shop.root / ".andon/lake/data/marts/left-0123456789abcdef.parquet"
        left.write_bytes(b"of a run that goes on")
        shop.gc()
        shop.later(3)
        with shop.opened() as service, service.workspace.lake.storage.writing():
            assert service.collecting.collect(apply=True).is_written
        assert left.exists()

    def test_what_came_from_elsewhere_goes_by_its_own_file_alone(self, shop):
        code = "from andon import source\n\n\n@source({})\ndef events():\n    yield {{'n': {}}}\n"
        shop.write("sources/live/events.py", code.format("", 1))
        shop.run()
        shop.write("sources/live/events.py", code.format("", 2))
        shop.run()
        shop.write("sources/live/events.py", code.format("", 3))
        shop.run()
        first = shop.files_of("main~2", "live.events")["live.events"]
        shop.later(400)
        shop.collect()
        assert first <= shop.files()
        shop.write("sources/live/events.py", code.format("keep='10d'", 3))
        shop.run()
        looked = shop.gc(apply=False)
        assert [p.back for p in looked.parts if p.dataset == "live.events"] == [
            "never: it came from sources/live/events.py"
        ]
        shop.collect()
        assert not first & shop.files()
        with shop.opened() as service, pytest.raises(DamagedError, match="gone for good") as told:
            service.reproducing.reproduce("live.events@main~3")
        assert told.value.code == "lake.gone"


class TestDoors:
    @pytest.fixture
    def gone(self, gone_shop, tmp_path) -> Shop:
        return copied(gone_shop, tmp_path)

    def test_each_says_what_brings_it_back_and_moves_nothing(self, gone):
        first = gone.head("main~2").id
        with gone.opened() as service:
            lake = service.workspace.lake
            doors = {
                "query": lambda: service.querying.ask("from marts.totals", first),
                "view": lambda: service.querying.ask("from marts.names", first),
                "diff": lambda: service.row_diffs.rows(first, "main", ["marts.totals"]),
                "tag": lambda: service.branches.tag("t", first),
                "branch": lambda: service.branches.create("b", first),
                "profile": lambda: service.profiles.profile("marts.totals", first),
            }
            before = lake.database.query("select name, commit_id from ref order by name")
            for door, ask in doors.items():
                with pytest.raises(AndonError) as told:
                    ask()
                assert told.value.code == "lake.gone", door
                assert told.value.hint is not None, door
                assert told.value.hint.startswith("`andon repair "), door
            assert lake.database.query("select name, commit_id from ref order by name") == before

    def test_the_page_of_a_dataset_tells_all_but_its_rows(self, gone):
        first = gone.head("main~2").id
        with gone.opened() as service:
            page = service.datasets.show("marts.totals", first)
            assert (page.version.rows, page.sample, page.build is not None, bool(page.code)) == (2, [], True, True)
            assert page.gone is not None
            assert str(page.gone.hint).startswith("`andon repair ")

    def test_what_the_hint_names_brings_it_back_and_the_same_is_there(self, gone):
        with gone.opened() as service, pytest.raises(DamagedError) as told:
            service.branches.tag("t", "main~2")
        names = (told.value.hint or "").split("`")[1].removeprefix("andon repair ").split()
        done = gone.repair(*names)
        assert (len(done.mended), done.left) == (3, [])
        with gone.opened() as service:
            service.branches.tag("t", "main~2")
            assert service.verifying.verify("t").damaged == []
        assert gone.ask("from marts.totals order by 1", "t") == [("ada", 15), ("ben", 20)]
        gone.later(4000)
        gone.collect()
        assert gone.ask("from marts.totals order by 1", "t") == [("ada", 15), ("ben", 20)]

    def test_a_whole_commit_comes_back_at_once(self, gone):
        assert gone.repair(at="main~2").left == []
        assert gone.ask("from marts.names order by 1", "main~2") == [("ada",), ("ben",)]
        assert gone.repair(at="main~2").mended == []

    def test_what_came_back_goes_again_unless_something_keeps_it(self, gone):
        gone.repair(at="main~2")
        assert of(gone.gc(), "new") == OLD
        gone.later(3)
        assert of(gone.gc(), "deleted") == OLD

    def test_it_is_proved_without_bringing_it_back(self, gone):
        before = gone.files()
        with gone.opened() as service:
            for name in ("marts.totals", "shop.orders", "marts.names", "marts.kept", "marts.rows"):
                assert service.reproducing.reproduce(f"{name}@main~2").verdict is ReproVerdict.IDENTICAL, name
        assert gone.files() == before

    def test_gone_is_told_from_damaged(self, gone):
        with gone.opened() as service:
            found = service.verifying.verify(all=True)
            assert found.damaged == []
            assert {each.dataset for each in found.gone} == OLD
            there = sorted(gone.files_of("main", "marts.totals")["marts.totals"])[0]
            (gone.root / ".andon/lake" / there).unlink()
            found = service.verifying.verify(all=True)
            assert [(part.name, part.what) for part in found.damaged] == [(there, "is not there")]

    def test_a_plain_repair_brings_nothing_back(self, gone):
        done = gone.repair()
        assert (done.mended, done.left) == ([], [])

    def test_the_same_result_again_is_there_again(self, gone):
        first = gone.files_of("main~2", "marts.totals")["marts.totals"]
        gone.load(ORDERS)
        assert gone.ask("from marts.totals order by 1") == [("ada", 15), ("ben", 20)]
        assert gone.ask("from marts.totals order by 1", "main~3") == [("ada", 15), ("ben", 20)]
        assert not first & gone.files()


class TestBeside:
    def test_two_do_not_collect_at_once_nor_beside_a_repair(self, old):
        with old.opened() as service, collecting(service.workspace.lake):
            for work in (lambda: old.gc(), lambda: old.repair(at="main")):
                with pytest.raises(ConflictError) as told:
                    work()
                assert told.value.code == "lake.busy"
        assert old.gc(apply=False).parts != []

    def test_who_reads_goes_on_and_who_comes_later_is_told(self, old):
        old.gc()
        old.later(3)
        with old.opened() as service:
            reader = service.querying.ask("from marts.totals order by 1", "main~2")
            waits = old.gc()
            assert of(waits, "read") == OLD
            assert [each.process for each in waits.waits_for] == [str(os.getpid())]
            with old.opened() as other, pytest.raises(DamagedError, match="gone"):
                other.querying.ask("from marts.totals", "main~2")
            assert reader.fetch() == [("ada", 15), ("ben", 20)]
            reader.close()
        assert of(old.gc(), "deleted") == OLD

    def test_reads_that_begin_later_hold_nothing_back(self, old):
        old.gc()
        old.later(3)
        with old.opened() as service:
            early = service.querying.ask("from marts.totals order by 1", "main")
            assert of(old.gc(), "read") == OLD
            late = service.querying.ask("from marts.totals order by 1", "main")
            assert of(old.gc(), "read") == OLD
            assert len(early.fetch()) == 3
            early.close()
            later = service.querying.ask("from marts.totals order by 1", "main")
            assert of(old.gc(), "deleted") == OLD
            assert late.fetch() == later.fetch()

    def test_what_was_closed_is_kept_where_somebody_tags_it_in_time(self, old):
        old.gc()
        old.later(3)
        with old.opened() as service:
            reader = service.querying.ask("from marts.totals", "main~2")
            old.gc()
            with old.opened() as other:
                other.branches.tag("t", "main~2")
            reader.close()
        assert of(old.gc(), "deleted") == set()
        assert old.ask("select count(*) from marts.totals", "t") == [(2,)]

    @pytest.mark.skipif(IS_ON, reason="it is about catalogs that are files")
    def test_a_catalog_that_names_the_same_files_keeps_them(self, old, tmp_path):
        shutil.copyfile(old.root / ".andon/catalog.db", old.root / ".andon/other.db")
        twin = Clone(old.root, clock=old.clock, environ={"ANDON_CATALOG": ".andon/other.db"})
        with twin.opened() as service:
            service.branches.tag("here")  # it is known to the storage from here on
        before = old.files()
        old.collect()
        assert old.files() == before
        (old.root / ".andon/other.db").unlink()
        with pytest.raises(MachineError, match="can't be read"):
            old.gc()
        assert old.files() == before


#: Tables that grow in each way, a history, one in partitions, rows set aside, a view over a view, a dataset in Python.
KINDS = {
    "andon.toml": '[retention]\nkeep = "5d"\ngrace = "1d"\nruns = "1d"\n',
    "raw/orders_01.csv": "id,customer,amount,day\n1,ada,10,2027-01-01\n2,ben,20,2027-01-02\n",
    "sources/shop/orders.sql": (
        "/*---\nchecks: |\n  amount 0..500 quarantine 90%\n---*/\n"
        "select id, customer, amount, day from read_csv('raw/orders_*.csv')\n"
    ),
    "datasets/marts/totals.sql": "select customer, sum(amount) as amount from shop.orders group by customer order by customer\n",
    "datasets/marts/rows.sql": (
        "/*---\nmaterialize: incremental\nincremental: {by: append}\n---*/\nselect id, amount * 2 as twice from shop.orders\n"
    ),
    "datasets/marts/newest.sql": (
        "/*---\nmaterialize: incremental\nincremental: {by: key}\nkey: customer\n---*/\n"
        "select customer, max(amount) as amount from shop.orders group by customer\n"
    ),
    "datasets/marts/days.sql": "/*---\npartition: [day]\n---*/\nselect day, count(*) as n from shop.orders group by day order by day\n",
    "datasets/marts/then.sql": "/*---\nmaterialize: history\nkey: customer\n---*/\nselect customer, amount from marts.totals\n",
    "datasets/marts/names.sql": "/*---\nmaterialize: view\n---*/\nselect distinct customer from shop.orders\n",
    "datasets/marts/few.sql": "/*---\nmaterialize: view\n---*/\nselect customer from marts.names where customer < 'b'\n",
    "datasets/marts/doubled.py": (
        "from andon import dataset, read\n\n\n@dataset()\ndef doubled(totals=read('marts.totals')):\n"
        "    return [{'customer': c, 'amount': a * 2} for c, a in totals.fetchall()]\n"
    ),
}


def test_each_kind_comes_back_as_it_was_from_whatever_is_left(tmp_path):
    """What old commits read is read again after all of it was gone, and `reproduce` had proved it before."""
    shop = Shop(tmp_path / "shop")
    shop.fill(KINDS)
    shop.run()
    for month in range(2, 6):
        shop.later(1)
        rows = (
            f"{month * 10},cleo{month},{month},2027-0{month}-01\n{month * 10 + 1},ada,{month * 100},2027-0{month}-02\n"
        )
        shop.write(f"raw/orders_0{month}.csv", f"id,customer,amount,day\n{rows}")
        shop.refresh()
    names = sorted(shop.leaves())
    assert "shop.orders__quarantine" in names
    commits = [f"main~{back}" for back in range(4, 0, -1)]
    commits = [shop.head(ref).id for ref in commits]

    def read() -> dict[tuple[str, str], list[tuple]]:
        return {(at, name): sorted(shop.ask(f"from {name}", at), key=repr) for at in commits for name in names}

    before, all_files = read(), shop.files()
    shop.later(30)
    shop.collect()
    assert len(all_files - shop.files()) > 15
    with shop.opened() as service:
        for name in names:
            for at in commits[:2]:
                found = service.reproducing.reproduce(f"{name}@{at}")
                assert found.verdict is ReproVerdict.IDENTICAL, (name, at, found.how)
    for at in reversed(commits):
        assert shop.repair(at=at).left == [], at
    assert read() == before
    with shop.opened() as service:
        for at in commits:
            found = service.verifying.verify(at)
            assert (found.damaged, found.gone) == ([], [])
    shop.gc()
    shop.later(2)
    shop.gc()
    shop.undo()
    shop.redo()
