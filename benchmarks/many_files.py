"""Measures a table of many files: what an append to it costs, and what it costs to bind and scan it beside plain DuckDB.

    python benchmarks/many_files.py                     1,000 appends; bind and scan of 10 to 10,000 files
    python benchmarks/many_files.py --appends 300       fewer
    python benchmarks/many_files.py --whole             lists whole in each row, as before they were parted; RESULTS.md stays as it is
    python benchmarks/many_files.py --quick             60 appends, up to 100 files; RESULTS.md stays as it is

An append is a refresh of a source of Parquet files that got one more, and of a dataset that grows by append, both in one publish. The
files of a version are put together when many small ones stand in a row, so a second table of so many files is made by hand: its version
is recorded with all of them, and asked by `Lake.sql`. CPU seconds of this process; plain DuckDB reads the same list of files. What the
catalog grows by is what its rows hold.
Writes its part of `benchmarks/RESULTS.md`.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from parts import write_part

import andon
from andon.base.hashing import digest
from andon.base.record import replace
from andon.lake import list_parts
from andon.lake.list_parts import Parts
from andon.lake.packing import version_text
from andon.model.version import DataFile, Version, version_id

if TYPE_CHECKING:
    import duckdb

ROWS = 1_000
SCAN = "select count(*) as n, sum(amount) as amount from {}"
POINT = "select count(*) as n from {} where id = 7"


def main() -> None:
    """See the module."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--quick", action="store_true")
    words.add_argument("--appends", type=int, default=1_000)
    words.add_argument("--whole", action="store_true")
    given = words.parse_args()
    if given.whole:
        list_parts.MOST = 1 << 60
    appends, counts = (60, (10, 100)) if given.quick else (given.appends, (10, 100, 1_000, 10_000))
    with tempfile.TemporaryDirectory(prefix="bench-files-") as folder:
        lines = [
            "## Many files",
            "",
            "Written by `python benchmarks/many_files.py`, which says what is measured. CPU seconds.",
            "",
            *appended(Path(folder) / "appends", appends),
            "",
            *([] if given.whole else scanned(Path(folder) / "files", counts)),
        ]
    print("\n".join(lines))
    if not given.quick and not given.whole:
        write_part("many files", lines)


