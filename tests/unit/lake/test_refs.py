"""Refs move by compare-and-swap, with a line in the reflog and an answer to a request that is asked again."""

from __future__ import annotations

import threading

import pytest

from andon.base.clock import from_text
from andon.errors import AndonError, ConflictError, UsageError
from andon.lake.lake import Lake
from andon.lake.refs import Mover, Ref, RefMove, require_branch
from kit.lake_objects import leaf, publish


def code(act) -> str:
    with pytest.raises(AndonError) as caught:
        act()
    return caught.value.code


def test_a_ref_is_made_moved_and_removed(lake: Lake) -> None:
    first, second = publish(lake, {"a.x": leaf("1")}), publish(lake, {"a.x": leaf("2")})
    lake.move(RefMove("dev", "branch", None, "branch"), first.id, "ana")
    assert lake.refs.resolve("dev") == first
    lake.move(RefMove("dev", "branch", first.id, "change"), second.id, "ben")
    made = lake.refs.find("dev")
    assert made is not None
    assert (made.kind, made.commit) == ("branch", second.id)
    lake.move(RefMove("dev", "branch", second.id, "drop"), None, "ana")
    assert lake.refs.find("dev") is None
    log = [(m.old, m.new, m.why, m.actor) for m in lake.refs.reflog("dev")]
    assert log == [
        (second.id, None, "drop", "ana"),
        (first.id, second.id, "change", "ben"),
        (None, first.id, "branch", "ana"),
    ]


def test_each_move_has_its_time(lake: Lake) -> None:
    head = publish(lake, {})
    lake.move(RefMove("dev", "branch", None, "branch"), head.id, "ana")
    made, moved = lake.refs.find("dev"), lake.refs.reflog("dev")[0]
    assert made is not None
    assert made.updated == moved.at
    assert moved.at > lake.refs.reflog("main")[0].at


def test_what_is_there_is_not_made_again(lake: Lake) -> None:
    head = publish(lake, {})
    assert code(lambda: lake.move(RefMove("main", "tag", None, "tag"), head.id, "ana")) == "lake.ref_exists"
    kept = lake.refs.find("main")
    assert kept is not None
    assert kept.kind == "branch"


@pytest.mark.parametrize("new", [None, "head"], ids=["remove", "move"])
def test_a_ref_that_names_something_else_by_now_stays(lake: Lake, new: str | None) -> None:
    old = lake.refs.resolve("main")
    head = publish(lake, {})
    move = RefMove("main", "branch", old.id, "late")
    assert code(lambda: lake.move(move, head.id if new else None, "ben")) == "lake.ref_moved"
    assert lake.refs.resolve("main") == head
    assert [m.why for m in lake.refs.reflog("main")] == ["change", "init"]


def test_a_ref_that_is_gone_does_not_move(lake: Lake) -> None:
    head = lake.refs.resolve("main")
    move = RefMove("gone", "branch", head.id, "change")
    assert code(lambda: lake.move(move, head.id, "ana")) == "lake.ref_moved"
    with pytest.raises(ConflictError) as caught:
        lake.move(move, None, "ana")
    assert caught.value.retryable


def test_a_request_that_is_asked_again_moves_nothing(lake: Lake) -> None:
    head = publish(lake, {})
    for _ in range(2):
        lake.move(RefMove("v1", "tag", None, "tag"), head.id, "ana", request="r1")
    answered = lake.refs.answered("r1")
    assert answered is not None
    assert (answered.ref, answered.new) == ("v1", head.id)
    assert len(lake.refs.reflog("v1")) == 1
    assert lake.refs.answered("r2") is None


def test_two_that_ask_one_request_at_once_do_it_once(lake: Lake) -> None:
    """The request's id is unique in the reflog: the second fails whole, and finds the answer when it asks again."""
    head = publish(lake, {})
    with lake.database.write() as transaction:
        lake.refs.move(transaction, RefMove("v1", "tag", None, "tag"), head.id, Mover("ana", "at", "r1"))
    with pytest.raises(AndonError), lake.database.write() as transaction:
        lake.refs.move(transaction, RefMove("v2", "tag", None, "tag"), head.id, Mover("ana", "at", "r1"))
    assert lake.refs.find("v2") is None


