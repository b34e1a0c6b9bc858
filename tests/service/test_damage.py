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
from andon.errors import MachineError
from andon.model.run import RunResult
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


def errors(done: RunResult) -> dict[str, dict]:
    return {t.dataset: dict(t.error) for t in done.tasks if t.error is not None}


def statuses(done: RunResult, *datasets: str) -> list[str]:
    found = {t.dataset: str(t.status) for t in done.tasks}
    return [found[dataset] for dataset in datasets]


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
    done = project.run()
    assert (done.published, project.head().id) == (False, before)
    (error,) = errors(done).values()
    assert (error["code"], error["where"]) == ("lake.corrupt", "shop.orders")
    assert "andon run --force shop.orders" in error["hint"]
    project.run("shop.orders", force=True)
    project.run()
    assert project.ask("select n from marts.count") == [(3,)]


@pytest.fixture
def two(project) -> Clone:
    """A project with a second source, and what reads both."""
    project.write("raw/items.csv", "id,price\n1,2\n2,3\n")
    project.write("sources/shop/items.sql", "select id, price from read_csv('raw/items.csv')\n")
    project.write("datasets/marts/prices.sql", "select sum(price) as price from shop.items\n")
    project.write(
        "datasets/marts/both.sql", "select amount * price as paid from shop.orders join shop.items using (id)\n"
    )
    project.write("datasets/marts/after.sql", "select sum(paid) as paid from marts.both\n")
    project.run()
    return project


def test_a_damaged_input_fails_what_reads_it_and_nothing_else(two):
    """Of a change nothing is published, and the rest is built all the same; the hint, followed, ends it."""
    flip(data_file(two, "shop.orders"))
    two.write("datasets/marts/prices.sql", "select sum(price) * 10 as price from shop.items\n")
    two.write("datasets/marts/both.sql", "select amount + price as paid from shop.orders join shop.items using (id)\n")
    done = two.run()
    assert not done.published
    assert statuses(done, "marts.both", "marts.after", "marts.prices") == ["failed", "skipped", "ok"]
    two.run("shop.orders", force=True)
    again = two.run()
    assert again.published
    assert [t.dataset for t in again.tasks if t.action == "build" and t.dataset.startswith("marts.p")] == []
    assert two.ask("select p.price, a.paid from marts.prices p, marts.after a") == [(50, 35)]


def test_a_refresh_publishes_what_no_damage_touches(two):
    place = data_file(two, "shop.orders")
    flip(place)
    two.write("raw/items.csv", "id,price\n1,2\n2,4\n")
    done = two.refresh()
    assert done.published
    assert statuses(done, "marts.both", "marts.after", "marts.prices") == ["failed", "skipped", "ok"]
    assert two.ask("select p.price, a.paid from marts.prices p, marts.after a") == [
        (6, 80)
    ]  # readers have the old join
    said = re.search(r"`andon (run --force \S+)`", errors(done)["marts.both"]["hint"])
    assert said is not None
    two.run(said[1].split()[-1], force=True)
    assert two.refresh().published
    assert two.ask("select paid from marts.after") == [(100,)]


def test_what_a_check_reads_and_nobody_can_is_held_and_mended(two):
    """A check that names a damaged dataset can't be asked; no other check is touched by that, and nothing of it is remembered."""
    text = "/*---\nchecks: |\n  price > 0\n  price > min(shop.orders.id)\n---*/\nselect sum(price) as price from shop.items\n"
    flip(data_file(two, "shop.orders"))
    two.write("datasets/marts/prices.sql", text.replace("min(shop.orders.id)", "(select min(id) from shop.orders)"))
    done = two.run()
    assert not done.published
    assert "could not run" in (done.held or "")
    found = {c.label: c for c in done.checks}
    assert found["price > 0"].status == "pass"
    (bad,) = [c for c in found.values() if c.status == "error"]
    assert "the data file of `shop.orders` is damaged" in (bad.reason or "")
    with two.opened() as service:  # asked alone it says the same
        said = service.checks.run(("marts.prices",), f"run:{done.run}").results
    assert [c.status for c in said] == ["pass", "error"]
    two.run("shop.orders", force=True)
    done = two.run()
    assert done.published
    assert {c.status for c in done.checks} == {"pass"}


@pytest.mark.parametrize("damage", ["flip", "gone"])
def test_an_answer_from_before_the_damage_is_not_given(two, damage):
    """What held of the bytes that were written says nothing of the bytes that are there; mended, the kept answer holds again."""
    text = "/*---\nchecks: |\n  price > 0\n  rows = 1\n---*/\nselect sum(price) as price from shop.items\n"
    two.write("datasets/marts/prices.sql", text)
    two.run()
    place = data_file(two, "marts.prices")
    whole = place.read_bytes()
    flip(place) if damage == "flip" else place.unlink()
    with two.opened() as service:
        said = service.checks.run(("marts.prices",)).results
    assert [c.status for c in said] == ["error", "error"]
    assert all("the data file of `marts.prices` is" in (c.reason or "") for c in said)
    place.write_bytes(whole)
    with two.opened() as service:
        said = service.checks.run(("marts.prices",)).results
    assert [(c.status, c.how) for c in said] == [("pass", "kept"), ("pass", "kept")]


def test_what_can_not_be_compared_with_what_is_damaged_is_skipped(two):
    """The published version is damaged and the new one is another: nobody knows how the two differ, and there is a way on."""
    checks = "/*---\nchecks: |\n  rows >= 90% of published\n  schema exact\n---*/\n"
    two.write("datasets/marts/both.sql", checks + two.read("datasets/marts/both.sql"))
    two.run()
    flip(data_file(two, "marts.both"))
    two.write("raw/items.csv", "id,price\n1,2\n2,4\n")
    done = two.refresh()
    assert done.published
    found = {c.label: c for c in done.checks}
    assert (found["rows >= 90% of published"].status, found["schema exact"].status) == ("skipped", "pass")
    assert "the data file of `marts.both` is damaged" in (found["rows >= 90% of published"].reason or "")
    assert two.ask("select paid from marts.after") == [(100,)]
    flip(data_file(two, "marts.both"))
    two.write("datasets/marts/both.sql", "select amount + price as paid from shop.orders join shop.items using (id)\n")
    done = two.run()
    assert done.published
    with two.opened() as service:
        (rows,) = [r for r in service.run_changes.of(done).rows if r.dataset == "marts.both"]
    assert "is damaged" in (rows.skipped or "")
    assert two.ask("select paid from marts.after") == [(36,)]


def test_a_damaged_copy_of_a_raw_file_is_not_published(shared):
    """A colleague who builds from the lake's copy, since the file is not in their folder."""
    ana, _ = shared
    copies = [p for p in (ana.root.parent / "lake" / "raw").rglob("*") if p.is_file()]
    flip(copies[0])
    ben = Clone(ana.root.parent / "new", "ben", environ=ana.environ)
    shutil.copytree(ana.root, ben.root, ignore=shutil.ignore_patterns(".andon", "raw"))
    ben.write("sources/shop/orders.sql", TWICE)
    ben.write("datasets/marts/one.sql", "select 1 as one\n")
    done = ben.run(mine=("sources/shop/orders.sql",))
    assert not done.published
    assert statuses(done, "shop.orders", "marts.totals", "marts.one") == ["failed", "skipped", "ok"]
    assert errors(done)["shop.orders"]["code"] == "lake.corrupt"
    assert "raw/orders_05.csv" in errors(done)["shop.orders"]["message"]
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
