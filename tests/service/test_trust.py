"""What is to be known of an answer: trouble and caveats of what was read, and of what that is made of."""

from __future__ import annotations

from kit.clones import Clone

CAVEAT = "/*---\ncaveats:\n  - {}\n---*/\n"


def known(clone: Clone, *datasets: str, at: str | None = None) -> list[tuple[str, str, list[str]]]:
    with clone.opened() as service:
        notes = service.trust.notes(service.workspace.lake.refs.resolve(at or "main"), datasets, at)
        return [(note.dataset, note.kind, note.below) for note in notes]


def test_what_is_said_of_a_dataset_is_known_of_all_that_is_made_of_it(project: Clone) -> None:
    source, totals = "sources/shop/orders.sql", "datasets/marts/totals.sql"
    project.write(source, CAVEAT.format("only of one shop") + (project.read(source) or ""))
    project.write(totals, CAVEAT.format("without returns") + (project.read(totals) or ""))
    project.run()
    assert known(project, "shop.orders") == [("shop.orders", "caveat", [])]
    assert known(project, "marts.count") == [("shop.orders", "caveat", ["marts.count"])]
    both = [("marts.totals", "caveat", ["marts.best"]), ("shop.orders", "caveat", ["marts.best"])]
    assert known(project, "marts.best") == both
    read = [("marts.totals", "caveat", []), ("shop.orders", "caveat", ["marts.best", "marts.totals"])]
    assert known(project, "marts.best", "marts.totals") == read
    with project.opened() as service:
        page = service.datasets.show("marts.best")
        assert [name for name, _ in page.inherited] == [dataset for dataset, _, _ in both]
    assert known(project) == []


def test_what_is_held_comes_first_and_is_of_its_commit(project: Clone) -> None:
    source = "sources/shop/orders.sql"
    project.write(source, CAVEAT.format("only of one shop") + (project.read(source) or ""))
    project.write(
        "datasets/marts/totals.sql",
        "/*---\nchecks: amount < 100\n---*/\n" + str(project.read("datasets/marts/totals.sql")),
    )
    project.run()
    project.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,700\n")
    project.refresh()
    found = known(project, "marts.totals")
    assert found[0] == ("marts.totals", "held", [])
    assert found[-1] == ("shop.orders", "caveat", ["marts.totals"])
    assert known(project, "shop.orders")[-1] == ("shop.orders", "caveat", [])
