"""The places of a project's remote files, each by the connection that names it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from andon.model.connection import Connection
from andon.sources.files.paths import check_local, table_of
from andon.sources.remote.place import FilePlace


class Places:
    """Opens the places that sources name.

    Args:
        connections: by name, those of databases among them.
        resolve: gives what a text with references stands for: (text, what it is).
        root: the project's folder.
    """

    def __init__(self, connections: Mapping[str, Connection], resolve: Callable[[str, str], str], root: Path) -> None:
        self._connections = connections
        self._resolve = resolve
        self._root = root

    def of(self, url: str) -> FilePlace:
        """The place of a file, or of all that a pattern means.

        Raises:
            UsageError: `usage.bad_argument` for a reference that leads nowhere.
            MachineError: `machine.missing` where what reads such a place is not installed.
        """
        if url.startswith("s3://"):
            from andon.base.s3 import bucket_and_key
            from andon.sources.remote.s3 import S3Place

            bucket = bucket_and_key(url)[0]
            found = next((c for c in self._of_kind("s3") if dict(c.options)["bucket"] == bucket), None)
            return S3Place(bucket, found.name if found else None, self._options(found))
        if not url.startswith(("http://", "https://")):
            return self._table(url)
        from andon.sources.remote.http import HttpPlace

        named = [c for c in self._of_kind("http") if is_below(url, dict(c.options)["url"])]
        found = max(named, key=lambda c: len(dict(c.options)["url"]), default=None)
        return HttpPlace(found.name if found else None, self._options(found))

    def connection_of(self, pattern: str) -> str | None:
        """The name of the connection by which what a pattern means is asked for, if there is one. Nobody is asked."""
        place = table_of(pattern)[1] if pattern.startswith(("iceberg:", "delta:")) else pattern
        if place.startswith("//"):  # a table of a catalog
            name = place.removeprefix("//").partition("/")[0]
            return name if any(each.name == name for each in self._of_kind("iceberg")) else None
        for each in self._connections.values():
            options = dict(each.options)
            if each.kind == "s3" and place.startswith(f"s3://{options['bucket']}/"):
                return each.name
            if each.kind == "http" and is_below(place, options["url"]):
                return each.name
        return None

    def _table(self, url: str) -> FilePlace:
        from andon.sources.remote.tables import TablePlace

        place = table_of(url)[1]
        if url.startswith("iceberg://"):
            from andon.sources.remote.catalog import IcebergCatalog, named

            catalogs = {connection.name: connection for connection in self._of_kind("iceberg")}
            name, table = named(url, catalogs)
            place = IcebergCatalog(name, self._options(catalogs[name])).location(table, url)
        if not place.startswith("s3://"):
            check_local(place.removeprefix("file://"))
            return TablePlace(url, place, self._root, None, {})
        bucket = place.removeprefix("s3://").partition("/")[0]
        found = next((c for c in self._of_kind("s3") if dict(c.options)["bucket"] == bucket), None)
        return TablePlace(url, place, self._root, self.of(place), self._options(found))

    def _of_kind(self, kind: str) -> list[Connection]:
        return [connection for connection in self._connections.values() if connection.kind == kind]

    def _options(self, connection: Connection | None) -> dict[str, str]:
        if connection is None:
            return {}
        return {key: self._resolve(text, f"the connection `{connection.name}`") for key, text in connection.options}


def is_below(url: str, stated: str) -> bool:
    """Whether an address is of the server, and below the path, that a connection states."""
    one, other = urlsplit(url), urlsplit(stated)
    path = other.path.rstrip("/")
    return (one.scheme, one.netloc) == (other.scheme, other.netloc) and (
        one.path == path or one.path.startswith(path + "/")
    )
