"""Who may read a project and its lake and not write them can ask all that only reads, and leaves nothing beside them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.accounts import as_account, open_place
from kit.clones import Clone

READER = 61001
ALL_VERBS = """
from pathlib import Path
from kit.clones import Clone
clone = Clone(Path({root!r}), "reader")
with clone.opened() as s:
    result = {{
        "status": s.standing.status().branch,
        "ls": sorted(d.dataset for d in s.datasets.list()),
        "show": len(s.datasets.show("marts.totals").sample),
        "query": s.querying.ask("select count(*) from marts.totals").fetch(),
        "log": len(s.history.log()),
        "diff": s.history.diff("main~1", "main") is not None,
        "profile": s.profiles.profile("marts.totals").rows,
        "lineage": s.lineages.lineage("marts.totals") is not None,
        "plan": len(s.runs.plan().steps),
        "logged": s.querying.is_logged,
        "questions": [q.subject for q in s.dataset_questions.list()],
        "letters": len(s.letters.list(all=True)),
        "requests": len(s.requests.list()),
        "sample": s.reproduction_samples.sample(["marts.totals"]).share,
        "noted": s.workspace.reproductions.last(),
        "reproduce": [str(s.reproducing.reproduce("marts.totals", deep=True).verdict)],
        "lint": s.linting.lint().read,
        "verified": len(s.verifying.verify(all=True).damaged),
        "read by": s.readers.of("marts.totals") is not None,
        "found": [hit.dataset for hit in s.catalog.find("totals").hits][:1],
    }}
"""
RUN = """
from pathlib import Path
from kit.clones import Clone
clone = Clone(Path({root!r}), "reader")
clone.run(force=True)
"""
ICEBERG = """
from pathlib import Path
from andon.service.dataset_page import iceberg_place
from kit.clones import Clone
with Clone(Path({root!r}), "reader").opened() as s:
    iceberg_place(s.datasets.show("marts.totals"))
"""


def contents(root: Path) -> dict[str, tuple[int, int]]:
    return {str(p): (p.stat().st_size, p.stat().st_mtime_ns) for p in root.rglob("*")}


@pytest.fixture
def published(told) -> Iterator[Clone]:
    with open_place() as place:
        shutil.copytree(told.root, place / "acme")
        yield Clone(place / "acme")


def test_all_reading_verbs_of_another_account(published):
    before = contents(published.root)
    found = as_account(READER, ALL_VERBS.format(root=str(published.root)))
    assert found == {
        "status": "main",
        "ls": ["marts.best", "marts.count", "marts.totals", "shop.orders"],
        "show": 3,
        "query": [[3]],
        "log": 4,
        "diff": True,
        "profile": 3,
        "lineage": True,
        "plan": 4,
        "logged": False,
        "questions": [],
        "letters": 0,
        "requests": 0,
        "sample": 1.0,
        "noted": 0,
        "reproduce": ["identical"],
        "lint": 4,
        "verified": 0,
        "read by": True,
        "found": ["marts.totals"],
    }
    assert contents(published.root) == before
    refused = as_account(READER, RUN.format(root=str(published.root)))
    assert refused["code"] == "machine.read_only"
    untold = as_account(READER, ICEBERG.format(root=str(published.root)))
    assert untold["code"] == "machine.read_only"
    assert "andon show marts.totals --iceberg" in str(untold)
    assert contents(published.root) == before
