"""`andon profile` as people and programs see it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from andon.cli.output import Console, display_width
from andon.cli.text.profile.bars import bar, columns
from andon.cli.text.profile.column import detail_lines
from andon.cli.text.profile.overview import overview_lines
from andon.model.profile import ColumnKind, ColumnProfile, Histogram, Profile, TopValue
from andon.render.profiles import number, percent, shown

if TYPE_CHECKING:
    from kit.command_line import Andon

Golden = Callable[[str, str], None]
RAW = "raw/orders.csv"


def test_a_line_per_column(built: Andon, golden: Golden) -> None:
    golden("profile", built("profile", "shop.orders").out)


def test_one_column(built: Andon, golden: Golden) -> None:
    found = built("profile", "shop.orders.amount").out
    golden("profile_column", found)
    assert built("profile", "shop.orders", "--column", "AMOUNT").out == found


def test_what_moved(built: Andon, golden: Golden) -> None:
    path = built.folder / RAW
    path.write_text(path.read_text(encoding="utf-8") + "6,dora,2026-03-09,99999.00\n", encoding="utf-8")
    built("run", "--yes")
    golden("profile_against", built("profile", "shop.orders", "--against", "main~1").out)
    assert "the same content" in built("profile", "shop.orders", "--against", "main").out


def test_documents(built: Andon) -> None:
    found = built.json("profile", "shop.orders")
    assert set(found) == {"dataset", "version", "rows", "sample", "algorithm", "seconds", "columns"}
    assert {"name", "type", "nulls", "distinct", "minimum", "maximum", "quantiles", "top", "histogram"} <= set(
        found["columns"][0]
    )
    one = built.json("profile", "shop.orders.amount")
    assert [c["name"] for c in one["columns"]] == ["amount"]
    moved = built.json("profile", "shop.orders", "--against", "main")
    assert (moved["same_content"], moved["equal"], moved["columns"]) == (True, True, [])


def test_what_is_not_there(built: Andon) -> None:
    assert "did you mean `amount`?" in built("profile", "shop.orders.amout", status=2).err
    assert "did you mean `shop.orders`?" in built("profile", "shop.oders", status=2).err
    assert "named twice" in built("profile", "shop.orders.amount", "--column", "id", status=2).err


def test_no_control_characters_reach_the_terminal() -> None:
    assert shown("a\x1b[31mb\x07") == "a\\x1b[31mb\\x07"
    assert [shown(v) for v in ("", " a", None, True, 1234)] == ["''", "' a'", "NULL", "true", "1,234"]


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0%"), (1.0, "100%"), (1e-9, "<0.1%"), (1 - 1e-9, ">99.9%"), (0.5, "50.0%"), (0.001, "0.1%")],
)
def test_only_nothing_is_0_and_only_all_is_100_percent(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1234567, "1,234,567"), (0.1, "0.1"), (1234.5, "1,234.5"), (1e300, "1e+300"), (1e-9, "1e-09"), (-2.0, "-2"),
        (12345678.25, "12,345,678.25"), ("12.50", "12.50"),
    ],
)  # fmt: skip
def test_numbers(value: float | str, text: str) -> None:
    assert number(value) == text


def test_bars_and_columns() -> None:
    assert [bar(s, 4) for s in (0, 1e-9, 0.5, 1)] == ["", "▏", "██", "████"]
    assert columns([0, 1, 8, 4], 4) == " ▁█▄"
    assert columns([1, 1, 2, 2, 4, 4], 3) == "▂▄█"
    assert columns([], 4) == ""
    assert columns([0, 0], 4) == ""


def _column(name: str) -> ColumnProfile:
    histogram = Histogram(tuple(range(25)), tuple(range(1, 25)), 3, 4)
    top = tuple(TopValue("a rather long value " * 5 + str(i), 100 - i) for i in range(20))
    quantiles = tuple((s, 123456.789) for s in (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99))
    return ColumnProfile(
        name, "TIMESTAMP WITH TIME ZONE", ColumnKind.NUMBER, 1000, 10, 1000, 300, True, 0, 10**9, True, 1.0, 2.0,
        quantiles, top, False, histogram,
    )  # fmt: skip


class _Narrow(Console):
    """A console of a given width that writes nowhere."""

    def __init__(self, width: int) -> None:
        super().__init__(color=False, environ={})
        self._columns = width

    @property
    def width(self) -> int | None:
        return self._columns


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_lines_fit_the_terminal(width: int) -> None:
    found = Profile(
        dataset="marts.x",
        version="v",
        rows=10**9,
        columns=(_column("id"), _column("amount"), _column("mail").hidden()),
        sample=524_288,
    )
    console = _Narrow(width)
    lines = overview_lines(found, console)[2:]
    for column in found.columns:
        lines += detail_lines(column, console)
    assert [text for text in lines if display_width(text) > width] == []


def test_a_terminal_without_block_characters() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", errors="andon")
    stream.write("█▍▁▅ ≈")
    stream.flush()
    assert raw.getvalue() == b"#-_- ~"