def appended(place: Path, count: int) -> list[str]:
    """What appends cost, in tenths of them."""
    for path in ("raw", "sources/shop", "datasets/marts"):
        (place / path).mkdir(parents=True)
    (place / "andon.toml").write_text("")
    (place / "sources/shop/events.sql").write_text("select * from read_parquet('raw/*.parquet')\n")
    grown = "/*---\nmaterialize: incremental\nincremental: {by: append}\n---*/\n"
    (place / "datasets/marts/grown.sql").write_text(grown + "select id, amount * 2 as doubled from shop.events\n")
    write_raw(place, 0)
    lines = [
        "| appends | CPU ms each | files of the source | of the dataset | kB of the catalog each | versions | builds | lists |",
        "|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    with andon.open(place) as lake:
        assert lake.run().published
        before, began, step = stored(lake), time.process_time(), max(1, count // 10)
        for number in range(1, count + 1):
            write_raw(place, number)
            assert lake.refresh().published
            if number % step == 0:
                spent = (time.process_time() - began) / step
                versions = [lake.show(name).version for name in ("shop.events", "marts.grown")]
                files = [len(version.files) for version in versions]
                after = stored(lake)
                grown = {name: (size - before.get(name, 0)) / step / 1e3 for name, size in after.items()}
                of = " | ".join(f"{grown[name]:.1f}" for name in ("version", "build", "list_part"))
                counted = f"{spent * 1e3:.0f} | {files[0]} | {files[1]}"
                lines.append(f"| {number:,} | {counted} | {sum(grown.values()):.1f} | {of} |")
                print(lines[-1], flush=True)
                before, began = after, time.process_time()
    return lines


def write_raw(place: Path, number: int) -> None:
    """One more raw file."""
    import duckdb

    sql = f"select i as id, (i % 100)::decimal(18, 2) as amount from range({number * ROWS}, {(number + 1) * ROWS}) r(i)"
    duckdb.connect().execute(f"copy ({sql}) to '{place}/raw/{number:06}.parquet' (format parquet)")


def stored(lake: andon.Lake) -> dict[str, int]:
    """Bytes that the rows of the catalog hold, by table."""
    database = lake._service.workspace.lake.database
    found = {}
    for name, shape in database.tables().items():
        held = " + ".join(f'coalesce(length(cast("{column}" as blob)), 0)' for column in shape.columns)
        found[name] = int(database.query(f"select coalesce(sum({held}), 0) from {name}")[0][0])
    return found


def size_of(texts: Iterable[bytes]) -> int:
    """Bytes of texts as rows hold them."""
    return sum(len(zlib.compress(text, 1)) for text in texts)


def scanned(place: Path, counts: tuple[int, ...]) -> list[str]:
    """What reading tables of so many files costs, beside plain DuckDB reading the same files."""
    import duckdb

    place.mkdir(parents=True)
    (place / "andon.toml").write_text("")
    (place / "datasets/m").mkdir(parents=True)
    for count in counts:
        sql = f"select i as id, (i % 100)::decimal(18, 2) as amount, {count}::bigint as n from range({ROWS}) r(i)"
        (place / f"datasets/m/of_{count}.sql").write_text(sql + "\n")
    lines = [
        "The first question of a folder compares each file with its hash, and so does `bind` here.",
        "",
        "| files | bind | plain | scan | plain | one row | plain | version read | its rows, kB | an append to it, kB |",
        "|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    with andon.open(place) as lake:
        assert lake.run().published
        objects = lake._service.workspace.lake.objects
        root = Path(lake._service.workspace.lake.storage.engine_path(""))
        for count in counts:
            version = lake.show(f"m.of_{count}").version
            many = spread(root, version, count)
            parts: Parts = {}
            text = version_text(many, parts)
            more: Parts = {}
            longer = version_text(replace(many, files=(*many.files, *version.files)), more)
            added = size_of([longer, *(more[key] for key in more.keys() - parts.keys())])
            with lake._service.workspace.lake.database.write() as transaction:
                list_parts.write_parts(transaction, parts, [text])
                transaction.execute(
                    "update version set body = ?, rows = ?, bytes = ? where id = ?",
                    [zlib.compress(text, 1), many.rows, many.bytes, version.id],
                )
            name = f"m.of_{count}"
            asked = (f"select * from {name} limit 0", SCAN.format(name), POINT.format(name))
            listed = "read_parquet([" + ", ".join(f"'{root / file.path}'" for file in many.files) + "])"
            plain = duckdb.connect(config={"threads": 1})
            read = cpu(partial(objects.versions, [version.id]))
            with andon.open(place) as fresh:
                fresh.sql("select 1 as one").fetchall()
                ours = [cpu(partial(answered, fresh, sql)) for sql in asked]
            theirs = [cpu(partial(_fetched, plain, sql.replace(name, listed))) for sql in asked]
            pairs = " | ".join(f"{own:.3f} | {other:.3f}" for own, other in zip(ours, theirs, strict=True))
            lines.append(
                f"| {count:,} | {pairs} | {read:.3f} | {size_of([text, *parts.values()]) / 1e3:.0f} | {added / 1e3:.1f} |"
            )
            print(lines[-1], flush=True)
    return lines


def answered(lake: andon.Lake, sql: str) -> list[tuple[object, ...]]:
    """The rows of a question."""
    return lake.sql(sql).fetchall()


def _fetched(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[object, ...]]:
    return connection.execute(sql).fetchall()


def spread(root: Path, version: Version, count: int) -> Version:
    """The same version in so many files of its rows, each with a number of its own."""
    import duckdb

    (file,) = version.files
    files: list[DataFile] = []
    with duckdb.connect(config={"threads": 1}) as connection:
        for number in range(count):
            path = f"{file.path.removesuffix('.parquet')}_{number}.parquet"
            sql = f"select * replace ({number}::bigint as n) from read_parquet('{root / file.path}')"
            connection.execute(f"copy ({sql}) to '{root / path}' (format parquet)")
            content = (root / path).read_bytes()
            files.append(replace(file, path=path, size=len(content), sha256=digest(content)))
    return Version(version_id(version.columns, tuple(files)), version.dataset, version.columns, tuple(files))


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of this process for `work`."""
    began = time.process_time()
    work()
    return time.process_time() - began


if __name__ == "__main__":
    main()
