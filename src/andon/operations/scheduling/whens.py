"""How the results of `when` changed since their datasets were brought up to date. What a commit gives never changes: it is asked once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.cache import Cache, Entries
from andon.base.hashing import content_id
from andon.errors import UsageError

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


def _shown(rows: list[tuple[object, ...]]) -> str:
    if len(rows) == 1 and len(rows[0]) == 1:
        return str(rows[0][0])
    return f"{len(rows):,} rows"
