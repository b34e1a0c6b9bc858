"""Backfill: times of a table that grows by time are filled, or made anew where rows of them stayed by a person's word."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from andon.base.names import did_you_mean
from andon.base.record import replace
from andon.errors import UsageError
from andon.model.growth import By, Growth
from andon.model.intervals import Range, floor, split
from andon.model.run import RunResult
from andon.runs.goal import DEFAULTS, Listener, RunOptions
from andon.runs.planning.bases import common_base

if TYPE_CHECKING:
    from andon.service.runs import Runs
    from andon.workspace.workspace import Workspace

#: How what is filled is published.
WHOLE, BATCH = "whole", "batch"


class Backfills:
    """Fills times of datasets of one workspace."""

    def __init__(self, workspace: Workspace, runs: Runs) -> None:
        self._workspace = workspace
        self._runs = runs

    def fill(
        self,
        dataset: str,
        start: datetime,
        end: datetime,
        options: RunOptions = DEFAULTS,
        listener: Listener | None = None,
        *,
        publish: str = WHOLE,
        run: Callable[[RunOptions, Listener], RunResult] | None = None,
    ) -> Iterator[RunResult]:
        """Fill the intervals from `start` to before `end`, and bring what reads the dataset up to date.

        The dataset is made by the branch's own code; one that the branch does not show yet by the folder's. Stopped in the middle and
        asked again, it goes on after the last batch that was done.

        Args:
            publish: `whole`: all at once, `batch`: each batch when it is filled.
            run: takes a change's options, where somebody is asked about one; by default `Runs.run`.

        Returns:
            How each run ended, as they end. After one that was not published there is no further.

        Raises:
            UsageError: `usage.bad_argument` for a dataset that does not grow by time, and for times of which none is left.
            AndonError: as `Runs.run`.
        """
        heard = listener or Listener()
        branch = self._workspace.branch(options.branch)
        lake = self._workspace.lake
        ref = lake.refs.find(branch)
        leaf = lake.commits.state(lake.refs.resolve(branch)).leaves.get(dataset) if ref is not None else None
        growth = self._growth(dataset, leaf.definition if leaf is not None else None, branch)
        span = (_naive(start), _naive(end))
        if not span[0] < span[1]:
            message = f"there is no time from {span[0]} to before {span[1]}"
            raise UsageError(
                "usage.bad_argument", message, where="--to", hint="`--to` is the first time that is not filled"
            )
        if floor(span[0], growth.grain) != span[0] or floor(span[1], growth.grain) != span[1]:
            message = f"`{dataset}` grows by the {growth.grain}, and {span[0]} to {span[1]} cuts one"
            raise UsageError(
                "usage.bad_argument", message, where="--from", hint=f"begin and end at the bounds of a {growth.grain}"
            )
        if growth.start is not None and span[1] <= datetime.fromisoformat(growth.start):
            message = f"`{dataset}` keeps rows from {growth.start} on (`start`), and {span[0]} to {span[1]} lies before"
            hint = "fill times after it, or set `start` in its file to an earlier time: the next run makes the table whole from then on"
            raise UsageError("usage.bad_argument", message, where="--to", hint=hint)
        taken = run or self._runs.run if leaf is None else self._runs.refresh
        for each in self._batches(span, growth, publish):
            chosen = replace(options, select=(f"{dataset}+",), fill={dataset: (each,)})
            result = taken(chosen, heard)
            yield result
            if not result.published:
                return

    def _batches(self, span: tuple[datetime, datetime], growth: Growth, publish: str) -> tuple[Range, ...]:
        if publish not in (WHOLE, BATCH):
            message = f"`{publish}` is not a way to publish a backfill"
            raise UsageError("usage.bad_argument", message, where="--publish", hint=f"`{WHOLE}` or `{BATCH}`")
        if publish == WHOLE or growth.batch is None:
            return (span,)
        return split([span], growth.batch, growth.grain, *span)

    def _growth(self, dataset: str, definition: str | None, branch: str) -> Growth:
        """How a dataset grows, by its definition on the branch or else in the folder."""
        if definition is not None:
            found = self._workspace.lake.objects.definitions([definition])[definition]
        else:
            from andon.runs.planning.gather import Gatherer

            gatherer = Gatherer(self._workspace)
            known = self._workspace.lake.refs.find(branch)
            head = self._workspace.lake.refs.resolve(branch if known else "main")
            definitions = gatherer.gather(head, gatherer.folder(), common_base(self._workspace, branch)).definitions
            if dataset not in definitions:
                hint = did_you_mean(dataset, definitions) or "`andon ls` lists what there is"
                raise UsageError("usage.bad_argument", f"there is no dataset `{dataset}`", where=dataset, hint=hint)
            found = definitions[dataset]
        if found.growth is None or found.growth.by is not By.TIME:
            message = f"`{dataset}` does not grow by time, so no time of it can be filled"
            hint = (
                "`andon run --full` makes it whole"
                if found.growth is not None
                else "`andon run --force` makes it again"
            )
            raise UsageError("usage.bad_argument", message, where=found.entry, hint=f"{hint}: {dataset}")
        return found.growth


def _naive(moment: datetime) -> datetime:
    """A time as intervals know it: in UTC, without saying so."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo is not None else moment
