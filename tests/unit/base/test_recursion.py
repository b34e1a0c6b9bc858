"""A second try with room for deep nesting: by many threads at once, and nothing of it stays behind."""

import contextvars
import json
import sys
import threading

import pytest

from andon.base.recursion import deeply

#: More than Python's limit allows, less than the second try does.
DEEP = 4_000
ENDLESS = 10**9

#: Python 3.12 counts levels that run through C by themselves, and stops at a limit of its own.
has_room_in_c = pytest.mark.skipif(sys.version_info[:2] == (3, 12), reason="3.12 has a fixed limit of levels in C")


def go_down(levels):
    return go_down(levels - 1) + 1 if levels else 0


def mixed(levels):
    """A level that runs through C as well, as trees read by comprehensions do."""
    return 1 + sum(mixed(levels - 1) for _ in range(1)) if levels else 0


def at_once(works):
    """What each of `works` gives or raises, all started at the same moment."""
    results = [None] * len(works)
    gate = threading.Barrier(len(works))

    def run(number, work):
        gate.wait()
        try:
            results[number] = work()
        except (RecursionError, KeyError) as error:
            results[number] = error

    threads = [threading.Thread(target=run, args=item) for item in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.fixture(autouse=True)
def limit():
    before = sys.getrecursionlimit()
    yield before
    assert sys.getrecursionlimit() == before


def test_shallow_work_is_done_where_it_is():
    assert deeply(threading.current_thread) is threading.current_thread()


def test_deep_work_has_a_second_try():
    with pytest.raises(RecursionError):
        go_down(DEEP)
    assert deeply(lambda: go_down(DEEP)) == DEEP


def test_what_is_deeper_than_that_is_still_too_deep(limit):
    with pytest.raises(RecursionError):
        deeply(lambda: go_down(ENDLESS))


def test_an_error_of_the_work_comes_through():
    def work():
        go_down(DEEP)
        raise KeyError("x")

    with pytest.raises(KeyError, match="x"):
        deeply(work)


def test_work_within_work_has_one_room():
    assert deeply(lambda: go_down(DEEP) + deeply(lambda: go_down(DEEP))) == 2 * DEEP


def test_the_second_try_knows_the_context():
    variable = contextvars.ContextVar("variable")
    variable.set("here")
    assert deeply(lambda: (go_down(DEEP), variable.get())) == (DEEP, "here")


def test_threads_do_not_take_each_others_room(limit):
    """Deep ones end at different times: none may lower the limit under another that is still down there."""

    def often(levels):
        return lambda: [deeply(lambda: go_down(levels)) for _ in range(15)]

    depths = [DEEP, 50, 9_000, 2_500, 50, DEEP, 11_000, 300]
    for _ in range(3):
        assert at_once([often(levels) for levels in depths]) == [[levels] * 15 for levels in depths]
        assert sys.getrecursionlimit() == limit


def test_too_deep_ones_among_them_fail_alone(limit):
    works = [lambda: deeply(lambda: go_down(ENDLESS)), lambda: deeply(lambda: go_down(DEEP))] * 4
    results = at_once(works)
    assert [type(result) for result in results] == [RecursionError, int] * 4
    assert sys.getrecursionlimit() == limit


@has_room_in_c
def test_a_thread_with_a_small_stack_has_room_too():
    """A level that runs through C takes a piece of the thread's own stack: 1 MB holds no thousands of them."""
    found = []
    size = threading.stack_size(1 << 20)
    try:
        thread = threading.Thread(target=lambda: found.append(deeply(lambda: mixed(4_000))))
        thread.start()
    finally:
        threading.stack_size(size)
    thread.join()
    assert found == [4_000]


def test_the_limit_is_not_lowered_under_a_thread_that_is_deep(limit):
    """Somebody who has nothing to do with this may have gone down while there was room: the interpreter would give up."""
    there, up = threading.Event(), threading.Event()

    def wait_below(levels):
        if levels:
            return wait_below(levels - 1)
        there.set()
        return up.wait()

    def work():
        go_down(DEEP)
        other.start()
        return there.wait()

    other = threading.Thread(target=wait_below, args=[DEEP])
    assert deeply(work)
    assert sys.getrecursionlimit() > limit
    up.set()
    other.join()
    assert deeply(lambda: True)
    assert sys.getrecursionlimit() == limit


def test_the_limit_that_somebody_else_sets_meanwhile_is_theirs(limit):
    def work():
        go_down(DEEP)
        sys.setrecursionlimit(limit + 77)
        return True

    try:
        assert deeply(work)
        assert sys.getrecursionlimit() == limit + 77
    finally:
        sys.setrecursionlimit(limit)


@has_room_in_c
def test_deep_documents_are_read_by_many_threads():
    text = '{"a":' * 5_000 + "1" + "}" * 5_000

    def depth():
        value, levels = deeply(lambda: json.loads(text)), 0
        while isinstance(value, dict):
            value, levels = value["a"], levels + 1
        return levels

    assert at_once([depth] * 6) == [5_000] * 6
