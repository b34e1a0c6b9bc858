"""Commits and their trees: root → a tree per schema, in parts where it is large → a leaf per dataset; and one tree of shared files."""

from __future__ import annotations

import heapq
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from andon.base.cache import Cache
from andon.base.clock import following
from andon.base.database import Database, Transaction, in_batches
from andon.base.hashing import canonical, content_id
from andon.base.lru import Lru
from andon.base.paths import first_outside
from andon.base.record import Record
from andon.errors import MachineError, UsageError
from andon.lake.kept_states import FEW, MANY, CachedStates
from andon.lake.packing import fields, pack, unpack
from andon.lake.row_texts import decompressed
from andon.lake.trees import MOST, Node, TreeParts, differing, leaves_in, node_of, part_for, tree_of
from andon.model.acceptance import Acceptance
from andon.model.commit import Cause, Commit, CommitKind, Leaf, PartTaken, State, commit_id, sorted_causes
from andon.model.release import Release

T = TypeVar("T")

# What is kept in memory: the newest commits, and leaves of trees and states (a KB each) for four lakes of 10,000 datasets.
_COMMITS = 50_000
#: So many commits of a history are read at once, at most.
_AHEAD = 500
_LEAVES = 40_000

#: `{dataset: (leaf before, leaf after)}` of what differs between two commits.
LeafChanges = Mapping[str, tuple[Leaf | None, Leaf | None]]


class Draft(Record):
    """What of a commit is chosen by who makes it; the rest follows."""

    parents: tuple[str, ...]
    kind: CommitKind
    author: str
    message: str
    time: str
    run: int | None = None
    rejected: tuple[Cause, ...] = ()
    acceptances: tuple[Acceptance, ...] = ()
    target: str | None = None
    part: PartTaken | None = None
    releases: tuple[Release, ...] = ()


