"""Fingerprints of content: of whole versions, and of some of their columns together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from andon.engines.duckdb.fingerprint import fingerprint
from andon.engines.duckdb.instance import Instance, Session
from andon.model.version import Column, Version

KINDS = {"id": "INTEGER", "name": "VARCHAR", "price": "DOUBLE", "tags": "VARCHAR[]"}
ROWS = ["(1, 'a', 0.5, ['x'])", "(2, 'b', NULL, [])", "(2, 'b', NULL, NULL)", "(3, NULL, 1.5, ['y', NULL])"]


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    instance = Instance()
    yield instance.session()
    instance.close()


class Tables:
    """Writes tables as versions of one file or more."""

    def __init__(self, session: Session, folder: Path) -> None:
        self.session = session
        self.folder = folder
        self.count = 0

    def written(self, names: list[str], rows: list[str], files: int = 1, sql: str = "") -> tuple[Version, list[str]]:
        paths = []
        for number in range(files):
            self.count += 1
            path = str(self.folder / f"{self.count}.parquet")
            part = ", ".join(rows[number::files])
            columns = ", ".join(f"{name}::{KINDS[name]} as {name}" for name in names)
            text = sql or f"select {columns} from (values {part}) v(id, name, price, tags)"
            self.session.connection.execute(f"copy ({text}) to '{path}' (format parquet)")
            paths.append(path)
        columns_of = tuple(Column(name, KINDS[name], number) for number, name in enumerate(names))
        return Version("v", "shop.orders", columns_of), paths


@pytest.fixture
def tables(session: Session, tmp_path: Path) -> Tables:
    return Tables(session, tmp_path)


def test_the_order_of_the_rows_is_content_unless_it_is_left_out(tables: Tables) -> None:
    one, other = tables.written(list(KINDS), ROWS), tables.written(list(KINDS), ROWS[::-1], files=3)
    again = tables.written(list(KINDS), ROWS)
    for columns in (None, ["id", "tags"]):
        prints = [fingerprint(tables.session, *table, columns) for table in (one, other, again)]
        assert prints[0] == prints[2] != prints[1]
        free = [fingerprint(tables.session, *table, columns, in_order=False) for table in (one, other)]
        assert free[0] == free[1] != prints[0]


def test_files_follow_each_other(tables: Tables) -> None:
    """Two files of the same rows, and what both hold in one: the places of their rows go on."""
    rows = [f"({i}, 'a', 1, [])" for i in (1, 3, 2, 4)]
    version, parts = tables.written(["id"], rows, files=2)
    _, turned = tables.written(["id"], [rows[1], rows[0], rows[3], rows[2]], files=2)
    assert fingerprint(tables.session, version, parts) == fingerprint(tables.session, version, turned[::-1])
    assert fingerprint(tables.session, version, parts) != fingerprint(tables.session, version, parts[::-1])


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("DOUBLE", "'0'", "'-0'"),
        ("FLOAT", "'0'", "'-0'"),
        ("DOUBLE[]", "[0.0]", "['-0'::double]"),
        ("STRUCT(a DOUBLE)", "{'a': 0.0}", "{'a': '-0'::double}"),
        ("DOUBLE[2]", "[0, 1]", "['-0'::double, 1]"),
    ],
)
def test_equal_values_that_differ_are_another_content(tables: Tables, kind: str, one: str, other: str) -> None:
    version = Version("v", "shop.orders", (Column("x", kind, 1),))
    prints = []
    for value in (one, other, one):
        _, paths = tables.written(["id"], [], sql=f"select {value}::{kind} as x")
        prints += [fingerprint(tables.session, version, paths, in_order=way) for way in (True, False)]
    assert prints[:2] == prints[4:]
    assert prints[0] != prints[2]
    assert prints[1] != prints[3]


def test_columns_make_one_tuple_wherever_they_stand(tables: Tables) -> None:
    one, other = tables.written(["id", "name", "price"], ROWS), tables.written(["price", "tags", "id"], ROWS)
    assert fingerprint(tables.session, *one, ["id", "price"]) == fingerprint(tables.session, *other, ["price", "id"])
    assert fingerprint(tables.session, *one) != fingerprint(tables.session, *other)


def test_other_columns_make_no_difference_and_these_do(tables: Tables) -> None:
    changed = [*ROWS[:3], "(3, 'c', 1.5, ['y', NULL])"]
    one, other = tables.written(list(KINDS), ROWS), tables.written(list(KINDS), changed)
    assert fingerprint(tables.session, *one, ["id", "price"]) == fingerprint(tables.session, *other, ["id", "price"])
    assert fingerprint(tables.session, *one, ["id", "name"]) != fingerprint(tables.session, *other, ["id", "name"])


def test_the_same_values_in_other_rows_are_something_else(tables: Tables) -> None:
    one = tables.written(["id", "name"], ["(1, 'a', 0, [])", "(2, 'b', 0, [])"])
    other = tables.written(["id", "name"], ["(1, 'b', 0, [])", "(2, 'a', 0, [])"])
    assert fingerprint(tables.session, *one, ["id"]) == fingerprint(tables.session, *other, ["id"])
    assert fingerprint(tables.session, *one, ["id", "name"]) != fingerprint(tables.session, *other, ["id", "name"])


def test_how_often_a_row_is_there_counts(tables: Tables) -> None:
    one, other = tables.written(list(KINDS), ROWS), tables.written(list(KINDS), [*ROWS, ROWS[0], ROWS[0]])
    for columns in (["id"], []):
        assert fingerprint(tables.session, *one, columns) != fingerprint(tables.session, *other, columns)


def test_of_no_columns_the_count_is_left(tables: Tables) -> None:
    one, other = tables.written(["id"], ROWS), tables.written(["name", "tags"], ROWS[1:] + ROWS[:1])
    assert fingerprint(tables.session, *one, []) == fingerprint(tables.session, *other, [])


def test_types_and_names_count(tables: Tables) -> None:
    version, paths = tables.written(["id"], ROWS)
    wider = Version("v", "shop.orders", (Column("id", "BIGINT", 0),))
    assert fingerprint(tables.session, version, paths, ["id"]) != fingerprint(tables.session, wider, paths, ["id"])
    with pytest.raises(KeyError):
        fingerprint(tables.session, version, paths, ["ghost"])


def test_a_version_without_rows_has_one_too(tables: Tables) -> None:
    version, paths = tables.written(["id"], [], sql="select 1::integer as id where false")
    assert fingerprint(tables.session, version, paths, ["id"]).endswith(":0:None:None")
