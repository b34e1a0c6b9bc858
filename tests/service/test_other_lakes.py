"""The folder's base is of one lake: with another one, an empty or a restored one, nothing of the folder is taken for old."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from andon.errors import ConflictError, MachineError
from andon.service.doctor import cleaned, doctor
from kit.clones import FILES, Clone, closing, did

COUNT = "datasets/marts/count.sql"
CODE = {path: text for path, text in FILES.items() if not path.startswith("raw/")}


def files(clone: Clone) -> dict[str, str]:
    return {path: (clone.root / path).read_text() for path in CODE if (clone.root / path).exists()}


def in_lake(clone: Clone, name: str) -> Clone:
    place = clone.root.parent
    return Clone(
        clone.root,
        clone.author,
        environ={"ANDON_STORAGE": str(place / name), "ANDON_CATALOG": str(place / name / "catalog.db")},
    )


def test_another_lake_gets_all_and_the_folder_loses_nothing(project):
    dev, prod = in_lake(project, "dev"), in_lake(project, "prod")
    dev.run()
    assert prod.pull().removed == ()
    assert files(prod) == CODE
    assert did(prod.run()).keys() == {"shop.orders", "marts.totals", "marts.best", "marts.count"}
    assert prod.ask("select n from marts.count") == [(3,)]


def test_two_lakes_by_turns_keep_each_its_own_base(project):
    dev, prod = in_lake(project, "dev"), in_lake(project, "prod")
    dev.run()
    prod.run()
    colleague = Clone(project.root.parent / "ben", "ben", environ=prod.environ)
    colleague.fill(FILES)
    colleague.run()
    colleague.write(COUNT, "select 7 as n\n")
    colleague.run()
    assert did(dev.run()) == {}
    assert did(prod.run()) == {}
    assert prod.ask("select n from marts.count") == [(7,)]
    assert prod.pull().written == (COUNT,)


@pytest.mark.parametrize("then", ["run", "pull", "refresh"])
def test_a_restored_catalog_reverts_nothing_in_the_folder(project, then):
    lake = in_lake(project, "lake")
    lake.run()
    catalog = project.root.parent / "lake" / "catalog.db"
    with sqlite3.connect(catalog) as database, sqlite3.connect(catalog.with_name("backup")) as backup:
        database.backup(backup)
    lake.write(COUNT, "select 7 as n\n")
    lake.write("datasets/marts/new.sql", "select 1 as n\n")
    lake.write("raw/orders_06.csv", "id,customer,amount\n9,eve,1000\n")
    lake.run()
    for rest in catalog.parent.glob("catalog.db*"):
        rest.unlink()
    shutil.move(catalog.with_name("backup"), catalog)
    assert lake.ask("select n from marts.count") == [(3,)]

    if then == "pull":
        lake.pull()
        assert "select 7 as n" in (lake.root / COUNT).read_text()
        assert (lake.root / "datasets/marts/new.sql").exists()
        return
    if then == "refresh":
        lake.refresh()
    with pytest.raises(ConflictError) as caught:  # the older text in the lake is nowhere in the folder's past
        lake.run()
    assert caught.value.details["files"] == [COUNT]
    lake.run(mine=(COUNT,))

    assert lake.ask("select n from marts.count") == [(7,)]
    assert lake.ask("select count(*) from shop.orders") == [(4,)]
    assert "marts.new" in lake.leaves()


def test_a_lake_that_was_moved_is_the_same(project):
    in_lake(project, "here").run()
    shutil.move(project.root.parent / "here", project.root.parent / "there")
    there = in_lake(project, "there")
    assert there.base() is not None
    there.write(COUNT, None)
    assert did(there.run()) == {"marts.count": "drop"}


def test_a_catalog_that_was_made_anew_in_its_place_gets_all(project):
    lake = in_lake(project, "lake")
    lake.run()
    shutil.rmtree(project.root.parent / "lake")
    assert lake.pull().removed == ()
    assert files(lake) == CODE
    assert "marts.count" in did(lake.run())


@pytest.mark.parametrize("content", ["nothing", "no bytes", "an empty database", "another program's"])
def test_data_without_their_catalog_are_an_error(project, content):
    lake = in_lake(project, "lake")
    lake.run()
    catalog = project.root.parent / "lake" / "catalog.db"
    for rest in catalog.parent.glob("catalog.db*"):
        rest.unlink()
    if content == "no bytes":
        catalog.write_bytes(b"")
    elif content != "nothing":
        with sqlite3.connect(catalog) as database:
            database.execute("create table a (b)")
            if content == "an empty database":
                database.execute("drop table a")
    for _ in range(2):
        with pytest.raises(MachineError) as caught:
            lake.run()
        assert caught.value.code == "lake.corrupt"
    assert files(lake) == CODE


def test_an_empty_catalog_without_data_is_a_new_lake(project):
    lake = in_lake(project, "lake")
    (project.root.parent / "lake").mkdir()
    (project.root.parent / "lake" / "catalog.db").write_bytes(b"")
    lake.run()
    assert lake.ask("select n from marts.count") == [(3,)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"lake": "LAKE", "base": {"code": []}}',
        '{"lake": "LAKE", "base": {"code": {"files": 1, "commit": 2, "since": 3}, "raw": {}}}',
        '{"lake": "LAKE", "base": {"code": {"files": {}, "commit": "c", "since": {}}, "raw": []}}',
    ],
)
def test_a_base_of_another_shape_is_none(project, text):
    project.run()
    (file,) = (project.root / ".andon" / "base").rglob("*.json")
    lake = json.loads(file.read_text())["lake"]
    file.write_text(text.replace("LAKE", lake))
    project.write(COUNT, None)
    result = project.run()
    assert "marts.count" in project.leaves()
    assert any(COUNT in notice for notice in result.notices)


def test_a_lake_has_one_id_for_all_who_open_it(project):
    with closing(project.open()) as one, closing(project.open()) as other:
        assert one.workspace.lake.id == other.workspace.lake.id
    with closing(project.open()) as again:
        assert again.workspace.lake.id == one.workspace.lake.id


def test_what_another_catalog_names_in_the_same_storage_is_not_left_behind(project):
    place = project.root.parent / "lake"
    dev, prod = (
        Clone(project.root, environ={"ANDON_STORAGE": str(place), "ANDON_CATALOG": str(place / f"{name}.db")})
        for name in ("dev", "prod")
    )
    for clone in (dev, prod):  # both begin before there are data
        with clone.opened() as service:
            assert service.standing.status().datasets == 0
    prod.run()
    dev.write(COUNT, "select 7 as n\n")
    dev.run()
    orphan = place / "data/marts/totals-0123456789abcdef.parquet"
    for clone, other, n in ((dev, prod, 3), (prod, dev, 7)):
        orphan.write_bytes(b"x")
        with clone.opened() as service:
            assert cleaned(service.workspace).detail == "1 B in 1 file that nothing named"
        assert not orphan.exists()
        assert other.ask("select n from marts.count") == [(n,)]
        assert other.ask("select count(*) from marts.totals") == [(2,)]
    # nobody knows what a catalog names that can't be read
    (place / "dev.db").rename(place / "away.db")
    with prod.opened() as service:
        (found,) = [f for f in doctor(service.workspace) if f.what == "left behind"]
        assert found.level == "risk"
        with pytest.raises(MachineError, match=r"dev\.db` too, which can't be read"):
            cleaned(service.workspace)
        note = str(found.hint).rpartition("remove `")[2].rstrip("`")
    (place / "away.db").rename(place / "dev.db")
    assert dev.ask("select n from marts.count") == [(7,)]
    (place / "dev.db").unlink()
    Path(note).unlink()
    with prod.opened() as service:
        assert "files that nothing named" in cleaned(service.workspace).detail
    assert prod.ask("select count(*) from marts.totals") == [(2,)]
