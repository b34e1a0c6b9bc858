"""Tasks run beside each other; one whose memory was short is done once more, when no other runs."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from andon.errors import DatasetError
from andon.runs.building.turns import Turns


def short() -> DatasetError:
    return DatasetError("machine.memory", "short")


def test_what_did_not_fit_beside_others_is_done_alone():
    turns, lock = Turns(), threading.Lock()
    running, most_beside = 0, 0
    begin = threading.Barrier(4, timeout=20)

    def work(number: int) -> int:
        tries = 0

        def once() -> int:
            nonlocal running, most_beside, tries
            tries += 1
            with lock:
                running += 1
                most_beside = max(most_beside, running)
                beside = running > 1
            try:
                if tries == 1:
                    begin.wait()  # all four are at it
                    if number % 2:
                        raise short()
                elif beside:
                    raise short()
                return number
            finally:
                with lock:
                    running -= 1

        return turns.take(once)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(4))) == [0, 1, 2, 3]
    assert most_beside == 4


def test_what_does_not_fit_alone_fails_and_others_go_on():
    turns, tries = Turns(), []

    def never() -> None:
        tries.append(1)
        raise short()

    with pytest.raises(DatasetError, match="short"):
        turns.take(never)
    assert len(tries) == 2
    assert turns.take(lambda: 7) == 7


def test_other_errors_are_no_reason_to_try_again():
    tries = []

    def wrong() -> None:
        tries.append(1)
        raise DatasetError("build.failed", "wrong")

    with pytest.raises(DatasetError, match="wrong"):
        Turns().take(wrong)
    assert len(tries) == 1
