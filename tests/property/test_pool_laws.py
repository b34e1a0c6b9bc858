"""States of the lake that are read: few are kept, none is taken from a reader, and answers are the same whatever else is asked."""

import gc
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.base.temporary import Temporary
from andon.engines.duckdb.opening import Purpose, open_instance
from andon.engines.engine import EngineSettings
from andon.engines.relation import TableRelation, view_over
from andon.relations.pool import Pool

STATES = 9
MOST_KEPT = 3


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    import duckdb

    folder = tmp_path_factory.mktemp("states")
    for number in range(STATES):
        duckdb.sql(f"copy (select {number} as n, range as x from range(5000)) to '{folder}/{number}.parquet'")
    return folder


def pool_over(place: Path, most: int = MOST_KEPT) -> Pool:
    return Pool(
        lambda: open_instance(Purpose.READING, EngineSettings(2, "500MB", 0, Temporary([place], "pool")), wide=True),
        most,
    )


def finder(place: Path, number: int):
    """State `number`: a table, and a view over it that uses a macro of its own."""
    table = TableRelation((f"{place}/{number}.parquet",))
    macro = f"create macro plus(a) as a + {number}"
    view = view_over(f"view {number}", "select plus(n) as n from s.t", (macro,), {"s.t": table})
    return {"s.t": table, "s.v": view}.get


def ask(pool: Pool, place: Path, number: int):
    lease = pool.reading(f"state {number}")
    lease.ensure(["s.t", "s.v"], finder(place, number))
    lease.connection.execute("select t.n, v.n, count(*) over () from s.t t join (select distinct n from s.v) v on true")
    return lease


def answer(lease, number: int) -> bool:
    return set(lease.connection.fetchall()) == {(number, 2 * number, 5000)}


steps = st.lists(st.tuples(st.integers(0, STATES - 1), st.booleans()), min_size=1, max_size=25)


@settings(max_examples=8, deadline=None)
@given(st.lists(steps, min_size=2, max_size=4))
def test_threads_get_their_answers_and_no_more_states_are_kept_than_may_be(place, programs):
    pool = pool_over(place)
    open_leases = MOST_KEPT + len(programs) * 2
    problems: list[object] = []

    def work(program):
        held = None
        try:
            for number, keep in program:
                lease = ask(pool, place, number)
                if len(pool.keys) > open_leases:
                    problems.append(pool.keys)
                if held is not None:  # asked before others came and went
                    if not answer(*held):
                        problems.append(held[1])
                    held[0].release()
                    held = None
                if keep:
                    held = (lease, number)
                    continue
                if not answer(lease, number):
                    problems.append(number)
                lease.release()
        except BaseException as error:
            problems.append(error)
            raise
        finally:
            if held is not None:
                held[0].release()

    threads = [threading.Thread(target=work, args=(program,)) for program in programs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len(pool.keys) <= MOST_KEPT
    assert catalogs(pool) <= MOST_KEPT * 2  # each with the catalog of its view
    pool.close()


def catalogs(pool: Pool) -> int:
    with pool.reading("state 0") as lease:
        rows = lease.connection.execute("select database_name from duckdb_databases()").fetchall()
    return sum(name.startswith("lake_") for (name,) in rows)


def test_the_state_that_was_read_longest_ago_goes_first(place):
    pool = pool_over(place)
    for number in (0, 1, 2, 0, 3):
        ask(pool, place, number).release()
    assert pool.keys == ("state 2", "state 0", "state 3")


def test_what_is_leased_stays_whatever_is_asked_beside_it(place):
    pool = pool_over(place)
    held = [ask(pool, place, number) for number in range(5)]
    for number in range(5, 9):
        ask(pool, place, number).release()
    assert [f"state {number}" for number in range(5)] == list(pool.keys)
    assert all(answer(lease, number) for number, lease in enumerate(held))
    for lease in held:
        lease.release()
        lease.release()  # twice is once
    assert len(pool.keys) == MOST_KEPT


def test_a_lease_that_is_forgotten_comes_back(place):
    pool = pool_over(place, most=1)
    ask(pool, place, 1)
    gc.collect()
    ask(pool, place, 2).release()
    assert pool.keys == ("state 2",)


def test_the_engine_is_freed_when_the_last_reader_is_done(place):
    pool = pool_over(place)
    first, second = ask(pool, place, 1), ask(pool, place, 2)
    pool.close()
    assert answer(first, 1)
    first.release()
    assert answer(second, 2)
    second.release()
    assert pool.keys == ()
    late = ask(pool, place, 3)  # opens it again, for as long as it is read
    assert answer(late, 3)
    late.release()
    assert pool.keys == ()


def test_connections_of_threads_that_ended_are_gone(place):
    pool = pool_over(place)

    def work(number):
        ask(pool, place, number).release()

    for turn in range(30):
        thread = threading.Thread(target=work, args=(turn % STATES,))
        thread.start()
        thread.join()
    gc.collect()
    assert len(pool._instance._sessions) <= 2
