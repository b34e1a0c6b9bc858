"""The cache with a bound: against a naive model, and by many threads at once."""

from __future__ import annotations

import random
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from andon.base.lru import Lru

KEYS = st.sampled_from("abcdefg")
WORDS = st.text("xyz", min_size=0, max_size=6)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("get"), KEYS),
        st.tuples(st.just("many"), st.lists(KEYS)),
        st.tuples(st.just("put"), st.tuples(KEYS, WORDS)),
        st.tuples(st.just("fill"), st.dictionaries(KEYS, WORDS)),
    )
)


class Naive:
    """A list, oldest use first."""

    def __init__(self, room: int) -> None:
        self.room, self.pairs = room, list[tuple[str, str]]()

    def get(self, key: str) -> str | None:
        for pair in self.pairs:
            if pair[0] == key:
                self.pairs.remove(pair)
                self.pairs.append(pair)
                return pair[1]
        return None

    def put(self, key: str, value: str) -> None:
        self.pairs = [pair for pair in self.pairs if pair[0] != key]
        self.pairs.append((key, value))

    def shrink(self) -> None:
        while len(self.pairs) > 1 and sum(len(value) for _, value in self.pairs) > self.room:
            self.pairs.pop(0)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no defect
@given(st.integers(0, 20), STEPS)
def test_it_does_what_a_list_would_do(room: int, steps: list[tuple[str, object]]) -> None:
    cache: Lru[str, str] = Lru(room, len)
    naive = Naive(room)
    for step, given_ in steps:
        match step, given_:
            case "get", str(key):
                assert cache.get(key) == naive.get(key)
            case "many", list(keys):
                wanted = {key: naive.get(key) for key in keys}
                assert cache.get_many(keys) == {key: value for key, value in wanted.items() if value is not None}
            case "put", (str(key), str(value)):
                cache.put(key, value)
                naive.put(key, value)
                naive.shrink()
            case "fill", dict(values):
                cache.put_many(values)
                for key, value in values.items():
                    naive.put(key, value)
                naive.shrink()
        assert cache.weight == sum(len(value) for _, value in naive.pairs)
        assert {key for key in "abcdefg" if key in cache} == {key for key, _ in naive.pairs}
        assert len(cache) == len(naive.pairs)


def test_what_was_used_last_stays() -> None:
    cache: Lru[str, int] = Lru(2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.get("a") == 1
    cache.put("c", 3)
    assert cache.get_many("abc") == {"a": 1, "c": 3}


def test_to_look_whether_it_is_there_is_no_use_of_it() -> None:
    cache: Lru[str, int] = Lru(2)
    cache.put_many({"a": 1, "b": 2})
    assert "a" in cache
    cache.put("c", 3)
    assert "a" not in cache


def test_one_value_may_weigh_more_than_there_is_room() -> None:
    cache: Lru[str, str] = Lru(3, len)
    cache.put("a", "x")
    cache.put("heavy", "xxxxxxxxx")
    assert cache.get_many(["a", "heavy"]) == {"heavy": "xxxxxxxxx"}
    cache.put("b", "y")
    assert cache.get_many(["heavy", "b"]) == {"b": "y"}
    assert cache.weight == 1


def test_a_value_that_is_put_again_weighs_once() -> None:
    cache: Lru[str, str] = Lru(10, len)
    for text in ("xxxx", "xx", "xxxxxx"):
        cache.put("a", text)
    assert (cache.weight, len(cache), cache.get("a")) == (6, 1, "xxxxxx")


@pytest.mark.parametrize("value", [0, "", (), False])
def test_empty_values_are_values(value: object) -> None:
    cache: Lru[str, object] = Lru(5)
    cache.put("a", value)
    assert cache.get("a") == value
    assert cache.get_many(["a", "b"]) == {"a": value}


def test_many_threads_leave_it_whole() -> None:
    """The weight is that of what is there, the bound holds, and nobody gets another key's value."""
    cache: Lru[int, str] = Lru(500, len)
    wrong: list[object] = []

    def use(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(2_000):
            key = chance.randrange(200)
            if chance.random() < 0.5:
                cache.put(key, str(key) * (1 + key % 5))
            else:
                found = cache.get_many([key, key + 1])
                wrong.extend(item for item in found.items() if item[1] != str(item[0]) * (1 + item[0] % 5))

    threads = [threading.Thread(target=use, args=[seed]) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert 0 < cache.weight <= 500
    assert cache.weight == sum(len(value) for value in cache.get_many(range(200)).values())
