"""The folder's cache, used by many threads of one process."""

from concurrent.futures import ThreadPoolExecutor

from andon.base.cache import Entries, FileCache

FACTS: Entries[list[int]] = Entries("facts", list[int])
THREADS = 8
ROUNDS = 60


def test_what_threads_keep_at_once_is_all_there(tmp_path):
    cache = FileCache(tmp_path / "state" / "cache.db", "1")

    def work(thread: int) -> None:
        for number in range(ROUNDS):
            key = f"{thread}-{number}"
            cache.put(FACTS, {key: [thread, number], "shared": [number]})
            assert cache.get(FACTS, [key]) == {key: [thread, number]}
            assert cache.get(FACTS, ["shared"])

    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(work, thread) for thread in range(THREADS)]:
            done.result()
    keys = [f"{thread}-{number}" for thread in range(THREADS) for number in range(ROUNDS)]
    assert len(cache.get(FACTS, keys)) == THREADS * ROUNDS
    cache.close()


def test_a_cache_that_is_closed_while_others_use_it_loses_nothing(tmp_path):
    path = tmp_path / "cache.db"
    cache = FileCache(path, "1")
    cache.put(FACTS, {"first": [1]})

    def use(number: int) -> None:
        for _ in range(ROUNDS):
            if number == 0:
                cache.close()
            else:
                assert cache.get(FACTS, ["first"]) == {"first": [1]}
                cache.put(FACTS, {f"{number}": [number]})

    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(use, number) for number in range(THREADS)]:
            done.result()
    assert cache.get(FACTS, map(str, range(1, THREADS))) == {str(n): [n] for n in range(1, THREADS)}
    cache.close()


def test_the_newest_are_counted_right_whoever_brings_them(tmp_path, each_by_itself):
    cache = FileCache(tmp_path / "cache.db", "1")

    def bring(thread: int) -> None:
        for number in range(10):
            cache.put_newest(FACTS, f"{thread}-{number}", [number], 5)

    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(bring, thread) for thread in range(THREADS)]:
            done.result()
    assert len(cache.get(FACTS, [f"{t}-{n}" for t in range(THREADS) for n in range(10)])) == 5
    cache.close()
