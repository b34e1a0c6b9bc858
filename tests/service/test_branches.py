"""Branches and tags: made, listed, switched to, published, removed."""

import pytest

from andon.errors import ConflictError, UsageError
from andon.runs.goal import ANY_PLAN, RunOptions
from kit.clones import FILES, did

COUNT = "datasets/marts/count.sql"


def code_of(call) -> str:
    """The code of the error that `call` raises."""
    with pytest.raises((UsageError, ConflictError)) as caught:
        call()
    assert caught.value.hint or caught.value.code in ("lake.protected", "usage.bad_argument")
    return caught.value.code


def test_the_list_tells_heads_and_how_far_each_is_from_main(told):
    with told.opened() as service:
        main, other = service.branches.list()
        assert (main.name, main.current, main.differs) == ("main", True, 0)
        assert (other.name, other.current, other.differs) == ("try", False, 2)
        assert other.commit == service.workspace.lake.refs.resolve("try").id
        assert other.to_json()["message"] == other.message


def test_a_new_branch_names_a_commit_and_copies_nothing(story):
    with story.opened() as service:
        ref = service.branches.create("fix", "loaded")
        assert ref.commit == service.workspace.lake.refs.resolve("loaded").id
        assert service.branches.create("old", "main~2").commit == service.workspace.lake.refs.resolve("main~2").id
        assert [b.name for b in service.branches.list()] == ["main", "fix", "old", "try"]
        (line,) = service.workspace.lake.refs.reflog("fix")
        assert (line.old, line.new, line.why, line.actor) == (None, ref.commit, "branch from loaded", "ana")


def test_names_that_can_not_be_branches_are_refused(told):
    with told.opened() as service:
        create = service.branches.create
        assert code_of(lambda: create("try")) == "lake.ref_exists"
        assert code_of(lambda: create("loaded")) == "lake.ref_exists"
        assert code_of(lambda: create("a b")) == "lake.ref_invalid"
        assert code_of(lambda: create("main~1")) == "lake.ref_invalid"
        assert code_of(lambda: create("new", "nowhere")) == "lake.ref_not_found"
        assert service.workspace.lake.refs.find("new") is None


def test_a_branch_takes_the_base_of_the_one_it_is_made_from(story):
    """So that what the folder deleted on main counts as deleted on the branch, too."""
    story.write(COUNT, None)
    with story.opened() as service:
        service.branches.create("fix")
        assert service.workspace.bases.of("fix") == service.workspace.bases.of("main")
        service.branches.create("from-tag", "loaded")
        assert service.workspace.bases.of("from-tag") is None
    assert did(story.run(branch="fix")) == {"marts.count": "drop"}


def test_a_dropped_branch_is_gone_with_its_base_and_its_commits_stay(story):
    with story.opened() as service:
        head = service.workspace.lake.refs.resolve("try").id
        assert service.branches.drop("try").commit == head
        assert [b.name for b in service.branches.list()] == ["main"]
        assert service.workspace.bases.of("try") is None
        assert service.querying.ask("select one from marts.extra", head[:12]).fetch() == [(1,)]


def test_the_branch_that_the_folder_is_on_can_be_dropped_and_main_never(story):
    story.switch("try")
    with story.opened() as service:
        assert service.workspace.branch() == "try"
        service.branches.drop("try")
        assert service.workspace.branch() == "main"
        assert code_of(lambda: service.branches.drop("main")) == "lake.protected"
        assert code_of(lambda: service.branches.drop("nothing")) == "lake.ref_not_found"
        assert code_of(lambda: service.branches.drop("loaded")) == "lake.ref_not_found"  # a tag


def test_a_switch_brings_the_files_of_the_branch_and_back(story):
    ref, paths = story.switch("try")
    assert ref.name == "try"
    assert list(paths) == [COUNT, "datasets/marts/extra.sql"]
    assert "* 10" in story.read(COUNT)
    assert story.plan().works == ()
    _, back = story.switch("main")
    assert list(back) == list(paths)
    assert story.read("datasets/marts/extra.sql") is None
    assert story.read(COUNT) == FILES[COUNT]
    assert story.plan().works == ()
    assert story.switch("main")[1] == []


def test_a_switch_never_loses_an_edit(story):
    edited = "select 5 as n\n"
    story.write(COUNT, edited)
    with pytest.raises(ConflictError) as caught:
        story.switch("try")
    assert caught.value.code == "lake.folder_dirty"
    assert caught.value.where == COUNT
    assert "--create" in caught.value.hint
    assert story.read(COUNT) == edited
    with story.opened() as service:
        assert service.workspace.branch() == "main"
    story.switch("mine", create=True)  # the edit comes along
    assert story.read(COUNT) == edited
    story.run()
    assert story.ask("select n from marts.count", "mine") == [(5,)]
    story.write(COUNT, "select 6 as n\n")
    with pytest.raises(ConflictError, match="would be lost") as caught:
        story.switch("try")
    assert "`andon run --branch mine`" in caught.value.hint


