"""Loading sources by name: a refresh of them and of what follows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from andon.base.record import replace
from andon.runs.goal import Listener, RunOptions
from andon.service.sources import chosen_sources, gathered_sources

if TYPE_CHECKING:
    from andon.model.run import RunResult
    from andon.service.runs import Runs
    from andon.workspace.workspace import Workspace


def load_sources(
    workspace: Workspace,
    runs: Runs,
    names: Sequence[str],
    options: RunOptions,
    listener: Listener | None = None,
    *,
    full: bool = False,
) -> RunResult:
    """Refresh sources and what reads them. Raises as `Runs.refresh`.

    Args:
        full: ask for all rows.

    Raises:
        UsageError: `usage.bad_argument` for a name that is no source.
    """
    chosen = chosen_sources(gathered_sources(workspace, options.branch), names)
    select = tuple(f"{name}+" for name in chosen)
    return runs.refresh(replace(options, select=select, full=options.full or full), listener)