def test_of_many_who_move_one_ref_at_once_one_wins_each_time(lake: Lake) -> None:
    commits = [publish(lake, {"a.x": leaf(str(number))}) for number in range(9)]
    lake.move(RefMove("dev", "branch", None, "branch"), commits[0].id, "ana")
    won: list[int] = []
    gate = threading.Barrier(8)

    def move(number: int) -> None:
        gate.wait()
        try:
            lake.move(RefMove("dev", "branch", commits[0].id, "race"), commits[number].id, f"n{number}")
        except ConflictError:
            return
        won.append(number)

    threads = [threading.Thread(target=move, args=[number]) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert lake.refs.resolve("dev") == commits[won[0]]
    assert [m.actor for m in lake.refs.reflog("dev")] == [f"n{won[0]}", "ana"]


def test_refs_are_listed_by_kind_and_name(lake: Lake) -> None:
    head = publish(lake, {})
    for name, kind in (("v2", "tag"), ("dev", "branch"), ("v1", "tag"), ("run:1", "run")):
        lake.move(RefMove(name, kind, None, kind), head.id, "ana")
    assert [ref.name for ref in lake.refs.of_kind("tag")] == ["v1", "v2"]
    assert [ref.name for ref in lake.refs.of_kind("branch")] == ["dev", "main"]
    assert lake.refs.of_kind("nothing") == []


def test_a_reflog_is_cut_at_its_newest(lake: Lake) -> None:
    for number in range(5):
        publish(lake, {"a.x": leaf(str(number))})
    whole = lake.refs.reflog("main")
    assert lake.refs.reflog("main", limit=2) == whole[:2]
    assert [m.old for m in whole[:-1]] == [m.new for m in whole[1:]]


def test_steps_after_a_name(lake: Lake) -> None:
    commits = [lake.refs.resolve("main"), *(publish(lake, {"a.x": leaf(str(n))}) for n in range(4))]
    moved = {m.new: m.at for m in lake.refs.reflog("main")}
    assert lake.refs.resolve("main~") == commits[3]
    assert lake.refs.resolve("main~2~1") == commits[1]
    assert lake.refs.resolve(f"{commits[3].id[:10]}~1") == commits[2]
    assert lake.refs.resolve(f"main@{moved[commits[2].id]}~1") == commits[1]
    assert lake.refs.resolve(f"main~1@{commits[2].time}") == commits[2]


def test_a_time_before_a_branch_began_is_looked_up_in_its_commits(lake: Lake) -> None:
    """A branch has no reflog of what was before it, but a history."""
    early = publish(lake, {"a.x": leaf("1")})
    late = publish(lake, {"a.x": leaf("2")})
    lake.move(RefMove("dev", "branch", None, "branch"), late.id, "ana")
    assert lake.refs.resolve(f"dev@{early.time}") == early


def test_a_name_goes_before_the_beginning_of_an_id(lake: Lake) -> None:
    first, second = publish(lake, {"a.x": leaf("1")}), publish(lake, {"a.x": leaf("2")})
    lake.move(RefMove(first.id[:8], "tag", None, "tag"), second.id, "ana")
    assert lake.refs.resolve(first.id[:8]) == second
    assert lake.refs.resolve(first.id[:9]) == first


def test_an_unknown_name_lists_what_is_known_but_no_runs(lake: Lake) -> None:
    head = publish(lake, {})
    lake.move(RefMove("run:7", "run", None, "run"), head.id, "ana")
    with pytest.raises(UsageError) as caught:
        lake.refs.resolve("zzzzzz")
    assert caught.value.code == "lake.ref_not_found"
    assert caught.value.hint == "known: main"


@pytest.mark.parametrize("kind", ["tag", "run"])
def test_only_branches_move(kind: str) -> None:
    require_branch(Ref("main", "branch", "c", "at"))
    assert code(lambda: require_branch(Ref("v1", kind, "c", "at"))) == "lake.protected"


def test_a_branch_that_is_not_there_shows_what_main_shows(lake: Lake) -> None:
    main, own = publish(lake, {"a.x": leaf("1")}), publish(lake, {"a.x": leaf("2")})
    lake.move(RefMove("dev", "branch", None, "branch"), main.id, "ana")
    assert lake.refs.head("dev") == main
    assert lake.refs.head("main") == lake.refs.head("nobody-made-it") == own


def published_at(lake: Lake, *moments: str) -> list[str]:
    """Ids of commits that were published one after the other, when the clock showed these moments."""
    ids = []
    for moment in moments:
        lake.clock = lambda moment=moment: from_text(moment)
        ids.append(publish(lake, {"a.x": leaf(f"{moment}")}).id)
    return ids


def test_a_clock_that_was_set_back_makes_nothing_earlier(lake: Lake) -> None:
    first, second, third, fourth = published_at(
        lake, "2026-12-01T10:00", "2026-12-01T12:00", "2026-12-01T10:30", "2026-12-01T12:30"
    )
    times = [line.at for line in reversed(lake.refs.reflog("main"))]
    assert times == sorted(times)
    assert [lake.commits.get(c).time[11:16] for c in (first, second, third, fourth)] == [
        "10:00",
        "12:00",
        "12:00",
        "12:30",
    ]
    for moment, expected in (("10:45", first), ("11:59", first), ("12:00", third), ("12:29", third), ("12:31", fourth)):
        assert lake.refs.resolve(f"main@2026-12-01T{moment}").id == expected, moment
    assert lake.refs.resolve(f"{fourth[:12]}@2026-12-01T11:00").id == first


def test_a_clock_that_was_years_ahead_and_is_right_again(lake: Lake) -> None:
    first, ahead, right, later = published_at(
        lake, "2026-12-01T10:00", "2040-12-01T12:00", "2026-12-01T11:00", "2026-12-02T09:00"
    )
    for moment, expected in (("2026-12-01T11:30", right), ("2026-12-02T10:00", later)):
        assert lake.refs.resolve(f"main@{moment}").id == expected, moment
    assert lake.refs.resolve(f"{later[:12]}@2026-12-01T11:30").id == right
    assert lake.refs.resolve("main~2").id == ahead
    for name in ("main", later[:12]):  # the one of 2040 came before 11:00; whether before 10:30 nobody knows
        with pytest.raises(UsageError, match="2040-12-01T12:00:00 UTC") as caught:
            lake.refs.resolve(f"{name}@2026-12-01T10:30")
        assert caught.value.code == "lake.ref_ambiguous"
    with pytest.raises(UsageError, match="before the beginning"):
        lake.refs.resolve("main@2020-01-01")
    assert lake.refs.resolve(f"{first[:12]}@2026-12-01T10:30").id == first


def test_a_clock_that_is_set_back_into_the_history_dates_nothing_there(lake: Lake) -> None:
    june, july, november, reset, right = published_at(
        lake, "2027-06-01T10:00", "2027-06-20T10:00", "2027-11-01T10:00", "2027-06-10T10:00", "2027-11-02T10:00"
    )
    times = [line.at for line in reversed(lake.refs.reflog("main"))]
    assert times == sorted(times)
    for moment, expected in (
        ("2027-06-10T11:00", june),
        ("2027-07-01T10:00", july),
        ("2027-11-01T11:00", reset),
        ("2027-11-02T10:00", right),
    ):
        assert lake.refs.resolve(f"main@{moment}").id == expected, moment
    assert lake.refs.resolve("main~2").id == november


def test_what_a_clock_that_is_ahead_of_this_one_dated_is_not_told_by_its_time(lake: Lake) -> None:
    first, ahead = published_at(lake, "2027-06-01T10:00", "2027-06-11T10:00")
    lake.clock = lambda: from_text("2027-06-02T10:00")
    (held,) = published_at(lake, "2027-06-02T10:00")
    for name in ("main", held[:12]):
        with pytest.raises(UsageError, match="2027-06-11T10:00:00 UTC"):
            lake.refs.resolve(f"{name}@2027-06-01T12:00")
    assert lake.refs.resolve("main~2").id == first
    assert lake.refs.resolve("main~1").id == ahead
    assert lake.refs.resolve("main@2027-06-12").id == held
