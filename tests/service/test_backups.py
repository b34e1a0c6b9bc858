"""A lake that was put back is the one that was backed up, all of it, or it is not there; a backup that is damaged is not believed."""

from __future__ import annotations

import io
import json
import shlex
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import andon
from andon.cli.output import Ink
from andon.cli.text.backup import restored_lines
from andon.errors import DamagedError, UsageError
from andon.model.backup import BackupList, BackupMade, LakeRestored
from andon.service.restoring import NEWEST, RestoreOptions, restore
from kit.backups import contents, held
from kit.clones import FILES, Clone
from kit.remote import TOKEN, Bucket
from kit.serving import serving


def backed_up(clone: Clone, folder: Path, **options: bool) -> BackupMade:
    with clone.opened() as service:
        return service.backups.make(str(folder), **options)


def put_back(folder: Path, into: Path, options: RestoreOptions = NEWEST) -> tuple[Clone, LakeRestored]:
    found = restore(folder, into, options, environ={"ANDON_AUTHOR": "ana", "HOME": str(into)})
    return Clone(into), found


def is_whole(clone: Clone) -> bool:
    with clone.opened() as service:
        return service.verifying.verify(all=True).damaged == []


@pytest.fixture
def project(tmp_path: Path) -> Clone:
    clone = Clone(tmp_path / "acmé 'x'")
    clone.fill({**FILES, "andon.toml": '[people]\nana = "owner"\n'})
    clone.run()
    return clone


def test_a_restored_lake_is_the_one_that_was_backed_up_and_goes_on(project, tmp_path):
    with project.opened() as service:
        service.branches.tag("first")
        service.tokens.create("ana")
    made = backed_up(project, tmp_path / "kept")
    assert (made.damaged, made.backup.whole, made.copied_files) == ([], True, made.backup.files)
    again, found = put_back(tmp_path / "kept", tmp_path / "again")
    assert held(again) == held(project)
    assert sorted(found.written) == sorted(path for path in FILES if not path.startswith("raw/"))
    assert found.raw == ["raw/orders_05.csv"]
    assert {path: again.read(path) for path in FILES} == {path: project.read(path) for path in FILES}
    assert found.revoked == 1
    assert is_whole(again)
    # nothing is left to do; what comes is built on what was there, and taken back to it
    assert not [task for task in again.run().tasks if task.action != "reuse"]
    again.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
    assert again.refresh().published
    assert again.ask("select sum(amount) from shop.orders") == [(42,)]
    assert again.ask("select sum(amount) from shop.orders", "first") == [(35,)]
    with again.opened() as service:
        assert service.reproducing.reproduce("marts.totals", "first").verdict.holds
    again.undo()
    assert again.ask("select sum(amount) from shop.orders") == [(35,)]
    assert project.ask("select sum(amount) from shop.orders") == [(35,)]


def test_only_what_is_new_is_copied(project, tmp_path):
    folder = tmp_path / "kept"
    backed_up(project, folder)
    before = contents(folder)
    made = backed_up(project, folder)
    assert (made.copied_files, made.copied_bytes) == (0, 0)
    after = contents(folder)
    assert {path: after[path] for path in before} == before
    assert [path for path in after if path not in before] == [f"backups/{made.backup.id}.json"]
    project.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
    project.refresh()
    made = backed_up(project, folder)
    assert 0 < made.copied_files < made.backup.files
    with project.opened() as service:
        assert service.backups.list(str(folder)).backups[0].id == made.backup.id


def test_each_backup_of_a_folder_is_the_lake_of_its_moment(project, tmp_path):
    folder, states = tmp_path / "kept", []
    for number in range(3):
        project.write(f"raw/orders_0{6 + number}.csv", f"id,customer,amount\n{4 + number},cleo,7\n")
        project.refresh()
        states.append((backed_up(project, folder).backup, held(project)))
    for backup, state in states:
        for name, at in (("id", backup.id), ("moment", backup.at)):
            again, found = put_back(folder, tmp_path / f"{backup.id}-{name}", RestoreOptions(at))
            assert found.backup == backup
            assert held(again) == state
    with pytest.raises(UsageError) as caught:
        put_back(folder, tmp_path / "none", RestoreOptions("2001-01-01"))
    assert caught.value.code == "backup.none"
    assert not (tmp_path / "none").exists()


