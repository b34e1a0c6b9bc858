"""All that a lake holds, as plain values: of two lakes that are the same it is equal."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from pathlib import Path
from typing import Any

from kit.clones import Clone

#: What a restore changes, unless it is said: who was known by a token is not known by it any more.
_REVOKED = "token"


def held(clone: Clone, *, tokens: bool = False) -> dict[str, Any]:
    """Each row of the catalog by its table, but for where its files lie, and of each file that it names what it holds. Nothing is opened
    for it that could write."""
    catalog = sqlite3.connect(f"file:{clone.root}/.andon/catalog.db?mode=ro", uri=True)
    try:
        tables = [
            row[0] for row in catalog.execute("select name from sqlite_master where type = 'table' order by name")
        ]
        found: dict[str, Any] = {
            table: sorted(map(repr, catalog.execute(f"select * from {table}").fetchall()))
            for table in tables
            if table != "home" and (tokens or table != _REVOKED)
        }
        named = [
            *(f[0] for (b,) in catalog.execute("select body from version") for f in _body(b)["files"]),
            *(
                f"raw/{f[1][:2]}/{f[1]}"
                for (b,) in catalog.execute("select body from build")
                for f in _body(b)["files"]
            ),
        ]
        found["indexes"] = catalog.execute(
            "select sql from sqlite_master where type = 'index' order by name"
        ).fetchall()
    finally:
        catalog.close()
    for path in named:
        file = clone.root / ".andon/lake" / path
        found[path] = hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else None
    return found


def _body(packed: bytes) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(zlib.decompress(packed))
    return body


def contents(folder: Path) -> dict[str, tuple[int, int]]:
    """The files of a folder, each with what tells whether it was written again."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
