"""A lake on a real SQLite file, and things to put into it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from andon.base.clock import Clock, to_text
from andon.base.hashing import digest
from andon.lake.commits import Draft
from andon.lake.lake import Lake
from andon.lake.refs import RefMove
from andon.model.build import Build
from andon.model.commit import Cause, Commit, CommitKind, Leaf, State
from andon.model.dataset import Definition, Kind, Materialize
from andon.model.version import Column, DataFile, Version

_builds = itertools.count(1)


def ticking() -> Clock:
    """A clock that goes on by a minute whenever it is asked."""
    start = datetime(2026, 11, 1, tzinfo=UTC)
    counter = itertools.count()
    return lambda: start + timedelta(minutes=next(counter))


def leaf(text: str, kind: str = "sql") -> Leaf:
    """A leaf that is all named after `text`."""
    files = ((f"{text}.sql", "s"),)
    return Leaf(kind, "table", f"def-{text}", f"key-{text}", f"build-{text}", f"version-{text}", files)


def draft(
    *parents: Commit, kind: CommitKind = CommitKind.CHANGE, message: str = "message", at: str | None = None, **more: Any
) -> Draft:
    """What ana chooses of a commit."""
    when = at or "2026-11-01T00:00:00.000000Z"
    return Draft(tuple(parent.id for parent in parents), kind, "ana", message, when, **more)


def publish(
    lake: Lake,
    leaves: Mapping[str, Leaf],
    kind: CommitKind = CommitKind.CHANGE,
    branch: str = "main",
    target: str | None = None,
    rejected: tuple[Cause, ...] = (),
    shared: Mapping[str, str] | None = None,
) -> Commit:
    """A commit on a branch that holds `leaves`."""
    head = lake.refs.resolve(branch)
    chosen = draft(head, kind=kind, at=to_text(lake.clock()), rejected=rejected, target=target)
    return lake.commit(chosen, State(leaves, shared or {}), [RefMove(branch, "branch", head.id, "change")])


def definition(dataset: str, number: int = 1, **more: Any) -> Definition:
    """The definition of a dataset whose SQL selects a number."""
    entry = f"datasets/{dataset.replace('.', '/')}.sql"
    return Definition(
        dataset,
        Kind.SQL,
        Materialize.TABLE,
        entry,
        f"meaning-{number}",
        sql=f"select {number} as n",
        id=f"def-{dataset}-{number}",
        **more,
    )


def stored(lake: Lake, dataset: str, number: int = 1) -> Version:
    """A version of one file that lies in the lake."""
    path = lake.storage.new_path(f"data/{dataset}", "part", ".parquet")
    content = b"x" * (10 + number)
    lake.storage.write(path, content)
    file = DataFile(path, len(content), digest(content), number)
    return Version(f"version-{dataset}-{number}", dataset, (Column("n", "INTEGER", 1),), (file,))


def build(version: Version, key: str = "key", definition: str = "def", run: int = 1, seconds: float = 0.5) -> Build:
    """A build that made `version`, with an id of its own."""
    number = next(_builds)
    return Build(f"build-{number}", key, version.dataset, definition, version.id, run, seconds=seconds)
