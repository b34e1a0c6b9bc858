"""Reaching a Postgres: its address, and connections to it."""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from andon.errors import MachineError, UsageError

if TYPE_CHECKING:
    import psycopg
    from psycopg_pool import ConnectionPool

#: Of which schema the tables are, where the address says nothing.
SCHEMA = "andon"
#: How long a server that is away is waited for (seconds), and how long for those who write before.
AWAY, TURN = 15.0, 60
#: So long a server may take to make a connection.
CONNECT = 10
_MOST = 16
_STATEMENT = 300


def is_postgres(address: str) -> bool:
    """Whether a catalog's address is one of Postgres."""
    return address.startswith(("postgresql://", "postgres://"))


def require_driver() -> None:
    """Look for the driver; nothing is loaded.

    Raises:
        MachineError: `machine.missing` where it isn't installed.
    """
    if find_spec("psycopg") is None or find_spec("psycopg_pool") is None:
        raise MachineError(
            "machine.missing",
            "a catalog in Postgres needs its driver, psycopg",
            hint="install it: `pip install 'andon[postgres]'`",
        )


def pool(address: str, schema: str) -> ConnectionPool:
    """Connections to a server, made when they are asked for."""
    from psycopg.types.numeric import NumericLoader
    from psycopg_pool import ConnectionPool

    class Number(NumericLoader):
        """Sums of whole numbers are whole numbers."""

        def load(self, data: Any) -> Any:
            found = super().load(data)
            return int(found) if found == found.to_integral_value() else float(found)

    def ready(connection: psycopg.Connection[Any]) -> None:
        connection.adapters.register_loader("numeric", Number)

    options = (
        f"-c search_path={schema} -c lock_timeout={TURN}s -c statement_timeout={_STATEMENT}s"
        # who holds the turn and is gone, or says nothing any more, loses it
        f" -c idle_in_transaction_session_timeout={TURN}s -c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5"
        " -c tcp_keepalives_count=3 -c client_min_messages=warning"
    )
    import logging

    # what goes wrong is told by who asks
    logging.getLogger("psycopg.pool").addHandler(logging.NullHandler())
    return ConnectionPool(
        address,
        kwargs={"autocommit": True, "options": options, "application_name": "andon", "connect_timeout": CONNECT},
        min_size=0,
        max_size=_MOST,
        max_idle=60,
        timeout=AWAY,
        reconnect_timeout=AWAY,
        configure=ready,
        open=True,
        name="andon catalog",
    )


def parted(address: str) -> tuple[str, str]:
    """The schema that an address names, and the address without it.

    Raises:
        UsageError: `usage.bad_argument` for what is no name of a schema.
    """
    parts = urlsplit(address)
    asked = parse_qsl(parts.query, keep_blank_values=True)
    schema = next((value for name, value in asked if name == "schema"), SCHEMA)
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", schema):
        raise UsageError(
            "usage.bad_argument",
            f"`{schema}` is no name of a schema for the catalog",
            hint="small letters, digits and `_`: postgresql://…/database?schema=andon",
        )
    rest = urlencode([(name, value) for name, value in asked if name != "schema"])
    return schema, urlunsplit(parts._replace(query=rest))


def shown(address: str, schema: str) -> str:
    """Where it is, without who asks and how."""
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    return f"postgresql://{host}{parts.path}?schema={schema}"
