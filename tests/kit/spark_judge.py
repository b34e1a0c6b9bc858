"""Judges translations to Spark SQL: the same query on DuckDB and on an endpoint, over tables full of edges."""

from __future__ import annotations

import contextlib
import datetime
import decimal
import math
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb  # noqa: TID253
import pyarrow  # noqa: TID253

from andon.base.names import quote
from andon.engines.engine import Types
from andon.engines.spark.translation.spark_sql import SESSION, NotTranslated, SparkSql
from andon.engines.spark.translation.spark_sql import SparkServer as Flavour
from andon.engines.spark.translation.translate import translate, view_names
from andon.engines.types import lake_type
from kit.spark import SparkServer

MOMENT = datetime.datetime(2026, 11, 30, 15, 4, 5, 600, tzinfo=datetime.UTC)
#: Where answers may differ in the last digits, since doubles are added in another order or roots taken by another library.
_CLOSE = 1e-12

_DATES = [
    "1970-01-01",
    "1969-12-31",
    "2020-02-29",
    "2020-12-31",
    "2021-01-03",
    "2024-01-31",
    "1900-03-01",
    "1600-10-10",
]
_TIMES = ["1970-01-01 00:00:00", "1969-12-31 23:59:59.999999", "2020-02-29 12:34:56.789", "2021-01-03 23:00:00"]
_TIMES += ["2024-03-31 02:30:00", "1850-05-05 05:05:05.5", "2021-01-04 00:00:00"]
_TEXTS = [
    "",
    "a",
    "A",
    "abc",
    "aXb",
    "a b",
    "  pad ",
    "ñandú",
    "日本",
    "😀x",
    "a\nb",
    "a\\b",
    "it's",
    "a%b",
    "a_b",
    "ab12",
    "x-y-z",
]
_TEXTS += ["foo@bar.com", "\tt", "ABC", "ÉCOLE", "éa", "$1", "a.b"]
_SMALL = [0, 1, -1, 2, 3, -7, 5, 12]

#: Column -> its type, the values that stay away from the edges, and the edges.
COLUMNS: dict[str, tuple[str, list[Any], list[Any]]] = {
    "i": ("INTEGER", _SMALL, [2147483647, -2147483648]),
    "j": ("INTEGER", _SMALL, []),
    "k": ("INTEGER", [1, 2, 3], []),
    "l": ("BIGINT", [*_SMALL, 2**53 + 1, -(2**53) - 1], [2**63 - 1, -(2**63), 2**63 - 1024]),
    "m": ("BIGINT", _SMALL, []),
    "x": (
        "DOUBLE",
        [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 0.1, 1.005, 2.675, 123456.789, 0.125, 1e-10],
        [math.nan, math.inf, -math.inf, 1e300, 9.223372036854775807e18, 4503599627370497.5],
    ),
    "y": ("DOUBLE", [0.0, -0.0, 1.0, 2.0, -3.0, 0.25, 7.5], [math.nan]),
    "p": ("DECIMAL(10,2)", ["0", "0.01", "-0.01", "1.50", "2.50", "-2.50", "12.35", "0.05"], ["99999999.99"]),
    "q": (
        "DECIMAL(18,4)",
        ["0", "0.0001", "1.2345", "-1.2345", "2.5000", "0.5000", "99.9999"],
        ["99999999999999.9999"],
    ),
    "s": ("VARCHAR", _TEXTS, ["ß", "İ", "Σ"]),
    "u": ("VARCHAR", _TEXTS, []),
    "n": ("VARCHAR", ["1", "-5", "42", "007", "+3"], ["2.5", "1e3", "abc", "", " 7 ", "1d", "1_000", "nan", "0x10"]),
    "d": ("DATE", _DATES, ["0001-01-01", "9999-12-31"]),
    "e": ("DATE", _DATES, []),
    "t": ("TIMESTAMP", _TIMES, ["0001-01-01 00:00:00", "9999-12-31 23:59:59"]),
    "w": ("TIMESTAMP", _TIMES, []),
    "z": ("TIMESTAMP WITH TIME ZONE", [f"{time}+00" for time in _TIMES], []),
    "b": ("BOOLEAN", [True, False], []),
    "c": ("BOOLEAN", [True, False], []),
    "li": ("INTEGER[]", [[1, 2, 3], [], [None, 2], [5], [2, 2, None, 7]], []),
    "st": ("STRUCT(a INTEGER, b VARCHAR)", [{"a": 1, "b": "x"}, {"a": None, "b": "y"}, {"a": 3, "b": None}], []),
}
#: Columns of `t.b`.
OTHER = {"id": "BIGINT", "k": "INTEGER", "s": "VARCHAR", "x": "DOUBLE", "d": "DATE"}


