"""Loads a source over given files the way a run does: establish, render, execute, explain."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb  # noqa: TID253

from andon.errors import AndonError, DatasetError
from andon.model.dataset import Definition, Kind, Materialize
from andon.sources.contract import establish
from andon.sources.explain import explain
from andon.sources.render import outline, render
from andon.sources.trusted import is_contract
from andon.sql.facts import read_facts

_ENGINE = duckdb.connect(":memory:", config={"threads": 1, "autoinstall_known_extensions": False})
_ENGINE.execute("set global TimeZone = 'UTC'")


@dataclass
class Load:
    contract: dict[str, Any] | None = None
    sql: str | None = None
    rows: list[Any] | None = None
    raw: list[Any] | None = None
    columns: str | None = None
    error: AndonError | None = None


def definition(sql: str) -> Definition:
    """A source's definition as the project makes it of `sql`."""
    facts = read_facts([sql])[0]
    assert not facts.problems, facts.problems
    return Definition("shop.t", Kind.SOURCE, Materialize.TABLE, "sources/shop/t.sql", "m", sql=sql, reads=facts.reads)


def store(files: Mapping[str, bytes], folder: Path) -> dict[str, Path]:
    """Copies by content, without endings, as the runner keeps them."""
    stored = {}
    for path, content in files.items():
        copy = folder / hashlib.sha256(content).hexdigest()
        copy.write_bytes(content)
        stored[path] = copy
    return stored


def load(sql: str, files: Mapping[str, bytes], folder: Path, previous: Mapping[str, Any] | None = None) -> Load:
    """What a run makes of it; `outline` is held to the same columns."""
    source, stored = definition(sql), store(files, folder)
    outcome = Load()
    try:
        outcome.contract = establish(source, stored, previous)
        outcome.sql = render(source, outcome.contract, stored)
    except DatasetError as error:
        outcome.error = error
        return outcome
    # what plans keep of it is known again
    assert is_contract(json.loads(json.dumps(outcome.contract)), source)
    cursor = _ENGINE.cursor()
    try:
        described = cursor.execute(f"describe {outcome.sql}").fetchall()
        # what plans are told of the columns must be what the load gives, whatever is loaded
        assert cursor.execute(f"describe {outline(source, outcome.contract, stored)}").fetchall() == described
        outcome.columns = ", ".join(f"{name} {kind}" for name, kind, *_ in described)
        outcome.raw = cursor.execute(outcome.sql).fetchall()
        outcome.rows = [tuple(_plain(v) for v in row) for row in outcome.raw]
    except duckdb.Error as error:
        outcome.error = explain(error, source, stored)
    finally:
        cursor.close()
    return outcome


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | int | float | bool | dict | list):
        return value
    return str(value)
