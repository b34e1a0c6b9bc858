from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from andon.base.sqlite import SqliteDatabase
from andon.lake.lake import Lake
from andon.lake.local_storage import LocalStorage
from kit.lake_objects import ticking


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    database = SqliteDatabase(tmp_path / "catalog.db")
    yield Lake.open(database, LocalStorage(tmp_path / "lake"), ticking(), "ana")
    database.close()
