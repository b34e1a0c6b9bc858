"""The database that is a lake's catalog: copied into another one, and opened to roles."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from andon.base.postgres import PostgresDatabase
from andon.base.postgres_address import is_postgres
from andon.base.sqlite import SqliteDatabase
from andon.errors import UsageError
from andon.lake.catalogs import enlist, strike
from andon.lake.lake import Lake
from andon.model.catalog_copy import CatalogCopy, CatalogGrants
from andon.workspace.catalog import fill_catalog

if TYPE_CHECKING:
    from andon.base.database import Database
    from andon.lake.catalog_copy import CopiedTable
    from andon.workspace.workspace import Workspace


class CatalogPlaces:
    """What is done to the catalog as a whole."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def grants(self, readers: str | None = None, writers: str | None = None) -> CatalogGrants:
        """The SQL by which roles of the server may read the catalog, or work in it.

        Args:
            readers, writers: names of roles that are there.

        Raises:
            UsageError: `usage.bad_argument` when the catalog is a file, or no role is named.
        """
        database = self._workspace.lake.database
        if not isinstance(database, PostgresDatabase):
            raise UsageError(
                "usage.bad_argument",
                f"the catalog is a file, `{Path(database.place).name}`: who may read it, its permissions say",
                where=database.place,
                hint="`lake.group` shares a lake with a group of the system",
            )
        if readers is None and writers is None:
            raise UsageError(
                "usage.bad_argument", "nobody is named", hint="name a role: `andon catalog grants --readers analysts`"
            )
        return CatalogGrants(database.place, database.grants(readers, writers))

    def copy(self, source: str, target: str) -> CatalogCopy:
        """Copy a catalog into another database, in which no lake is; each row is read back. The one that was copied stays as it is.

        Args:
            source, target: the path of a file, relative to the project, or the address of a Postgres.

        Raises:
            UsageError: `usage.bad_argument` where there is nothing to copy, or something there already.
            MachineError: `lake.corrupt` where what was written does not come back; as databases raise. Nothing is left there then.
        """
        began = time.perf_counter()
        old, new = self._database(source), self._database(target)
        try:
            if not _is_there(old) or not Lake.is_in(old):
                raise UsageError(
                    "usage.bad_argument",
                    f"no catalog of a lake is in `{_named(old)}`",
                    where=old.place,
                    hint="`andon config show` tells which one this project has",
                )
            if Path(new.place).is_dir() or (_is_there(new) and Lake.is_in(new)):
                what = "is a folder" if Path(new.place).is_dir() else "has a catalog of a lake already"
                raise UsageError(
                    "usage.bad_argument",
                    f"`{_named(new)}` {what}",
                    where=new.place,
                    hint="name a new file, or a schema of its own: `postgresql://…/database?schema=acme`",
                )
            copied = self._filled(old, new)
            return CatalogCopy(
                old.place,
                new.place,
                len(copied),
                sum(each.rows for each in copied),
                round(time.perf_counter() - began, 3),
                f"catalog = {json.dumps(_setting(target), ensure_ascii=False)}",
            )
        finally:
            old.close()
            new.close()

    def _filled(self, old: Database, new: Database) -> list[CopiedTable]:
        """Copy it; the storage knows of the new one before, so that a collection of the old one takes away nothing that both name."""
        storage = self._workspace.lake.storage
        is_listed = enlist(storage, new, old)
        try:
            return fill_catalog(old, new)
        except BaseException:
            if is_listed:
                strike(storage, new)
            raise

    def _database(self, place: str) -> Database:
        if is_postgres(place):
            return PostgresDatabase(place)
        return SqliteDatabase((self._workspace.root / Path(place).expanduser()).resolve())


def _named(database: Database) -> str:
    return database.place if is_postgres(database.place) else Path(database.place).name


def _is_there(database: Database) -> bool:
    """Whether there is a database to ask: a file that is asked for is made."""
    return is_postgres(database.place) or Path(database.place).is_file()


def _setting(place: str) -> str:
    """A place as `andon.toml` may hold it: a password never."""
    parts = urlsplit(place)
    has_password = is_postgres(place) and (parts.password is not None or "password" in dict(parse_qsl(parts.query)))
    return "${env:LAKE_CATALOG}" if has_password else place
