"""What people first write, and what the hint tells them to write: `tests/cases/checks/meant.txt`. Each hint is tried."""

from __future__ import annotations

import re

import pytest

from andon.checks.compile.plans import Catalog, DeclaredChecks
from andon.checks.compile.read import read_checks
from andon.checks.language.grammar import EXAMPLE_COLUMNS, EXAMPLE_DATASET, EXAMPLE_KEYS
from andon.checks.language.meant import meant
from andon.model.dataset import CheckLine
from kit.checks import CASES

TEXT = (CASES / "meant.txt").read_text()
ALL = re.findall(r"^> (.*)\n([=?]) (.*)$", TEXT, re.M)
_WRITE = re.compile(r"write `([^`]+)`")


def become(line: str) -> tuple[bool, str | None]:
    """Whether a line is accepted; and what is offered instead: the line that the hint says to write."""
    given = DeclaredChecks(EXAMPLE_DATASET, (CheckLine(line, "f.sql", 1),), ())
    found, problems = read_checks([given], Catalog(EXAMPLE_COLUMNS, EXAMPLE_KEYS, {}))
    if not problems:
        return True, found[EXAMPLE_DATASET][0].check.text
    assert problems[0].hint
    written = _WRITE.search(problems[0].hint)
    return False, None if written is None else written[1]


@pytest.mark.parametrize(("line", "sign", "form"), ALL, ids=[line for line, _, _ in ALL])
def test_first_tries_are_accepted_or_led_to_what_they_mean(line: str, sign: str, form: str) -> None:
    accepted, instead = become(line)
    assert become(form)[0], "what is meant can be written"
    if sign == "?":
        assert not accepted
        assert instead is None or not become(instead)[0]
        return
    assert instead == form
    assert become(form) == (True, form)


def test_of_a_hundred_tries_seventy_arrive() -> None:
    assert TEXT.count("\n> ") == len(ALL) >= 100
    assert sum(sign == "=" for _, sign, _ in ALL) >= 0.7 * len(ALL)


def test_no_line_takes_long_to_be_understood() -> None:
    """Every rule is tried on lines of many blanks, signs and words; one that goes back and forth would not end."""
    for piece in (
        "a" + " " * 290 + "b",
        "a < ",
        "a is ",
        "1 to 2 ",
        "in a ",
        "((",
        "a # b ",
        "1,000,",
        "..",
        "é ",
        "warn allow 5% ",
    ):
        assert meant(piece * (200 // len(piece) or 1), lambda _: False) is None


def test_blanks_within_a_text_stay() -> None:
    assert meant("status in ['on  hold']", lambda _: True) is None
