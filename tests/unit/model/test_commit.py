"""Commits as values: their ids, their order of causes, and which acceptances still count."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.base.document import from_json, to_json
from andon.model.acceptance import Acceptance
from andon.model.commit import Cause, Commit, CommitKind, Leaf, State, commit_id, in_force, sorted_causes

texts = st.text(max_size=6)
causes = st.builds(Cause, texts, st.none() | texts, st.none() | texts)
acceptances = st.builds(Acceptance, *[texts] * 5, st.none() | st.integers(1, 99), texts, texts, texts)
commits = st.builds(
    Commit,
    id=st.just(""),
    parents=st.lists(texts, max_size=2).map(tuple),
    generation=st.integers(1, 10**6),
    root=texts,
    kind=st.sampled_from(CommitKind),
    author=texts,
    message=texts,
    time=texts,
    run=st.none() | st.integers(1, 99),
    rejected=st.lists(causes, max_size=3).map(tuple),
    acceptances=st.lists(acceptances, max_size=2).map(tuple),
    target=st.none() | texts,
)
leaves = st.builds(Leaf, *[texts] * 6, st.lists(st.tuples(texts, texts), max_size=3).map(tuple))


@given(commits)
def test_a_commit_is_its_body(commit: Commit) -> None:
    assert Commit.from_body("", commit.body()) == commit


@given(commits, commits)
def test_another_body_is_another_id(one: Commit, other: Commit) -> None:
    assert (commit_id(one.body()) == commit_id(other.body())) == (one == other)


@given(leaves)
def test_a_leaf_is_its_document(leaf: Leaf) -> None:
    assert from_json(Leaf, to_json(leaf)) == leaf


@given(st.lists(causes, max_size=8), st.randoms())
def test_causes_have_one_order(given_: list[Cause], chance: random.Random) -> None:
    found = sorted_causes(given_)
    again = [*given_, *given_]
    chance.shuffle(again)
    assert set(found) == set(given_)
    assert len(found) == len(set(given_))
    keys = [(c.source or "", c.path, c.content or "") for c in found]
    assert keys == sorted(keys)
    assert [(c.source or "", c.path, c.content or "") for c in sorted_causes(again)] == keys


def test_causes_of_code_come_before_those_of_raw_files() -> None:
    raw, gone, code = Cause("a.csv", "1", "s.a"), Cause("b.sql", None), Cause("b.sql", "1")
    assert sorted_causes([raw, code, gone, code]) == (gone, code, raw)


def leaf(version: str) -> Leaf:
    return Leaf("sql", "table", "d", "k", "b", version)


def accepted(dataset: str, version: str, subject: str = "s", reason: str = "") -> Acceptance:
    return Acceptance(subject, "check", dataset, "n > 0", version, 1, "ana", reason, "at")


def test_an_acceptance_counts_while_its_version_is_there() -> None:
    state = State({"a.x": leaf("v1"), "a.y": leaf("v2")})
    here, old, gone = accepted("a.x", "v1", "1"), accepted("a.y", "v1", "2"), accepted("b.z", "v1", "3")
    assert in_force([here, old, gone], state) == (here,)
    assert in_force([here], State()) == ()


def test_of_two_acceptances_of_one_subject_the_later_counts() -> None:
    first, second = accepted("a.x", "v1", reason="June"), accepted("a.x", "v1", reason="July")
    other = accepted("a.x", "v1", "other")
    assert in_force([first, other, second], State({"a.x": leaf("v1")})) == (second, other)


@pytest.mark.parametrize(("parents", "parent"), [((), None), (("a",), "a"), (("a", "b"), "a")])
def test_the_first_parent_is_the_branch_itself(parents: tuple[str, ...], parent: str | None) -> None:
    assert Commit("c", parents, 1, "r", CommitKind.CHANGE, "ana", "m", "t").parent == parent


def test_files_of_a_state_are_those_of_leaves_and_the_shared_ones() -> None:
    own = Leaf("sql", "table", "d", "k", "b", "v", (("a.sql", "1"), ("a.lock.txt", "2")))
    assert State({"a.x": own}, {"macros/m.sql": "3"}).files() == {"a.sql": "1", "a.lock.txt": "2", "macros/m.sql": "3"}
