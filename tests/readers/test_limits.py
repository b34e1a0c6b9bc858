"""What readers can't do is the table of `docs/how-to/read-with-other-tools.md`: no more, and no less."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from andon.lake.iceberg.metadata import snapshot_id
from andon.service.service import Service
from kit.clones import Clone
from kit.readers.asking import Comparison
from kit.readers.here import Reader
from kit.readers.rows import as_shown, rows_of
from kit.readers.shown import Shown, shown_at

_PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "read-with-other-tools.md"
_ALL_OTHERS = """select i, true as b, i::integer as n, i / 3 as d, (i / 3)::float as f, (i / 4)::decimal(38,10) as m, 'é' || i as s,
  ('\\x00' || i)::blob as y, date '2026-01-01' + i::integer as dt, timestamp '2026-01-01 00:00:00.000001' as ts,
  timestamptz '2026-03-29 02:30:00+02' as tz, {'a': i, 'b': {'c': [i]}} as st, map {'k': [{'x': i}]} as mp from x.base"""


class Case(NamedTuple):
    """A small table that a reader may not read.

    Attributes:
        where: the rows that it is asked for; all if None.
        meant: what is written where the rows are the same as numbers, and are more than that to DuckDB.
    """

    sql: str
    where: Comparison | None = None
    meant: str = ""


#: By the words of the page.
CASES: Mapping[str, Case] = {
    "numbers, texts, bytes, dates, timestamps, structs, lists, maps": Case(_ALL_OTHERS),
    "`DECIMAL` of 38 digits": Case("select i, ('0.' || repeat('9', 37) || i)::decimal(38,38) as c from x.base"),
    "`UUID`": Case("select i, md5(i::varchar)::uuid as c, [md5(i::varchar)::uuid] as cs from x.base"),
    "`TIME`": Case("select i, time '10:00:00.000001' as c from x.base"),
    "`TIME` in a struct, list or map": Case("select i, [time '10:00:00.000001'] as c from x.base"),
    "NaN, infinite numbers, `-0.0`": Case(
        "select * from (values (1, 'nan'::double), (2, 'inf'), (3, '-inf'), (4, -0.0), (5, 0.0)) t(i, c)"
    ),
    "years before Christ and after 9999": Case(
        "select i, date '0044-03-15 (BC)' as c, timestamp '12345-01-01' as d from x.base"
    ),
    "infinite dates and timestamps": Case(
        "select i, date 'infinity' as c, timestamp '-infinity' as d from x.base", meant="as a far day"
    ),
    "a condition on a `UUID`": Case(
        "select i, md5(i::varchar)::uuid as c from x.base",
        Comparison("c", "=", "c4ca4238-a0b9-2382-0dcc-509a6f75849b", "UUID"),
    ),
    "NaN in a condition: above all numbers": Case(
        "select * from (values (1, 'nan'::double), (2, 0.0)) t(i, c)", Comparison("c", ">", "1.0", "DOUBLE")
    ),
    "names with blanks, quotes, dots, signs": Case(
        'select i as "an i", i as "q""\'`", i as "größe 😀", {\'x y\': i, \'a.b\': i} as "d.e" from x.base'
    ),
    "a column `a.b` beside a struct `a` with a part `b`": Case("select i as \"a.b\", {'b': i} as a from x.base"),
    "no rows": Case("select i, 'x' as c from x.base where i > 100"),
}
_BACK = "earlier snapshots"
_FOLDER = "a folder with blanks and signs in its name"


class Small(NamedTuple):
    """A lake of the cases: what is shown of each, and the service over it."""

    service: Service
    shown: Mapping[str, Shown]


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    """A lake of the cases, and a table of a lake in a folder with a name of blanks and signs."""
    clone, odd = Clone(tmp_path_factory.mktemp("small")), Clone(tmp_path_factory.mktemp("odd") / "größe 100%25 & it's")
    source = {"andon.toml": "", "raw/a.csv": "i\n0\n1\n", "sources/x/base.sql": "select i from read_csv('raw/a.csv')\n"}
    clone.fill(source)
    odd.fill(source)
    names = {words: f"t.c{number}" for number, words in enumerate(CASES)}
    for words, name in names.items():
        clone.write(f"datasets/t/{name[2:]}.sql", CASES[words].sql + "\n")
    clone.write("datasets/t/back.sql", "select i from x.base\n")
    assert clone.run().published
    clone.write("datasets/t/back.sql", "select i, 'new' as c from x.base\n")
    assert clone.run().published
    assert odd.run().published
    with odd.opened() as service:
        folder = shown_at(service, "main")[0]
    with clone.opened() as service:
        shown = {each.dataset: each for each in shown_at(service, "main")}
        before = next(each for each in shown_at(service, "main~") if each.dataset == "t.back")
        back = before._replace(place=shown["t.back"].place)
        yield Small(service, {**{words: shown[name] for words, name in names.items()}, _BACK: back, _FOLDER: folder})


def outcome(reader: Reader, words: str, small: Small) -> str:
    """What the table says of a reader for these words."""
    shown, case = small.shown[words], CASES.get(words, Case(""))
    where = [case.where] if case.where else []
    expected = shown.rows
    if case.where:
        asked = f"from {shown.dataset} where {case.where.duckdb()}"
        expected = rows_of(small.service.querying.ask(asked, "main").arrow(), shown.columns)
    snapshot = snapshot_id(shown.version.id) if words == _BACK else None
    try:
        found = reader.read(shown.place, shown.columns, where, snapshot)
    except Exception as error:  # noqa: BLE001 - each reader has errors of its own
        print(f"{reader.name}: {words}: {error}")
        return "no"
    if found.rows != expected.rows:
        lost = expected.rows - found.rows
        is_nan = not found.rows - expected.rows and all("nan" in row for row in lost)
        return "without NaN" if is_nan else "other rows"
    types = {kind: as_shown(lake, {}) for (_, kind), lake in zip(found.columns, shown.columns.values(), strict=True)}
    others = [kind for kind, lake in types.items() if kind != lake]
    if others:
        return f"as `{others[0]}`"
    return "yes" if reader.name == "DuckDB" or not case.meant else case.meant


def test_each_reader_does_what_the_table_says(reader: Reader, small: Small) -> None:
    told = table()
    assert set(told) == set(small.shown)
    found = {words: outcome(reader, words, small) for words in small.shown}
    assert found == {words: cells[reader.name] for words, cells in told.items()}


def table() -> dict[str, dict[str, str]]:
    """The page's table: words -> reader -> cell."""
    lines = [line for line in _PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    start = next(number for number, row in enumerate(rows) if row[0] == "what")
    head = rows[start][1:]
    return {row[0]: dict(zip(head, row[1:], strict=True)) for row in rows[start + 2 :]}
