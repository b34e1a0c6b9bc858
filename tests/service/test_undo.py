"""Undo, redo and accept as verbs: what they promise, refuse, and answer when asked again."""

import pytest

from andon.errors import ConflictError, UsageError
from andon.model.commit import CommitKind
from andon.service.undo_older import Reverting
from andon.workspace.caller import Caller

TOTALS = "datasets/marts/totals.sql"


def refused(call) -> str:
    with pytest.raises((UsageError, ConflictError)) as caught:
        call()
    assert caught.value.hint
    return caught.value.code


def test_the_preview_names_what_undo_takes_back(story):
    with story.opened() as service:
        target, datasets = service.undoing.undo_preview()
        assert target.kind is CommitKind.REFRESH
        assert set(datasets) >= {"shop.orders", "marts.totals", "marts.count"}
        done = service.undoing.undo()
        assert (done.target.id, set(done.datasets)) == (target.id, set(datasets))
        assert done.commit.target == target.id
        assert done.commit.message == f"undo {target.id[:8]}: {target.message}"
        assert service.undoing.undo_preview()[0].message == "orders are counted"


def test_a_refresh_and_what_others_published_are_asked_about(story):
    with story.opened() as service:
        refresh, _ = service.undoing.undo_preview()
        assert "refresh" in service.undoing.needs_asking(refresh)
        service.undoing.undo()
        change, _ = service.undoing.undo_preview()
        assert service.undoing.needs_asking(change) is None
        assert "published by ana" in service.by(Caller("bea", "http")).undoing.needs_asking(change)


def test_undo_takes_back_only_what_was_expected(story):
    with story.opened() as service:
        target, _ = service.undoing.undo_preview()
        assert refused(lambda: service.undoing.undo(expect="0" * 12)) == "lake.ref_moved"
        assert service.undoing.undo(expect=target.id[:8], message="no").commit.message == "no"


def test_a_branch_without_publishes_has_nothing_to_undo_or_redo(project):
    with project.opened() as service:
        assert refused(service.undoing.undo) == "lake.nothing_to_undo"
        assert refused(service.undoing.undo_preview) == "lake.nothing_to_undo"
        assert refused(service.undoing.redo) == "lake.nothing_to_redo"
        assert refused(lambda: service.undoing.undo("nowhere")) == "lake.ref_not_found"


def test_all_publishes_can_be_undone_down_to_the_empty_lake_and_redone(story):
    before = story.leaves()
    with story.opened() as service:
        for _ in range(3):
            service.undoing.undo()
        assert refused(service.undoing.undo) == "lake.nothing_to_undo"
        assert service.datasets.list() == []
        for _ in range(3):
            service.undoing.redo()
        assert refused(service.undoing.redo) == "lake.nothing_to_redo"
    assert story.leaves() == before
    assert story.rejected() == set()


def test_a_request_asked_again_answers_the_same_for_ever(story):
    with story.opened() as service:
        first = service.undoing.undo(request="one")
        second = service.undoing.undo(request="two")
        third = service.undoing.redo(request="three")
        head = service.workspace.lake.refs.resolve("main").id
        assert service.undoing.undo(request="one") == first
        assert service.undoing.undo(request="two") == second
        assert service.undoing.redo(request="three") == third
        assert service.workspace.lake.refs.resolve("main").id == head == third.commit.id
        assert third.target == second.target
        assert third.to_json()["redone"] == second.to_json()["undone"] == second.target.id


def test_who_asks_is_the_author_of_what_it_does(story):
    with story.opened() as service:
        bea = service.by(Caller("bea", "http"))
        assert bea.undoing.undo().commit.author == "bea"
        assert bea.undoing.redo().commit.author == "bea"
        assert service.workspace.lake.refs.reflog("main")[0].actor == "bea"


