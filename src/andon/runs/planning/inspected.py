"""What the files of sources were found to hold, kept by their content: a plan does not look again into what nobody changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from andon.base.cache import Cache, Entries
from andon.base.hashing import content_id
from andon.model.dataset import Definition
from andon.model.version import Columns
from andon.runs.planning.raw_files import RawFiles
from andon.runs.planning.steps import SourceInput
from andon.sources.trusted import are_columns, is_contract

#: Raised when looking at files, or what is recorded of them, changes.
_FORMAT = 1
_CONTRACTS = Entries[dict[str, Any]]("contract", dict[str, Any], _FORMAT)
_COLUMNS = Entries[tuple[tuple[str, str], ...]]("source columns", tuple[tuple[str, str], ...], _FORMAT)


class Inspected:
    """Looks into files, or knows what was found there. Errors are not kept, nor is what was found while somebody wrote to a file.

    Args:
        cache: what comes out of it goes into SQL, so it must have the form that looking gives.
    """

    def __init__(self, cache: Cache, raw: RawFiles) -> None:
        self._cache = cache
        self._raw = raw

    def contract(self, definition: Definition, source: SourceInput) -> dict[str, Any]:
        """See `establish`, of a source's files with what was recorded of it before."""
        fresh = {*source.added, *source.changed}
        key = _key(definition, source, sorted(fresh))
        found = self._cache.get(_CONTRACTS, [key]).get(key)
        if found is not None and is_contract(found, definition):
            return found
        # here, since what is known needs none of what looks into files
        from andon.sources.contract import establish

        places = {f.path: self._raw.place(f) for f in source.files}
        # what was loaded before is read from its copy, which nobody writes to
        read = [f for f in source.files if source.contract is None or f.path in fresh]
        before = self._raw.marks(read)
        contract = establish(definition, places, source.contract, fresh)
        if before is not None and self._raw.marks(read) == before:
            self._cache.put(_CONTRACTS, {key: contract})
        return contract

    def columns(self, definition: Definition, source: SourceInput, ask: Callable[[], Columns]) -> Columns:
        """The columns that a source returns.

        Args:
            ask: asks an engine for them.
        """
        key = _key(definition, source, [])
        found = self._cache.get(_COLUMNS, [key]).get(key)
        if found is not None and are_columns(found):
            return found
        before = self._raw.marks(source.files)
        columns = ask()
        if before is not None and self._raw.marks(source.files) == before:
            self._cache.put(_COLUMNS, {key: tuple((name, kind) for name, kind in columns)})
        return columns


def _key(definition: Definition, source: SourceInput, fresh: Sequence[str]) -> str:
    by_content = [[file.path, file.sha256] for file in source.files]
    # what shapes the answer without being part of the result's meaning is not in the id
    said = [definition.id, definition.dataset, definition.entry, str(definition.schema), definition.recorded]
    return content_id([*said, source.contract, by_content, fresh])
