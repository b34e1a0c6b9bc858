"""The files of the storage that the catalog names: data files of all versions, copies of the raw files of all builds, and what
runs of analyses made."""

from __future__ import annotations

from andon.base.database import Database
from andon.lake.analysis_runs import run_of
from andon.lake.packing import build_of, unpack, version_of
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
    sql = f"select id, dataset, is_view, body from version where id > ? order by id limit {_PAGE}"
    while rows := database.query(sql, [last]):
        for id, dataset, is_view, body in rows:
            named.update(file.path for file in version_of(id, dataset, bool(is_view), unpack(body)).files)
        last = rows[-1][0]
    last = ""
    sql = f"select id, key, dataset, definition, version, run, body, created from build where id > ? order by id limit {_PAGE}"
    while rows := database.query(sql, [last]):
        for row in rows:
            named.update(raw_path(file) for file in build_of(row).files)
        last = rows[-1][0]
    if not database.has_table("analysis_run"):  # another catalog of the same storage may be older
        return named
    last = ""
    while rows := database.query(f"select id, body from analysis_run where id > ? order by id limit {_PAGE}", [last]):
        for _, body in rows:
            named.update(each.path for each in run_of(body).outputs)
        last = rows[-1][0]
    return named
