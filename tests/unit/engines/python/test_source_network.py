"""What a source in Python can reach: the hosts that it declares, through the proxy; nothing else, whatever way it tries."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import socket
import subprocess
import sys
import threading

import pytest

from andon.engines.python.network import SourceNetwork
from andon.engines.python.run import run_python
from andon.errors import DatasetError
from kit.api import Api, serving

CODE = """
import os, socket, urllib.request
from urllib.parse import urlsplit

DECLARED, OTHER = {declared}, {other}
PROXY = urlsplit(os.environ["HTTP_PROXY"])


def declared():
    return urllib.request.urlopen(f"http://127.0.0.1:{{DECLARED}}/orders").status

def tunnelled():
    with through(f"CONNECT 127.0.0.1:{{DECLARED}} HTTP/1.1\\r\\n" + word()) as line:
        assert b"200" in line.recv(1000)
        line.sendall(b"GET /orders HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n")
        return line.recv(1000)[:12]

def undeclared():
    return urllib.request.urlopen(f"http://127.0.0.1:{{OTHER}}/orders").status

def undeclared_by_number():
    return urllib.request.urlopen(f"http://2130706433:{{OTHER}}/orders").status

def undeclared_by_name():
    return urllib.request.urlopen(f"http://localhost:{{DECLARED}}/orders").status

def undeclared_tunnel():
    with through(f"CONNECT 127.0.0.1:{{OTHER}} HTTP/1.1\\r\\n" + word()) as line:
        said = line.recv(1000)
        assert b" 403 " not in said, said
        return said

def without_the_word():
    with through(f"CONNECT 127.0.0.1:{{DECLARED}} HTTP/1.1\\r\\n") as line:
        said = line.recv(1000)
        assert b" 407 " not in said, said
        return said

def directly():
    return socket.create_connection(("127.0.0.1", DECLARED), timeout=3)

def directly_other():
    return socket.create_connection(("127.0.0.1", OTHER), timeout=3)

def listening_again():
    os.environ["HTTP_PROXY"] = ""
    return urllib.request.build_opener(urllib.request.ProxyHandler({{}})).open(f"http://127.0.0.1:{{DECLARED}}/").status

def through(text):
    line = socket.create_connection((PROXY.hostname, PROXY.port), timeout=5)
    line.sendall((text + "\\r\\n").encode())
    return line

def word():
    import base64
    said = base64.b64encode(f"{{PROXY.username}}:{{PROXY.password}}".encode()).decode()
    return f"Proxy-Authorization: Basic {{said}}\\r\\n"

def made(state):
    for attempt in ({attempts}):
        try:
            yield {{"attempt": attempt.__name__, "said": repr(attempt())}}
        except BaseException as error:
            yield {{"attempt": attempt.__name__, "said": type(error).__name__ + "!"}}
"""
ALLOWED = ("declared", "tunnelled")
REFUSED = (
    *("undeclared", "undeclared_by_number", "undeclared_by_name", "undeclared_tunnel", "without_the_word"),
    *("directly", "directly_other", "listening_again"),
)


@pytest.fixture(params=["bubblewrap", "namespaces", "network", "network and landlock", "landlock", "none"])
def means(request, monkeypatch):
    """Each means that there is here."""
    if request.param == "bubblewrap":
        if shutil.which("bwrap") is None:
            pytest.skip("no bubblewrap")
        return request.param
    monkeypatch.setattr("andon.engines.python.run.bubblewrap", lambda: None)
    tried = tuple(request.param.split(" and ")) if request.param != "none" else ()
    monkeypatch.setattr("andon.engines.python.run.CHILD_MEANS", tried)
    return request.param


def rows_of(outcome) -> dict:
    import duckdb

    return dict(row for part in outcome.parts for row in duckdb.sql(f"from '{part.path}'").fetchall())


def test_declared_hosts_are_reached_and_no_others(means, make_task, environments):
    with serving(Api([{"id": 1}])) as declared, serving(Api([{"id": 2}])) as other:
        attempts = (*ALLOWED, *REFUSED)
        code = CODE.format(declared=declared.port, other=other.port, attempts=", ".join(attempts))
        task = make_task(
            code, parameters=(("state", "state"),), inputs={}, state={}, hosts=(f"127.0.0.1:{declared.port}",)
        )
        outcome = run_python(task, environments=environments, cancelled=threading.Event())
        asked = len(other.asked)
    said = rows_of(outcome)
    assert {name for name in ALLOWED if said[name].endswith("!")} == set(), said
    through_the_proxy = {name for name in REFUSED if name not in ("directly", "directly_other", "listening_again")}
    assert {name for name in through_the_proxy if not said[name].endswith("!")} == set(), said
    if outcome.network == "hosts":
        assert {name for name in REFUSED if not said[name].endswith("!")} == set(), said
        assert asked == 0
    assert outcome.network == ("reachable" if means in ("landlock", "none") else "hosts")


DRIVER = """
import ctypes, socket, subprocess

def made(state):
    with socket.create_connection(("localhost", {port}), timeout=5) as line:
        line.sendall(b"hello")
        yield {{"attempt": "python", "said": line.recv(100).decode()}}
    found = subprocess.run(["getent", "hosts", "LOCALHOST"], capture_output=True, text=True).stdout.split()
    yield {{"attempt": "system", "said": found[0] if found else "nothing"}}
    try:
        socket.create_connection(("localhost", {other}), timeout=5)
        yield {{"attempt": "other", "said": "reached"}}
    except OSError as error:
        yield {{"attempt": "other", "said": type(error).__name__}}
