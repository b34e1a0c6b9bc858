"""A lake whose lists of files stand in parts goes through all that a lake goes through, whichever version wrote the beginning of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from andon.base.sqlite import SqliteDatabase
from andon.lake import list_parts
from andon.lake.objects import Objects
from andon.lake.packing import version_text
from andon.lake.reached import DATA
from andon.lake.wrong_objects import wrong_objects
from andon.service.restoring import restore
from andon.workspace.catalog import fill_catalog
from kit.clones import Clone
from kit.each_kind import day, year_of_lake


@pytest.fixture
def most() -> Iterator[None]:
    """How long a list is written whole may be set, until the test ends."""
    before = list_parts.MOST
    yield
    list_parts.MOST = before


def parts(clone: Clone) -> list[str]:
    with clone.opened() as service:
        rows = service.workspace.lake.database.query("select id from list_part order by id")
        return [str(row[0]) for row in rows]


def is_whole(clone: Clone) -> None:
    with clone.opened() as service:
        assert service.verifying.verify(all=True).damaged == []
        assert wrong_objects(service.workspace.lake.database) == []


def shown(clone: Clone) -> dict[tuple[str, str], object]:
    """The rows of all tables of each commit that a branch showed."""
    found: dict[tuple[str, str], object] = {}
    with clone.opened() as service:
        lake = service.workspace.lake
        for commit in lake.commits.first_parents(lake.refs.resolve("main")):
            for name in lake.commits.state(commit).leaves:
                if name.startswith("marts."):
                    found[commit.id, name] = sorted(map(repr, service.querying.ask(f"from {name}", commit.id).fetch()))
    return found


@pytest.mark.usefixtures("most")
def test_it_is_verified_collected_backed_up_moved_copied_and_built_again(tmp_path: Path):
    list_parts.MOST = 1 << 60  # as they were written before
    clone = year_of_lake(tmp_path)
    assert parts(clone) == []
    list_parts.MOST = 1
    for number in range(3, 6):
        day(clone, number, f"{number * 10},ada,2026-02-0{number},{number}")
        clone.refresh()
    assert parts(clone)
    is_whole(clone)
    rows = shown(clone)
    with clone.opened() as service:
        for name in ("shop.orders", "marts.rows", "marts.keys", "marts.then"):
            assert service.reproducing.reproduce(name).verdict.holds, name
        lake = service.workspace.lake
        versions = {row[0] for row in lake.database.query("select id from version")}
        copy = SqliteDatabase(tmp_path / "copy.db")
        assert {each.name: each.rows for each in fill_catalog(lake.database, copy)}["list_part"] > 0
        assert Objects(copy, lake.storage, lake.clock).versions(versions) == lake.objects.versions(versions)
        copy.close()
        assert service.backups.make(str(tmp_path / "kept")).backup.whole
        assert service.lake_moves.move(str(tmp_path / "moved")).lost == []
    is_whole(clone)
    again = Clone(tmp_path / "again")
    restore(tmp_path / "kept", again.root, environ={"ANDON_AUTHOR": "ana", "HOME": str(again.root)})
    is_whole(again)
    assert shown(again) == rows == shown(clone)
    clone.environ.update(ANDON_RETENTION_KEEP="1s", ANDON_RETENTION_RUNS="1s", ANDON_RETENTION_GRACE="")
    clone.undo()
    with clone.opened() as service:
        service.collecting.collect(apply=True)
    is_whole(clone)
    assert clone.ask("select count(*) from marts.rows") == again.ask("select count(*) from marts.rows", "main~1")


@pytest.mark.usefixtures("most")
def test_what_is_damaged_of_a_list_is_told_with_what_shows_it(tmp_path: Path):
    list_parts.MOST = 1
    clone = year_of_lake(tmp_path)
    with clone.opened() as service:
        lake = service.workspace.lake
        leaf = lake.commits.state(lake.refs.resolve("main")).leaves["marts.parted"]
        parts_of: list_parts.Parts = {}
        version_text(lake.objects.versions([leaf.version])[leaf.version], parts_of)
        with lake.database.write() as transaction:
            transaction.execute("delete from list_part where id = ?", [min(parts_of)])
        found = service.verifying.verify()
        assert ("version", leaf.version) in {(each.kind, each.name) for each in found.damaged}
        assert "marts.parted" in {name for each in found.damaged for commit in each.touches for name in commit.datasets}
        assert not [each for each in found.damaged if each.kind == DATA]
