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


def test_a_caveat_follows_its_columns_until_it_is_handled(project: Clone) -> None:
    project.write(
        "sources/shop/orders.sql",
        "/*---\ncaveats: [{id: net, text: amounts are net, columns: [amount]}]\n---*/\n"
        + str(project.read("sources/shop/orders.sql")),
    )
    project.write("datasets/marts/people.sql", "select distinct customer from shop.orders\n")
    project.write(
        "datasets/marts/sums.sql", "select customer, sum(amount) as total from shop.orders group by customer\n"
    )
    project.write("datasets/marts/rich.sql", "select customer from marts.sums where total > 5\n")
    project.write(
        "datasets/marts/gross.sql",
        "/*---\nhandles: {net: tax is added}\ndeprecated: {use: marts.sums, until: 2027-01-31}\n---*/\n"
        "select customer, amount * 1.2 as amount from shop.orders\n",
    )
    project.write("datasets/marts/gross_sums.sql", "select sum(amount) as amount from marts.gross\n")
    project.run()
    with project.opened() as service:
        head = service.workspace.lake.refs.resolve("main")

        def told(*datasets: str) -> list[tuple[str, str, list[str], list[str]]]:
            notes = service.trust.notes(head, datasets)
            return [(note.dataset, note.kind, note.below, note.columns) for note in notes]

        assert told("marts.people") == []
        assert told("shop.orders") == [("shop.orders", "caveat", [], ["shop.orders.amount"])]
        assert told("marts.sums") == [("shop.orders", "caveat", ["marts.sums"], ["marts.sums.total"])]
        assert told("marts.rich") == [("shop.orders", "caveat", ["marts.rich"], [])], "which rows there are hangs on it"
        assert told("marts.gross") == [("marts.gross", "deprecated", [], [])]
        assert told("marts.gross_sums") == [("marts.gross", "deprecated", ["marts.gross_sums"], [])]
        (note, *_) = service.trust.notes(head, ["marts.gross"])
        assert note.what == "is deprecated, and stays until 2027-01-31; use marts.sums"
        assert service.datasets.show("marts.gross").inherited == ()
        assert service.datasets.show("marts.sums").inherited == (("shop.orders", "amounts are net"),)
        found = service.catalog.find("amount")
        assert [each.value for each in found.facets["tag"]] == ["deprecated"]
        assert found.hits[-1].dataset == "marts.gross", "what ends stands below all others"
