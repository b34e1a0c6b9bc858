"""An endpoint of Spark Connect that all tests of a process share: Sail, or with `ANDON_SPARK=jvm` Apache Spark itself (`make test-spark`).

`ANDON_SPARK_URL=sc://host:port` beside it takes one that runs already. `kit/spark.py` makes their environments; here the server runs alone,
and Andon's own client asks it.
"""

from __future__ import annotations

import atexit
import functools
import os
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from andon.base.record import replace
from andon.engines.spark.settings import SparkSettings
from andon.engines.spark.translation.spark_sql import SparkServer
from kit.servers import free_port
from kit.spark import spark_python

_WAIT = 300.0


class ConnectServer:
    """A process that answers until it is stopped.

    Args:
        kind: `sail` or `jvm`; None: what this session of tests asks.
        environ: more of its environment.
    """

    def __init__(self, kind: str | None = None, environ: Mapping[str, str] = MappingProxyType({})) -> None:
        self.port = free_port()
        self.url = f"sc://127.0.0.1:{self.port}"
        command, more = _jvm(self.port) if (kind or _kind()) == "jvm" else _sail(self.port)
        said = subprocess.DEVNULL  # what it says in passing nobody reads
        self._process = subprocess.Popen(
            command, stdin=said, stdout=said, stderr=said, env={**os.environ, **more, **environ}
        )
        end = time.monotonic() + _WAIT
        while not _answers(self.port):
            assert self._process.poll() is None, "the endpoint ended"
            assert time.monotonic() < end, "the endpoint does not answer"
            time.sleep(0.02)

    def stop(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()


def endpoint() -> str:
    """The address of the endpoint that all tests of this process share."""
    return os.environ.get("ANDON_SPARK_URL") or _shared().url


def renew() -> None:
    """Give the next test an endpoint that does nothing: Sail goes on with some of what was cancelled, to its end."""
    if _shared.cache_info().currsize and _kind() == "sail":
        _shared().stop()
        _shared.cache_clear()


def spark_settings(**more: object) -> SparkSettings:
    """How the shared endpoint is reached."""
    url = endpoint()
    return replace(SparkSettings(url, url, server=server(), patience=5.0), **more)


def server() -> SparkServer:
    """Who answers there; nothing is started."""
    return SparkServer.APACHE if _kind() == "jvm" else SparkServer.SAIL


def _kind() -> str:
    return "jvm" if os.environ.get("ANDON_SPARK") == "jvm" else "sail"


@functools.cache
def _shared() -> ConnectServer:
    server = ConnectServer()
    atexit.register(server.stop)
    return server


def _sail(port: int) -> tuple[list[str], dict[str, str]]:
    program = spark_python("sail").with_name("sail")
    return [str(program), "spark", "server", "--ip", "127.0.0.1", "--port", str(port)], {}


def _jvm(port: int) -> tuple[list[str], dict[str, str]]:
    (home,) = spark_python("jvm").parents[1].glob("lib/python*/site-packages/pyspark")
    settings = {
        "spark.connect.grpc.binding.port": str(port),
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
    }
    listed = [part for name, value in settings.items() for part in ("--conf", f"{name}={value}")]
    server = ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal"]
    submit = str(Path(home) / "bin" / "spark-submit")
    return [submit, "--master", "local[2]", "--driver-memory", "1g", *listed, *server], {
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
    }


def _answers(port: int) -> bool:
    with socket.socket() as one:
        one.settimeout(1)
        return one.connect_ex(("127.0.0.1", port)) == 0
