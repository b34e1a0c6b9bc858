"""The files of the storage that the catalog names: data files of all versions, and copies of the raw files of all builds."""

from __future__ import annotations

from andon.base.database import Database
from andon.lake.packing import files_of, trace_of
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
        for _, body in rows:
            named.update(file.path for file in files_of(body))
        last = rows[-1][0]
    last = ""
    sql = f"select id, created, body from build where id > ? order by id limit {_PAGE}"
    while rows := database.query(sql, [last]):
        for _, created, body in rows:
            named.update(raw_path(file) for file in trace_of(created, body).files)
        last = rows[-1][0]
    return named
