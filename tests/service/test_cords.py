"""The cord: what a person holds, and all that is made of it, stays as readers see it until somebody lets it go on."""

from __future__ import annotations

import pytest

from andon.errors import ConflictError, UsageError
from andon.model.incident import IncidentState
from andon.model.signal import SignalKind
from andon.runs.goal import ANY_PLAN, Listener, RunOptions
from kit.clones import FILES, Clone, did

JUNE = "id,customer,amount\n4,cleo,40\n"


@pytest.fixture
def shop(project: Clone) -> Clone:
    assert project.run().published
    return project


def hold(shop: Clone, dataset: str, reason: str = "totals look wrong", **options: object) -> None:
    with shop.opened() as service:
        service.cords.hold(dataset, reason, **options)


def release(shop: Clone, dataset: str, note: str | None = None) -> None:
    with shop.opened() as service:
        service.cords.release(dataset, note)


def test_what_is_held_and_what_reads_it_stay_and_the_rest_goes_on(shop):
    before = shop.leaves()
    hold(shop, "marts.totals")
    shop.write("raw/orders_06.csv", JUNE)
    plan = shop.plan()
    assert {s.dataset: str(s.action) for s in plan.steps if s.action == "keep"} == {
        "marts.totals": "keep",
        "marts.best": "keep",
    }
    assert (
        plan.notices[0]
        == "marts.totals stays as it is published: ana holds it: totals look wrong, and with it marts.best"
    )
    result = shop.refresh()
    assert result.published
    assert did(result) == {
        "shop.orders": "build",
        "marts.count": "build",
        "marts.totals": "keep",
        "marts.best": "keep",
    }
    after = shop.leaves()
    assert (after["marts.totals"], after["marts.best"]) == (before["marts.totals"], before["marts.best"])
    assert shop.ask("select n from marts.count") == [(4,)]
    with shop.opened() as service:
        notes = {
            note.dataset: note.what
            for note in service.trust.notes(service.workspace.lake.refs.head("main"), ["marts.best"])
        }
        (incident,) = service.incidents.standing("main")
    assert notes["marts.best"] == "reads marts.totals, which ana holds: totals look wrong"
    assert notes["marts.totals"] == "ana holds it: totals look wrong"
    assert (incident.kind, incident.dataset, incident.state) == (SignalKind.CORD, "marts.totals", IncidentState.OPEN)
    release(shop, "marts.totals", "June was counted twice, and is right now")
    with shop.opened() as service:
        assert service.incidents.standing("main") == []
        events = service.workspace.incidents.events(incident.number)
    assert [event.what for event in events if event.kind == "cleared"] == [
        "marts.totals: ana let it go on: June was counted twice, and is right now"
    ]
    assert did(shop.refresh()) == {"marts.totals": "build", "marts.best": "build"}


def test_neither_edits_nor_deletes_nor_new_readers_lead_around_a_cord(shop):
    hold(shop, "marts.totals")
    before = shop.leaves()
    shop.write("datasets/marts/totals.sql", FILES["datasets/marts/totals.sql"].replace("sum(amount)", "max(amount)"))
    shop.write("datasets/marts/best.sql", "select 'nobody' as customer\n")
    shop.write("datasets/marts/ranked.sql", "select *, row_number() over (order by amount) as rank from marts.totals\n")
    shop.write("datasets/marts/other.sql", "select 1 as one\n")
    assert shop.run().published
    after = shop.leaves()
    assert {name: after[name] for name in before} == before
    assert after.keys() - before.keys() == {"marts.other"}
    shop.write("datasets/marts/totals.sql", None)
    shop.write("datasets/marts/ranked.sql", None)
    shop.run()
    assert shop.leaves()["marts.totals"] == before["marts.totals"]
    shop.write("datasets/marts/totals.sql", FILES["datasets/marts/totals.sql"].replace("sum(amount)", "max(amount)"))
    release(shop, "marts.totals")
    assert {"marts.totals": "build", "marts.best": "build"}.items() <= did(shop.run()).items()


