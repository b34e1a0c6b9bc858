"""The law of histories: where rows say since when they are so, one history comes of one set of events, however it is cut, ordered and
repeated; where they don't, it is what the states looked at say."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.model.history import ADDED, GivenRows, RowHistory
from andon.sql.history import Next, as_history, next_state, without_history

KEYS, TIMES, VALUES = st.integers(1, 3), st.integers(1, 12), st.sampled_from(["a", "b", None])
COLUMNS = (("k", "BIGINT"), ("v", "VARCHAR"), ("t", "BIGINT"))
State = list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def engine() -> Iterator[Any]:
    import duckdb

    with duckdb.connect(config={"threads": 1}) as connection:
        yield connection


def insert(engine: Any, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """All rows by one statement, in their order."""
    if rows:
        marks = f"({', '.join('?' * len(rows[0]))})"
        engine.execute(f"insert into {table} values {', '.join([marks] * len(rows))}", [*itertools.chain(*rows)])


def following(
    engine: Any,
    history: RowHistory,
    earlier: State | None,
    rows: Sequence[tuple[Any, ...]],
    moment: int,
    marked: bool = True,
) -> State:
    """The next state, by the SQL that builds run. Rows are (k, v, t, deleted) where they are marked, else (k, v, t)."""
    named = "(k bigint, v varchar, t bigint, deleted boolean)" if marked else "(k bigint, v varchar, t bigint)"
    engine.execute(f"create or replace table given_rows {named}")
    insert(engine, "given_rows", rows)
    engine.execute(
        "create or replace table before (k bigint, v varchar, t bigint, valid_from bigint, valid_to bigint, is_current boolean)"
    )
    insert(engine, "before", earlier or [])
    asked = Next(
        history=history,
        key=("k",),
        given="from given_rows",
        columns=COLUMNS,
        time="BIGINT",
        moment=f"cast({moment} as bigint)",
        earlier="before" if earlier is not None else None,
        known=frozenset({"k", "v", "t", *ADDED}) if earlier is not None else frozenset(),
    )
    found: State = engine.execute(next_state(asked)).fetchall()
    if history.changed_at is None:  # rows that have ended stay where they are
        found = sorted([row for row in earlier or [] if not row[5]] + found, key=lambda row: (row[0], row[3]))
    return found


def of_events(events: Sequence[tuple[int, str | None, int, bool]]) -> State:
    """What a set of events says, a key's rows each from its own time until the next; written another way than the SQL."""
    told = {(k, t): (v, gone) for k, v, t, gone in events}
    rows: State = []
    for key in sorted({k for k, _ in told}):
        times = sorted(t for k, t in told if k == key)
        for time, until in zip(times, [*times[1:], None], strict=True):
            value, gone = told[key, time]
            if not gone:
                rows.append((key, value, time, time, until, until is None))
    return rows


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[list[Any], list[list[Any]]]:
    """Events, and batches of them: each event in one of them at least, some again. A deletion comes no earlier than what it ends."""
    told = draw(st.dictionaries(st.tuples(KEYS, TIMES), VALUES, max_size=14))
    events = [(k, v, t, False) for (k, t), v in told.items()]
    count = draw(st.integers(1, 5))
    batches: list[list[Any]] = [[] for _ in range(count)]
    for event in draw(st.permutations(events)):
        for place in draw(st.sets(st.integers(0, count - 1), min_size=1, max_size=3)):
            batches[place].append(event)
    ends = draw(
        st.sets(
            st.sampled_from([e for e in events if any(f[0] == e[0] and f[2] < e[2] for f in events)] or [None]),
            max_size=2,
        )
    )
    last = []
    for event in ends:
        if event is not None:
            events.remove(event)
            batches = [[e for e in batch if e != event] for batch in batches]
            last.append((event[0], None, event[2], True))
    return [*events, *last], [*batches, last, last]


