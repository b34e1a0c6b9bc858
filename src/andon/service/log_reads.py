"""What the log of questions tells of who reads what: its lines, which columns they use, which of them come by the clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.base.duration import read_duration
from andon.base.record import replace
from andon.catalog.by_clock import ByClock, LoggedRead, asking_of, machines_among
from andon.catalog.last_use import LastUses
from andon.query.used import ColumnsUsed, Used
from andon.state.queries import UNASKED
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

    def by_clock(self) -> ByClock:
        """Tells which lines come by the clock, as `find` counts readers: by the days that count."""
        machines = self._uses.by_clock(self._workspace.clock())
        return lambda line: line.who == BY_ITSELF or asking_of(line) in machines

    def last(self, lines: Iterable[AnsweredLine], used: Mapping[int, Used]) -> LastUses:
        """When what `lines` read was read last.

        Args:
            used: by number of the line, the columns that it uses.
        """
        known = list(lines)
        found = LastUses(self._ever_by_clock(known))
        for line in known:
            found.add(line, used.get(line.seq))
        return found

    def answered(
        self, datasets: Sequence[str] = (), since: str = "", *, renamed: Mapping[str, str]
    ) -> tuple[list[AnsweredLine], Mapping[int, Used]]:
        """What was asked of some datasets, or of all, and answered; by number of the line, the columns that it uses. What was asked under
        a name that a dataset had before is told under the one that it has now.

        Args:
            datasets: by all names that they have and had.
            since: ISO text.
            renamed: by name that datasets had before, the one that they have now.
        """
        found = {line.seq: line for name in datasets or (None,) for line in self.lines(name, since)}
        lines = [found[seq] for seq in sorted(found)]
        used = self.used(lines)
        if not renamed:
            return lines, used
        now = [replace(line, datasets=_now(line.datasets, renamed)) for line in lines]
        return now, {
            seq: {renamed.get(name, name): columns for name, columns in of.items()} for seq, of in used.items()
        }

    def last_before(self, until: str, renamed: Mapping[str, str]) -> LastUses:
        """When datasets were read last before a moment (ISO text), as far back as the log goes; of columns it tells nothing.

        Args:
            renamed: by name that datasets had before, the one that they have now.
        """
        self._workspace.query_log.flush()
        asked = self._workspace.spending.asked("", until)
        known = [each for each in asked if each.is_answered and each.face not in UNASKED]
        found = LastUses(self._ever_by_clock(known))
        for each in known:
            found.add(replace(each, datasets=_now(each.datasets, renamed)))
        return found

    def _ever_by_clock(self, lines: Iterable[LoggedRead]) -> ByClock:
        """As `by_clock`, and by all of the lines together: what ended long ago came by the clock, too."""
        machines, lately = machines_among(lines), self.by_clock()
        return lambda line: lately(line) or asking_of(line) in machines

    def told_since(self, now: datetime) -> str:
        """How far back the log tells who read what (ISO text); empty: for ever."""
        said = str(self._workspace.settings.get("query.keep_log"))
        kept = read_duration(said) if said else None
        return "" if kept is None else to_text(kept.before(now))


def _now(datasets: Iterable[str], renamed: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(renamed.get(name, name) for name in datasets))
