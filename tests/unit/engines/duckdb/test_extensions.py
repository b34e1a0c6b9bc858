"""Extensions of the engine are those that its makers signed: others are not loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb  # noqa: TID253
import pytest

from andon.engines.duckdb import extensions
from andon.errors import MachineError


@pytest.fixture
def strict() -> Any:
    """An engine that looks at signatures, as one does unless it is told otherwise."""
    with duckdb.connect.__wrapped__(config={"threads": 1}) as connection:
        yield connection


@pytest.mark.parametrize(
    "name", ["avro", "iceberg", "postgres_scanner", "mysql_scanner", "sqlite_scanner", "httpfs", "delta"]
)
def test_each_is_signed(strict: Any, name: str) -> None:
    extensions.load(strict, name)


def test_one_that_was_changed_is_not_loaded(strict: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = extensions.extension_path("avro")
    changed = tmp_path / known.name
    text = bytearray(known.read_bytes())
    text[len(text) // 2] ^= 1
    changed.write_bytes(text)
    monkeypatch.setattr(extensions, "extension_path", lambda name: changed)
    with pytest.raises(MachineError, match="signature"):
        extensions.load(strict, "avro")


def test_the_program_does_not_tell_its_engines_otherwise() -> None:
    package = Path(extensions.__file__).parents[2]
    assert [path.name for path in package.rglob("*.py") if "allow_unsigned" in path.read_text(encoding="utf-8")] == []
