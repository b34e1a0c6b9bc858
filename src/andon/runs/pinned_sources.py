"""How the tasks of a run read sources: the SQL over their files, and what its failures mean."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from andon.errors import AndonError
from andon.model.load import Taking
from andon.runs.planning.gather import Gathered
from andon.runs.planning.raw_files import RawFiles
from andon.sources.explain import explain
from andon.sources.render import last_of_each, render


@dataclass(frozen=True, slots=True)
class PinnedSources:
    """Renders and explains sources for the tasks of a run (see `ReadSource`)."""

    gathered: Gathered
    raw: RawFiles

    def render(self, dataset: str, only: Collection[str] | None = None) -> str:
        """See `ReadSource`."""
        source, definition = self.gathered.sources[dataset], self.gathered.definitions[dataset]
        text = render(definition, source.contract or {}, self._places(dataset, only))
        is_merged = definition.load is not None and definition.load.taking is Taking.MERGE
        return last_of_each(text, definition.key) if is_merged else text

    def explain(self, dataset: str, error: Exception) -> AndonError:
        """See `ReadSource`."""
        return explain(error, self.gathered.definitions[dataset], self._places(dataset))

    def _places(self, dataset: str, only: Collection[str] | None = None) -> dict[str, Path]:
        files = self.gathered.sources[dataset].files
        return {f.path: self.raw.place(f) for f in files if only is None or f.path in only}
