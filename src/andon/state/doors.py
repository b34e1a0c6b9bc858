"""By which doors datasets were asked, and of which datasets people were told: each pair once, however often."""

from __future__ import annotations

import json

from andon.base.database import Database
from andon.state.queries import UNASKED


class Doors:
    """Reads what came in and went out, from `since` until before `until` (ISO texts)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def asked(self, since: str, until: str) -> set[tuple[str, str]]:
        """`(dataset, door)` of questions that were answered. Lines that wait to be written are not seen."""
        rows = self._database.query(
            "select distinct datasets, face from query_log where at >= ? and at < ? and error is null"
            f" and face not in ({', '.join('?' * len(UNASKED))}) and datasets <> '[]'",
            [since, until, *UNASKED],
        )
        return {(dataset, face) for names, face in rows for dataset in json.loads(names)}

    def told(self, since: str, until: str) -> set[tuple[str, str]]:
        """`(dataset, channel)` of messages that were made then."""
        rows = self._database.query(
            "select distinct channel, items from message where made >= ? and made < ?", [since, until]
        )
        return {
            (str(item["dataset"]), channel) for channel, items in rows for item in json.loads(items) if item["dataset"]
        }
