"""Profiles of what a SELECT returns, through a real Parquet file."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from andon.base.names import literal
from andon.engines.duckdb.instance import Instance
from andon.engines.duckdb.stats import parse_return_stats
from andon.model.profile import ColumnProfile, Profile
from andon.model.version import Column, DataFile, Version
from andon.profiles.make import profile_table


class Profiler:
    """Writes files into a folder and profiles them in one engine."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self._folder = folder
        self._instance = Instance(threads=threads)
        self._count = 0

    def __call__(self, *queries: str, masked: Collection[str] = (), options: str = "") -> Profile:
        """The profile of the rows of some queries, each in a file of its own."""
        connection = self._instance.session().connection
        self._count += 1
        files, paths = [], []
        for number, sql in enumerate(queries):
            path = str(self._folder / f"{self._count}-{number}.parquet")
            told = connection.execute(f"copy ({sql}) to {literal(path)} (format parquet, return_stats{options})")
            _, rows, size, _, stats, _ = told.fetchall()[0]
            files.append(DataFile(path, size, "", rows, parse_return_stats(stats)))
            paths.append(path)
        described = connection.execute(f"describe from read_parquet({literal(paths[0])})").fetchall()
        columns = tuple(Column(row[0], row[1], i) for i, row in enumerate(described))
        version = Version(f"version {self._count}", "marts.x", columns, tuple(files))
        return profile_table(connection, version, paths, masked)

    def column(self, values: str, masked: Collection[str] = ()) -> ColumnProfile:
        """The profile of the column `x` of `(values {values}) t(x)`."""
        return self(f"select * from (values {values}) t(x)", masked=masked).columns[0]

    def close(self) -> None:
        """Free the engine."""
        self._instance.close()
