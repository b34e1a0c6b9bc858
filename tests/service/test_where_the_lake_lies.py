"""A catalog goes on in one storage: another one is refused before anything is published there, and a move takes it over."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import pytest

from andon.errors import AndonError
from andon.lake.packages import PackageFile
from andon.runs.goal import RunOptions
from andon.service.service import Service
from kit.clones import FILES, Clone
from kit.command_line import Andon
from kit.remote import TOKEN, Bucket

LAKE = ".andon/lake"
MORE = "id,customer,amount\n4,cleo,7\n"


@pytest.fixture(params=["sqlite", "postgres"])
def catalog(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A line of `andon.toml`."""
    if request.param == "sqlite":
        return f'catalog = "{tmp_path}/catalog.db"\n'
    request.getfixturevalue("monkeypatch").setenv(
        "LAKE_CATALOG", request.getfixturevalue("postgres").catalog(f"lake_{uuid4().hex[:12]}")
    )
    return 'catalog = "${env:LAKE_CATALOG}"\n'


@pytest.fixture
def project(tmp_path: Path, catalog: str) -> Clone:
    clone = Clone(tmp_path / "acmé 'x'", environ={"LAKE_CATALOG": os.environ.get("LAKE_CATALOG", "")})
    clone.fill({**FILES, "andon.toml": f'{catalog}storage = "../old"\n'})
    assert clone.run().published
    return clone


def lies_in(clone: Clone, catalog: str, storage: str) -> Clone:
    clone.write("andon.toml", f'{catalog}storage = "{storage}"\n')
    return clone


def colleague(clone: Clone, name: str = "other") -> Clone:
    other = Clone(clone.root.parent / name, environ=clone.environ)
    shutil.copytree(clone.root, other.root, ignore=shutil.ignore_patterns(".andon"))
    return other


def moved(clone: Clone, target: str) -> None:
    with clone.opened() as service:
        assert service.lake_moves.move(target).lost == []


def is_whole(clone: Clone) -> bool:
    with clone.opened() as service:
        return service.verifying.verify(all=True).damaged == []


def refused(clone: Clone) -> AndonError:
    with pytest.raises(AndonError) as caught:
        clone.ask("from marts.count")
    assert caught.value.code == "lake.elsewhere"
    with pytest.raises(AndonError, match=re.escape(str(caught.value.message))):
        clone.run()
    return caught.value


def test_a_place_that_nothing_was_moved_to_is_refused_and_the_hint_takes_the_lake_there(project, catalog, tmp_path):
    lies_in(project, catalog, "../new")
    hint = str(refused(project).hint)
    old, move = (re.search(pattern, hint) for pattern in ("name `([^`]+)`", "`andon ([^`]+)`"))
    assert old is not None
    assert move is not None
    assert old[1] == str(tmp_path / "old")
    assert not (tmp_path / "new/data").exists()
    lies_in(project, catalog, old[1])
    assert project.ask("from marts.count") == [(3,)]
    Andon(project.root)(*shlex.split(move[1]))
    lies_in(project, catalog, "../new")
    shutil.move(tmp_path / "old", tmp_path / "away")
    project.write("raw/orders_06.csv", MORE)
    assert project.refresh().published
    assert project.ask("from marts.count") == [(4,)]
    assert is_whole(project)


def test_who_did_not_hear_of_a_move_publishes_nothing_in_the_old_place(project, catalog):
    late, open_since = colleague(project), colleague(project, "server").open()
    assert open_since.querying.ask("from marts.count").fetch() == [(3,)]
    moved(project, "../new")
    assert late.ask("from marts.count") == [(3,)]  # nobody goes on in the new one yet
    assert lies_in(project, catalog, "../new").ask("from marts.count") == [(3,)]
    assert "new" in str(refused(late).hint)
    for root in (late.root, open_since.workspace.root):
        (root / "raw/orders_06.csv").write_text(MORE)
    with closing(open_since) as service, pytest.raises(AndonError, match="is not where the lake lies"):
        service.runs.refresh(RunOptions())
    assert lies_in(late, catalog, "../new").refresh().published
    assert project.ask("from marts.count") == [(4,)]
    assert is_whole(project)


def test_what_was_published_after_the_move_is_asked_for_before_the_new_place_goes_on(project, catalog):
    late = colleague(project)
    moved(project, "../new")
    late.write("raw/orders_06.csv", MORE)
    assert late.refresh().published
    lies_in(project, catalog, "../new").write("datasets/marts/more.sql", "select 1 as n\n")
    with pytest.raises(AndonError) as caught:
        project.run("marts.more")
    assert caught.value.code == "lake.elsewhere"
    command = re.search("`andon ([^`]+)`", str(caught.value.hint))
    assert command is not None
    with project.opened() as service:  # what was not brought yet is no damage
        for judge in (lambda: service.verifying.verify(all=True), lambda: service.backups.make("../kept")):
            with pytest.raises(AndonError) as caught:
                judge()
            assert caught.value.code == "lake.elsewhere"
    Andon(project.root)(*shlex.split(command[1]))
    project.write("raw/orders_06.csv", MORE)
    assert project.run().published
    assert project.ask("from marts.count") == [(4,)]
    assert is_whole(project)
    refused(late)


