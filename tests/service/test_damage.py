"""Bits that turn on the disk are never read as answers, what was built again is believed only where it is whole, and the doctor finds
what is damaged and names what mends it."""

from __future__ import annotations

import os
import random
import re
import shutil
from pathlib import Path

import pytest

from andon.cli.app import cli
from andon.errors import AndonError, MachineError
from andon.service.doctor import doctor
from kit.clones import Clone

TWICE = "select id, customer, amount * 2 as amount from read_csv('raw/orders_*.csv')\n"
TOTALS = [("ada", 15), ("ben", 20)]


def flip(place: Path, at: int | None = None, *, quietly: bool = False) -> None:
    """Turn one bit."""
    before = place.stat()
    at = before.st_size // 2 if at is None else at
    with place.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 16]))
    if quietly:
        os.utime(place, ns=(before.st_atime_ns, before.st_mtime_ns))


def data_file(clone: Clone, dataset: str) -> Path:
    with clone.opened() as service:
        lake = service.workspace.lake
        leaf = lake.commits.state(lake.refs.resolve("main")).leaves[dataset]
        return Path(lake.storage.engine_path(lake.objects.versions([leaf.version])[leaf.version].files[0].path))


def risks(clone: Clone, *, deep: bool = False) -> list:
    with clone.opened() as service:
        return [f for f in doctor(service.workspace, deep) if f.level == "risk" and not f.what.startswith("disk")]


def test_no_flipped_bit_answers(project):
    """Whatever bit of a file turned, a query says that the file is damaged; put back, it answers again."""
    project.run()
    place = data_file(project, "marts.totals")
    whole = place.read_bytes()
    rnd = random.Random(10)
    for at in rnd.sample(range(len(whole)), 12):
        flip(place, at)
        with pytest.raises(MachineError) as caught:
            project.ask("select customer, amount from marts.totals order by 1")
        assert caught.value.code == "lake.corrupt"
        assert "marts.totals" in caught.value.message
        assert place.name in caught.value.message
        place.write_bytes(whole)
    assert project.ask("select customer, amount from marts.totals order by 1") == TOTALS


@pytest.mark.parametrize("quietly", [False, True], ids=["by a program", "by the disk"])
@pytest.mark.parametrize("damage", ["flip", "cut", "gone"])
def test_force_mends_what_is_damaged(project, damage, quietly):
    """What a rebuild gives is not measured by a damaged file, also where its size and time are those of before."""
    project.run()
    place = data_file(project, "marts.totals")
    if damage == "flip":
        flip(place, quietly=quietly)
    elif damage == "cut":
        place.write_bytes(place.read_bytes()[:-7])
    else:
        place.unlink()
    done = project.run("marts.totals", force=True)
    assert done.published
    assert data_file(project, "marts.totals") != place
    assert project.ask("select customer, amount from marts.totals order by 1") == TOTALS
    assert project.ask("select * from marts.best") == [("ben",)]
    assert risks(project, deep=True) == []


def test_the_doctors_hints_lead_to_a_whole_lake(project, monkeypatch):
    """Every file of the lake is damaged; what the doctor says is done until it finds nothing more."""
    project.run()
    for place in (project.root / ".andon" / "lake").rglob("*"):
        if place.is_file() and {"data", "raw"}.intersection(place.parts):
            flip(place)
    monkeypatch.setenv("HOME", str(project.root))
    monkeypatch.chdir(project.root)
    tried = []
    while found := risks(project, deep=True):
        said = re.search(r"`andon (run --force [^`]*)`", found[0].hint or "")
        assert said is not None, found[0]
        tried.append(said[1])
        assert len(tried) < 6, tried
        cli.main([*said[1].split(), "--yes"], standalone_mode=False)
    assert project.ask("select customer, amount from marts.totals order by 1") == TOTALS


def test_a_run_does_not_build_on_a_damaged_input(project):
    project.run()
    flip(data_file(project, "shop.orders"))
    project.write("datasets/marts/count.sql", "select count(*) + 0 as n from shop.orders where amount > 0\n")
    before = project.head().id
    with pytest.raises(MachineError) as caught:
        project.run()
    assert (caught.value.code, caught.value.where) == ("lake.corrupt", "shop.orders")
    assert "andon run --force shop.orders" in (caught.value.hint or "")
    assert project.head().id == before
    project.run("shop.orders", force=True)
    project.run()
    assert project.ask("select n from marts.count") == [(3,)]


def test_a_damaged_copy_of_a_raw_file_is_not_published(shared):
    """A colleague who builds from the lake's copy, since the file is not in their folder."""
    ana, _ = shared
    copies = [p for p in (ana.root.parent / "lake" / "raw").rglob("*") if p.is_file()]
    flip(copies[0])
    ben = Clone(ana.root.parent / "new", "ben", environ=ana.environ)
    shutil.copytree(ana.root, ben.root, ignore=shutil.ignore_patterns(".andon", "raw"))
    ben.write("sources/shop/orders.sql", TWICE)
    with pytest.raises(AndonError) as caught:
        ben.run(mine=("sources/shop/orders.sql",))
    assert caught.value.code == "lake.corrupt"
    assert "raw/orders_05.csv" in caught.value.message
    assert ana.ask("select sum(amount) from shop.orders") == [(35,)]
    # where the file still lies in the folder, it takes the place of the copy
    ana.write(
        "sources/shop/orders.sql", "select id, customer, amount * 2 as amount from read_csv('raw/orders_*.csv')\n"
    )
    ana.run()
    assert ana.ask("select sum(amount) from shop.orders") == [(70,)]
    assert risks(ana, deep=True) == []


def test_the_doctor_looks_at_all_that_refs_show(story):
    """A file that only an older run or another branch shows, too."""
    with story.opened() as service:
        lake = service.workspace.lake
        leaves = {ref: lake.commits.state(lake.refs.resolve(ref)).leaves for ref in ("main", "run:1", "try")}

        def place(ref: str, dataset: str) -> Path:
            version = lake.objects.versions([leaves[ref][dataset].version]).popitem()[1]
            return Path(lake.storage.engine_path(version.files[0].path))

        old, other = place("run:1", "marts.totals"), place("try", "marts.extra")
    assert risks(story) == risks(story, deep=True) == []
    flip(old, quietly=True)
    other.write_bytes(other.read_bytes()[:-1])
    found = risks(story)
    assert ["marts.extra is cut off" in f.detail and "--branch try marts.extra" in f.hint for f in found] == [True]
    found = risks(story, deep=True)
    assert len(found) == 2
    assert any("only older commits" in f.detail and "marts.totals is damaged" in f.detail for f in found)


def test_the_deep_doctor_looks_at_the_objects_of_the_catalog(story):
    with story.opened() as service:
        database = service.workspace.lake.database
        rows = database.query("select id, body from blob order by id limit 2")
        with database.write() as transaction:  # a text that is another one's
            transaction.execute("update blob set body = ? where id = ?", [rows[1][1], rows[0][0]])
    (found,) = risks(story, deep=True)
    assert (found.what, rows[0][0][:12] in found.detail) == ("catalog", True)
