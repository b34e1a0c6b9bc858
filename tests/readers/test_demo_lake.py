"""The demo lake is read by others row for row, each dataset of it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from kit.clones import Clone
from kit.readers.here import Reader
from kit.readers.shown import Shown, require_same, shown_at

_EXAMPLE = Path(__file__).parents[2] / "examples" / "cdnow"
#: Each SQL table of the example is one of these or goes into one; two others are made by Python, with packages of their own.
_TABLES = ("revenue_by_month", "cohorts", "calibration", "rfm", "orders_by_weekday", "lapsed_customers")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> list[Shown]:
    """Its tables; where Spark is asked too, also those that take packages."""
    clone = Clone(tmp_path_factory.mktemp("demo") / "cdnow")
    shutil.copytree(_EXAMPLE, clone.root)
    selected = (
        () if os.environ.get("ANDON_SPARK") == "jvm" else ["shop.customers", *(f"+marts.{name}" for name in _TABLES)]
    )
    assert clone.run(*selected).published
    with clone.opened() as service:
        return shown_at(service, "main")


def test_each_of_its_tables_is_read_as_it_is_shown(demo: list[Shown], reader: Reader) -> None:
    assert len(demo) > len(_TABLES)
    for shown in demo:
        require_same(reader, shown)
