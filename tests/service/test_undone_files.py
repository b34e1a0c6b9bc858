"""An undo counts as no change of the branch: what it took back is pending in every folder that still has it, raw files as well as code."""

from __future__ import annotations

import shutil

import pytest

from kit.clones import Clone

TOTAL = "datasets/marts/count.sql"
FEB = "raw/orders_06.csv"
MAR = "raw/orders_07.csv"


def total(factor: int) -> str:
    return f"select {factor} * sum(amount) as n from shop.orders\n"


def csv(amount: int) -> str:
    return f"id,customer,amount\n{amount},eve,{amount}\n"


def n(clone: Clone) -> int:
    ((found,),) = clone.ask("select n from marts.count")
    return int(found)


@pytest.fixture
def undone(shared) -> tuple[Clone, Clone]:
    """35 is published; a publish of February (100) with an edited total was undone."""
    ana, ben = shared
    ana.write(TOTAL, total(1))
    ana.run()
    ben.pull()
    ben.run()
    ana.write(FEB, csv(100))
    ana.write(TOTAL, total(1000))
    ana.run()
    assert n(ana) == 135_000
    ana.undo()
    assert n(ana) == 35
    return ana, ben


def test_raw_files_come_back_with_the_corrected_code(undone):
    ana, _ = undone
    ana.write(TOTAL, total(2))
    ana.run()
    assert n(ana) == 270


def test_raw_files_come_back_with_a_refresh_and_with_what_is_delivered_next(undone):
    ana, _ = undone
    ana.refresh()
    assert n(ana) == 135
    ana.write(MAR, csv(1))
    ana.refresh()
    assert n(ana) == 136


def test_a_corrected_raw_file_passes(undone):
    ana, _ = undone
    ana.write(FEB, csv(200))
    ana.refresh()
    assert n(ana) == 235


def test_a_folder_that_never_had_them_brings_nothing(undone):
    _, ben = undone
    ben.write(TOTAL, total(3))
    ben.run()
    assert n(ben) == 105


def test_a_colleague_who_had_them_brings_them_back(shared):
    ana, ben = shared
    ana.write(TOTAL, total(1))
    ana.write(FEB, csv(100))
    ana.run()
    ben.write(FEB, csv(100))
    ben.pull()
    ben.run()
    ana.undo()
    ben.write(TOTAL, total(2))
    ben.run()
    assert n(ben) == 270


def test_a_fresh_clone_brings_them_back(undone, tmp_path):
    ana, _ = undone
    shutil.copytree(ana.root, tmp_path / "fresh", ignore=shutil.ignore_patterns(".andon"))
    fresh = Clone(tmp_path / "fresh", "ci", environ=ana.environ)
    fresh.run()
    assert n(fresh) == 135


def test_a_redo_brings_all_back_and_its_undo_takes_all(undone):
    ana, _ = undone
    ana.redo()
    assert n(ana) == 135_000
    ana.run()
    assert n(ana) == 135_000
    ana.undo()
    assert n(ana) == 35
    ana.write(TOTAL, total(2))
    ana.run()
    assert n(ana) == 270


def test_two_undos_in_a_row(undone):
    ana, _ = undone
    ana.redo()
    ana.write(MAR, csv(1))
    ana.write(TOTAL, total(5))
    ana.run()
    ana.undo()
    ana.undo()
    assert n(ana) == 35
    ana.write(TOTAL, total(2))
    ana.run()
    assert n(ana) == 272


def test_what_was_published_and_undone_in_between_hides_nothing(undone):
    """Base, undo, another publish of the same file, its undo: all in all the branch did not change."""
    ana, ben = undone
    ben.write(FEB, csv(500))
    ben.write(TOTAL, total(7))
    ben.run()
    ben.undo()
    ana.write(TOTAL, total(2))
    ana.run()
    assert n(ana) == 270


def test_what_a_colleague_published_since_the_undo_stays(undone):
    ana, ben = undone
    ben.write(FEB, csv(500))
    ben.run()
    ana.write("datasets/marts/other.sql", "select 1 as one\n")
    ana.run()
    assert n(ana) == 535


