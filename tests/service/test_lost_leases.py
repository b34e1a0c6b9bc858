"""Whoever was silent for longer than a lease lasts (a machine that slept, a process that was stopped) never gives a result that a
collection may have torn: it begins anew, or says so. While the lease holds, what is read stays."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from andon.engines.bundle.folder import BundleFolder
from andon.errors import ConflictError
from andon.lake.intact import Intact
from andon.lake.local_storage import LocalStorage
from andon.lake.objects import Objects
from andon.relations.relations import Relations
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.runs.rebuilding.again import Rebuilder
from andon.service import backups, lake_moves
from andon.service.restoring import restore
from kit.clones import Clone
from kit.shops import FILES, ORDERS, Shop

#: An undo of the newest brings back `main~1`, which stays.
OLD = "main~2"


class Machine(Shop):
    """A shop whose lake another machine collects at an exact moment."""

    def silent(self) -> None:
        """What this process holds is taken away by whoever decides on it."""
        with self.opened() as service, service.workspace.lake.database.write() as transaction:
            transaction.execute("delete from lease")

    def aged(self) -> None:
        """What was not the newest for long goes, or waits for who reads it."""
        self.later(40)
        assert self.gc().parts
        self.later(2.1)
        assert bool(self.gc().files) is not LocalStorage.shares_locks


@pytest.fixture(params=["rows", "files"])
def shop(request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A lake of several machines, whose leases are rows, or of one, with locks of files."""
    if request.param == "rows":
        monkeypatch.setattr(LocalStorage, "shares_locks", False)
    shop = Machine(tmp_path / "shop")
    shop.fill(FILES)
    shop.run()
    shop.load(f"{ORDERS}4,dan,7\n")
    shop.load(f"{ORDERS}4,cleo,7\n")
    return shop


@pytest.fixture
def once(shop: Machine, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[int]]:
    """A function that lets something come between, once, when `place.name` is called first."""

    def between(place: object, name: str, act: Callable[[], None], *, after: bool = False) -> list[int]:
        made, calls = getattr(place, name), list[int]()

        def called(*rest, **named):
            calls.append(len(calls))
            is_first = len(calls) == 1
            if is_first and not after:
                act()
            found = made(*rest, **named)
            if is_first and after:
                act()
            return found

        monkeypatch.setattr(place, name, called)
        return calls

    return between


def is_lost(shop: Machine) -> bool:
    return not LocalStorage.shares_locks


def collected(shop: Machine) -> None:
    """The machine is silent, and another one collects all but what is newest."""
    shop.silent()
    shop.aged()


def published_and_collected(shop: Machine) -> None:
    """Meanwhile what is newest becomes old, too."""
    shop.silent()
    for amount in (8, 9):
        shop.load(f"{ORDERS}5,dan,{amount}\n")
    shop.aged()


def test_a_backup_begins_anew_and_holds_all_that_it_names(shop, once, tmp_path):
    shop.write("andon.toml", FILES["andon.toml"].replace("10d", "1d"))
    copies = once(backups, "copy_files", lambda: published_and_collected(shop))
    with shop.opened() as service:
        made = service.backups.make(str(tmp_path / "kept"))
    assert len(copies) == (2 if is_lost(shop) else 1)
    assert made.damaged == []
    restore(tmp_path / "kept", tmp_path / "again", environ={"ANDON_AUTHOR": "ana", "HOME": str(tmp_path)})
    again = Clone(tmp_path / "again")
    assert again.ask("select count(*) from marts.totals") == [(3,)]
    for name in again.leaves():
        assert again.ask(f"select count(*) from {name}")


def test_a_backup_that_is_silent_each_time_says_so(shop, tmp_path, monkeypatch):
    made = backups.copy_files
    monkeypatch.setattr(backups, "copy_files", lambda *rest: [shop.silent(), made(*rest)][1])
    with shop.opened() as service:
        if not is_lost(shop):
            assert service.backups.make(str(tmp_path / "kept")).damaged == []
            return
        with pytest.raises(ConflictError) as caught:
            service.backups.make(str(tmp_path / "kept"))
    assert caught.value.code == "lake.lease_lost"
    assert not list((tmp_path / "kept" / "backups").glob("*.json"))