class Commits:
    """Reads and writes commits. Objects never change, so what was read is kept while there is room."""

    def __init__(self, database: Database, kept: Cache | None = None) -> None:
        self._database = database
        self._kept = CachedStates(kept)
        self._commits: Lru[str, Commit] = Lru(_COMMITS, lambda c: 1 + len(c.rejected) + len(c.acceptances))
        self._trees: Lru[str, dict[str, Any]] = Lru(_LEAVES, lambda tree: 1 + len(tree))
        self._nodes: Lru[str, Node] = Lru(
            _LEAVES, lambda node: 1 + len(node.ids if isinstance(node, TreeParts) else node)
        )
        self._states: Lru[str, State] = Lru(_LEAVES, lambda state: 1 + len(state.leaves) + len(state.shared))

    def get(self, key: str) -> Commit:
        """The commit with this id.

        Raises:
            MachineError: `lake.corrupt` if it is not there.
        """
        commit = self._commits.get(key)
        if commit is None:
            rows = self._database.query("select body from lake_commit where id = ?", [key])
            if not rows:
                raise MachineError("lake.corrupt", f"commit `{key[:12]}` is not in the catalog", hint="`andon doctor`")
            commit = Commit.from_body(key, fields(unpack(rows[0][0])))
            self._commits.put(key, commit)
        return commit

    def known(self, keys: Iterable[str]) -> set[str]:
        """Which of `keys` are ids of commits that are there."""
        wanted = set(keys)
        found = self._commits.get_many(wanted).keys() & wanted
        for marks, batch in in_batches(wanted - found):
            found |= {
                key for (key,) in self._database.query(f"select id from lake_commit where id in ({marks})", batch)
            }
        return found

    def find_prefix(self, prefix: str) -> Commit | None:
        """The only commit whose id begins with `prefix`, or None.

        Raises:
            UsageError: `lake.ref_ambiguous`.
        """
        rows = self._database.query(
            "select id from lake_commit where id >= ? and id < ? order by id limit 2", [prefix, prefix + "g"]
        )
        if len(rows) > 1:
            raise UsageError(
                "lake.ref_ambiguous",
                f"more than one commit begins with `{prefix}`",
                where=prefix,
                hint=f"for example `{rows[0][0][: len(prefix) + 4]}`",
            )
        return self.get(rows[0][0]) if rows else None

    def state(self, commit: Commit) -> State:
        """What `commit` holds."""
        state = self._states.get(commit.root)
        if state is None:
            root = self._tree(commit.root)
            shared = self._tree(root["shared"]) if root["shared"] else {}
            state = self._beside(commit.root, shared)
            if state is None:
                leaves: dict[str, Leaf] = {}
                trees = self._leaves_of(root["schemas"].values())
                for schema, tree in sorted(root["schemas"].items()):
                    leaves.update({f"{schema}.{name}": leaf for name, leaf in trees[tree].items()})
                state = State(leaves, shared)
                self._kept.keep(commit.root, state)
            _require_paths(commit, state)
            self._states.put(commit.root, state)
        return state

    def _beside(self, root: str, shared: Mapping[str, str]) -> State | None:
        """What a root tree holds, by what another one at hand holds and in what the two differ; None where there is none that is near."""
        near = self._states.newest()
        if near is None or len(near[1].leaves) < FEW:
            near = self._kept.newest()
        if near is None:
            return None
        known, before = near
        try:
            changes = self._changes(known, root)
        except MachineError:
            return None  # of another lake, or collected since
        if changes is None or any(one is None or other is None for one, other in changes.values()):
            return None  # the order of leaves hangs on which there are
        leaves = {**before.leaves, **{f"{s}.{n}": after for (s, n), (_, after) in changes.items() if after is not None}}
        state = State(leaves, shared)
        if len(changes) > MANY and self._kept.newest() == near:
            self._kept.keep(root, state)
        return state

    def _changes(self, before: str, after: str) -> dict[tuple[str, str], tuple[Leaf | None, Leaf | None]] | None:
        """In what two root trees differ; None where that is too much to be told apart, or their trees are written otherwise."""
        old, new = (self._tree(root)["schemas"] for root in (before, after))
        if old.keys() != new.keys():
            return None
        differ = [schema for schema in new if old[schema] != new[schema]]
        nodes = self._objects({side[schema] for side in (old, new) for schema in differ}, self._nodes, _node)
        if any(isinstance(nodes[old[s]], TreeParts) != isinstance(nodes[new[s]], TreeParts) for s in differ):
            return None
        pairs: list[tuple[str, str | None, str | None]] = [(s, old[s], new[s]) for s in differ]
        return self._differing_leaves(pairs, None, MANY)

    def leaf(self, commit: Commit, dataset: str) -> Leaf | None:
        """One dataset of `commit`, None where it has none by this name; no tree of another schema is read."""
        schema, _, name = dataset.partition(".")
        tree: str | None = self._tree(commit.root)["schemas"].get(schema)
        depth = 0
        while tree is not None:
            node = self._objects([tree], self._nodes, _node)[tree]
            if not isinstance(node, TreeParts):
                return node.get(name)
            tree, depth = part_for(name, node, depth), depth + 1
        return None

    def changed_leaves(
        self, before: Commit | None, after: Commit, within: Transaction | None = None
    ) -> dict[str, tuple[Leaf | None, Leaf | None]]:
        """`{dataset: (leaf before, leaf after)}` where they differ; equal trees are skipped by id.

        Args:
            before: None where there was nothing.
            within: the transaction that wrote `after`; nothing of it is remembered, for it may not last.
        """
        old = self._tree(before.root, within)["schemas"] if before is not None else {}
        new = self._tree(after.root, within)["schemas"]
        pairs = [(s, old.get(s), new.get(s)) for s in old.keys() | new.keys() if old.get(s) != new.get(s)]
        changes = self._differing_leaves(pairs, within) or {}
        return {f"{schema}.{name}": pair for (schema, name), pair in sorted(changes.items(), key=lambda c: c[0])}

    def _differing_leaves(
        self,
        pairs: list[tuple[str, str | None, str | None]],
        within: Transaction | None,
        most: int | None = None,
    ) -> dict[tuple[str, str], tuple[Leaf | None, Leaf | None]] | None:
        """The leaves in which trees of schemas differ, given pairs of those; None where more than `most` pairs would have to be read."""
        changes: dict[tuple[str, str], tuple[Leaf | None, Leaf | None]] = {}
        while pairs:
            if most is not None and len(pairs) > most:
                return None
            sides = {tree for _, *both in pairs for tree in both if tree is not None}
            nodes = self._objects(sides, self._nodes, _node, within)
            deeper: list[tuple[str, str | None, str | None]] = []
            for schema, *both in pairs:
                below = differing(*(None if tree is None else nodes[tree] for tree in both))
                if below is not None:
                    deeper += [(schema, *pair) for pair in below]
                    continue
                left, right = (self._leaves_of([tree], within)[tree] if tree is not None else {} for tree in both)
                for name in left.keys() | right.keys():
                    if left.get(name) != right.get(name):
                        changes[schema, name] = left.get(name), right.get(name)
            pairs = deeper
        return changes

    def schemas(self, commit: Commit) -> Mapping[str, str]:
        """The trees of `commit`, by schema: what two commits have by one id they have alike."""
        schemas: Mapping[str, str] = self._tree(commit.root)["schemas"]
        return schemas

    def trees(self, ids: Iterable[str]) -> Iterator[tuple[str, Node]]:
        """The objects that trees of schemas are made of, each once, in the order of `ids`; none is kept in memory.

        Raises:
            MachineError: `lake.corrupt` if one is not there.
        """
        for marks, batch in in_batches(dict.fromkeys(ids)):
            rows: dict[str, bytes] = dict(
                self._database.query(f"select id, body from tree where id in ({marks})", batch)
            )
            for key in batch:
                if key not in rows:
                    raise _lost(key)
                yield key, _node(rows[key])

    def shared(self, commit: Commit) -> Mapping[str, str]:
        """The shared files of `commit`."""
        tree = self._tree(commit.root)["shared"]
        return self._tree(tree) if tree else {}

    def first_parents(self, commit: Commit) -> Iterator[Commit]:
        """`commit`, its first parent, and so on. Who goes far reads many at once."""
        yield commit
        ahead = 1
        while commit.parent is not None:
            if ahead > 1 and commit.parent not in self._commits:
                self._read_line(commit.parent, ahead)
            commit = self.get(commit.parent)
            ahead = min(ahead * 2, _AHEAD)
            yield commit

    def _read_line(self, key: str, count: int) -> None:
        """Have a commit and its first parents at hand, so many of them."""
        line = (
            "with recursive line(id, parent, body, place) as (select id, parent, body, 1 from lake_commit where id = ? union all"
            " select c.id, c.parent, c.body, l.place + 1 from line l join lake_commit c on c.id = l.parent where l.place < ?)"
            " select id, body from line"
        )
        rows = self._database.query(line, [key, count])
        # the nearest as the newest, since it is asked for next
        self._commits.put_many({own: Commit.from_body(own, fields(unpack(body))) for own, body in reversed(rows)})

    def merge_base(self, left: Commit, right: Commit) -> Commit | None:
        """The best common ancestor: walked by generation, since a plain breadth-first walk finds one that is too old."""
        marks = {left.id: 1}
        marks[right.id] = marks.get(right.id, 0) | 2
        met = {left.id: left, right.id: right}
        heap = [(-c.generation, c.id) for c in (left, right)]
        heapq.heapify(heap)
        while heap:
            _, key = heapq.heappop(heap)
            mark, commit = marks[key], met[key]
            if mark == 3:
                return commit
            for parent in commit.parents:
                before = marks.get(parent, 0)
                if before | mark != before:
                    marks[parent] = before | mark
                    if parent not in met:
                        met[parent] = self.get(parent)
                    heapq.heappush(heap, (-met[parent].generation, parent))
        return None

    def root_of(self, transaction: Transaction, state: State, after: Commit | None = None) -> str:
        """Write the trees of `state` that are not there yet; returns the root's id.

        Args:
            after: a commit that is there: trees of schemas that are as they are in it are its.
        """
        same = self._same_schemas(state, after) if after is not None else {}
        schemas: dict[str, dict[str, Leaf]] = {}
        for name, leaf in state.leaves.items():
            schema, _, last = name.partition(".")
            schemas.setdefault(schema, {})[last] = leaf
        fresh: dict[str, bytes] = {}

        def keep(value: dict[str, Any]) -> str:
            key = content_id(["tree", value])
            if key not in self._trees:
                fresh[key] = canonical(value)
            return key

        def keep_leaves(leaves: Mapping[str, Leaf]) -> str:
            key, texts = tree_of(leaves)
            fresh.update((part, text) for part, text in texts.items() if part not in self._nodes)
            return key

        root = keep(
            {
                "schemas": {
                    schema: same[schema] if schema in same else keep_leaves(leaves)
                    for schema, leaves in schemas.items()
                },
                "shared": keep(dict(state.shared)) if state.shared else None,
            }
        )
        if len(fresh) > MOST:  # of what is not at hand most may be there
            for marks, batch in in_batches(list(fresh)):
                for (key,) in transaction.query(f"select id from tree where id in ({marks})", batch):
                    del fresh[key]
        transaction.execute_many(
            "insert into tree (id, body) values (?, ?) on conflict (id) do nothing",
            [(key, zlib.compress(text, 1)) for key, text in fresh.items()],
        )
        return root

    def _same_schemas(self, state: State, commit: Commit) -> dict[str, str]:
        """The trees of those schemas of `state` that `commit` has alike, where its leaves are at hand."""
        known = self._states.get(commit.root)
        if known is None:
            return {}
        old, new = known.leaves, state.leaves
        moved = {name for name, leaf in new.items() if (was := old.get(name)) is not leaf and was != leaf}
        others = {name.partition(".")[0] for name in (*moved, *(old.keys() - new.keys()))}
        alike = {s: tree for s, tree in self._tree(commit.root)["schemas"].items() if s not in others}
        nodes = self._objects(alike.values(), self._nodes, _node)
        # a large one that was written as one row before trees had parts has another id than its leaves have now
        return {
            schema: tree
            for schema, tree in alike.items()
            if isinstance(nodes[tree], TreeParts) or len(leaves_in(tree, nodes)) <= MOST
        }

    def write(self, transaction: Transaction, draft: Draft, root: str, next_after: str | None = None) -> Commit:
        """Write the commit that `draft` and the tree `root` make; `next_after` as of `following`."""
        parents = [self.get(p) for p in draft.parents]
        generation = 1 + max((p.generation for p in parents), default=0)
        time = draft.time
        for parent in parents:
            time = following(time, parent.time, next_after)
        commit = Commit(
            id="",
            parents=draft.parents,
            generation=generation,
            root=root,
            kind=draft.kind,
            author=draft.author,
            message=draft.message,
            time=time,
            run=draft.run,
            rejected=sorted_causes(draft.rejected),
            acceptances=draft.acceptances,
            target=draft.target,
            part=draft.part,
            releases=draft.releases,
        )
        body = commit.body()
        key = commit_id(body)
        transaction.execute(
            "insert into lake_commit (id, parent, generation, kind, run, time, body) values (?, ?, ?, ?, ?, ?, ?)"
            " on conflict (id) do nothing",
            [key, commit.parent, generation, str(draft.kind), draft.run, time, pack(body)],
        )
        return Commit.from_body(key, body)

    def _tree(self, key: str, within: Transaction | None = None) -> dict[str, Any]:
        return self._objects([key], self._trees, _fields, within)[key]

    def _leaves_of(self, keys: Iterable[str], within: Transaction | None = None) -> dict[str, dict[str, Leaf]]:
        """Trees of schemas by id, all of `keys`, whole."""
        wanted = set(keys)
        nodes: dict[str, Node] = {}
        waiting = wanted
        while waiting:
            found = self._objects(waiting, self._nodes, _node, within)
            nodes |= found
            below = {part for node in found.values() if isinstance(node, TreeParts) for part in node.held}
            waiting = below - nodes.keys()
        return {key: leaves_in(key, nodes) for key in wanted}

    def _objects(
        self,
        keys: Iterable[str],
        kept: Lru[str, T],
        read_one: Callable[[bytes], T],
        within: Transaction | None = None,
    ) -> dict[str, T]:
        wanted = set(keys)
        found = kept.get_many(wanted)
        read: dict[str, T] = {}
        for marks, batch in in_batches(wanted - found.keys()):
            for key, body in (within or self._database).query(
                f"select id, body from tree where id in ({marks})", batch
            ):
                read[key] = read_one(body)
        if within is None:
            kept.put_many(read)
        found |= read
        if len(found) < len(wanted):
            raise _lost(min(wanted - found.keys()))
        return found


def _lost(tree: str) -> MachineError:
    return MachineError("lake.corrupt", f"tree `{tree[:12]}` is not in the catalog", hint="`andon doctor`")


def _fields(body: bytes) -> dict[str, Any]:
    return fields(unpack(body))


def _node(body: bytes) -> Node:
    return node_of(decompressed(body))


def _require_paths(commit: Commit, state: State) -> None:
    """Refuse a state that names files outside of a project: what is brought into folders is written there.

    Raises:
        MachineError: `lake.corrupt`.
    """
    bad = first_outside(state.files())
    if bad is not None:
        raise MachineError(
            "lake.corrupt",
            f"commit {commit.id[:8]} names the file `{bad!r}`, which is no path inside a project",
            hint="nothing of it is used; `andon log` shows who wrote it",
        )
