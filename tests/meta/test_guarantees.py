"""Each promise of the page of guarantees names tests that there are."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/explanation/guarantees.md"


def test_every_promise_names_its_tests():
    text = PAGE.read_text(encoding="utf-8")
    promises = text[text.index("## Promises") : text.index("## What holds on which system")]
    parts = re.split(r"(?m)^(?=\*\*[A-Z])", promises)[1:]
    assert len(parts) > 20
    without = [
        part[:50] for part in parts if "`tests/" not in part and not part.startswith("**It stays on your machine")
    ]
    assert without == []


def test_every_test_that_is_named_is_there():
    named = set(re.findall(r"`(tests/[^`]+)`", PAGE.read_text(encoding="utf-8")))
    assert len(named) > 30
    assert sorted(name for name in named if not (ROOT / name).is_file()) == []
