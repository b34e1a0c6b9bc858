"""The normal form: pairs of texts that mean the same, and pairs that don't."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from andon.sql.facts import read_facts

CASES = Path(__file__).parents[2] / "cases" / "sql" / "normal_form.txt"


def pairs(section: str) -> list[tuple[str, str]]:
    text = CASES.read_text(encoding="utf-8")
    part = re.split(r"^## \w+$", text, flags=re.MULTILINE)[{"same": 1, "differ": 2}[section]]
    found = []
    for case in re.split(r"^---$(?!\*/)", part, flags=re.MULTILINE):
        one, other = re.split(r"^=>$", case, flags=re.MULTILINE)
        found.append((one.strip(), other.strip()))
    return found


def forms(pair: tuple[str, str]) -> list[str]:
    facts = read_facts(pair)
    for text, fact in zip(pair, facts, strict=True):
        assert fact.normal, f"does not parse: {text}\n{fact.problems}"
    return [fact.normal for fact in facts]


@pytest.mark.parametrize("pair", pairs("same"), ids=lambda pair: pair[1])
def test_texts_of_one_meaning_have_one_form(pair: tuple[str, str]) -> None:
    one, other = forms(pair)
    assert one == other


@pytest.mark.parametrize("pair", pairs("differ"), ids=lambda pair: pair[1])
def test_texts_of_two_meanings_have_two_forms(pair: tuple[str, str]) -> None:
    one, other = forms(pair)
    assert one != other


def test_there_are_enough_pairs() -> None:
    assert len(pairs("same")) >= 40
    assert len(pairs("differ")) >= 80