def test_a_cord_that_is_pulled_while_a_run_is_under_way_counts(shop):
    before = shop.leaves()["marts.totals"]
    shop.write("raw/orders_06.csv", JUNE)
    told = []

    def report(event: object) -> None:
        told.append(event)
        if type(event).__name__ == "TaskEnded" and event.result.dataset == "marts.totals" and len(pulled) == 0:
            pulled.append(1)
            hold(shop, "marts.totals")

    pulled: list[int] = []
    with shop.opened() as service:
        result = service.runs.refresh(RunOptions(agreed=ANY_PLAN), Listener(report=report))
    assert result.published
    assert pulled
    assert did(result)["marts.totals"] == "keep"
    assert shop.leaves()["marts.totals"] == before
    assert shop.ask("select n from marts.count") == [(4,)]


def test_a_cord_holds_the_branch_where_it_was_pulled_and_what_is_published_into_it(shop):
    hold(shop, "marts.count")
    shop.branch("try")
    shop.write("datasets/marts/count.sql", "select count(*) + 1 as n from shop.orders\n")
    shop.write("datasets/marts/more.sql", "select 1 as one\n")
    assert shop.run(branch="try").published
    assert shop.ask("select n from marts.count", "try") == [(4,)]
    assert shop.publish("try").published
    assert shop.ask("select n from marts.count") == [(3,)]
    assert "marts.more" in shop.leaves()
    release(shop, "marts.count")
    assert shop.publish("try").published
    assert shop.ask("select n from marts.count") == [(4,)]


def test_a_cord_ends_with_its_branch(shop):
    shop.branch("try")
    hold(shop, "marts.count", branch="try")
    with shop.opened() as service:
        service.branches.drop("try")
        service.branches.create("try")
        assert service.cords.standing("try") == []


def test_an_undo_goes_through_a_cord_and_a_redo_does_not(shop):
    shop.write("raw/orders_06.csv", JUNE)
    shop.refresh()
    hold(shop, "marts.totals")
    shop.undo()
    assert shop.ask("select n from marts.count") == [(3,)]
    with pytest.raises(ConflictError) as error:
        shop.redo()
    assert error.value.code == "cord.held"
    assert "ana holds" in error.value.message


def test_what_is_said_wrong_of_cords_is_refused(shop):
    with pytest.raises(UsageError, match="no dataset is named"):
        hold(shop, "marts.nothing")
    with pytest.raises(UsageError, match="the reason is empty"):
        hold(shop, "marts.totals", "  ")
    with pytest.raises(UsageError, match=r"nobody holds marts\.totals on main"):
        release(shop, "marts.totals")
    with pytest.raises(UsageError, match="has a character that is no text"), shop.opened() as service:
        service.cords.complain("marts.totals", "latin-1 \udce9")
    hold(shop, "marts.totals")
    with pytest.raises(ConflictError, match="held already: ana holds it: totals look wrong"):
        hold(shop, "marts.totals", "again")


def test_a_complaint_holds_nothing_and_ends_when_a_person_says_so(shop):
    with shop.opened() as service:
        info = service.cords.complain("marts.totals", "June is missing")
        assert (info.kind, info.title, info.state) == ("complaint", "ana says: June is missing", "open")
        assert service.cords.complain("marts.totals", "and so is May").incident == info.incident
    shop.write("raw/orders_06.csv", JUNE)
    assert did(shop.refresh())["marts.totals"] == "build"
    with shop.opened() as service:
        (incident,) = service.incidents.standing("main")
        assert service.incidents.fix(incident.number, "loaded June").state == "fixed"
        assert service.incidents.close(incident.number, note="it is there").state == "closed"
        assert service.incidents.standing("main") == []


def test_a_cord_that_is_pulled_while_something_is_redone_counts(shop, monkeypatch):
    """It is asked for once more in the transaction that brings it again."""
    shop.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
    assert shop.refresh().published
    shop.undo()
    before = shop.head().id
    with shop.opened() as service:
        commit = type(service.workspace.lake).commit

        def held_meanwhile(self, *given, **named):
            service.cords.hold("shop.orders", "look first")
            return commit(self, *given, **named)

        monkeypatch.setattr(type(service.workspace.lake), "commit", held_meanwhile)
        with pytest.raises(ConflictError) as refused:
            service.undoing.redo("main")
    assert refused.value.code == "cord.held"
    assert shop.head().id == before