def test_a_new_file_that_the_other_branch_has_too_is_an_edit(story):
    story.write("datasets/marts/extra.sql", "select 2 as one\n")
    with pytest.raises(ConflictError, match="extra"):
        story.switch("try")
    story.write("datasets/marts/extra.sql", "select 1 as one\n")  # the same text loses nothing
    assert list(story.switch("try")[1]) == [COUNT]


def test_what_only_the_folder_has_stays_edited_or_not(story):
    """A file that neither branch has is no edit of what the switch writes, unless it would have to go."""
    story.write("datasets/marts/new.sql", "select 1 as one\n")
    with pytest.raises(ConflictError, match="new"):
        story.switch("try")
    assert story.read("datasets/marts/new.sql") == "select 1 as one\n"


def test_a_switch_to_what_is_no_branch_says_what_is_known(story):
    for name, code in (
        ("nowhere", "lake.ref_not_found"),
        ("loaded", "lake.ref_not_found"),
        ("run:1", "lake.ref_not_found"),
    ):
        assert code_of(lambda name=name: story.switch(name)) == code
    with story.opened() as service:
        assert service.workspace.branch() == "main"


def test_tags_stay_where_they_are(story):
    with story.opened() as service:
        head = service.workspace.lake.refs.resolve("main").id
        assert service.branches.tag("now").commit == head
        assert service.branches.tag("then", "main~1").kind == "tag"
        assert [t.name for t in service.branches.tags()] == ["loaded", "now", "then"]
        assert code_of(lambda: service.branches.tag("now", "try")) == "lake.ref_exists"
        assert code_of(lambda: service.branches.tag("run:9")) == "lake.ref_invalid"
        assert code_of(lambda: service.branches.tag("other", "nowhere")) == "lake.ref_not_found"
    story.write(COUNT, "select 9 as n\n")
    story.run()
    assert story.head("now").id == head != story.head().id
    assert story.ask("select n from marts.count", "now") == [(4,)]


def test_a_tag_is_removed_and_a_branch_is_not_one(story):
    with story.opened() as service:
        assert service.branches.untag("loaded").name == "loaded"
        assert service.branches.tags() == []
        assert code_of(lambda: service.branches.untag("loaded")) == "lake.ref_not_found"
        assert code_of(lambda: service.branches.untag("try")) == "lake.ref_not_found"


def test_a_publish_plans_and_does_the_branch_s_code_alone(story):
    story.write("datasets/marts/mine.sql", "select 1 as one\n")  # the folder is no part of it
    with story.opened() as service:
        plan = service.branches.plan_publish("try")
        assert {s.dataset for s in plan.moves} == {"marts.count", "marts.extra"}
        result = service.branches.publish("try", options=RunOptions(agreed=ANY_PLAN))
        commit = service.workspace.lake.commits.get(result.commit)
        assert result.published
        assert commit.message == "publish try: took over marts.extra, marts.count"
        assert commit.parents[1:] == (service.workspace.lake.refs.resolve("try").id,)
    assert "marts.mine" not in story.leaves()
    assert story.ask("select n from marts.count") == [(40,)]


def test_a_publish_is_refused_where_it_makes_no_sense(told):
    with told.opened() as service:
        publish = service.branches.plan_publish
        assert code_of(lambda: publish("main")) == "usage.bad_argument"
        assert code_of(lambda: publish("loaded")) == "lake.ref_not_found"
        assert code_of(lambda: publish("nowhere")) == "lake.ref_not_found"
        assert code_of(lambda: publish("try", "loaded")) == "lake.ref_not_found"
        options = RunOptions(publish="somehow", agreed=ANY_PLAN)
        assert code_of(lambda: service.branches.publish("try", options=options)) == "usage.bad_argument"
        assert code_of(lambda: service.runs.run(options)) == "usage.bad_argument"


def test_a_publish_of_what_both_changed_is_a_conflict_with_all_files(story):
    story.write(COUNT, "select 5 as n\n")
    story.write("datasets/marts/extra.sql", "select 2 as one\n")
    story.run()
    with story.opened() as service, pytest.raises(ConflictError) as caught:
        service.branches.plan_publish("try")
    assert caught.value.code == "lake.folder_conflict"
    assert "in the branch" in caught.value.message
    assert caught.value.details == {"files": [COUNT, "datasets/marts/extra.sql"]}


def test_after_a_publish_the_folder_has_in_common_what_it_holds_too(story):
    """A branch that was run from this folder leaves it with the same files: after its publish these are no edit."""
    story.write(COUNT, "select 5 as n\n")
    story.run(branch="mine")
    story.publish("mine")
    plan = story.plan()
    assert (plan.works, plan.is_change, plan.notices) == ((), False, ())
