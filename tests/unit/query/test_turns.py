"""Turns: so many at a time, nobody takes all, nobody is forgotten."""

from __future__ import annotations

import random
import threading
import time

import pytest

from andon.base.cancel import Cancelled, CancelToken
from andon.errors import MachineError
from andon.query.turns import QueryTurns


def test_one_person_leaves_a_place_and_others_are_not_kept_waiting():
    turns = QueryTurns(3, patience=0.05)
    turns.take("ana")
    turns.take("ana")
    with pytest.raises(MachineError) as caught:
        turns.take("ana")
    assert (caught.value.code, caught.value.retryable) == ("machine.busy", True)
    for name in ("ben", "cleo", "dora", "eve"):
        turns.take(name)
    with pytest.raises(MachineError):
        turns.take("finn")
    assert (turns.running, turns.waiting) == (6, 0)
    turns.give_back("ben")
    turns.take("finn")
    assert turns.running == 6


def test_who_has_fewest_under_way_is_next():
    turns = QueryTurns(2)
    order: list[str] = []
    turns.take("ana")
    turns.take("ben")

    def ask(name: str) -> None:
        turns.take(name)
        order.append(name)

    threads = []
    for name in ("ana", "ana", "ben"):
        threads.append(threading.Thread(target=ask, args=[name]))
        threads[-1].start()
        while turns.waiting < len(threads):
            time.sleep(0.001)
    turns.give_back("ben")
    threads[2].join()
    assert order == ["ben"]
    turns.give_back("ben")
    turns.give_back("ana")
    threads[0].join()
    turns.give_back("ana")
    for thread in threads:
        thread.join()
    assert order == ["ben", "ana", "ana"]


def test_waiting_ends_when_it_is_cancelled_or_closed():
    turns = QueryTurns(1)
    turns.take("ana")
    cancel = CancelToken()
    threading.Timer(0.05, cancel.cancel).start()
    with pytest.raises(Cancelled):
        turns.take("ana", cancel)
    assert turns.waiting == 0
    threading.Timer(0.05, turns.close).start()
    with pytest.raises(MachineError, match="the process ends"):
        turns.take("ana")
    with pytest.raises(MachineError, match="the process ends"):
        turns.take("ben")


def test_all_get_their_turn_and_no_more_than_so_many_at_once():
    turns = QueryTurns(3)
    lock, most, now = threading.Lock(), [0], [0]
    done: dict[str, int] = {}

    def ask(name: str, seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(30):
            turns.take(name)
            with lock:
                now[0] += 1
                most[0] = max(most[0], now[0])
            time.sleep(chance.random() / 2000)
            with lock:
                now[0] -= 1
                done[name] = done.get(name, 0) + 1
            turns.give_back(name)

    threads = [threading.Thread(target=ask, args=[f"p{n % 5}", n]) for n in range(15)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == {f"p{n}": 90 for n in range(5)}
    assert most[0] <= 6
    assert (turns.running, turns.waiting) == (0, 0)
