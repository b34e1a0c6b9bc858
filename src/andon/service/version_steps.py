"""What changed of datasets between two commits: code, columns, files, settings, packages, engine, rows, inputs. From the record alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from andon.base.record import Record
from andon.base.text import plural
from andon.model.build import MEASURED
from andon.service.incident_documents import VersionDifference

if TYPE_CHECKING:
    from andon.lake.objects import Objects
    from andon.model.build import Build
    from andon.model.commit import Commit, Leaf, State
    from andon.model.version import Version
    from andon.workspace.workspace import Workspace

#: Files and columns that are named of many.
_NAMED = 3
_KINDS = ("code", "schema", "files", "settings", "packages", "engine", "rows", "inputs")


class CommitSide(Record):
    """One of two commits that are compared."""

    state: State
    shared: Mapping[str, str]

    @classmethod
    def of(cls, workspace: Workspace, commit: Commit) -> CommitSide:
        """A commit as a side."""
        commits = workspace.lake.commits
        return cls(commits.state(commit), dict(commits.shared(commit)))


class _Facts(Record):
    """What is recorded of one dataset on one side."""

    leaf: Leaf | None
    build: Build | None
    version: Version | None
    rows: int | None


def differences(objects: Objects, good: CommitSide, bad: CommitSide, names: Sequence[str]) -> list[VersionDifference]:
    """What differs of `names`, in that order; of each what explains most first."""
    before, after = _facts(objects, good.state, names), _facts(objects, bad.state, names)
    found = []
    for name in names:
        own = [*_of_leaf(name, before[name], after[name]), *_of_build(name, before[name], after[name])]
        found += sorted(own, key=lambda each: _KINDS.index(each.kind))
    changed = sorted(p for p in good.shared.keys() | bad.shared.keys() if good.shared.get(p) != bad.shared.get(p))
    if changed:
        found.append(VersionDifference("settings", "", f"shared files changed: {_named(changed)}", None, None))
    return found


def _facts(objects: Objects, state: State, names: Sequence[str]) -> dict[str, _Facts]:
    leaves = {name: state.leaves.get(name) for name in names}
    builds = objects.builds({leaf.build for leaf in leaves.values() if leaf is not None})
    ids = {leaf.version for leaf in leaves.values() if leaf is not None}
    versions, counts = objects.versions(ids), objects.row_counts(ids)
    return {
        name: _Facts(
            leaf,
            builds.get(leaf.build) if leaf is not None else None,
            versions.get(leaf.version) if leaf is not None else None,
            counts.get(leaf.version, (None, 0))[0] if leaf is not None else None,
        )
        for name, leaf in leaves.items()
    }


def _of_leaf(name: str, before: _Facts, after: _Facts) -> Iterator[VersionDifference]:
    if before.leaf is None or after.leaf is None:
        if before.leaf is not after.leaf:
            what = "it is new" if before.leaf is None else "it is there no more"
            yield VersionDifference("code", name, what, None, None)
        return
    if before.leaf.definition != after.leaf.definition:
        old, new = dict(before.leaf.files), dict(after.leaf.files)
        files = sorted(path for path in old.keys() | new.keys() if old.get(path) != new.get(path))
        what = f"its code changed: {_named(files)}" if files else "what its code uses changed"
        yield VersionDifference("code", name, what, before.leaf.definition[:8], after.leaf.definition[:8])
    if before.rows is not None and after.rows is not None and before.rows != after.rows:
        what = f"{after.rows:,} rows, where there were {before.rows:,}"
        yield VersionDifference("rows", name, what, str(before.rows), str(after.rows))
    if before.version is not None and after.version is not None:
        yield from _of_columns(name, before.version, after.version)


def _of_columns(name: str, before: Version, after: Version) -> Iterator[VersionDifference]:
    old, new = {c.name: c.type for c in before.columns}, {c.name: c.type for c in after.columns}
    for column in sorted(old.keys() | new.keys()):
        if column not in new:
            yield VersionDifference("schema", name, f"the column {column} is gone", old[column], None)
        elif column not in old:
            yield VersionDifference("schema", name, f"the column {column} is new", None, new[column])
        elif old[column] != new[column]:
            what = f"the column {column} is {new[column]}, and was {old[column]}"
            yield VersionDifference("schema", name, what, old[column], new[column])


def _of_build(name: str, before: _Facts, after: _Facts) -> Iterator[VersionDifference]:
    old, new = before.build, after.build
    if old is None or new is None or old.id == new.id:
        return
    yield from _of_files(name, old.contents, new.contents)
    if old.lock != new.lock:
        yield VersionDifference(
            "packages", name, "its packages changed", (old.lock or "")[:8] or None, (new.lock or "")[:8] or None
        )
    for key in sorted((old.engine.keys() | new.engine.keys()) - MEASURED):
        one, other = old.engine.get(key), new.engine.get(key)
        if one != other:
            said = (None if one is None else str(one), None if other is None else str(other))
            yield VersionDifference("engine", name, f"the engine's {key} is {other}, and was {one}", *said)
    changed = sorted(
        each for each in old.inputs.keys() | new.inputs.keys() if old.inputs.get(each) != new.inputs.get(each)
    )
    if changed:
        yield VersionDifference("inputs", name, f"it reads another version of {_named(changed)}", None, None)


def _of_files(name: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[VersionDifference]:
    parts = (
        ("came", sorted(after.keys() - before.keys())),
        ("changed", sorted(path for path in before.keys() & after.keys() if before[path] != after[path])),
        ("is gone" if len(before.keys() - after.keys()) == 1 else "are gone", sorted(before.keys() - after.keys())),
    )
    for word, paths in parts:
        if paths:
            what = f"{paths[0]} {word}" if len(paths) == 1 else f"{plural(len(paths), 'file')} {word}: {_named(paths)}"
            yield VersionDifference("files", name, what, None, None)


def _named(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
