"""Commits and trees: what is stored once, what differs, where histories meet; the same with hardly any memory."""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping

import pytest

from andon.errors import MachineError, UsageError
from andon.lake import commits as module
from andon.lake.commits import Commits
from andon.lake.lake import Lake
from andon.lake.refs import RefMove
from andon.model.acceptance import Acceptance
from andon.model.commit import Cause, Commit, CommitKind, State
from kit.lake_objects import draft, leaf, publish


def fresh(lake: Lake) -> Commits:
    return Commits(lake.database)


def write(lake: Lake, *parents: Commit, message: str = "m", leaves: Mapping[str, object] | None = None) -> Commit:
    """A commit that no ref names."""
    content = State(leaves or {})  # type: ignore[arg-type]
    return lake.commit(draft(*parents, message=message), content, [])


def trees(lake: Lake) -> int:
    return int(lake.database.query("select count(*) from tree")[0][0])


def test_a_commit_comes_back_as_it_was_written(lake: Lake) -> None:
    head = lake.refs.resolve("main")
    causes = (Cause("b.sql", "2"), Cause("a.csv", None, "s.a"), Cause("a.sql", "1"), Cause("b.sql", "2"))
    accepted = Acceptance("subject", "check", "a.x", "n > 0", "version-1", 3, "ana", "it is June", "at")
    chosen = draft(
        head, kind=CommitKind.UNDO, run=7, rejected=causes, acceptances=(accepted,), target=head.id, message="ä ✓"
    )
    commit = lake.commit(chosen, State({"a.x": leaf("1")}), [])
    assert fresh(lake).get(commit.id) == commit
    assert commit.rejected == (Cause("a.sql", "1"), Cause("b.sql", "2"), Cause("a.csv", None, "s.a"))
    assert (commit.run, commit.acceptances, commit.target, commit.kind) == (7, (accepted,), head.id, "undo")


def test_the_same_content_has_the_same_id(lake: Lake) -> None:
    head = lake.refs.resolve("main")
    one, two = (write(lake, head, leaves={"a.x": leaf("1")}) for _ in range(2))
    other = write(lake, head, leaves={"a.x": leaf("2")})
    assert one == two
    assert one.id != other.id
    assert lake.database.query("select count(*) from lake_commit") == [(3,)]


def test_a_generation_is_one_more_than_the_largest_before(lake: Lake) -> None:
    root = lake.refs.resolve("main")
    left = write(lake, write(lake, root, message="1"), message="2")
    merged = write(lake, root, left, message="merged")
    assert [root.generation, left.generation, merged.generation] == [1, 3, 4]


def test_a_tree_is_stored_once(lake: Lake) -> None:
    leaves = {"a.x": leaf("1"), "a.y": leaf("1"), "b.z": leaf("1")}
    publish(lake, leaves)
    before = trees(lake)
    publish(lake, leaves | {"b.z": leaf("2")})
    assert trees(lake) == before + 2  # the root, and the schema that changed
    publish(lake, leaves)
    assert trees(lake) == before + 2
    publish(lake, leaves, shared={"macros/m.sql": "s1"})
    assert trees(lake) == before + 4


def test_shared_files_are_part_of_the_state(lake: Lake) -> None:
    commit = publish(lake, {"a.x": leaf("1")}, shared={"macros/m.sql": "s1"})
    bare = publish(lake, {"a.x": leaf("1")})
    commits = fresh(lake)
    assert commits.shared(commit) == commits.state(commit).shared == {"macros/m.sql": "s1"}
    assert commits.state(commit).files() == {"macros/m.sql": "s1", "1.sql": "s"}
    assert commits.shared(bare) == commits.state(bare).shared == {}
    assert commits.changed_leaves(commit, bare) == {}


def test_what_differs_is_told_for_schemas_that_come_and_go(lake: Lake) -> None:
    before = publish(lake, {"a.x": leaf("1"), "b.x": leaf("1"), "c.x": leaf("1")})
    after = publish(lake, {"b.x": leaf("1"), "b.y": leaf("1"), "c.x": leaf("2"), "d.x": leaf("1")})
    assert fresh(lake).changed_leaves(before, after) == {
        "a.x": (leaf("1"), None),
        "b.y": (None, leaf("1")),
        "c.x": (leaf("1"), leaf("2")),
        "d.x": (None, leaf("1")),
    }
    assert fresh(lake).changed_leaves(after, after) == {}


