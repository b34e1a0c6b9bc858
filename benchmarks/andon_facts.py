"""Rows and content hash of every dataset as Andon answers for it: `python andon_facts.py FOLDER`, as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from plain import facts_query

import andon


def facts(folder: Path) -> dict[str, list[Any]]:
    """Rows, hashes and types of every dataset of the lake's main branch."""
    names = list(json.loads((folder / "shape.json").read_text())["paths"])
    found: dict[str, list[Any]] = {}
    with andon.open(folder / "project") as lake:
        for start in range(0, len(names), 25):
            for name, *rest in lake.sql(facts_query(names[start : start + 25])).fetchall():
                found[name] = rest
    return found


if __name__ == "__main__":
    json.dump(facts(Path(sys.argv[1]).resolve()), sys.stdout)