def test_what_goes_with_the_lake_is_no_place_for_a_backup(project):
    for inside in (".andon/kept", ".andon", "."):
        with pytest.raises(UsageError, match="would happen to a backup"):
            backed_up(project, project.root / inside)


def test_the_command_that_is_told_leads_into_the_folder(project, tmp_path):
    backed_up(project, tmp_path / "kept")
    into = tmp_path / "größe's copy"
    _, found = put_back(tmp_path / "kept", into)
    *_, said = restored_lines(found, str(into), Ink(io.StringIO(), False, {}))
    first, *_ = said.removeprefix("next: ").split(" && ")
    assert shlex.split(first) == ["cd", str(into)]


def test_tokens_are_good_no_more_unless_it_is_said(project, tmp_path):
    with project.opened() as service:
        service.tokens.create("ana")
    backed_up(project, tmp_path / "kept")
    again, _ = put_back(tmp_path / "kept", tmp_path / "again")
    kept, found = put_back(tmp_path / "kept", tmp_path / "kept tokens", RestoreOptions(keep_tokens=True))
    with again.opened() as service:
        assert [token.revoked for token in service.tokens.list()] == [True]
    assert found.revoked == 0
    assert held(kept, tokens=True) == held(project, tokens=True)


# -- nothing is overwritten


def test_a_folder_that_has_something_else_is_left_alone(project, tmp_path):
    folder = tmp_path / "kept"
    backed_up(project, folder)
    before = contents(project.root)
    other = tmp_path / "other"
    other.mkdir()
    (other / "letter.txt").write_text("dear")
    for into in (project.root, other):
        with pytest.raises(UsageError) as caught:
            put_back(folder, into)
        assert caught.value.code == "usage.exists"
    assert contents(project.root) == before
    assert contents(other).keys() == {"letter.txt"}
    with project.opened() as service:
        for place in (other, project.root, project.root / ".andon/lake/kept"):
            with pytest.raises(UsageError):
                service.backups.make(str(place))
        with pytest.raises(UsageError) as caught:
            service.backups.make()
    assert caught.value.code == "usage.bad_argument"
    second = Clone(tmp_path / "second")
    second.fill(FILES)
    second.run()
    with pytest.raises(UsageError, match="another lake"):
        backed_up(second, folder)


def test_a_project_without_a_lake_keeps_its_files(project, tmp_path):
    """As after a clone, or when the disk with `.andon` is lost: its edits are still there to be run."""
    folder = tmp_path / "kept"
    backed_up(project, folder)
    state = held(project)
    shutil.rmtree(project.root / ".andon")
    project.write("datasets/marts/count.sql", "select 10 * count(*) as n from shop.orders\n")
    _, found = put_back(folder, project.root)
    assert (found.written, found.raw) == ([], [])
    assert held(project) == state
    assert project.read("datasets/marts/count.sql") == "select 10 * count(*) as n from shop.orders\n"
    assert project.ask("select n from marts.count") == [(3,)]
    project.run(mine=("datasets/marts/count.sql",))
    assert project.ask("select n from marts.count") == [(30,)]


def test_only_the_catalog_was_lost(project, tmp_path):
    """Files that are there are kept, and one that is not what it was is put right."""
    folder = tmp_path / "kept"
    backed_up(project, folder)
    state, before = held(project), contents(project.root / ".andon/lake")
    (project.root / ".andon/catalog.db").unlink()
    place = next(path for path in before if path.endswith(".parquet"))
    (project.root / ".andon/lake" / place).write_bytes(b"torn")
    put_back(folder, project.root)
    assert held(project) == state
    after = contents(project.root / ".andon/lake")
    assert {path for path in before if after[path] != before[path]} == {place}


