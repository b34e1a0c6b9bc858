"""A lake that was moved is the one that it was, wherever the move was cut off; the old storage keeps every byte."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from andon.errors import AndonError, UsageError
from andon.lake.local_storage import LocalStorage
from andon.model.lake_move import LakeMoved
from andon.service.leftovers import remove
from kit.backups import contents
from kit.clones import FILES, Clone
from kit.command_line import Andon
from kit.each_kind import year_of_lake
from kit.remote import TOKEN, Bucket
from kit.shops import FILES as SHOP
from kit.shops import ORDERS, Shop

LAKE = ".andon/lake"
_numbers = itertools.count(1)


@pytest.fixture
def project(tmp_path: Path) -> Clone:
    clone = Clone(tmp_path / "acmé 'x'")
    clone.fill({**FILES, "andon.toml": ""})
    clone.run()
    clone.write("datasets/marts/count.sql", "select count(*) + 7 as n from shop.orders\n")
    clone.run()
    clone.undo()
    return clone


def moved(clone: Clone, target: str, source: str | None = None) -> LakeMoved:
    with clone.opened() as service:
        return service.lake_moves.move(target, source=source)


def data(root: Path) -> dict[str, bytes]:
    """What lies in a storage, but for notes of who reads and writes, and what is derived."""
    paths = [path for path in contents(root) if not path.startswith((".", "iceberg"))]
    return {path: (root / path).read_bytes() for path in paths}


def is_whole(clone: Clone) -> bool:
    with clone.opened() as service:
        found = service.verifying.verify(all=True)
        return found.damaged == [] and service.reproducing.reproduce("marts.totals").verdict.holds


def test_a_moved_lake_is_the_same_and_goes_on_and_the_old_one_keeps_every_byte(project, tmp_path):
    old = data(project.root / LAKE)
    found = moved(project, str(tmp_path / "new"))
    assert (found.lost, found.gone, found.copied_files) == ([], 0, len(old))
    assert data(project.root / LAKE) == old == data(tmp_path / "new")
    project.write("andon.toml", f"{found.setting}\n")
    shutil.move(project.root / LAKE, tmp_path / "away")
    assert is_whole(project)
    project.redo()
    assert project.ask("from marts.count") == [(10,)]
    project.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
    assert project.refresh().published
    assert is_whole(project)
    assert data(tmp_path / "away") == old


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_wherever_a_move_was_cut_off_the_next_one_ends_it(project, tmp_path, data_of):
    """Files that are there in part, that are others, or that are missing: what is right already is not copied again."""
    whole = data(project.root / LAKE)
    target = tmp_path / "new"
    shutil.rmtree(target, ignore_errors=True)
    moved(project, str(target))
    hurt = data_of.draw(st.lists(st.sampled_from(sorted(whole)), unique=True))
    for path in hurt:
        body, file = whole[path], target / path
        file.chmod(0o644)
        match data_of.draw(st.sampled_from(["gone", "cut", "other"])):
            case "gone":
                file.unlink()
            case "cut":
                file.write_bytes(body[:-1])
            case _:
                file.write_bytes(bytes([body[0] ^ 1]) + body[1:])
    found = moved(project, str(target))
    assert (found.copied_files, found.files) == (len(hurt), len(whole))
    assert data(target) == whole


def test_what_fails_in_the_middle_leaves_nothing_in_part_and_goes_on(project, tmp_path, monkeypatch):
    put, count = LocalStorage.put, 0

    def failing(self, path, pieces, mode):
        nonlocal count
        count += 1
        if count > 2:
            raise OSError("no")
        put(self, path, pieces, mode)

    monkeypatch.setattr(LocalStorage, "put", failing)
    with pytest.raises(OSError, match="no"):
        moved(project, str(tmp_path / "new"))
    monkeypatch.undo()
    whole = data(project.root / LAKE)
    there = data(tmp_path / "new")
    assert there.items() <= whole.items()
    assert len(there) >= 1
    assert moved(project, str(tmp_path / "new")).copied_files == len(whole) - len(there)


def test_what_was_published_in_the_old_one_after_the_move_is_brought_by_from(project, tmp_path):
    setting = moved(project, "../new").setting
    project.redo()
    project.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
    assert project.refresh().published
    project.write("andon.toml", f"{setting}\n")
    with pytest.raises(AndonError, match="is not there"):
        project.ask("select sum(amount) from shop.orders")
    assert moved(project, "../new", LAKE).copied_files > 0
    assert project.ask("select sum(amount) from shop.orders") == [(42,)]
    assert is_whole(project)


def test_a_place_that_is_not_free_is_refused_and_stays_as_it_is(project, tmp_path):
    other = Clone(tmp_path / "other")
    other.fill({**FILES, "andon.toml": ""})
    other.run()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    for target, code in (
        (LAKE, "usage.bad_argument"),
        (f"{LAKE}/data", "usage.bad_argument"),
        (".andon", "usage.bad_argument"),
        (str(tmp_path / "full"), "usage.exists"),
        (str(other.root / LAKE), "usage.exists"),
    ):
        before = contents(other.root / LAKE), contents(tmp_path / "full")
        with pytest.raises(UsageError) as caught:
            moved(project, target)
        assert caught.value.code == code, target
        assert (contents(other.root / LAKE), contents(tmp_path / "full")) == before


def test_what_is_damaged_is_told_and_all_else_is_moved(project, tmp_path):
    path = next(iter(sorted(data(project.root / LAKE))))
    file = project.root / LAKE / path
    file.chmod(0o644)
    file.write_bytes(b"x" + file.read_bytes()[1:])
    done = Andon(project.root)("lake", "move", str(tmp_path / "new"), status=1)
    assert f"{path} is damaged in the old storage" in done.out
    assert "`andon repair`" in done.out
    assert len(data(tmp_path / "new")) == len(data(project.root / LAKE)) - 1


def test_what_was_collected_is_in_neither(tmp_path):
    shop = Shop(tmp_path / "acme")
    shop.fill(SHOP)
    shop.run()
    for days, amount in ((1, 7), (40, 8)):
        shop.later(days)
        shop.load(f"{ORDERS}4,cleo,{amount}\n")
    shop.collect()
    with shop.opened() as service:
        found = service.lake_moves.move(str(tmp_path / "new"))
    assert found.lost == []
    assert found.gone > 0
    assert len(data(tmp_path / "new")) == found.files


def test_what_was_let_go_in_the_new_one_is_not_brought_again(tmp_path):
    shop = Shop(tmp_path / "acme")
    shop.fill(SHOP)
    shop.run()
    for amount in (7, 8):
        shop.load(f"{ORDERS}4,cleo,{amount}\n")
    with shop.opened() as service:
        service.lake_moves.move(str(tmp_path / "new"))
    shop.write("andon.toml", f'storage = "{tmp_path / "new"}"\n{SHOP["andon.toml"]}')
    before = data(tmp_path / "new")
    shop.later(40)
    assert shop.collect().files
    after = data(tmp_path / "new")
    assert len(after) < len(before)
    with shop.opened() as service:
        found = service.lake_moves.move(str(tmp_path / "new"), source=LAKE)
    assert (found.copied_files, found.gone) == (0, len(before) - len(after))
    assert data(tmp_path / "new") == after


def test_from_a_folder_to_a_bucket_and_back_it_is_the_same_lake(project, tmp_path, s3):
    """By the setting alone; nothing of this machine is needed there."""
    bucket = Bucket(s3, f"move{next(_numbers)}")
    project.environ = {**project.environ, "S3_SECRET": TOKEN}
    address = bucket.url("shop/lake")
    project.write("andon.toml", bucket.connection())
    whole = data(project.root / LAKE)
    found = moved(project, address)
    assert (found.copied_files, found.target) == (len(whole), address)
    assert moved(project, address).copied_files == 0
    project.write("andon.toml", f"{found.setting}\n{bucket.connection()}")
    shutil.move(project.root / LAKE, tmp_path / "away")
    assert is_whole(project)
    project.redo()
    project.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
    assert project.refresh().published
    assert moved(project, str(tmp_path / "back")).lost == []
    assert data(tmp_path / "back").items() >= whole.items()
    project.write("andon.toml", f'storage = "{tmp_path / "back"}"\n')
    assert project.ask("select sum(amount) from shop.orders") == [(42,)]
    assert is_whole(project)


def test_what_this_machine_has_copies_of_is_read_in_the_bucket_all_the_same(project, s3):
    """Of what a bucket lost, or has damaged, a copy of this machine proves nothing; and none is kept of what only passed by."""
    bucket = Bucket(s3, f"move{next(_numbers)}")
    project.environ = {**project.environ, "S3_SECRET": TOKEN}
    project.write("andon.toml", bucket.connection())
    found = moved(project, bucket.url("lake"))
    project.write("andon.toml", f"{found.setting}\n{bucket.connection()}")
    assert is_whole(project)  # copies are here from now on
    keys = bucket.keys("lake/")
    whole = {key: bucket.get(key) for key in keys}
    note, gone, cut, other = (
        next(key for key in keys if "/.catalogs/" in key),
        *[k for k in keys if "/data/" in k][:3],
    )
    bucket.remove(note)
    bucket.remove(gone)
    bucket.put(cut, whole[cut][:-1])
    bucket.put(other, bytes([whole[other][0] ^ 1]) + whole[other][1:])
    assert moved(project, bucket.url("lake"), LAKE).copied_files == 3
    assert {key: bucket.get(key) for key in bucket.keys("lake/")} == whole


@pytest.mark.parametrize("name", ['say "é"', "a\\b", "it's"])
def test_the_line_that_is_told_is_one_of_andon_toml_whatever_the_name(project, tmp_path, name):
    found = moved(project, str(tmp_path / name))
    project.write("andon.toml", f"{found.setting}\n")
    shutil.move(project.root / LAKE, tmp_path / "away")
    assert project.ask("select sum(amount) from shop.orders") == [(35,)]


def test_a_lake_inside_of_another_one_is_not_left_behind_there(project, tmp_path, s3):
    bucket = Bucket(s3, f"move{next(_numbers)}")
    other = Clone(tmp_path / "other", environ={"S3_SECRET": TOKEN})
    other.fill({**FILES, "andon.toml": f'storage = "{bucket.url("lake")}"\n{bucket.connection()}'})
    other.run()
    project.environ = {**project.environ, "S3_SECRET": TOKEN}
    project.write("andon.toml", bucket.connection())
    moved(project, bucket.url("lake/data/mine"))
    bucket.put("lake/data/marts/lost-0123456789abcdef.parquet", "left behind")
    before = bucket.keys()
    with other.opened() as service:
        assert remove(service.workspace).files == 1
    assert len(bucket.keys()) == len(before) - 1


def test_a_year_of_every_kind_is_moved_with_what_analyses_made_and_all_its_past(tmp_path, s3):
    """Views, tables that grow, histories, parts, rows set aside, an undo, a branch: each comes out the same there."""
    clone = year_of_lake(tmp_path)
    clone.write(
        "analyses/sums.py", "import andon\n\nprint(andon.open().sql('select sum(n) from marts.totals').fetchall())\n"
    )
    with clone.opened() as service:
        assert service.analyses.run("sums").error is None
    bucket = Bucket(s3, f"move{next(_numbers)}")
    clone.environ = {**clone.environ, "S3_SECRET": TOKEN}
    whole = data(clone.root / LAKE)
    clone.write("andon.toml", bucket.connection())
    found = moved(clone, bucket.url("é lake"))
    assert (found.lost, found.copied_files) == ([], len(whole))
    clone.write("andon.toml", f"{found.setting}\n{bucket.connection()}")
    shutil.rmtree(clone.root / LAKE)
    with clone.opened() as service:
        assert service.verifying.verify(all=True).damaged == []
        lake = service.workspace.lake
        for name in lake.commits.state(lake.refs.head("main")).leaves:
            assert service.reproducing.reproduce(name).verdict.holds, name
        assert service.analysis_reproducing.reproduce("sums@1").verdict.holds
        before = {path for path in bucket.keys("") if "/data/" in path}
        service.collecting.collect(apply=True)
        assert {path for path in bucket.keys("") if "/data/" in path} <= before
        assert service.verifying.verify(all=True).damaged == []
    clone.undo()
    clone.redo()
    assert moved(clone, str(tmp_path / "back")).lost == []
    clone.write("andon.toml", f'storage = "{tmp_path / "back"}"\n')
    assert is_whole(clone)
