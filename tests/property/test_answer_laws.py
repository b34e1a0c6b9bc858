"""Answers that are kept: read back the same, and compared so that a difference is told exactly where there is one."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from andon.value.answers import PinnedAnswer, kept_answer, read_answer
from andon.value.movement import AnswerChangeKind, moved

COLUMNS, TYPES = ("name", "year", "money", "share"), ("VARCHAR", "INTEGER", "DECIMAL(9,2)", "DOUBLE")
ROWS = st.lists(
    st.tuples(
        st.none() | st.sampled_from(["ada", "ben", 'c"\n', "\u2028"]),
        st.none() | st.integers(2024, 2026),
        st.none() | st.decimals(-99, 99, places=2),
        st.none() | st.floats(),
    ),
    max_size=6,
)


def answer(rows: list[tuple[object, ...]], *, is_ordered: bool = False) -> PinnedAnswer:
    return kept_answer(COLUMNS, TYPES, rows, is_ordered=is_ordered)


@given(ROWS, ROWS, st.booleans())
def test_an_answer_is_read_back_and_only_its_rows_count(one, other, is_ordered) -> None:
    made = answer(one, is_ordered=is_ordered)
    assert read_answer(made.text) == made
    assert answer(one[::-1]).id == answer(one).id
    assert moved(made, answer(one[::-1])).total == 0
    found = moved(answer(one), answer(other), most=1000)
    assert (found.total == 0) == (len(found.movements) == 0)
    if answer(one).id == answer(other).id:
        assert found.total == 0
    assert len(one) - found.went + found.came == len(other)
    back = moved(answer(other), answer(one), most=1000)
    assert (found.changed, found.came, found.went) == (back.changed, back.went, back.came)


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(2024, 2026)), min_size=1, unique=True), st.data())
def test_a_number_that_moved_is_told_by_its_row(keys, data) -> None:
    rows = [(name, year, Decimal("1.50"), 0.1 + 0.2) for name, year in keys]
    place = data.draw(st.integers(0, len(rows) - 1))
    name, year, _, share = rows[place]
    after = [*rows[:place], (name, year, Decimal("2.50"), share), *rows[place + 1 :]]
    found = moved(answer(rows), answer(data.draw(st.permutations(after))))
    (change,) = found.movements
    assert (change.kind, change.column, change.before, change.after) == (
        AnswerChangeKind.CHANGED,
        "money",
        "1.50",
        "2.50",
    )
    assert len(rows) == 1 or change.key["name"] == name
    dust = [(n, y, m, 0.3) for n, y, m, _ in rows]
    assert answer(dust).id != answer(rows).id
    assert moved(answer(rows), answer(dust)).total == 0


def test_what_has_other_columns_or_types_is_told_as_that() -> None:
    one = kept_answer(["n", "d"], ["INTEGER", "DATE"], [(1, date(2026, 1, 2))], is_ordered=False)
    wide = kept_answer(["d", "n"], ["DATE", "BIGINT"], [(date(2026, 1, 2), 1)], is_ordered=False)
    assert moved(one, wide).total == 0
    assert moved(one, kept_answer(["m"], ["INTEGER"], [(1,)], is_ordered=False)).has_other_columns