def test_a_lake_goes_where_andon_toml_says(project, tmp_path):
    folder = tmp_path / "kept"
    backed_up(project, folder)
    into = Clone(tmp_path / "again")
    into.write("andon.toml", f'storage = "{tmp_path}/files"\ncatalog = "{tmp_path}/rows/c.db"\n')
    _, found = put_back(folder, into.root)
    assert (found.storage, found.catalog) == (f"{tmp_path}/files", f"{tmp_path}/rows/c.db")
    assert into.ask("select sum(amount) from shop.orders") == [(35,)]
    # an andon.toml that is published may name a place that is in use
    into.run(mine=("andon.toml",))
    backed_up(into, tmp_path / "more")
    with pytest.raises(UsageError, match="there is a lake already"):
        put_back(tmp_path / "more", tmp_path / "third")
    assert not (tmp_path / "third").exists()


def test_from_python_and_over_http(project, tmp_path):
    """A server backs up to the folder that andon.toml names, for who owns the lake; nobody says it where on its disk."""
    project.write("andon.toml", '[people]\nana = "owner"\nben = "editor"\n[backup]\nfolder = "../kept"\n')
    project.run()
    with serving(project.root) as server:
        ana = andon.connect(server.address, token=server.service.tokens.create("ana").token)
        made = ana.backup()
        assert (made.folder, made.backup.whole) == (str(tmp_path / "kept"), True)
        assert ana.backups().backups == [made.backup]
        ben = server.client(server.service.tokens.create("ben").token)
        assert ben.post("/backups", {}).status == 403
        assert (
            server.client(server.service.tokens.create("ana").token).post("/backups", {"folder": "/tmp"}).status == 400
        )
    found = andon.restore(tmp_path / "kept", tmp_path / "again")
    assert found.backup == made.backup
    again = andon.open(tmp_path / "again")
    assert again.sql("select n from marts.count").fetchall() == [(3,)]
    assert again.backups() == BackupList(str(tmp_path / "kept"), [made.backup], [])
    again.close()


# -- damage


def test_what_is_damaged_of_a_lake_is_named_and_the_backup_not_called_whole(project, tmp_path):
    place = next((project.root / ".andon/lake/data/marts").glob("totals-*.parquet"))
    whole = place.read_bytes()
    place.write_bytes(whole[:-1] + b"x")
    made = backed_up(project, tmp_path / "kept")
    assert [(part.kind, part.dataset, part.what) for part in made.damaged] == [
        ("data file", "marts.totals", "is damaged")
    ]
    assert made.damaged[0].touches
    assert not made.backup.whole
    with pytest.raises(DamagedError) as caught:
        put_back(tmp_path / "kept", tmp_path / "again")
    assert caught.value.code == "backup.damaged"
    assert not (tmp_path / "again").exists()
    again, found = put_back(tmp_path / "kept", tmp_path / "again", RestoreOptions(partly=True))
    assert found.lacking == [f"data/marts/{place.name}"]
    with again.opened() as service:
        assert [part.what for part in service.verifying.verify(all=True).damaged] == ["is not there"]
        assert service.repairing.repair().left == []
    assert is_whole(again)
    # put right, the next backup is whole; what the folder has already needs no reading
    place.write_bytes(whole)
    assert backed_up(project, tmp_path / "kept").backup.whole
    place.write_bytes(b"torn again")
    assert backed_up(project, tmp_path / "kept").backup.whole


