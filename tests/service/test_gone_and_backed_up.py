"""Backups of a lake of which data were taken away: what is gone is told as gone there, and nothing else is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from andon.errors import ConflictError, DamagedError
from andon.lake.commits import Draft
from andon.lake.refs import RefMove
from andon.model.backup import LakeRestored
from andon.model.commit import State
from andon.service.restoring import NEWEST, RestoreOptions, restore
from kit.backups import held
from kit.shops import FILES, ORDERS, Shop

ANALYSIS = """import andon

lake = andon.open()
andon.keep("totals", lake.sql("select customer, amount from marts.totals order by 1"))
"""


def restored(folder: Path, shop: Shop, options: RestoreOptions = NEWEST) -> tuple[Shop, LakeRestored]:
    into = folder.with_name(f"{folder.name} again")
    found = restore(folder, into, options, environ={"ANDON_AUTHOR": "ana", "HOME": str(into)}, clock=shop.clock)
    again = Shop(into)
    again.now = shop.now
    return again, found


def backed_up(shop: Shop, folder: Path, *, is_whole: bool = True) -> Path:
    with shop.opened() as service:
        made = service.backups.make(str(folder))
    assert made.backup.whole is is_whole
    return folder


@pytest.fixture(scope="module")
def first_shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Three publishes, each read by an analysis; the first is older than it is kept."""
    shop = Shop(tmp_path_factory.mktemp("shop") / "acmé 'x'")
    shop.fill({**FILES, "analyses/totals.py": ANALYSIS})
    shop.run()
    for days, amount in ((1, 7), (40, 8)):
        with shop.opened() as service:
            service.analyses.run("totals")
        shop.later(days)
        shop.load(f"{ORDERS}4,cleo,{amount}\n")
    return shop


def test_a_lake_with_gone_data_comes_back_with_what_is_gone_told_as_gone(first_shop, tmp_path):
    shop = Shop(tmp_path / "shop")
    first_shop.copy_to(shop)
    there = shop.files()
    shop.collect()
    assert shop.files() < there
    again, found = restored(backed_up(shop, tmp_path / "kept"), shop)
    assert found.lacking == []
    assert held(again) == held(shop)
    with again.opened() as service:
        verified = service.verifying.verify(all=True)
        assert (verified.damaged, {each.dataset for each in verified.gone}) == (
            [],
            {"shop.orders", "marts.totals", "marts.rows"},
        )
        assert service.reproducing.reproduce("marts.totals@run:1").verdict.holds
    assert again.repair("marts.totals@run:1").left == []
    assert again.ask("select customer, amount::int from marts.totals", "run:1") == [("ada", 15), ("ben", 20)]


def test_what_is_closed_when_the_catalog_is_copied_and_gone_when_files_are_is_gone(first_shop, tmp_path, monkeypatch):
    """And no undo that would need it believes that it is there."""
    from andon.service import backups

    shop = Shop(tmp_path / "shop")
    first_shop.copy_to(shop)
    with shop.opened() as reader:
        hold = reader.workspace.lake.leases.take()
        shop.collect()
        shop.gc()
        hold.release()
    write = backups.write_catalog

    def collected_behind_it(database, copy):
        write(database, copy)
        shop.gc()

    monkeypatch.setattr(backups, "write_catalog", collected_behind_it)
    there = shop.files()
    folder = backed_up(shop, tmp_path / "kept")
    assert shop.files() < there
    again, found = restored(folder, shop)
    assert found.lacking == []
    with again.opened() as service:
        lake = service.workspace.lake
        assert {row.state for row in lake.going.all().values()} == {"gone"}
        assert service.verifying.verify(all=True).damaged == []
        with pytest.raises(DamagedError) as caught:
            service.branches.tag("old", "run:1")
    assert caught.value.code == "lake.gone"


