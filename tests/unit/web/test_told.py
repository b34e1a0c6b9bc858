"""What the button beside a message takes back: what was just done, where it was done."""

from __future__ import annotations

from typing import Any

import pytest

from andon.web.pages.calls import _SPOKEN
from andon.web.pages.told import _SAID, way_back
from andon.web.routes import all_endpoints

RUN = {"run": 3, "branch": "try", "base": "a1", "commit": "b2", "published": True, "held": None}


@pytest.mark.parametrize(
    ("verb", "answer", "way"),
    [
        ("POST /undos", {"branch": "main", "commit": "c3", "undone": "b2"}, ("redos", "Redo", "main", None)),
        ("POST /redos", {"branch": "main", "commit": "d4", "redone": "b2"}, ("undos", "Undo", "main", "d4")),
        ("POST /acceptances", RUN, ("undos", "Undo", "try", "b2")),
        (
            "POST /datasets",
            {"name": "a.b", "branch": "try", "published": True, "run": RUN},
            ("undos", "Undo", "try", "b2"),
        ),
    ],
)
def test_there_is_a_way_back(verb: str, answer: dict[str, Any], way: tuple[str, ...]) -> None:
    found = way_back(verb, answer)
    assert found is not None
    assert tuple(found.values()) == way


@pytest.mark.parametrize(
    ("verb", "answer"),
    [
        ("POST /runs", {**RUN, "published": False, "held": "it does not hold"}),
        ("POST /publishes", {**RUN, "commit": "a1"}),
        ("POST /branches", {"name": "try"}),
        ("POST /sources/loads", {**RUN, "run": None, "commit": "a1"}),
        ("POST /tests", [1]),
    ],
)
def test_what_published_nothing_is_not_taken_back(verb: str, answer: object) -> None:
    assert way_back(verb, answer) is None


def test_words_are_of_calls_that_there_are() -> None:
    verbs = {f"{each.method} {each.path}" for each in all_endpoints()}
    assert (_SAID.keys() | _SPOKEN.keys()) <= verbs
