"""A file edited where it is published: what is wrong is told and not raised, and no newer text is lost."""

from __future__ import annotations

import pytest

from andon.errors import ConflictError, ProjectError, UsageError
from andon.runs.goal import ANY_PLAN, PlanUnconfirmed, RunOptions
from andon.service.editing import ToEdit
from kit.clones import FILES, Clone

TOTALS = FILES["datasets/marts/totals.sql"]
TRY = RunOptions(branch="try")


@pytest.fixture
def acme(project) -> Clone:
    project.run()
    return project


def test_a_look_tells_problems_at_their_place_and_whom_they_hit(acme):
    with acme.opened() as service:
        wrong = service.editing.look(ToEdit("marts.totals", "select customer, nope from shop.orders"), TRY)
        assert [(p.file, p.line, p.column) for p in wrong.problems] == [("datasets/marts/totals.sql", 1, 18)]
        breaks = service.editing.look(ToEdit("marts.totals", "select customer from shop.orders"), TRY)
        assert (breaks.problems, {p.file for p in breaks.breaks}) == ((), {"datasets/marts/best.sql"})
        fits = service.editing.look(ToEdit("marts.totals", TOTALS.replace("sum(amount)", "max(amount)")), TRY)
        assert [(c.name, c.made_of) for c in fits.columns] == [
            ("customer", ("shop.orders.customer",)),
            ("amount", ("shop.orders.amount",)),
        ]
        assert {s.dataset for s in fits.plan.works} == {"marts.totals", "marts.best"}
        assert service.workspace.lake.refs.find("try") is None


def test_it_is_saved_on_a_branch_and_the_folder_stays(acme):
    with acme.opened() as service:
        found = service.editing.save(ToEdit("marts.totals", TOTALS + "-- more\n"), TRY)
        assert (found.published, found.branch, found.behind) == (True, "try", ("datasets/marts/totals.sql",))
        assert service.editing.open("marts.totals", "try").text == TOTALS + "-- more\n"
        assert acme.read("datasets/marts/totals.sql") == TOTALS
        with pytest.raises(PlanUnconfirmed):
            service.editing.save(ToEdit("marts.totals", TOTALS.replace("sum", "max")), RunOptions(branch="main"))


def test_on_the_folders_branch_the_folder_follows(acme):
    with acme.opened() as service:
        found = service.editing.save(ToEdit("marts.totals", TOTALS + "-- more\n"), RunOptions(agreed=ANY_PLAN))
        assert found.behind == ()
        assert acme.read("datasets/marts/totals.sql") == TOTALS + "-- more\n"


def test_a_newer_text_is_never_lost(acme):
    with acme.opened() as service:
        seen = service.editing.open("marts.totals").commit
        service.editing.save(ToEdit("marts.totals", "-- theirs\n" + TOTALS, seen), TRY)
        mine = ToEdit("marts.totals", TOTALS.replace("customer\n", "customer\n\n-- mine\n"), seen)
        assert service.editing.look(mine, TRY).newer == service.workspace.lake.refs.head("try").id
        with pytest.raises(ConflictError) as raised:
            service.editing.save(mine, TRY)
        assert raised.value.code == "lake.folder_conflict"
        merged = service.editing.merge(mine, "try")
        assert merged.is_clean
        assert "-- theirs" in merged.text
        assert "-- mine" in merged.text


def test_lines_end_as_those_of_the_file_did(acme):
    with acme.opened() as service:
        service.editing.save(ToEdit("marts.totals", "select 1 as customer,\r\n 2 as amount\r\n"), TRY)
        service.editing.save(ToEdit("marts.totals", "select 1 as customer,\n 3 as amount\n"), TRY)
        assert service.editing.open("marts.totals", "try").text == "select 1 as customer,\r\n 3 as amount\r\n"


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("marts.nope", "lake.dataset_not_found"),
        ("nope", "lake.query_not_found"),
        ("andon.toml", "usage.bad_argument"),
        ("../andon.toml", "usage.bad_argument"),
        ("datasets/../andon.toml", "usage.bad_argument"),
        ("/etc/passwd", "usage.bad_argument"),
        ("raw/orders_05.csv", "usage.bad_argument"),
        ("datasets/marts/Top Ten.sql", "usage.bad_argument"),
        ("datasets/marts/.hidden.sql", "usage.bad_argument"),
        ("datasets/marts/a\x00b.sql", "usage.bad_argument"),
    ],
)
def test_what_is_no_file_of_code(acme, target, code):
    with acme.opened() as service:
        before = service.workspace.lake.refs.head("main").id
        for act in (
            lambda: service.editing.open(target),
            lambda: service.editing.look(ToEdit(target, "select 1 as n"), TRY),
            lambda: service.editing.save(ToEdit(target, "select 1 as n"), TRY),
        ):
            with pytest.raises(UsageError) as raised:
                act()
            assert raised.value.code == code
        assert service.workspace.lake.refs.head("main").id == before


@pytest.mark.parametrize("text", ["", "select", "\ud800", "select '\x00'", "/*---\nowner: [\n---*/\nselect 1 as n"])
def test_no_text_is_too_odd_to_be_told_of(acme, text):
    with acme.opened() as service:
        if text.isprintable() or "\n" in text or "\0" in text:
            assert service.editing.look(ToEdit("marts.count", text), TRY).problems
        with pytest.raises((ProjectError, UsageError)):
            service.editing.save(ToEdit("marts.count", text), TRY)
        assert service.workspace.lake.refs.find("try") is None
