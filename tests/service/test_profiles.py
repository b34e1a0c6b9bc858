"""Profiles of a lake's datasets: at any commit, kept by content, never a value of a column that is marked."""

from __future__ import annotations

import json

import pytest

import andon
from andon.engines.duckdb.instance import Instance
from andon.errors import AndonError
from andon.model.profile import Profile
from andon.service.profiles import KIND
from kit.clones import Clone, closing

PEOPLE = (
    "/*---\nmaterialize: {how}\n{columns}---*/\nselect customer, sum(amount) as amount from shop.orders group by 1\n"
)
MARKED = "columns:\n  customer: {pii: true}\n"


@pytest.fixture
def built(project: Clone) -> Clone:
    project.write("datasets/marts/people.sql", PEOPLE.format(how="table", columns=""))
    project.run()
    return project


def profile(clone: Clone, dataset: str, at: str | None = None) -> Profile:
    with closing(clone.open()) as service:
        return service.profiles.profile(dataset, at)


def kept(clone: Clone, version: str) -> str:
    with closing(clone.open()) as service:
        return json.dumps(service.workspace.facts.find(version, KIND))


def test_at_any_commit(built: Clone) -> None:
    built.write("raw/orders_06.csv", "id,customer,amount\n4,eve,1000\n")
    built.run()
    assert profile(built, "shop.orders").rows == 4
    for ref in ("main~1", "run:1"):
        found = profile(built, "shop.orders", ref)
        assert (found.rows, found.columns[2].maximum) == (3, 20)
    with closing(built.open()) as service:
        moved = service.profiles.compare("shop.orders", None, "main~1")
    assert (moved.before.rows, moved.after.rows) == (3, 4)
    assert "amount" in [c.name for c in moved.columns]


def test_of_two_datasets_of_one_content_each_is_headed_by_its_own_name(project: Clone) -> None:
    project.write("datasets/m/one.sql", "select 1 as n\n")
    project.write("datasets/m/two.sql", "select 1 as n -- the same\n")
    project.run()
    assert project.leaves()["m.one"].version == project.leaves()["m.two"].version
    for _ in range(2):  # made, and kept
        with project.opened() as service:
            assert [service.profiles.profile(name).dataset for name in ("m.two", "m.one")] == ["m.two", "m.one"]


def test_made_once_and_kept_by_content(built: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    first = profile(built, "marts.people")
    built.branch("aside")

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the engine was started")

    monkeypatch.setattr(Instance, "__init__", refuse)
    assert profile(built, "marts.people") == first
    assert profile(built, "marts.people", "aside") == first


def test_a_build_makes_none(built: Clone) -> None:
    with closing(built.open()) as service:
        assert service.workspace.lake.database.query("select count(*) from fact where kind = ?", [KIND]) == [(0,)]


def test_a_view_is_profiled_as_its_table_would_be(built: Clone) -> None:
    table = profile(built, "marts.people")
    built.write("datasets/marts/people.sql", PEOPLE.format(how="view", columns=""))
    built.run()
    view = profile(built, "marts.people")
    assert view.version != table.version
    assert (view.rows, view.columns) == (table.rows, table.columns)


def test_a_large_view_is_sampled_in_a_way_that_repeats(project: Clone) -> None:
    text = "/*---\nmaterialize: view\n---*/\nselect i as n, i % 10 as digit from range(1500000) t(i)\n"
    project.write("datasets/marts/large.sql", text)
    project.run()
    found = profile(project, "marts.large")
    assert found.rows == 1_500_000
    assert found.sample is not None
    assert 450_000 < found.sample < 550_000
    assert found.columns[0].distinct == pytest.approx(1_500_000, rel=0.05)
    assert found.columns[1].distinct == 10
    with closing(project.open()) as service:
        again = service.profiles._make("marts.large", found.version, frozenset())
    assert again.columns == found.columns


def test_marked_columns_show_counts_only_whenever_they_were_marked(built: Clone) -> None:
    before = profile(built, "marts.people")
    assert "ada" in kept(built, before.version)
    built.write("datasets/marts/people.sql", PEOPLE.format(how="table", columns=MARKED))
    built.run()
    after = profile(built, "marts.people")
    assert after.version == before.version
    for found in (after, profile(built, "marts.people", "main~1")):
        customer = found.column("customer")
        assert customer is not None
        assert (customer.masked, customer.distinct, customer.top, customer.minimum) == (True, 2, (), None)
    assert "ada" not in kept(built, before.version)
    built.write("datasets/marts/people.sql", PEOPLE.format(how="table", columns=""))
    built.run()
    # the commit in which it is marked keeps it hidden, now shows it
    assert profile(built, "marts.people", "main~1").columns[0].masked
    assert not profile(built, "marts.people").columns[0].masked


def test_what_is_not_there(built: Clone) -> None:
    with pytest.raises(AndonError) as unknown:
        profile(built, "marts.poeple")
    assert (unknown.value.code, unknown.value.hint) == ("lake.dataset_not_found", "did you mean `marts.people`?")
    with pytest.raises(AndonError) as ref:
        profile(built, "marts.people", "nowhere")
    assert ref.value.code == "lake.ref_not_found"
    with closing(built.open()) as service, pytest.raises(AndonError) as missing:
        service.profiles.compare("marts.people", None, "run:99")
    assert missing.value.code == "lake.ref_not_found"


def test_a_lost_file_is_told(built: Clone) -> None:
    with closing(built.open()) as service:
        leaf = service.workspace.lake.commits.state(service.workspace.lake.refs.resolve("main")).leaves["marts.people"]
        version = service.workspace.lake.objects.versions([leaf.version])[leaf.version]
        service.workspace.lake.storage.delete(version.files[0].path)
        with pytest.raises(AndonError) as lost:
            service.profiles.profile("marts.people")
    assert lost.value.code == "lake.corrupt"


def test_a_view_that_fails_is_told(built: Clone) -> None:
    text = "/*---\nmaterialize: view\n---*/\nselect cast(customer as integer) as n from shop.orders\n"
    built.write("datasets/marts/broken.sql", text)
    built.run("marts.broken", publish=False)
    with pytest.raises(AndonError) as failed:
        profile(built, "marts.broken", "run:2")
    assert (failed.value.code, failed.value.where) == ("usage.query_failed", "marts.broken")
    assert "'ada'" in failed.value.message


def test_from_python(built: Clone) -> None:
    with andon.open(built.root) as lake:
        found = lake.profile("marts.people")
        assert [(c.name, c.distinct) for c in found.columns] == [("customer", 2), ("amount", 2)]
        assert lake.at("run:1").profile("marts.people") == found
        assert lake.profile_diff("marts.people", "run:1").is_equal


def test_a_renamed_column_is_compared_with_what_it_was(built: Clone) -> None:
    renamed = PEOPLE.replace("sum(amount) as amount", "10 * sum(amount) as revenue")
    built.write(
        "datasets/marts/people.sql",
        renamed.format(how="table", columns="columns:\n  revenue: {was: amount}\n"),
    )
    built.run()
    with closing(built.open()) as service:
        moved = service.profiles.compare("marts.people", None, "main~1")
    (column,) = moved.columns
    assert (column.name, column.change) == ("revenue", "changed")
    told = {move.what: (move.before, move.after) for move in column.moves}
    assert told["name"] == ("amount", "revenue")
    assert told["maximum"] == (20, 200)
