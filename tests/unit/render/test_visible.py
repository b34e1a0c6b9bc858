"""Texts from anywhere, made fit to be shown."""

from __future__ import annotations

import unicodedata

import pytest

from andon.model.lineage import Graph, Node, NodeKind
from andon.render.drawings import dot, mermaid
from andon.render.markdown import escape, fenced
from andon.render.visible import visible, visible_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("Müller, 日本, 👩‍👩‍👧, ✓, a\u00a0b", "Müller, 日本, 👩‍👩‍👧, ✓, a\u00a0b"),
        ("a\tb", "a\tb"),
        ("a\nb\r\nc", "a⏎b⏎c"),
        ("a\rb", "a\\rb"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b31m\x85\x90", "\\x9b31m\\x85\\x90"),
        ("a\x00\x08\x7f", "a\\x00\\x08\\x7f"),
        ("user\u202egnp.exe", "user\\u202egnp.exe"),
        ("\u2066a\u2069\u200f\u061c", "\\u2066a\\u2069\\u200f\\u061c"),
        ("a\u2028b\u2029", "a\\u2028b\\u2029"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("\ufeffa", "\\ufeffa"),
    ],
)
def test_what_steers_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible(shown) == shown


def test_no_control_and_no_direction_mark_is_left() -> None:
    everything = "".join(map(chr, range(0x110000)))
    for character in visible(everything).replace("\t", ""):
        assert unicodedata.category(character) not in ("Cc", "Zl", "Zp", "Cs"), hex(ord(character))
        assert unicodedata.bidirectional(character) not in (
            "LRE",
            "RLE",
            "LRO",
            "RLO",
            "PDF",
            "LRI",
            "RLI",
            "FSI",
            "PDI",
        )


def test_lines_stay_lines() -> None:
    assert visible_lines("a\x1b\r\n b\n") == ["a\\x1b", " b", ""]


def test_drawings_and_markdown_keep_their_lines() -> None:
    name = 'a\n"]; click n0 "javascript:x"\x1b\u202e'
    graph = Graph({"d": Node("d", NodeKind.FILE, name)}, ())
    for lines in (mermaid(graph), dot(graph)):
        assert all("\n" not in line and "\x1b" not in line and "\u202e" not in line for line in lines)
    assert escape("<b>\n\x1b") == "&lt;b>⏎\\x1b"
    assert fenced(["a\x1b[2J"], "sql") == ["```sql", "a\\x1b[2J", "```"]
