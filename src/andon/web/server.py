"""The process: listens, says where, stops cleanly."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any

from andon.base.document import Document
from andon.errors import MachineError
from andon.web.access import require_safe_place

if TYPE_CHECKING:
    import uvicorn

    from andon.service.service import Service


class ServingDocument(Document):
    """A server that listens."""

    address: str
    project: str
    commit: str
    people: int


#: Where no call runs that ends as cancelled and is told, the server waits so many seconds alone for answers on their way: then it is over
#: for clients that hang in the middle of asking or reading.
_GRACE_OF_HANGING = 2


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens at an address; port 0 is any that is free.

    Raises:
        MachineError: `machine.address` for one that is taken or not this machine's.
    """
    name = host.strip("[]")
    try:
        family, _, _, _, address = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)[0]
        # named as TCP: else the loop would not send small answers at once
        found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except OSError as error:
        raise _no_address(host, port, error) from error
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
        found.listen(2048)
    except OSError as error:
        found.close()
        raise _no_address(host, port, error) from error
    return found


def address_of(host: str, listening: socket.socket) -> str:
    """The address that a browser opens."""
    port = listening.getsockname()[1]
    name = host.strip("[]")
    shown = "localhost" if name in ("127.0.0.1", "::1", "localhost") else f"[{name}]" if ":" in name else name
    return f"http://{shown}:{port}"


def server(
    service: Service, host: str, log: Callable[[dict[str, Any]], None] | None = None
) -> tuple[uvicorn.Server, Any]:
    """A server over a service, ready to run, and the application in it.

    Raises:
        UsageError: `access.no_people` where others could reach it and it knows nobody.
    """
    import uvicorn

    from andon.web.app import GRACE, Application

    class Stopping(uvicorn.Server):
        """Tells what runs to stop as soon as somebody says so; a server waits for its answers before it is over."""

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            threading.Thread(target=application.stop, name="stop").start()
            super().handle_exit(sig, frame)

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            self.config.timeout_graceful_shutdown = GRACE if application.calls.running else _GRACE_OF_HANGING
            await super().shutdown(sockets)

    require_safe_place(host, service.workspace.people)
    logging.getLogger("uvicorn.error").addFilter(_is_no_end)
    names = tuple(str(service.workspace.settings.get("server.names")).split(","))
    application = Application(service, names, log)
    config = uvicorn.Config(
        application.asgi,
        lifespan="on",
        access_log=False,
        log_config=None,
        log_level=logging.WARNING,
        server_header=False,
        date_header=True,
        timeout_graceful_shutdown=GRACE,
        timeout_keep_alive=30,
        ws="none",
        h11_max_incomplete_event_size=64_000,
    )
    return Stopping(config), application


def _is_no_end(record: logging.LogRecord) -> bool:
    """Whether a line of the log is about something else than a client that was still there when the server stopped."""
    return record.exc_info is None or not isinstance(record.exc_info[1], asyncio.CancelledError)


def run_until_stopped(running: uvicorn.Server, listening: socket.socket) -> None:
    """Serve until Ctrl-C or SIGTERM. Both are a way to end it, and no failure."""
    kinds = (signal.SIGINT, signal.SIGTERM)
    # the server hands signals on when it is over
    before = {kind: signal.signal(kind, lambda *_: None) for kind in kinds}
    try:
        running.run(sockets=[listening])
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)
        listening.close()


def write_line(line: dict[str, Any]) -> None:
    """A line of the access log, as JSON on stderr."""
    sys.stderr.write(json.dumps(line, ensure_ascii=True) + "\n")
    sys.stderr.flush()


def _no_address(host: str, port: int, error: OSError) -> MachineError:
    return MachineError(
        "machine.address",
        f"the server can't listen at {host}:{port}: {error.strerror or error}",
        where=f"{host}:{port}",
        hint="another port: `andon up --port 0` takes one that is free; or stop what listens there",
    )
