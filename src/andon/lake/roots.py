"""What must be kept of a lake: the one place that tells which versions anything needs, and why.

Needed is what heads of branches and tags show, whatever their age; what a branch showed within the time that its datasets are kept; what
the next undo and the next redo of a branch bring back; what refs of runs show until they expire; what others name (`RootPin`: runs in
progress, insights); and what views among these read. Processes that read are no roots: they hold what is closed later (`leases.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from andon.base.database import in_batches
from andon.base.record import Record, field
from andon.lake.list_parts import without_lists
from andon.lake.packing import trace_of
from andon.lake.trees import TreeParts
from andon.lake.undo import redo_target, undo_target

if TYPE_CHECKING:
    from andon.lake.lake import Lake
    from andon.model.commit import Commit, Leaf

#: Since when a version of a dataset, made by a definition, must have been shown to be kept: an ISO text; empty is for ever.
Cutoff = Callable[[str, str], str]

_ALWAYS = "9999"


class RootPin(Record):
    """What somebody needs beside refs: a commit, or only some of its datasets.

    Attributes:
        why: in words: `run:41 goes on from it`.
        datasets: None for all.
    """

    commit: str
    why: str
    datasets: frozenset[str] | None = None


class Roots(Record):
    """What a lake needs.

    Attributes:
        needed: why each version is kept, by its id; of several reasons the strongest.
        shown: of other versions until when a branch showed them (ISO text); none for those that no branch ever showed.
    """

    needed: Mapping[str, str] = field(default_factory=dict)
    shown: Mapping[str, str] = field(default_factory=dict)


def roots(lake: Lake, cutoffs: Callable[[Commit], Cutoff], runs_since: str, pins: Iterable[RootPin] = ()) -> Roots:
    """What must be kept. All of the history is read, each tree once.

    Args:
        cutoffs: gives, by the head of a branch, how long its datasets are kept.
        runs_since: refs of runs that are older than this (ISO text) have expired.
        pins: what others need.

    Raises:
        MachineError: `lake.corrupt` where what must be known can't be read: then nothing is known.
    """
    found = _Found()
    commits, refs = lake.commits, lake.refs
    branches = refs.of_kind("branch")
    for ref in branches:
        found.whole(lake, commits.get(ref.commit), f"{ref.name} shows it")
    for ref in refs.of_kind("tag"):
        found.whole(lake, commits.get(ref.commit), f"the tag {ref.name} shows it")
    found.read(lake)
    for ref in branches:
        head = commits.get(ref.commit)
        _undone(lake, found, head, ref.name)
        _history(lake, found, head, ref.name, cutoffs(head))
    for ref in refs.of_kind("run"):
        if ref.updated >= runs_since:
            found.whole(lake, commits.get(ref.commit), f"{ref.name} shows it")
    for pin in pins:
        if pin.datasets is None:
            found.whole(lake, commits.get(pin.commit), pin.why)
        else:
            commit = commits.get(pin.commit)
            for name in pin.datasets:
                found.keep(commits.leaf(commit, name), pin.why)
    found.read(lake)
    _below(lake, found)
    return Roots(found.needed, {v: until for v, until in found.shown.items() if v not in found.needed})


class _Found:
    def __init__(self) -> None:
        self.needed: dict[str, str] = {}
        self.shown: dict[str, str] = {}
        self._trees: dict[str, str] = {}
        self._read: set[str] = set()

    def keep(self, leaf: Leaf | None, why: str) -> None:
        if leaf is not None:
            self.needed.setdefault(leaf.version, why)

    def whole(self, lake: Lake, commit: Commit, why: str) -> None:
        """All that a commit shows; what several have alike is read once."""
        for tree in lake.commits.schemas(commit).values():
            self._trees.setdefault(tree, why)

    def read(self, lake: Lake) -> None:
        """Keep what `whole` was told."""
        by_reason: dict[str, set[str]] = {}
        for tree, why in self._trees.items():
            by_reason.setdefault(why, set()).add(tree)
        for why, trees in by_reason.items():
            while trees := trees - self._read:
                self._read |= trees
                below: set[str] = set()
                for _, node in lake.commits.trees(trees):
                    if isinstance(node, TreeParts):
                        below.update(node.held)
                        continue
                    for leaf in node.values():
                        self.keep(leaf, why)
                trees = below


def _undone(lake: Lake, found: _Found, head: Commit, branch: str) -> None:
    """What undo and redo bring again."""
    commits = lake.commits
    target = undo_target(commits.first_parents(head))
    if target is not None and target.parent is not None:
        for before, _ in commits.changed_leaves(commits.get(target.parent), target).values():
            found.keep(before, f"an undo on {branch} brings it back")
    choice = redo_target(commits.first_parents(head))
    if choice is not None and choice.undo.parent is not None:
        for before, _ in commits.changed_leaves(commits.get(choice.undo.parent), choice.undo).values():
            found.keep(before, f"a redo on {branch} brings it back")


def _history(lake: Lake, found: _Found, head: Commit, branch: str, cutoff: Cutoff) -> None:
    """What a branch showed, each tree until the moment at which another one took its place."""
    until: dict[tuple[str, str], str] = {}
    for commit, end in _shown(lake, head, branch):
        for key in lake.commits.schemas(commit).items():
            until[key] = max(until.get(key, ""), end)
    since: dict[tuple[str, str], str] = {}
    why = f"{branch} showed it within the time that it is kept"
    while until:
        below: dict[tuple[str, str], str] = {}
        schemas: dict[str, list[str]] = {}
        for schema, tree in until:
            schemas.setdefault(tree, []).append(schema)
        for tree, node in lake.commits.trees(schemas):
            for schema in schemas[tree]:
                end = until[schema, tree]
                if isinstance(node, TreeParts):
                    for part in node.held:
                        below[schema, part] = max(below.get((schema, part), ""), end)
                    continue
                for name, leaf in node.items():
                    key = f"{schema}.{name}", leaf.definition
                    if key not in since:
                        since[key] = cutoff(*key)
                    if end > since[key]:
                        found.keep(leaf, why)
                    found.shown[leaf.version] = max(found.shown.get(leaf.version, ""), end)
        until = below


def _shown(lake: Lake, head: Commit, branch: str) -> Iterable[tuple[Commit, str]]:
    """The commits that a branch showed, each with the time of the next one: by its line of first parents, and by the moves of its name."""
    end = _ALWAYS
    line = set()
    for commit in lake.commits.first_parents(head):
        line.add(commit.id)
        yield commit, end
        end = commit.time
    sql = "select new, at from reflog where ref = ? order by seq desc"
    end = _ALWAYS
    for new, at in lake.database.query(sql, [branch]):
        if new is None:
            return  # another branch had the name
        if new not in line:
            yield lake.commits.get(new), end
        end = at


def _below(lake: Lake, found: _Found) -> None:
    """What views among the needed read."""
    waiting, met = set(found.needed), set(found.needed)
    while waiting:
        below: dict[str, str] = {}
        views = set()
        for marks, batch in in_batches(waiting):
            views |= {
                str(id)
                for (id,) in lake.database.query(f"select id from version where is_view = 1 and id in ({marks})", batch)
            }
        for marks, batch in in_batches(views):
            sql = f"select key, dataset, created, body from build where superseded = 0 and key in ({marks})"
            for key, dataset, created, body in lake.database.query(sql, batch):
                why = found.needed[key]
                below.update(
                    {
                        each: why if "reads it" in why else f"the view {dataset} reads it: {why}"
                        for each in trace_of(created, without_lists(body)).inputs.values()
                    }
                )
        for version, why in below.items():
            found.needed.setdefault(version, why)
        waiting = below.keys() - met
        met |= waiting
