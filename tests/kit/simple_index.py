"""A package index of one's own, over HTTP: wheels made of what is installed here, and small ones of a few lines; files can be yanked, taken
out and replaced."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import re
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    import pytest

_OF_INSTALLERS = ("INSTALLER", "REQUESTED", "direct_url.json")
#: Builds a wheel of one module, and needs nothing for it.
_BACKEND = """
import zipfile

def build_wheel(folder, settings=None, metadata=None):
    info = "{name}-{version}.dist-info"
    with zipfile.ZipFile(folder + "/{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr("{name}.py", "def area(r):\\n    return 3 * r\\n")
        wheel.writestr(info + "/METADATA", "Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n")
        wheel.writestr(info + "/WHEEL", "Wheel-Version: 1.0\\nGenerator: kit\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "/RECORD", "")
    return "{name}-{version}-py3-none-any.whl"
"""


class SimpleIndex:
    """Files by name, served by PEP 503 or, with `is_json`, PEP 691."""

    def __init__(self, folder: Path, *, is_json: bool = True) -> None:
        self.folder = folder
        self.is_json = is_json
        self.yanked: dict[str, str] = {}
        self.asked: list[str] = []
        folder.mkdir(parents=True, exist_ok=True)

    def add_installed(self, name: str) -> Path:
        """A wheel of an installed package, as it was made from: its files and what is said of them."""
        found = distribution(name)
        tags = [line[5:] for line in (found.read_text("WHEEL") or "").splitlines() if line.startswith("Tag: ")]
        parts = [".".join(sorted({tag.split("-")[place] for tag in tags})) for place in range(3)]
        known = re.sub(r"[-.]+", "_", found.metadata["Name"])
        target = self.folder / f"{known}-{found.version}-{'-'.join(parts)}.whl"
        with zipfile.ZipFile(target, "w") as wheel:
            for file in found.files or ():
                is_own = not {"..", "__pycache__"} & {*file.parts} and file.name not in _OF_INSTALLERS
                if is_own and file.locate().is_file():
                    wheel.write(str(file.locate()), file.as_posix())
        return target

    def add(self, name: str, version: str, code: str, tag: str = "py3-none-any") -> Path:
        """A wheel of one module."""
        info = f"{name}-{version}.dist-info"
        target = self.folder / f"{name}-{version}-{tag}.whl"
        texts = {
            f"{name}.py": code,
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: kit\nRoot-Is-Purelib: true\nTag: {tag}\n",
        }
        with zipfile.ZipFile(target, "w") as wheel:
            for path, text in texts.items():
                wheel.writestr(zipfile.ZipInfo(path), text)
            record = "".join(f"{path},,\n" for path in [*texts, f"{info}/RECORD"])
            wheel.writestr(zipfile.ZipInfo(f"{info}/RECORD"), record)
        return target

    def add_source(self, name: str, version: str) -> Path:
        """A source distribution of one module."""
        target = self.folder / f"{name}-{version}.tar.gz"
        texts = {
            "backend.py": _BACKEND.format(name=name, version=version),
            "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
            "PKG-INFO": f"Metadata-Version: 2.2\nName: {name}\nVersion: {version}\n",
        }
        with tarfile.open(target, "w:gz") as archive:
            for path, text in texts.items():
                entry = tarfile.TarInfo(f"{name}-{version}/{path}")
                entry.size = len(text)
                archive.addfile(entry, io.BytesIO(text.encode()))
        return target

    def page(self, package: str) -> tuple[str, bytes] | None:
        """What it says of a package, and of which kind that is."""
        files = [
            file
            for file in sorted(self.folder.iterdir())
            if re.sub(r"[-_.]+", "-", re.split(r"-\d", file.name)[0]).lower() == package
        ]
        if not files:
            return None
        known = [(file.name, _sha256(file, file.stat().st_mtime_ns)) for file in files]
        if self.is_json:
            listed = [
                {
                    "filename": name,
                    "url": f"../../files/{name}",
                    "hashes": {"sha256": sha},
                    "yanked": self.yanked.get(name, False),
                }
                for name, sha in known
            ]
            body: dict[str, Any] = {"meta": {"api-version": "1.0"}, "name": package, "files": listed}
            return "application/vnd.pypi.simple.v1+json", json.dumps(body).encode()
        links = [
            f'<a href="../../files/{name}#sha256={sha}"'
            + (f' data-yanked="{self.yanked[name]}"' if name in self.yanked else "")
            + f">{name}</a><br>"
            for name, sha in known
        ]
        return "text/html", ("<!DOCTYPE html><html><body>" + "\n".join(links) + "</body></html>").encode()


@cache
def _sha256(file: Path, _: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@contextmanager
def serving(index: SimpleIndex) -> Iterator[str]:
    """Serve it; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path)
            index.asked.append(path)
            found: tuple[str, bytes] | None = None
            if path.startswith("/simple/"):
                found = index.page(path.removeprefix("/simple/").strip("/"))
            elif (file := index.folder / path.rpartition("/")[2]).is_file():
                found = "application/octet-stream", file.read_bytes()
            self.send_response(200 if found else 404)
            self.send_header("Content-Length", str(len(found[1]) if found else 0))
            if found:
                self.send_header("Content-Type", found[0])
            self.end_headers()
            if found and self.command == "GET":
                with contextlib.suppress(ConnectionError):  # who asked knows enough
                    self.wfile.write(found[1])

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """It says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/simple"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class IndexedMachine:
    """An index, and who is set up for it, with a cache of their own."""

    def __init__(self, index: SimpleIndex, environ: pytest.MonkeyPatch, cache: Path) -> None:
        self.index = index
        self._environ = environ
        self.move(cache)

    def move(self, cache: Path, url: str | None = None) -> None:
        self._environ.setenv("UV_CACHE_DIR", str(cache))
        self._environ.setenv("HOME", str(cache))
        if url is not None:
            self._environ.setenv("UV_DEFAULT_INDEX", url)
