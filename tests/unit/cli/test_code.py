"""Long lines of code on narrow terminals: parted at blanks, never wider than there is room, nothing lost."""

from __future__ import annotations

import pytest

from andon.cli.output import display_width
from andon.cli.text.code import code_lines

LINE = "    case when status = 'paid' and shipped_at is not null then amount * rate else 0 end as revenue,"


def test_lines_that_fit_and_lines_in_a_pipe_stay():
    assert list(code_lines([LINE, ""], None, "  ")) == ["  " + LINE, "  "]
    assert list(code_lines(["select 1"], 80, "  ")) == ["  select 1"]


def test_a_long_line_goes_on_further_in():
    assert list(code_lines([LINE], 60, "  ")) == [
        "      case when status = 'paid' and shipped_at is not null",
        "          then amount * rate else 0 end as revenue,",
    ]


def test_the_sign_of_a_diff_stands_in_front_of_what_goes_on():
    assert list(code_lines(["+" + LINE], 60, sign=1)) == [
        "+    case when status = 'paid' and shipped_at is not null",
        "+        then amount * rate else 0 end as revenue,",
    ]


@pytest.mark.parametrize("width", [17, 20, 31, 40, 57, 79])
@pytest.mark.parametrize(
    "line", [LINE, "x" * 200, "select '" + "日本語" * 30 + "'", " " * 90 + "a, b, c", "select  a,  b" * 9]
)
def test_nothing_is_lost_and_nothing_is_wider(line, width):
    found = list(code_lines([line], width))
    assert all(display_width(part) <= width for part in found)
    assert "".join("".join(found).split()) == "".join(line.split())