"""


class Echo:
    """A server that speaks no HTTP: it says again what it hears, in capitals."""

    def __enter__(self) -> Echo:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                with client:
                    client.sendall(client.recv(100).upper())


def test_what_speaks_no_http_finds_a_host_with_a_port_by_its_name(means, make_task, environments):
    with Echo() as server, Echo() as other:
        code = DRIVER.format(port=server.port, other=other.port)
        task = make_task(
            code, parameters=(("state", "state"),), inputs={}, state={}, hosts=(f"localhost:{server.port}",)
        )
        if means == "landlock":
            with pytest.raises(DatasetError, match=r"gaierror|Permission"):
                run_python(task, environments=environments, cancelled=threading.Event())
            return
        outcome = run_python(task, environments=environments, cancelled=threading.Event())
    said = rows_of(outcome)
    assert said["python"] == "HELLO"
    if outcome.network == "hosts":
        assert said["other"] == "ConnectionRefusedError"
    if outcome.isolation in ("bubblewrap", "namespaces"):
        assert said["system"] == "127.0.1.1"


def test_without_hosts_there_is_no_network(means, make_task, environments):
    code = "import os\ndef made(state):\n    yield {'proxy': os.environ.get('HTTP_PROXY', 'none')}\n"
    task = make_task(code, parameters=(("state", "state"),), inputs={}, state={})
    outcome = run_python(task, environments=environments, cancelled=threading.Event())
    assert outcome.network in ("blocked", "reachable")
    assert (outcome.network == "blocked") == (means not in ("landlock", "none"))


def test_a_host_that_was_asked_for_in_vain_is_named(make_task, environments):
    code = "import urllib.request\ndef made(state):\n    urllib.request.urlopen('http://other.example.com/')\n    yield {}\n"
    task = make_task(code, parameters=(("state", "state"),), inputs={}, state={}, hosts=("api.example.com",))
    with pytest.raises(DatasetError) as caught:
        run_python(task, environments=environments, cancelled=threading.Event())
    assert "`other.example.com`" in caught.value.hint


@pytest.mark.parametrize(
    ("hosts", "host", "port", "allowed"),
    [
        (["api.example.com"], "api.example.com", 443, True),
        (["api.example.com"], "API.Example.com.", 80, True),
        (["api.example.com"], "api.example.com", 22, False),
        (["api.example.com:8443"], "api.example.com", 8443, True),
        (["api.example.com:8443"], "api.example.com", 443, False),
        (["*.example.com"], "a.b.example.com", 443, True),
        (["*.example.com"], "example.com", 443, False),
        (["*.example.com"], "badexample.com", 443, False),
        (["example.com"], "api.example.com", 443, False),
        (["example.com"], "example.com.evil.org", 443, False),
    ],
)
def test_which_hosts_are_meant(hosts, host, port, allowed):
    with SourceNetwork(hosts) as network:
        assert network.allows(host, port) is allowed


def test_a_plain_request_is_handed_on_without_the_word():
    with serving(Api([{"id": 1}])) as api, SourceNetwork([f"127.0.0.1:{api.port}"]) as network:
        import base64

        said = base64.b64encode(f"andon:{network.word}".encode()).decode()
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", network.port)) as line:
            line.request("GET", f"{api.url}?a=1", headers={"Proxy-Authorization": f"Basic {said}", "X-Own": "kept"})
            with line.getresponse() as answer:
                assert answer.status == 200
        _, params, headers = api.asked[0]
        assert (params, headers["x-own"], "proxy-authorization" in headers) == ({"a": "1"}, "kept", False)


COMPANY = """
import sys
from andon.engines.python.network import SourceNetwork

with SourceNetwork(sys.argv[1:]) as network:
    print(network.port, network.word, flush=True)
    sys.stdin.read()
"""


def test_the_proxy_of_the_machine_is_gone_through(monkeypatch):
    with serving(Api([{"id": 1}])) as api:
        host = f"127.0.0.1:{api.port}"
        plain = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
        command = [sys.executable, "-c", COMPANY, host]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=plain) as company:
            port, word = company.stdout.readline().split()
            for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
                monkeypatch.setenv(name, f"http://andon:{word}@127.0.0.1:{port}")
            for name in ("no_proxy", "NO_PROXY"):
                monkeypatch.delenv(name, raising=False)
            with SourceNetwork([host, "other.example.com"]) as network:
                assert _status(network, api.url) == 200
                assert _status(network, "http://other.example.com/") == 502
            company.stdin.close()


def _status(network: SourceNetwork, url: str) -> int:
    import base64

    said = base64.b64encode(f"andon:{network.word}".encode()).decode()
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", network.port)) as line:
        line.request("GET", url, headers={"Proxy-Authorization": f"Basic {said}"})
        with line.getresponse() as answer:
            return answer.status


def test_garbage_ends_one_line_and_not_the_others():
    with serving(Api([{"id": 1}])) as api, SourceNetwork([f"127.0.0.1:{api.port}"]) as network:
        for text in (
            b"\r\n\r\n",
            b"GET http://[x HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1\r\n\r\n",
            b"\xff\xfe\r\n\r\n",
            b"CONNECT :x HTTP/1.1\r\n\r\n",
        ):
            with socket.create_connection(("127.0.0.1", network.port)) as line:
                line.sendall(text)
                assert line.recv(100).startswith(b"HTTP/1.1 4")
