"""Stopping a pool: what runs is interrupted until it has ended, also when the first interrupt came too early."""

import threading
from concurrent.futures import ThreadPoolExecutor

from andon.base.threads import stop


def test_an_interrupt_that_comes_too_early_is_repeated():
    began, deaf, ended = threading.Event(), threading.Event(), threading.Event()
    heard: list[bool] = []

    def work():
        began.set()
        deaf.wait(10)  # as an engine before its statement begins: interrupts are lost
        assert ended.wait(10)
        return "stopped"

    def interrupt():
        heard.append(deaf.is_set())
        if deaf.is_set():
            ended.set()
        elif len(heard) == 2:
            deaf.set()

    pool = ThreadPoolExecutor(1)
    running = pool.submit(work)
    began.wait(10)
    stop(pool, [running], interrupt)
    assert running.result() == "stopped"
    assert heard == [False, False, True]


def test_what_waits_is_not_begun_and_nothing_that_ended_is_interrupted():
    gate, begun = threading.Event(), []
    pool = ThreadPoolExecutor(1)
    first = pool.submit(gate.wait, 10)
    second = pool.submit(begun.append, 2)
    stop(pool, [first, second], gate.set)
    assert first.result() is True
    assert second.cancelled()
    assert begun == []
    stop(pool, [first], lambda: begun.append("interrupted"))
    assert begun == []
