"""DuckDB extensions from their wheels: loaded by file path, never downloaded."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from andon.base.names import literal
from andon.errors import MachineError

if TYPE_CHECKING:
    import duckdb

#: The extra of this package that brings an extension.
_EXTRAS = {
    "avro": "iceberg",
    "iceberg": "iceberg",
    "postgres_scanner": "postgres",
    "mysql_scanner": "mysql",
    "sqlite_scanner": "sqlite",
    "delta": "delta",
    "httpfs": "s3",
}

#: Extensions that must be loaded before another one.
_BEFORE = {"iceberg": ("avro",)}


def extension_path(name: str) -> Path:
    """The file of the extension `name` (`avro`, `iceberg`) for the DuckDB that is installed.

    Raises:
        MachineError: `machine.missing` if its package is not installed, or is for another DuckDB.
    """
    import duckdb

    package = f"duckdb_extension_{name}"
    try:
        folder = Path(importlib.import_module(package).__path__[0])
    except ImportError as error:
        raise _missing(name, f"the package `{package}` is not installed") from error
    file = folder / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
    if not file.is_file():
        raise _missing(name, f"`{package}` has no extension for DuckDB {duckdb.__version__}")
    return file


def has_extension(name: str) -> bool:
    """Whether the package of an extension is installed; DuckDB is not loaded for it."""
    return importlib.util.find_spec(f"duckdb_extension_{name}") is not None


def load(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Load the extension `name`, and before it those that it needs. Loading twice does nothing.

    Raises:
        MachineError: `machine.missing`, see `extension_path`, or if DuckDB can't load the file.
    """
    import duckdb

    for each in (*_BEFORE.get(name, ()), name):
        path = extension_path(each)
        try:
            connection.execute(f"load {literal(str(path))}")
        except duckdb.Error as error:
            raise _missing(name, f"DuckDB can't load it: {str(error).splitlines()[0]}") from error


def _missing(name: str, why: str) -> MachineError:
    return MachineError(
        "machine.missing",
        f"DuckDB's extension `{name}` is needed: {why}",
        where=name,
        hint=f"pip install 'andon[{_EXTRAS.get(name, name)}]'",
    )
