"""Where runs came from, a row for each; what was changed in a checkout once for each content."""

from __future__ import annotations

import json
from collections.abc import Iterable

from andon.base.database import Database, in_batches
from andon.base.document import from_json, to_json
from andon.model.origin import Origin

#: The tables, for the numbered steps of `andon.state.schema`.
TABLES = (
    "create table run_origin (run bigint primary key, body text not null)",
    "create table git_diff (sha256 text primary key, body text not null)",
)


class Origins:
    """Writes and reads them; none is ever changed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, run: int, origin: Origin, diff: str) -> None:
        """Note where a run comes from; `diff` is what `origin.git.diff` is the hash of."""
        with self._database.write() as transaction:
            transaction.execute("insert into run_origin (run, body) values (?, ?)", [run, json.dumps(to_json(origin))])
            if origin.git and origin.git.diff is not None:
                transaction.execute(
                    "insert into git_diff (sha256, body) values (?, ?) on conflict (sha256) do nothing",
                    [origin.git.diff, diff],
                )

    def of(self, run: int | None) -> Origin | None:
        """Where a run came from; None where nobody noted it."""
        return self.of_all([run]).get(run) if run is not None else None

    def of_all(self, runs: Iterable[int]) -> dict[int, Origin]:
        """Where runs came from, by number, as far as that is known."""
        found: dict[int, Origin] = {}
        for marks, batch in in_batches(str(run) for run in runs):
            sql = f"select run, body from run_origin where run in ({marks})"
            for run, body in self._database.query(sql, [int(each) for each in batch]):
                found[run] = from_json(Origin, json.loads(body))
        return found

    def diff(self, sha256: str) -> str | None:
        """What was changed in a checkout; None where it is not kept."""
        rows = self._database.query("select body from git_diff where sha256 = ?", [sha256])
        return str(rows[0][0]) if rows else None
