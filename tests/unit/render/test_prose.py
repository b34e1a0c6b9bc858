"""A paragraph is a paragraph however its file breaks the lines, and no word is lost."""

from __future__ import annotations

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.render.prose import paragraphs

WORDS = st.lists(
    st.sampled_from(["a", "letter", "costs", "2", "dollars,", "“so”", "ärger", "1998-06"]), min_size=1, max_size=30
)


@given(st.lists(WORDS, min_size=1, max_size=4), st.integers(12, 60))
def test_wrapped_at_any_width_it_is_the_same(texts: list[list[str]], width: int) -> None:
    said = [" ".join(words) for words in texts]
    wrapped = "\n\n".join(textwrap.fill(each, width) for each in said)
    assert paragraphs(wrapped) == said


@given(st.text("ab -*>|#1.\n\t", max_size=60))
def test_no_word_is_lost_or_moved(text: str) -> None:
    assert " ".join(paragraphs(text)).split() == text.split()


@pytest.mark.parametrize(
    "text", ["- one\n- two", "1. one\n2. two", "| a | b |\n|---|---|", "> said\n> so", "as is:\n    x = 1"]
)
def test_what_is_a_line_stays_one(text: str) -> None:
    assert paragraphs(text) == [text]


def test_nothing_is_no_paragraph() -> None:
    assert paragraphs("") == paragraphs("\n \n") == []
