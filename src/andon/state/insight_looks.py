"""What the last look at the insights of a branch found: whether their answers are still true, and on which data they were asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from andon.base.database import Database
from andon.base.record import Record

TABLES = (
    "create table insight_look (branch text not null, insight text not null, mark text not null, pin text not null,"
    " at text not null, state text not null, what text not null, dataset text, primary key (branch, insight))",
)

#: In place of an insight: all of a branch; its mark is the commit that was looked at.
ALL = "*"


class InsightLook(Record):
    """What was found of an insight.

    Attributes:
        mark: what it was asked on: its query, its pin, the versions that it reads.
        pin: the hash of the answer that it was compared with.
        at: when (ISO text).
        state: as `InsightState`.
        what: in a sentence.
        dataset: through which it moved.
    """

    insight: str
    mark: str
    pin: str
    at: str
    state: str
    what: str
    dataset: str | None = None


class InsightLooks:
    """Writes and reads them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, branch: str) -> Mapping[str, InsightLook]:
        """By insight of a branch; `ALL` among them."""
        rows = self._database.query(
            "select insight, mark, pin, at, state, what, dataset from insight_look where branch = ? order by insight",
            [branch],
        )
        return {str(row[0]): InsightLook(*row) for row in rows}

    def put(self, branch: str, looks: Iterable[InsightLook]) -> None:
        """Note what was found, in place of what was noted."""
        noted = list(looks)
        if not noted:
            return
        with self._database.write() as transaction:
            transaction.execute_many(
                "delete from insight_look where branch = ? and insight = ?", [(branch, each.insight) for each in noted]
            )
            transaction.execute_many(
                "insert into insight_look (branch, insight, mark, pin, at, state, what, dataset)"
                " values (?, ?, ?, ?, ?, ?, ?, ?)",
                [(branch, x.insight, x.mark, x.pin, x.at, x.state, x.what, x.dataset) for x in noted],
            )