def test_what_differs_is_what_two_states_differ_in(lake: Lake) -> None:
    chance = random.Random(5)
    names = [f"{schema}.{name}" for schema in "abc" for name in "xyz"]
    made = [publish(lake, {n: leaf(chance.choice("12")) for n in names if chance.random() < 0.6}) for _ in range(8)]
    commits = fresh(lake)
    for one in made:
        for other in made:
            old, new = commits.state(one).leaves, commits.state(other).leaves
            expected = {n: (old.get(n), new.get(n)) for n in names if old.get(n) != new.get(n)}
            assert commits.changed_leaves(one, other) == expected


def test_a_long_history_is_walked_commit_by_commit(lake: Lake) -> None:
    made = [lake.refs.resolve("main")]
    for number in range(40):
        made.append(write(lake, made[-1], *made[:1] if number % 7 == 3 else (), message=str(number)))
    reader = fresh(lake)
    assert list(reader.first_parents(made[-1])) == made[::-1]
    assert list(reader.first_parents(made[25])) == made[25::-1]
    some = fresh(lake)
    assert some.get(made[20].id) == made[20]
    assert list(some.first_parents(made[-1])) == made[::-1], "of which one was known"


def test_first_parents_go_back_to_the_beginning(lake: Lake) -> None:
    root = lake.refs.resolve("main")
    one = write(lake, root, message="1")
    aside = write(lake, root, message="aside")
    merged = write(lake, one, aside, message="merged")
    assert list(fresh(lake).first_parents(merged)) == [merged, one, root]


def test_the_beginning_of_an_id(lake: Lake) -> None:
    root = lake.refs.resolve("main")
    made = [write(lake, root, message=str(number)) for number in range(40)]
    first = made[0]
    assert lake.commits.find_prefix(first.id[:12]) == first
    assert lake.commits.find_prefix("0" * 12) is None
    # among 41 ids two begin with the same of 16 digits
    digits = [commit.id[0] for commit in (root, *made)]
    twice = next(digit for digit in digits if digits.count(digit) > 1)
    with pytest.raises(UsageError) as caught:
        lake.commits.find_prefix(twice)
    assert caught.value.code == "lake.ref_ambiguous"


def test_what_is_lost_is_told(lake: Lake) -> None:
    commit = publish(lake, {"a.x": leaf("1"), "b.x": leaf("2")})
    with lake.database.write() as transaction:
        transaction.execute("delete from tree where id <> ?", [commit.root])
    with pytest.raises(MachineError) as caught:
        fresh(lake).state(commit)
    assert (caught.value.code, caught.value.message[:6]) == ("lake.corrupt", "tree `")
    with pytest.raises(MachineError, match="commit `ffff"):
        fresh(lake).get("ffff")


def ancestors(lake: Lake, commit: Commit) -> set[str]:
    found, waiting = set[str](), [commit.id]
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting += lake.commits.get(key).parents
    return found


def test_where_histories_meet(lake: Lake) -> None:
    """In histories by chance: an ancestor of both, and none of a later generation is."""
    chance = random.Random(11)
    made = [lake.refs.resolve("main")]
    for number in range(40):
        parents = chance.sample(made[-6:], min(len(made), chance.choice((1, 1, 2))))
        made.append(write(lake, *parents, message=str(number)))
    for _ in range(120):
        left, right = chance.choice(made), chance.choice(made)
        base = lake.commits.merge_base(left, right)
        both = ancestors(lake, left) & ancestors(lake, right)
        assert base is not None
        assert base.id in both
        assert base.generation == max(lake.commits.get(key).generation for key in both)


def test_strangers_do_not_meet(lake: Lake) -> None:
    other = write(lake, message="another beginning")
    assert lake.commits.merge_base(lake.refs.resolve("main"), other) is None


