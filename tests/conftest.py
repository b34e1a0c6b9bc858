"""Fixtures of all tests: database servers, started when a test first asks for one, gone with the session.

Temporary folders lie in memory where there is room for them: whatever is written is synced, and a disk takes its time for it. What a
loss of power does to what was not synced is told by `tests/faults/`, which plays it.
"""

from __future__ import annotations

import functools
import gc
import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

from kit import all_in_postgres, clones
from kit.engines_again import engines_again
from kit.first_runs import FirstRuns
from kit.forked import ForkedProgram
from kit.inside import reads_stay_inside
from kit.lake_places import let_lakes_lie_on
from kit.on_s3 import let_all_lie_on
from kit.remembered import Switch, remembered
from kit.remote import Bucket, S3Server
from kit.servers import MariaServer, PostgresServer, maria_program, postgres_programs

_MEMORY = Path("/dev/shm")
_ROOM = 4 << 30
_COLLECTED = pytest.StashKey[set[Path]]()
#: The name of this process among several that share the tests.
_WORKER = os.environ.get("PYTEST_XDIST_WORKER")
_ONCE = Switch()
_FIRST_RUNS = FirstRuns(_ONCE)
_LAWS = Path(__file__).with_name("property")


def pytest_configure() -> None:
    """Set where temporary folders lie, unless somebody said it, that no law fails by how long it takes on a busy machine, and that nothing
    reads around a transaction of its own."""
    settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("any machine")
    reads_stay_inside()
    if os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free >= _ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Let every second process look into folders from their ends on: each file is compiled by who comes first, and read by the other."""
    report = yield
    if isinstance(collector, pytest.Directory) and _WORKER is not None and int(_WORKER.removeprefix("gw")) % 2:
        report.result.reverse()
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bring what several processes found into one order: that of one alone, but for laws. They take longest, and who had one left at the
    end would be waited for, so each process begins with a share of their files."""
    if _WORKER is None:
        return
    items.sort(key=lambda item: item.path.parts)
    laws = [item for item in items if item.path.is_relative_to(_LAWS)]
    files = list(dict.fromkeys(item.path for item in laws))
    rest = [item for item in items if not item.path.is_relative_to(_LAWS)]
    shares = int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    total, start, dealt = len(items), 0, list[pytest.Item]()
    for number in range(shares):
        own = [item for item in laws if files.index(item.path) % shares == number]
        # as pytest-xdist cuts them: the first gets its part of all, the next its part of what is left
        size = (total - len(dealt)) // (shares - number)
        end = start + max(0, size - len(own))
        dealt += [*own, *rest[start:end]]
        start = end
    items[:] = [*dealt, *rest[start:]]


def pytest_collection_finish() -> None:
    """Collect garbage as seldom as the program does, and never look again through all that was loaded for thousands of tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Keep which files tests were found in, those that are deselected later included."""
    item.config.stash.setdefault(_COLLECTED, set()).add(item.path)


@pytest.fixture(scope="session")
def collected_here(pytestconfig: pytest.Config) -> set[Path]:
    """The files that this session found tests in."""
    return pytestconfig.stash[_COLLECTED]


@pytest.fixture(scope="session", autouse=True)
def _signatures_are_looked_at_once() -> Iterator[None]:
    """Engines of this process load extensions without looking at their signatures, for which each time all of a file is read.

    That they have one is asked once, in `tests/unit/engines/duckdb/test_extensions.py`; programs that tests start look at them, too.
    """
    import duckdb

    signed = duckdb.connect

    @functools.wraps(signed)
    def connect(database: str = ":memory:", *, read_only: bool = False, config: dict[str, Any] | None = None) -> Any:
        return signed(database, read_only=read_only, config={"allow_unsigned_extensions": True, **(config or {})})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb, "connect", connect)
        yield


@pytest.fixture(scope="session", autouse=True)
def _work_is_done_once(
    _signatures_are_looked_at_once: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """What follows from content is worked out once by each process of tests, and engines are emptied and used again."""
    with remembered(_ONCE), engines_again(_ONCE), pytest.MonkeyPatch.context() as patch:
        patch.setattr(clones, "FIRST_RUNS", None if all_in_postgres.IS_ON else _FIRST_RUNS)
        _FIRST_RUNS.begin(tmp_path_factory.mktemp("first-runs"))
        yield
        _FIRST_RUNS.begin(None)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test that puts something in the place of a part must meet it, and a law holds of lakes that learn nothing from each other.

    With `ANDON_TESTS_ANEW` set all is done anew for each test; so it is where catalogs are in a Postgres.
    """
    _FIRST_RUNS.begin_test()
    is_anew = "ANDON_TESTS_ANEW" in os.environ or all_in_postgres.IS_ON
    _ONCE.is_on = "monkeypatch" not in getattr(item, "fixturenames", ()) and not is_anew
    is_law = item.path.is_relative_to(_LAWS) or is_hypothesis_test(getattr(item, "obj", None))
    _ONCE.is_remembering = _ONCE.is_on and not is_law and "each_by_itself" not in getattr(item, "fixturenames", ())


@pytest.fixture
def each_by_itself() -> None:
    """For tests whose lakes are held against each other: none knows what another one found out."""


@pytest.fixture(scope="session")
def programs() -> Iterator[Path]:
    """A folder with an `andon` that starts quickly."""
    with tempfile.TemporaryDirectory(prefix="andon-") as place:
        forked = ForkedProgram(Path(place))
        yield forked.folder
        forked.stop()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A running Postgres."""
    _need(postgres_programs(), "Postgres (Debian: postgresql)")
    server = PostgresServer(tmp_path_factory.mktemp("postgres"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def maria(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaServer]:
    """A running MariaDB."""
    _need(maria_program(), "MariaDB (Debian: mariadb-server)")
    server = MariaServer(tmp_path_factory.mktemp("maria"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A running server that speaks S3."""
    server = S3Server(tmp_path_factory.mktemp("s3"))
    yield server
    server.stop()


@pytest.fixture(scope="session", autouse=True)
def _on_servers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> None:
    """With `ANDON_TESTS_LAKES=servers`, lakes that several folders share lie in a Postgres and in object storage."""
    if os.environ.get("ANDON_TESTS_LAKES") == "servers":
        bucket = Bucket(request.getfixturevalue("s3"), tmp_path_factory.getbasetemp().name.replace("-", ""))
        let_lakes_lie_on(request.getfixturevalue("postgres"), bucket)


@pytest.fixture(scope="session", autouse=True)
def _on_object_storage(request: pytest.FixtureRequest) -> None:
    """With `ANDON_TESTS_STORAGE=s3`, all lakes whose storage nothing names lie in object storage; best with `ANDON_TESTS_ANEW=1`."""
    if os.environ.get("ANDON_TESTS_STORAGE") == "s3":
        let_all_lie_on(Bucket(request.getfixturevalue("s3"), "tests"))


@pytest.fixture(scope="session", autouse=True)
def _catalogs_are_where_the_session_says(request: pytest.FixtureRequest) -> Iterator[None]:
    """With `ANDON_TESTS_CATALOG=postgres` in a Postgres, where a test says nothing else."""
    if not all_in_postgres.IS_ON:
        yield
        return
    with all_in_postgres.all_in_postgres(request.getfixturevalue("postgres")):
        yield


def _need(found: object, what: str) -> None:
    """Skip on a machine without the program; where everything must run, fail."""
    if not found:
        if os.environ.get("CI"):
            pytest.fail(f"{what} is not installed")
        pytest.skip(f"{what} is not installed")
