"""The columns of results as they are stored: lake types and field ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from andon.engines.types import field_paths, stored_types
from andon.lake.field_ids import SEPARATOR, Output
from andon.lake.objects import Objects
from andon.model.commit import Leaf
from andon.model.dataset import Definition
from andon.model.version import Column


class OutputColumns:
    """Gives the results of one run their columns.

    Args:
        leaves: what the branch shows.
        foreseen: whether nothing is kept: the ids are those that would be given now.
    """

    def __init__(
        self,
        objects: Objects,
        definitions: Mapping[str, Definition],
        leaves: Mapping[str, Leaf],
        *,
        foreseen: bool = False,
    ) -> None:
        self._give = objects.foreseen_fields if foreseen else objects.register_fields
        self._definitions = definitions
        self._leaves = leaves
        self._ids: dict[str, dict[str, int]] = {}

    def register(self, wanted: Mapping[str, Sequence[tuple[str, str]]]) -> None:
        """Give field ids to the columns (name, lake type) of many datasets in one transaction."""
        outputs = {dataset: self._output(dataset, columns) for dataset, columns in wanted.items()}
        self._ids.update(self._give(outputs))

    def of(self, dataset: str, produced: Sequence[tuple[str, str]]) -> tuple[Column, ...]:
        """The columns of a result with the `(column, type)`s `produced`."""
        stored = stored_types(produced)
        ids = self._ids.get(dataset, {})
        # which id a name has depends on what stands beside it
        if ids.keys() != set(_paths(stored)):
            self.register({dataset: stored})
            ids = self._ids[dataset]
        return tuple(
            Column(name, kind, ids[name], tuple((p, ids[SEPARATOR.join((name, *p))]) for p in field_paths(kind)))
            for name, kind in stored
        )

    def _output(self, dataset: str, columns: Sequence[tuple[str, str]]) -> Output:
        leaf = self._leaves.get(dataset)
        return Output(list(_paths(columns)), dict(self._definitions[dataset].was), leaf.version if leaf else None)


def _paths(columns: Sequence[tuple[str, str]]) -> Iterator[str]:
    for name, kind in columns:
        yield name
        for path in field_paths(kind):
            yield SEPARATOR.join((name, *path))
