"""Package indexes as uv is set up for them: which files of a package they have, by hash, and which of these were yanked.

Both forms of the simple API are read: JSON (PEP 691) and HTML. Where the indexes are, uv tells; nothing of it is kept anywhere.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from andon.engines.python.index_file import IndexFile
from andon.engines.python.uv_tool import UvError, call_uv

if TYPE_CHECKING:
    import urllib3

_ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"
_SECONDS, _CHUNK, _LARGEST_PAGE = 30.0, 1 << 20, 200 << 20
#: Some answer an unknown package so.
_NOT_THERE = (403, 404, 410)


class IndexUnreachable(Exception):
    """An index can't be asked; the text says why, without its address."""


class Indexes:
    """The indexes of this machine, asked in turn; a file counts as there when one of them has it.

    Args:
        urls: of the simple API, with who may read them if that stands there.
        folders: of files, as `--find-links` names them.
    """

    def __init__(self, urls: Sequence[str], folders: Sequence[Path] = ()) -> None:
        self._urls = urls
        self._folders = folders
        self._asked: dict[str, list[IndexFile] | None] = {}
        self._pools: dict[str, Any] = {}

    @classmethod
    def of_machine(cls) -> Indexes:
        """Those that uv is set up for, by its own account.

        Raises:
            IndexUnreachable: it can't say.
            MachineError: `machine.missing` where there is no uv.
        """
        with tempfile.TemporaryDirectory(prefix="andon-index-") as folder:
            told = [
                "pip",
                "compile",
                "--quiet",
                "-",
                "--no-header",
                "--emit-index-url",
                "--emit-find-links",
                "--offline",
            ]
            try:
                said = call_uv(told, folder=Path(folder))
            except UvError as error:
                raise IndexUnreachable("uv does not say which package indexes there are") from error
        urls, folders = list[str](), list[Path]()
        for line in said.splitlines():
            option, _, value = line.partition(" ")
            if option in ("--index-url", "--extra-index-url"):
                urls.append(value.strip())
            elif option == "--find-links" and "://" not in value:
                folders.append(Path(value.strip()))
        return cls(urls, folders)

    def files(self, package: str) -> list[IndexFile] | None:
        """All files of a package; None where no index knows it.

        Raises:
            IndexUnreachable: an index can't be asked.
        """
        name = re.sub(r"[-_.]+", "-", package).lower()
        if name not in self._asked:
            found: list[IndexFile] | None = None
            for url in self._urls:
                files = self._page(f"{url.rstrip('/')}/{name}/")
                found = [*(found or ()), *files] if files is not None else found
            beside = [file for folder in self._folders for file in _in_folder(folder, name)]
            self._asked[name] = [*(found or ()), *beside] if beside else found
        return self._asked[name]

    def fetch(self, file: IndexFile, target: Path) -> str:
        """Write the content of a file to `target`; returns its sha256.

        Raises:
            IndexUnreachable: it can't be fetched.
            OSError: the disk.
        """
        digest = hashlib.sha256()
        parts = urlsplit(file.url)
        with target.open("wb") as out:
            if parts.scheme == "file":
                chunks: Iterator[bytes] = iter([Path(unquote(parts.path)).read_bytes()])
            else:
                chunks = self._chunks(file.url)
            for chunk in chunks:
                digest.update(chunk)
                out.write(chunk)
        return digest.hexdigest()

    def _page(self, url: str) -> list[IndexFile] | None:
        from andon.engines.python.index_pages import of_html, of_json

        parts = urlsplit(url)
        if parts.scheme == "file":
            page = Path(unquote(parts.path), "index.html")
            return of_html(page.read_text(encoding="utf-8"), url) if page.is_file() else None
        import urllib3

        try:
            answer = self._ask(url, {"Accept": _ACCEPT})
            body = answer.read(_LARGEST_PAGE)
        except urllib3.exceptions.HTTPError as error:
            raise _unreachable(error) from error
        if answer.status in _NOT_THERE:
            return None
        if answer.status != 200:
            raise IndexUnreachable(f"the package index answers with status {answer.status}")
        base = answer.geturl() or url
        base = urljoin(_bare(url), base)
        try:
            if "json" in answer.headers.get("Content-Type", ""):
                return of_json(json.loads(body), base)
            return of_html(body.decode("utf-8", "replace"), base)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise IndexUnreachable(
                f"the package index answers with something else than a list of files: {error}"
            ) from error

    def _chunks(self, url: str) -> Iterator[bytes]:
        import urllib3

        try:
            answer = self._ask(url, {})
            if answer.status != 200:
                raise IndexUnreachable(f"the package index answers with status {answer.status}")
            yield from answer.stream(_CHUNK)
        except urllib3.exceptions.HTTPError as error:
            raise _unreachable(error) from error

    def _ask(self, url: str, headers: dict[str, str]) -> urllib3.BaseHTTPResponse:
        bare = _bare(url)
        who = self._who(url)
        if who is not None:
            headers["Authorization"] = f"Basic {base64.b64encode(who.encode()).decode()}"
        answer: urllib3.BaseHTTPResponse = self._pool(bare).request(
            "GET", bare, headers=headers, preload_content=False, redirect=True, timeout=_SECONDS, retries=2
        )
        return answer

    def _pool(self, url: str) -> urllib3.PoolManager:
        import ssl
        from urllib.request import getproxies, proxy_bypass

        import urllib3

        parts = urlsplit(url)
        proxy = None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)
        key = proxy or ""
        if key not in self._pools:
            context = ssl.create_default_context()
            made = (
                urllib3.ProxyManager(proxy, ssl_context=context) if proxy else urllib3.PoolManager(ssl_context=context)
            )
            self._pools[key] = made
        pool: urllib3.PoolManager = self._pools[key]
        return pool

    def _who(self, url: str) -> str | None:
        """`user:password` for an address: as it says, as its index says, or as `.netrc` does."""
        place = urlsplit(url)
        for known in (url, *self._urls):
            parts = urlsplit(known)
            if parts.username and (parts.scheme, parts.hostname, parts.port) == (
                place.scheme,
                place.hostname,
                place.port,
            ):
                return f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        import netrc

        with contextlib.suppress(OSError, netrc.NetrcParseError):
            found = netrc.netrc(os.environ.get("NETRC")).authenticators(place.hostname or "")
            if found is not None and found[0]:
                return f"{found[0]}:{found[2] or ''}"
        return None


def _bare(url: str) -> str:
    """An address without who asks."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment=""))


def _unreachable(error: Exception) -> IndexUnreachable:
    """In words of its own: what the error says has the address in it."""
    import urllib3

    cause = getattr(error, "reason", None) or error
    kinds = (
        (urllib3.exceptions.NewConnectionError, ""),  # it counts as one of time, too
        (urllib3.exceptions.SSLError, ": its certificate is not trusted here"),
        (urllib3.exceptions.TimeoutError, ": it does not answer in time"),
        (urllib3.exceptions.ProxyError, " through the proxy"),
    )
    return IndexUnreachable(
        "the package index can't be reached" + next((s for k, s in kinds if isinstance(cause, k)), "")
    )


def _in_folder(folder: Path, name: str) -> Iterator[IndexFile]:
    for path in sorted(folder.glob("*")) if folder.is_dir() else ():
        if path.is_file() and re.sub(r"[-_.]+", "-", path.name.split("-")[0]).lower() == name:
            yield IndexFile(path.name, path.resolve().as_uri(), hashlib.sha256(path.read_bytes()).hexdigest())