@pytest.mark.parametrize("is_lost", [True, False])
def test_what_an_analysis_made_and_is_damaged_is_told_and_no_backup_is_whole(first_shop, tmp_path, is_lost):
    shop = Shop(tmp_path / "shop")
    first_shop.copy_to(shop)
    with shop.opened() as service:
        place = service.analyses.place(service.analyses.show("totals@1"), "totals.parquet")[1]
    whole = place.read_bytes()
    place.chmod(0o644)
    if is_lost:
        place.unlink()
    else:
        place.write_bytes(whole[:-1] + b"x")
    folder = backed_up(shop, tmp_path / "kept", is_whole=False)
    with pytest.raises(DamagedError) as caught:
        restored(folder, shop)
    assert caught.value.code == "backup.damaged"
    again, found = restored(folder, shop, RestoreOptions(partly=True))
    assert found.lacking == [place.relative_to(shop.root / ".andon/lake").as_posix()]
    with again.opened() as service:
        assert [part.dataset for part in service.verifying.verify(all=True).damaged] == ["analyses/totals"]


def test_a_commit_that_was_taken_back_and_is_made_again_is_whole(first_shop, tmp_path):
    """Nothing that only a transaction saw which was taken back is held to be in the catalog."""
    shop = Shop(tmp_path / "shop")
    first_shop.copy_to(shop)
    shop.collect()
    with shop.opened() as service:
        lake = service.workspace.lake
        head = lake.refs.resolve("main")
        state = lake.commits.state(head)
        less = State({name: leaf for name, leaf in state.leaves.items() if name != "marts.kept"}, state.shared)
        draft = Draft((head.id,), head.kind, "ana", "less", head.time)
        with pytest.raises(ConflictError):
            lake.commit(draft, less, [RefMove("main", "branch", "0" * 64, "less")])
        made = lake.commit(draft, less, [RefMove("main", "branch", head.id, "less")])
    assert "marts.kept" not in shop.leaves(made.id)
    with shop.opened() as service:
        assert service.verifying.verify(all=True).damaged == []


def test_a_lake_put_back_beside_the_one_in_the_same_storage_keeps_its_data(tmp_path):
    """From the moment that it is there, not from when it is opened first; and one that did not come to be holds nothing."""
    shop = Shop(tmp_path / "shop")
    shop.fill({**FILES, "andon.toml": f'storage = "{tmp_path}/store"\n{FILES["andon.toml"]}'})
    shop.run()
    folder = backed_up(shop, tmp_path / "kept")
    content = next(path for path in (folder / "contents").glob("*/*") if path.read_bytes().startswith(b"PAR1"))
    whole = content.read_bytes()
    content.write_bytes(b"torn")
    notes = {path.name for path in (tmp_path / "store/.catalogs").iterdir()}
    for path in (tmp_path / "store/data").rglob("*.parquet"):
        path.unlink()
    with pytest.raises(DamagedError):
        restored(folder, shop)
    assert {path.name for path in (tmp_path / "store/.catalogs").iterdir()} == notes
    content.write_bytes(whole)
    again, _ = restored(folder, shop)
    for days in (40, 40, 40):
        shop.later(days)
        shop.load(f"{ORDERS}4,cleo,{days}\n")
    shop.collect()
    assert again.ask("select customer, amount::int from marts.totals") == [("ada", 15), ("ben", 20)]


def test_what_the_run_reads_that_shows_an_insight_stays_and_the_run_repeats(first_shop, tmp_path):
    """Also from a backup of what is left; the run beside it, which nothing names, says what brings its data back."""
    shop = Shop(tmp_path / "shop")
    first_shop.copy_to(shop)
    with shop.opened() as service:
        service.analyses.run("totals")
    shop.write("insights/worth.md", "---\nquestion: Who buys?\nuses: [marts.totals]\nevidence: [totals@1]\n---\nAda.\n")
    shop.run()
    shop.collect()
    again, _ = restored(backed_up(shop, tmp_path / "kept"), shop)
    for lake in (shop, again):
        with lake.opened() as service:
            assert service.analysis_reproducing.reproduce("totals@1").verdict.holds
    shop.write("insights/worth.md", None)
    shop.run()
    shop.later(100)
    shop.collect()
    with shop.opened() as service, pytest.raises(DamagedError) as caught:
        service.analysis_reproducing.reproduce("totals@1")
    assert caught.value.code == "lake.gone"
