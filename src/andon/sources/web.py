"""What all that asks web servers goes by: ports, answers that are no last word, and the way out of the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from andon.errors import MachineError

if TYPE_CHECKING:
    from urllib3 import PoolManager

PORTS = {"http": 80, "https": 443}
#: Statuses after which the same request may go through.
AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
MOST_REDIRECTS = 5


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port: who is asked."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or PORTS.get(parts.scheme, 0)


def connections(url: str) -> PoolManager:
    """Connections to a server; through the proxy that the machine is set to, as other programs do.

    Raises:
        MachineError: `machine.missing` where the library is not installed.
    """
    try:
        import urllib3
    except ImportError as error:
        message = "the package `urllib3`, which asks web servers, is not installed"
        raise MachineError("machine.missing", message, hint="pip install 'andon[http]'") from error
    parts = urlsplit(url)
    proxy = getproxies().get(parts.scheme)
    if proxy and not proxy_bypass(parts.hostname or ""):
        return urllib3.ProxyManager(proxy)
    return urllib3.PoolManager()