class Verdict:
    """What came of one query.

    Attributes:
        what: `equal`; `refused`: it was not translated; `loud`: Spark fails where DuckDB answers; `both fail`; `only spark`: Spark answers
            where DuckDB fails; `differs`; `no query`: DuckDB does not bind it.
        why: more about it.
        text: the translation, if there is one.
    """

    def __init__(self, what: str, why: str = "", text: str = "") -> None:
        self.what, self.why, self.text = what, why, text

    def __repr__(self) -> str:
        return f"{self.what}: {self.why}\n{self.text}"


class Judge:
    """The tables `t.a` (values that stay away from the edges), `t.edges` (of the same columns) and `t.b` on both engines."""

    def __init__(self, server: SparkServer, folder: Path, seed: int = 1) -> None:
        self._server = server
        self.flavour = Flavour.SAIL if server.kind == "sail" else Flavour.APACHE
        self.duck = duckdb.connect()
        self.duck.execute("set timezone = 'UTC'; create schema t")
        self.rows = self._fill(random.Random(seed))
        self.inputs: dict[str, Types] = {}
        server.set(SESSION)
        self.know(folder, "t.a", "t.edges", "t.b")

    def know(self, folder: Path, *tables: str) -> None:
        """Bring tables of DuckDB to the endpoint, through files as a lake keeps them; DuckDB reads the same files."""
        names = view_names(dict.fromkeys(tables, ()))
        for table in tables:
            file = folder / f"{names[table]}.parquet"
            self.duck.execute(f"copy {table} to '{file}'; delete from {table}; insert into {table} from '{file}'")
            self._server.views({names[table]: [file]})
            self.inputs[table] = [(name, kind) for name, kind, *_ in self.duck.execute(f"describe {table}").fetchall()]

    def judge(self, queries: Sequence[str], close: bool = False) -> list[Verdict]:
        """What comes of each query; `close`: doubles may differ in the last digits, and zeros in their sign."""
        found: list[Verdict | None] = [None] * len(queries)
        asked = []
        for place, query in enumerate(queries):
            try:
                stored = self.stored(query)
            except duckdb.Error as error:
                found[place] = Verdict("no query", str(error))
                continue
            try:
                translated = self.translated(query, stored)
            except NotTranslated as error:
                found[place] = Verdict("refused", f"{error.line}:{error.column} {error}")
                continue
            asked.append((place, translated.text, self._answer(query, stored)))
        answers = self._server.sql(*(text for _, text, _ in asked)) if asked else []
        for (place, text, ours), theirs in zip(asked, answers, strict=True):
            found[place] = verdict_of(ours, theirs, text, close)
        return [verdict for verdict in found if verdict is not None]

    def answered(self, expression: str, table: str) -> str:
        """A query of an expression over the rows for which DuckDB has an answer."""
        good = []
        for row in range(self.rows):
            with contextlib.suppress(duckdb.Error):
                self.duck.execute(f"select {expression} from {table} where id = {row}").fetchall()
                good.append(str(row))
        return f"select id, {expression} as v from {table} where id in ({', '.join(good) or 'null'})"

    def stored(self, query: str) -> Types:
        """The columns of a query as the lake stores them."""
        relation = self.duck.sql(query)
        return [(name, lake_type(str(kind))) for name, kind in zip(relation.columns, relation.types, strict=True)]

    def translated(self, query: str, stored: Types) -> SparkSql:
        """The query for the endpoint."""
        return translate(query, self.inputs, stored, server=self.flavour, moment=MOMENT)

    def _answer(self, query: str, stored: Types) -> Any:
        casts = ", ".join(f"cast({quote(name)} as {kind}) as {quote(name)}" for name, kind in stored)
        try:
            return self.duck.execute(f"select {casts} from ({query})").to_arrow_table()
        except duckdb.Error as error:
            return str(error)

    def _fill(self, draw: random.Random) -> int:
        columns = ", ".join(f"{name} {kind}" for name, (kind, _, _) in COLUMNS.items())
        count = 80
        for table, edges in (("t.a", False), ("t.edges", True)):
            self.duck.execute(f"create table {table} (id BIGINT, {columns})")
            marks = ", ".join("?" for _ in range(len(COLUMNS) + 1))
            # each value stands in some row, beside others by chance
            lists = [_mixed(draw, inner + (edge if edges else []), count) for _, inner, edge in COLUMNS.values()]
            for row in zip(range(count), *lists, strict=True):
                self.duck.execute(f"insert into {table} values ({marks})", row)
        self.duck.execute(f"create table t.b ({', '.join(f'{name} {kind}' for name, kind in OTHER.items())})")
        for _ in range(25):
            row = [
                _drawn(draw, list(range(40))),
                *(_drawn(draw, COLUMNS[name][1] + COLUMNS[name][2]) for name in list(OTHER)[1:]),
            ]
            self.duck.execute("insert into t.b values (?, ?, ?, ?, ?)", row)
        return count