def test_what_is_rejected_is_listed_and_accepted_path_by_path(story):
    with story.opened() as service:
        service.undoing.undo()
        service.undoing.undo()
        rejected = {cause.path for cause in service.undoing.rejected()}
        assert rejected == {TOTALS, "macros/money.sql", "raw/orders_06.csv"}
        with pytest.raises(UsageError) as caught:
            service.undoing.accept_rejected("datasets/marts/count.sql")
        assert caught.value.hint == "rejected: `datasets/marts/totals.sql`, `macros/money.sql`, `raw/orders_06.csv`"
        commit, lifted = service.undoing.accept_rejected(TOTALS)
        assert (commit.kind, {c.path for c in lifted}) == (CommitKind.ACCEPT, {TOTALS})
        assert {cause.path for cause in service.undoing.rejected()} == rejected - {TOTALS}
        commit, lifted = service.undoing.accept_rejected("raw/orders_06.csv")
        assert lifted[0].source == "shop.orders"
    with story.opened() as service:
        assert {s.dataset for s in service.runs.plan().moves} >= {"shop.orders", "marts.totals"}


def test_nothing_is_rejected_where_nothing_was_undone(told):
    with told.opened() as service:
        assert service.undoing.rejected() == ()
        with pytest.raises(UsageError) as caught:
            service.undoing.accept_rejected(TOTALS)
        assert caught.value.hint == "rejected: nothing"


def test_undo_on_another_branch_leaves_main(story):
    head = story.head().id
    with story.opened() as service:
        done = service.undoing.undo("try")
        assert done.branch == "try"
        assert set(done.datasets) == {"marts.count", "marts.extra"}
    assert story.head().id == head
    assert "marts.extra" not in story.leaves("try")


# -- older publishes


def older(service) -> Reverting:
    return service.reverting


def test_an_older_publish_is_found_by_any_name_of_it(told):
    with told.opened() as service:
        wanted = service.workspace.lake.refs.resolve("main~1")
        for ref in ("main~1", wanted.id, wanted.id[:10], "run:2"):
            assert older(service).find(ref) == wanted


def test_what_is_no_publish_of_the_branch_is_refused(story):
    with story.opened() as service:
        find = older(service).find
        assert refused(lambda: find("nowhere")) == "lake.ref_not_found"
        with pytest.raises(UsageError, match="not in the history of main"):
            find("try")
        with pytest.raises(UsageError, match="is no publish but `init`"):
            find("main~3")
        target, _ = service.undoing.undo_preview()
        service.undoing.undo()
        with pytest.raises(UsageError, match="undone already"):
            find(target.id)
        with pytest.raises(UsageError, match="is no publish but `undo`"):
            find("main")


def test_an_older_publish_is_tried_aside_and_then_taken_out(story):
    with story.opened() as service:
        target = older(service).find("run:2")
        head = service.workspace.lake.refs.resolve("main").id
        tried = older(service).attempt(target)
        assert service.workspace.lake.refs.resolve("main").id == head
        assert "marts.totals" in {s.dataset for s in tried.plan.works}
        assert not tried.result.published
        assert [r.dataset for r in tried.changes.rows] == ["marts.totals"]
        result = older(service).revert(target)
        assert result.published
        assert service.workspace.lake.commits.get(result.commit).target == target.id
        answer = service.querying.ask("select * from marts.totals order by 1")
        assert answer.columns == ["customer", "amount"]  # as before it, on the newer raw file
        assert answer.fetch() == [("ada", 15), ("ben", 20), ("cleo", 7)]
        assert {c.path for c in service.undoing.rejected()} == {TOTALS, "macros/money.sql"}


def test_what_was_changed_again_since_can_not_be_taken_out(story):
    story.write(TOTALS, "select customer, sum(amount) as amount, 1 as orders from shop.orders group by customer\n")
    story.run()
    with story.opened() as service:
        target = older(service).find("run:2")
        for verb in (older(service).attempt, older(service).revert):
            with pytest.raises(ConflictError) as caught:
                verb(target)
            assert caught.value.code == "lake.folder_conflict"
            assert "was changed again since" in caught.value.message
            assert TOTALS in caught.value.details["files"]
