"""`lake.sources`: what comes into a lake, from where, and how."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from andon.model.event import Reporter, silent
from andon.runs.goal import Listener

if TYPE_CHECKING:
    from collections.abc import Callable

    from andon.model.run import RunResult
    from andon.runs.goal import RunOptions
    from andon.service.service import Service
    from andon.service.source_add import AddedSource
    from andon.service.source_check import SourceReport
    from andon.service.source_list import SourceInfo
    from andon.service.sources import Accepted, Pinned


class LakeSources:
    """The sources of a lake."""

    def __init__(self, service: Service, options: Callable[[tuple[str, ...], str | None, Any], RunOptions]) -> None:
        self._service = service
        self._options = options

    def list(self, branch: str | None = None) -> Sequence[SourceInfo]:
        """All sources: what each reads, when it was loaded last, and what stands in its way."""
        from andon.service.source_list import list_sources

        return list_sources(self._service.workspace, branch)

    def check(self, *names: str, branch: str | None = None) -> Sequence[SourceReport]:
        """What a load of sources would meet; nothing is loaded.

        Raises:
            UsageError: `usage.bad_argument` for a name that is no source.
        """
        from andon.service.source_check import check_sources

        return check_sources(self._service.workspace, names, branch)

    def load(
        self, *names: str, full: bool = False, branch: str | None = None, report: Reporter = silent, **options: Any
    ) -> RunResult:
        """Load sources and what reads them, and publish what is healthy.

        Args:
            full: ask for all rows, also where a load would go on from the one before.
            options: `publish`, `now`, `message` as on the command line.
        """
        from andon.service.source_load import load_sources

        chosen, service = self._options((), branch, options), self._service
        return load_sources(service.workspace, service.runs, names, chosen, Listener(report), full=full)

    def add(self, place: str, name: str | None = None) -> AddedSource:
        """Write the source that reads a table: `CONNECTION.TABLE` or `CONNECTION.SCHEMA.TABLE`.

        Raises:
            UsageError: `usage.exists`, `usage.bad_argument`.
            DatasetError: there is no such connection or table, or the database can't be reached.
        """
        from andon.service.source_add import add_source

        return add_source(self._service.workspace, place, name)

    def accept(self, name: str, branch: str | None = None) -> Accepted:
        """Let the next load of a source record anew how it is read."""
        from andon.service.sources import accept_source

        return accept_source(self._service.workspace, name, branch)

    def pin(self, name: str, branch: str | None = None) -> Pinned:
        """Write how a source is read into its file."""
        from andon.service.sources import pin_source

        return pin_source(self._service.workspace, name, branch)

    def __iter__(self) -> Iterator[SourceInfo]:
        return iter(self.list())

    def __repr__(self) -> str:
        return f"<andon sources {', '.join(f'{each.dataset} ({each.state})' for each in self)}>"
