from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from andon.base.database import Database, migrate
from andon.base.sqlite import SqliteDatabase
from andon.state.schema import MIGRATIONS


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = SqliteDatabase(tmp_path / "catalog.db")
    migrate(made, "state", MIGRATIONS)
    yield made
    made.close()