def test_what_analyses_made_comes_back_and_what_is_damaged_of_it_is_named(project, tmp_path):
    project.write("analyses/count.py", "import andon\nandon.keep('counted', andon.open().sql('from marts.count'))\n")
    with project.opened() as service:
        run = service.analyses.run("count")
        assert run.error is None
        place = service.analyses.place(run, run.outputs[0].name)[1]
        made = place.read_bytes()
    whole = backed_up(project, tmp_path / "kept")
    place.chmod(0o600)
    place.write_bytes(bytes(reversed(made)))
    made_again = backed_up(project, tmp_path / "another")
    assert [(part.kind, part.dataset, part.what) for part in made_again.damaged] == [
        ("analysis file", "analyses/count", "is damaged")
    ]
    with pytest.raises(DamagedError):
        put_back(tmp_path / "another", tmp_path / "none")
    again, _ = put_back(tmp_path / "kept", tmp_path / "again")
    assert whole.damaged == []
    with again.opened() as service:
        found = service.workspace.lake.analysis_runs.find("count")
        assert service.analyses.place(found, found.outputs[0].name)[1].read_bytes() == made
        assert service.analysis_reproducing.reproduce(run.label).verdict.holds
    assert is_whole(again)


def test_a_deep_backup_puts_right_what_the_folder_lost(project, tmp_path):
    folder = tmp_path / "kept"
    backed_up(project, folder)
    for number, place in enumerate(sorted((folder / "contents").rglob("*/*"))):
        whole = place.read_bytes()
        place.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]) if number % 2 else whole[:-1])
    made = backed_up(project, folder, deep=True)
    assert made.backup.whole
    assert made.copied_bytes
    again, _ = put_back(folder, tmp_path / "again")
    assert held(again) == held(project)


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Path:
    clone = Clone(tmp_path_factory.mktemp("backups") / "acme")
    clone.fill(FILES)
    clone.run()
    backed_up(clone, clone.root.parent / "kept")
    return clone.root.parent / "kept"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(number=st.integers(0, 10_000), at=st.integers(0, 1 << 30), bit=st.integers(0, 7), cut=st.booleans())
def test_no_flip_and_no_truncation_of_a_backup_is_missed(kept, number, at, bit, cut):
    """It is refused and named, and nothing is put back; as it was, it is."""
    places = sorted(path for path in kept.rglob("*") if path.is_file())
    place = places[number % len(places)]
    whole = place.read_bytes()
    at %= len(whole)
    place.write_bytes(whole[:at] if cut else whole[:at] + bytes([whole[at] ^ (1 << bit)]) + whole[at + 1 :])
    into = kept.parent / "again"
    try:
        with pytest.raises((DamagedError, UsageError)) as caught:
            put_back(kept, into)
    finally:
        place.write_bytes(whole)
    assert caught.value.code == "backup.damaged"
    damaged = {place.name.removesuffix(".json"), *_with_content(kept, place.name)}
    assert any(name in str(caught.value) for name in damaged)
    assert not into.exists()


def _with_content(kept: Path, sha256: str) -> list[str]:
    """The files of the lake that hold something."""
    (manifest,) = (kept / "backups").iterdir()
    return [path for path, _, held, _ in json.loads(manifest.read_bytes())["files"] if held == sha256]


def test_a_bucket_that_was_emptied_is_filled_whatever_copies_this_machine_has(project, tmp_path, s3):
    bucket = Bucket(s3, "emptied")
    into = Clone(tmp_path / "again", environ={"S3_SECRET": TOKEN})
    into.fill({**FILES, "andon.toml": f'storage = "{bucket.url("lake")}"\n{bucket.connection()}'})
    into.run()
    folder = tmp_path / "kept"
    backed_up(into, folder)
    whole = {key: bucket.get(key) for key in bucket.keys("lake/")}
    for key in whole:
        bucket.remove(key)
    (into.root / ".andon/catalog.db").unlink()
    restore(folder, into.root, NEWEST, environ=into.environ)
    del whole["lake/.catalogs/storage"]  # what opens it next has it
    assert {key: bucket.get(key) for key in bucket.keys("lake/")} == whole
    with into.opened() as service:
        assert service.verifying.verify(all=True).damaged == []
