"""A value survives or stops: text → value → text says the same, wherever the value stands, or the load stops and names file and line."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import duckdb  # noqa: TID253
import pytest

from andon.base.names import literal, quote
from andon.base.record import replace
from andon.sources.files import infer
from andon.sources.files.calls import parse_call
from andon.sources.files.casts import Cast
from andon.sources.files.classes import classify
from andon.sources.files.dialect import Dialect
from andon.sources.files.patterns import type_name
from andon.sources.files.table import Table
from andon.sources.files.values import Stop, ValueFacts, decide
from kit.sources import Load, definition, load

PLAIN = Dialect(delim=",")

#: What real files hold, and its near neighbours.
_WORDS = (
    "1 0 -1 -0 +1 +0 007 -007 0x10 1_000 1e5 1E5 1e400 -1e400 1e-400 4e-324 1.5 1.50 .5 5. -0.0 0.0 +1.5 00.5 007.5 "
    "1.10 1.1 2.0 1,5 1,234 1.234 1.230 12.500 1.234,5 1'234'567 12345678901234567890 9223372036854775807 "
    "9223372036854775808 9007199254740993 9007199254740992 9007199254740993.5 9007199254740993.0 12345678901234.567 "
    "123456.78901234567 0.30000000000000004 0.1234567890123456789 0.10000000000000001 123456789012345.6 "
    "1234567890123456.7 nan NaN inf -inf +inf infinity true false TRUE True t f yes 2024-01-05 2024/01/05 2024-1-5 "
    "05-01-24 24-01-05 0005-01-24 2024-02-30 2024-06-31 1001-01-14 9999-12-31 0001-01-01 0000-00-00 12024-01-05 "
    "01/02/2024 31/01/2024 01/31/2024 31/01/24 31.01.2024 01-14-1001 10:00 10:00:00 10:00:00.5 10:00:00.500000 "
    "10:00:00.1234567 10:00:00.1230000 10:00:00+02 24:00:00 23:59:60 1:05 2024-01-05T10:00 2024-01-05T10:00:00 "
    "2024-01-05T10:00:00Z 2024-01-05T10:00Z 2024-01-05T10:00:00.123456789 2024-01-05T10:00:00.1230000 "
    "2024-01-05T24:00:00 2024-01-05T10:00:00+0200 2024-01-05T10:00:00+02:30 2024-01-05T10:00:00-05 "
    "2024-01-05T10:00:00.123456789Z 0000-00-00T00:00:00 infinity epoch 1001-01-14T10:00:00 +14155550101 - -- . x "
    "192.168.0.1 1-2 1/2 12:30:45:10 ١٢ ½ 5% $5 5- (5) "
)
_WITH_BLANKS = [
    "2024-01-05 10:00:00",
    "2024-01-05 10:00:00 -0500",
    "2024-01-05 10:00:00 +02:00",
    "0001-01-01 (BC)",
    "1 000",
    "5 ",
    " 5",
]
PROBES = [*_WORDS.split(), *_WITH_BLANKS]

#: Types as a first load decides them, by classes of its values.
TYPES = [
    (("int",), "BIGINT"),
    (("dec", "int"), "DOUBLE"),
    (("iso",), "DATE"),
    (("stamp",), "TIMESTAMP"),
    (("zoned",), "TIMESTAMP WITH TIME ZONE"),
    (("time",), "TIME"),
    (("bool",), "BOOLEAN"),
]


def says(value: Any, text: str) -> bool:
    """Whether `value` says what `text` says: nothing is rounded, cut or guessed."""
    plain = re.sub(r"^(\d{4})/(\d\d)/", r"\1-\2-", text.strip())
    if isinstance(value, bool):
        return plain.lower() == str(value).lower()
    if isinstance(value, int):
        return plain == str(value)
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            return re.sub("infinity", "inf", plain.lower().lstrip("-")) == str(abs(value))
        try:
            return Decimal(repr(value)) == Decimal(plain) and not re.match(r"\+|-?0[0-9]", plain)
        except InvalidOperation:
            return False
    if isinstance(value, datetime.datetime):
        moment = datetime.datetime.fromisoformat(re.sub(r" ?([+-]\d\d):?(\d\d)?$", r"\1:\g<2>", plain).rstrip(":"))
        exact = re.sub(r"0+$", "", (re.search(r"[.](\d+)", plain) or ["", ""])[1])
        return moment == value and len(exact) <= 6
    if isinstance(value, datetime.date):
        return plain == str(value)
    if isinstance(value, datetime.time):
        return datetime.time.fromisoformat(re.sub(r"(\.\d{6})0+$", r"\1", plain)) == value
    raise AssertionError(value)


@pytest.fixture(scope="module")
def engine() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    connection.execute("create table probes (v varchar)")
    # not `executemany`, which loads pandas
    connection.execute("insert into probes select unnest(?::varchar[])", [list(dict.fromkeys(PROBES))])
    return connection


@pytest.mark.parametrize(("classes", "kind"), TYPES)
def test_a_cast_takes_what_a_first_load_takes(engine: Any, classes: tuple[str, ...], kind: str) -> None:
    cast = Cast("c", kind)
    sql = f"select v, {classify('v', PLAIN)}, {cast.sql('v', PLAIN, 'null')} from probes"
    taken = 0
    for text, found, value in engine.execute(sql).fetchall():
        decided = decide("c", ValueFacts({**dict.fromkeys(classes, 1), found: 1}, words={found: text}), PLAIN)
        first = not isinstance(decided, Stop) and decided == cast
        assert (value is not None) == first, (text, found, decided, value)
        if value is not None:
            taken += 1
            assert says(value, text), (text, value)
    assert taken >= 2


def test_stated_types_change_nothing_either(engine: Any) -> None:
    stated = [
        "BIGINT",
        "INTEGER",
        "DECIMAL(18,2)",
        "DATE",
        "TIMESTAMP",
        "TIMESTAMP_S",
        "TIMESTAMP_NS",
        "TIME",
        "TIMESTAMPTZ",
        "INTEGER[]",
    ]
    for kind in stated:
        value = Cast("c", kind, None, True).sql("v", PLAIN, "null")
        for text, found in engine.execute(
            f"select v, ({value})::varchar from probes where {value} is not null"
        ).fetchall():
            number = (
                re.fullmatch(r"\s*\+?(-?)0*([0-9]*\.?[0-9]*?)0*\s*", text)
                if "." in text
                else re.fullmatch(r"\s*\+?(-?)0*([0-9]*)\s*", text)
            )
            if kind in ("BIGINT", "INTEGER", "DECIMAL(18,2)"):
                assert number, (kind, text, found)
                assert Decimal(found) == Decimal(text), (kind, text, found)
            elif kind not in ("TIMESTAMPTZ", "INTEGER[]"):
                digits = re.findall(r"[1-9]", text.split("+")[0])
                assert re.findall(r"[1-9]", found) == digits, (kind, text, found)


@pytest.mark.parametrize(
    ("form", "kind", "taken", "refused"),
    [
        ("%d/%m/%Y", "DATE", ["31/01/2024", "1/2/2024"], ["15/02/24", "2024-01-05", "31/02/2024", "31/01/2024 10:00", "01/02/1001"]),
        ("%d.%m.%y", "DATE", ["31.01.24"], ["31.01.2024", "31.01.4"]),
        ("%Y-%d-%m", "DATE", ["2024-31-01"], ["24-31-01", "2024-01-31"]),
        ("%m/%d/%Y %I:%M %p", "TIMESTAMP", ["01/31/2024 1:05 PM"], ["01/31/24 1:05 PM", "01/31/2024 13:05", "01/31/2024 1:05:30 PM"]),
        ("%d %b %Y", "DATE", ["31 Jan 2024"], ["31 Jan 24", "31 January 2024"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("stated", [False, True])
def test_formats_are_whole(
    engine: Any, form: str, kind: str, taken: list[str], refused: list[str], stated: bool
) -> None:
    def read(text: str) -> Any:
        cast = Cast("c", kind, form, stated).sql("v", PLAIN, "null")
        return engine.execute(f"select {cast} from (select ? as v)", [text]).fetchone()[0]

    for text in taken:
        value = read(text)
        assert value is not None, text
        said = datetime.datetime.strptime(text, form).replace(tzinfo=datetime.UTC)
        assert said.date() == (value.date() if kind == "TIMESTAMP" else value)
    for text in refused:
        if not (stated and text == "01/02/1001"):
            assert read(text) is None, text


BASE = {
    "BIGINT": "5",
    "DOUBLE": "0.25",
    "DATE": "2024-01-31",
    "TIMESTAMP": "2024-01-31 10:00:00",
    "TIMESTAMP WITH TIME ZONE": "2024-01-31 10:00:00Z",
    "TIME": "10:00:00",
    "BOOLEAN": "true",
}
_LATE = "05-01-24 10:00:00+02 10:00:00.123456789 0.1234567890123456789 00123 007.5 +5 1 2024-01-05T10:00:00.1234567 24:00:00"
LATE = [*_LATE.split()]


@pytest.mark.parametrize("kind", list(BASE))
def test_position_does_not_matter(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(infer, "SAMPLE_ROWS", 6)
    base = [BASE[kind]] * 9
    before = load("from 'x/*.csv'", {"x/a.csv": _file(base)}, tmp_path)
    assert before.columns == f"n BIGINT, v {kind}"
    # every second pair of a type and a text: each type meets five of them, each text three types or four
    for probe in LATE[list(BASE).index(kind) % 2 :: 2]:
        first = load("from 'x/*.csv'", {"x/a.csv": _file([probe, *base])}, tmp_path)
        late = load("from 'x/*.csv'", {"x/a.csv": _file([*base, probe])}, tmp_path)
        file = load("from 'x/*.csv'", {"x/a.csv": _file(base), "x/b.csv": _file([probe])}, tmp_path)
        later = load("from 'x/*.csv'", {"x/a.csv": _file(base), "x/b.csv": _file([probe])}, tmp_path, before.contract)
        assert _values(first) == _values(late) == _values(file), probe
        if later.error is None:
            assert _values(later) == _values(first), probe
        else:
            assert later.error.where == "x/b.csv:2", probe
            assert first.error is not None or first.columns != before.columns, probe


def _file(values: list[str]) -> bytes:
    return ("n,v\n" + "".join(f"{i},{v}\n" for i, v in enumerate(values))).encode()


def _values(outcome: Load) -> Any:
    return sorted(str(row[1]) for row in outcome.raw or []) if outcome.error is None else outcome.error.code


@pytest.mark.parametrize(
    ("kind", "name"),
    [("VARCHAR(5)", "VARCHAR"), ("string", "VARCHAR"), ("datetime", "TIMESTAMP"), ("numeric(9, 2)", "DECIMAL(9, 2)")],
)
def test_types_have_one_name(kind: str, name: str) -> None:
    assert type_name(kind) == name


#: Names by which a query over many columns could stumble.
_NAMES = [
    "n",
    "v",
    "k",
    "N2",
    "name",
    "value",
    "held",
    "it's",
    'a"b',
    "andon_text",
    "select",
    "ÄÖ",
    "a b",
    "1",
    "x.y",
    "%",
    "*",
]


@pytest.fixture
def wide(engine: Any) -> infer.Look:
    """A column for each probe, beside values of each type and NULLs."""
    columns = dict(zip([*_NAMES, *(f"c{i}" for i in range(len(PROBES)))], dict.fromkeys(PROBES), strict=False))
    rows = [dict.fromkeys(columns, None), columns, *({c: base for c in columns} for base in BASE.values())]
    listed = ", ".join(quote(c) for c in columns)
    values = ", ".join("(" + ", ".join("null" if v is None else literal(v) for v in row.values()) + ")" for row in rows)
    engine.execute(f"create or replace temp table wide as select * from (values {values}) t({listed})")
    table = Table(PLAIN, tuple(Cast(c, "VARCHAR") for c in columns), tuple(columns))
    call = parse_call(definition("from 'x/*.csv'").reads[0], "shop.x")
    return infer.Look(engine, call, table, (), "wide")


@pytest.mark.parametrize("kind", [*BASE, "VARCHAR", "mixed"])
def test_width_does_not_matter(wide: infer.Look, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = [*BASE, "VARCHAR"]
    casts = [
        replace(cast, type=kinds[place % len(kinds)] if kind == "mixed" else kind)
        for place, cast in enumerate(wide.table.casts)
    ]
    found = {}
    for most in (0, 10_000):
        monkeypatch.setattr(infer, "_WIDE", most)
        found[most] = infer._not_held(wide, casts, whole=False)[0]
    assert found[0] == found[10_000]
    assert len(found[0]) > 10


def test_what_stands_beside_a_column_does_not_matter(wide: infer.Look) -> None:
    names = [cast.column for cast in wide.table.casts]
    alone = {name: told for each in names for name, told in infer.classes_in(wide, [each]).items()}
    assert infer.classes_in(wide, names) == alone
    by_hand = {
        name: {k: n for k, n in wide.connection.execute(
            f"select {classify(quote(name), PLAIN)} k, count(*) from wide where {quote(name)} is not null group by 1"
        ).fetchall()}
        for name in names[:30]
    }  # fmt: skip
    assert {name: {k: n for k, n, _ in alone[name]} for name in names[:30]} == by_hand


def test_no_condition_joins_others_outside_of_the_slow_way() -> None:
    """Every `a and b` of one shape has the same hash in the engine, whatever its column: two thousand took up to half a minute to plan."""
    dialect = Dialect(",")
    kinds = (
        "BIGINT",
        "DOUBLE",
        "FLOAT",
        "DECIMAL(18,3)",
        "DATE",
        "TIMESTAMP",
        "TIMESTAMP WITH TIME ZONE",
        "TIME",
        "BOOLEAN",
    )
    casts = [Cast("x", kind) for kind in kinds]
    casts += [Cast("x", "DOUBLE", "short"), Cast("x", "DATE", "%d/%m/%Y"), Cast("x", "TIMESTAMP", "%d/%m/%Y %H:%M")]
    for cast in casts:
        quick = cast.sql('"x"', dialect, "null").split("list_transform(")[0]
        assert not re.search(r"\b(and|or|between|in)\b", re.sub("'[^']*'", "", quick)), cast
