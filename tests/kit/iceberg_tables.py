"""Random tables over all of the lake's types, in several files, for tests of Iceberg's statistics."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from andon.base.names import literal
from andon.engines.duckdb import extensions
from andon.engines.duckdb.stats import parse_return_stats
from andon.engines.types import field_ids_clause, field_paths
from andon.lake.iceberg.metadata import derive
from andon.model.version import Column, DataFile, Version

#: Values that have gone wrong somewhere, by type; random ones are added.
SPECIAL: dict[str, tuple[str, ...]] = {
    "BOOLEAN": ("true", "false"),
    "INTEGER": ("0", "-1", "1", "2147483647", "-2147483648"),
    "BIGINT": ("0", "-1", "9223372036854775807", "-9223372036854775808", "2147483648"),
    "FLOAT": ("nan", "inf", "-inf", "0.0", "-0.0", "0.1", "1e-45", "3.4028235e38", "16777216", "0.33333334"),
    "DOUBLE": ("nan", "inf", "-inf", "0.0", "-0.0", "0.1", "5e-324", "1.7976931348623157e308", "0.30000000000000004"),
    "DECIMAL(4,1)": ("0", "-0.1", "999.9", "-999.9", "12.8", "-12.8", "12.7"),
    "DECIMAL(18,4)": ("0", "-0.0001", "99999999999999.9999", "-99999999999999.9999", "12.8"),
    "DECIMAL(38,0)": (
        "0",
        "9" * 38,
        "-" + "9" * 38,
        "9" * 37,
        "18446744073709551616",
        "-170141183460469231731687303715884105728"[:39],
    ),
    "DECIMAL(38,10)": ("0", "-0.0000000001", "9" * 28 + "." + "9" * 10, "-" + "9" * 28 + "." + "9" * 10),
    "DECIMAL(38,38)": ("0", "0." + "9" * 38, "-0." + "9" * 38, "0." + "0" * 37 + "1"),
    "VARCHAR": (
        "",
        "a",
        "é",
        "\uffff",
        "😀",
        "z" * 16,
        "z" * 17,
        "z" * 300,
        "é" * 200,
        "\U0010ffff" * 20,
        "a" * 15 + "\U0010ffffb",
        "\ud7ff" * 20,
        "a\nb",
        'it\'s "x"',
        "~" * 15 + "\x7f!",
    ),
    "BLOB": ("", "a", "\\xFF", "\\x00", "\\xFF\\xFF\\x00", "z" * 40),
    "UUID": (
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "7fffffff-ffff-ffff-ffff-ffffffffffff",
        "80000000-0000-0000-0000-000000000000",
    ),
    "DATE": (
        "1970-01-01",
        "1969-12-31",
        "2024-02-29",
        "0044-03-15 (BC)",
        "12345-01-01",
        "infinity",
        "-infinity",
        "1582-10-10",
    ),
    "TIME": ("00:00:00", "23:59:59.999999", "24:00:00", "12:00:00.1"),
    "TIMESTAMP": (
        "1970-01-01 00:00:00",
        "1969-12-31 23:59:59.999999",
        "2024-02-29 12:00:00.000001",
        "0044-03-15 (BC) 01:02:03",
        "12345-01-01 00:00:00",
        "infinity",
        "-infinity",
    ),
    "TIMESTAMP WITH TIME ZONE": (
        "1970-01-01 00:00:00+00",
        "1969-12-31 23:59:59.999999+00",
        "2024-02-29 12:00:00.000001+05:30",
        "0044-03-15 (BC) 01:02:03+00",
        "12345-01-01 00:00:00+00",
        "infinity",
        "-infinity",
        "1582-10-10 00:00:00+00",
        "0001-01-01 00:00:00+00",
    ),
}


def _digits(rng: random.Random, kind: str) -> str:
    precision, scale = (int(part) for part in kind[8:-1].split(","))
    number = str(rng.randrange(10 ** rng.randrange(1, precision + 1))).rjust(scale + 1, "0")
    text = f"{number[:-scale]}.{number[-scale:]}" if scale else number
    return rng.choice(("", "-")) + text


def _moment(rng: random.Random) -> str:
    date = f"{rng.randrange(1900, 2100):04}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"
    return f"{date} {rng.randrange(24):02}:{rng.randrange(60):02}:{rng.randrange(60):02}.{rng.randrange(1000000):06}"


def _random_text(rng: random.Random, kind: str) -> str:
    match kind:
        case "BOOLEAN":
            return rng.choice(("true", "false"))
        case "INTEGER":
            return str(rng.randrange(-1000, 1000))
        case "BIGINT":
            return str(rng.randrange(-(1 << rng.randrange(1, 63)), 1 << rng.randrange(1, 63)))
        case "FLOAT" | "DOUBLE":
            return repr(rng.uniform(-1, 1) * 10.0 ** rng.randrange(-8, 20))
        case "VARCHAR":
            return "".join(rng.choice("abyz~é\ud7ff\ue000😀") for _ in range(rng.randrange(40)))
        case "BLOB":
            return "".join(f"\\x{rng.randrange(256):02X}" for _ in range(rng.randrange(24)))
        case "UUID":
            text = f"{rng.getrandbits(128):032x}"
            return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
        case "DATE":
            return _moment(rng)[:10]
        case "TIME":
            return _moment(rng)[11:]
        case "TIMESTAMP":
            return _moment(rng)
        case "TIMESTAMP WITH TIME ZONE":
            return _moment(rng) + rng.choice(("+00", "-08", "+05:30"))
    return _digits(rng, kind)


def constant(rng: random.Random, kind: str, special: float = 0.3) -> str:
    """A random value of the type as an SQL expression."""
    text = rng.choice(SPECIAL[kind]) if rng.random() < special else _random_text(rng, kind)
    return f"{literal(text)}::{kind}"


class Table:
    """A random version in a folder, its metadata, and the same rows in the engine's memory as `truth`.

    The columns are `k` (a number of its own for each row), one for each type but those of `without`, and nested ones.
    """

    def __init__(self, connection: Any, folder: Path, seed: int, without: frozenset[str] = frozenset()) -> None:
        self.connection = connection
        self.folder = folder
        rng = random.Random(seed)
        special = [kind for kind in SPECIAL if kind not in without]
        self.names = {f"c{i}": kind for i, kind in enumerate(special)}
        types = {"k": "BIGINT", **self.names}
        #: What filters look at: SQL expression -> type.
        self.filtered = dict(self.names)
        for i in rng.sample(range(len(special)), 4):
            kind = special[i]
            types[f"s{i}"] = f'STRUCT(a {kind}, "b.c" STRUCT(d {kind}))'
            types[f"l{i}"] = f"{kind}[]"
            types[f"m{i}"] = f"MAP(VARCHAR, {kind})"
            for part in (f"s{i}.a", f's{i}."b.c".d', f"l{i}[1]", f"m{i}['x']"):
                self.filtered[part] = kind
        ids = iter(range(100, 10_000))
        self.columns = tuple(
            Column(name, kind, next(ids), tuple((path, next(ids)) for path in field_paths(kind)))
            for name, kind in types.items()
        )
        keys = iter(range(10_000))
        files = tuple(self._file(rng, number, keys) for number in range(5))
        self.version = Version(f"{seed:064x}", "marts.random", self.columns, files)
        self.metadata = str(self.folder / self._derive())
        paths = ", ".join(literal(str(self.folder / f.path)) for f in files)
        self._texts: dict[str, list[str]] = {}
        connection.execute(f"create or replace table truth as from read_parquet([{paths}])")

    def texts(self, column: str) -> list[str]:
        """Some values that `column` (an SQL expression) holds, as text."""
        if column not in self._texts:
            rows = self.connection.execute(
                f"select distinct {column}::varchar from truth where {column} is not null order by 1 limit 40"
            ).fetchall()
            self._texts[column] = [row[0] for row in rows]
        return self._texts[column]

    def _derive(self) -> str:
        def write(path: str, data: bytes) -> None:
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).write_bytes(data)

        url = self.folder.as_uri()
        return derive(
            self.version, storage_url=url, write=write, table_uuid="0190163d-8694-739b-aea5-966c26f8ad91", time_ms=1
        )

    def _file(self, rng: random.Random, number: int, keys: Iterator[int]) -> DataFile:
        """Files differ in what they hold, so that filters can skip some: with or without special values, few values or many."""
        special, nulls = rng.choice((0.0, 0.0, 0.2)), rng.choice((0.0, 0.2))
        pools = {name: self._pool(rng, special, nulls) for name in (c.name for c in self.columns)}
        values = ", ".join(
            "(" + ", ".join(str(next(keys)) if c.name == "k" else pools[c.name](c.type) for c in self.columns) + ")"
            for _ in range(rng.choice((1, 3, 30)))
        )
        casts = ", ".join(f'"{c.name}"::{c.type} as "{c.name}"' for c in self.columns)
        names = ", ".join(f'"{c.name}"' for c in self.columns)
        # Rows repeated one after another fill more than one row group with different values.
        repeat = rng.choice((1, 1, 100))
        query = f"select {casts} from (values {values}) t({names}), range({repeat}) order by k"
        path = self.folder / f"data/{number}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        row = self.connection.execute(
            f"copy ({query}) to {literal(str(path))} (format parquet, row_group_size 2048,"
            f" field_ids {field_ids_clause(self.columns)}, return_stats)"
        ).fetchone()
        return DataFile(f"data/{number}.parquet", int(row[2]), "", int(row[1]), parse_return_stats(row[4]))

    def _pool(self, rng: random.Random, special: float, nulls: float) -> Callable[[str], str]:
        few = rng.choice((1, 2, 20))
        cache: dict[str, list[str]] = {}

        def one(kind: str) -> str:
            if rng.random() < nulls:
                return "null"
            pool = cache.setdefault(kind, [constant(rng, kind, special) for _ in range(few)])
            return rng.choice(pool)

        def value(kind: str) -> str:
            if kind.startswith("STRUCT"):
                part = kind[len("STRUCT(a ") :].partition(', "b.c"')[0]
                inner = "null" if rng.random() < nulls else f"{{'d': {one(part)}}}"
                return "null" if rng.random() < nulls else f"{{'a': {one(part)}, 'b.c': {inner}}}"
            if kind.endswith("[]"):
                return "[" + ", ".join(one(kind[:-2]) for _ in range(rng.randrange(3))) + "]"
            if kind.startswith("MAP"):
                part = kind[len("MAP(VARCHAR, ") : -1]
                return rng.choice(
                    (f"map {{'x': {one(part)}}}", "map {}", f"map {{'y': {one(part)}, 'x': {one(part)}}}")
                )
            return one(kind)

        return value


def connect() -> Any:
    """A connection that reads Iceberg."""
    import duckdb

    connection = duckdb.connect(config={"threads": 1, "python_enable_replacements": False})
    connection.execute("set TimeZone = 'UTC'")
    extensions.load(connection, "iceberg")
    return connection
