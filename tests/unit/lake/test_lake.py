"""The lake on a real SQLite file: commits, refs, history, undo decisions."""

import pytest

from andon.errors import ConflictError, MachineError, UsageError
from andon.lake.commits import Draft
from andon.lake.lake import Lake
from andon.lake.refs import RefMove
from andon.lake.undo import RedoChoice, redo_target, undo_target
from andon.model.commit import Cause, CommitKind, State
from kit.lake_objects import leaf, publish


def test_a_commit_holds_what_was_put_into_it(lake):
    commit = publish(lake, {"a.x": leaf("one"), "b.y": leaf("two")})
    fresh = Lake(lake.database, lake.storage, lake.clock)
    state = fresh.commits.state(fresh.refs.resolve("main"))
    assert state.leaves == {"a.x": leaf("one"), "b.y": leaf("two")}
    assert fresh.commits.get(commit.id) == commit
    assert commit.generation == 2


def test_names_of_commits(lake):
    first = publish(lake, {"a.x": leaf("1")})
    second = publish(lake, {"a.x": leaf("2")})
    assert lake.refs.resolve("main") == second
    assert lake.refs.resolve("main~1") == first
    assert lake.refs.resolve(second.id[:9]) == second
    assert lake.refs.resolve(f"main@{first.time}") != second
    lake.move(RefMove("v1", "tag", None, "tag"), first.id, "ana")
    assert lake.refs.resolve("v1") == first
    with pytest.raises(UsageError, match="goes back further"):
        lake.refs.resolve("main~9")
    with pytest.raises(UsageError) as caught:
        lake.refs.resolve("mian")
    assert "main" in caught.value.hint
    with pytest.raises(UsageError, match="before the beginning"):
        lake.refs.resolve("main@2020-01-01")


def test_a_time_names_what_readers_saw(lake):
    first = publish(lake, {"a.x": leaf("1")})
    moved = lake.refs.reflog("main")[0]
    second = publish(lake, {"a.x": leaf("2")})
    assert moved.new == first.id
    assert lake.refs.resolve(f"main@{moved.at}") == first
    assert lake.refs.resolve("main@2026-11-01") == second


def test_a_moved_ref_is_a_conflict_and_nothing_is_left(lake):
    head = lake.refs.resolve("main")
    publish(lake, {"a.x": leaf("1")})
    draft = Draft((head.id,), CommitKind.CHANGE, "ben", "late", "2026-11-01T00:00:00.000000Z")
    moves = [RefMove("run:1", "run", None, "run"), RefMove("main", "branch", head.id, "change")]
    with pytest.raises(ConflictError):
        lake.commit(draft, State({"a.x": leaf("9")}), moves)
    assert lake.refs.find("run:1") is None
    assert lake.database.query("select count(*) from lake_commit where kind = 'change'") == [(1,)]


def test_a_request_that_is_asked_again_answers_with_what_it_did(lake):
    head = lake.refs.resolve("main")
    draft = Draft((head.id,), CommitKind.CHANGE, "ana", "once", "2026-11-01T00:00:00.000000Z")
    moves = [RefMove("main", "branch", head.id, "change")]
    first = lake.commit(draft, State({"a.x": leaf("1")}), moves, request="r1")
    again = lake.commit(draft, State({"a.x": leaf("1")}), moves, request="r1")
    assert first == again
    assert len(lake.refs.reflog("main")) == 2


def test_only_changed_trees_are_compared(lake):
    first = publish(lake, {"a.x": leaf("1"), "b.y": leaf("1")})
    second = publish(lake, {"a.x": leaf("2"), "b.y": leaf("1")})
    third = publish(lake, {"a.x": leaf("2")})
    assert lake.commits.changed_leaves(first, second) == {"a.x": (leaf("1"), leaf("2"))}
    assert lake.commits.changed_leaves(second, third) == {"b.y": (leaf("1"), None)}


def test_a_newer_format_is_refused_by_name(lake):
    with lake.database.write() as transaction:
        transaction.execute("update format set number = 99 where component = 'lake'")
    with pytest.raises(MachineError) as caught:
        Lake.open(lake.database, lake.storage, lake.clock, "ana")
    assert caught.value.code == "lake.format"
    assert "99" in caught.value.message


def history(lake):
    return lake.commits.first_parents(lake.refs.resolve("main"))


def test_undo_and_redo_targets_go_back_and_forth(lake):
    one = publish(lake, {"a.x": leaf("1")})
    two = publish(lake, {"a.x": leaf("2")})
    assert undo_target(history(lake)) == two
    undo_two = publish(lake, {"a.x": leaf("1")}, CommitKind.UNDO, target=two.id)
    assert undo_target(history(lake)) == one
    undo_one = publish(lake, {}, CommitKind.UNDO, target=one.id)
    assert undo_target(history(lake)) is None
    assert redo_target(history(lake)).undo == undo_one
    publish(lake, {"a.x": leaf("1")}, CommitKind.REDO, target=undo_one.id)
    assert redo_target(history(lake)) == RedoChoice(undo_two, since=())  # the redo of a later undo bars nothing
    redo_two = publish(lake, {"a.x": leaf("2")}, CommitKind.REDO, target=undo_two.id)
    assert redo_target(history(lake)) is None
    assert undo_target(history(lake)) == redo_two


def test_causes_survive_storage(lake):
    cause = Cause("raw/june.csv", None, "shop.orders")
    commit = publish(lake, {}, rejected=(cause,))
    assert Lake(lake.database, lake.storage, lake.clock).commits.get(commit.id).rejected == (cause,)


def test_merge_base_is_the_newest_common_commit(lake):
    publish(lake, {"a.x": leaf("1")})
    parted = publish(lake, {"a.x": leaf("2")})
    lake.move(RefMove("dev", "branch", None, "branch"), parted.id, "ana")
    publish(lake, {"a.x": leaf("2"), "a.y": leaf("1")}, branch="dev")
    publish(lake, {"a.x": leaf("3")})
    assert lake.commits.merge_base(lake.refs.resolve("main"), lake.refs.resolve("dev")) == parted
