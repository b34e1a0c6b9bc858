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


#: A column of each type that the lake holds: its type and two values.
TYPES = {
    "t": ("VARCHAR", "'é', 'a longer text than twelve bytes'"),
    "i": ("INTEGER", "-1, 2147483647"),
    "b": ("BIGINT", "0, -9223372036854775808"),
    "n": ("DECIMAL(9,2)", "1.25, -0.01"),
    "w": ("DECIMAL(38,6)", "12345678901234567890.000001, 0"),
    "f": ("FLOAT", "'nan', 1.5"),
    "d": ("DOUBLE", "'-0.0', 'inf'"),
    "o": ("BOOLEAN", "true, false"),
    "u": ("DATE", "'0001-01-01', '9999-12-31'"),
    "c": ("TIME", "'00:00:00', '23:59:59.999999'"),
    "m": ("TIMESTAMP", "'1969-12-31 23:59:59.999999', '2025-01-02 03:04:05'"),
    "z": ("TIMESTAMP WITH TIME ZONE", "'2025-01-02 03:04:05+01', '1900-01-01 00:00:00+00'"),
    "g": ("UUID", "'00000000-0000-0000-0000-000000000001', 'ffffffff-ffff-ffff-ffff-ffffffffffff'"),
    "r": ("BLOB", "'\\x00\\xff'::blob, ''::blob"),
    "l": ("VARCHAR[]", "[], ['a', null]"),
    "s": ("STRUCT(a INTEGER, b VARCHAR)", "{'a': 1, 'b': null}, {'a': null, 'b': 'x'}"),
    "p": ("MAP(VARCHAR, INTEGER)", "map {'k': 1}, map {}"),
}
#: What they came to when the algorithm got its name. Another engine that gives others is another algorithm.
GOLDEN = {
    "VARCHAR": "duckhash1.4:cee3fb9b3a96:3:33019377791549092949:35729917409316854343",
    "INTEGER": "duckhash1.4:5e703ff2292c:3:27192237420254984489:14823877319052550792",
    "BIGINT": "duckhash1.4:33d20207f72d:3:22021673271234953104:16416056919796343100",
    "DECIMAL(9,2)": "duckhash1.4:f5031a44d3fd:3:26501508072880181057:15075696132300099795",
    "DECIMAL(38,6)": "duckhash1.4:c0f210dcd05f:3:27932535364538747051:27024205544183681422",
    "FLOAT": "duckhash1.4:a830e5bfe758:3:31467287612527587404:30648021248385765688",
    "DOUBLE": "duckhash1.4:989a474d0db4:3:22994021174114699942:18059507049516876947",
    "BOOLEAN": "duckhash1.4:88d0ae3a2fcc:3:18505844812232902281:20354707016003523643",
    "DATE": "duckhash1.4:5eaa6e5d28a5:3:41817467619925904144:17144285648532601002",
    "TIME": "duckhash1.4:dc95fb1bdb20:3:23277104153092148241:17628767828213953517",
    "TIMESTAMP": "duckhash1.4:c4a2859fe9bb:3:34197720371953640285:25043040660005910310",
    "TIMESTAMP WITH TIME ZONE": "duckhash1.4:137ff4137a6c:3:31617187333334925831:21397371456596530120",
    "UUID": "duckhash1.4:f1cfba8ad12d:3:34944238266859982992:21363596726652332672",
    "BLOB": "duckhash1.4:427f45fc9088:3:21320941235654652821:40026345307308553072",
    "VARCHAR[]": "duckhash1.4:1932dd22b840:3:31626066200527805588:27142100281090226980",
    "STRUCT(a INTEGER, b VARCHAR)": "duckhash1.4:aced8df2d3ab:3:49604048111189262866:21425338020658517037",
    "MAP(VARCHAR, INTEGER)": "duckhash1.4:b9d6ab999f08:3:41353031521702603536:28480162868408729989",
}


def test_what_it_gave_it_gives_for_ever(tables: Tables) -> None:
    found = {}
    for name, (kind, values) in TYPES.items():
        listed = ", ".join(f"({place}, ({value})::{kind})" for place, value in enumerate(_split(values)))
        path = str(tables.folder / f"{name}.parquet")
        tables.session.connection.execute(
            f"copy (select v::{kind} as v from (values {listed}, (9, null)) t(k, v) order by k) to '{path}'"
        )
        version = Version("v", "a.b", (Column("v", kind, 1),))
        found[kind] = fingerprint(tables.session, version, [path], in_order=False)
    assert found == GOLDEN


def _split(values: str) -> list[str]:
    """Two values of a list, each of which may hold commas within brackets or quotes."""
    depth, quoted = 0, False
    for place, letter in enumerate(values):
        quoted ^= letter == "'"
        depth += (letter in "[{(") - (letter in "]})") if not quoted else 0
        if letter == "," and not depth and not quoted:
            return [values[:place], values[place + 1 :]]
    raise ValueError(values)
