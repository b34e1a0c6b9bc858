"""What a folder has in common with each branch of a lake, kept in its `.andon/`."""

import pytest

from andon.base.sqlite import SqliteDatabase
from andon.lake.lake import Lake
from andon.lake.local_storage import LocalStorage
from andon.workspace.base import Base, Bases, InCommon
from kit.lake_objects import ticking


@pytest.fixture
def bases(tmp_path):
    database = SqliteDatabase(tmp_path / "catalog.db")
    yield Bases(tmp_path / ".andon", Lake.open(database, LocalStorage(tmp_path / "lake"), ticking(), "ana"))
    database.close()


@pytest.fixture
def base(bases) -> Base:
    commit = bases._lake.refs.resolve("main").id
    code = InCommon({"a.sql": "1", "b.sql": None}, commit, {"b.sql": "0"})
    return Base(code, {"shop.orders": InCommon({"raw/a.csv": "2"}, commit)})


def test_a_base_is_kept_for_each_branch(bases, base):
    assert bases.of("main") is None
    bases.set("main", base)
    bases.set("fix/it", Base(base.code))
    assert bases.of("main") == base
    assert bases.of("fix/it") == Base(base.code)
    assert bases.of("fix") is None


def test_a_name_may_be_longer_than_a_file_is_called(bases, base):
    long, longer = "ä" * 300, "ä" * 301
    assert bases.of(long) is None
    bases.set(long, base)
    assert (bases.of(long), bases.of(longer)) == (base, None)
    assert list(bases.others("main")) == []
    bases.forget(long)
    assert bases.of(long) is None


def test_a_torn_base_is_none(bases, base):
    bases.set("main", base)
    (file,) = (bases._state / "base").rglob("main.json")
    file.write_text(file.read_text()[:-2])
    assert bases.of("main") is None


def test_a_commit_that_the_lake_does_not_know_is_no_base(bases, base):
    bases.set("main", Base(InCommon(base.code.files, "f" * 64), base.raw))
    assert bases.of("main") is None
    bases.set("main", Base(base.code, {**base.raw, "shop.gone": InCommon({"raw/b.csv": "3"}, "f" * 64)}))
    assert bases.of("main") == base


def test_a_new_branch_takes_a_base_or_loses_an_old_one(bases, base):
    bases.set("main", base)
    bases.copy("main", "new")
    assert bases.of("new") == base
    bases.copy("nothing", "new")  # an earlier branch of the name left one
    assert bases.of("new") is None
    bases.forget("main")
    bases.forget("main")
    assert bases.of("main") is None


def test_files_are_common_where_both_agree_and_since_then():
    first = InCommon().after("c1", {"a": "1", "b": "1", "c": "1"}, {"a": "1", "b": "2", "c": "1"})
    assert first == InCommon({"a": "1", "c": "1"}, "c1")
    second = first.after("c2", {"a": "2", "b": "1"}, {"a": "1", "b": "1"})
    assert second == InCommon({"a": "1", "b": "1", "c": None}, "c2", {"a": "c1"})
    assert (second.agreed_at("a"), second.agreed_at("b")) == ("c1", "c2")
    assert second.after("c3", {"a": "2"}, {"a": "1"}, ["a"]) == InCommon({"a": "2", "b": None, "c": None}, "c3")
