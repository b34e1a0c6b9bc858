"""The databases of a project: sessions by the name of their connection."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from andon.base.names import did_you_mean
from andon.errors import DatasetError
from andon.model.connection import Connection
from andon.settings.connections import KINDS
from andon.sources.databases.session import DatabaseSession

if TYPE_CHECKING:
    from andon.engines.engine import EngineSettings


class Databases:
    """Opens the databases that `andon.toml` names.

    Args:
        connections: by name.
        resolve: gives what a text with references stands for: (text, what it is); raises where one leads nowhere.
        root: the project's folder.
    """

    def __init__(self, connections: Mapping[str, Connection], resolve: Callable[[str, str], str], root: Path) -> None:
        self.connections = connections
        self._resolve = resolve
        self._root = root

    def connection(self, name: str, where: str | None = None) -> Connection:
        """The connection `name`, which is named in the file `where`.

        Raises:
            DatasetError: `project.bad_value` if there is none.
        """
        found = self.connections.get(name)
        if found is None:
            hint = did_you_mean(name, self.connections) or f"add `[connections.{name}]` to `andon.toml`"
            raise DatasetError(
                "project.bad_value", f"there is no connection `{name}`", where=where or "andon.toml", hint=hint
            )
        if KINDS[found.kind].holds_files:
            message = f"the connection `{name}` holds files, and no tables that a query could read"
            hint = "take `connection` out and read them: `from read_csv('s3://BUCKET/orders/*.csv')`"
            raise DatasetError("project.bad_value", message, where=where or "andon.toml", hint=hint)
        return found

    def open(
        self,
        name: str,
        where: str | None = None,
        settings: EngineSettings | None = None,
        writes: Sequence[Path] = (),
    ) -> DatabaseSession:
        """The database of the connection `name`, to be closed by the caller; see `DatabaseSession`.

        Raises:
            DatasetError: if there is no such connection, or it can't be reached.
            UsageError: `usage.bad_argument` for a reference that leads nowhere.
        """
        connection = self.connection(name, where)
        what = f"the connection `{name}`"
        options = {key: self._resolve(text, what) for key, text in connection.options}
        return DatabaseSession(connection, options, self._root, settings, writes)