@settings(max_examples=25, deadline=None)
@given(arrivals())
def test_events_make_one_history_in_any_order_and_with_repeats(engine, arrived):
    events, batches = arrived
    history = RowHistory(("k",), changed_at="t", rows=GivenRows.CHANGED, deleted="deleted")
    state: State | None = None
    for moment, batch in enumerate(batches):
        state = following(engine, history, state, batch, 100 + moment)
        assert following(engine, history, state, batch, 500) == state, "once more is nothing new"
    told = {(k, t) for k, _, t, _ in events}
    assert len(told) == len(events)
    assert state == of_events(events)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.dictionaries(KEYS, VALUES), min_size=1, max_size=6), st.booleans())
def test_states_that_were_looked_at_are_what_a_history_says(engine, looks, marked):
    """At each moment the current rows are those given; what was current at an earlier moment is what was given then."""
    history = RowHistory(("k",), deleted="deleted" if marked else None)
    state: State | None = None
    gone = {key for look in looks for key in look}
    for moment, look in enumerate(looks):
        rows: list[tuple[Any, ...]] = [(k, v, 0) for k, v in look.items()]
        if marked:
            rows = [(*row, False) for row in rows] + [(key, "x", 0, True) for key in gone - look.keys()]
        state = following(engine, history, state, rows, moment, marked)
        assert following(engine, history, state, rows, moment + 50, marked) == state, "once more is nothing new"
        for then, seen in enumerate(looks[: moment + 1]):
            shown = {k: v for k, v, _, start, end, _ in state if start <= then and (end is None or then < end)}
            assert shown == seen
        assert {k: v for k, v, *_, current in state if current} == look
        assert all(end is None or start < end for _, _, _, start, end, _ in state)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.dictionaries(KEYS, VALUES), st.sets(KEYS)), min_size=1, max_size=6))
def test_rows_that_changed_leave_the_others_as_they_are(engine, steps):
    history = RowHistory(("k",), rows=GivenRows.CHANGED, deleted="deleted")
    now: dict[int, str | None] = {}
    state: State | None = None
    for moment, (changed, gone) in enumerate(steps):
        rows = [(k, v, 0, False) for k, v in changed.items() if k not in gone] + [(k, None, 0, True) for k in gone]
        now = {**now, **changed}
        now = {k: v for k, v in now.items() if k not in gone}
        state = following(engine, history, state, rows, moment)
        assert {k: v for k, v, *_, current in state if current} == now


@settings(max_examples=20, deadline=None)
@given(st.lists(st.dictionaries(KEYS, st.tuples(VALUES, TIMES)), min_size=1, max_size=5))
def test_all_rows_with_their_times_are_what_is_current(engine, looks):
    """What is given is current, also what had been gone, and the rows of a key follow each other without overlap."""
    history = RowHistory(("k",), changed_at="t")
    state: State | None = None
    newest: dict[int, int] = {}
    for moment, look in enumerate(looks, 100):
        rows = [(k, v, t) for k, (v, t) in look.items() if t > newest.get(k, 0)]
        rows += [(k, v, newest[k]) for k, (v, t) in look.items() if t <= newest.get(k, 0) for v in [known(state, k)]]
        newest |= {k: t for k, _, t in rows}
        state = following(engine, history, state, rows, moment, False)
        assert {(k, v) for k, v, *_, current in state if current} == {(k, v) for k, v, _ in rows}
        for key in {row[0] for row in state}:
            own = [row for row in state if row[0] == key]
            assert all(a[4] is not None and a[4] <= b[3] for a, b in itertools.pairwise(own))


def known(state: State | None, key: int) -> str | None:
    """The newest value that a history holds of a key."""
    return [row[1] for row in state or [] if row[0] == key][-1]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([(1, "a", 1, False), (1, "b", 2, False)], "given twice: 1"),
        ([(None, "a", 1, False)], "without key"),
    ],
)
def test_rows_that_make_no_history_stop_it(engine, rows, said):
    with pytest.raises(Exception, match=said):
        following(engine, RowHistory(("k",), deleted="deleted"), None, rows, 1)


def test_what_a_history_adds_can_be_taken_off_again():
    for history in (RowHistory(("k",)), RowHistory(("k",), changed_at="t", deleted="gone")):
        assert without_history(as_history("select 1 as k, 2 as t", history), history) == "select 1 as k, 2 as t"
