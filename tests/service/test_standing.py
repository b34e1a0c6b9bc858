"""Where folder and branch stand, the datasets as they are, checks by themselves, and what is written into files."""

import pytest

from andon.errors import AndonError, ProjectError, UsageError
from andon.service.locks import lock
from andon.service.sources import pin_source
from kit.clones import FILES

COUNT, TOTALS, ORDERS = "datasets/marts/count.sql", "datasets/marts/totals.sql", "sources/shop/orders.sql"


def refused(call) -> AndonError:
    with pytest.raises(AndonError) as caught:
        call()
    return caught.value


def checked(sql: str, *lines: str) -> str:
    return "/*---\nchecks: |\n" + "".join(f"  {line}\n" for line in lines) + "---*/\n" + sql


# -- status


def test_a_folder_that_is_as_published_is_clean(told):
    with told.opened() as service:
        status = service.standing.status()
        assert (status.branch, status.datasets, status.error, status.behind, status.rejected) == (
            "main",
            4,
            None,
            (),
            (),
        )
        assert status.to_json()["clean"]
        assert status.to_json()["changed"] == []
        assert [run["run"] for run in status.runs] == [4, 3, 2, 1]
        assert {run["branch"] for run in status.runs} == {"main", "try"}


def test_status_tells_what_a_run_would_do_what_is_undone_and_what_is_wrong(story):
    story.undo()
    story.write(COUNT, "select 1 as n\n")
    with story.opened() as service:
        document = service.standing.status().to_json()
        assert not document["clean"]
        assert document["change"]
        assert [c["dataset"] for c in document["changed"]] == ["marts.count"]
        assert document["rejected"] == ["raw/orders_06.csv"]
    story.write(COUNT, "select nothing from shop.orders\n")
    with story.opened() as service:
        status = service.standing.status()
        assert status.plan is None
        assert status.error is not None
        assert status.to_json()["error"]["code"].startswith("project.")


def test_status_of_a_branch_that_is_not_there_yet_is_against_main(story):
    story.write(COUNT, checked("select 1 as n\n", "n > 0", "unique n"))
    with story.opened() as service:
        status = service.standing.status("new")
        assert (status.branch, status.commit.id) == ("new", service.workspace.lake.refs.resolve("main").id)
        assert status.declared_checks == 0  # of what is published
        assert service.workspace.lake.refs.find("new") is None  # to ask makes nothing


def test_what_a_partial_run_left_behind_is_told(story):
    story.write("macros/m.sql", "create macro more(x) as x + 1;\n")
    story.write(COUNT, "select more(count(*)) as n from shop.orders\n")
    story.write("datasets/marts/other.sql", "select more(1) as n\n")
    story.run()
    story.write("macros/m.sql", "create macro more(x) as x + 2;\n")
    story.run("marts.count")
    with story.opened() as service:
        assert service.standing.status().behind == ("marts.other",)


# -- datasets


def test_the_list_and_the_page_of_a_dataset(told):
    with told.opened() as service:
        found = service.datasets.list()
        assert [d.dataset for d in found] == ["marts.best", "marts.count", "marts.totals", "shop.orders"]
        assert [d.rows for d in found] == [1, 1, 3, 4]
        assert [d.dataset for d in service.datasets.list("try", ("marts.extra",))] == ["marts.extra"]
        assert refused(lambda: service.datasets.list(select=("marts.nothing",))).code.startswith("usage.")
        page = service.datasets.show("marts.totals", "main~2")
        assert page.reads == ("shop.orders",)
        assert page.read_by == ("marts.best",)
        assert page.sample == [("ada", 15), ("ben", 20)]
        assert page.code == FILES[TOTALS]
        assert page.iceberg is not None
        document = service.datasets.show("shop.orders").to_json()
        assert [c["name"] for c in document["columns"]] == ["id", "customer", "amount"]
        error = refused(lambda: service.datasets.show("marts.totls"))
        assert (error.code, error.hint) == ("lake.dataset_not_found", "did you mean `marts.totals`?")
        assert refused(lambda: service.datasets.show("marts.extra")).code == "lake.dataset_not_found"
        assert refused(lambda: service.datasets.show("marts.totals", "nowhere")).code == "lake.ref_not_found"


