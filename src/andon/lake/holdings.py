"""What the storage holds for datasets, since when: each file once, however many versions, commits and branches name it."""

from __future__ import annotations

from andon.base.database import Database
from andon.base.record import Record
from andon.lake.list_parts import whole
from andon.lake.packing import files_of


class HeldFile(Record):
    """A data file.

    Attributes:
        datasets: of the versions that name it, sorted; several may have come to one version.
        since: when the first of them was recorded (ISO text).
    """

    path: str
    size: int
    datasets: tuple[str, ...]
    since: str


class Holdings:
    """Reads what the catalog says of files and their age."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def files(self, until: str) -> list[HeldFile]:
        """All data files that versions named before `until` (ISO text), by path."""
        rows = self._database.query(
            "select id, dataset, created, body from version where is_view = 0 and created < ? order by created, id",
            [until],
        )
        built: dict[str, set[str]] = {}
        for key, dataset in self._database.query(
            "select distinct version, dataset from build where created < ?", [until]
        ):
            built.setdefault(key, set()).add(dataset)
        found: dict[str, HeldFile] = {}
        for key, dataset, created, text in whole(self._database.query, rows):
            for file in files_of(text):
                held = found.get(file.path)
                names = tuple(sorted({dataset, *built.get(key, ()), *(held.datasets if held is not None else ())}))
                found[file.path] = HeldFile(file.path, file.size, names, held.since if held is not None else created)
        return [found[path] for path in sorted(found)]

    def first_built(self) -> dict[str, str]:
        """When each dataset was built first (ISO text)."""
        rows = self._database.query("select dataset, min(created) from build group by dataset")
        return {dataset: created for dataset, created in rows}
