"""With `ANDON_TESTS_CATALOG=postgres` each project of a test that says nothing else has its catalog in a Postgres, a schema each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from andon.base.postgres import PostgresDatabase
from andon.lake.catalogs import enlist, strike
from andon.lake.local_storage import LocalStorage
from andon.service.service import Service
from andon.workspace.catalog import fill_catalog
from kit.servers import PostgresServer

IS_ON = os.environ.get("ANDON_TESTS_CATALOG") == "postgres"
_servers: list[PostgresServer] = []


@contextmanager
def all_in_postgres(server: PostgresServer) -> Iterator[None]:
    """While it lasts; what a project's `andon.toml` or the environment says of catalog and storage stays."""
    opened = Service.open.__func__  # type: ignore[attr-defined]

    def opening(cls: type[Service], start: Any = None, *rest: Any, **named: Any) -> Service:
        environ = dict(named.get("environ") or os.environ)
        root = next((each for each in _upwards(start) if (each / "andon.toml").exists()), None)
        if root is not None and "ANDON_CATALOG" not in environ and not _says_where(root / "andon.toml"):
            environ["ANDON_CATALOG"] = _catalog_of(root, server)
        named["environ"] = environ
        return opened(cls, start, *rest, **named)  # type: ignore[no-any-return]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Service, "open", classmethod(opening))
        _servers.append(server)
        yield
        _servers.pop()


def environ_of(root: Path) -> dict[str, str]:
    """What a program that a test starts must be told of a project's catalog."""
    return {"ANDON_CATALOG": _catalog_of(root, _servers[-1])} if _servers else {}


def _catalog_of(root: Path, server: PostgresServer) -> str:
    """The address of a project's catalog; of a project that is a copy of another one, a copy of that one's."""
    name = f"of_{sha256(str(root).encode()).hexdigest()[:16]}"
    note = root / ".andon" / "schema_of_tests"
    was = note.read_text() if note.exists() else None
    if was != name:
        if was is not None:
            old, new = PostgresDatabase(server.catalog(was)), PostgresDatabase(server.catalog(name))
            fill_catalog(old, new)
            storage = LocalStorage(root / ".andon" / "lake")
            enlist(storage, new)
            strike(storage, old)
            old.close()
            new.close()
        note.parent.mkdir(exist_ok=True)
        note.write_text(name)
    return server.catalog(name)


def _upwards(start: Any) -> list[Path]:
    place = Path(start or ".").resolve()
    return [place, *place.parents]


def _says_where(settings: Path) -> bool:
    text = settings.read_text(encoding="utf-8", errors="replace")
    return "catalog" in text or "storage" in text
