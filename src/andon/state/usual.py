"""What was learned of each dataset's newest published build: whether its numbers are as usual, and until when the next one is expected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

from andon.base.database import Database, Transaction, in_batches
from andon.base.record import Record

#: The tables, for the numbered steps of `andon.state.schema`.
TABLES = (
    "create table usual (branch text not null, dataset text not null, kind text not null, run bigint not null,"
    " version text, at text not null, what text, due text, primary key (branch, dataset, kind))",
    "create table usual_seen (branch text primary key, run bigint not null)",
    # what a branch was at the last look, and until when the clock alone changes nothing of what is found
    "create table usual_look (branch text primary key, commit_id text not null, run bigint not null, until text not null)",
)

#: A run that began before others and ended after them is looked for among so many.
_BESIDE = 100


class UsualKind(StrEnum):
    """What was judged: the number of rows, the seconds that it took, its bytes, when the next one is expected, which columns look personal
    by their name, which by their values, and which came with a refresh."""

    ROWS = "rows"
    SECONDS = "seconds"
    ARRIVAL = "arrival"
    PERSONAL = "personal"
    BYTES = "bytes"
    VALUES = "values"
    COLUMNS = "columns"


class Judged(Record):
    """What was learned of a build.

    Attributes:
        run, version: the build; `at` when it was made, in logical time (ISO text).
        what: what is unusual about it, in words; None where nothing is. Of `personal` the columns, with commas; of `values` JSON of the
            columns and what they are; of `columns` a JSON list.
        due: until when the next one is expected (ISO text).
    """

    dataset: str
    kind: UsualKind
    run: int
    version: str | None
    at: str
    what: str | None = None
    due: str | None = None


class BuiltNumbers(Record):
    """The numbers of one published build, as its run recorded them."""

    dataset: str
    run: int
    is_refresh: bool
    at: str
    commit: str | None
    rows: int | None
    seconds: float
    version: str | None


class BranchLook(Record):
    """What a branch was when somebody looked: its commit and the newest run; until when (ISO text) the clock alone changes nothing."""

    commit: str
    run: int
    until: str


class UsualNumbers:
    """Writes and reads what was learned."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def seen(self, branch: str) -> int | None:
        """Up to which run the builds of a branch were judged; None where nobody did yet."""
        rows = self._database.query("select run from usual_seen where branch = ?", [branch])
        return int(rows[0][0]) if rows else None

    def newest_run(self) -> int:
        """The number of the newest run; 0 where there is none."""
        return int(self._database.query("select coalesce(max(number), 0) from run")[0][0])

    def built(self, branch: str, after: int | None) -> dict[str, int]:
        """The newest published build of each dataset, as its run: of all, or of the runs about and after `after`."""
        sql = (
            "select t.dataset, max(t.run) from run r join task t on t.run = r.number where r.branch = ? and r.published = 1"
            " and r.number > ? and t.status = 'ok' and t.action = 'build' group by t.dataset"
        )
        start = -1 if after is None else after - _BESIDE
        return {dataset: int(run) for dataset, run in self._database.query(sql, [branch, start])}

    def numbers(self, branch: str, datasets: Iterable[str], since: str) -> dict[str, list[BuiltNumbers]]:
        """The published builds of datasets from the moment `since` (ISO text) on, oldest first."""
        found: dict[str, list[BuiltNumbers]] = {}
        for marks, batch in in_batches(datasets):
            sql = (
                "select t.dataset, t.run, r.kind, r.logical_time, r.commit_id, t.rows, t.seconds, t.version"
                " from task t join run r on r.number = t.run where r.branch = ? and r.published = 1 and r.logical_time >= ?"
                f" and t.status = 'ok' and t.action = 'build' and t.dataset in ({marks}) order by t.dataset, t.run"
            )
            for dataset, run, kind, at, commit, rows, seconds, version in self._database.query(
                sql, [branch, since, *batch]
            ):
                found.setdefault(dataset, []).append(
                    BuiltNumbers(dataset, run, kind == "refresh", at, commit, rows, seconds, version)
                )
        return found

    def judged(self, branch: str) -> list[Judged]:
        """What was learned of a branch that says something, by dataset."""
        sql = (
            "select dataset, kind, run, version, at, what, due from usual where branch = ?"
            " and (what is not null or due is not null) order by dataset, kind"
        )
        rows = self._database.query(sql, [branch])
        return [Judged(row[0], UsualKind(row[1]), *row[2:]) for row in rows]

    def judged_runs(self, branch: str) -> dict[str, int]:
        """By dataset the run of the newest build that was judged."""
        rows = self._database.query("select dataset, max(run) from usual where branch = ? group by dataset", [branch])
        return {dataset: int(run) for dataset, run in rows}

    def last_look(self, branch: str) -> BranchLook | None:
        """What a branch was at the last look."""
        rows = self._database.query("select commit_id, run, until from usual_look where branch = ?", [branch])
        return BranchLook(*rows[0]) if rows else None

    def put_look(self, branch: str, look: BranchLook) -> None:
        """Note what a branch was at a look."""
        with self._database.write() as transaction:
            transaction.execute("delete from usual_look where branch = ?", [branch])
            values = [branch, look.commit, look.run, look.until]
            transaction.execute("insert into usual_look (branch, commit_id, run, until) values (?, ?, ?, ?)", values)

    def put(self, transaction: Transaction, branch: str, judged: Sequence[Judged], seen: int) -> None:
        """Note what was learned, in place of what was of the same dataset and kind, and how far the runs were judged."""
        transaction.execute_many(
            "delete from usual where branch = ? and dataset = ? and kind = ?",
            [(branch, each.dataset, str(each.kind)) for each in judged],
        )
        transaction.execute_many(
            "insert into usual (branch, dataset, kind, run, version, at, what, due) values (?, ?, ?, ?, ?, ?, ?, ?)",
            [(branch, j.dataset, str(j.kind), j.run, j.version, j.at, j.what, j.due) for j in judged],
        )
        transaction.execute("delete from usual_seen where branch = ?", [branch])
        transaction.execute("insert into usual_seen (branch, run) values (?, ?)", [branch, seen])
