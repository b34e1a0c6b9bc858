"""The folder's cache, used by many threads of one process."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor

from andon.base.cache import FileCache

THREADS = 8
ROUNDS = 60


def test_what_threads_keep_at_once_is_all_there(tmp_path):
    cache = FileCache(tmp_path / "state" / "cache.db", "1")

    def work(thread: int) -> None:
        for number in range(ROUNDS):
            key = f"{thread}-{number}"
            cache.put("facts", {key: [thread, number], "shared": [number]})
            assert cache.get("facts", [key]) == {key: [thread, number]}
            assert cache.get("facts", ["shared"])

    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(work, thread) for thread in range(THREADS)]:
            done.result()
    keys = [f"{thread}-{number}" for thread in range(THREADS) for number in range(ROUNDS)]
    assert len(cache.get("facts", keys)) == THREADS * ROUNDS
    cache.close()


def test_a_cache_that_is_closed_while_others_use_it_loses_nothing(tmp_path):
    path = tmp_path / "cache.db"
    cache = FileCache(path, "1")
    cache.put("facts", {"first": [1]})

    def use(number: int) -> None:
        for _ in range(ROUNDS):
            if number == 0:
                cache.close()
            else:
                assert cache.get("facts", ["first"]) == {"first": [1]}
                cache.put("facts", {f"{number}": [number]})

    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(use, number) for number in range(THREADS)]:
            done.result()
    assert cache.get("facts", map(str, range(1, THREADS))) == {str(n): [n] for n in range(1, THREADS)}
    cache.close()


def test_a_broken_file_is_made_anew_and_another_version_sees_nothing(tmp_path):
    path = tmp_path / "cache.db"
    path.write_bytes(b"no database at all" * 100)
    cache = FileCache(path, "1")
    assert cache.get("facts", ["a"]) == {}
    cache.put("facts", {"a": [1]})
    assert cache.get("facts", ["a"]) == {"a": [1]}
    assert cache.get("others", ["a"]) == {}
    assert FileCache(path, "2").get("facts", ["a"]) == {}
    cache.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("select count(*) from fact").fetchone() == (1,)
    connection.close()
