"""Places of files for tests, real servers on a free port: one that speaks S3, and a web server whose faults are chosen."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote

from andon.base.s3_request import ask_s3
from kit.servers import free_port

TOKEN = "let-me-in"


class Bucket:
    """A bucket of a running server that speaks S3."""

    scheme = "s3"

    def __init__(self, server: S3Server, name: str) -> None:
        from obstore.store import S3Store

        self.name, self.server = name, server
        self.options = {"endpoint": server.url, "region": "us-east-1", "key": "k", "secret": TOKEN}
        ask_s3("PUT", name, self.options)
        options = {"allow_http": True}
        self._store = S3Store(
            name,
            endpoint=server.url,
            region="us-east-1",
            access_key_id="k",
            secret_access_key=TOKEN,
            client_options=options,
        )

    def put(self, key: str, content: str | bytes) -> None:
        import obstore

        obstore.put(self._store, key, content.encode() if isinstance(content, str) else content)

    def remove(self, key: str) -> None:
        import obstore

        obstore.delete(self._store, key)

    def get(self, key: str) -> bytes:
        import obstore

        return bytes(obstore.get(self._store, key).bytes())

    def keys(self, prefix: str = "") -> list[str]:
        import obstore

        return sorted(each["path"] for page in obstore.list(self._store, prefix=prefix) for each in page)

    def copy(self, old: str, new: str, but: str) -> None:
        """Copy all below one prefix to another one, but for what lies in a folder."""
        for key in self.keys(old):
            if not key.startswith(old + but):
                self.put(new + key.removeprefix(old), self.get(key))

    def url(self, key: str) -> str:
        return f"s3://{self.name}/{key}"

    def connection(self, url: str | None = None) -> str:
        """What `andon.toml` says of it; the secret is in the environment as `S3_SECRET`."""
        return (
            f'[connections.files]\nkind = "s3"\nbucket = "{self.name}"\nendpoint = "{url or self.server.url}"\nkey = "k"\n'
            'secret = "${env:S3_SECRET}"\n'
        )


class S3Server:
    """A running server that speaks S3.

    It is `ministack`, which lets everybody in. With `ANDON_TESTS_S3_PROGRAM=/…/versitygw` it is that one, which lets in who has the key.
    """

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        environ = {**os.environ, "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(self.port)}
        command = [str(Path(sys.executable).with_name("ministack"))]
        if gateway := os.environ.get("ANDON_TESTS_S3_PROGRAM"):
            (folder / "objects").mkdir()
            command = [gateway, "--port", f"127.0.0.1:{self.port}", "--access", "k", "--secret", TOKEN, "posix"]
            command += [str(folder / "objects")]
        self.asks_who = bool(gateway)
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(command, env=environ, stdout=log, stderr=log, cwd=folder)
        end = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=2).close()
                return
            except urllib.error.HTTPError:
                return  # it answers
            except OSError:
                failed = self._process.poll() is not None or time.monotonic() > end
                assert not failed, (folder / "log").read_text()
                time.sleep(0.05)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()


class WebServer:
    """A web server for files that are put into it.

    Attributes:
        asked: each request: (path, status).
        fault: what goes wrong: `status:503`, `cut` (half of it comes), `slow length` (no length is said, then cut), `html`, `no marks`.
        away: paths that lead elsewhere.
    """

    scheme = "http"

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[tuple[str, int]] = []
        self.seen: list[dict[str, str]] = []
        self.fault = ""
        self.away: dict[str, str] = {}
        self.needs_token = False
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer._answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.root = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def put(self, key: str, content: str | bytes) -> None:
        self.files[key] = content.encode() if isinstance(content, str) else content

    def remove(self, key: str) -> None:
        del self.files[key]

    def url(self, key: str) -> str:
        return f"{self.root}/{quote(key)}"

    def connection(self, url: str | None = None) -> str:
        """What `andon.toml` says of it; the token is in the environment as `WEB_TOKEN`."""
        return f'[connections.files]\nkind = "http"\nurl = "{url or self.root}/"\ntoken = "${{env:WEB_TOKEN}}"\n'

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        path = unquote(request.path.split("?")[0]).lstrip("/")
        self.seen.append({name.lower(): value for name, value in request.headers.items()})
        status, headers, body = self._decided(path, request)
        self.asked.append((path, status))
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        if self.fault == "slow length" and status == 200:
            request.send_header("transfer-encoding", "chunked")
            request.end_headers()
            half = body[: len(body) // 2]
            request.wfile.write(f"{len(half):x}\r\n".encode() + half + b"\r\n")
            request.close_connection = True
            return
        request.send_header("content-length", str(len(body)))
        request.end_headers()
        if status == 200 and self.fault == "cut":
            request.wfile.write(body[: len(body) // 2])
            request.close_connection = True
        elif status != 304:
            request.wfile.write(body)

    def _decided(self, path: str, request: BaseHTTPRequestHandler) -> tuple[int, dict[str, str], bytes]:
        if self.needs_token and request.headers.get("authorization") != f"Bearer {TOKEN}":
            return 401, {}, b"who are you?"
        if self.fault.startswith("status:"):
            return int(self.fault.removeprefix("status:")), {}, b"no"
        if path in self.away:
            return 302, {"location": self.away[path]}, b""
        if self.fault == "html":
            return 200, {"content-type": "text/html"}, b"<!doctype html><html><body>Sign in</body></html>"
        if path not in self.files:
            return 404, {}, b"nothing here"
        body = self.files[path]
        tag = f'"{hashlib.md5(body).hexdigest()}"'
        if self.fault != "no marks" and request.headers.get("if-none-match") == tag:
            return 304, {"etag": tag}, b""
        return 200, {} if self.fault == "no marks" else {"etag": tag}, body
