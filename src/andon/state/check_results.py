"""Check results, kept by the very question (check, versions, logical time where used), and which run met which of them.

A result is a fact about content, so it outlives undos and serves every branch; what a run met, with the text and severity of that
day, is the history of a check.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from andon.base.database import Database, Transaction, in_batches
from andon.base.document import from_json, to_json
from andon.base.record import Record, field
from andon.model.check import CheckStatus
from andon.model.check_result import CheckResult, Samples

#: The tables, for the numbered steps of `andon.state.schema`.
TABLES = (
    "create table check_result (key text primary key, check_id text not null, dataset text not null, version text not null,"
    " status text not null, body text not null, run bigint, at text not null)",
    "create index check_result_check on check_result (check_id, at)",
    "create table run_check (run bigint not null, position integer not null, key text not null, check_id text not null,"
    " dataset text not null, label text not null, severity text not null, status text not null, body text not null,"
    " primary key (run, position))",
    "create index run_check_check on run_check (check_id, run)",
    "create index run_check_dataset on run_check (dataset, run)",
)


class Kept(Record):
    """A result as found; text, severity and place are those of whoever asks. `newest` serves `max_age`."""

    key: str
    status: CheckStatus
    version: str
    value: Any = None
    limit: Any = None
    bad: int | None = None
    total: int | None = None
    reason: str | None = None
    samples: Samples = field(default_factory=Samples)
    seconds: float = 0.0
    how: str = "alone"
    ran: str | None = None
    newest: int | None = None
    run: int | None = None
    at: str | None = None


class AskedCheck(Record):
    """How often a check was asked, how often it said no or could not be asked, and the seconds that it took."""

    label: str
    times: int = 0
    failed: int = 0
    seconds: float = 0.0


class ToldCheck:
    """What a run noted of a check: its line of the table, read when somebody wants more than the run's number."""

    def __init__(self, row: tuple[Any, ...]) -> None:
        self._row = row
        self.run: int = row[-1]

    @cached_property
    def result(self) -> CheckResult:
        """The whole of it."""
        return _result(self._row)


