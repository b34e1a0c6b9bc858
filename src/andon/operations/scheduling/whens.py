"""How the results of `when` changed since their datasets were brought up to date. What a commit gives never changes: it is asked once.

So it may not depend on the time or on chance: nothing that is published would tell that it gives something else now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.cache import Cache, Entries
from andon.base.hashing import content_id
from andon.errors import UsageError
from andon.model.dataset import ClockUse

if TYPE_CHECKING:
    from collections.abc import Callable

    from andon.lake.commits import Commits
    from andon.model.commit import Commit
    from andon.query.ask import Querying

#: What is kept of a result: what it holds as a hash, and how it is shown.
_ANSWERS = Entries[tuple[str, str]]("results of when", tuple[str, str])


class WhenAnswers:
    """Asks `when` of commits.

    Args:
        querying: by what it is asked; made where something is.
    """

    def __init__(self, commits: Commits, querying: Callable[[], Querying], cache: Cache) -> None:
        self._commits = commits
        self._querying = querying
        self._cache = cache
        self._varying: dict[str, str | None] = {}

    def changed(self, dataset: str, sql: str, then: str, head: Commit) -> str | None:
        """How the result of `sql` at `head` differs from that at the commit with the id `then`, or None.

        Raises:
            UsageError: `usage.query_failed` where it can't be asked.
        """
        now = self._answer(dataset, sql, head)
        if then == head.id or not self._commits.known([then]):
            return None
        before = self._answer(dataset, sql, self._commits.get(then))
        return None if now[0] == before[0] else f"`when` gives {now[1]}, and gave {before[1]}"

    def _answer(self, dataset: str, sql: str, commit: Commit) -> tuple[str, str]:
        key = content_id(["when", sql, commit.root])
        found = self._cache.get(_ANSWERS, [key]).get(key)
        if found is None:
            self._require_repeatable(dataset, sql)
            try:
                rows = self._querying().ask_commit(sql, commit, face="due").fetch()
            except UsageError as error:
                raise UsageError(
                    "usage.query_failed",
                    f"`refresh.when` of `{dataset}` can't be asked: {error.message}",
                    where=dataset,
                    hint=error.hint or "write one SELECT over datasets: `when: select max(day) from shop.orders`",
                ) from error
            found = content_id([[str(value) for value in row] for row in rows]), _shown(rows)
            self._cache.put(_ANSWERS, {key: found})
        return found

    def _require_repeatable(self, dataset: str, sql: str) -> None:
        """Raises UsageError where a commit gives something else at another time, or each time."""
        if sql not in self._varying:
            self._varying[sql] = _varying(sql)
        varying = self._varying[sql]
        if varying is not None:
            raise UsageError(
                "usage.query_failed",
                f"`refresh.when` of `{dataset}` {varying}: it is asked of what is published, which stays as it is",
                where=dataset,
                hint="`every: 1d`, or `cron`, brings it up to date by time; in `when` leave it out",
            )


def _varying(sql: str) -> str | None:
    """What of a query gives something else at another time, or each time, as a sentence says it; None where nothing does, or it can't be
    read."""
    from andon.sql.facts import read_facts
    from andon.sql.names import RANDOM_NAMES

    facts = read_facts([sql])[0]
    if facts.clock is not ClockUse.NONE:
        return "uses the clock"
    called = sorted(call.name for call in facts.calls if call.name in RANDOM_NAMES)
    return f"calls `{called[0]}`" if called else None


def _shown(rows: list[tuple[object, ...]]) -> str:
    if len(rows) == 1 and len(rows[0]) == 1:
        return str(rows[0][0])
    return f"{len(rows):,} rows"
