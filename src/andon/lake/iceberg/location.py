"""How files of the lake are named inside Iceberg metadata."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote, urlsplit

#: The folder of the storage in which Iceberg metadata lies; all of it can be derived again.
DERIVED = "iceberg"


def absolute_in(storage_url: str) -> Callable[[str], str]:
    """The function that gives the absolute URL of a path relative to `storage_url`, as readers of Iceberg take it.

    Args:
        storage_url: as `pathlib.Path.as_uri` writes it (`file:///srv/my%20lake`), or of an object store (`s3://bucket/lake`).

    Readers don't decode what stands in metadata: DuckDB and pyiceberg take what follows `file://` for the path itself. So a blank
    stays a blank here.
    """
    base = storage_url.rstrip("/")
    if base.startswith("file:"):
        base = f"file://{unquote(urlsplit(base).path)}"
    return lambda path: f"{base}/{path}"
