"""Field ids: given once for the whole lake, taken over by what is declared to be renamed, never twice in one output."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from andon.base.database import migrate
from andon.base.sqlite import SqliteDatabase
from andon.lake.field_ids import SEPARATOR, FieldIds, Output
from andon.lake.schema import MIGRATIONS


class Registry:
    """A registry over versions that stand in a dictionary."""

    def __init__(self, path: Path) -> None:
        self.database = SqliteDatabase(path)
        migrate(self.database, "lake", MIGRATIONS)
        self.versions: dict[str, dict[str, int]] = {}
        self.fields = FieldIds(self.database, lambda version: self.versions[version])

    def give(self, names: str, was: dict[str, str] | None = None, shown: dict[str, int] | None = None) -> list[int]:
        """The ids of the columns `names` of one dataset, in order; asked again, nothing new comes about."""
        paths = names.split(" ")
        published = None
        if shown is not None:
            published = str(len(self.versions))
            self.versions[published] = shown
        output = {"a.x": Output(paths, was or {}, published)}
        found = self.fields.register(output)["a.x"]
        before = self.rows()
        assert self.fields.register(output)["a.x"] == found
        assert self.rows() == before
        assert list(found) == paths
        assert len(set(found.values())) == len(paths)
        return list(found.values())

    def rows(self) -> list[tuple[object, ...]]:
        return sorted(self.database.query("select * from field_id"))


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    found = Registry(tmp_path / "catalog.db")
    yield found
    found.database.close()


def test_names_keep_their_ids(registry: Registry) -> None:
    assert registry.give("id amount") == [1, 2]
    assert registry.give("amount name id") == [2, 3, 1]
    assert registry.give("name") == [3]
    found = registry.fields.register({"a.x": Output(["id"]), "a.y": Output(["id"])})
    assert found == {"a.x": {"id": 1}, "a.y": {"id": 1}}


def test_a_renamed_column_takes_the_id_over(registry: Registry) -> None:
    registry.give("id amount")
    assert registry.give("id revenue", {"revenue": "amount"}, {"id": 1, "amount": 2}) == [1, 2]
    # by now without the declaration, and on a branch that shows it or nothing
    assert registry.give("id revenue", {}, {"id": 1, "revenue": 2}) == [1, 2]
    assert registry.give("id revenue") == [1, 2]
    assert registry.give("id amount") == [1, 2]
    assert registry.give("id sales", {"sales": "revenue"}) == [1, 2]
    assert registry.give("id total", {"total": "sales"}, {"id": 1, "sales": 2}) == [1, 2]


def test_a_declaration_that_comes_late_is_followed(registry: Registry) -> None:
    registry.give("id amount")
    assert registry.give("id revenue") == [1, 3]
    assert registry.give("id revenue", {"revenue": "amount"}, {"id": 1, "revenue": 3}) == [1, 2]
    assert registry.give("id revenue") == [1, 2]


def test_both_names_in_one_output(registry: Registry) -> None:
    registry.give("id amount")
    was, shown = {"revenue": "amount"}, {"id": 1, "revenue": 2, "amount": 3}
    assert registry.give("id revenue amount", was, {"id": 1, "amount": 2}) == [1, 2, 3]
    assert registry.give("amount revenue id", was, shown) == [3, 2, 1]
    assert registry.give("amount revenue id", {}, shown) == [3, 2, 1]
    # another branch has both names without a rename
    assert registry.give("id amount revenue", {}, {"id": 1, "amount": 2}) == [1, 2, 4]
    assert registry.give("id amount revenue", {}, {"id": 1, "amount": 2, "revenue": 4}) == [1, 2, 4]
    # what came anew may be renamed, and come anew once more
    shown = {"id": 1, "revenue": 2, "amount": 3}
    assert registry.give("id revenue cost", {"cost": "amount"}, shown) == [1, 2, 3]
    shown = {"id": 1, "revenue": 2, "cost": 3}
    assert registry.give("id revenue cost amount", {}, shown) == [1, 2, 3, 5]


def test_two_names_change_places(registry: Registry) -> None:
    registry.give("a b")
    was = {"a": "b", "b": "a"}
    assert registry.give("a b", was, {"a": 1, "b": 2}) == [2, 1]
    assert registry.give("a b", was, {"a": 2, "b": 1}) == [2, 1]
    assert registry.give("a b", {}, {"a": 2, "b": 1}) == [2, 1]
    assert registry.give("a b", {}, {"a": 1, "b": 2}) == [1, 2]


def test_a_name_that_this_lake_never_had(registry: Registry) -> None:
    first = registry.give("id revenue", {"revenue": "amount"})
    assert registry.give("id amount") == first
    assert registry.give("id revenue", {"revenue": "amount"}) == first


def test_declarations_do_not_tell_case_apart(registry: Registry) -> None:
    registry.give("amount")
    assert registry.give("Revenue", {"revenue": "amount"}) == [1]
    assert registry.give("Amount", {"amount": "amount"}) == [1]


def test_parts_follow_their_column(registry: Registry) -> None:
    def part(*path: str) -> str:
        return SEPARATOR.join(path)

    assert registry.give(f"s {part('s', 'a')} {part('s', 'a', 'element')} t") == [1, 3, 4, 2]
    renamed = f"r {part('r', 'a')} {part('r', 'b')} {part('r', 'a', 'element')}"
    assert registry.give(renamed, {"r": "s"}, {"s": 1, "t": 2}) == [1, 3, 5, 4]
    both = f"r {part('r', 'a')} s {part('s', 'a')}"
    assert registry.give(both, {"r": "s"}, {"r": 1}) == [1, 3, 6, 7]
    assert registry.give(f"s {part('s', 'a')} {part('s', 'b')}") == [1, 3, 5]


def test_rows_of_other_writers_count(registry: Registry) -> None:
    """What another process registered between look and write is taken as it is."""
    query, other = registry.database.query, FieldIds(registry.database, dict)
    late = Output(["id", "revenue"], {"revenue": "amount"})

    def first_the_others(*arguments: object) -> object:
        found = query(*arguments)
        registry.database.query = query
        other.register({"a.x": Output(["amount", "name"])})
        return found

    registry.database.query = first_the_others  # type: ignore[method-assign, assignment]
    assert registry.fields.register({"a.x": late}) == {"a.x": {"id": 3, "revenue": 1}}
