"""How a run is prepared and ends: what a selection takes and leaves, the commit's kind and words, what holds a publish, and moves of the
branch between plan and commit."""

from __future__ import annotations

import pytest

from andon.errors import ConflictError, ProjectError, UsageError
from andon.model.event import Ended, Notice, Planned
from andon.runs.goal import ANY_PLAN, Listener, RunOptions
from kit.clones import FILES, Clone, did

COUNT, TOTALS, BEST = (f"datasets/marts/{name}.sql" for name in ("count", "totals", "best"))
MORE = "select count(*) + 1 as n from shop.orders\n"
FAILS = "select error('no') as n from shop.orders\n"


def run(clone: Clone, meanwhile=None, **options: object):
    """A run, with `meanwhile` called each time it has planned; the result and all that it said."""
    said: list[object] = []

    def report(event: object) -> None:
        said.append(event)
        if isinstance(event, Planned) and event.run is not None and meanwhile is not None:
            meanwhile()

    with clone.opened() as service:
        return service.runs.run(RunOptions(**options, agreed=ANY_PLAN), Listener(report)), said


def notices(said: list[object]) -> list[str]:
    return [event.text for event in said if isinstance(event, Notice)]


def once(act):
    """A call that acts the first time only."""
    left = [act]
    return lambda: left.pop()() if left else None


# -- words and kinds


def test_the_commit_says_what_was_done(story):
    story.write(COUNT, MORE)
    story.write("datasets/marts/new.sql", "select 1 as one\n")
    story.write(BEST, f"-- the best\n{FILES[BEST]}")
    story.run()
    assert story.head().message == "built marts.new, marts.count; text of marts.best"
    story.write(COUNT, FILES[COUNT])
    story.write("datasets/marts/new.sql", None)
    story.run()
    assert story.head().message == "took over marts.count; dropped marts.new"
    story.write("macros/other.sql", "create macro other(x) as x;\n")
    story.run()
    assert story.head().message == "settings and shared files"
    for number in range(5):
        story.write(f"datasets/marts/n{number}.sql", f"select {number} as n\n")
    story.run()
    assert story.head().message == "built marts.n0, marts.n1, marts.n2 and 2 more"
    story.write(COUNT, MORE)
    story.run(message="in other words")
    assert story.head().message == "in other words"


def test_a_run_that_only_finds_new_files_is_a_refresh(story):
    story.write("raw/orders_07.csv", "id,customer,amount\n5,ada,1\n")
    result, said = run(story)
    assert not result.is_change
    assert str(story.head().kind) == "refresh"
    assert isinstance(said[-1], Ended)
    assert said[-1].result == result


def test_a_run_with_nothing_to_do_says_so_and_records_nothing(story):
    result, said = run(story)
    assert (result.run, result.published, result.commit) == (None, True, story.head().id)
    assert {(str(t.action), str(t.status)) for t in result.tasks} == {("reuse", "ok")}
    assert [type(event) for event in said] == [Planned, Ended]
    assert said[0].run is None
    with story.opened() as service:
        assert service.workspace.runs.newest(1)[0].number == 4


def test_a_new_lake_and_a_new_branch_are_told(project):
    _, said = run(project, branch="dev")
    assert [text.split(" ")[:2] for text in notices(said)][:2] == [["new", "lake"], ["made", "the"]]


# -- what holds a publish


@pytest.mark.parametrize(
    ("policy", "held", "count"),
    [
        ("all-or-nothing", "marts.best failed", [(4,)]),
        ("none", "built aside, as asked", [(4,)]),
        ("healthy", None, [(5,)]),
    ],
)
def test_a_failure_is_held_by_the_policy(story, policy, held, count):
    story.write(BEST, FAILS)
    story.write(COUNT, MORE)
    result, _ = run(story, publish=policy)
    assert (result.held, result.published) == (held, held is None)
    assert story.ask("select n from marts.count") == count
    assert story.ask("select n from marts.count", f"run:{result.run}") == [(5,)]
    with story.opened() as service:
        record = service.workspace.runs.find(result.run)
        assert (record.status, record.published) == ("failed", held is None)
        assert {t.dataset: str(t.status) for t in service.workspace.runs.tasks(result.run)}["marts.best"] == "failed"


def test_all_that_failed_or_was_skipped_is_counted(story):
    story.write(BEST, FAILS)
    story.write(COUNT, FAILS)
    story.write("datasets/marts/after.sql", "select n from marts.count\n")
    result, _ = run(story)
    assert result.held.endswith(" failed and 1 more")
    assert {t.dataset: str(t.status) for t in result.tasks if t.action != "reuse"} == {
        "marts.best": "failed",
        "marts.count": "failed",
        "marts.after": "skipped",
    }


# -- selections


def test_a_selection_takes_its_own_and_leaves_the_rest(story):
    story.write(COUNT, MORE)
    story.write(TOTALS, story.read(TOTALS).replace("sum(amount)", "2 * sum(amount)"))
    result, said = run(story, select=("marts.totals",))
    assert did(result) == {"marts.totals": "build"}
    assert "not selected, and left behind: marts.best" in notices(said)
    assert story.ask("select n from marts.count") == [(4,)]
    assert {s.dataset for s in story.plan().works} == {"marts.count", "marts.best"}
    rest, said = run(story, select=("marts.*",), exclude=("marts.count",))
    assert did(rest) == {"marts.best": "build"}
    assert not notices(said)


def test_what_changed_can_be_selected_and_what_is_deleted_too(story):
    story.write(COUNT, MORE)
    story.write("datasets/marts/new.sql", "select 1 as one\n")
    assert {s.dataset for s in story.plan("state:changed").works} == {"marts.count", "marts.new"}
    story.write(BEST, None)
    result, _ = run(story, select=("marts.best",))
    assert did(result) == {"marts.best": "drop"}
    with pytest.raises(UsageError) as caught:
        run(story, select=("marts.nothing",))
    assert caught.value.code == "usage.bad_argument"


