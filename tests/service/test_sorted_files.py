"""`sort`: the rows of each file lie in that order, whatever makes the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.command_line import Andon


@pytest.fixture
def project(tmp_path: Path) -> Andon:
    made = Andon(tmp_path / "acme")
    made.write("andon.toml", "")
    made.write("raw/orders.csv", "id,day\n3,2026-01-02\n1,2026-01-01\n2,2026-01-01\n")
    made.write("sources/shop/orders.sql", "/*---\nsort: [day, id]\n---*/\nfrom read_csv('raw/orders.csv')\n")
    made.write(
        "datasets/marts/late.sql", "/*---\nsort: id\n---*/\nselect * from shop.orders where day > '2025-01-01'\n"
    )
    made("run", "--yes")
    return made


def ids(project: Andon, dataset: str) -> list[int]:
    return [row[0] for row in project.json("query", f"select id from {dataset}")["rows"]]


def test_rows_lie_in_the_order_that_is_declared(project):
    assert (ids(project, "shop.orders"), ids(project, "marts.late")) == ([1, 2, 3], [1, 2, 3])
    project.write(
        "datasets/marts/late.sql", "/*---\nsort: [day, id]\n---*/\nselect * from shop.orders where day > '2025-01-01'\n"
    )
    assert "the order of its rows changed" in project("plan").out
    project.write("datasets/marts/late.sql", "select * from shop.orders order by id desc\n")
    project("run", "--yes")
    assert ids(project, "marts.late") == [3, 2, 1]


FRAME = """from andon import dataset, read


@dataset(sort="id")
def late(o=read("shop.orders")):
    return o
"""


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("late.sql", "/*---\nsort: night\n---*/\nselect * from shop.orders\n", "column `night` is named as `sort`"),
        ("late.sql", "/*---\nsort: id\nmaterialize: view\n---*/\nselect * from shop.orders\n", "a view has no files"),
        ("late.sql", "/*---\nsort: [id, ID]\n---*/\nselect * from shop.orders\n", "`sort` names a column once"),
        ("late.py", FRAME, "`sort` is for SQL"),
    ],
)
def test_what_cannot_be_sorted_is_said(project, name, text, said):
    (project.folder / "datasets/marts/late.sql").unlink()
    project.write(f"datasets/marts/{name}", text)
    assert said in project("plan", status=2).err.replace("\n", " ")