def test_what_is_verified_while_it_went_is_not_called_whole(shop, once):
    once(Intact, "damages", lambda: collected(shop))
    with shop.opened() as service:
        if is_lost(shop):
            with pytest.raises(ConflictError) as caught:
                service.verifying.verify(all=True)
            assert caught.value.code == "lake.lease_lost"
        found = service.verifying.verify(all=True)
    assert found.damaged == []
    assert bool(found.gone) is is_lost(shop)


def test_a_move_says_so_and_goes_on_when_it_is_typed_again(shop, once, tmp_path):
    once(lake_moves, "copy_files", lambda: collected(shop))
    with shop.opened() as service:
        if is_lost(shop):
            with pytest.raises(ConflictError) as caught:
                service.lake_moves.move(str(tmp_path / "new"))
            assert caught.value.code == "lake.lease_lost"
        assert service.lake_moves.move(str(tmp_path / "new")).lost == []
    shop.write("andon.toml", f'storage = "{tmp_path / "new"}"\n{FILES["andon.toml"]}')
    shutil.move(shop.root / ".andon/lake", tmp_path / "away")
    assert shop.ask("select count(*) from marts.totals") == [(3,)]
    with shop.opened() as service:
        assert service.verifying.verify(all=True).damaged == []


def test_a_stage_is_packed_whole_or_not(shop, once, tmp_path):
    once(BundleFolder, "copy", lambda: collected(shop))
    with shop.opened() as service:
        if is_lost(shop):
            with pytest.raises(ConflictError) as caught:
                service.isolating.isolate(f"marts.totals@{OLD}", tmp_path / "packed")
            assert caught.value.code == "lake.lease_lost"
            assert not (tmp_path / "packed").exists()
        else:
            assert service.isolating.isolate(f"marts.totals@{OLD}", tmp_path / "packed")


def test_a_version_that_went_while_it_was_built_again_is_no_miss(shop, once):
    once(Rebuilder, "_one", lambda: collected(shop))
    with shop.opened() as service:
        if is_lost(shop):
            with pytest.raises(ConflictError) as caught:
                service.reproducing.reproduce(f"marts.totals@{OLD}")
            assert caught.value.code == "lake.lease_lost"
            assert service.workspace.lake.database.query("select count(*) from reproduction") == [(0,)]
        else:
            assert service.reproducing.reproduce(f"marts.totals@{OLD}").verdict.holds


@pytest.mark.parametrize("is_apart", [False, True])
def test_a_question_half_way_is_answered_whole_or_told_why_not(shop, once, is_apart):
    sql = "select customer, amount from marts.totals"
    once(Relations, "relation", lambda: collected(shop), after=True)
    with shop.opened() as service:
        if is_lost(shop):
            with pytest.raises(ConflictError) as caught:
                service.querying.stream(sql, OLD).rows() if is_apart else service.querying.ask(sql, OLD).fetch()
            assert caught.value.code == "lake.lease_lost"
        else:
            found = service.querying.stream(sql, OLD).rows() if is_apart else service.querying.ask(sql, OLD).fetch()
            assert found == [("ada", 15), ("ben", 20)]


def test_a_run_that_was_silent_plans_again(shop, once):
    """What it found to be built already went meanwhile."""
    shop.write("datasets/m/a.sql", "select 1 as v\n")
    shop.run(branch="try")
    shop.write("datasets/m/b.sql", "select v + 1 as v from m.a\n")

    def meanwhile() -> None:
        with shop.opened() as service:
            service.branches.drop("try")
        collected(shop)

    records = once(Objects, "record", meanwhile)
    with shop.opened() as service:
        result = service.runs.run(RunOptions(agreed=ANY_PLAN))
    assert result.published
    assert records
    assert shop.ask("select v from m.b") == [(2,)]
    assert shop.ask("select v from m.a") == [(1,)]
    assert [task for task in result.tasks if str(task.status) == "failed"] == []
