"""Pull: what comes into the folder, what stays, and what is merged by lines."""

import pytest

from andon.errors import UsageError
from andon.service.pull import pull
from kit.clones import FILES

COUNT, TOTALS, BEST = (f"datasets/marts/{name}.sql" for name in ("count", "totals", "best"))
LINES = "select\n  count(*) as n,\n  min(amount) as low,\n  max(amount) as high,\n  sum(amount) as amount\nfrom shop.orders\n"


def pulled(clone, **options):
    with clone.opened() as service:
        return pull(service.workspace, **options)


def test_nothing_newer_does_nothing(story):
    found = pulled(story)
    assert (found.written, found.removed, found.merged, found.conflicts, found.kept) == ((), (), (), (), ())
    assert found.branch == "main"
    assert found.commit.id == story.head().id


def test_what_a_colleague_published_comes_into_the_folder(shared):
    ana, ben = shared
    ana.write(COUNT, LINES)
    ana.write("datasets/marts/new.sql", "select 1 as one\n")
    ana.write(BEST, None)
    ana.run()
    told = pulled(ben, dry=True)
    assert told.written == (COUNT, "datasets/marts/new.sql")
    assert told.removed == (BEST,)
    assert ben.read(COUNT) == FILES[COUNT]  # told only
    assert pulled(ben).to_json() == told.to_json()
    assert ben.read(COUNT) == LINES
    assert ben.read(BEST) is None
    assert ben.plan().notices == ()
    assert pulled(ben).written == ()


def test_an_edit_of_the_folder_alone_stays_and_is_still_to_be_run(shared):
    ana, ben = shared
    ana.write("datasets/marts/new.sql", "select 1 as one\n")
    ana.run()
    ben.write(COUNT, LINES)
    ben.write(BEST, None)
    found = pulled(ben)
    assert found.written == ("datasets/marts/new.sql",)
    assert ben.read(COUNT) == LINES
    assert ben.read(BEST) is None
    assert {s.dataset: str(s.action) for s in ben.plan().works} == {"marts.count": "build", "marts.best": "drop"}


def test_edits_of_different_lines_are_merged_and_count_as_an_edit(shared):
    ana, ben = shared
    ana.write(COUNT, LINES)
    ana.run()
    pulled(ben)
    ana.write(COUNT, LINES.replace("count(*)", "count(id)"))
    ana.run()
    ben.write(COUNT, LINES.replace("sum(amount)", "2 * sum(amount)"))
    found = pulled(ben)
    assert (found.merged, found.conflicts, found.written) == ((COUNT,), (), ())
    assert ben.read(COUNT) == LINES.replace("count(*)", "count(id)").replace("sum(amount)", "2 * sum(amount)")
    assert [s.dataset for s in ben.plan().works] == ["marts.count"]
    assert ben.run().published
    assert ana.ask("select amount from marts.count") == [(70,)]


def test_edits_of_one_line_are_marked_and_left_to_a_person(shared):
    ana, ben = shared
    ana.write(COUNT, "select 1 as n\n")
    ana.run()
    ben.write(COUNT, "select 2 as n\n")
    found = pulled(ben)
    assert (found.merged, found.conflicts) == ((), (COUNT,))
    text = ben.read(COUNT)
    assert text.startswith("<<<<<<<")
    assert "select 1 as n" in text
    assert "select 2 as n" in text
    ben.write(COUNT, "select 3 as n\n")
    assert ben.run().published  # decided: what was pulled is what both have in common
    assert ana.ask("select n from marts.count") == [(3,)]


def test_a_file_that_the_branch_dropped_and_the_folder_edited_is_kept(shared):
    ana, ben = shared
    ana.write(BEST, None)
    ana.run()
    ben.write(BEST, "select 'ada' as customer\n")
    found = pulled(ben)
    assert (found.kept, found.removed) == ((BEST,), ())
    assert ben.read(BEST) == "select 'ada' as customer\n"
    assert {s.dataset for s in ben.plan().works} == {"marts.best"}


def test_a_deletion_that_met_an_edit_brings_the_edit(shared):
    ana, ben = shared
    ana.write(BEST, "select 'ben' as customer\n")
    ana.run()
    ben.write(BEST, None)
    assert pulled(ben).written == (BEST,)
    assert ben.read(BEST) == "select 'ben' as customer\n"


def test_a_folder_without_a_base_takes_what_it_lacks_and_marks_what_differs(shared):
    ana, _ = shared
    clone = type(ana)(ana.root.parent / "carl", "carl", environ=ana.environ)
    clone.write("andon.toml", "")
    clone.write(COUNT, "select 2 as n\n")
    found = pulled(clone)
    assert COUNT in found.conflicts
    assert set(found.written) == {p for p in FILES if p.endswith(".sql")} - {COUNT}
    assert clone.read(TOTALS) == FILES[TOTALS]


def test_another_branch_can_be_pulled_and_none_that_is_not_there(story):
    found = pulled(story, branch="try")
    assert (found.branch, found.written) == ("try", ())  # what was run on it from here and taken back here is an edit
    with story.opened() as service:
        service.workspace.bases.forget("try")
    found = pulled(story, branch="try")  # merged from where it parted from main
    assert (found.written, found.conflicts) == ((COUNT, "datasets/marts/extra.sql"), ())
    with pytest.raises(UsageError) as caught:
        pulled(story, branch="nowhere")
    assert caught.value.code == "lake.ref_not_found"
