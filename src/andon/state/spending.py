"""What was spent, as it was recorded: seconds of tasks, of checks and of questions. One statement for each, however long the time."""

from __future__ import annotations

import json
from collections.abc import Mapping

from andon.base.database import Database
from andon.base.record import Record
from andon.state.queries import UNASKED


class SpentSeconds(Record):
    """Seconds that a dataset took: it was made, or asked a check.

    Attributes:
        at: when the run began, or the check was asked (ISO text).
        run: None for a check that was asked by itself.
        author: of the run.
    """

    dataset: str
    seconds: float
    at: str
    run: int | None = None
    author: str | None = None


class SpentQuestion(Record):
    """A question.

    Attributes:
        is_answered: whether it had an answer; what failed took its time, too.
        shape: what is one for questions that differ in values alone.
    """

    at: str
    who: str
    face: str
    datasets: tuple[str, ...]
    seconds: float
    shape: str | None
    is_answered: bool


class Spending:
    """Reads what runs, checks and questions recorded, from `since` until before `until` (ISO texts)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def built(self, since: str, until: str) -> list[SpentSeconds]:
        """The tasks of all runs that began then: failed and held ones took their time, too."""
        rows = self._database.query(
            "select t.dataset, t.seconds, r.started, r.number, r.author from task t join run r on r.number = t.run"
            " where r.started >= ? and r.started < ? and t.seconds > 0 order by r.number, t.dataset",
            [since, until],
        )
        return [SpentSeconds(*row) for row in rows]

    def checked(self, since: str, until: str) -> list[SpentSeconds]:
        """The checks that runs asked, and those that were asked by themselves; what was known already cost nothing."""
        of_runs = self._database.query(
            "select c.dataset, c.body, r.started, r.number, r.author from run_check c join run r on r.number = c.run"
            " where r.started >= ? and r.started < ? order by c.run, c.position",
            [since, until],
        )
        alone = self._database.query(
            "select dataset, body, at from check_result where run is null and at >= ? and at < ? order by at, key",
            [since, until],
        )
        found = []
        for dataset, text, at, *of_run in (*of_runs, *alone):
            body = json.loads(text)
            seconds = 0.0 if body.get("how") == "kept" else float(body.get("seconds") or 0.0)
            if seconds > 0:
                found.append(SpentSeconds(dataset, seconds, at, *of_run))
        return found

    def asked(self, since: str, until: str) -> list[SpentQuestion]:
        """The questions of then, the oldest first. Lines that wait to be written are not seen."""
        rows = self._database.query(
            "select at, who, face, datasets, seconds, shape, error from query_log where at >= ? and at < ? order by seq",
            [since, until],
        )
        return [
            SpentQuestion(at, who, face, tuple(json.loads(names)), float(seconds), shape, error is None)
            for at, who, face, names, seconds, shape, error in rows
        ]

    def last_reads(self, until: str, renamed: Mapping[str, str]) -> dict[str, tuple[str, str]]:
        """`{dataset: (who read it last before, when)}`, as far back as the log goes.

        Args:
            renamed: by name that datasets had before, the one that they have now.
        """
        rows = self._database.query(
            "select datasets, who, max(at) from query_log where at < ? and error is null"
            f" and face not in ({', '.join('?' * len(UNASKED))}) and datasets <> '[]' group by datasets, who",
            [until, *UNASKED],
        )
        found: dict[str, tuple[str, str]] = {}
        for names, who, at in rows:
            for name in json.loads(names):
                dataset = renamed.get(name, name)
                if dataset not in found or found[dataset][1] < at:
                    found[dataset] = who, at
        return found