def test_a_view_has_a_page_without_files(story):
    story.write("datasets/marts/seen.sql", "/*---\nmaterialize: view\n---*/\nselect customer from marts.totals\n")
    story.run()
    with story.opened() as service:
        page = service.datasets.show("marts.seen")
        assert page.iceberg is None
        assert page.version.rows is None
        assert len(page.sample) == 3


# -- checks by themselves


def test_checks_of_the_folder_are_asked_of_what_is_published(story):
    story.write(TOTALS, checked(story.read(TOTALS), "amount > 7", "unique customer"))
    story.write("datasets/marts/new.sql", checked("select 1 as one\n", "one > 0"))
    with story.opened() as service:
        report = service.checks.run()
        assert report.at == "main"
        assert [(r.label, str(r.status)) for r in report.results] == [
            ("amount > 7", "fail"),
            ("unique customer", "pass"),
        ]
        assert report.failed
        assert report.notices == ("not built yet, so not checked: marts.new",)
        assert service.checks.run(("marts.count",)).results == ()
        assert service.checks.run(at="main").results == ()  # its own lines: it has none
        assert refused(lambda: service.checks.run(("marts.nothing",))).code.startswith("usage.")
        assert refused(lambda: service.checks.run(at="nowhere")).code == "lake.ref_not_found"
    assert story.ask("select count(*) from marts.totals") == [(3,)]


def test_what_was_answered_is_not_asked_again_unless_wanted(story):
    story.write(TOTALS, checked(story.read(TOTALS), "sum(amount) > 1"))
    with story.opened() as service:
        first, second = service.checks.run(), service.checks.run()
        assert first.results[0].how != "kept"
        assert second.results[0].how == "kept"
        assert service.checks.run(again=True).results[0].how != "kept"


def test_the_sql_of_checks_is_told_without_running_it(story):
    story.write(TOTALS, checked(story.read(TOTALS), "amount > 7", "customer -> shop.orders.customer"))
    with story.opened() as service:
        told = {c.label: c for c in service.checks.sql(("marts.totals",))}
        assert set(told) == {"amount > 7", "customer -> shop.orders.customer"}
        assert all(c.sql or c.how == "proof" for c in told.values())
        assert "amount" in told["amount > 7"].sql or told["amount > 7"].how == "proof"
        assert told["amount > 7"].to_json()["dataset"] == "marts.totals"
        assert refused(lambda: service.checks.sql(("nothing.there",))).code.startswith("usage.")


def test_lines_that_can_not_be_read_stop_both(story):
    story.write(TOTALS, checked(story.read(TOTALS), "amount >> 7"))
    with story.opened() as service:
        for verb in (service.checks.run, service.checks.sql):
            error = refused(verb)
            assert isinstance(error, ProjectError)
            assert error.problems[0].file == TOTALS


def test_results_are_accepted_with_a_reason_and_by_a_name_that_fits(story):
    story.write(TOTALS, checked(story.read(TOTALS), "amount > 7", "orders < 3"))
    held = story.run()
    assert not held.published
    with story.opened() as service:
        accept = service.checks.accept
        assert "no result of run 99" in str(refused(lambda: accept(99, ["amount > 7"], "why not")))
        assert refused(lambda: accept(held.run, ["amount > 7"], "  ")).hint == '--reason "why it is right"'
        error = refused(lambda: accept(held.run, ["orders < 3"], "fine"))
        assert "does not hold run" in error.message
        assert "`marts.totals: amount > 7`" in error.hint or "did you mean" in error.hint
        result = accept(held.run, ["marts.totals: amount > 7"], "seven is enough")
        assert result.published
        commit = service.workspace.lake.commits.get(result.commit)
        assert [(a.reason, a.who, a.run) for a in commit.acceptances] == [("seven is enough", "ana", held.run)]
        history = service.checks.history("marts.totals")
        assert {(r.label, r.failed) for r in history if r.run == held.run} == {
            ("amount > 7", True),
            ("orders < 3", False),
        }
    assert story.run().run is None  # the folder has in common what was accepted


