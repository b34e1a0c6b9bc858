"""Package indexes are asked as uv is set up for them; what they say is believed of no place but their own, and no address is told."""

from __future__ import annotations

import base64
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from andon.engines.python.index import Indexes, IndexUnreachable
from andon.engines.python.index_file import IndexFile
from andon.engines.python.keeping import _wheel
from kit.simple_index import SimpleIndex, serving


@pytest.mark.parametrize("is_json", [True, False])
def test_files_are_told_with_hashes_and_why_they_were_yanked(tmp_path, is_json):
    index = SimpleIndex(tmp_path / "files", is_json=is_json)
    one, two = index.add("tiny_shape", "1.0", "x = 1\n"), index.add("tiny_shape", "1.1", "x = 2\n")
    index.yanked[two.name] = "it's wrong & odd"
    with serving(index) as url:
        found = Indexes([url])
        files = found.files("Tiny.Shape")
        assert [(file.name, file.yanked) for file in files or ()] == [(one.name, None), (two.name, "it's wrong & odd")]
        assert found.files("nobody-has-it") is None
        assert files is found.files("tiny_shape")  # asked once
        target = tmp_path / "fetched"
        assert [found.fetch(file, target) for file in files or ()] == [file.sha256 for file in files or ()]
        assert target.read_bytes() == two.read_bytes()


def test_a_folder_of_files_is_one_too(tmp_path):
    index = SimpleIndex(tmp_path / "files")
    wheel = index.add("tiny_shape", "1.0", "x = 1\n")
    found = Indexes([], [tmp_path / "files", tmp_path / "gone"])
    (file,) = found.files("tiny-shape") or ()
    assert found.fetch(file, tmp_path / "fetched") == file.sha256
    assert file.name == wheel.name


def test_uv_says_which_there_are(tmp_path, monkeypatch):
    index = SimpleIndex(tmp_path / "files")
    index.add("tiny_shape", "1.0", "x = 1\n")
    with serving(index) as url:
        monkeypatch.setenv("UV_DEFAULT_INDEX", url)
        monkeypatch.setenv("HOME", str(tmp_path))
        assert Indexes.of_machine().files("tiny-shape")


@contextmanager
def answering(status: int, kind: str, body: bytes, seen: list[str]):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers.get("Authorization", ""))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """It says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (500, "text/html", b"no"),
        (200, "application/vnd.pypi.simple.v1+json", b"{"),
        (200, "application/json", b'{"files": [1]}'),
        (200, "application/json", b'{"files": [{"url": "x"}]}'),
    ],
)
def test_what_is_no_page_is_told_without_the_address(status, kind, body):
    seen: list[str] = []
    with answering(status, kind, body, seen) as port:
        with pytest.raises(IndexUnreachable) as caught:
            Indexes([f"http://ana:hush@127.0.0.1:{port}/simple"]).files("x")
        assert all(word not in str(caught.value) for word in ("hush", "127.0.0.1", str(port)))
        assert seen[0] == f"Basic {base64.b64encode(b'ana:hush').decode()}"
    with pytest.raises(IndexUnreachable) as caught:
        Indexes([f"http://ana:hush@127.0.0.1:{port}/simple"]).files("x")
    assert str(caught.value) == "the package index can't be reached"


def test_the_wheel_of_these_tags_is_taken_and_no_place_elsewhere():
    def file(name: str) -> IndexFile:
        return IndexFile(name, "", "00")

    many = [
        file("x-1.0.tar.gz"),
        file("x-1.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"),
        file("x-1.0-cp311-cp311-manylinux_2_28_x86_64.whl"),
        file("x-1.0-cp312-cp312-manylinux_2_28_x86_64.whl"),
    ]
    tags = frozenset({"cp311-cp311-manylinux_2_17_x86_64", "cp311-cp311-manylinux2014_x86_64"})
    assert _wheel(many, tags) is many[1]
    assert _wheel(many[2:], tags) is None
    assert _wheel([file("../../x-1.0-py3-none-any.whl")], frozenset({"py3-none-any"})) is None
    assert _wheel([file("x-1.0-2-py3-none-any.whl")], frozenset({"py3-none-any"})) is not None
