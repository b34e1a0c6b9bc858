"""Who may read what the lake makes of a file, and personal columns in every verb that shows values."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from andon.lake.local_storage import LocalStorage
from andon.model.mask import MASK
from kit.clones import Clone, closing


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def _open_umask():
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(clone: Clone) -> dict[str, set[int]]:
    lake = clone.root / ".andon" / "lake"
    found = {p.parent.name + "." + p.name.partition("-")[0]: mode(p) for p in (lake / "data").glob("*/*.parquet")}
    return {"raw": {mode(p) for p in (lake / "raw").glob("*/*")}, **{name: {m} for name, m in found.items()}}


def test_what_comes_of_a_private_file_is_private(project):
    (project.root / "raw/orders_05.csv").chmod(0o600)
    project.write("raw/open.csv", "n\n1\n")
    project.write("sources/shop/open.sql", "select n from read_csv('raw/open.csv')\n")
    project.write("datasets/marts/pub.sql", "select n + 1 as n from shop.open\n")
    project.write("datasets/marts/seen.sql", "/*---\nmaterialize: view\n---*/\nselect customer from shop.orders\n")
    project.write("datasets/marts/through.sql", "select count(*) as n from marts.seen\n")
    project.run()
    found = modes(project)
    assert found["raw"] == {0o600, 0o644}
    for name in ("shop.orders", "marts.totals", "marts.best", "marts.count", "marts.through"):
        assert found[name] == {0o600}, name
    assert found["shop.open"] == found["marts.pub"] == {0o644}
    assert not list((project.root / ".andon/lake").rglob("*.part"))
    assert project.ask("select n from marts.through") == [(3,)]


def test_a_group_keeps_what_it_may_read(project):
    (project.root / "raw/orders_05.csv").chmod(0o640)
    project.run()
    assert modes(project)["marts.totals"] == {0o640}


def test_the_umask_takes_away_more(project):
    os.umask(0o077)
    project.run()
    assert all(found == {0o600} for found in modes(project).values())


def test_a_private_file_is_never_open_while_it_is_written(tmp_path):
    storage = LocalStorage(tmp_path / "lake")
    path = storage.new_path("data/s", "t", ".parquet")
    with storage.written(path, 0o600) as place:
        Path(place).write_text("x")
        folder = (tmp_path / "lake" / path).with_name((tmp_path / "lake" / path).name + ".part")
        assert mode(folder) == 0o700
        assert not (tmp_path / "lake" / path).exists()
    assert mode(tmp_path / "lake" / path) == 0o600
    assert not folder.exists()
    with pytest.raises(ZeroDivisionError), storage.written(path, 0o600) as place:
        Path(place).touch()
        raise ZeroDivisionError
    assert not folder.exists()


PII = """/*---
columns:
  Customer: {description: who, pii: true}
---*/
select id, customer as Customer, amount, case when id = 2 then null else customer end as again from shop.orders
"""
VALUES = ("ada", "ben")


def test_a_sample_masks_personal_columns(project):
    project.write("datasets/marts/people.sql", PII.replace("again:", ""))
    project.run()
    with closing(project.open()) as service:
        page = service.datasets.show("marts.people")
        assert {row[1] for row in page.sample} == {MASK}
        assert page.document().sample[0][1] == MASK
        assert {row[3] for row in page.sample} == {"ada", None}
        assert [type(row[0]) for row in page.sample] == [int] * 3
        assert [c.name for c in page.version.columns] == ["id", "Customer", "amount", "again"]


def test_a_mark_that_is_set_later_hides_what_was_published_before(project):
    project.write("datasets/marts/people.sql", "select customer from shop.orders\n")
    project.run()
    before = project.head().id
    project.write(
        "datasets/marts/people.sql",
        "/*---\ncolumns:\n  customer: {pii: true}\n---*/\nselect customer from shop.orders\n",
    )
    project.run()
    with closing(project.open()) as service:
        assert {row[0] for row in service.datasets.show("marts.people", before).sample} == {MASK}
        assert {row[0] for row in service.datasets.show("shop.orders").sample} == {1, 2, 3}
