"""A value survives or stops: text → value → text says the same, wherever the value stands, or the load stops and names file and line."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import duckdb  # noqa: TID253
import pytest

from andon.sources.files import infer
from andon.sources.files.casts import Cast
from andon.sources.files.classes import classify
from andon.sources.files.dialect import Dialect
from andon.sources.files.patterns import type_name
from andon.sources.files.values import Stop, ValueFacts, decide
from kit.sources import Load, load

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
    connection.executemany("insert into probes values (?)", [[p] for p in dict.fromkeys(PROBES)])
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
    for probe in LATE:
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
