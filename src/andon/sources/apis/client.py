"""Asking an HTTP API: one request at a time, as often as it allows, again where that may help, and never another host than was named.

What a person may see never holds what stands behind a reference, nor the parameters of an address.
"""

from __future__ import annotations

import contextlib
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote_plus, urlencode, urljoin, urlsplit, urlunsplit

from andon.base.record import Record
from andon.engines.engine import stopped
from andon.errors import DatasetError, MachineError
from andon.model.rest import Rest
from andon.sources.apis.failures import Failures, connection_failure
from andon.sources.web import AGAIN, MOST_REDIRECTS, PORTS, REDIRECTS, connections, origin
from andon.version import __version__

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

#: A larger page is refused: it would not fit where it is looked at.
_LARGEST = 256 << 20
#: The first pause; each that follows is twice as long.
_PAUSE = 0.25
#: Who asks to wait longer than so many seconds is asked another day.
_LONGEST_WAIT = 120.0
_CHUNK = 1 << 18


class Response(Record):
    """What came back: where from at last, its headers (names in lower case) and its body."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class Client:
    """Asks one API; used by one thread, and stopped from others.

    Args:
        resolve: gives what a text with references stands for.
        where: the source's file.
        cancelled: ends waiting.

    Raises:
        MachineError: `machine.missing` where the library is not installed.
        UsageError: `usage.bad_argument` for a reference that leads nowhere.
    """

    def __init__(self, rest: Rest, resolve: Callable[[str], str], where: str, cancelled: threading.Event) -> None:
        self._rest = rest
        self._where = where
        self._cancelled = cancelled
        self._headers = {"accept": "application/json", "accept-encoding": "gzip", "user-agent": f"andon/{__version__}"}
        self._headers |= {name.lower(): resolve(text) for name, text in rest.headers}
        self._signed: dict[str, str] = {}
        self._signs: list[tuple[str, str]] = []
        self._params = [(name, resolve(text)) for name, text in rest.params]
        secrets = [resolve(text) for _, text in (*rest.headers, *rest.params) if "${" in text]
        secrets += self._sign(resolve)
        self.failures = Failures(rest, where, _spellings(secrets))
        self._own = origin(rest.url)
        self._last = 0.0
        self._pool = connections(rest.url)
        self._open: BaseHTTPResponse | None = None
        self.requests = 0

    def get(self, url: str | None = None, params: Sequence[tuple[str, str]] = ()) -> Response:
        """Ask for one page.

        Args:
            url: an address that the API gave, which has all parameters that it needs; None is the source's own.
            params: of this page, beside those that each request has.

        Raises:
            DatasetError: `source.unreachable`, `source.query_failed`, `source.bad_answer`; `build.interrupted`.
        """
        own = _with_params(self._rest.url, [*self._params, *params])
        return self._asked(own if url is None else urljoin(self._rest.url, url))

    def close(self) -> None:
        """Let go of all connections; also from another thread, which ends what is read."""
        response = self._open
        if response is not None:
            with contextlib.suppress(Exception):  # it is closed either way
                response.close()
        self._pool.clear()

    def _sign(self, resolve: Callable[[str], str]) -> list[str]:
        """How the caller is known, beside what is secret of it."""
        sign = self._rest.sign
        if sign is None:
            return []
        value = resolve(sign.value)
        if sign.way == "bearer":
            self._signed["authorization"] = f"Bearer {value}"
        elif sign.way == "basic":
            packed = b64encode(f"{sign.name}:{value}".encode()).decode()
            self._signed["authorization"] = f"Basic {packed}"
            return [value, packed]
        elif sign.way == "header":
            self._signed[sign.name.lower()] = value
        else:
            self._signs = [(sign.name, value)]
        return [value]

    def _asked(self, address: str) -> Response:
        """The answer from an address or from where it leads."""
        for _ in range(MOST_REDIRECTS + 1):
            self._allow(address)
            status, headers, body = self._tried(address)
            if status not in REDIRECTS:
                return Response(address, headers, body)
            target = headers.get("location")
            if not target:
                raise self.failures.bad_answer(f"answers with status {status} and does not say where to go")
            following = urljoin(address, target)
            if address.startswith("https:") and following.startswith("http:"):
                raise self.failures.leads_away(following, "is not encrypted")
            address = following
        raise self.failures.bad_answer(f"leads from one address to the next, more than {MOST_REDIRECTS} times")

    def _allow(self, address: str) -> None:
        parts = urlsplit(address)
        try:
            scheme, host, port = parts.scheme, parts.hostname or "", parts.port
        except ValueError:
            scheme, host, port = "", "", None
        if scheme not in PORTS or not host:
            raise self.failures.bad_answer("leads to what is no address of the web")
        named = {host, f"{host}:{port or PORTS[scheme]}"} if port in (None, PORTS[scheme]) else {f"{host}:{port}"}
        if not self._is_own(address) and not named & set(self._rest.hosts):
            raise self.failures.leads_away(address, "is another host")

    def _is_own(self, address: str) -> bool:
        """Whether an address is one of the host that was named, which alone learns who asks; from http to https is more than was asked."""
        scheme, host, port = origin(address)
        own_scheme, own_host, own_port = self._own
        upgraded = (own_scheme, own_port, scheme, port) == ("http", 80, "https", 443)
        return host == own_host and ((scheme, port) == (own_scheme, own_port) or upgraded)

    def _tried(self, address: str) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body of one address, asked again where that may help."""
        pause, failed = _PAUSE, None
        for left in range(self._rest.retries, -1, -1):
            self._wait_for_turn()
            try:
                status, headers, body = self._once(address)
            except (DatasetError, MachineError):
                raise
            except Exception as error:
                if self._cancelled.is_set():
                    raise stopped(self._where) from error
                failed, asked_to_wait = connection_failure(self.failures, error), None
                if not failed.retryable:
                    raise failed from error
            else:
                if status not in AGAIN:
                    if status >= 400:
                        raise self.failures.of_status(status, body)
                    return status, headers, body
                asked_to_wait = _retry_after(headers.get("retry-after"))
                failed = self.failures.of_status(status, body)
                if asked_to_wait is not None and asked_to_wait > _LONGEST_WAIT:
                    raise self.failures.asks_to_wait(asked_to_wait)
            if left:
                self._sleep(pause if asked_to_wait is None else asked_to_wait)
                pause *= 2
        assert failed is not None  # the loop runs at least once
        raise failed

    def _once(self, address: str) -> tuple[int, Mapping[str, str], bytes]:
        from urllib3 import Timeout

        is_own = self._is_own(address)
        headers = {**self._headers, **self._signed} if is_own else self._headers
        if is_own and self._signs:
            address = _with_params(address, self._signs)
        self.requests += 1
        response = self._pool.request(
            "GET",
            address,
            headers=headers,
            retries=False,
            redirect=False,
            preload_content=False,
            timeout=Timeout(connect=self._rest.timeout, read=self._rest.timeout),
        )
        self._open = response
        try:
            body = bytearray()
            end = time.monotonic() + max(self._rest.timeout * 20, 60.0)
            for chunk in response.stream(_CHUNK, decode_content=True):
                body += chunk
                if len(body) > _LARGEST:
                    raise self.failures.bad_answer(f"answers with a page of more than {_LARGEST >> 20} MB")
                if self._cancelled.is_set():
                    raise stopped(self._where)
                if time.monotonic() > end:
                    raise TimeoutError("a page takes too long")
            found = {name.lower(): value for name, value in response.headers.items()}
            response.release_conn()
        except BaseException:
            response.close()
            raise
        finally:
            self._open = None
        return response.status, found, bytes(body)

    def _wait_for_turn(self) -> None:
        wait = self._last + self._rest.seconds_apart - time.monotonic()
        if self._last and wait > 0:
            self._sleep(wait)
        if self._cancelled.is_set():
            raise stopped(self._where)
        self._last = time.monotonic()

    def _sleep(self, seconds: float) -> None:
        if self._cancelled.wait(seconds):
            raise stopped(self._where)


def _with_params(url: str, params: Sequence[tuple[str, str]]) -> str:
    """An address with parameters; those of the same name that it has are replaced."""
    if not params:
        return url
    parts = urlsplit(url)
    names = {name for name, _ in params}
    kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in names]
    return urlunsplit(parts._replace(query=urlencode([*kept, *params])))


def _retry_after(text: str | None) -> float | None:
    """For how long the API asks to wait: seconds or a date. What is neither says nothing."""
    if text is None:
        return None
    if text.strip().isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, moment.timestamp() - time.time())


def _spellings(secrets: Sequence[str]) -> tuple[str, ...]:
    """Secrets in all ways in which an answer may repeat them, the longest first."""
    found = {text for secret in secrets for text in (secret, quote_plus(secret), b64encode(secret.encode()).decode())}
    return tuple(sorted((text for text in found if text), key=len, reverse=True))