def test_a_branch_and_its_own_past_meet_there(lake: Lake) -> None:
    old = publish(lake, {"a.x": leaf("1")})
    new = publish(lake, {"a.x": leaf("2")})
    assert lake.commits.merge_base(old, new) == lake.commits.merge_base(new, old) == old
    assert lake.commits.merge_base(new, new) == new


def test_with_hardly_any_memory_all_is_read_again(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept in memory is never what an answer depends on."""
    made = [publish(lake, {f"s{n}.x": leaf(str(n)) for n in range(number)}) for number in range(12)]
    roomy = fresh(lake)
    monkeypatch.setattr(module, "_LEAVES", 3)
    monkeypatch.setattr(module, "_COMMITS", 2)
    narrow = fresh(lake)
    for number, commit in enumerate(made):
        assert len(narrow.state(commit).leaves) == number
        assert narrow.changed_leaves(made[0], commit) == roomy.changed_leaves(made[0], commit)
    assert list(narrow.first_parents(made[-1])) == list(roomy.first_parents(made[-1]))
    # trees that fell out of memory are written anew, which changes nothing
    state = narrow.state(made[5])
    with lake.database.write() as transaction:
        assert narrow.root_of(transaction, state) == made[5].root


def test_many_threads_read_many_commits(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [publish(lake, {f"s{n}.x": leaf(str(n + number)) for n in range(10)}) for number in range(20)]
    monkeypatch.setattr(module, "_LEAVES", 60)
    commits = fresh(lake)
    wrong: list[object] = []

    def read(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(100):
            number = chance.randrange(20)
            leaves = commits.state(commits.get(made[number].id)).leaves
            if leaves != {f"s{n}.x": leaf(str(n + number)) for n in range(10)}:
                wrong.append(number)

    threads = [threading.Thread(target=read, args=[seed]) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_commit_on_a_branch_that_moved_leaves_nothing(lake: Lake) -> None:
    head = lake.refs.resolve("main")
    publish(lake, {"a.x": leaf("1")})
    counts = [trees(lake), *lake.database.query("select count(*) from lake_commit")]
    with pytest.raises(Exception, match="moved while"):
        lake.commit(draft(head), State({"a.x": leaf("9")}), [RefMove("main", "branch", head.id, "late")])
    assert counts == [trees(lake), *lake.database.query("select count(*) from lake_commit")]


def test_rows_of_a_run_are_written_with_the_move_or_not_at_all(lake: Lake) -> None:
    head = lake.refs.resolve("main")
    seen: list[str] = []

    def fail(_: object, commit: Commit) -> None:
        seen.append(commit.id)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        lake.commit(draft(head), State({}), [RefMove("main", "branch", head.id, "change")], also=fail)
    assert len(seen) == 1
    assert lake.refs.resolve("main") == head
    assert lake.commits.find_prefix(seen[0]) is None


def test_the_last_of_several_moves_answers_for_the_request(lake: Lake) -> None:
    head = lake.refs.resolve("main")
    moves = [RefMove("run:1", "run", None, "run"), RefMove("main", "branch", head.id, "change")]
    commit = lake.commit(draft(head), State({}), moves, request="r1")
    answered = lake.refs.answered("r1")
    assert answered is not None
    assert (answered.ref, answered.new) == ("main", commit.id)
    again = lake.commit(draft(head, message="never"), State({}), moves, request="r1")
    assert again == commit


def test_a_root_that_is_there_is_taken_by_its_id(lake: Lake) -> None:
    first = publish(lake, {"a.x": leaf("1")})
    publish(lake, {"a.x": leaf("2")})
    head = lake.refs.resolve("main")
    back = lake.commit(draft(head), first.root, [RefMove("main", "branch", head.id, "undo")])
    assert lake.commits.state(back).leaves == {"a.x": leaf("1")}


def test_opening_twice_and_by_many_makes_one_beginning(lake: Lake) -> None:
    def open_again() -> None:
        Lake.open(lake.database, lake.storage, lake.clock, "ben")

    threads = [threading.Thread(target=open_again) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lake.database.query("select kind from lake_commit") == [("init",)]
    assert [m.actor for m in lake.refs.reflog("main")] == ["ana"]
