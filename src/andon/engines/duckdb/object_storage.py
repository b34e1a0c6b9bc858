"""DuckDB asks object storage by itself: the extension from its wheel, and a secret that is good for one place alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from andon.base.names import literal, quote
from andon.base.s3 import REGION
from andon.engines.duckdb.extensions import load

if TYPE_CHECKING:
    import duckdb

    from andon.model.object_place import ObjectPlace


def reach_out(connection: duckdb.DuckDBPyConnection, reach: ObjectPlace) -> None:
    """Let an instance read what lies at a place.

    Raises:
        MachineError: `machine.missing` where the extension is not installed.
    """
    load(connection, "httpfs")
    connection.execute(secret_sql(reach.url, reach.options))


def secret_sql(scope: str, options: Mapping[str, str]) -> str:
    """SQL: who asks for what lies at `s3://…`, by the options of a connection of kind `s3`."""
    said = {"region": options.get("region") or REGION, "scope": scope}
    if options.get("key"):
        said |= {"key_id": options["key"], "secret": options.get("secret", "")}
    if options.get("session_token"):
        said["session_token"] = options["session_token"]
    endpoint = options.get("endpoint", "")
    if endpoint:
        said |= {"endpoint": endpoint.split("://")[-1].rstrip("/"), "url_style": "path"}
    listed = ", ".join(f"{name} {literal(value)}" for name, value in said.items())
    return f"create or replace secret {quote(scope)} (type s3, {listed}, use_ssl {str(not endpoint.startswith('http://')).lower()})"