def test_shared_files_that_a_selection_does_not_use_are_not_published(story):
    story.write("macros/more.sql", "create macro more(x) as x + 1;\n")
    story.write("macros/other.sql", "create macro other(x) as x;\n")
    story.write(COUNT, "select more(count(*)) as n from shop.orders\n")
    run(story, select=("marts.count",))
    with story.opened() as service:
        lake = service.workspace.lake
        assert set(lake.commits.shared(lake.refs.resolve("main"))) == {
            "andon.toml",
            "macros/money.sql",
            "macros/more.sql",
        }


def test_problems_of_what_is_not_selected_stop_a_run_too(story):
    story.write(COUNT, "select nothing from shop.orders\n")
    story.write(BEST, "select custmer from marts.totals\n")
    with pytest.raises(ProjectError) as caught:
        run(story)
    assert {p.file for p in caught.value.problems} == {COUNT, BEST}


def test_forced_datasets_are_built_and_what_came_out_the_same_moves_nothing_below(story):
    before = story.leaves()
    result, _ = run(story, select=("shop.orders",), force=True)
    assert did(result) == {"shop.orders": "build"}
    after = story.leaves()
    assert after["shop.orders"].build != before["shop.orders"].build
    assert after["shop.orders"].version == before["shop.orders"].version
    assert after["marts.totals"] == before["marts.totals"]


# -- moves of the branch between plan and commit


def test_another_publish_that_touches_nothing_of_ours_is_built_upon(shared):
    ana, ben = shared
    ana.write(COUNT, MORE)
    ben.write("datasets/marts/bens.sql", "select 1 as one\n")
    result, said = run(ana, once(ben.run))
    assert result.published
    assert len([e for e in said if isinstance(e, Planned)]) == 1  # moved on top, not planned again
    assert {"marts.bens", "marts.count"} <= ana.leaves().keys()
    head = ana.head()
    with ana.opened() as service:
        theirs = service.workspace.lake.commits.get(head.parent)
        assert (head.author, theirs.author) == ("ana", "ben")


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        ("datasets/marts/reader.sql", "select n from marts.count\n", "it reads what we write"),
        ("macros/m.sql", "create macro m(x) as x;\n", "shared files differ"),
        (
            "datasets/marts/rule.sql",
            "/*---\nchecks: sum(n) < sum(marts.count.n)\n---*/\nselect 1 as n\n",
            "its line names ours",
        ),
    ],
)
def test_another_publish_that_meets_ours_is_planned_again(shared, path, text, why):
    ana, ben = shared
    ana.write(COUNT, MORE)
    ben.write(path, text)
    result, said = run(ana, once(ben.run))
    assert result.published, why
    assert len([e for e in said if isinstance(e, Planned)]) == 2
    assert any("planning again" in text for text in notices(said))
    assert ana.ask("select n from marts.count") == [(4,)]
    with ana.opened() as service:
        assert [r.status for r in service.workspace.runs.newest(3)] == ["done", "done", "moved"]


def test_a_refresh_of_what_we_read_is_planned_again_on_it(shared):
    ana, ben = shared
    ana.write(COUNT, MORE)
    ben.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
    result, _ = run(ana, once(ben.refresh))
    assert result.published
    assert ana.ask("select n from marts.count") == [(5,)]
    assert ana.ask("select count(*) from shop.orders") == [(4,)]


def test_an_undo_meanwhile_is_not_published_over(shared):
    ana, ben = shared
    ben.write(BEST, "select 'x' as customer\n")
    ben.run()
    ana.write(COUNT, MORE)
    ana.pull()
    result, _ = run(ana, once(ben.undo))
    assert result.published
    assert ana.ask("select customer from marts.best") == [("ben",)]
    assert ana.rejected() == {BEST}


def test_the_same_file_changed_meanwhile_is_a_conflict_and_what_was_built_is_kept(shared):
    ana, ben = shared
    ana.write(COUNT, MORE)
    ben.write(COUNT, "select 9 as n\n")
    with pytest.raises(ConflictError) as caught:
        run(ana, once(ben.run))
    assert caught.value.code == "lake.folder_conflict"
    assert ana.ask("select n from marts.count") == [(9,)]


def test_a_branch_that_moves_at_every_try_is_given_up_with_what_was_built_kept(shared):
    ana, ben = shared
    ana.write(COUNT, MORE)
    number = iter(range(100))

    def moves() -> None:
        ben.write("macros/m.sql", f"create macro m(x) as {next(number)};\n")
        ben.run()

    with pytest.raises(ConflictError) as caught:
        run(ana, moves)
    assert caught.value.code == "lake.ref_moved"
    assert caught.value.hint
    assert ana.ask("select n from marts.count") == [(3,)]
    assert did(run(ana)[0]) == {}  # built by then
    assert ana.ask("select n from marts.count") == [(4,)]


def test_what_a_run_and_the_folder_have_in_common_is_remembered(story):
    story.write(COUNT, MORE)
    story.run()
    base = story.base()
    with story.opened() as service:
        head = service.workspace.lake.refs.resolve("main")
        assert base.code.files == service.workspace.lake.commits.state(head).files()
        assert base.code.commit == base.raw["shop.orders"].commit == head.id
        assert set(base.raw["shop.orders"].files) == {"raw/orders_05.csv", "raw/orders_06.csv"}
    story.write(BEST, FAILS)
    story.run()  # held: nothing more in common
    assert story.base() == base
