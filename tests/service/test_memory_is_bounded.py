"""What is as large as a table goes through in pieces: the process that hands it on holds little of it, however large it is."""

from __future__ import annotations

import json
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
