"""What happens to the catalog's server between the two transactions of a run: it is restarted, full, takes no writes, or takes a right
away. Nothing is half there, what went wrong is said, and the next run goes on from what was built."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from andon.errors import AndonError, MachineError
from andon.lake.objects import Objects
from kit.clones import FILES, Clone, did
from kit.machines import MachineStorage
from kit.servers import PASSWORD, PostgresServer

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[PostgresServer]:
    server = PostgresServer(tmp_path_factory.mktemp("between"))
    server.run(f"create role worker login password '{PASSWORD}'")
    yield server
    server.stop()


class Shop(Clone):
    """A project on a schema of its own, whose account is no owner of it."""

    def __init__(self, root: Path, server: PostgresServer) -> None:
        self.server, self.schema = server, f"between{next(_numbers)}"
        address = server.catalog(self.schema)
        super().__init__(root, environ={"ANDON_CATALOG": address})
        self.fill(FILES)
        self.run()
        rights = (
            f"grant usage on schema {self.schema} to worker; grant all on all tables in schema {self.schema} to worker;"
        )
        server.run(rights)
        self.environ = {"ANDON_CATALOG": address.replace(f"//{server.user}:", "//worker:")}


@pytest.fixture
def shop(tmp_path: Path, server: PostgresServer) -> Shop:
    shop = Shop(tmp_path / "acme", server)
    shop.write("datasets/m/a.sql", "select count(*) as n from shop.orders\n")
    return shop


@pytest.fixture
def between(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """A function that lets something happen once, after the first transaction of the next run."""

    def happens(act: Callable[[], None]) -> None:
        record = Objects.record

        def recorded(self, *rest, **named):
            found = record(self, *rest, **named)
            monkeypatch.undo()
            act()
            return found

        monkeypatch.setattr(Objects, "record", recorded)

    return happens


def failed(shop: Shop) -> AndonError:
    head = shop.head().id
    with pytest.raises(AndonError) as caught:
        shop.run()
    assert "m.a" not in {**shop.leaves()}
    assert shop.head().id == head
    return caught.value


def goes_on(shop: Shop) -> None:
    """The next run publishes what was built, and builds nothing again."""
    assert shop.run().published
    assert shop.ask("from m.a") == [(3,)]
    with shop.opened() as service:
        lake = service.workspace.lake
        assert lake.database.query("select count(*) from build where dataset = 'm.a'") == [(1,)]
        assert service.verifying.verify(all=True).damaged == []
    assert did(shop.run()) == {}


def test_a_server_that_is_restarted_is_waited_for(shop, between):
    def restarted() -> None:
        process = shop.server._process
        process.send_signal(signal.SIGINT)
        process.wait()
        threading.Timer(1.0, shop.server.start).start()

    between(restarted)
    assert shop.run().published
    goes_on(shop)


def test_a_right_that_was_taken_away_is_said(shop, between):
    between(lambda: shop.server.run(f"revoke insert on {shop.schema}.lake_commit from worker"))
    error = failed(shop)
    assert error.code == "machine.read_only"
    assert "andon catalog grants" in (error.hint or "")
    shop.server.run(f"grant insert on {shop.schema}.lake_commit to worker")
    goes_on(shop)


def test_a_server_that_takes_no_writes_for_now_is_said_and_is_no_matter_of_rights(shop, between):
    def switched(how: str) -> None:
        shop.server.run(
            f"alter role worker set default_transaction_read_only = {how};"
            " select pg_terminate_backend(pid) from pg_stat_activity where usename = 'worker'"
        )

    between(lambda: switched("on"))
    error = failed(shop)
    assert isinstance(error, MachineError)
    assert (error.code, error.retryable) == ("machine.read_only", True)
    assert "standby" in (error.hint or "")
    assert shop.ask("select count(*) from shop.orders") == [(3,)]
    switched("off")
    goes_on(shop)


def test_a_server_without_room_is_said(shop, between):
    """By the number that the server gives where its disk is full."""
    full = (
        f"create function {shop.schema}.noroom() returns trigger language plpgsql as $$ begin raise exception 'could not extend file'"
        f" using errcode = '53100'; end $$; create trigger noroom before insert on {shop.schema}.lake_commit"
        f" execute function {shop.schema}.noroom()"
    )
    between(lambda: shop.server.run(full))
    error = failed(shop)
    assert (error.code, error.retryable) == ("machine.disk", True)
    assert "server" in (error.hint or "")
    shop.server.run(f"drop trigger noroom on {shop.schema}.lake_commit")
    goes_on(shop)


STOPPED = """
import os, signal, sys
from pathlib import Path
from andon.lake import lease_rows, local_storage
from kit.machines import MachineStorage
lease_rows.EXPIRES, lease_rows.BEAT = 2, 0.3
for name in ("shares_locks", "writing", "alone"):
    setattr(local_storage.LocalStorage, name, getattr(MachineStorage, name))
from andon.lake.objects import Objects
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.service import Service
record = Objects.record
def recorded(self, *rest, **named):
    Objects.record = record
    os.kill(os.getpid(), signal.SIGSTOP)
    return record(self, *rest, **named)
Objects.record = recorded
with_service = Service.open(Path(sys.argv[1]), environ=dict(os.environ))
print(with_service.runs.run(RunOptions(agreed=ANY_PLAN)).published)
with_service.close()
"""


def test_a_run_that_is_stopped_for_longer_than_its_lease_builds_again_what_was_swept(shop, monkeypatch):
    """A real process, told to stop before it names what it built, and to go on when another machine has cleaned up."""
    from andon.lake import lease_rows
    from andon.lake.local_storage import LocalStorage
    from andon.service.leftovers import remove

    for name in ("shares_locks", "writing", "alone"):
        monkeypatch.setattr(LocalStorage, name, getattr(MachineStorage, name))
    monkeypatch.setattr(lease_rows, "EXPIRES", 2)
    environ = {
        **os.environ,
        **shop.environ,
        "ANDON_AUTHOR": "ben",
        "HOME": str(shop.root),
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]),
    }
    process = subprocess.Popen(
        [sys.executable, "-c", STOPPED, str(shop.root)],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert os.waitpid(process.pid, os.WUNTRACED)[1] & 0xFF == 0x7F  # it stopped
    time.sleep(2.5)
    with shop.opened() as service:
        assert remove(service.workspace).files == 1
    process.send_signal(signal.SIGCONT)
    out, err = process.communicate(timeout=60)
    assert out == "True\n", err
    assert shop.ask("from m.a") == [(3,)]
    with shop.opened() as service:
        assert service.verifying.verify(all=True).damaged == []
