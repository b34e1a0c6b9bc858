"""Tables on terminals of some width: nothing reads as another value, nothing is missing without a word."""

from __future__ import annotations

import io
import re

import pytest

from andon.cli.output import Cell, Ink, display_width
from andon.cli.table import lay_out, note_of, table, vertical


def ink() -> Ink:
    return Ink(io.StringIO(), False, {})


def test_a_number_or_date_is_never_cut_and_columns_go_from_the_middle() -> None:
    names = [f"column_{i}" for i in range(12)]
    rows: list[list[Cell]] = [[f"{i}1234567.891" for i in range(12)], ["2026-01-05"] * 12]
    for width in range(20, 200, 7):
        laid = lay_out(rows, ink(), headers=names, width=width, whole=range(12))
        assert all(len(line) <= width for line in laid.lines)
        shown = [i for i in range(12) if i not in laid.left_out]
        assert laid.lines[-1].replace("…", " ").split() == ["2026-01-05"] * len(shown)
        assert laid.lines[-2].replace("…", " ").split() == [f"{i}1234567.891" for i in shown]
        assert shown[0] == 0
        assert list(laid.left_out) == list(range(laid.left_out[0], laid.left_out[-1] + 1) if laid.left_out else [])
        note = note_of(laid, names, "`--vertical` shows all")
        assert all(names[i] in note for i in laid.left_out[:8])


def test_a_single_number_that_is_wider_than_the_terminal_stays_whole() -> None:
    assert table([("1" * 60, "x")], ink(), headers=("a", "b"), width=40, whole=[0]) == ["a", "1" * 60, "… not shown: b"]


def test_texts_are_cut_with_their_length_told_and_no_value_inside_is_cut_in_two() -> None:
    text = "the price was 1234567.891 in 2026-01-05 " * 3
    for width in range(20, 110):
        line, *notes = table([("7", text)], ink(), headers=("id", "note"), width=width, whole=[0])[1:]
        assert line.endswith("…")
        assert len(line) <= width
        values = re.findall(r"[\d.-]+", line.removeprefix("7"))
        assert set(values) <= {"1234567.891", "2026-01-05"}
        assert " ".join(notes) == "… cut: note (up to 120 characters)"
    # texts that are numbers are numbers, whatever the column's type
    assert table([("+14155550101", "x" * 90)], ink(), headers=("phone", "b"), width=30)[1].startswith(
        "+14155550101  xxx"
    )
    assert table([("NULL → 1234567.891", "x" * 90)], ink(), headers=("a", "b"), width=40)[1].startswith(
        "NULL → 1234567.891  "
    )


def test_long_names_of_columns_take_lines_before_values_give_way() -> None:
    lines = table([("12.50", "x" * 40)], ink(), headers=("average_revenue_per_customer", "b"), width=60, right=[0])
    assert lines == ["  average_revenue_", "      per_customer  b", f"             12.50  {'x' * 40}"]


def test_wrapped_texts_lose_nothing_and_named_columns_go_in_order() -> None:
    rows: list[tuple[Cell, ...]] = [
        ("3f2a9c1d", "change", "ana", "a message of eleven words that goes on and on and on")
    ]
    names = ("commit", "kind", "author", "message")
    lines = table(rows, ink(), headers=names, width=42, whole=[0, 1], wrap=[2, 3], drop=[2, 1], rest="`--json` has all")
    assert all(len(line) <= 42 for line in lines)
    assert lines[-1] == "… not shown: author; `--json` has all"
    assert "a message of eleven words that goes on and on and on" in re.sub(
        r"\s+", " ", " ".join(lines[1:-1]).replace("3f2a9c1d  change", "")
    )


def test_a_column_that_makes_room_when_it_goes_lets_one_before_it_back_in() -> None:
    rows: list[tuple[Cell, ...]] = [("main", "ana", "m" * 60)]
    lines = table(rows, ink(), headers=("branch", "author", "message"), width=24, whole=[0], wrap=[1, 2], drop=[1, 2])
    assert lines[:2] == ["branch  author", "main    ana"]


@pytest.mark.parametrize("width", [20, 40, 80])
def test_any_table_fits(width: int) -> None:
    texts = ["日本語" * 9, "x" * 500, "a b " * 80, "é" * 30, "", "line\nline", "1" * 500 + "x"]
    rows: list[list[Cell]] = [[text, "12", text] for text in texts]
    for options in ({}, {"wrap": [0, 2], "drop": ()}, {"wrap": [2], "drop": [0]}):
        for line in lay_out(rows, ink(), headers=("first", "n", "third"), width=width, **options).lines:  # type: ignore[arg-type]
            assert display_width(line) <= max(width, 24)


def test_vertical_shows_everything() -> None:
    text = "one two three " * 20
    lines = list(vertical([("1234567.891", text + "\nlast"), ("2", ("NULL", "dim"))], ink(), ("a", "long_name"), 50))
    assert all(len(line) <= 50 for line in lines)
    assert lines[:2] == ["row 1", "  a          1234567.891"]
    assert " ".join(" ".join(lines[2:-4]).split()) == f"long_name {text}last"
    steering = list(vertical([("\x1b[31mred", "\u202eback")], ink(), ("a\nb", "c"), 40))
    assert steering == ["row 1", "  a⏎b  \\x1b[31mred", "  c    \\u202eback"]
    assert lines[-3:] == ["row 2", "  a          2", "  long_name  NULL"]
