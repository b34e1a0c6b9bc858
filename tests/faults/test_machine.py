"""The machine says no: a disk that is really full, a folder that can't be written, a lake of a newer format.

Each is an error that names it, with exit status 4, and `main` is as it was.
"""

import contextlib
import json
import os
import sqlite3
import subprocess
from pathlib import Path

import pytest

from faults.story import COUNT, FIGURES, FILES

BIG = "datasets/marts/big.sql"
#: About 16 MB that can't be compressed.
BIG_SQL = "select range as n, hash(range) as h from range(2000000)\n"


@pytest.fixture
def andon(programs: Path):
    """Runs a command in a process of its own: exit status and document."""

    def run(folder: Path, *words: str) -> tuple[int, dict]:
        environ = {**os.environ, "ANDON_AUTHOR": "ana", "HOME": str(folder)}
        command = [programs / "andon", "-C", folder, *words, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, env=environ)
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, json.loads(done.stdout)

    return run


def write(folder: Path) -> Path:
    for path, text in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def main_of(folder: Path) -> str:
    with contextlib.closing(sqlite3.connect(folder / ".andon/catalog.db")) as connection:
        return connection.execute("select commit_id from ref where name = 'main'").fetchone()[0]


@pytest.fixture
def project(andon, tmp_path) -> Path:
    """The story's project, published once."""
    folder = write(tmp_path / "acme")
    status, _ = andon(folder, "run", "--yes")
    assert status == 0
    return folder


@contextlib.contextmanager
def mounted(target: Path, *options: str):
    """Something mounted at `target`; skips where that is not allowed."""
    target.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", *options, target], capture_output=True).returncode != 0:
        pytest.skip("mounting is not permitted here")
    try:
        yield target
    finally:
        subprocess.run(["umount", "-l", target], check=True)


def test_a_disk_that_is_full(andon, tmp_path):
    with mounted(tmp_path / "small", "-t", "tmpfs", "-o", "size=8m", "none") as folder:
        write(folder)
        assert andon(folder, "run", "--yes")[0] == 0
        before = main_of(folder)
        (folder / BIG).write_text(BIG_SQL)
        status, document = andon(folder, "run", "--yes")
        assert status == 4
        assert document["error"]["code"] == "machine.disk"
        assert "no space left" in document["error"]["message"]
        assert "free some space" in document["error"]["hint"]
        assert main_of(folder) == before
        assert andon(folder, "query", FIGURES)[0] == 0
        (folder / BIG).write_text("select 1 as n, 2 as h\n")
        status, document = andon(folder, "run", "--yes")
        assert status == 0
        assert document["published"]
        assert main_of(folder) != before


def test_a_disk_with_no_room_for_the_catalog(andon, tmp_path):
    with mounted(tmp_path / "small", "-t", "tmpfs", "-o", "size=3m", "none") as folder:
        write(folder)
        assert andon(folder, "run", "--yes")[0] == 0
        before = main_of(folder)
        ballast = folder / "ballast"
        with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * 4096)
        # The old file is freed first, so that the new one finds room.
        (folder / "raw/orders_05.csv").unlink()
        (folder / "raw/orders_05.csv").write_text("id,customer,amount\n1,ada,11\n")
        status, document = andon(folder, "run", "--yes")
        assert (status, document["error"]["code"]) == (4, "machine.disk")
        ballast.unlink()
        assert main_of(folder) == before
        assert andon(folder, "run", "--yes")[0] == 0


def fill(path: Path) -> None:
    """Take all the room that the disk has, to the last byte."""
    with path.open("wb", buffering=0) as file:
        for size in (65536, 4096, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"x" * size)


def test_reading_works_on_a_disk_that_is_completely_full(andon, tmp_path):
    with mounted(tmp_path / "small", "-t", "tmpfs", "-o", "size=6m", "none") as folder:
        write(folder)
        assert andon(folder, "run", "--yes")[0] == 0
        fill(folder / "ballast")
        for words in (("query", FIGURES), ("ls",), ("show", "marts.totals"), ("log",), ("status",), ("plan",)):
            assert andon(folder, *words)[0] == 0, words
        _, findings = andon(folder, "doctor")
        assert {f["what"]: f["level"] for f in findings}["disk: free"] == "risk"
        assert {f["what"]: f["level"] for f in findings}["catalog"] == "ok"
        (folder / "ballast").unlink()
        (folder / "raw/orders_05.csv").write_text("id,customer,amount\n1,ada,11\n")
        assert andon(folder, "run", "--yes")[0] == 0


