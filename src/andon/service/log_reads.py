"""What the log of questions tells of who reads what: its lines, which columns they use, which of them come by the clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.base.duration import read_duration
from andon.catalog.last_use import ByClock, LastUses, LoggedRead, asking_of
from andon.query.used import ColumnsUsed, Used
from andon.service.spending import machines_among
from andon.workspace.caller import BY_ITSELF

if TYPE_CHECKING:
    from andon.catalog.use import UseBook
    from andon.state.queries import AnsweredLine
    from andon.workspace.workspace import Workspace


class LogReads:
    """Reads the log of one workspace's lake."""

    def __init__(self, workspace: Workspace, uses: UseBook) -> None:
        self._workspace = workspace
        self._uses = uses
        self._used = ColumnsUsed(workspace)

    def lines(self, dataset: str | None = None, since: str = "") -> list[AnsweredLine]:
        """What was asked and answered, oldest first. See `Queries.answered`."""
        return self._workspace.query_log.answered(since, dataset)

    def used(self, lines: Iterable[AnsweredLine]) -> Mapping[int, Used]:
        """By number of the line, the columns that it uses."""
        return self._used.of(lines)

    def of_text(self, sql: str, datasets: Iterable[str], commit: str) -> Used | None:
        """By dataset the columns that a text would use at a commit; None where it does not bind there."""
        return self._used.of_text(sql, datasets, commit)

    def once(self, line: AnsweredLine) -> tuple[bool, Used]:
        """Whether a line can be bound over what it was asked of, and the columns that it used then."""
        bound = None if line.commit is None else self.of_text(line.sql, line.datasets, line.commit)
        return bound is not None, self.used([line])[line.seq]

    def columns_of(self, sql: str, datasets: Iterable[str], commit: str, dataset: str) -> frozenset[str]:
        """The columns of `dataset`, in lower case, that a text would use at a commit; `*` where nobody can tell."""
        found = self.of_text(sql, datasets, commit)
        return frozenset("*" if found is None else (each.lower() for each in found.get(dataset, ())))

    def by_clock(self, lines: Iterable[LoggedRead]) -> ByClock:
        """Tells of `lines` which come by the clock: as `find` counts them, or by all of the log together."""
        machines = self._uses.by_clock(self._workspace.clock()) | machines_among(lines)
        return lambda line: line.who == BY_ITSELF or asking_of(line) in machines

    def last(self, lines: Iterable[AnsweredLine], *, columns: bool = True) -> LastUses:
        """When what `lines` read was read last.

        Args:
            columns: whether it is told of columns, too.
        """
        known = list(lines)
        used = self.used(known) if columns else {}
        found = LastUses(self.by_clock(known))
        for line in known:
            found.add(line, used.get(line.seq))
        return found

    def told_since(self, now: datetime) -> str:
        """How far back the log tells who read what (ISO text); empty: for ever."""
        said = str(self._workspace.settings.get("query.keep_log"))
        kept = read_duration(said) if said else None
        return "" if kept is None else to_text(kept.before(now))
