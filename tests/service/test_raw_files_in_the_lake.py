"""Raw files that lie only in the lake: sources that are renamed, added or widened read them, in folders, branches and undos."""

from __future__ import annotations

import shutil

import pytest

from kit.clones import Clone, did

ORDERS = "sources/shop/orders.sql"
SALES = "sources/shop/sales.sql"
MAY = "raw/orders_05.csv"
JUNE = "raw/orders_06.csv"
JULY = "raw/orders_07.csv"
READERS = ("datasets/marts/totals.sql", "datasets/marts/count.sql")


def csv(amount: int) -> str:
    return f"id,customer,amount\n{amount},eve,{amount}\n"


def rename(clone: Clone) -> None:
    clone.write(SALES, clone.read(ORDERS))
    clone.write(ORDERS, None)
    for path in READERS:
        clone.write(path, (clone.read(path) or "").replace("shop.orders", "shop.sales"))


def total(clone: Clone, source: str = "shop.sales", at: str | None = None) -> int:
    ((found,),) = clone.ask(f"select sum(amount) from {source}", at)
    return int(found)


@pytest.fixture
def bare(shared, tmp_path) -> tuple[Clone, Clone]:
    """A folder with two raw files (35 and 100 are published), and one with none."""
    ana, _ = shared
    ana.write(JUNE, csv(100))
    ana.run()
    shutil.copytree(ana.root, tmp_path / "cleo", ignore=shutil.ignore_patterns(".andon", "raw"))
    cleo = Clone(tmp_path / "cleo", "cleo", environ=ana.environ)
    cleo.run()
    return ana, cleo


def test_a_renamed_source_reads_them(bare):
    _, cleo = bare
    rename(cleo)
    result = cleo.run()
    assert total(cleo) == 135
    assert f"shop.sales: {MAY} is not here and stays as published" in result.notices
    assert did(cleo.run()) == {}


def test_a_second_a_wider_and_a_narrower_source_read_them(bare):
    ana, cleo = bare
    ana.write("sources/shop/may.sql", f"select amount from read_csv('{MAY}')\n")
    ana.run()
    cleo.pull()
    cleo.write("sources/shop/again.sql", "select amount from read_csv('raw/orders_*.csv')\n")
    cleo.write("sources/shop/may.sql", "select amount from read_csv('raw/*.csv')\n")
    cleo.write(ORDERS, "select id, customer, amount from read_csv('raw/orders_06.csv')\n")
    cleo.run()
    assert [total(cleo, f"shop.{name}") for name in ("again", "may", "orders")] == [135, 135, 100]


def test_what_the_folder_changed_deleted_and_added_counts_for_a_renamed_source(bare):
    ana, cleo = bare
    ana.write(JULY, csv(1000))
    ana.run()
    cleo.write(JUNE, csv(100))
    cleo.write(JULY, csv(1000))
    cleo.run()
    cleo.write(JUNE, None)
    cleo.write(JULY, csv(2000))
    cleo.write("raw/orders_08.csv", csv(7))
    rename(cleo)
    cleo.run()
    assert total(cleo) == 35 + 2000 + 7
    assert did(cleo.run()) == {}


def test_what_the_folder_changed_and_deleted_counts_where_a_colleague_renamed_the_source(bare):
    ana, cleo = bare
    cleo.write(MAY, ana.read(MAY))
    cleo.write(JUNE, csv(100))
    cleo.run()
    cleo.write(MAY, csv(50))
    cleo.write(JUNE, None)
    rename(ana)
    ana.run()
    cleo.pull()
    cleo.run()
    assert total(cleo) == 50


def test_a_file_that_a_colleague_deleted_comes_back_by_no_renamed_source(bare):
    ana, cleo = bare
    cleo.write(JUNE, csv(100))
    cleo.run()
    ana.write(JUNE, None)
    ana.run()
    rename(cleo)
    cleo.run()
    assert total(cleo) == 35


def test_a_colleague_who_deleted_a_file_long_after_its_source_was_gone_takes_nothing_from_the_next(bare):
    ana, cleo = bare
    cleo.write(JUNE, csv(100))
    cleo.run()
    for path in (ORDERS, *READERS, "datasets/marts/best.sql"):
        cleo.write(path, None)
    cleo.run()
    cleo.write(JUNE, None)
    ana.pull()
    ana.write(SALES, "select amount from read_csv('raw/orders_*.csv')\n")
    ana.run()
    cleo.pull()
    assert did(cleo.run()) == {}
    assert total(cleo) == 135


def test_what_was_undone_with_code_comes_back_by_a_renamed_source(bare):
    ana, _ = bare
    ana.write(JUNE, csv(300))
    ana.write(JULY, csv(1000))
    ana.write(READERS[1], "select 7 as n from shop.orders\n")
    ana.run()
    ana.undo()
    ana.write(READERS[1], "select 8 as n from shop.orders\n")
    rename(ana)
    ana.run()
    assert total(ana) == 1335


def test_a_branch_that_renamed_a_source_reads_what_main_got_since(bare):
    ana, cleo = bare
    cleo.branch("dev")
    rename(cleo)
    cleo.run(branch="dev")
    ana.write(JULY, csv(1000))
    ana.refresh()
    cleo.publish("dev")
    assert total(cleo) == 1135


def test_what_a_branch_got_is_read_by_the_source_that_main_renamed(bare):
    ana, cleo = bare
    cleo.branch("dev")
    cleo.write(JULY, csv(1000))
    cleo.run(branch="dev")
    rename(ana)
    ana.run()
    cleo.publish("dev")
    assert total(cleo) == 1135


def test_an_undone_rename_keeps_what_came_since(bare):
    _, cleo = bare
    rename(cleo)
    renamed = cleo.run()
    cleo.write(JULY, csv(1000))
    cleo.refresh()
    with cleo.opened() as service:
        undone = service.reverting.revert(service.reverting.find(renamed.commit))
    assert undone.notices == ()  # what came since lies in the folder
    assert total(cleo, "shop.orders") == 1135


def test_a_deletion_that_was_undone_holds_up_nobody_who_never_had_the_file(bare):
    ana, cleo = bare
    ana.write(JUNE, None)
    ana.run()
    ana.undo()
    cleo.write(JULY, csv(1000))
    cleo.run()
    assert total(cleo, "shop.orders") == 1135


def test_files_of_an_undone_load_pass_by_no_folder_that_never_had_them(bare):
    """Only what was corrected or removed lets the rest pass."""
    ana, cleo = bare
    ana.write(JULY, csv(1000))
    ana.write("raw/orders_08.csv", csv(7))
    ana.run()
    ana.undo()
    cleo.write(JULY, csv(1000))
    cleo.run()
    assert total(cleo, "shop.orders") == 135
    ana.write("raw/orders_08.csv", csv(8))
    ana.run()
    assert total(ana, "shop.orders") == 1143
