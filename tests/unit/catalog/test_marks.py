"""Marks stand where the words are, in whatever a text holds, and a line that is cut keeps them."""

from __future__ import annotations

import random

import pytest

from andon.catalog.index import IndexedText, WordIndex
from andon.catalog.marks import MarkedText, Marker, cut

TEXT = "Revenue by month: Crème BRÛLÉE, revenues of the Straße\nnothing here\nmonth after month_end revenue"


@pytest.fixture(scope="module")
def index() -> WordIndex:
    return WordIndex({"a": IndexedText("shop.revenue", "customerId customer Id", TEXT, "売上 select")})


def marked(index: WordIndex, words: str, text: str) -> list[str]:
    return [text[start:end] for start, end in Marker(index.words(words)).marks(text)]


@pytest.mark.parametrize(
    ("words", "text", "found"),
    [
        ("revenue", TEXT, ["Revenue", "revenues", "revenue"]),
        ("reven", "Revenue, prereven", ["Reven"]),
        ("brulee", TEXT, ["BRÛLÉE"]),
        ("even", "revenue EVEN", ["even", "EVEN"]),
        ("revnue", "a revenue", ["revenue"]),
        ("month", "month_end, months, amonth", ["month", "month"]),
        ("売上", "売上一覧", ["売上"]),
        ("id", "customerId id_2", ["id"]),
        ("zzzz", TEXT, []),
        ("", TEXT, []),
        ("a.c*", "xbc x.c*", ["c"]),
    ],
)
def test_marks_are_where_the_words_are(index: WordIndex, words: str, text: str, found: list[str]) -> None:
    assert marked(index, words, text) == found


def test_the_line_that_says_most_is_shown(index: WordIndex) -> None:
    found = Marker(index.words("month revenue end")).best_line(TEXT)
    assert found is not None
    assert found.text == "month after month_end revenue"
    assert [found.text[a:b] for a, b in found.marks] == ["month", "month", "end", "revenue"]
    assert Marker(index.words("zzzz")).best_line(TEXT) is None


def test_a_line_that_is_cut_keeps_its_marks(index: WordIndex) -> None:
    pick, marker = random.Random(1), Marker(index.words("revenue"))
    for _ in range(200):
        words = [
            "revenue" if pick.random() < 0.1 else "x" * pick.randrange(1, 30) for _ in range(pick.randrange(1, 60))
        ]
        line = " " * pick.randrange(0, 5) + " ".join(words)
        found = cut(MarkedText(line, marker.marks(line)))
        assert len(found.text) <= 142
        assert all("revenue".startswith(found.text[a:b].rstrip("…")) for a, b in found.marks)
        assert bool(found.marks) == ("revenue" in line)