def test_what_killed_runs_left_is_named_and_removed_by_one_command(andon, project):
    from andon.base.files import lock_file

    lake = project / ".andon/lake"
    left = [
        lake / "data/marts/totals-0123456789abcdef.parquet",
        lake / "data/marts/best-0123456789abcdef.parquet.part/best-0123456789abcdef.parquet",
        lake / "raw/ab/ab12.deadbeef.tmp",
        project / "datasets/marts/.totals.sql.999999-0a1b2c3d.tmp",
    ]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 1000)
    before = andon(project, "query", FIGURES)[1]["rows"]
    _, findings = andon(project, "doctor")
    (note,) = [f for f in findings if f["what"] == "left behind"]
    assert "4.0 kB in 4 files" in note["detail"]
    assert "andon doctor --clean" in note["hint"]
    held = lock_file(lake / ".writing", shared=True)  # somebody builds: what they wrote has no name yet
    _, findings = andon(project, "doctor", "--clean")
    assert [path.exists() for path in left] == [True, True, True, False]
    os.close(held)
    _, findings = andon(project, "doctor", "--clean")
    assert not any(path.exists() for path in left)
    assert {f["what"] for f in findings} & {"left behind", "removed"} == {"removed"}
    assert andon(project, "query", FIGURES)[1]["rows"] == before
    assert andon(project, "doctor", "--deep")[0] == 0


def test_a_folder_that_cannot_be_written(andon, project, tmp_path):
    before = main_of(project)
    (project / BIG).write_text(BIG_SQL)
    with read_only(project, tmp_path) as folder:
        status, document = andon(folder, "run", "--yes")
        assert status == 4
        assert document["error"]["code"] == "machine.read_only"
        assert "writable" in document["error"]["hint"]
    assert main_of(project) == before
    (project / BIG).write_text("select 1 as n\n")
    assert andon(project, "run", "--yes")[0] == 0


@contextlib.contextmanager
def read_only(project: Path, tmp_path: Path):
    """The project where nothing can be written: by its rights, or, for root, by how it is mounted."""
    if os.geteuid() == 0:
        with mounted(tmp_path / "read_only", "--bind", str(project)) as folder:
            subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
            yield folder
        return
    folders = [p for p in (project, *project.rglob("*")) if p.is_dir()]
    for folder in folders:
        folder.chmod(0o555)
    (project / ".andon/catalog.db").chmod(0o444)
    try:
        yield project
    finally:
        for folder in folders:
            folder.chmod(0o755)
        (project / ".andon/catalog.db").chmod(0o644)


def test_a_folder_of_a_newer_format(andon, project):
    before = main_of(project)
    (project / ".andon/format").write_text("99")
    for command in (["run", "--yes"], ["plan"], ["query", "select 1 as one"], ["undo", "--yes"]):
        status, document = andon(project, *command)
        assert (status, document["error"]["code"]) == (4, "lake.format"), command
        assert "99" in document["error"]["message"]
        assert "pip install" in document["error"]["hint"]
    assert main_of(project) == before


@pytest.mark.parametrize("component", ["lake", "state"])
def test_a_catalog_of_a_newer_format(andon, project, component):
    before = main_of(project)
    with contextlib.closing(sqlite3.connect(project / ".andon/catalog.db")) as connection, connection:
        connection.execute("update format set number = 99 where component = ?", [component])
    for command in (["run", "--yes"], ["plan"], ["query", "select 1 as one"], ["undo", "--yes"]):
        status, document = andon(project, *command)
        assert (status, document["error"]["code"]) == (4, "lake.format"), command
        assert "99" in document["error"]["message"]
    assert main_of(project) == before


@pytest.mark.parametrize("content", [b"not a database, but long enough to be looked at\n" * 100, b""])
def test_a_catalog_that_is_no_database(andon, project, content):
    catalog = project / ".andon/catalog.db"
    for path in project.glob(".andon/catalog.db-*"):
        path.unlink()
    saved = catalog.read_bytes()
    catalog.write_bytes(content)
    status, document = andon(project, "run", "--yes")
    assert status == 4
    assert document["error"]["code"].startswith(("machine.", "lake."))
    assert catalog.read_bytes() == content
    catalog.write_bytes(saved)
    assert andon(project, "run", "--yes")[0] == 0


def test_a_damaged_cache_is_made_anew(andon, project):
    for path in project.glob(".andon/cache.db*"):
        path.write_bytes(b"\0" * 5000)
    status, document = andon(project, "run", "--yes")
    assert status == 0
    assert document["commit"] == main_of(project)


@pytest.mark.parametrize("damage", ["gone", "cut"])
def test_a_data_file_that_is_lost_is_named_and_can_be_built_again(andon, project, damage):
    for file in (project / ".andon/lake/data").rglob("*.parquet"):
        if damage == "gone":
            file.unlink()
        else:
            os.truncate(file, file.stat().st_size // 2)
    status, document = andon(project, "query", FIGURES)
    assert (status, document["error"]["code"]) == (4, "lake.corrupt")
    assert {"gone": "is not there", "cut": "is cut off"}[damage] in document["error"]["message"]
    (project / COUNT).write_text("select 10 * count(*) as n from shop.orders\n")
    status, document = andon(project, "run", "--yes")
    (error,) = [task["error"] for task in document["tasks"] if task["status"] == "failed"]
    assert (status, error["code"]) == (1, "lake.corrupt")
    assert "--force" in error["hint"]
    assert andon(project, "run", "--force", "--yes")[0] == 0
    assert andon(project, "query", FIGURES)[0] == 0
