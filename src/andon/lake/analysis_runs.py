"""Runs of analyses: rows of the catalog named by a hash of what they say, and files of the storage named by their content."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from andon.base.database import Database, Transaction
from andon.base.document import from_json, to_json
from andon.lake.going import Going
from andon.lake.intact import Intact
from andon.lake.packing import fields, pack, unpack
from andon.lake.storage import Storage
from andon.model.analysis import AnalysisFile, AnalysisRun, output_path

_PAGE = 500


class AnalysisRuns:
    """Keeps and finds the runs of one lake."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        intact: Intact,
        keep_texts: Callable[[Iterable[bytes]], None],
        writing: Callable[[], AbstractContextManager[None]],
        going: Going,
        require_home: Callable[[Transaction], None],
    ) -> None:
        self._database = database
        self._storage = storage
        self._intact = intact
        self._keep_texts = keep_texts
        self._writing = writing
        self._going = going
        self._require_home = require_home

    def keep(
        self, run: AnalysisRun, texts: Iterable[bytes], places: Mapping[str, Path], reads: Iterable[str]
    ) -> AnalysisRun:
        """Keep a run with its code and files, durably: files first, then the row. Returned with its number.

        Args:
            run: its number counts for nothing.
            texts: its code and lock.
            places: by sha256 of an output where its content lies now.
            reads: storage paths of what it read: what it made is for nobody who may not read that.

        Raises:
            ConflictError: `lake.ref_moved` where a file was taken away meanwhile.
            MachineError: the disk, the database; `lake.elsewhere`.
        """
        self._keep_texts(texts)
        mode = self._storage.readers(reads)
        with self._writing():
            for each in run.outputs:
                if self._intact.damage(file_of(each.sha256, each.size)) is not None:
                    self._storage.replace(each.path, places[each.sha256], mode)
                    self._intact.note(each.path, each.sha256)
            self._storage.have_there(file_of(each.sha256, each.size) for each in run.outputs)
            with self._database.write() as transaction:
                self._require_home(transaction)
                self._going.keep(transaction, [each.path for each in run.outputs])
                rows = transaction.query("select max(number) from analysis_run where name = ?", [run.name])
                numbered = run.kept_as((rows[0][0] or 0) + 1)
                transaction.execute(
                    "insert into analysis_run (id, name, number, body) values (?, ?, ?, ?)",
                    [numbered.id, numbered.name, numbered.number, pack(to_json(numbered))],
                )
        return numbered

    def find(self, name: str, number: int | None = None) -> AnalysisRun | None:
        """A run of an analysis: the one of this number, else the newest."""
        which = "number = ?" if number is not None else "number = (select max(number) from analysis_run where name = ?)"
        rows = self._database.query(
            f"select body from analysis_run where name = ? and {which}", [name, name if number is None else number]
        )
        return run_of(rows[0][0]) if rows else None

    def newest(self, name: str, most: int = _PAGE) -> list[AnalysisRun]:
        """The newest runs of an analysis, the newest first."""
        rows = self._database.query(
            f"select body from analysis_run where name = ? order by number desc limit {int(most)}", [name]
        )
        return [run_of(row[0]) for row in rows]

    def last(self) -> dict[str, AnalysisRun]:
        """By analysis its newest run."""
        rows = self._database.query(
            "select body from analysis_run r where number = (select max(number) from analysis_run o where o.name = r.name)"
        )
        return {run.name: run for run in (run_of(row[0]) for row in rows)}

    def names(self) -> list[str]:
        """Of all analyses that were run."""
        return [str(row[0]) for row in self._database.query("select distinct name from analysis_run order by name")]

    def ids(self) -> list[str]:
        """Of all runs."""
        return ids_of(self._database)


def ids_of(database: Database) -> list[str]:
    """The ids of all runs of analyses that a catalog names; none of one that is older than analyses are."""
    if not database.has_table("analysis_run"):
        return []
    return [str(row[0]) for row in database.query("select id from analysis_run order by id")]


def run_of(body: bytes) -> AnalysisRun:
    """The run of a row.

    Raises:
        MachineError: `lake.corrupt`.
    """
    return from_json(AnalysisRun, fields(unpack(body)), stored=True)


def file_of(sha256: str, size: int) -> AnalysisFile:
    """A file of an output as it lies in the storage."""
    return AnalysisFile(output_path(sha256), size, sha256)
