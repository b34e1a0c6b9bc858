"""Gathering: sides that are merged into a head, what people hear of the merge, and bases."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from andon.errors import ConflictError, MachineError, ProjectError
from andon.model.commit import Cause
from andon.project.folder.merge import Merged
from andon.runs.planning.gather import Gatherer
from andon.runs.planning.merge_words import code_notices
from andon.service.service import Service
from andon.workspace.base import Base, InCommon
from kit.clones import FILES, Clone

COUNT, ORDERS = "datasets/marts/count.sql", "raw/orders_05.csv"


def notices(*, is_folder: bool = True, **merged: object) -> list[str]:
    return code_notices(Merged({}, **merged), is_folder=is_folder)


# -- what people hear


def test_a_merge_without_doubt_says_nothing():
    assert notices() == []
    assert notices(deleted=("a.sql",)) == []


def test_what_stays_or_comes_from_the_head_is_told_with_what_to_do():
    (newer,) = notices(from_head=("a.sql",))
    assert newer == "newer in the lake than here, and taken from there: a.sql (`andon pull` brings them)"
    (kept,) = notices(kept=tuple(f"{n}.sql" for n in "abcdef"))
    assert "a.sql, b.sql, c.sql, d.sql and 2 more" in kept
    assert "`--drop` removes them" in kept


def test_what_was_undone_is_told_one_by_one_or_counted():
    one = notices(rejected=(Cause("a.sql", "1"), Cause("a.sql", "2")))
    assert one == ["a.sql: was undone, so it is not published again (edit it, or `andon accept --rejected a.sql`)"]
    (many,) = notices(rejected=tuple(Cause(f"{n}.sql", "1") for n in range(1200)))
    assert many.startswith("1,200 files were undone")
    assert "1,196 more" in many
    assert "`andon accept --rejected PATH`, or `--all`" in many


def test_the_publish_of_a_branch_is_told_only_what_was_undone():
    assert notices(is_folder=False, from_head=("a.sql",), kept=("b.sql",)) == []
    assert notices(is_folder=False, rejected=(Cause("a.sql", "1"),)) == [
        "a.sql: undone before, so it is not published again"
    ]
    (many,) = notices(is_folder=False, rejected=tuple(Cause(f"{n}.sql", "1") for n in range(5)))
    assert many.startswith("5 files were undone before")


# -- merging into a head


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Clone:
    clone = Clone(tmp_path_factory.mktemp("published") / "acme")
    clone.fill(FILES)
    clone.run()
    return clone


@pytest.fixture
def project(published, tmp_path) -> Clone:
    shutil.copytree(published.root, tmp_path / "acme")
    return Clone(tmp_path / "acme")


@pytest.fixture
def service(project) -> Iterator[Service]:
    with project.opened() as service:
        yield service


def gathered(service: Service, chosen=None, base: str | None = "main", **options: bool):
    gatherer = Gatherer(service.workspace)
    head = service.workspace.lake.refs.resolve("main")
    found = service.workspace.bases.of(base) if base else None
    return gatherer.gather(head, chosen(gatherer) if chosen else gatherer.folder(), found, **options)


def first(service: Service) -> str:
    """The commit before the publish."""
    return service.workspace.lake.refs.resolve("main~1").id


def test_a_folder_as_published_is_no_change(service):
    found = gathered(service)
    assert dict(found.code.files) == found.state.files()
    assert found.notices == ()
    assert set(found.definitions) == {"shop.orders", "marts.totals", "marts.best", "marts.count"}
    assert found.files["marts.count"] == found.state.leaves["marts.count"].files
    source = found.sources["shop.orders"]
    assert (source.added, source.changed, source.removed) == ((), (), ())
    assert source.contract is not None


def test_raw_files_are_merged_by_file(project, service):
    project.write("raw/orders_06.csv", "id,customer,amount\n4,ada,1\n")
    project.write(ORDERS, "id,customer,amount\n1,ada,11\n")
    source = gathered(service).sources["shop.orders"]
    assert (source.added, source.changed, source.removed) == (("raw/orders_06.csv",), (ORDERS,), ())
    project.write(ORDERS, None)
    assert gathered(service).sources["shop.orders"].removed == (ORDERS,)  # this folder had it
    found = gathered(service, base=None)
    assert found.sources["shop.orders"].removed == ()
    assert found.notices == (f"shop.orders: {ORDERS} is not here and stays as published",)
    dropped = gathered(service, base=None, drop=True)
    assert dropped.sources["shop.orders"].removed == (ORDERS,)
    assert [f.path for f in dropped.sources["shop.orders"].files] == ["raw/orders_06.csv"]


def test_many_missing_raw_files_are_one_line(project, service):
    for number in range(10, 16):
        project.write(f"raw/orders_{number}.csv", f"id,customer,amount\n{number},ada,1\n")
    service.runs.refresh()
    for number in range(10, 16):
        project.write(f"raw/orders_{number}.csv", None)
    (line,) = gathered(service, base=None).notices
    assert line.startswith("shop.orders: 6 files are not here and stay as published: raw/orders_10.csv")


def test_a_source_without_files_fails_alone(project, service):
    project.write("sources/shop/people.sql", "select id from read_csv('raw/people.csv')\n")
    found = gathered(service)
    assert found.failures == {} or set(found.failures) == {"shop.people"}
    assert found.sources["shop.people"].files == ()
    assert found.sources["shop.orders"].files != ()


def test_code_problems_are_raised_or_left_to_who_asks(project, service):
    project.write(COUNT, "selec 1\n")
    with pytest.raises(ProjectError) as caught:
        gathered(service)
    assert caught.value.problems[0].file == COUNT
    assert [p.file for p in gathered(service, lenient=True).project.problems] == [COUNT]


def test_both_changed_names_all_files(project, service):
    project.write(COUNT, "select 2 as n\n")
    project.write("datasets/marts/best.sql", "select 'x' as customer\n")
    workspace = service.workspace
    base = workspace.bases.of("main")
    stale = Base(InCommon({path: "0" * 64 for path in base.code.files}, first(service)), base.raw)
    workspace.bases.set("other", stale)
    with pytest.raises(ConflictError) as caught:
        gathered(service, base="other")
    assert caught.value.details == {"files": ["datasets/marts/best.sql", COUNT]}
    assert "this folder" in caught.value.message


def test_both_changed_one_raw_file_is_a_conflict_too(project, service):
    project.write(ORDERS, "id,customer,amount\n1,ada,11\n")
    base = service.workspace.bases.of("main")
    service.workspace.bases.set("other", Base(base.code, {"shop.orders": InCommon({ORDERS: "0" * 64}, first(service))}))
    with pytest.raises(ConflictError) as caught:
        gathered(service, base="other")
    assert caught.value.where == ORDERS


def test_without_a_base_the_folder_takes_nothing_away(project, service):
    project.write(COUNT, None)
    found = gathered(service, base=None)
    assert "marts.count" in found.definitions
    assert "not in this folder, and kept as published" in found.notices[0]
    assert "marts.count" not in gathered(service, base=None, drop=True).definitions


def test_a_file_that_changes_while_it_is_read_is_told(project, service):
    published = Gatherer(service.workspace).folder()
    before = project.read(COUNT).encode()
    project.write(COUNT, "select 2 as n\n")
    found = Gatherer(service.workspace).folder()
    project.write(COUNT, "select 3 as n\n")
    assert published.read(COUNT, published.code[COUNT]) == before, "what the lake knows is read as it was"
    with pytest.raises(MachineError) as caught:
        found.read(COUNT, found.code[COUNT])
    assert (caught.value.code, caught.value.retryable) == ("source.changed_while_read", True)


def test_a_branch_s_own_code_is_what_was_published_on_today_s_files(project, service):
    project.write(COUNT, "select 3 as n\n")
    project.write("raw/orders_06.csv", "id,customer,amount\n4,ada,1\n")
    state = service.workspace.lake.commits.state(service.workspace.lake.refs.resolve("main"))
    own = gathered(service, lambda g: g.own(state))
    assert dict(own.code.files) == own.state.files()
    assert own.sources["shop.orders"].added == ("raw/orders_06.csv",)
    assert (own.side.is_own, own.side.is_folder) == (True, False)


def test_a_commit_as_a_side_has_the_files_that_it_was_built_from(project, service):
    head = service.workspace.lake.refs.resolve("main")
    project.write("raw/orders_06.csv", "id,customer,amount\n4,ada,1\n")
    found = gathered(service, lambda g: g.commit(head))
    assert found.sources["shop.orders"].added == ()
    gatherer = Gatherer(service.workspace)
    base = gatherer.base_of(head)
    assert base.code.files == found.state.files()
    assert set(base.raw["shop.orders"].files) == {ORDERS}
    assert gatherer.common_raw(head, None) == {"shop.orders": base.raw["shop.orders"]}


def test_raw_files_are_looked_at_once_by_one_gatherer(project, service):
    gatherer = Gatherer(service.workspace)
    definition = gathered(service).definitions["shop.orders"]
    before = gatherer.folder().raw(definition)
    project.write("raw/orders_06.csv", "id,customer,amount\n4,ada,1\n")
    assert gatherer.folder().raw(definition) == before
    assert set(Gatherer(service.workspace).folder().raw(definition)) == {ORDERS, "raw/orders_06.csv"}