# -- what is written into files


def test_a_pinned_source_says_how_it_is_read(story):
    with story.opened() as service:
        pinned = pin_source(service.workspace, "shop.orders")
        assert (pinned.dataset, pinned.file, pinned.changed) == ("shop.orders", ORDERS, True)
        assert pinned.contract
        assert "columns" in story.read(ORDERS)
        assert not pin_source(service.workspace, "shop.orders").changed
        before = story.leaves()["shop.orders"].version
        assert story.run().published
        assert story.leaves()["shop.orders"].version == before  # read in the same way
        for name, hint in (("marts.count", "sources lie in"), ("shop.oders", "did you mean `shop.orders`?")):
            error = refused(lambda name=name: pin_source(service.workspace, name))
            assert error.code == "usage.bad_argument"
            assert hint in error.hint


def test_a_source_that_can_not_be_read_is_not_pinned(story):
    story.write("sources/shop/people.sql", "select id from read_csv('raw/people.csv')\n")
    with story.opened() as service:
        error = refused(lambda: pin_source(service.workspace, "shop.people"))
        assert error.code.startswith("source.")
    story.write("raw/people.csv", "id\n1\n")
    with story.opened() as service:
        assert pin_source(service.workspace, "shop.people").changed


def test_locks_are_of_python_datasets_with_packages(story):
    code = (
        'from andon import dataset, read\n\n\n@dataset\ndef scores(totals=read("marts.totals")):\n    return totals\n'
    )
    story.write("datasets/marts/scores.py", code)
    with story.opened() as service:
        (locked,) = lock(service.workspace)
        assert (locked.status, locked.packages, locked.file) == ("no packages", 0, "datasets/marts/scores.lock.txt")
        assert story.read(locked.file) is None
        error = refused(lambda: lock(service.workspace, ("marts.count",)))
        assert isinstance(error, UsageError)
        assert "is not written in Python" in error.message
        assert refused(lambda: lock(service.workspace, ("marts.score",))).hint == "did you mean `marts.scores`?"


def test_suggestions_are_written_where_they_held_and_into_all_files_or_none(story):
    rows = "".join(f"{number},customer {number % 50},{number}\n" for number in range(10, 130))
    story.write("raw/orders_07.csv", f"id,customer,amount\n{rows}")
    story.refresh()
    with story.opened() as service:
        suggested = service.proposing.suggest(("marts.totals", "shop.orders"))
        assert [s.dataset for s in suggested] == ["marts.totals", "shop.orders"]
        assert suggested[0].rows == 53
        written = service.proposing.write(suggested)
        assert set(written) == {TOTALS, ORDERS}
        assert {r.dataset for r in service.checks.run().results} == {"marts.totals", "shop.orders"}
        assert not service.checks.run().failed
        again = service.proposing.suggest(("marts.totals",))
        assert not {line.line for line in written[TOTALS]} & {line.line for line in again[0].suggestions}
    story.write(TOTALS, None)
    before = story.read(ORDERS)
    with story.opened() as service:
        assert refused(lambda: service.proposing.write(suggested)).hint == "`andon pull` brings it"
    assert story.read(ORDERS) == before


def test_nothing_is_suggested_for_an_empty_lake_or_a_name_that_is_not_there(project, told):
    with project.opened() as service:
        assert refused(service.proposing.suggest).code == "lake.dataset_not_found"
    with told.opened() as service:
        assert refused(lambda: service.proposing.suggest(("marts.nothing",))).code.startswith("usage.")
