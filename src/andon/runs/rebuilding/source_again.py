"""A source that is built again: its kept files, read by the contract that was recorded."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from andon.base.record import Record
from andon.errors import AndonError
from andon.model.build import Build
from andon.model.dataset import Definition
from andon.model.load import Taking
from andon.runs.planning.raw_files import RawFiles
from andon.sources.explain import explain
from andon.sources.render import last_of_each, render


class SourceAgain(Record):
    """Reads a source's kept files by its recorded contract (see `ReadSource`)."""

    build: Build
    definition: Definition
    raw: RawFiles

    def render(self, dataset: str, only: Collection[str] | None = None) -> str:
        """See `ReadSource`."""
        del dataset  # there is one
        text = render(self.definition, self.build.contract or {}, self._places(only))
        is_merged = self.definition.load is not None and self.definition.load.taking is Taking.MERGE
        return last_of_each(text, self.definition.key) if is_merged else text

    def explain(self, dataset: str, error: Exception) -> AndonError:
        """See `ReadSource`."""
        del dataset  # there is one
        return explain(error, self.definition, self._places(None))

    def _places(self, only: Collection[str] | None) -> dict[str, Path]:
        return {f.path: self.raw.holding(f) for f in self.build.files if only is None or f.path in only}
