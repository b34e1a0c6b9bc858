"""Whatever stands in a damaged row of the catalog, or in a damaged file of `.andon`, each verb answers or says what is damaged."""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import sqlite3
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from andon.errors import AndonError
from andon.service.doctor import doctor
from andon.service.service import Service
from kit.clones import Clone

SHAPES: list[object] = [
    None,
    True,
    7,
    "text",
    [],
    [1],
    ["a", ["b"]],
    {},
    {"a": 1},
    {"code": [], "meanings": {}, "raw": {}},
]
DEEP = "[" * 100_000 + "]" * 100_000


def garbage(rnd: random.Random) -> object:
    """Something that no row should hold."""
    text = json.dumps(rnd.choice(SHAPES)) if rnd.random() < 0.9 else DEEP
    return rnd.choice(
        [
            b"",
            b"\x00\xff\xfe",
            rnd.randbytes(40),
            zlib.compress(text.encode()),
            zlib.compress(b"\xff\xfe"),
            text,
            text.encode(),
            "x",
            "2026-13-45T99:99",
            -1,
            10**18,
            1.5,
        ]
    )


VERBS: dict[str, Callable[[Service], object]] = {
    "status": lambda s: s.standing.status(),
    "plan": lambda s: s.runs.plan(),
    "ls": lambda s: s.datasets.list(),
    "show": lambda s: s.datasets.show("marts.totals").document(),
    "query": lambda s: s.querying.ask("select * from marts.totals").fetch(),
    "log": lambda s: list(s.history.log()),
    "diff": lambda s: s.history.diff("main~1", "main"),
    "rows": lambda s: s.row_diffs.rows("main~1", "main"),
    "profile": lambda s: s.profiles.profile("marts.totals"),
    "checks": lambda s: s.checks.run((), "main"),
    "lineage": lambda s: s.lineages.lineage("marts.totals"),
    "doctor": lambda s: doctor(s.workspace, deep=True),
    "undo": lambda s: s.undoing.undo(),
}


def asked(clone: Clone, verbs: list[str]) -> dict[str, str]:
    """What each verb comes to: `answer`, or the code of its error."""
    found = {}
    for verb in verbs:
        try:
            with clone.opened() as service:
                VERBS[verb](service)
            found[verb] = "answer"
        except AndonError as error:
            found[verb] = error.code
    return found


@contextlib.contextmanager
def tell(where: str):
    """What was damaged, beside what a verb raised that is no error of ours."""
    try:
        yield
    except Exception as error:
        error.add_note(where)
        raise


def columns(path: Path) -> list[tuple[str, str]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        tables = [row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")]
        return [(t, c[1]) for t in tables for c in connection.execute(f"pragma table_info({t})")]


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_row_is_told(told, tmp_path, seed):
    """One value of some columns of the catalog, each in a lake of its own."""
    rnd = random.Random(seed)
    for number, (table, column) in enumerate(rnd.sample(columns(told.root / ".andon" / "catalog.db"), 10)):
        shutil.copytree(told.root, tmp_path / str(number))
        clone = Clone(tmp_path / str(number))
        with contextlib.closing(sqlite3.connect(clone.root / ".andon" / "catalog.db")) as connection:
            ids = [row[0] for row in connection.execute(f"select rowid from {table}")]
            value = garbage(rnd)
            with contextlib.suppress(sqlite3.IntegrityError):
                for id in ids if rnd.random() < 0.5 else rnd.sample(ids, min(len(ids), 1)):
                    connection.execute(f"update {table} set {column} = ? where rowid = ?", [value, id])
            connection.commit()
        with tell(f"{table}.{column} = {value!r:.80}"):
            asked(clone, rnd.sample(sorted(VERBS), 5))


def test_a_base_of_another_shape_is_none(told, tmp_path):
    """Whatever stands in the folder's files about what it had in common with a branch."""
    shutil.copytree(told.root, tmp_path / "acme")
    clone = Clone(tmp_path / "acme")
    files = list((clone.root / ".andon" / "base").rglob("*.json"))
    assert files
    for text in (*(json.dumps(shape) for shape in SHAPES), DEEP, "\ud800".encode("utf-8", "surrogatepass"), b"", b"{"):
        for file in files:
            file.write_bytes(text if isinstance(text, bytes) else text.encode())
        with tell(f"{text!r:.60}"):
            assert set(asked(clone, ["status", "plan", "query"]).values()) == {"answer"}
