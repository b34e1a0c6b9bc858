"""Columns that come, go, are renamed and widened; files that are added; rows set aside: at each commit others read what Andon shows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import NamedTuple

import pytest

from andon.lake.iceberg.metadata import snapshot_id
from andon.service.service import Service
from kit.readers.here import Reader
from kit.readers.living import Living
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
    """Lakes with their histories."""
    with ExitStack() as stack:
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
