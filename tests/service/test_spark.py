"""A dataset that Spark builds is built, checked, compared, published and built again as any; what goes wrong there fails there alone."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress

import pytest

from andon.engines.spark.connection import SparkConnection
from andon.errors import AndonError, ProjectError
from andon.runs.goal import ANY_PLAN, Listener, RunOptions
from andon.service.doctor import doctor
from kit.clones import FILES, Clone, closing, did
from kit.connect import ConnectServer, endpoint, renew, server
from kit.spark_projects import engine_of, failure, spark_settings

TOTALS = "datasets/marts/totals.sql"
OWN = "datasets/marts/totals.spark.sql"
SPARK = f"/*---\nengine: spark\n---*/\n{FILES[TOTALS]}"
RIGHT = "select customer, cast(sum(amount) as bigint) as amount from shop.orders group by customer\n"


@pytest.fixture
def clone(tmp_path):
    made = Clone(tmp_path)
    made.fill({**FILES, "andon.toml": spark_settings(), TOTALS: SPARK})
    return made


def test_it_is_built_compared_checked_and_published_like_the_rest(clone):
    clone.write(
        TOTALS, SPARK.replace("engine: spark", "engine: spark\nkey: customer\nchecks: |\n  amount > 0\n  rows = 2")
    )
    result = clone.run()
    assert result.published
    assert {check.status for check in result.checks} == {"pass"}
    engine = engine_of(clone)
    assert (engine["name"], engine["compared"]) == ("spark", "the same rows as duckdb gives")
    assert engine_of(clone, "marts.best")["name"] == "duckdb"
    assert sorted(clone.ask("select * from marts.totals")) == [("ada", 15), ("ben", 20)]
    assert clone.ask("select * from marts.best") == [("ben",)]
    assert clone.run().run is None
    with closing(clone.open()) as service:  # and what was built is built again as it was
        assert str(service.reproducing.reproduce("marts.totals").verdict) == "identical"


def test_a_version_stays_whichever_engine_makes_it(clone):
    clone.write(TOTALS, FILES[TOTALS])
    clone.run()
    before = clone.leaves()["marts.totals"]
    clone.write(TOTALS, SPARK)
    assert clone.run().published
    result = clone.run("marts.totals", force=True)
    after = clone.leaves()["marts.totals"]
    assert engine_of(clone)["name"] == "spark"
    assert (after.version, after.definition) == (before.version, before.definition)
    assert did(result) == {"marts.totals": "build"}


def test_its_own_spark_sql_is_part_of_the_definition_and_held_to_the_rows(clone):
    clone.run()
    before = clone.leaves()["marts.totals"]
    clone.write(OWN, RIGHT)
    assert did(clone.run()) == {"marts.totals": "build"}
    after = clone.leaves()["marts.totals"]
    assert after.version == before.version
    assert after.definition != before.definition
    clone.write(OWN, RIGHT.replace("sum(amount)", "sum(amount) + 1"))
    error = failure(clone.run())
    assert (error["code"], error["where"]) == ("build.engines_differ", OWN)
    assert "2 rows that only spark gives, 2 rows that only duckdb gives" in error["message"]
    clone.write(OWN, RIGHT.replace("bigint", "int"))
    error = failure(clone.run())
    assert (error["code"], error["where"]) == ("build.other_columns", OWN)
    assert error["hint"] == "write `cast(`amount` as BIGINT) as `amount``"
    assert clone.leaves()["marts.totals"] == after
    clone.write(OWN, "\n" + RIGHT.replace("shop.orders", "marts.count"))
    with pytest.raises(ProjectError) as caught:
        clone.plan()
    assert [(p.code, p.file, p.line, p.column) for p in caught.value.problems] == [("build.not_supported", OWN, 2, 61)]


def test_of_a_large_result_the_rows_of_a_few_keys_are_compared(clone):
    clone.write("andon.toml", spark_settings(None, "compare_below = 10"))
    clone.run()
    assert engine_of(clone)["compared"].endswith("and it has no `key` by which a few rows could be")
    clone.write(TOTALS, SPARK.replace("engine: spark", "engine: spark\nkey: customer"))
    clone.run("marts.totals", force=True)
    assert engine_of(clone)["compared"] == "of a sample the same rows as duckdb gives"
    clone.write(OWN, RIGHT.replace("sum(amount)", "sum(amount) + 1"))
    assert failure(clone.run())["code"] == "build.engines_differ"


def test_of_a_view_that_it_reads_the_plan_tells_what_it_can_not_do(clone):
    clone.write("datasets/marts/v.sql", "/*---\nmaterialize: view\n---*/\nselect hash(id) as h, id from shop.orders\n")
    clone.write("datasets/marts/over.sql", "/*---\nmaterialize: view\n---*/\nselect id from marts.v\n")
    clone.write(TOTALS, "/*---\nengine: spark\n---*/\nselect id as customer, 1 as amount from marts.over\n")
    with pytest.raises(ProjectError) as caught:
        clone.plan()
    (problem,) = caught.value.problems
    assert (problem.code, problem.file, problem.line) == ("build.not_supported", "datasets/marts/v.sql", 4)
    assert "`marts.totals`, which reads the view `marts.v`" in problem.message
    clone.write("datasets/marts/v.sql", "/*---\nmaterialize: view\n---*/\nselect id + 1 as h, id from shop.orders\n")
    assert clone.run().published


def test_of_a_table_that_is_left_to_it_unchanged_the_plan_tells_what_it_can_not_do(clone):
    hashed = "select customer, hash(sum(amount)) % 2 as amount from shop.orders group by customer\n"
    clone.write(TOTALS, hashed)
    clone.run()
    clone.write(TOTALS, f"/*---\nengine: spark\n---*/\n{hashed}")
    assert did(clone.run()) == {}
    clone.write("raw/orders_06.csv", "id,customer,amount\n4,ben,1\n")
    with pytest.raises(ProjectError) as caught:
        clone.plan()
    assert [(p.code, p.file) for p in caught.value.problems] == [("build.not_supported", TOTALS)]
    clone.write(TOTALS, SPARK)
    assert clone.run().published
    clone.write("raw/orders_07.csv", "id,customer,amount\n5,ben,1\n")
    assert clone.run().published


def test_spark_sql_without_a_dataset_is_told(clone):
    clone.write("datasets/marts/nothing.spark.sql", RIGHT)
    with pytest.raises(ProjectError) as caught:
        clone.plan()
    assert [(p.code, p.file) for p in caught.value.problems] == [
        ("project.bad_name", "datasets/marts/nothing.spark.sql")
    ]


@pytest.mark.parametrize(
    ("toml", "code"),
    [("", "engine.not_set"), (spark_settings("sc://127.0.0.1:1", 'token = "abc"'), "project.secret")],
)
def test_what_is_missing_or_wrong_is_told_by_the_plan(clone, toml, code):
    clone.write("andon.toml", toml)
    with pytest.raises(ProjectError) as caught:
        clone.plan()
    assert code in [problem.code for problem in caught.value.problems]


def test_an_address_that_was_taken_out_is_told_by_the_plan_as_soon_as_something_is_to_be_built(clone, monkeypatch):
    clone.run()
    before = clone.leaves()
    clone.write("andon.toml", spark_settings().replace(f'url = "{endpoint()}"\n', ""))
    assert clone.run().published  # nothing is to be built
    clone.write("raw/orders_06.csv", "id,customer,amount\n4,ben,1\n")
    for ask in (clone.plan, clone.run):
        with pytest.raises(ProjectError) as caught:
            ask()
        assert [(p.code, p.file) for p in caught.value.problems] == [("engine.not_set", TOTALS)]
    assert clone.leaves() == before
    clone.write("andon.toml", spark_settings())
    assert clone.run().published
    # what only this machine lacks fails there alone, and the plan says so
    monkeypatch.setattr("andon.engines.spark.capabilities.has_client", lambda: False)
    clone.write("raw/orders_07.csv", "id,customer,amount\n5,ben,1\n")
    assert any(notice.startswith("marts.totals will fail: Spark needs the package") for notice in clone.plan().notices)
    result = clone.run()
    assert failure(result)["code"] == "machine.missing"
    assert [t.dataset for t in result.tasks if t.status == "failed"] == ["marts.totals"]


@pytest.mark.parametrize("rule", ['schemas = "other, marts"', "above = 10"])
def test_a_schema_or_a_size_leaves_tables_to_it_and_nothing_else(clone, rule):
    clone.write("andon.toml", spark_settings(None, rule))
    clone.write(TOTALS, FILES[TOTALS])
    clone.write("datasets/marts/best.sql", f"/*---\nengine: duckdb\n---*/\n{FILES['datasets/marts/best.sql']}")
    clone.write("datasets/marts/v.sql", "/*---\nmaterialize: view\n---*/\nselect n from marts.count\n")
    assert clone.run().published
    built = {name: engine_of(clone, f"marts.{name}")["name"] for name in ("totals", "best", "count", "v")}
    assert built == {"totals": "spark", "best": "duckdb", "count": "spark", "v": "duckdb"}
    assert engine_of(clone, "shop.orders")["name"] == "duckdb"


def test_rows_are_sorted_and_parted_as_of_any_result(clone):
    rows = "select customer, id, amount from shop.orders\n"
    clone.write(TOTALS, f"/*---\nengine: spark\nsort: amount\npartition: customer\n---*/\n{rows}")
    clone.write("datasets/marts/best.sql", None)
    assert clone.run().published
    assert clone.ask("select customer, id, amount from marts.totals") == [("ada", 3, 5), ("ada", 1, 10), ("ben", 2, 20)]
    with closing(clone.open()) as service:
        lake = service.workspace.lake
        leaf = lake.commits.state(lake.refs.resolve("main")).leaves["marts.totals"]
        assert len(lake.objects.versions([leaf.version])[leaf.version].files) == 2


def test_rows_are_set_aside_as_of_any_result(clone):
    head = "engine: spark\nchecks: |\n  amount > 5 quarantine 20 rows"
    clone.write(TOTALS, f"/*---\n{head}\n---*/\nselect customer, id, amount from shop.orders\n")
    clone.write("datasets/marts/best.sql", None)
    assert clone.run().published
    assert sorted(clone.ask("select customer, id, amount from marts.totals")) == [("ada", 1, 10), ("ben", 2, 20)]
    assert clone.ask("select id from marts.totals__quarantine") == [(3,)]
    assert engine_of(clone)["compared"] == "the same rows as duckdb gives"


@pytest.mark.parametrize("below", ["", "compare_below = 10"])
def test_rows_are_set_aside_of_own_spark_sql_and_all_are_compared(clone, below):
    """A wrong row is a difference whether a check would keep it or set it aside; then nothing of either is left."""
    clone.write("andon.toml", spark_settings(None, below))
    head = "engine: spark\nkey: id\nchecks: |\n  amount > 5 quarantine 20 rows"
    clone.write(TOTALS, f"/*---\n{head}\n---*/\nselect customer, id, amount from shop.orders\n")
    clone.write("datasets/marts/best.sql", None)
    right = "select customer, id, amount from shop.orders\n"
    clone.write(OWN, right)
    assert clone.run().published
    assert engine_of(clone)["compared"].endswith("the same rows as duckdb gives")
    assert clone.ask("select id from marts.totals__quarantine") == [(3,)]
    before, files = clone.leaves(), lake_files(clone)
    for wrong in (
        "case when amount > 5 then amount + 1 else amount end",
        "case when amount > 5 then amount else 4 end",
    ):
        clone.write(OWN, right.replace("amount from", f"cast({wrong} as bigint) as amount from"))
        error = failure(clone.run())
        assert (error["code"], error["where"]) == ("build.engines_differ", OWN)
        assert clone.leaves() == before
        assert lake_files(clone) == files


def lake_files(clone) -> set[str]:
    return {str(path) for path in (clone.root / ".andon/lake/data/marts").rglob("*")}


def test_an_endpoint_that_is_away_fails_there_alone_and_the_rest_is_kept(clone):
    clone.write("andon.toml", spark_settings("sc://127.0.0.1:1", patience="1s"))
    result = clone.run()
    assert failure(result)["code"] == "engine.unreachable"
    assert {t.dataset: t.status for t in result.tasks if t.status != "ok"} == {
        "marts.totals": "failed",
        "marts.best": "skipped",
    }
    clone.write("andon.toml", spark_settings())
    assert did(clone.run()) == {"marts.totals": "build", "marts.best": "build"}


ENDLESS = (
    "select sum((a.id + b.id + c.id) % 7) as customer, 1 as amount from shop.orders a, shop.orders b, shop.orders c"
)


@pytest.fixture
def slow(clone):
    """A project whose dataset takes Spark long."""
    clone.write("raw/orders_05.csv", "id,customer,amount\n" + "".join(f"{n},c,1\n" for n in range(20_000)))
    clone.write(TOTALS, f"/*---\nengine: spark\n---*/\n{ENDLESS}\n")
    clone.write("datasets/marts/best.sql", None)
    yield clone
    renew()


def test_a_server_that_is_killed_in_the_middle_fails_there_alone(slow):
    killed = ConnectServer()
    slow.write("andon.toml", spark_settings(killed.url, patience="1s"))
    timer = threading.Timer(4.0, killed.stop)
    timer.start()
    result = slow.run()
    timer.join()
    assert failure(result)["code"] in ("engine.unreachable", "engine.lost")
    assert [t.dataset for t in result.tasks if t.status == "failed"] == ["marts.totals"]
    assert not list((slow.root / ".andon/lake/data/marts").glob("*.part"))


def test_a_run_that_is_stopped_stops_it_there(slow):
    done = []
    with closing(slow.open()) as service:
        listener = Listener()

        def work():
            try:
                service.runs.run(RunOptions(agreed=ANY_PLAN), listener)
            except AndonError as error:
                done.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        time.sleep(3)
        assert thread.is_alive()
        began = time.monotonic()
        listener.cancel.cancel()
        thread.join(20)
    assert time.monotonic() - began < 6
    assert [error.code for error in done] == ["build.interrupted"]


class Line:
    """A loopback TCP proxy that can be cut."""

    def __init__(self, port: int) -> None:
        self._to, self._sockets = port, []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                one, _ = self._listener.accept()
            except OSError:
                return
            other = socket.create_connection(("127.0.0.1", self._to))
            self._sockets += [one, other]
            for a, b in ((one, other), (other, one)):
                threading.Thread(target=self._pump, args=(a, b), daemon=True).start()

    def _pump(self, one, other) -> None:
        try:
            while data := one.recv(65536):
                other.sendall(data)
        except OSError:
            pass  # the line was cut, which is what is tried
        finally:
            for each in (one, other):
                each.close()

    def cut(self) -> None:
        """End all connections; new ones go through."""
        cut, self._sockets = self._sockets, []
        for each in cut:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.close()
        self.cut()


def test_a_connection_that_is_lost_is_found_again(clone):
    line = Line(int(endpoint().rpartition(":")[2]))
    clone.write("raw/orders_05.csv", "id,customer,amount\n" + "".join(f"{n},c{n % 7},1\n" for n in range(3000)))
    pairs = "select a.customer, count(*) as amount from shop.orders a, shop.orders b where (a.id + b.id) % 7 < 8"
    clone.write(TOTALS, f"/*---\nengine: spark\n---*/\n{pairs} group by a.customer\n")
    clone.write("andon.toml", spark_settings(f"sc://127.0.0.1:{line.port}", "compare_below = 0"))
    cuts = []

    def cut() -> None:
        while not stop.wait(0.4) and len(cuts) < 5:
            line.cut()
            cuts.append(1)

    stop = threading.Event()
    thread = threading.Thread(target=cut)
    thread.start()
    result = clone.run()
    stop.set()
    thread.join()
    line.close()
    assert cuts
    assert result.published, failure(result)
    assert clone.ask("select sum(amount) from marts.totals") == [(9_000_000,)]


@pytest.mark.parametrize(
    "said", ["invalid argument: operation not found: 7949", "[INVALID_HANDLE.OPERATION_NOT_FOUND] x"]
)
@pytest.mark.parametrize(("times", "published"), [(2, True), (99, False)])
def test_a_job_that_was_forgotten_is_begun_anew_in_another_folder(clone, monkeypatch, said, times, published):
    """The first one may go on writing where it began."""
    clone.write(TOTALS, f"/*---\nengine: spark\n---*/\n{FILES[TOTALS]}")
    clone.write("andon.toml", spark_settings(None, "compare_below = 0"))
    write, places = SparkConnection.write, []

    def writing(connection, sql, listed, place, told=None):
        took = write(connection, sql, listed, place, told)
        places.append(place)
        if len(places) <= times:
            raise RuntimeError(said)  # all is written, and its answer was lost
        return took

    monkeypatch.setattr(SparkConnection, "write", writing)
    result = clone.run()
    assert result.published is published
    assert len(places) == len(set(places))
    if published:
        assert clone.ask("from marts.totals order by customer") == [("ada", 15), ("ben", 20)]
    else:
        assert "engine.lost" in str(failure(result))
    assert not [*(clone.root / ".andon").rglob("*.spark.part")]


def test_the_doctor_says_who_answers_and_what_is_wrong(clone):
    found = []
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        for text in (spark_settings(), spark_settings(f"sc://127.0.0.1:{nobody.getsockname()[1]}")):
            clone.write("andon.toml", text)
            with clone.opened() as service:
                found += [each for each in doctor(service.workspace) if each.what == "spark"]
    answers, away = found
    assert (answers.level, answers.detail.split()[0], answers.detail.split()[-1]) == ("ok", server(), "answers")
    assert (away.level, "does not answer" in away.detail, "engines.spark.url" in away.hint) == ("risk", True, True)
