"""Questions of others are answered by processes of their own: the same answers, within limits, and whatever one of them does is felt by
nobody else."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from andon.base.cancel import CancelToken
from andon.base.record import replace
from andon.base.temporary import Temporary
from andon.errors import AndonError, MachineError, UsageError
from andon.query.limits import QueryLimits
from andon.query.workers import Workers
from andon.workspace.caller import Caller
from kit.attacks import SECRET, Canary, attacks
from kit.clones import FILES, Clone, closing
from kit.processes import busiest, descendants

LINUX = Path("/proc/self/task").exists()
LIMITS = QueryLimits(
    seconds=20, memory=150_000_000, rows=1_500_000, bytes=200_000_000, temporary=50_000_000, threads=2, grace=0.3
)
SHORT = replace(LIMITS, seconds=0.3, grace=0.1)
#: For the many that may be tried.
SHORTEST = replace(LIMITS, seconds=0.06, grace=0.04, threads=1)
SLOW = "select count(*) from range(10000000) a, range(10000000) b where a.range * b.range % 7 = 3"
ENDLESS_ROWS = "select a.range, b.range from range(1000000) a, range(1000000) b"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    root = tmp_path_factory.mktemp("workers")
    clone = Clone(root / "acme")
    clone.fill(FILES)
    clone.write("datasets/marts/best_view.sql", "/*---\nmaterialize: view\n---*/\nselect customer from marts.totals\n")
    clone.run()
    os.environ["SECRET_OF_THE_SERVER"] = SECRET
    with closing(clone.open()) as service:
        version = clone.leaves()["marts.totals"].version
        files = service.workspace.lake.objects.versions([version])[version].files
        canary = Canary(root / "outside", service.workspace.lake.storage.engine_path(files[0].path))
        place = Temporary([root / "tmp"], "query")
        service.serve_queries(Workers(service.workspace.data_folder, place, size=4, limits=LIMITS))
        yield service, canary, root
    del os.environ["SECRET_OF_THE_SERVER"]


def by(service, name: str):
    return service.by(Caller(name, "http")).querying


# -- answers

QUESTIONS = [
    "select customer, sum(amount) as total from shop.orders group by 1 order by 1",
    "from marts.totals order by all",
    "from marts.best_view order by 1",
    "with recursive t(n) as (select 1 union all select n + 1 from t where n < 5) from t",
    "select now()::date = current_date as a",
    "select null as a, true as b, 1::tinyint as c, 2::hugeint as d, 1.5::float as e, 'nan'::double as f, '-inf'::double as g",
    "select 1.50::decimal(9, 2) as a, 'é\"\n' as b, 'x'::blob as c, date '2026-01-02' as d, time '01:02:03.5' as e",
    "select timestamp '2026-01-02 03:04:05.678' as a, timestamptz '2026-01-02 03:04:05+02' as b, interval '3 days' as c",
    "select '10:00:00+02'::timetz as a, 'infinity'::timestamp as b, date '0044-01-01 (BC)' as c, '24:00:00'::time as d",
    "select uuid '00000000-0000-0000-0000-000000000001' as a, '{\"a\": 1}'::json as b, '101'::bit as c, 'x'::enum('x') as d",
    "select [1, null] as a, {'a': {'b': [date '2026-01-01']}} as b, map {'k': 1.5::decimal(3, 1)} as c, [1, 2]::int[2] as d",
    "select map {[1]: 1} as a, map {date '2026-01-01': 1} as b, union_value(n := 1) as c, [] as d, {'a': null} as e",
    "select x, md5(x::varchar) as m from range(5000) t(x)",
    "select 1 as a where false",
    "select 1 as a, 2 as a",
    "explain select 1",
    "values (1, 'a'), (2, 'b')",
]


@pytest.mark.parametrize("text", QUESTIONS)
def test_the_answer_is_that_of_one_process(served, text):
    service, _, _ = served
    expected = service.querying.ask(text)
    found = service.querying.stream(text)
    assert (found.columns, found.types, found.commit, found.datasets) == (
        expected.columns,
        expected.types,
        expected.commit,
        expected.datasets,
    )
    rows, own = found.rows(), expected.fetch()
    assert [list(map(repr_of, row)) for row in rows] == [list(map(repr_of, row)) for row in own]
    assert (found.rows_read, found.truncated) == (len(own), False)


def repr_of(value: object) -> str:
    """A value with its type; the zone of a moment has more than one class."""
    utc = value.isoformat() if hasattr(value, "isoformat") else repr(value)
    return f"{type(value).__name__} {utc}"


@pytest.mark.parametrize("text", QUESTIONS[:3] + QUESTIONS[6:9] + QUESTIONS[12:14])
def test_arrow_and_files_hold_the_same(served, text, tmp_path):
    import duckdb
    import pyarrow

    service, _, _ = served
    expected = service.querying.ask(text).arrow()
    stream = service.querying.stream(text)
    assert pyarrow.ipc.open_stream(b"".join(stream.arrow())).read_all().equals(expected)
    assert stream.rows_read == expected.num_rows
    assert stream.bytes_read > 0
    for form in ("csv", "json", "parquet"):
        theirs, own = tmp_path / f"theirs.{form}", tmp_path / f"own.{form}"
        theirs.write_bytes(b"".join(service.querying.stream(text).file(form)))
        service.querying.ask(text).write(own, form)
        if form == "parquet":
            assert duckdb.sql(f"from '{theirs}'").fetchall() == duckdb.sql(f"from '{own}'").fetchall()
        else:
            assert theirs.read_bytes() == own.read_bytes()


def test_parameters_and_what_is_wrong_are_those_of_one_process(served):
    querying = served[0].querying
    assert querying.stream("select $n::int + 1 as a", parameters={"n": 4}).rows() == [(5,)]
    assert (
        querying.stream("select customer from shop.orders where id = ?", parameters=[2]).rows()
        == querying.ask("select customer from shop.orders where id = ?", parameters=[2]).fetch()
    )
    for text, given in [
        ("select ? as a", None),
        ("select 1", [1]),
        ("select $a as a", {"b": 1}),
        ("select no from shop.orders", None),
        ("from shop.order", None),
        ("select from where", None),
        ("select error('no') as a", None),
        ("select 'x'::int as a", None),
        ("select $a::int as a", {"a": "x"}),
        ("copy shop.orders to 'x'", None),
        ("select sum(x) from", None),
    ]:
        caught = []
        for ask in (querying.ask, querying.stream):
            with pytest.raises(UsageError) as error:
                ask(text, parameters=given)
            caught.append((error.value.code, error.value.message, error.value.where, error.value.hint))
        assert caught[0] == caught[1]


def test_chance_is_not_copied(served):
    texts = (
        "select random() as a",
        "select uuid() as a",
        "select uuidv7() as a",
        "select hash(list(x)) as a from (select x from range(1000) t(x) using sample 20 rows)",
        "select hash(list(x)) as a from (select x from range(1000) t(x) order by random())",
    )
    for text in texts:
        assert len({served[0].querying.stream(text).rows()[0][0] for _ in range(3)}) == 3, text


def test_an_answer_is_read_once(served):
    stream = served[0].querying.stream("select 1 as a")
    assert stream.rows() == [(1,)]
    with pytest.raises(UsageError, match="read already"):
        stream.rows()
    twice = served[0].querying.stream("select 1 as a, 2 as a")
    with pytest.raises(UsageError, match="two columns are named"):
        twice.csv()
    with pytest.raises(UsageError, match="not a format"):
        twice.file("xlsx")
    assert twice.rows() == [(1, 2)]


# -- limits


def test_rows_and_bytes_are_bounded(served):
    import pyarrow

    querying = served[0].querying
    text = "select x, x::varchar || 'abcdefgh' as y from range(100000) t(x)"
    for most in (0, 1, 16_384, 16_385, 40_000, 99_999):
        stream = querying.stream(text, limits=replace(LIMITS, rows=most))
        table = pyarrow.ipc.open_stream(b"".join(stream.arrow())).read_all()
        assert (table.num_rows, stream.rows_read, stream.truncated) == (most, most, True)
    stream = querying.stream(text, limits=replace(LIMITS, rows=100_000))
    assert len(list(stream.arrow())) > 0
    assert (stream.rows_read, stream.truncated) == (100_000, False)
    assert querying.stream(text).rows(3) == [(n, f"{n}abcdefgh") for n in range(3)]
    for form, lines in (("csv", 51), ("json", 52)):
        stream = querying.stream(text, limits=replace(LIMITS, rows=50))
        assert len(b"".join(stream.file(form)).splitlines()) == lines
        assert (stream.rows_read, stream.truncated) == (50, True)
    small = replace(LIMITS, bytes=500_000)
    stream = querying.stream(text, limits=small)
    assert 400_000 < sum(map(len, stream.arrow())) < 2_500_000
    assert stream.truncated
    with pytest.raises(UsageError) as caught:
        b"".join(querying.stream(text, limits=small).csv())
    assert (caught.value.code, caught.value.details) == ("usage.query_limit", {"limit": "bytes"})
    with pytest.raises(UsageError) as caught:
        querying.stream("select 1 -- " + "x" * 200_000)
    assert caught.value.code == "usage.query_limit"


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        (SLOW, "time"),
        ("select levenshtein(repeat('a', 60000), repeat('b', 60000))", "time"),
        ("select len(range(400000000))", "memory"),
        ("select list(a) from range(500000000) t(a)", "memory"),
    ],
)
def test_time_and_memory_are_bounded(served, text, limit):
    began = time.monotonic()
    with pytest.raises(UsageError) as caught:
        served[0].querying.stream(text, limits=SHORT if limit == "time" else LIMITS)
    assert (caught.value.code, caught.value.details) == ("usage.query_limit", {"limit": limit})
    assert time.monotonic() - began < 4


def test_what_does_not_fit_in_memory_goes_to_its_own_folder(served):
    service, _, root = served
    sort = "select sum(n) from (select row_number() over (order by md5(x::varchar)) as n from range(600000) t(x))"
    small = replace(LIMITS, memory=30_000_000, temporary=500_000_000)
    with ThreadPoolExecutor(1) as pool:
        sorting = pool.submit(lambda: service.querying.stream(sort, limits=small).rows())
        spilled = False
        while not sorting.done():
            spilled = spilled or any(root.glob("tmp/*/workers-*/*/duckdb_temp*"))
            time.sleep(0.02)
        assert sorting.result() == [(600000 * 600001 // 2,)]
    assert spilled
    with pytest.raises(UsageError, match="memory"):
        service.querying.stream(sort, limits=replace(small, temporary=10_000_000)).rows()


def test_time_is_that_of_work_and_not_of_reading(served):
    stream = served[0].querying.stream("select range from range(1000000)", limits=replace(LIMITS, seconds=1.5))
    got = 0
    for number, piece in enumerate(stream.arrow()):
        got += len(piece)
        time.sleep(0.5 if number < 4 else 0)
    assert got > 8_000_000
    assert stream.rows_read == 1_000_000


def test_an_answer_that_nobody_takes_is_dropped(served):
    hasty = replace(LIMITS, patience=0.3, rows=None, bytes=None)
    asked, begun = (served[0].querying.stream(ENDLESS_ROWS, limits=hasty) for _ in range(2))
    pieces = begun.arrow()
    next(pieces)
    time.sleep(1.5)
    for read in (asked.rows, lambda: list(pieces)):
        with pytest.raises(UsageError, match="nobody took it") as caught:
            read()
        assert caught.value.details == {"limit": "reading"}


@pytest.mark.skipif(not LINUX, reason="memory is told by /proc")
def test_an_answer_does_not_pile_up(served):
    stream = served[0].querying.stream(ENDLESS_ROWS, limits=replace(LIMITS, rows=None, bytes=None))
    pieces = stream.arrow()
    for _ in range(5):
        next(pieces)
    before, most = resident(), 0
    for _ in range(150):
        assert len(next(pieces)) <= 1 << 20
        most = max(most, resident())
    assert most - before < 20_000_000
    stream.close()


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


# -- cancelled, left, killed


@pytest.mark.parametrize(
    "text", [ENDLESS_ROWS, SLOW, "select levenshtein(repeat('a', 100000), repeat('b', 100000)) as a"]
)
def test_a_query_that_is_cancelled_ends(served, text):
    cancel = CancelToken()
    said = []

    def stop() -> None:
        said.append(time.monotonic())
        cancel.cancel()

    threading.Timer(0.3, stop).start()
    endless = replace(LIMITS, rows=None, bytes=None)

    def read() -> None:
        with served[0].querying.stream(text, limits=endless, cancel=cancel) as stream, cancel.calling(stream.cancel):
            for _ in stream.arrow():
                pass

    with pytest.raises(UsageError) as caught:
        read()
    assert caught.value.code == "usage.query_cancelled"
    assert (
        time.monotonic() - said[0] < LIMITS.seconds / 2
    )  # by its own time it would go on; how soon is measured in benchmarks/gate.py


@pytest.mark.parametrize("is_late", [True, False])
def test_what_the_engine_can_stop_is_not_killed(served, monkeypatch, is_late):
    killed = []
    monkeypatch.setattr("andon.query.streaming._CANCEL_GRACE", 4.0)
    monkeypatch.setattr("andon.query.workers.Worker.kill", lambda worker: killed.append(worker) or worker.line.close())
    cancel = CancelToken()
    if not is_late:
        threading.Timer(0.3, cancel.cancel).start()
    with pytest.raises(UsageError) as caught:
        served[0].querying.stream(
            SLOW, limits=replace(LIMITS, grace=4.0, seconds=0.3 if is_late else 20), cancel=cancel
        )
    assert caught.value.code == ("usage.query_limit" if is_late else "usage.query_cancelled")
    assert killed == []


def test_what_is_left_unread_ends(served):
    service, _, root = served
    streams = [service.querying.stream(ENDLESS_ROWS) for _ in range(3)]
    next(streams[0].arrow())
    streams[0].close()
    next(streams[1].arrow())
    del streams
    gc.collect()
    assert service.querying.stream("select 1").rows() == [(1,)]
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and folders(root) != []:
        time.sleep(0.02)
    assert folders(root) == []


def folders(root: Path) -> list[Path]:
    """What is left of questions that were answered."""
    return sorted(root.glob("tmp/*/workers-*/*"))


@pytest.mark.skipif(not LINUX, reason="processes are told by /proc")
def test_a_killed_process_is_an_error_for_one_person(served):
    service, _, _ = served
    with ThreadPoolExecutor(2) as pool:
        theirs = pool.submit(lambda: by(service, "ana").stream(SLOW))
        time.sleep(0.5)
        process = busiest()
        other = pool.submit(
            lambda: by(service, "ben").stream("select max(md5(x::varchar)) from range(3000000) t(x)").rows()
        )
        time.sleep(0.2)
        os.kill(process, signal.SIGKILL)
        with pytest.raises(MachineError) as caught:
            theirs.result(timeout=10)
        assert (caught.value.code, caught.value.retryable) == ("machine.worker", True)
        assert "SIGKILL" in caught.value.message
        assert len(other.result(timeout=30)) == 1
    assert by(service, "ana").stream("select count(*) from shop.orders").rows() == [(3,)]


@pytest.mark.skipif(not LINUX, reason="processes are told by /proc")
def test_when_all_are_killed_new_ones_are_made(served):
    service, _, _ = served
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(lambda: by(service, "ana").stream(SLOW))
        time.sleep(0.4)
        for process in descendants():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        with pytest.raises(MachineError, match="the process that answered"):
            running.result(timeout=10)
    assert by(service, "ana").stream("select count(*) from shop.orders").rows() == [(3,)]


def test_when_they_are_closed_whoever_waits_is_told(served, tmp_path):
    service, _, _ = served
    workers = Workers(service.workspace.data_folder, Temporary([tmp_path], "query"), size=2, limits=LIMITS)
    from andon.query.ask import Querying

    querying = Querying(service.workspace, lambda: workers)
    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(lambda: querying.stream(SLOW)) for _ in range(2)]
        time.sleep(1.5)
        workers.close()
        for each in running:
            with pytest.raises(MachineError):
                each.result(timeout=10)
    with pytest.raises(MachineError) as caught:
        querying.stream("select 1")
    assert caught.value.code == "machine.busy"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("apart", [True, False])
def test_why_none_can_be_started_is_told(served, tmp_path, monkeypatch, apart):
    service, _, _ = served
    if not apart:
        monkeypatch.setattr("andon.query.workers.bubblewrap", lambda: None)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "gone"))
    workers = Workers(service.workspace.data_folder, Temporary([tmp_path / "tmp"], "query"), size=2, limits=LIMITS)
    from andon.query.ask import Querying

    try:
        with pytest.raises(MachineError, match=r"can't be started: .*No such file.*") as caught:
            Querying(service.workspace, lambda: workers).stream("select 1")
        assert (caught.value.code, "gone" in caught.value.message) == ("machine.worker", True)
    finally:
        workers.close()


# -- others


def test_one_person_leaves_room_for_others(served):
    service, _, _ = served
    stops = [CancelToken() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        greedy = [pool.submit(by(service, "ana").stream, SLOW, cancel=stop) for stop in stops]
        time.sleep(0.5)
        for _ in range(5):
            assert by(service, "ben").stream("select count(*) from shop.orders").rows() == [(3,)]
        assert not any(each.done() for each in greedy)  # beside them, not after them
        for stop in stops:
            stop.cancel()
        for each in greedy:
            with pytest.raises(UsageError, match="cancelled"):
                each.result(timeout=60)


@pytest.mark.skipif(not LINUX, reason="processes are told by /proc")
def test_a_process_has_nothing_of_the_server(served):
    service, _, _ = served
    service.querying.stream("select 1").close()
    processes = descendants()
    nurseries = [process for process in processes if descendants(process)]
    assert nurseries
    # one with more threads could not be copied
    assert "Threads:\t1\n" in Path(f"/proc/{nurseries[-1]}/status").read_text()
    for process in processes:
        with contextlib.suppress(OSError):
            assert SECRET.encode() not in Path(f"/proc/{process}/environ").read_bytes()


def test_what_may_be_tried_is_felt_by_nobody_else(served):
    """All that takes long or much, and of the rest, which `tests/web` asks, a part."""
    service, canary, _ = served
    canary.forget()
    tells = canary.tells_reads()
    canary.forget()
    is_over = threading.Event()
    others = []

    def other() -> None:
        while not is_over.is_set():
            others.append(by(service, "bea").stream("select sum(amount) from shop.orders where id > 0").rows())
            time.sleep(0.05)

    def refused(attack: tuple[str, str]) -> str | None:
        limits = LIMITS
        try:
            rows = by(service, "eve").stream(canary.fill(attack[1]), limits=limits).rows()
        except UsageError as error:
            is_right = error.code in ("usage.not_one_select", "lake.dataset_not_found") and SECRET not in str(error)
            return None if is_right else f"{attack}: {error!r}"
        return f"{attack}: {rows}"

    def bounded(attack: tuple[str, str]) -> str | None:
        limits = SHORTEST
        began = time.monotonic()
        try:
            rows = by(service, "mal").stream(canary.fill(attack[1]), limits=limits).rows()
        except UsageError as error:
            return None if time.monotonic() - began < 10 and SECRET not in str(error) else f"{attack}: {error!r}"
        return None if SECRET not in str(rows) else f"{attack}: {rows}"

    watching = threading.Thread(target=other)
    watching.start()
    try:
        with ThreadPoolExecutor(3) as pool:
            wrong = [w for w in pool.map(refused, attacks("refused", "state", "statement")[::8]) if w]
            wrong += [w for w in pool.map(bounded, attacks("bounded")) if w]
    finally:
        is_over.set()
        watching.join()
    assert wrong == []
    assert not canary.is_written
    assert not (tells and canary.is_read)
    assert len(others) > 5
    assert set(map(tuple, others)) == {((35,),)}


def test_what_is_asked_is_logged(served):
    service, _, _ = served
    mine = by(service, "zoe")
    mine.stream("select customer from shop.orders where id > 1 order by 1", request="r1").rows()
    mine.stream("select o.customer as who from shop.orders o where o.id > 7", request="r2").rows()
    mine.stream("select b.customer from marts.best_view b where b.customer = 'ada'").rows()
    with pytest.raises(AndonError):
        mine.stream("select no from shop.orders")
    mine.stream("select 1").close()
    left, wrong, view, second, first = service.workspace.query_log.newest(5)
    assert (first.who, first.face, first.request, first.rows, first.error) == ("zoe", "http", "r1", 2, None)
    assert first.columns == ("shop.orders.id", "shop.orders.customer")
    assert first.bytes
    assert first.shape == second.shape
    assert first.exact != second.exact
    assert view.datasets == ("marts.best_view",)
    assert view.columns == ("marts.totals.customer",)
    assert wrong.error is not None
    assert wrong.datasets == ("shop.orders",)
    assert wrong.shape
    assert left.rows is None
    assert left.error == "the answer was not read to its end"


@pytest.mark.skipif(not LINUX, reason="means of Linux")
@pytest.mark.parametrize("means", [("namespaces",), ("network", "landlock"), ()])
def test_answers_are_the_same_however_they_are_kept_apart(served, tmp_path, monkeypatch, means):
    from andon.query import workers
    from andon.query.apart.line import understood
    from andon.query.apart.messages import Greeting
    from andon.query.ask import Querying

    service, _, _ = served
    monkeypatch.setattr(workers, "bubblewrap", lambda: None)
    monkeypatch.setattr(workers, "CHILD_MEANS", means)
    own = Workers(service.workspace.data_folder, Temporary([tmp_path], "query"), size=2, limits=LIMITS)
    try:
        worker = own.worker("ana")
        greeting = understood(Greeting, worker.line.receive(20)[1])
        worker.release()
        assert greeting.isolation in (*means, "none")
        querying = Querying(service.workspace, lambda: own)
        assert querying.stream("select count(*) from shop.orders").rows() == [(3,)]
        with pytest.raises(UsageError):
            querying.stream(SLOW, limits=SHORT)
        assert querying.stream("from marts.best_view order by 1").rows() == [("ada",), ("ben",)]
    finally:
        own.close()


def test_a_lake_that_is_filled_while_they_run_is_read(tmp_path):
    clone = Clone(tmp_path / "acme")
    clone.write("andon.toml", "")
    with closing(clone.open()) as service:
        assert service.querying.stream("select 1 as a").rows() == [(1,)]
        clone.fill(FILES)
        clone.run()
        assert service.querying.stream("select count(*) from shop.orders", at="main").rows() == [(3,)]


SERVER = """
import sys, threading, time
from pathlib import Path
from andon.service.service import Service

service = Service.open(Path(sys.argv[1]))
print(service.querying.stream("select 1 as a").rows(), flush=True)
service.querying.stream(sys.argv[2])
"""


@pytest.mark.skipif(not LINUX, reason="processes are told by /proc")
def test_they_end_with_their_server(project):
    import subprocess
    import sys

    project.run()
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(project.root), SLOW], stdout=subprocess.PIPE, text=True, env=project.environ
    )
    assert server.stdout is not None
    assert server.stdout.readline() == "[(1,)]\n"
    workers = descendants(server.pid)
    assert len(workers) > 2
    server.kill()
    server.wait()
    server.stdout.close()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and any(Path(f"/proc/{process}").exists() for process in workers):
        time.sleep(0.02)
    assert not [process for process in workers if Path(f"/proc/{process}").exists()]
