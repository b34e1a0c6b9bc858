"""The files of the storage that the catalog names: data files of all versions, copies of the raw files of all builds, what runs of
analyses made, and wheels of locks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from andon.base.database import Database
from andon.lake.analysis_runs import file_of, run_of
from andon.lake.list_parts import whole
from andon.lake.packages import PackageFile
from andon.lake.packing import build_of, files_of, trace_of, version_of
from andon.lake.sealed import Sealed
from andon.lake.wrong_objects import ANALYSIS_RUN, BUILD, VERSION, right_rows
from andon.model.build import InputFile

_PAGE = 500


def raw_path(file: InputFile) -> str:
    """The storage path of the copy of a raw file: by content."""
    return f"raw/{file.sha256[:2]}/{file.sha256}"


def named_files(database: Database) -> set[str]:
    """Their paths; what no path here is is nobody's.

    Raises:
        MachineError: `lake.corrupt`: a row that can't be read may name any file.
    """
    named: set[str] = set()
    last = ""
    sql = f"select id, body from version where id > ? order by id limit {_PAGE}"
    while rows := database.query(sql, [last]):
        for _, text in whole(database.query, rows):
            named.update(file.path for file in files_of(text))
        last = rows[-1][0]
    last = ""
    sql = f"select id, created, body from build where id > ? order by id limit {_PAGE}"
    while rows := database.query(sql, [last]):
        for _, created, text in whole(database.query, rows):
            named.update(raw_path(file) for file in trace_of(created, text).files)
        last = rows[-1][0]
    # another catalog of the same storage may be older
    if database.has_table("analysis_run"):
        last = ""
        sql = f"select id, body from analysis_run where id > ? order by id limit {_PAGE}"
        while rows := database.query(sql, [last]):
            for _, body in rows:
                named.update(each.path for each in run_of(body).outputs)
            last = rows[-1][0]
    if database.has_table("kept_package"):
        named.update(wheel.path for wheel in _wheels(database))
    return named


def _wheels(database: Database) -> Iterator[PackageFile]:
    rows = database.query("select distinct name, version, file, sha256, size from kept_package")
    return (PackageFile(*row) for row in rows)


def sealed_files(database: Database, copy: Callable[[InputFile], Sealed]) -> dict[str, Sealed]:
    """The same files with what each must hold, by path, but for those that a damaged row names.

    Args:
        copy: where the content of a raw file is kept.
    """
    found: dict[str, Sealed] = {}
    for id, dataset, is_view, _, _, text in right_rows(database, VERSION):
        found.update((file.path, file) for file in version_of(id, dataset, bool(is_view), text).files)
    for row in right_rows(database, BUILD):
        found.update((file.path, file) for file in map(copy, build_of(row).files))
    for *_, body in right_rows(database, ANALYSIS_RUN):
        found.update((each.path, file_of(each.sha256, each.size)) for each in run_of(body).outputs)
    found.update((wheel.path, wheel) for wheel in _wheels(database))
    return found
