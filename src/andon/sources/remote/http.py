"""Files on web servers."""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin, urlsplit

from andon.errors import DatasetError
from andon.sources.remote.failures import cut_off, missing, refused, shown_url, unreachable
from andon.sources.remote.place import RemoteFile, Take
from andon.sources.web import AGAIN, MOST_REDIRECTS, PORTS, REDIRECTS, connections, origin
from andon.version import __version__

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

_CHUNK = 1 << 20
#: So long a server may be silent.
CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
_TRIES = 3
_PAUSE = 0.3
#: What may stand in an address as it is; what is escaped already stays.
_SAFE = "%/:=&?~#+!$,;'@()*[]"


class HttpPlace:
    """A web server.

    Args:
        connection: its name, None where none names the server.
        options: of the connection, references resolved.

    Raises:
        MachineError: `machine.missing` where the library is not installed.
    """

    def __init__(self, connection: str | None, options: Mapping[str, str]) -> None:
        self._connection = connection
        self._url = options.get("url", "")
        self._signed = _signed(options)

    def listed(self, pattern: str) -> Sequence[RemoteFile]:
        """See `FilePlace`: a server lists nothing, so a pattern is an address."""
        return [RemoteFile(pattern)]

    def fetch(self, file: RemoteFile, known: str | None, take: Take) -> RemoteFile | None:
        """See `FilePlace`."""
        headers = {"user-agent": f"andon/{__version__}", "accept-encoding": "identity", "accept": "*/*"}
        if known is not None:
            tag, _, moment = known.partition("\n")
            headers |= {"if-none-match": tag} if tag else {"if-modified-since": moment}
        pause = _PAUSE
        for left in range(_TRIES - 1, -1, -1):
            try:
                response = self._answer(file.url, headers)
            except DatasetError as error:
                if not error.retryable or not left:
                    raise
            else:
                if response.status not in AGAIN or not left:
                    break
                response.close()
            time.sleep(pause)
            pause *= 2
        try:
            if response.status == 304:
                return None
            if response.status != 200:
                raise self._of_status(file.url, response.status)
            return RemoteFile(file.url, _mark(response), self._taken(file.url, response, take))
        finally:
            response.close()

    def _taken(self, url: str, response: BaseHTTPResponse, take: Take) -> int:
        from urllib3.exceptions import HTTPError

        size = 0
        try:
            for piece in response.stream(_CHUNK, decode_content=True):
                size += len(piece)
                take(piece)
        except HTTPError as error:
            raise cut_off(url, f"{size:,} bytes, then the connection broke") from error
        return size

    def _answer(self, url: str, headers: Mapping[str, str]) -> BaseHTTPResponse:
        """The answer of an address or of where it leads; who asks is told to the server that was named alone."""
        address = quote(url, safe=_SAFE)
        for _ in range(MOST_REDIRECTS + 1):
            is_own = origin(address) == origin(url)
            response = _asked(url, address, {**headers, **(self._signed if is_own else {})})
            target = response.headers.get("location")
            if response.status not in REDIRECTS or not target:
                return response
            response.close()
            following = urljoin(address, target)
            if urlsplit(following).scheme not in PORTS or (
                address.startswith("https:") and following.startswith("http:")
            ):
                raise refused(
                    url,
                    f"leads to `{shown_url(following)}`, which is not encrypted",
                    "name that address, if it is right",
                )
            address = following
        raise refused(
            url, f"leads from one address to the next, more than {MOST_REDIRECTS} times", "name the last address"
        )

    def _of_status(self, url: str, status: int) -> DatasetError:
        if status in (404, 410):
            return missing(url, "look at the address: the server knows no such file")
        if status in (401, 403, 407):
            stated = f"look at what the connection `{self._connection}` states"
            host = "/".join(url.split("/", 3)[:3])
            own = f'name who asks: `[connections.NAME]` with `kind = "http"` and `url = "{host}/"` in `andon.toml`'
            return refused(url, f"is not for who asks (status {status})", stated if self._connection else own)
        if status in AGAIN:
            return unreachable(url, f"the server answers with status {status}")
        return refused(url, f"is answered with status {status}", "look at the address")


def _signed(options: Mapping[str, str]) -> dict[str, str]:
    """The headers that say who asks."""
    if options.get("token"):
        return {"authorization": f"Bearer {options['token']}"}
    if options.get("user"):
        packed = b64encode(f"{options['user']}:{options.get('password', '')}".encode()).decode()
        return {"authorization": f"Basic {packed}"}
    return {options["header"]: options.get("value", "")} if options.get("header") else {}


def _mark(response: BaseHTTPResponse) -> str | None:
    """What changes with the content, as far as the server says."""
    tag, moment = response.headers.get("etag", ""), response.headers.get("last-modified", "")
    return f"{tag}\n{moment}" if tag or moment else None


def _asked(url: str, address: str, headers: Mapping[str, str]) -> BaseHTTPResponse:
    pool: Any = connections(address)
    import urllib3

    try:
        response: BaseHTTPResponse = pool.request(
            "GET",
            address,
            headers=dict(headers),
            retries=False,
            redirect=False,
            preload_content=False,
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
        )
    except urllib3.exceptions.LocationValueError as error:
        raise refused(url, "is no address of the web", "correct it") from error
    except urllib3.exceptions.HTTPError as error:
        raise unreachable(url, _reason(error)) from error
    return response


def _reason(error: Exception) -> str:
    name, text = type(error).__name__, str(error)
    if "Timeout" in name:
        return "it does not answer in time"
    if name == "NameResolutionError" or "resolve" in text:
        return "its name is not known"
    if "refused" in text:
        return "nothing listens there"
    return "its certificate is not trusted" if "CERTIFICATE" in text.upper() else "no connection"
