"""Fixtures of the service tests: a small project, and two clones of it on one lake."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from kit.clones import FILES, Clone
from kit.lake_places import on_servers, places
from kit.simple_index import IndexedMachine, SimpleIndex, serving


@pytest.fixture
def project(tmp_path) -> Clone:
    clone = Clone(tmp_path / "acme")
    clone.fill(FILES)
    return clone


def _two(place: Path, environ: dict[str, str]) -> tuple[Clone, Clone]:
    return Clone(place / "ana", "ana", environ=environ), Clone(place / "ben", "ben", environ=environ)


def _begun(place: Path) -> tuple[Clone, Clone]:
    ana, ben = _two(place, places(place))
    ana.fill(FILES)
    ana.run()
    shutil.copytree(ana.root, ben.root, ignore=shutil.ignore_patterns(".andon"))
    ben.run()
    return ana, ben


@pytest.fixture(scope="session")
def _shared(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("shared")
    if not on_servers():
        _begun(place)
    return place


@pytest.fixture
def shared(_shared, tmp_path) -> tuple[Clone, Clone]:
    """Two clones of one project on one lake; the first has published."""
    if on_servers():
        return _begun(tmp_path)
    shutil.copytree(_shared, tmp_path, dirs_exist_ok=True)
    return _two(tmp_path, places(tmp_path))


#: The code of the story's last publish.
STORY = {
    **FILES,
    "raw/orders_06.csv": "id,customer,amount\n4,cleo,7\n",
    "macros/money.sql": "create macro cents(x) as x * 100;\n",
    "datasets/marts/totals.sql": (
        "select customer, sum(amount) as amount, count(*) as orders from shop.orders group by customer order by customer\n"
    ),
}


@pytest.fixture(scope="session")
def told(tmp_path_factory) -> Clone:
    """A project with a history, for tests that only read. On main, oldest first:

    run 1: the project; run 2: totals with a column more, and a macro; run 3: a refresh with a new raw file, tagged `loaded`. On `try`,
    run 4: another count and a dataset `marts.extra`. The folder stands as main does.
    """
    clone = Clone(tmp_path_factory.mktemp("story") / "acme")
    clone.fill(FILES)
    clone.run()
    for path in ("macros/money.sql", "datasets/marts/totals.sql"):
        clone.write(path, STORY[path])
    clone.run(message="orders are counted")
    clone.write("raw/orders_06.csv", STORY["raw/orders_06.csv"])
    clone.refresh()
    with clone.opened() as service:
        service.branches.tag("loaded")
    clone.write("datasets/marts/count.sql", "select count(*) * 10 as n from shop.orders\n")
    clone.write("datasets/marts/extra.sql", "select 1 as one\n")
    clone.run(branch="try")
    clone.write("datasets/marts/count.sql", FILES["datasets/marts/count.sql"])
    clone.write("datasets/marts/extra.sql", None)
    return clone


@pytest.fixture
def story(told, tmp_path) -> Clone:
    """A copy of `told`, to change."""
    shutil.copytree(told.root, tmp_path / "acme")
    return Clone(tmp_path / "acme")


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What each environment needs, as an index has it."""
    index = SimpleIndex(tmp_path_factory.mktemp("index") / "files")
    for name in ("duckdb", "pytz", "time-machine"):
        index.add_installed(name)
    index.add("tinyshape", "1.0", "def area(r):\n    return 3 * r\n")
    return index.folder


@pytest.fixture
def machine(wheels, tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith(("UV_", "PIP_")) or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    index = SimpleIndex(shutil.copytree(wheels, tmp_path / "index"))
    with serving(index) as url:
        found = IndexedMachine(index, monkeypatch, tmp_path / "cache")
        found.move(tmp_path / "cache", url)
        yield found
