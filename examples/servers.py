"""Servers of other projects, each in a temporary folder of its own and on a free port, for as long as an example runs.

None of them is part of Andon: Postgres comes by the system's packages, what speaks S3 and what speaks Spark Connect by pip.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
#: Seconds until a server must answer.
_WAIT = 60


def postgres_programs() -> Path | None:
    """The folder of Postgres' programs; Debian keeps them off the path."""
    found = shutil.which("postgres")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "initdb").exists()), None)


@dataclass(frozen=True)
class Postgres:
    """A running server; `run` has it do statements in its database."""

    port: int
    password: str
    database: str
    run: Callable[[str], None]

    @property
    def address(self) -> str:
        """Where its database is, with who asks."""
        return f"postgresql://andon:{self.password}@127.0.0.1:{self.port}/{self.database}"


@contextmanager
def postgres(programs: Path, database: str) -> Iterator[Postgres]:
    """A server with one database, which the account `andon` owns. As root it runs as the account `postgres`.

    Args:
        programs: the folder of its programs.
    """
    account: dict[str, Any] = {"user": "postgres"} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    password, port = secrets.token_hex(8), free_port()
    environ = {**os.environ, "PGPASSWORD": password}
    secret = folder / "secret"
    secret.write_text(password)
    if account:
        for path in (folder, secret):
            shutil.chown(path, "postgres")

    def call(*words: str, given: str = "") -> None:
        done = subprocess.run(
            [str(programs / words[0]), *words[1:]],
            input=given,
            capture_output=True,
            text=True,
            cwd="/",
            env=environ,
            **account,
        )
        if done.returncode:
            raise RuntimeError(done.stderr.strip())

    def ask(name: str, sql: str) -> None:
        place = ["-h", "127.0.0.1", "-p", str(port), "-U", "andon", "-d", name, "-X", "-q", "-v", "ON_ERROR_STOP=1"]
        call("psql", *place, given=sql)

    data = str(folder / "data")
    who = ["--username", "andon", "--auth", "scram-sha-256", "--pwfile", str(secret)]
    call("initdb", "-D", data, *who, "--encoding", "UTF8", "--locale", "C.UTF-8")
    command = [str(programs / "postgres"), "-D", data, "-p", str(port), "-c", "listen_addresses=127.0.0.1"]
    server = subprocess.Popen(
        [*command, "-k", str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", **account
    )
    try:
        _until(server, lambda: ask("postgres", f"create database {database}"), RuntimeError)
        yield Postgres(port, password, database, lambda sql: ask(database, sql))
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def object_store(bucket: str) -> Iterator[dict[str, str]]:
    """A server that speaks S3 (`ministack`, of pip) with one bucket: the environment of who asks it, as all clients of S3 take it."""
    with tempfile.TemporaryDirectory(prefix="s3-") as folder:
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        environ = {**os.environ, "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port)}
        program = str(Path(sys.executable).with_name("ministack"))
        server = subprocess.Popen(
            [program], env=environ, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            _until(server, lambda: _ask("GET", f"{url}/_ministack/health"), OSError)
            _ask("PUT", f"{url}/{bucket}")
            yield {
                "AWS_ENDPOINT_URL": url,
                "AWS_ACCESS_KEY_ID": "team",
                "AWS_SECRET_ACCESS_KEY": secrets.token_hex(8),
                "AWS_REGION": "us-east-1",
            }
        finally:
            server.terminate()
            server.wait()


@contextmanager
def spark_connect(environ: dict[str, str]) -> Iterator[str]:
    """A server that speaks Spark Connect (Sail, of pip, in an environment of its own that is made once): its address.

    Args:
        environ: what it is told beside this process's own environment, such as who asks a bucket.
    """
    port = free_port()
    command = [str(_sail()), "spark", "server", "--ip", "127.0.0.1", "--port", str(port)]
    silent = subprocess.DEVNULL
    server = subprocess.Popen(command, env={**os.environ, **environ}, stdin=silent, stdout=silent, stderr=silent)
    try:
        _until(server, lambda: socket.create_connection(("127.0.0.1", port), timeout=5).close(), OSError)
        yield f"sc://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


def _sail() -> Path:
    """Its program."""
    return spark_environment("sail", ROOT / "requirements" / "spark.txt") / "bin" / "sail"


def spark_environment(kind: str, pins: Path) -> Path:
    """The folder of an environment of Python with what a file pins; made where it is not there, whole or not at all.

    Raises:
        subprocess.CalledProcessError: the packages can't be had.
    """
    folder = Path(sys.prefix) / "spark" / f"{kind}-{hashlib.sha256(pins.read_bytes()).hexdigest()[:16]}"
    if (folder / "ready").exists():
        return folder
    uv = Path(sys.executable).with_name("uv")
    folder.parent.mkdir(exist_ok=True)
    aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".new-"))
    try:
        python = f"python{sys.version_info.major}.{sys.version_info.minor}"
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", python, "--relocatable", aside], check=True)
        into = ["--python", str(aside / "bin" / "python"), "--require-hashes", "-r", str(pins)]
        subprocess.run([uv, "pip", "install", "--quiet", *into], check=True, capture_output=True, text=True)
        (aside / "ready").touch()
        with suppress(OSError):  # another process made it meanwhile
            aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return folder


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def _ask(method: str, url: str) -> None:
    urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=5).close()


def _until(server: subprocess.Popen[bytes], ask: Callable[[], None], failure: type[Exception]) -> None:
    """Return when a server answers."""
    end = time.monotonic() + _WAIT
    while True:
        try:
            return ask()
        except failure:
            if server.poll() is not None or time.monotonic() > end:
                raise
        time.sleep(0.1)
