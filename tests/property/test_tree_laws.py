"""Trees of schemas: whatever was written, in whatever order and by whichever version, is read as it was; a commit writes what changed."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from andon.base.cache import MemoryCache
from andon.base.database import Transaction
from andon.base.sqlite import SqliteDatabase
from andon.errors import MachineError
from andon.lake import commits as commits_module
from andon.lake import kept_states, trees
from andon.lake.commits import Commits
from andon.lake.lake import Lake
from andon.lake.local_storage import LocalStorage
from andon.lake.packing import leaves_id, leaves_text
from andon.model.commit import Commit, Leaf, State
from kit.lake_objects import draft, leaf, ticking

STATES = st.dictionaries(
    st.builds("{}.d{}".format, st.sampled_from("ab"), st.integers(0, 200)),
    st.sampled_from("123"),
    max_size=150,
)


class Old(Commits):
    """Writes the trees of schemas as versions did that had no parts."""

    def root_of(self, transaction: Transaction, state: State, after: Commit | None = None) -> str:
        most, trees.MOST = trees.MOST, 1_000_000
        try:
            return super().root_of(transaction, state, after)
        finally:
            trees.MOST = most


def opened(folder: str) -> Lake:
    return Lake.open(SqliteDatabase(Path(folder) / "catalog.db"), LocalStorage(Path(folder) / "lake"), ticking(), "ana")


def written(lake: Lake, leaves: dict[str, Leaf], commits: Commits | None = None) -> Commit:
    with lake.database.write() as transaction:
        by = commits or Commits(lake.database)
        root = by.root_of(transaction, State(leaves))
        return by.write(transaction, draft(message=f"{len(leaves)}"), root)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(STATES, st.booleans()), min_size=2, max_size=3))
def test_what_was_written_is_read_and_what_differs_is_told(asked: list[tuple[dict[str, str], bool]]):
    with tempfile.TemporaryDirectory() as folder:
        lake = opened(folder)
        made = []
        for texts, is_old in asked:
            leaves = {name: leaf(text) for name, text in texts.items()}
            made.append((leaves, written(lake, leaves, Old(lake.database) if is_old else None)))
        for leaves, commit in made:
            fresh = Commits(lake.database)
            assert dict(fresh.state(commit).leaves) == leaves
            names = [*leaves, "a.d999"]
            assert {name: fresh.leaf(commit, name) for name in names} == {name: leaves.get(name) for name in names}
        for before, one in made:
            for after, two in made:
                names = sorted(before.keys() | after.keys(), key=lambda name: name.split("."))
                differ = {n: (before.get(n), after.get(n)) for n in names if before.get(n) != after.get(n)}
                told = Commits(lake.database).changed_leaves(one, two)
                assert list(told.items()) == list(differ.items())
        lake.database.close()


@settings(max_examples=40, deadline=None)
@given(STATES, STATES, st.lists(st.sets(st.integers(0, 149), max_size=9), min_size=1, max_size=3), st.booleans())
def test_a_state_is_the_same_whichever_was_kept(first, other, edits, is_old):
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept_states, "FEW", 1)
        patch.setattr(commits_module, "FEW", 1)
        patch.setattr(commits_module, "MANY", 5)
        lake, cache = opened(folder), MemoryCache()
        made = [{name: leaf(text) for name, text in first.items()}]
        for edited in edits:
            made.append({n: leaf("4") if place in edited else each for place, (n, each) in enumerate(made[-1].items())})
        made.append({name: leaf(text) for name, text in other.items()})
        old = Old(lake.database) if is_old else None
        commits = [written(lake, leaves, old if place % 2 else None) for place, leaves in enumerate(made)]
        one = Commits(lake.database, cache)
        for commit in (*commits, *reversed(commits), commits[0], commits[-1]):
            whole = Commits(lake.database).state(commit)
            for reader in (one, Commits(lake.database, cache)):
                assert reader.state(commit) == whole
                if not is_old:  # the order of which is that of their names
                    assert list(reader.state(commit).leaves) == list(whole.leaves)
        lake.database.close()


@settings(max_examples=40, deadline=None)
@given(STATES, STATES, st.sets(st.integers(0, 149), max_size=4), st.booleans())
def test_trees_after_a_commit_are_those_of_the_leaves_alone(first, other, edited, is_old):
    with tempfile.TemporaryDirectory() as folder:
        lake = opened(folder)
        before = {name: leaf(text) for name, text in first.items()}
        near = {name: leaf("4") if place in edited else each for place, (name, each) in enumerate(before.items())}
        commit = written(lake, before, Old(lake.database) if is_old else None)
        for leaves in (near, {name: leaf(text) for name, text in other.items()}, before, {}):
            commits = Commits(lake.database)
            commits.state(commit)
            with lake.database.write() as transaction:
                found = commits.root_of(transaction, State(leaves), commit)
                assert found == Commits(lake.database).root_of(transaction, State(leaves))
        lake.database.close()


@settings(max_examples=30, deadline=None)
@given(STATES, st.randoms(use_true_random=False))
def test_the_same_leaves_are_the_same_tree(texts: dict[str, str], chance):
    names = list(texts)
    chance.shuffle(names)
    leaves = {name.replace(".", "_"): leaf(texts[name]) for name in names}
    assert trees.tree_of(leaves) == trees.tree_of(dict(sorted(leaves.items())))
    found = {key: trees.node_of(text) for key, text in trees.tree_of(leaves)[1].items()}
    assert trees.leaves_in(trees.tree_of(leaves)[0], found) == leaves
    assert all(leaves_id(text) == key for key, text in trees.tree_of(leaves)[1].items())


def test_one_change_writes_a_little_however_many_datasets_there_are():
    costs = {}
    for count in (100, 1_000, 10_000):
        leaves = {f"d{number}": leaf(str(number)) for number in range(count)}
        before = trees.tree_of(leaves)[1]
        after = trees.tree_of({**leaves, "d7": leaf("other")})[1]
        fresh = [text for key, text in after.items() if key not in before]
        costs[count] = sum(map(len, fresh))
    whole = len(leaves_text(leaves))
    assert costs[10_000] < 4 * costs[100]
    assert costs[10_000] < whole / 100


def test_a_tree_whose_part_is_lost_or_damaged_is_told():
    with tempfile.TemporaryDirectory() as folder:
        lake = opened(folder)
        commit = written(lake, {f"a.d{number}": leaf("1") for number in range(200)})
        keys = {key for key, _ in Commits(lake.database).trees(Commits(lake.database).schemas(commit).values())}
        (whole,) = [node for _, node in Commits(lake.database).trees(keys)]
        assert isinstance(whole, trees.TreeParts)
        lost = whole.held[3]
        with lake.database.write() as transaction:
            transaction.execute("delete from tree where id = ?", [lost])
        with pytest.raises(MachineError, match=f"tree `{lost[:12]}` is not in the catalog"):
            Commits(lake.database).state(commit)
        with pytest.raises(MachineError, match="is not in the catalog"):
            list(Commits(lake.database).trees(whole.held))
        for damaged in (b'{"/":[]}', b'{"/":1}', b'{"/":'):
            with pytest.raises(MachineError) as told:
                trees.node_of(damaged)
            assert told.value.code == "lake.corrupt"
        lake.database.close()
