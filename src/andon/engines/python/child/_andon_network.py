"""The child's way to the hosts that its source declares: a proxy in the parent, of which the usual variables tell every HTTP library."""

from __future__ import annotations

import os
import socket
from typing import Any


def open_way(job: dict[str, Any], network: str) -> str:
    """Let HTTP libraries find the proxy. Where there is no network but the process's own loopback, a listener there is handed to the
    parent, which serves it; elsewhere the parent listens itself.

    Returns:
        `hosts` where nothing but the proxy can be reached, else `network` as it is.
    """
    way = job["network"]
    if way is None:
        return network
    line = socket.socket(fileno=way["line"])
    port = way["port"]
    if network == "blocked":
        listener = socket.create_server(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        socket.send_fds(line, [b"listener"], [listener.fileno()])
        listener.close()
    line.close()
    address = f"http://andon:{way['word']}@127.0.0.1:{port}"
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        os.environ[name] = address
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = ""
    return "hosts" if network == "blocked" else network
