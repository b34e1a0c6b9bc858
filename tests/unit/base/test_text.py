"""Times, ids, names and texts for people."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.base.clock import from_text, system_clock, to_text
from andon.base.hashing import canonical, content_id
from andon.base.names import did_you_mean, is_name_part, literal, nearest, quote, quote_name
from andon.base.process import is_gone, is_here, same_machine, spoken, this_process
from andon.base.text import byte_to_character, excerpt, line_and_column, plural, seconds, size, words_in

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
moments = st.integers(-(10**15), 10**16).map(lambda count: EPOCH + timedelta(microseconds=count))


@given(moments, moments)
def test_times_come_back_and_their_texts_sort_as_they_do(one: datetime, other: datetime) -> None:
    assert from_text(to_text(one)) == one
    assert (to_text(one) < to_text(other)) == (one < other)


def test_times_of_other_zones_are_told_in_utc() -> None:
    moment = datetime(2026, 11, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert to_text(moment) == "2026-10-31T23:30:00.000000Z"
    assert from_text("2026-11-01T01:30:00+02:00") == moment
    assert from_text("2026-11-01") == datetime(2026, 11, 1, tzinfo=UTC)
    assert system_clock().tzinfo is UTC


def test_ids_do_not_depend_on_the_order_of_keys() -> None:
    assert canonical({"b": 1, "a": ["ä", None, True]}) == '{"a":["ä",null,true],"b":1}'.encode()
    assert content_id({"a": 1, "b": 2}) == content_id({"b": 2, "a": 1})
    assert content_id([1, 2]) != content_id([2, 1])
    with pytest.raises(ValueError, match="JSON"):
        content_id(float("nan"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("orders", True), ("_x9", True), ("9x", False), ("Orders", False), ("a-b", False), ("", False), ("a\n", False)],
)
def test_names_of_datasets(text: str, expected: bool) -> None:
    assert is_name_part(text) is expected


def test_quoting() -> None:
    assert quote('a"b') == '"a""b"'
    assert quote_name("shop.orders") == '"shop"."orders"'
    assert literal("it's") == "'it''s'"


def test_the_nearest_name() -> None:
    assert nearest("ordesr", ["orders", "users"]) == "orders"
    assert nearest("zzz", ["orders"]) is None
    assert did_you_mean("ordesr", ["orders"]) == "did you mean `orders`?"
    assert did_you_mean("zzz", []) is None


@given(st.text(), st.data())
def test_places_count_lines_bytes_and_characters(text: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    line, column = line_and_column(text, offset)
    lines = text.split("\n")
    assert sum(len(before) + 1 for before in lines[: line - 1]) + column - 1 == offset
    assert byte_to_character(text, len(text[:offset].encode())) == offset


def test_an_excerpt_has_numbers_and_a_mark() -> None:
    text = "select a\nfrom\tb\nwhere c"
    assert excerpt(text, 2, 6) == "1 | select a\n2 | from b\n  |      ^"
    assert excerpt(text, 1) == "1 | select a"
    assert excerpt("x" * 500, 1, 400).split("\n")[1].index("^") == 163


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (plural(1, "dataset"), "1 dataset"),
        (plural(1200, "dataset"), "1,200 datasets"),
        (plural(0, "query", "queries"), "0 queries"),
        (size(812), "812 B"),
        (size(4_100), "4.1 kB"),
        (size(1_300_000_000_000), "1300.0 GB"),
        (seconds(0.423), "0.42 s"),
        (seconds(12.34), "12.3 s"),
        (seconds(185), "3 min 05 s"),
        (words_in("Select a1 FROM b.c -- d"), {"select", "a1", "from", "b", "c", "d"}),
    ],
)
def test_numbers_and_words_for_people(found: object, expected: object) -> None:
    assert found == expected


def test_this_process_is_not_gone_and_strangers_are_not_known() -> None:
    assert not is_gone(this_process())
    assert not is_gone("elsewhere:1")
    assert not is_gone("no number")
    assert is_gone(same_machine(str(2**22 + 7)))


def test_a_process_is_more_than_its_number() -> None:
    """Another one that has the number now, as after the restart of a container, is not the one that was noted."""
    machine, number, birth = this_process().rsplit(":", 2)
    boot, room, start, chance = birth.split(".")

    def noted(number: str, *parts: str) -> str:
        return f"{machine}:{number}:{'.'.join(parts)}"

    assert noted(number, boot, room, start, chance) == this_process()
    assert is_gone(noted(number, boot, room, start, "cafe")), "before us somebody else had our number"
    parent = str(os.getppid())
    assert not is_gone(same_machine(parent))
    assert is_gone(noted(parent, boot, room, "1", chance)) == bool(start), "its number is another one's since"
    assert is_gone(noted(parent, "0", room, start, chance)), "the machine was started anew"
    beside = noted(str(2**22 + 7), boot, "0", start, chance)
    assert not is_gone(beside), "numbers of a container beside this one say nothing here"
    assert (is_here(this_process()), is_here(beside)) == (True, False)
    assert spoken(beside) == same_machine(str(2**22 + 7)) == spoken(same_machine(str(2**22 + 7)))
