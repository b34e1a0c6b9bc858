"""Files that pages load: style sheets, scripts, fonts and icons, under an address that changes with what they hold.

All of it is read once. The parts of others are made when the package is built (`browser/make.py`); where that was not
possible, `Assets.is_complete` is false and everything but the pages works.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shlex
from collections.abc import Mapping
from functools import cached_property
from importlib.metadata import distributions
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from andon.version import __version__
from andon.web.packing import takes_gzip

if TYPE_CHECKING:
    from starlette.requests import Request

#: The folder of the package, and in it what is made of the parts of others.
STATIC = Path(__file__).parent / "static"
_VENDOR = "vendor/"
_MANIFEST = "vendor/manifest.json"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
#: These are packed already.
_DENSE = frozenset((".ico", ".png", ".woff2"))
#: What has the content in its address never changes.
_FOREVER = "public, max-age=31536000, immutable"


class Asset:
    """One file: what it holds, and how it is sent."""

    def __init__(self, name: str, text: bytes) -> None:
        self.name, self.text = name, text
        self.digest = hashlib.sha256(text).hexdigest()
        suffix = Path(name).suffix
        self.media_type = _TYPES[suffix]
        self._is_dense = suffix in _DENSE

    @cached_property
    def packed(self) -> bytes | None:
        """The same by gzip, where that is shorter; packed when it is first asked for."""
        if self._is_dense:
            return None
        packed = gzip.compress(self.text, 9, mtime=0)
        return packed if len(packed) < len(self.text) else None

    def response(self, request: Request) -> Response:
        """The file as the request can take it, or that it is the one that is there already."""
        packed = self.packed if takes_gzip(request.headers.get("accept-encoding", "")) else None
        tag = f'"{self.digest[:20]}{"-gz" if packed is not None else ""}"'
        headers = {"Cache-Control": _FOREVER, "ETag": tag, "Vary": "Accept-Encoding"}
        known = [given.strip().removeprefix("W/") for given in request.headers.get("if-none-match", "").split(",")]
        if tag in known or "*" in known:
            return Response(status_code=304, headers=headers)
        if packed is not None:
            headers["Content-Encoding"] = "gzip"
        return Response(self.text if packed is None else packed, headers=headers, media_type=self.media_type)


class Assets:
    """The files below one folder, each at an address of its own.

    Args:
        folder: where they lie.
    """

    def __init__(self, folder: Path = STATIC) -> None:
        found = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
        self._files = {n: Asset(n, path.read_bytes()) for n, path in found.items() if path.suffix in _TYPES}
        said = "\n".join(f"{name} {file.digest}" for name, file in self._files.items())
        #: Changes with what any of the files holds.
        self.digest = hashlib.sha256(said.encode()).hexdigest()[:12]
        #: Below this lie all files. Scripts that import each other by relative addresses stay below it.
        self.address = f"/static/{self.digest}"

    @property
    def files(self) -> Mapping[str, Asset]:
        """All files by their path below the folder."""
        return MappingProxyType(self._files)

    def address_of(self, name: str) -> str:
        """Where a file is found, given its path below the folder.

        Raises:
            KeyError: there is none of this name.
        """
        return f"{self.address}/{self._files[name].name}"

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """Files that were to be made when the package was built and are not there, or not as they were made."""
        manifest = self._files.get(_MANIFEST)
        if manifest is None:
            return (_MANIFEST,)
        said = json.loads(manifest.text)["files"]
        names = {_VENDOR + name: figures["sha256"] for name, figures in said.items()}
        return tuple(n for n, digest in names.items() if n not in self._files or self._files[n].digest != digest)

    @property
    def is_complete(self) -> bool:
        """Whether the parts of others are there, without which no page is shown."""
        return not self.missing

    @cached_property
    def icon_names(self) -> frozenset[str]:
        """Names of the symbols in `vendor/icons.svg`."""
        sprite = self._files.get("vendor/icons.svg")
        return frozenset(re.findall(r'<symbol id="([^"]+)"', sprite.text.decode())) if sprite else frozenset()

    def routes(self) -> list[Route]:
        """The route that sends them."""
        return [Route("/static/{digest}/{name:path}", self._send, methods=["GET"])]

    async def _send(self, request: Request) -> Response:
        file = self._files.get(request.path_params["name"])
        if file is None or request.path_params["digest"] != self.digest:
            raise HTTPException(404)
        return file.response(request)


def how_to_make(package: Path = Path(__file__).parents[1]) -> str:
    """The command that makes the parts of others where they are missing.

    Args:
        package: the folder of the installed package. Below a checkout they are made there; else it is installed again from
            where it came.
    """
    checkout = package.parents[1]
    if (checkout / "browser" / "make.py").is_file():
        return f"make -C {shlex.quote(str(checkout))} pages"
    found = next(iter(distributions(name="andon", path=[str(package.parent)])), None)
    told = found.read_text("direct_url.json") if found is not None else None
    return f"pip install --force-reinstall --no-deps {shlex.quote(_source(json.loads(told) if told else {}))}"


def _source(told: Mapping[str, Any]) -> str:
    """What pip is given to install again from the same place: one that it noted, or the index."""
    if "url" not in told:
        return f"andon=={__version__}"
    system = told.get("vcs_info")
    return f"{system['vcs']}+{told['url']}@{system['commit_id']}" if system else str(told["url"])
