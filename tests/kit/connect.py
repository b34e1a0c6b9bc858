"""A Spark Connect endpoint for tests: Sail, in an environment of its own that is made once; one server for each process of pytest.

`ANDON_TEST_SPARK=sc://host:port` takes another endpoint, such as Apache Spark on the JVM (`make test-spark`)."""

from __future__ import annotations

import atexit
import functools
import os
import socket
import subprocess
import time

from andon.base.record import replace
from andon.engines.spark.settings import SparkSettings
from andon.engines.spark.translation.spark_sql import SparkServer
from kit.spark import spark_python

_WAIT = 60.0


class ConnectServer:
    """A process of Sail that answers until it is stopped."""

    def __init__(self, port: int | None = None) -> None:
        self.port = port or _free_port()
        self.url = f"sc://127.0.0.1:{self.port}"
        # what it says in passing nobody reads
        command = [
            spark_python("sail").with_name("sail"),
            "spark",
            "server",
            "--ip",
            "127.0.0.1",
            "--port",
            str(self.port),
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + _WAIT
        while not _answers(self.port):
            assert self._process.poll() is None, "Sail ended"
            assert time.monotonic() < end, "Sail does not answer"
            time.sleep(0.02)

    def stop(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()


def endpoint() -> str:
    """The address of an endpoint that all tests of this process share."""
    return os.environ.get("ANDON_TEST_SPARK") or _shared().url


def renew() -> None:
    """Give the next test an endpoint that does nothing: Sail goes on with some of what was cancelled, to its end."""
    if _shared.cache_info().currsize:
        _shared().stop()
        _shared.cache_clear()


@functools.cache
def _shared() -> ConnectServer:
    server = ConnectServer()
    atexit.register(server.stop)
    return server


def spark_settings(**more: object) -> SparkSettings:
    """How the shared endpoint is reached."""
    url = endpoint()
    server = SparkServer.APACHE if os.environ.get("ANDON_TEST_SPARK") else SparkServer.SAIL
    return replace(SparkSettings(url, url, server=server, patience=5.0), **more)


def _answers(port: int) -> bool:
    with socket.socket() as one:
        one.settimeout(1)
        return one.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