def _mixed(draw: random.Random, values: list[Any], count: int) -> list[Any]:
    found = [*values, *(_drawn(draw, values) for _ in range(count - len(values)))]
    draw.shuffle(found)
    return found


def _drawn(draw: random.Random, values: list[Any]) -> Any:
    return None if draw.random() < 0.15 else draw.choice(values)


def verdict_of(ours: Any, theirs: Any, text: str, close: bool) -> Verdict:
    if isinstance(theirs, str):
        return Verdict("both fail" if isinstance(ours, str) else "loud", theirs, text)
    if isinstance(ours, str):
        return Verdict("only spark", f"{ours} but {_rows(theirs)[:2]}", text)
    kinds, other_kinds = [_kind(f.type) for f in ours.schema], [_kind(f.type) for f in theirs.schema]
    if kinds != other_kinds:
        return Verdict("differs", f"types {kinds} and {other_kinds}", text)
    rows, other_rows = sorted(_rows(ours), key=_key), sorted(_rows(theirs), key=_key)
    if len(rows) != len(other_rows):
        return Verdict("differs", f"{len(rows)} rows and {len(other_rows)}", text)
    wrong = [pair for pair in zip(rows, other_rows, strict=True) if not _same(*pair, close)]
    return Verdict("differs", f"{len(wrong)} rows, such as {wrong[:2]}", text) if wrong else Verdict("equal", "", text)


def _kind(kind: pyarrow.DataType) -> str:
    text = str(kind).replace("large_", "").replace("Etc/UTC", "UTC").replace(" not null", "")
    return text.replace("<l:", "<element:").replace("<item:", "<element:")


def _rows(table: pyarrow.Table) -> list[tuple[Any, ...]]:
    columns = []
    for field, column in zip(table.schema, table.columns, strict=True):
        plain = column
        if pyarrow.types.is_timestamp(field.type):  # Python has no years before 1 or after 9999
            plain = column.cast(pyarrow.timestamp("us", field.type.tz)).cast(pyarrow.int64())
        elif pyarrow.types.is_date(field.type):
            plain = column.cast(pyarrow.int32())
        columns.append([_plain(value) for value in plain.to_pylist()])
    return list(zip(*columns, strict=True))


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        return "-0.0" if value == 0 and math.copysign(1, value) < 0 else value
    if isinstance(value, decimal.Decimal):
        return ("decimal", str(value))
    if isinstance(value, dict):
        return tuple((name, _plain(part)) for name, part in value.items())
    if isinstance(value, list):
        return tuple(_plain(part) for part in value)
    return value


def _key(row: tuple[Any, ...]) -> str:
    """Rows are put side by side by what is the same on both for certain."""
    rough = [float(f"{v:.9g}") if isinstance(v, float) else 0.0 if v == "-0.0" else v for v in row]
    return f"{rough!r} {row!r}"


def _same(one: Any, other: Any, close: bool) -> bool:
    if one == other and type(one) is type(other):
        return True
    if isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other):
        return all(_same(a, b, close) for a, b in zip(one, other, strict=True))
    if not close:
        return False
    if {one, other} <= {"-0.0", 0.0}:
        return True
    return isinstance(one, float) and isinstance(other, float) and math.isclose(one, other, rel_tol=_CLOSE)


@contextlib.contextmanager
def judge_of(server: SparkServer, folder: Path) -> Any:
    """A judge for as long as it is needed."""
    judge = Judge(server, folder)
    try:
        yield judge
    finally:
        judge.duck.close()
