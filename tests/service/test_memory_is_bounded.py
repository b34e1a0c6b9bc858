"""What is as large as a table goes through in pieces: the process that hands it on holds little of it, however large it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

#: Rows of sixteen bytes: 190 MB as one table.
ROWS = 12_000_000
#: A process that did this much more than to start and to answer a small question holds no table.
MOST = 120_000_000

WORK = """
import json, os, resource, sys
from pathlib import Path
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.service import Service

folder, form, rows = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
environ = {"ANDON_AUTHOR": "ana", "HOME": str(folder), "ANDON_ENGINE_THREADS": "1", "ANDON_ENGINE_MEMORY_LIMIT": "100MB"}
service = Service.open(folder, environ=environ)

def most():
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit

def write(count, name):
    sql = f"select range as a, range + 1 as b from range({count})"
    return service.querying.ask(sql).write(folder / name, form)

write(10, "few")
before = most()
written = write(rows, "many")
print(json.dumps([written, most() - before, (folder / "many").stat().st_size]))
service.close()
"""


#: What each command may hold beside what its engine may: as objects of Python the rows take some 400 MB.
LIMIT, BESIDE = 80_000_000, 220_000_000
TABLE = 1_200_000
#: A command in this process, and the most that it held: by the system's own account of what the program did since it began.
COMMAND = """
import atexit, os, resource, sys
from pathlib import Path
from andon.cli.main import main

def peak():
    said = Path("/proc/self/status")
    if said.exists():  # what the process held that this one was made from does not count
        return int(said.read_text().partition("VmHWM:")[2].split()[0]) << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

sys.argv[1:], told = sys.argv[2:], Path(sys.argv[1])
atexit.register(lambda: told.write_text(str(peak())))
main()
"""
COMMANDS = {
    "which rows differ": ["diff", "main~1", "main", "--rows", "m.big", "-o", "differ.parquet"],
    "built again": ["reproduce", "m.big"],
    "packed": ["isolate", "stage", "m.big", "-o", "packed"],
    "rows set aside": ["quarantine", "show", "m.big"],
    "read whole": ["verify", "--all"],
    "backed up": ["backup", "kept"],
    "written to a pipe": ["query", "from m.big", "--format", "csv"],
    "answered as JSON": ["query", "from m.big", "--format", "json"],
}


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a table of which an edit changed half of the rows, and a check sets some aside."""
    root = tmp_path_factory.mktemp("acme")
    (root / "andon.toml").write_text("")
    (root / "datasets/m").mkdir(parents=True)
    for amount in ("i", "i + i % 2"):
        (root / "datasets/m/big.sql").write_text(
            "/*---\nkey: id\nchecks: |\n  part 0..990 quarantine 5%\n---*/\n"
            f"select i as id, i % 1000 as part, {amount} as amount, 'word ' || i as word from range({TABLE}) r(i)\n"
        )
        assert held(root, "run", "--yes") < LIMIT + BESIDE, "a result of which rows are set aside is built"
    return root


def held(root: Path, *words: str) -> int:
    """The most that a command held."""
    told = root / "most"
    environ = {**os.environ, "HOME": str(root), "ANDON_AUTHOR": "ana", "ANDON_ENGINE_THREADS": "1"}
    environ["ANDON_ENGINE_MEMORY_LIMIT"] = f"{LIMIT // 1_000_000}MB"
    with (root / "out").open("wb") as out:
        subprocess.run(
            [sys.executable, "-c", COMMAND, str(told), *words], cwd=root, env=environ, stdout=out, check=True
        )
    return int(told.read_text())


@pytest.mark.parametrize("what", COMMANDS)
def test_no_command_holds_a_table(large: Path, what: str):
    assert held(large, *COMMANDS[what]) < LIMIT + BESIDE


@pytest.mark.parametrize("take", ["lake.sql('from m.big').batches()", "lake.sql('from m.big')"])
def test_an_answer_is_taken_piece_by_piece(large: Path, take: str):
    work = f"import andon\nwith andon.open('.') as lake:\n    n = sum(1 for _ in {take})\nassert n > 10\n"
    command = COMMAND.replace("from andon.cli.main import main", f"def main():\n    exec({work!r}, {{}})\n")
    environ = {**os.environ, "HOME": str(large), "ANDON_ENGINE_THREADS": "1", "ANDON_ENGINE_MEMORY_LIMIT": "80MB"}
    subprocess.run([sys.executable, "-c", command, str(large / "most")], cwd=large, env=environ, check=True)
    assert int((large / "most").read_text()) < LIMIT + BESIDE


@pytest.mark.parametrize("form", ["arrow", "parquet"])
def test_an_answer_that_is_written_to_a_file_is_never_whole_in_memory(tmp_path: Path, form: str):
    (tmp_path / "andon.toml").write_text("")
    command = [sys.executable, "-c", WORK, str(tmp_path), form, str(ROWS)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    written, grown, size = json.loads(said)
    assert written == ROWS
    assert size > ROWS
    assert grown < MOST


def test_a_file_of_any_size_is_copied_in_pieces(tmp_path: Path):
    from andon.lake.local_storage import LocalStorage

    taken: list[int] = []

    class Noted(LocalStorage):
        def put(self, path, pieces, mode):  # type: ignore[no-untyped-def]
            def noted():  # type: ignore[no-untyped-def]
                for piece in pieces:
                    taken.append(len(piece))
                    yield piece

            super().put(path, noted(), mode)

    source = tmp_path / "given.csv"
    source.write_bytes(b"x" * 9_000_000)
    storage = Noted(tmp_path / "lake")
    storage.replace("raw/00/abc", source, storage.readers(()))
    assert storage.read("raw/00/abc") == source.read_bytes()
    assert max(taken) <= 4 << 20
