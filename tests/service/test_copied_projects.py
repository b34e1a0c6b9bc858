"""A project copied by hand (`cp -r`) whose data lie outside of it: two catalogs name the same files, and the storage learns of the second
one when that is opened first. Nothing of it is silently wrong: what went before is told as gone and comes back, what is there stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from andon.errors import AndonError, ConflictError
from andon.lake.collecting import Collector
from kit.shops import FILES, ORDERS, Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path / "shop")
    shop.fill({**FILES, "andon.toml": f'storage = "{tmp_path / "lake"}"\n{FILES["andon.toml"]}'})
    shop.run()
    return shop


def copied_by_hand(shop: Shop) -> Shop:
    copy = Shop(shop.root.parent / "copy é")
    shop.copy_to(copy)
    return copy


def goes_on(shop: Shop) -> None:
    """What the copy shows becomes old here."""
    for amount in (7, 8):
        shop.load(f"{ORDERS}4,cleo,{amount}\n")
    shop.later(40)


def test_what_went_before_a_copy_was_opened_is_told_as_gone_and_comes_back(shop):
    copy = copied_by_hand(shop)
    goes_on(shop)
    assert shop.collect().files
    copy.now = shop.now
    with pytest.raises(AndonError) as caught:
        copy.ask("select count(*) from marts.totals")
    assert caught.value.code == "lake.gone"
    hint = caught.value.hint or ""
    assert "andon repair" in hint
    with copy.opened() as service:
        found = service.verifying.verify()
        assert found.damaged == []
        assert found.gone
    with copy.opened() as service:
        assert service.repairing.repair(at="main").left == []
    assert copy.ask("select customer, amount from marts.totals") == [("ada", 15), ("ben", 20)]
    shop.later(10)
    shop.collect()  # it is known by now
    copy.now = shop.now
    assert copy.ask("select customer, amount from marts.totals") == [("ada", 15), ("ben", 20)]
    assert copy.run().published
    assert shop.ask("select count(*) from marts.totals") == [(3,)]


def test_a_copy_that_is_opened_within_the_grace_keeps_what_it_shows(shop):
    copy = copied_by_hand(shop)
    goes_on(shop)
    assert shop.gc().parts  # marked
    shop.later(2.1)
    assert copy.ask("select count(*) from marts.totals") == [(2,)]
    shop.gc()
    assert copy.ask("select customer, amount from marts.totals") == [("ada", 15), ("ben", 20)]
    with copy.opened() as service:
        found = service.verifying.verify()
        assert (found.damaged, found.gone) == ([], [])


def test_a_copy_that_is_opened_in_the_midst_of_a_collection_keeps_it_too(shop, monkeypatch):
    copy = copied_by_hand(shop)
    goes_on(shop)
    shop.gc()
    shop.later(2.1)
    take = Collector._take

    def taken(self, ready, moved):
        monkeypatch.undo()
        copy.ask("select count(*) from marts.kept")
        return take(self, ready, moved)

    monkeypatch.setattr(Collector, "_take", taken)
    with pytest.raises(ConflictError) as caught:
        shop.gc()
    assert caught.value.code == "lake.busy"
    assert copy.ask("select customer, amount from marts.totals") == [("ada", 15), ("ben", 20)]
    shop.gc()
    assert copy.ask("select customer, amount from marts.totals") == [("ada", 15), ("ben", 20)]
    with copy.opened() as service:
        found = service.verifying.verify(all=True)
        assert (found.damaged, found.gone) == ([], [])


def test_a_storage_that_is_not_the_one_of_a_catalog_makes_nothing_gone(shop, tmp_path):
    """A wrong line of `andon.toml` is no reason to believe that data were let go."""
    other = Shop(tmp_path / "other")
    other.fill({**FILES, "andon.toml": f'storage = "{tmp_path / "lake2"}"\n{FILES["andon.toml"]}'})
    other.run()
    wrong = shop.read("andon.toml").replace("lake", "lake2", 1)
    right = shop.read("andon.toml")
    shop.write("andon.toml", wrong)
    with pytest.raises(AndonError) as caught:
        shop.ask("select count(*) from marts.totals")
    assert caught.value.code == "lake.elsewhere"
    shop.write("andon.toml", right)
    assert shop.ask("select customer, amount from marts.totals") == [("ada", 15), ("ben", 20)]
    with shop.opened() as service:
        assert service.workspace.lake.going.all() == {}
