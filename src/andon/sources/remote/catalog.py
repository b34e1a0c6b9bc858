"""Iceberg's REST catalogs: where the current metadata of a table lie."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from andon.base.names import did_you_mean
from andon.errors import DatasetError
from andon.sources.remote.failures import unreadable
from andon.sources.remote.http import HttpPlace
from andon.sources.remote.place import RemoteFile

#: Between the parts of a namespace.
_UNIT = "\x1f"


class IcebergCatalog:
    """One catalog.

    Args:
        name: of its connection, and `options`: its options, references resolved.
    """

    def __init__(self, name: str, options: Mapping[str, str]) -> None:
        self._name = name
        self._uri = options["uri"].rstrip("/")
        self._warehouse = options.get("warehouse", "")
        self._server = HttpPlace(name, {"url": self._uri, **{k: v for k, v in options.items() if k == "token"}})

    def location(self, table: str, url: str) -> str:
        """Where the current metadata of a table lie.

        Args:
            table: `namespace.table`; a namespace may have several parts.
            url: how the source names it.

        Raises:
            DatasetError: `source.missing`, `source.unreachable`, `source.truncated` for an answer that is none of a catalog.
        """
        *namespace, name = table.split(".")
        if not namespace or not name:
            hint = f"`iceberg_scan('iceberg://{self._name}/schema.table')`"
            raise DatasetError("source.missing", f"`{url}` names no table of a catalog", where=url, hint=hint)
        place = f"namespaces/{quote(_UNIT.join(namespace), safe='')}/tables/{quote(name, safe='')}"
        prefix = self._prefix()
        try:
            found = self._asked(f"{self._uri}/v1/{prefix}{place}")
        except DatasetError as error:
            if error.code != "source.missing":
                raise
            message = f"the catalog `{self._name}` knows no table `{table}`"
            raise DatasetError(
                "source.missing", message, where=url, hint="look at its name, and at `warehouse`"
            ) from error
        location = found.get("metadata-location")
        if not isinstance(location, str):
            raise unreadable(url, "the catalog does not say where the table's metadata lie")
        return location

    def _prefix(self) -> str:
        """What stands in its addresses for the warehouse; some catalogs have none."""
        asked = f"{self._uri}/v1/config" + (f"?warehouse={quote(self._warehouse, safe='')}" if self._warehouse else "")
        found = self._asked(asked)
        said = {**(found.get("defaults") or {}), **(found.get("overrides") or {})}
        return f"{quote(str(said['prefix']), safe='/')}/" if said.get("prefix") else ""

    def _asked(self, address: str) -> dict[str, Any]:
        taken: list[bytes] = []
        self._server.fetch(RemoteFile(address), None, taken.append)
        try:
            found = json.loads(b"".join(taken))
        except ValueError as error:
            raise unreadable(address, "the answer is no JSON") from error
        if not isinstance(found, dict):
            raise unreadable(address, "the answer is none of a catalog")
        return found


def named(url: str, known: Mapping[str, object]) -> tuple[str, str]:
    """The connection and the table that `iceberg://NAME/schema.table` names.

    Raises:
        DatasetError: `project.bad_value` where there is no such connection.
    """
    name, _, table = url.removeprefix("iceberg://").partition("/")
    if name not in known:
        hint = did_you_mean(name, known) or f'add `[connections.{name}]` with `kind = "iceberg"` to `andon.toml`'
        raise DatasetError("project.bad_value", f"there is no catalog `{name}`", where=url, hint=hint)
    return name, table
