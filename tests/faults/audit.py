"""What must be true of a lake whatever happened to the process that wrote it. Each violation is one line of text."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from andon.base.hashing import content_id, digest
from andon.errors import AndonError
from andon.lake.lake import Lake
from andon.lake.named_files import raw_path
from andon.lake.packing import unpack
from andon.model.commit import Commit, Leaf, commit_id
from andon.model.version import Version, version_id


def catalog_is_sound(catalog: Path) -> Iterator[str]:
    """SQLite's own check, without any of our code."""
    connection = sqlite3.connect(catalog)
    try:
        found = connection.execute("pragma integrity_check").fetchall()
        if found != [("ok",)]:
            yield f"integrity_check: {found}"
    finally:
        connection.close()


def lake_is_whole(lake: Lake) -> Iterator[str]:
    """Every object that anything names is there and is what its id says, from the refs down to the bytes of the files."""
    yield from _rows_fit_their_ids(lake)
    seen: set[str] = set()
    for ref, commit in lake.database.query("select name, commit_id from ref"):
        newest = lake.refs.reflog(ref, 1)
        if not newest or newest[0].new != commit:
            yield f"{ref}: the reflog does not end where the ref is"
        try:
            for each in _ancestors(lake, commit, seen):
                yield from _commit_is_whole(lake, each)
        except AndonError as error:
            yield f"{ref}: {error}"
    yield from _reflog_is_a_line(lake)


def is_in_history(lake: Lake, ref: str, commits: Iterable[str]) -> Iterator[str]:
    """Each of `commits` is in the first-parent history of `ref`."""
    known = {c.id for c in lake.commits.first_parents(lake.refs.resolve(ref))}
    for commit in commits:
        if commit not in known:
            yield f"lost: {commit[:12]} was acknowledged and is not in the history of {ref}"


def _ancestors(lake: Lake, commit: str, seen: set[str]) -> Iterator[Commit]:
    """The commit and all before it, but for those that are in `seen`, which grows by them."""
    waiting = [commit]
    while waiting:
        key = waiting.pop()
        if key not in seen:
            seen.add(key)
            found = lake.commits.get(key)
            yield found
            waiting += found.parents


def _commit_is_whole(lake: Lake, commit: Commit) -> Iterator[str]:
    state = lake.commits.state(commit)
    leaves = state.leaves
    objects = lake.objects
    definitions = objects.definitions({leaf.definition for leaf in leaves.values()})
    builds = objects.builds({leaf.build for leaf in leaves.values()})
    versions = objects.versions({leaf.version for leaf in leaves.values()})
    texts = objects.has_texts(set(state.files().values()))
    for path, sha in state.files().items():
        if sha not in texts:
            yield f"{commit.id[:8]}: the text of {path} is not there"
    for name, leaf in leaves.items():
        place = f"{commit.id[:8]} {name}"
        if leaf.definition not in definitions:
            yield f"{place}: its definition is not there"
        if leaf.version not in versions:
            yield f"{place}: its version is not there"
        yield from _build_is_whole(lake, leaf, place, builds)
    if commit.run is not None and not lake.database.query("select 1 from run where number = ?", [commit.run]):
        yield f"{commit.id[:8]}: its run {commit.run} is not there"


def _build_is_whole(lake: Lake, leaf: Leaf, place: str, builds: dict) -> Iterator[str]:
    build = builds.get(leaf.build)
    if build is None:
        yield f"{place}: its build is not there"
        return
    if (build.key, build.version) != (leaf.key, leaf.version):
        yield f"{place}: leaf and build differ"
    for dataset, version in build.inputs.items():
        if not lake.objects.versions([version]):
            yield f"{place}: the version of its input {dataset} is not there"
    for file in build.files:
        yield from _file_is_whole(lake, raw_path(file), file.size, file.sha256, place)


def _rows_fit_their_ids(lake: Lake) -> Iterator[str]:
    query = lake.database.query
    for key, body in query("select id, body from lake_commit"):
        if commit_id(unpack(body)) != key:
            yield f"commit {key[:12]} is not what its id says"
    for key, body in query("select id, body from tree"):
        if content_id(["tree", unpack(body)]) != key:
            yield f"tree {key[:12]} is not what its id says"
    for (key,) in query("select id from blob"):
        if digest(lake.objects.text(key)) != key:
            yield f"text {key[:12]} is not what its id says"
    for key, version in lake.objects.versions(row[0] for row in query("select id from version")).items():
        yield from _version_is_whole(lake, key, version)


def _version_is_whole(lake: Lake, key: str, version: Version) -> Iterator[str]:
    if not version.is_view and version_id(version.columns, version.files) != key:
        yield f"version {key[:12]} is not what its id says"
    for file in version.files:
        yield from _file_is_whole(lake, file.path, file.size, file.sha256, f"version {key[:12]} of {version.dataset}")


def _file_is_whole(lake: Lake, path: str, size: int, sha256: str, place: str) -> Iterator[str]:
    file = Path(lake.storage.engine_path(path))
    if not file.exists():
        yield f"{place}: the file {path} is not there"
        return
    content = file.read_bytes()
    if len(content) != size or hashlib.sha256(content).hexdigest() != sha256:
        yield f"{place}: the file {path} is torn ({len(content)} of {size} bytes)"


def _reflog_is_a_line(lake: Lake) -> Iterator[str]:
    ends: dict[str, str | None] = {}
    for ref, old, new in lake.database.query("select ref, old, new from reflog order by seq"):
        if old != ends.get(ref):
            yield f"{ref}: the reflog has a gap before {(new or 'its end')[:12]}"
        ends[ref] = new