def test_an_undone_source_is_built_again(shared):
    ana, _ = shared
    source = "sources/shop/returns.sql"
    ana.write("raw/returns.csv", csv(7))
    ana.write(source, "select id, amount from read_csv('raw/returns.csv')\n")
    ana.run()
    ana.undo()
    assert "shop.returns" not in ana.leaves()
    ana.write(source, "select id, 2 * amount as amount from read_csv('raw/returns.csv')\n")
    ana.run()
    assert ana.ask("select amount from shop.returns") == [(14,)]


def test_a_source_that_was_deleted_for_good_can_be_written_anew(shared):
    ana, _ = shared
    source = "sources/shop/returns.sql"
    text = "select id, amount from read_csv('raw/returns.csv')\n"
    ana.write("raw/returns.csv", csv(7))
    ana.write(source, text)
    ana.run()
    ana.write(source, None)
    ana.run()
    ana.write(source, text)
    ana.run()
    assert ana.ask("select amount from shop.returns") == [(7,)]


def test_a_deleted_raw_file_goes_with_the_corrected_code(undone):
    ana, ben = undone
    ana.refresh()
    ana.write(FEB, None)
    ana.write(TOTAL, total(9))
    ana.run()
    assert n(ana) == 315
    ana.undo()
    assert n(ana) == 135
    ben.refresh()  # his folder never had it, and so deletes nothing
    assert n(ana) == 135
    ana.write(TOTAL, total(2))
    ana.run()
    assert n(ana) == 70


def test_a_folder_that_knew_of_the_absence_before_the_file_came_deletes_nothing(undone):
    ana, ben = undone
    ben.write(FEB, csv(300))
    ben.run()
    ben.write(FEB, None)
    ben.run()  # deleted for good, in his folder too
    ana.write(FEB, csv(300))
    ana.run()
    ana.write(FEB, None)
    ana.write(TOTAL, total(9))
    ana.run()
    ana.undo()
    assert n(ana) == 335
    ben.refresh()
    assert n(ana) == 335


def test_the_branch_that_brought_them_brings_them_again(undone):
    ana, _ = undone
    ana.branch("dev")
    ana.write(TOTAL, total(4))
    ana.run(branch="dev")
    ana.publish("dev")
    assert n(ana) == 540
    ana.undo()
    assert n(ana) == 35
    ana.write(TOTAL, total(6))
    ana.run(branch="dev")
    ana.publish("dev")
    assert n(ana) == 810


def test_an_accepted_raw_file_and_text_pass_in_every_folder(undone):
    ana, ben = undone
    ben.write(TOTAL, total(1000))
    ben.accept(TOTAL)
    ana.run()
    assert n(ana) == 135_000


def test_an_undone_raw_file_comes_back_by_no_other_source(shared):
    """Another source over the same files, and the same source by another name, read it no more than the one it had come by."""
    ana, _ = shared
    ana.run()
    ana.write(FEB, csv(100))
    ana.run()
    ana.undo()
    ana.write("sources/shop/again.sql", "select amount from read_csv('raw/orders_*.csv')\n")
    result = ana.run()
    assert ana.ask("select sum(amount) from shop.again") == [(35,)]
    assert any(line.startswith("shop.again:") and f"accept --rejected {FEB}" in line for line in result.notices)
    ana.write("sources/shop/sales.sql", ana.read("sources/shop/orders.sql"))
    ana.write("sources/shop/orders.sql", None)
    for name in ("totals", "count"):
        path = f"datasets/marts/{name}.sql"
        ana.write(path, (ana.read(path) or "").replace("shop.orders", "shop.sales"))
    ana.run()
    assert ana.ask("select sum(amount) from shop.sales") == [(35,)]
    ana.accept(FEB)
    ana.run()
    assert ana.ask(
        "select a.n, b.n from (select sum(amount) as n from shop.again) a, (select sum(amount) as n from shop.sales) b"
    ) == [(135, 135)]
