"""Fixtures of all tests: database servers, started when a test first asks for one, gone with the session.

Temporary folders lie in memory where there is room for them: whatever is written is synced, and a disk takes its time for it. What a
loss of power does to what was not synced is told by `tests/faults/`, which plays it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.forked import ForkedProgram
from kit.remote import S3Server
from kit.servers import MariaServer, PostgresServer, maria_program, postgres_programs

_MEMORY = Path("/dev/shm")
_ROOM = 4 << 30


def pytest_configure() -> None:
    """Set where temporary folders lie, unless somebody said it."""
    if os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free >= _ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))


@pytest.fixture(scope="session")
def programs() -> Iterator[Path]:
    """A folder with an `andon` that starts quickly."""
    with tempfile.TemporaryDirectory(prefix="andon-") as place:
        forked = ForkedProgram(Path(place))
        yield forked.folder
        forked.stop()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A running Postgres."""
    _need(postgres_programs(), "Postgres (Debian: postgresql)")
    server = PostgresServer(tmp_path_factory.mktemp("postgres"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def maria(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaServer]:
    """A running MariaDB."""
    _need(maria_program(), "MariaDB (Debian: mariadb-server)")
    server = MariaServer(tmp_path_factory.mktemp("maria"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A running server that speaks S3."""
    server = S3Server(tmp_path_factory.mktemp("s3"))
    yield server
    server.stop()


def _need(found: object, what: str) -> None:
    """Skip on a machine without the program; where everything must run, fail."""
    if not found:
        if os.environ.get("CI"):
            pytest.fail(f"{what} is not installed")
        pytest.skip(f"{what} is not installed")