class CheckResults:
    """Keeps and finds check results."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, keys: Iterable[str]) -> dict[str, Kept]:
        """Results by key; what is not known is not in it."""
        found: dict[str, Kept] = {}
        for marks, batch in in_batches(keys):
            sql = f"select key, status, version, body, run, at from check_result where key in ({marks})"
            for key, status, version, body, run, at in self._database.query(sql, batch):
                found[key] = _kept(key, status, version, json.loads(body), run, at)
        return found

    def record(
        self, transaction: Transaction, results: Iterable[CheckResult], newest: Mapping[str, int | None]
    ) -> None:
        """Keep what was found; an error is not kept, since another try may find an answer.

        Args:
            newest: by key, for `max_age`.
        """
        rows = [
            (r.key, r.check, r.dataset, r.version, str(r.status), json.dumps(_body(r, newest)), r.run, r.at)
            for r in results
            if r.status is not CheckStatus.ERROR and r.how != "kept"
        ]
        transaction.execute_many(
            "insert into check_result (key, check_id, dataset, version, status, body, run, at)"
            " values (?, ?, ?, ?, ?, ?, ?, ?) on conflict (key) do nothing",
            rows,
        )

    def record_run(self, transaction: Transaction, run: int, results: Sequence[CheckResult]) -> None:
        """Keep which results a run met."""
        transaction.execute("delete from run_check where run = ?", [run])
        transaction.execute_many(
            "insert into run_check (run, position, key, check_id, dataset, label, severity, status, body)"
            " values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    run,
                    position,
                    r.key,
                    r.check,
                    r.dataset,
                    r.label,
                    str(r.severity),
                    str(r.status),
                    json.dumps(_body(r, {}) | _said(r)),
                )
                for position, r in enumerate(results)
            ],
        )

    def of_run(self, run: int) -> list[CheckResult]:
        """The results that a run met, in its order."""
        sql = (
            "select key, check_id, dataset, label, severity, status, body, run from run_check"
            " where run = ? order by position"
        )
        return [_result(row) for row in self._database.query(sql, [run])]

    def counts(self, runs: Iterable[int]) -> dict[int, tuple[int, int]]:
        """`{run: (checks asked, of them failed or could not run)}`."""
        found: dict[int, tuple[int, int]] = {}
        for marks, batch in in_batches(str(run) for run in runs):
            sql = (
                "select run, count(*), sum(case when status in ('fail', 'error') then 1 else 0 end) from run_check"
                f" where run in ({marks}) group by run"
            )
            rows = self._database.query(sql, [int(run) for run in batch])
            found.update({run: (asked, failed) for run, asked, failed in rows})
        return found

    def asked_since(self, branch: str, since: str) -> dict[tuple[str, str], AskedCheck]:
        """How often runs of a branch that began at `since` (ISO text) or later asked each check: `{(dataset, id): …}`."""
        sql = (
            "select rc.dataset, rc.check_id, rc.label, rc.status, rc.body from run_check rc join run r on r.number = rc.run"
            " where r.branch = ? and r.started >= ? order by rc.run, rc.position"
        )
        found: dict[tuple[str, str], AskedCheck] = {}
        for dataset, check, label, status, text in self._database.query(sql, [branch, since]):
            body = json.loads(text)
            before = found.get((dataset, check), AskedCheck(label))
            found[dataset, check] = AskedCheck(
                label,
                before.times + 1,
                before.failed + (status in ("fail", "error")),
                before.seconds + (0.0 if body.get("how") == "kept" else float(body.get("seconds") or 0.0)),
            )
        return found

    def of_dataset(self, dataset: str, limit: int = 1000) -> list[CheckResult]:
        """The results of a dataset's checks in all runs, newest run first."""
        sql = (
            "select key, check_id, dataset, label, severity, status, body, run from run_check"
            " where dataset = ? order by run desc, position limit ?"
        )
        return [_result(row) for row in self._database.query(sql, [dataset, limit])]

    def told_of(self, dataset: str, version: str, limit: int = 1000) -> dict[str, list[ToldCheck]]:
        """What runs noted of a dataset's checks that looked at `version`, by check, the newest run first; read when it is asked for."""
        sql = (
            "select key, check_id, dataset, label, severity, status, body, run from run_check"
            " where dataset = ? and body like ? order by run desc, position limit ?"
        )
        found: dict[str, list[ToldCheck]] = {}
        for row in self._database.query(sql, [dataset, f'%"{version}"%', limit]):
            found.setdefault(row[1], []).append(ToldCheck(row))
        return found

    def failing(self, limit: int = 5000) -> dict[str, set[str]]:
        """`{dataset: versions}` of which a check said no, or could not be asked, in the newest `limit` such results of runs."""
        sql = "select dataset, body from run_check where status in ('fail', 'error') order by run desc limit ?"
        found: dict[str, set[str]] = {}
        for dataset, body in self._database.query(sql, [limit]):
            version = json.loads(body).get("version")
            if version is not None:
                found.setdefault(dataset, set()).add(version)
        return found

    def values(self, check: str) -> dict[str, Any]:
        """`{version: value}` of one check's results, as numbers."""
        sql = "select version, body from check_result where check_id = ? order by at"
        return {version: json.loads(body).get("value") for version, body in self._database.query(sql, [check])}

    def series(self, check: str, branch: str, limit: int = 400) -> list[tuple[str, str | None, Any]]:
        """`(logical time, commit, value)` of a check in the newest runs that published to `branch`, newest first."""
        sql = (
            "select r.logical_time, r.commit_id, rc.body from run_check rc join run r on r.number = rc.run"
            " where rc.check_id = ? and r.branch = ? and r.published = 1 and rc.status <> 'error'"
            " order by rc.run desc limit ?"
        )
        rows = self._database.query(sql, [check, branch, limit])
        return [(moment, commit, json.loads(body).get("value")) for moment, commit, body in rows]

    def last_good(self, check: str) -> tuple[int, Any, int | None] | None:
        """The newest published run in which a check passed: its number, value and bad rows; None if there is none."""
        sql = (
            "select rc.run, rc.body from run_check rc join run r on r.number = rc.run"
            " where rc.check_id = ? and rc.status = 'pass' and r.published = 1 order by rc.run desc limit 1"
        )
        rows = self._database.query(sql, [check])
        if not rows:
            return None
        body = json.loads(rows[0][1])
        return rows[0][0], body.get("value"), body.get("bad")


def _body(result: CheckResult, newest: Mapping[str, int | None]) -> dict[str, Any]:
    samples = result.samples
    return {
        "value": result.value,
        "limit": result.limit,
        "bad": result.bad,
        "total": result.total,
        "reason": result.reason,
        "samples": to_json(samples) if samples.rows else None,
        "seconds": round(result.seconds, 6),
        "how": result.how,
        **({"ran": result.ran} if result.ran else {}),
        "newest": newest.get(result.key),
        "at": result.at,
    }


def _said(result: CheckResult) -> dict[str, Any]:
    """What a run adds: how the check was worded that day."""
    return {
        "text": result.text,
        "kind": str(result.kind),
        "why": result.why,
        "version": result.version,
        "others": result.others,
        "published": result.published,
        "file": result.file,
        "line": result.line,
        "accepted": result.accepted,
    }


def _kept(key: str, status: str, version: str, body: Mapping[str, Any], run: int | None, at: str) -> Kept:
    known = {"key": key, "status": status, "version": version, "run": run}
    return from_json(Kept, {**known, **_with_samples(body), "at": at}, stored=True)


def _result(row: tuple[Any, ...]) -> CheckResult:
    names = ("key", "check", "dataset", "label", "severity", "status")
    *columns, text, run = row
    body = _with_samples(json.loads(text))
    body.pop("newest", None)
    return from_json(CheckResult, {**dict(zip(names, columns, strict=True)), **body, "run": run}, stored=True)


def _with_samples(body: Mapping[str, Any]) -> dict[str, Any]:
    return {**body, "samples": body["samples"] or []}
