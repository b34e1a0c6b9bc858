"""Publishers that work on one lake at the same time, each in a process of its own; every publish is acknowledged on stdout.

`python -m faults.publishers FOLDER NUMBER PUBLISHES BRANCHES [BUG]` begins when it is told a line: publisher NUMBER brings its own dataset
to each turn in order, and at every fifth also adds one to a counter that all of them share (read, add, publish: the kind of change that a
lost update would eat). With more than one branch, the publishers are dealt out to `main`, `b1`, `b2`, …
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from andon.base.clock import system_clock, to_text
from andon.base.database import Database
from andon.base.hashing import digest
from andon.base.postgres import PostgresDatabase
from andon.base.sqlite import SqliteDatabase
from andon.errors import ConflictError, MachineError
from andon.lake.commits import Draft
from andon.lake.lake import Lake
from andon.lake.local_storage import LocalStorage
from andon.lake.refs import MAIN, RefMove
from andon.model.build import Build, recipe_key
from andon.model.commit import Commit, CommitKind, Leaf, State
from andon.model.version import Column, DataFile, Version, version_id
from faults.story import plant

COUNTER = "shared.counter"
EVERY = 5
#: No bug: the compare alone decides.
NO_TURNS = "no turns"
_COLUMNS = (Column("n", "BIGINT", 1),)


def open_lake(folder: Path) -> Lake:
    """The lake that they share; its catalog is in a Postgres where `CATALOG` says so."""
    address = os.environ.get("CATALOG")
    catalog: Database = SqliteDatabase(folder / "catalog.db") if address is None else PostgresDatabase(address)
    return Lake.open(catalog, LocalStorage(folder / "lake"), system_clock, "ana")


def branch_of(number: int, branches: int) -> str:
    """Where a publisher publishes."""
    place = number % branches
    return f"b{place}" if place else MAIN


def adds(publishes: int) -> int:
    """How often one publisher adds to the counter."""
    return len(range(0, publishes, EVERY))


def number_in(lake: Lake, leaf: Leaf) -> int:
    """The number that a leaf's file holds."""
    version = lake.objects.versions([leaf.version])[leaf.version]
    return int(lake.storage.read(version.files[0].path))


def publish(lake: Lake, author: str, turn: int, branch: str = MAIN, pause: float = 0.0) -> Commit:
    """One publish, moved on top of whatever others published meanwhile; asked for again where the catalog was away."""
    while True:
        try:
            return publish_once(lake, author, turn, branch, pause)
        except MachineError as error:
            if not error.retryable:
                raise
            time.sleep(0.05)


def publish_once(lake: Lake, author: str, turn: int, branch: str = MAIN, pause: float = 0.0) -> Commit:
    """As `publish`, by one request; with a `pause` without turns."""
    leaves = {f"own.{author}": _leaf(lake, f"own.{author}", turn)}
    with lake.turn(branch) if not pause else nullcontext():
        while True:
            ref = lake.refs.find(branch)
            assert ref is not None
            head = lake.commits.get(ref.commit)
            state = lake.commits.state(head)
            if turn % EVERY == 0:
                before = state.leaves.get(COUNTER)
                leaves[COUNTER] = _leaf(lake, COUNTER, 1 + (number_in(lake, before) if before else 0))
            time.sleep(pause)
            draft = Draft((head.id,), CommitKind.CHANGE, author, f"turn {turn}", to_text(lake.clock()))
            moves = [RefMove(branch, "branch", head.id, "change")]
            try:
                return lake.commit(draft, State({**state.leaves, **leaves}, state.shared), moves, f"{author}-{turn}")
            except ConflictError as error:
                if error.code != "lake.ref_moved":
                    raise


def _leaf(lake: Lake, dataset: str, number: int) -> Leaf:
    """A version whose file holds `number`, recorded as a run does; of two who make the same one the first counts."""
    content = str(number).encode()
    schema, _, name = dataset.partition(".")
    path = lake.storage.new_path(f"data/{schema}", name, ".txt")
    lake.storage.write(path, content)
    files = (DataFile(path, len(content), digest(content), 1),)
    version = Version(version_id(_COLUMNS, files), dataset, _COLUMNS, files)
    key = recipe_key(dataset, {"number": content.decode()})
    build = Build(digest(path.encode()), key, dataset, "definition", version.id, None)
    winner = lake.objects.record([(version, build)])[key]
    return Leaf("sql", "table", "definition", key, winner.id, winner.version)


def main(arguments: Sequence[str]) -> None:
    folder, number, publishes, branches, *bug = arguments
    plant(bug[0] if bug and bug[0] != NO_TURNS else None)
    lake = open_lake(Path(folder))
    branch = branch_of(int(number), int(branches))
    print("ready", flush=True)
    sys.stdin.readline()
    for turn in range(int(publishes)):
        began = time.perf_counter()
        commit = publish(lake, f"p{number}", turn, branch, 0.005 if bug else 0.0)
        took = time.perf_counter() - began
        print(json.dumps({"turn": turn, "branch": branch, "commit": commit.id, "seconds": took}), flush=True)
    lake.database.close()


if __name__ == "__main__":
    main(sys.argv[1:])
