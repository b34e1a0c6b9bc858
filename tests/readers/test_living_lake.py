"""Columns that come, go, are renamed and widened; files that are added; rows set aside: at each commit others read what Andon shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from andon.base.record import replace
from andon.lake.iceberg import manifests
from andon.lake.iceberg.metadata import derive, snapshot_id
from andon.model.version import Column, Version
from andon.service.service import Service
from kit.readers.here import Reader
from kit.readers.living import WIDER, Living
from kit.readers.rows import Rows
from kit.readers.shown import Shown, require_same, shown_at

_STEPS = 4
_SEEDS = (1, 2)


class Lived(NamedTuple):
    """A lake after all its steps, and every version of a dataset that it showed."""

    living: Living
    service: Service
    known: dict[tuple[str, str], Shown]


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Lived]]:
    """Lakes with their histories; their manifests are of few files, so that tables stand in several."""
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(manifests, "SMALL", 2)
        patch.setattr(manifests, "MERGED", 2)
        lakes = []
        for seed in _SEEDS:
            living = Living(tmp_path_factory.mktemp("living"), seed)
            living.go_on(_STEPS)
            service = stack.enter_context(living.clone.opened())
            known: dict[tuple[str, str], Shown] = {}
            for back in range(_STEPS, -1, -1):
                shown_at(service, f"main~{back}", known)
            lakes.append(Lived(living, service, known))
        yield lakes


def test_every_version_of_every_table_is_read_as_it_was_shown(lived: list[Lived], reader: Reader) -> None:
    for lake in lived:
        assert {name for name, _ in lake.known} >= {"shop.orders__quarantine", "marts.things", "marts.customers"}
        for shown in lake.known.values():
            require_same(reader, shown)


def test_the_newest_table_goes_back_to_each_of_its_versions(lived: list[Lived], reader: Reader) -> None:
    if not reader.goes_back:
        return
    for lake in lived:
        place = lake.service.datasets.show("marts.things").iceberg
        versions = [shown for (name, _), shown in lake.known.items() if name == "marts.things"]
        assert len(versions) > _STEPS
        for shown in versions:
            require_same(reader, shown, place, snapshot=snapshot_id(shown.version.id))


def test_files_of_all_versions_are_read_by_the_newest_columns(together: list[Shown], reader: Reader) -> None:
    for shown in together:
        require_same(reader, shown)


@pytest.fixture(scope="session")
def together(lived: list[Lived]) -> list[Shown]:
    """Tables of the newest columns over the files of all versions, as they would stand if each had only added its rows; a part of a
    struct bears another name than in the files."""
    return [_together(lake) for lake in lived]


def _together(lake: Lived) -> Shown:
    versions = [shown for (name, _), shown in lake.known.items() if name == "marts.things"]
    newest = versions[-1].version
    # a name that came again with another type has its id again, which one table can't show
    types: dict[int, set[str]] = {}
    for shown in versions:
        for column in shown.version.columns:
            types.setdefault(column.field_id, set()).add(WIDER.get(column.type, column.type))
    columns = tuple(_renamed(column) for column in newest.columns if len(types[column.field_id]) == 1)
    assert len(columns) > 2
    rows: Counter[tuple[Any, ...]] = Counter()
    for shown in versions:
        at = {column.field_id: number for number, column in enumerate(shown.version.columns)}
        for row, count in shown.rows.rows.items():
            found = (row[at[c.field_id]] if c.field_id in at else None for c in columns)
            rows[tuple(_told(value) for value in found)] += count
    # statistics are named as the columns were when a file was written
    files = tuple(replace(file, stats={}) for shown in versions for file in shown.version.files)
    version = Version(f"{int(newest.id[:8], 16):064x}", newest.dataset, columns, files)
    storage = lake.service.workspace.lake.storage
    place = derive(version, storage_url=storage.url, write=storage.write, table_uuid=str(UUID(int=1)), time_ms=0)
    kinds = {column.name: column.type for column in columns}
    return Shown(newest.dataset, storage.engine_path(place), version, kinds, Rows((), rows))


def _renamed(column: Column) -> Column:
    """A column whose part `a` is called `other`."""
    kind = column.type.replace("STRUCT(a ", "STRUCT(other ")
    children = tuple((tuple("other" if p == "a" else p for p in path), each) for path, each in column.children)
    return replace(column, type=kind, children=children)


def _told(value: Any) -> Any:
    """A value with the part `a` under its other name."""
    if isinstance(value, tuple):
        return ("other", _told(value[1])) if value[:1] == ("a",) else tuple(_told(each) for each in value)
    return value
