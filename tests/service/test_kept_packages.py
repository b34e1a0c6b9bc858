"""Locks that don't rot: kept wheels run a year-old dataset on another machine with no index and no cache, and `andon lock --check` tells
what is no more as it was."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from andon.errors import DamagedError, DatasetError, UsageError
from andon.model.reproduction import ReproVerdict
from andon.service import leftovers
from andon.service.lock_checks import LockCheck, check_locks
from andon.service.locks import lock
from andon.service.restoring import restore
from kit.clones import Clone

SOURCE = """# /// script
# dependencies = ["tinyshape"]
# ///
import tinyshape
from andon import dataset


@dataset()
def made():
    return {"area": [tinyshape.area(2)]}
"""
ANALYSIS = """# /// script
# dependencies = ["tinyshape"]
# ///
import andon
import tinyshape

print(len(list(andon.open().sql("select * from a.made"))), tinyshape.area(3))
"""
FILES = {"andon.toml": "[python]\nkeep_packages = true\n", "datasets/a/made.py": SOURCE}
NOWHERE = "http://127.0.0.1:9/simple"


def locked(clone: Clone) -> None:
    with clone.opened() as service:
        lock(service.workspace)


def checked(clone: Clone, *names: str) -> LockCheck:
    with clone.opened() as service:
        return check_locks(service.workspace, names)


def troubles(found: LockCheck) -> list[tuple[str, str, int, int]]:
    return [(each.package, each.what, each.count, each.of) for state in found.locks for each in state.troubles]


def test_a_dataset_runs_on_another_machine_without_index_and_cache(machine, tmp_path):
    clone = Clone(tmp_path / "acme")
    clone.fill(FILES)
    locked(clone)
    clone.run()
    lock_text = (clone.read("datasets/a/made.lock.txt") or "") + (clone.read("andon.toml") or "")
    assert "127.0.0.1" not in lock_text
    machine.move(tmp_path / "other" / "home", NOWHERE)
    there = Clone(Path(shutil.move(clone.root, tmp_path / "other" / "größte firma")))
    shutil.rmtree(there.root / ".andon" / "environments")
    with there.opened() as service:
        assert service.reproducing.reproduce("a.made").verdict is ReproVerdict.IDENTICAL
    found = checked(there)
    assert (found.reason is not None, found.is_well, [each.kept for each in found.locks]) == (True, False, ["whole"])
    # what verify and doctor go by knows the wheels, and finds a bit that is turned
    with there.opened() as service:
        kept = [path for kind, path in service.verifying.reached(all=True)[0].files() if kind == "package"]
        assert len(kept) == 4
        assert not service.verifying.verify(all=True).damaged
        small = min((there.root / ".andon" / "lake" / path for path in kept), key=lambda path: path.stat().st_size)
        content = bytearray(small.read_bytes())
        content[len(content) // 2] ^= 1
        small.chmod(0o644)
        small.write_bytes(content)
        (damaged,) = service.verifying.verify(all=True).damaged
        assert (damaged.kind, damaged.dataset, [each.datasets for each in damaged.touches]) == (
            "package",
            "a.made",
            [["a.made"]],
        )
    assert [each.kept for each in checked(there).locks] == ["damaged"]
    shutil.rmtree(there.root / ".andon" / "environments")
    with there.opened() as service, pytest.raises(DatasetError, match="could not be installed"):
        service.reproducing.reproduce("a.made")  # no wrong byte is ever run


def test_a_damaged_wheel_is_fetched_again(machine, tmp_path):
    clone = Clone(tmp_path / "acme")
    clone.fill(FILES)
    locked(clone)
    clone.run()
    with clone.opened() as service:
        kept = service.verifying.reached(all=True)[0].wheels()
        path = next(path for path, wheel in kept.items() if wheel.name == "tinyshape")
        stray = clone.root / ".andon/lake/packages/00/0123"  # of who was killed before it was named
        stray.parent.mkdir()
        stray.write_bytes(b"x")
        assert leftovers.remove(service.workspace).paths == [str(stray)]
        target = clone.root / ".andon" / "lake" / path
        target.chmod(0o644)
        target.write_bytes(b"x" * target.stat().st_size)
        repaired = service.repairing.repair()
        assert [(each.name, each.how) for each in repaired.mended] == [
            (path, "fetched again: `tinyshape-1.0-py3-none-any.whl`")
        ]
        assert not service.verifying.verify(all=True).damaged
        target.unlink()
        (machine.index.folder / "tinyshape-1.0-py3-none-any.whl").unlink()
        (left,) = service.repairing.repair().left
        assert left.why == "no package index has `tinyshape-1.0-py3-none-any.whl` with that content any more"


def test_what_became_of_files_in_the_index_is_told(machine, tmp_path):
    clone = Clone(tmp_path / "acme")
    clone.fill(FILES | {"andon.toml": ""})
    files, name = machine.index.folder, "tinyshape-1.0-py3-none-any.whl"
    other = machine.index.add("tinyshape", "1.0", "odd = 1\n", "cp39-none-any")
    locked(clone)
    assert checked(clone).is_well
    assert [each.kept for each in checked(clone, "a.made").locks] == ["none"]
    machine.index.yanked[name] = "wrong areas"
    found = checked(clone)
    assert (troubles(found), found.is_well) == ([("tinyshape", "yanked", 1, 2)], False)
    (trouble,) = found.locks[0].troubles
    assert (trouble.files, trouble.reason) == ([name], "wrong areas")
    machine.index.yanked.clear()
    other.unlink()
    assert troubles(checked(clone)) == [("tinyshape", "vanished", 1, 2)]
    machine.index.add("tinyshape", "1.0", "odd = 2\n", "cp39-none-any")
    assert troubles(checked(clone)) == [("tinyshape", "replaced", 1, 2)]
    for file in files.glob("tinyshape*"):
        file.unlink()
    assert troubles(checked(clone)) == [("tinyshape", "vanished", 2, 2)]
    machine.index.add("tinyshape", "2.0", "odd = 2\n")
    assert troubles(checked(clone)) == [("tinyshape", "vanished", 2, 2)]


def test_what_comes_as_source_alone_is_refused_where_it_is_to_be_kept(machine, tmp_path):
    machine.index.add_source("onlysource", "1.0")
    clone = Clone(tmp_path / "acme")
    clone.fill({**FILES, "datasets/a/made.py": SOURCE.replace("tinyshape", "onlysource")})
    with pytest.raises(DatasetError, match=r"`onlysource==1.0` can't be kept: no index has a wheel of it") as caught:
        locked(clone)
    assert caught.value.code == "build.environment"
    clone.write("andon.toml", "")
    clone.run()  # it runs, where nothing is to be kept


def test_where_no_index_answers_the_next_run_keeps_them(machine, tmp_path):
    clone = Clone(tmp_path / "acme")
    clone.fill(FILES | {"andon.toml": ""})
    locked(clone)
    clone.run()
    assert [each.kept for each in checked(clone).locks] == ["none"]
    clone.write("andon.toml", FILES["andon.toml"])
    url = os.environ["UV_DEFAULT_INDEX"]
    os.environ["UV_DEFAULT_INDEX"] = NOWHERE
    clone.run("a.made", force=True)
    with clone.opened() as service:
        build = service.datasets.show("a.made").build
        assert build is not None
        assert "its packages are not kept yet" in (build.log or "")
    os.environ["UV_DEFAULT_INDEX"] = url
    wheel = machine.index.folder / "tinyshape-1.0-py3-none-any.whl"
    away = wheel.rename(tmp_path / wheel.name)
    clone.run("a.made", force=True)
    with clone.opened() as service:
        build = service.datasets.show("a.made").build
        assert build is not None
        assert "no package index has what is installed of `tinyshape==1.0` any more" in (build.log or "")
    away.rename(wheel)
    clone.run("a.made", force=True)
    assert [each.kept for each in checked(clone).locks] == ["whole"]


def test_locks_are_named_as_andon_lock_names_them(tmp_path):
    clone = Clone(tmp_path / "acme")
    clone.fill({**FILES, "analyses/months.lock.txt": ""})
    for name in ("months", "analyses/month"):
        with pytest.raises(UsageError) as caught:
            checked(clone, name)
        assert "`analyses/months`" in str(caught.value.hint)


def test_wheels_come_back_from_a_backup_whatever_is_collected_and_run_with_no_index(machine, tmp_path):
    """Those of datasets and of analyses; one that was damaged there is told before anything is put back."""
    clone = Clone(tmp_path / "acme")
    clone.fill(FILES)
    clone.write("analyses/area.py", ANALYSIS)
    with clone.opened() as service:
        lock(service.workspace, ("a.made", "analyses/area"))
    clone.run()
    with clone.opened() as service:
        assert service.analyses.run("area").error is None
        service.collecting.collect(apply=True)
        made = service.backups.make(str(tmp_path / "kept"))
        wheels = service.verifying.reached(all=True)[0].wheels()
    assert made.backup.whole
    assert len(wheels) == 4
    machine.move(tmp_path / "other home", NOWHERE)
    environ = {"ANDON_AUTHOR": "ana", "HOME": str(tmp_path / "other home")}
    restore(tmp_path / "kept", tmp_path / "again", environ=environ)
    again = Clone(tmp_path / "again")
    with again.opened() as service:
        assert service.verifying.verify(all=True).damaged == []
        assert service.reproducing.reproduce("a.made").verdict is ReproVerdict.IDENTICAL
        assert service.analysis_reproducing.reproduce("area@1").verdict is ReproVerdict.IDENTICAL
    content = next(path for path in (tmp_path / "kept").rglob(min(wheels.values(), key=lambda each: each.size).sha256))
    content.chmod(0o644)
    content.write_bytes(b"x" + content.read_bytes()[1:])
    with pytest.raises(DamagedError) as caught:
        restore(tmp_path / "kept", tmp_path / "third", environ=environ)
    assert caught.value.code == "backup.damaged"
    assert not (tmp_path / "third").exists()
