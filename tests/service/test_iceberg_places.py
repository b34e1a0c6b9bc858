"""Where the Iceberg metadata of a dataset lie is told at each commit, and what is told can be read: after an undo, a move, a `gc`."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from andon.errors import DatasetError
from andon.service import datasets
from andon.service.dataset_page import iceberg_place
from kit.clones import Clone
from kit.command_line import Andon
from kit.iceberg_tables import connect
from kit.shops import FILES, ORDERS, Shop, copied

_MORE = ORDERS + "4,cleo,7\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Two publishes, the first of which is older than it is kept."""
    shop = Shop(tmp_path_factory.mktemp("places") / "shop")
    shop.fill(FILES)
    shop.run()
    shop.later(1)
    shop.load(_MORE)
    shop.later(40)
    shop.load(_MORE + "5,dora,9\n")
    return shop


@pytest.fixture
def shop(made: Shop, tmp_path: Path) -> Shop:
    return copied(made, tmp_path)


def place_of(clone: Clone, ref: str = "main") -> str:
    with clone.opened() as service:
        return iceberg_place(service.datasets.show("shop.orders", ref))


def read(place: str, snapshot: int | None = None) -> list[int]:
    from pyiceberg.table import StaticTable

    return sorted(StaticTable.from_metadata(place).scan(snapshot_id=snapshot).to_arrow()["id"].to_pylist())


def snapshots(place: str) -> list[list[int]]:
    """What each snapshot holds, oldest first."""
    from pyiceberg.table import StaticTable

    return [read(place, each.snapshot_id) for each in StaticTable.from_metadata(place).snapshots()]


def test_a_place_is_of_the_commit_that_is_asked_for(shop: Shop) -> None:
    assert [read(place_of(shop, ref)) for ref in ("main", "main~1", "main~2")] == [
        [1, 2, 3, 4, 5],
        [1, 2, 3, 4],
        [1, 2, 3],
    ]
    assert snapshots(place_of(shop)) == [[1, 2, 3], [1, 2, 3, 4], [1, 2, 3, 4, 5]]
    assert snapshots(place_of(shop, "main~1")) == [[1, 2, 3], [1, 2, 3, 4]]


def test_an_undo_shows_the_former_version_and_takes_no_place_away(shop: Shop) -> None:
    newest = place_of(shop)
    shop.undo()
    assert read(place_of(shop)) == [1, 2, 3, 4]
    assert read(newest) == [1, 2, 3, 4, 5]


def test_a_lake_that_was_moved_tells_its_new_places(shop: Shop, tmp_path: Path) -> None:
    before = place_of(shop)
    there = tmp_path / "it's moved"
    shutil.move(shop.root, there)
    place = place_of(Clone(there, clock=shop.clock))
    assert place != before
    assert str(shop.root) + "/" not in Path(place).read_text()
    assert snapshots(place) == [[1, 2, 3], [1, 2, 3, 4], [1, 2, 3, 4, 5]]


def test_versions_whose_data_are_gone_are_no_snapshots(shop: Shop) -> None:
    before = place_of(shop)
    shop.collect()
    place = place_of(shop)
    assert snapshots(place) == [[1, 2, 3, 4], [1, 2, 3, 4, 5]]
    assert place != before


def test_snapshots_end_where_their_files_are_too_many_to_tell(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "_SNAPSHOT_FILES", 2)
    assert snapshots(place_of(shop)) == [[1, 2, 3, 4], [1, 2, 3, 4, 5]]
    monkeypatch.setattr(datasets, "_SNAPSHOT_FILES", 0)
    assert snapshots(place_of(shop)) == [[1, 2, 3, 4, 5]]


def test_a_view_has_no_place(shop: Shop) -> None:
    with shop.opened() as service, pytest.raises(DatasetError, match="is a view"):
        iceberg_place(service.datasets.show("marts.names"))


def test_what_is_printed_can_be_typed_as_it_stands(shop: Shop) -> None:
    """Also where the folder's name has a quote."""
    import pyiceberg.table

    andon = Andon(shop.root)
    assert "'" in str(shop.root)
    assert andon("show", "shop.orders", "--iceberg").out == place_of(shop) + "\n"
    said = dict(re.findall(r"(?m)^  (Iceberg|DuckDB|Python) +(.+)$", andon("show", "shop.orders").out))
    assert said["Iceberg"] == place_of(shop)
    with connect() as connection:
        assert len(connection.execute(said["DuckDB"]).fetchall()) == 5
    assert eval(said["Python"], {"pyiceberg": pyiceberg}).num_rows == 5
