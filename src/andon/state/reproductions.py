"""What came of building past versions again: by whom, when, of which build."""

from __future__ import annotations

import json
from collections.abc import Iterable

from andon.base.database import Database, Row, in_batches
from andon.base.document import from_json, to_json
from andon.model.reproduction import OpenConstruct, ReproVerdict
from andon.model.reproduction_sample import MissCause, MissedVersion, NotedReproduction

#: The table, for the numbered steps of `andon.state.schema`; without a verdict it could not be built, by the error `code`.
TABLES = (
    "create table reproduction (number bigint primary key, at text not null, who text not null, dataset text not null,"
    " build text not null, version text not null, verdict text, how text not null, code text, kept integer not null,"
    " seconds real not null)",
)

#: Why one did not come out the same: places and what surrounds them, as JSON; whether its code says that it need not.
MISSES = (
    "create table reproduction_miss (number bigint primary key, commit_id text not null, causes text not null,"
    " is_expected integer not null)",
)

_COLUMNS = "at, who, dataset, build, version, verdict, how, code, kept, seconds"


#: As they are kept.
Causes = tuple[OpenConstruct, ...]


class Reproductions:
    """Writes and reads them; none is ever changed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, noted: NotedReproduction, miss: MissCause | None = None) -> None:
        """Note that a version was built again, and, where it is not repeated, why not."""
        verdict = str(noted.verdict) if noted.verdict is not None else None
        with self._database.write() as transaction:
            number = int(transaction.query("select coalesce(max(number), 0) + 1 from reproduction")[0][0])
            transaction.execute(
                f"insert into reproduction (number, {_COLUMNS}) values ({', '.join('?' * 11)})",
                [
                    *(number, noted.at, noted.who, noted.dataset, noted.build, noted.version),
                    *(verdict, noted.how, noted.code, int(noted.kept), noted.seconds),
                ],
            )
            if miss is not None:
                transaction.execute(
                    "insert into reproduction_miss (number, commit_id, causes, is_expected) values (?, ?, ?, ?)",
                    [number, miss.commit, json.dumps(to_json(miss.causes)), int(miss.is_expected)],
                )

    def missed(self) -> list[MissedVersion]:
        """The builds that were not repeated when they were built again last, and need to be; by number, oldest first."""
        sql = (
            f"select {', '.join(f'r.{each.strip()}' for each in _COLUMNS.split(','))}, m.commit_id, m.causes"
            " from reproduction r join reproduction_miss m on m.number = r.number where m.is_expected = 0 and r.number ="
            " (select max(l.number) from reproduction l where l.dataset = r.dataset and l.build = r.build) order by r.number"
        )
        return [
            MissedVersion(
                _noted(row[:-2]), MissCause(str(row[-2]), from_json(Causes, json.loads(row[-1]), stored=True))
            )
            for row in self._database.query(sql)
        ]

    def last(self) -> int:
        """The number of the newest; 0 before the first."""
        return int(self._database.query("select coalesce(max(number), 0) from reproduction")[0][0])

    def within(self, since: str, until: str) -> list[NotedReproduction]:
        """Those from `since` until before `until` (ISO texts), oldest first."""
        return self._read("where at >= ? and at < ? order by number", [since, until])

    def newest_first(self) -> list[tuple[int, NotedReproduction]]:
        """All with their numbers, the newest first."""
        rows = self._database.query(f"select {_COLUMNS}, number from reproduction order by number desc")
        return [(int(row[-1]), _noted(row[:-1])) for row in rows]

    def causes_of(self, numbers: Iterable[int]) -> dict[int, MissCause]:
        """Why those of these numbers that are misses are."""
        found: dict[int, MissCause] = {}
        for marks, batch in in_batches(str(number) for number in numbers):
            sql = f"select number, commit_id, causes, is_expected from reproduction_miss where number in ({marks})"
            for number, commit, causes, is_expected in self._database.query(sql, [int(each) for each in batch]):
                said = from_json(Causes, json.loads(causes), stored=True)
                found[int(number)] = MissCause(str(commit), said, bool(is_expected))
        return found

    def newest(self, dataset: str, build: str) -> NotedReproduction | None:
        """The newest of a build, else of its dataset."""
        of_build = self._read("where build = ? and dataset = ? order by number desc limit 1", [build, dataset])
        found = of_build or self._read("where dataset = ? order by number desc limit 1", [dataset])
        return found[0] if found else None

    def _read(self, rest: str, parameters: list[str]) -> list[NotedReproduction]:
        rows = self._database.query(f"select {_COLUMNS} from reproduction {rest}", parameters)
        return [_noted(row) for row in rows]


def _noted(row: Row) -> NotedReproduction:
    return NotedReproduction(
        *(str(row[0]), str(row[1]), str(row[2]), str(row[3]), str(row[4])),
        ReproVerdict(str(row[5])) if row[5] is not None else None,
        str(row[6]),
        str(row[7]) if row[7] is not None else None,
        bool(row[8]),
        float(row[9]),
    )
