"""Database servers for tests: real ones, in a temporary folder, on a free port, run by an account without rights."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

PASSWORD = "let me in"
_WAIT = 60.0


def postgres_programs() -> Path | None:
    """The folder of Postgres' programs; Debian keeps them off the path."""
    found = shutil.which("postgres")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "initdb").exists() and (place / "postgres").exists()), None)


class _Server:
    """A process that answers, until it is stopped."""

    _process: subprocess.Popen[bytes] | None = None

    def stop(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _begin(self, command: list[str], account: str, log: Path, ask: Callable[[], object]) -> None:
        """Start it, and wait until `ask` goes through."""
        with log.open("ab") as output:
            started = subprocess.Popen(command, stdout=output, stderr=output, cwd="/", **_as(account))  # type: ignore[call-overload]
        self._process = started
        end = time.monotonic() + _WAIT
        while not _goes(ask):
            failed = started.poll() is not None or time.monotonic() > end
            assert not failed, log.read_text(errors="replace")[-2000:]
            time.sleep(0.05)


class PostgresServer(_Server):
    """A running Postgres with the database `shop`, which the account `andon` owns.

    Args:
        folder: an empty folder for its data.
        durable: whether it writes as one does that is to outlive a power loss.
    """

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        programs = postgres_programs()
        assert programs is not None
        self._durable = durable
        self.folder, self.port, self.user, self.database = folder, free_port(), "andon", "shop"
        self._psql = str(programs / "psql") if (programs / "psql").exists() else "psql"
        self._programs = programs
        own(folder, "postgres")
        secret = folder / "secret"
        secret.write_text(PASSWORD)
        own(secret, "postgres")
        flags = ["--username", self.user, "--auth", "scram-sha-256", "--pwfile", str(secret), "--encoding", "UTF8"]
        _done(
            [str(programs / "initdb"), "-D", str(folder / "data"), "--no-sync", "--locale", "C.UTF-8", *flags],
            "postgres",
        )
        self.start()
        self.run(f"create database {self.database}", database="postgres")

    def catalog(self, schema: str) -> str:
        """The address of a lake's catalog in it."""
        return f"postgresql://{self.user}:{quote(PASSWORD)}@127.0.0.1:{self.port}/{self.database}?schema={schema}"

    def start(self) -> None:
        """Let it run; returns when it answers."""
        # it is killed at the end: what it shares lies in its folder and is gone with it
        stated = (
            f"fsync={'on' if self._durable else 'off'}",
            "listen_addresses=127.0.0.1",
            "timezone=Europe/Berlin",
            "dynamic_shared_memory_type=mmap",
        )
        options = [*(part for each in stated for part in ("-c", each)), "-k", str(self.folder)]
        command = [str(self._programs / "postgres"), "-D", str(self.folder / "data"), "-p", str(self.port), *options]
        self._begin(command, "postgres", self.folder / "log", lambda: self.run("select 1", database="postgres"))

    def run(self, sql: str, database: str | None = None) -> str:
        """Run statements; returns what they print, unaligned."""
        return _done(self._command(database or self.database), None, {"PGPASSWORD": PASSWORD}, sql)

    def session(self) -> subprocess.Popen[str]:
        """A `psql` that is told statements over its standard input."""
        return subprocess.Popen(
            self._command(self.database),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PGPASSWORD": PASSWORD},
        )

    def connection(self, name: str = "shop") -> str:
        """What `andon.toml` says of it; the password is in the environment as `SHOP_PASSWORD`."""
        return (
            f'[connections.{name}]\nkind = "postgres"\nhost = "127.0.0.1"\nport = {self.port}\ndatabase = "{self.database}"\n'
            f'user = "{self.user}"\npassword = "${{env:SHOP_PASSWORD}}"\n'
        )

    def _command(self, database: str) -> list[str]:
        place = ["-h", "127.0.0.1", "-p", str(self.port), "-U", self.user, "-d", database]
        return [self._psql, *place, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]


class MariaServer(_Server):
    """A running MariaDB with the database `shop`, which the account `andon` owns.

    Args:
        folder: an empty folder for its data.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.user, self.database = folder, free_port(), "andon", "shop"
        self._socket = folder / "socket"
        own(folder, "mysql")
        place = [f"--datadir={folder / 'data'}", "--auth-root-authentication-method=normal", "--skip-test-db"]
        _done([str(shutil.which("mariadb-install-db")), "--no-defaults", *place], "mysql")
        self.start()
        self._root(f"create database {self.database} character set utf8mb4")
        self._root(f"create user '{self.user}'@'%' identified by '{PASSWORD}'")
        self._root(f"grant all on {self.database}.* to '{self.user}'@'%'")

    def start(self) -> None:
        """Let it run; returns when it answers."""
        sizes = ["--innodb-buffer-pool-size=32M", "--innodb-flush-log-at-trx-commit=0", "--skip-name-resolve"]
        place = [f"--datadir={self.folder / 'data'}", f"--socket={self._socket}", f"--pid-file={self.folder / 'pid'}"]
        listening = [f"--port={self.port}", "--bind-address=127.0.0.1", "--default-time-zone=+02:00"]
        command = [str(maria_program()), "--no-defaults", *place, *listening, *sizes]
        self._begin(command, "mysql", self.folder / "log", lambda: self._root("select 1"))

    def run(self, sql: str) -> str:
        """Run statements; returns what they print, tab-separated."""
        flags = ["--no-defaults", f"--socket={self._socket}", f"--user={self.user}", "-N", "-B", self.database]
        return _done([str(shutil.which("mariadb") or "mysql"), *flags], None, {"MYSQL_PWD": PASSWORD}, sql)

    def connection(self, name: str = "shop") -> str:
        """What `andon.toml` says of it; the password is in the environment as `SHOP_PASSWORD`."""
        return (
            f'[connections.{name}]\nkind = "mysql"\nhost = "127.0.0.1"\nport = {self.port}\ndatabase = "{self.database}"\n'
            f'user = "{self.user}"\npassword = "${{env:SHOP_PASSWORD}}"\n'
        )

    def _root(self, sql: str) -> str:
        return _done(
            [str(shutil.which("mariadb") or "mysql"), "--no-defaults", f"--socket={self._socket}", "-u", "root"],
            None,
            None,
            sql,
        )


def maria_program() -> str | None:
    """MariaDB's server; Debian keeps it off the path of most accounts."""
    return shutil.which("mariadbd") or shutil.which("mariadbd", path="/usr/sbin:/usr/local/sbin")


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def own(path: Path, account: str) -> None:
    """Give a file to the account that a server runs as, where it can't run as root."""
    if os.geteuid() == 0:
        shutil.chown(path, account)
        for above in path.parents:  # the account must come to it
            if above != Path("/") and above.stat().st_uid == 0 and not above.stat().st_mode & 0o001:
                above.chmod(above.stat().st_mode | 0o011)


def _as(account: str | None) -> dict[str, str]:
    return {"user": account} if account is not None and os.geteuid() == 0 else {}


def _goes(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except AssertionError:
        return False
    return True


def _done(command: list[str], account: str | None, environ: dict[str, str] | None = None, given: str = "") -> str:
    done = subprocess.run(  # type: ignore[call-overload]
        command,
        input=given,
        capture_output=True,
        text=True,
        cwd="/",
        env={**os.environ, **(environ or {})},
        **_as(account),
    )
    assert done.returncode == 0, done.stderr
    return str(done.stdout).strip()