@pytest.mark.parametrize("kept", ["analysis", "package"])
def test_what_was_kept_after_the_move_without_a_publish_is_asked_for_too(project, catalog, tmp_path, kept):
    late = colleague(project)
    moved(project, "../new")
    with late.opened() as service:
        keep(kept, service, tmp_path)
    lies_in(project, catalog, "../new").write("raw/orders_06.csv", MORE)
    with pytest.raises(AndonError) as caught:
        project.refresh()
    assert caught.value.code == "lake.elsewhere"
    command = re.search("`andon ([^`]+)`", str(caught.value.hint))
    assert command is not None
    Andon(project.root)(*shlex.split(command[1]))
    assert project.refresh().published
    assert is_whole(project)


def test_what_was_not_brought_yet_is_not_gone_for_a_catalog_that_was_copied(project, catalog, tmp_path):
    moved(project, "../new")
    project.write("raw/orders_06.csv", MORE)
    assert project.refresh().published
    Andon(project.root)("catalog", "copy", catalog.split('"')[1], f"{tmp_path}/two.db")
    two = lies_in(project, f'catalog = "{tmp_path}/two.db"\n', "../new")
    with pytest.raises(AndonError) as missing:
        two.ask("from marts.count")
    assert missing.value.code == "lake.corrupt"
    with two.opened() as service:
        assert service.lake_moves.move("../new", source="../old").gone == 0
    shutil.move(tmp_path / "old", tmp_path / "away")
    assert two.ask("from marts.count") == [(4,)]
    assert is_whole(two)


@pytest.mark.parametrize("kept", ["analysis", "package"])
def test_who_did_not_hear_of_a_move_keeps_nothing_in_the_old_place(project, catalog, tmp_path, kept):
    open_since = colleague(project).open()
    assert open_since.querying.ask("from marts.count").fetch() == [(3,)]
    moved(project, "../new")
    assert lies_in(project, catalog, "../new").ask("from marts.count") == [(3,)]
    with closing(open_since) as service, pytest.raises(AndonError, match="is not where the lake lies"):
        keep(kept, service, tmp_path)
    assert is_whole(project)


def keep(kept: str, service: Service, folder: Path) -> None:
    """Keep a file that no commit names."""
    if kept == "analysis":
        (service.workspace.root / "analyses").mkdir()
        (service.workspace.root / "analyses/note.py").write_text("open('note.txt', 'w').write('so')\n")
        assert service.analyses.run("note").outputs
        return
    wheel = folder / "a.whl"
    wheel.write_bytes(b"wheel")
    file = PackageFile("a", "1", wheel.name, sha256(b"wheel").hexdigest(), wheel.stat().st_size)
    service.workspace.lake.packages.keep("lock", "here", {file: wheel})


def test_it_goes_back_by_a_move(project, catalog):
    moved(project, "../new")
    lies_in(project, catalog, "../new").write("raw/orders_06.csv", MORE)
    assert project.refresh().published
    refused(lies_in(project, catalog, "../old"))
    moved(lies_in(project, catalog, "../new"), "../old")
    project.write("datasets/marts/count.sql", "select count(*) + 1 as n from shop.orders\n")
    assert lies_in(project, catalog, "../old").run().published
    refused(lies_in(project, catalog, "../new"))
    assert is_whole(lies_in(project, catalog, "../old"))


def test_another_path_to_the_same_place_is_the_same_place(project, catalog, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "old")
    assert lies_in(project, catalog, "../link").ask("from marts.count") == [(3,)]
    (tmp_path / "mounted").mkdir()
    shutil.copytree(tmp_path / "old", tmp_path / "mounted/here")
    project.write("datasets/marts/count.sql", "select count(*) + 1 as n from shop.orders\n")
    assert lies_in(project, catalog, "../mounted/here").run().published


def test_a_folder_that_is_moved_or_copied_with_all_in_it_goes_on(tmp_path):
    clone = Clone(tmp_path / "one")
    clone.fill(FILES)
    clone.run()
    shutil.copytree(clone.root, tmp_path / "two")
    shutil.move(clone.root, tmp_path / "three")
    for name in ("two", "three"):
        there = Clone(tmp_path / name)
        there.write("datasets/marts/count.sql", f"select count(*) + {len(name)} as n from shop.orders\n")
        assert there.run().published
        assert is_whole(there)


def test_where_the_old_place_is_lost_the_lake_is_built_again(tmp_path):
    clone = Clone(tmp_path / "one")
    clone.fill(FILES)
    clone.run()
    shutil.rmtree(clone.root / LAKE)
    shutil.move(clone.root, tmp_path / "two")
    there = Clone(tmp_path / "two")
    assert there.run("*", force=True).published
    assert there.ask("from marts.count") == [(3,)]


def test_a_bucket_that_nothing_was_moved_to_is_refused(tmp_path, s3):
    clone = Clone(tmp_path / "one")
    clone.fill(FILES)
    clone.run()
    bucket = Bucket(s3, "where-the-lake-lies")
    clone.environ = {"S3_SECRET": TOKEN}
    clone.write("andon.toml", f'storage = "{bucket.url("data")}"\n{bucket.connection()}')
    refused(clone)
    assert bucket.keys() == []
    clone.write("andon.toml", "")
    assert is_whole(clone)
