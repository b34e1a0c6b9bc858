"""Values of a foreign file as plain ones, and what all readers of them share. Pure."""

from __future__ import annotations

from typing import Any

from andon.base.names import folded
from andon.contracts.known import KnownDatasets
from andon.contracts.taking import Notes
from andon.contracts.types import lake_type
from andon.model.contract import ForeignLine
from andon.project.files.nodes import PlacedValue


def plain(node: PlacedValue) -> Any:
    """The value without its places."""
    if node.kind == "list":
        return [plain(each) for each in node.value]
    if node.kind == "map":
        return {key: plain(each) for key, each in node.value.items()}
    return node.value


class GatheredLines:
    """What is gathered of one dataset: lines, each once, in their order."""

    def __init__(self, notes: Notes, known: KnownDatasets, dataset: str | None) -> None:
        self.notes = notes
        self.known = known
        self.dataset = dataset
        self.types = known.columns(dataset)
        self.lines: list[ForeignLine] = []
        self._names: set[str] = set()

    def add(self, text: str, node: PlacedValue, what: str, *, is_implied: bool = False) -> None:
        """A line that was made of the value at `node`."""
        if all(one.text != text for one in self.lines):
            self.lines.append(ForeignLine(text, node.line, node.column, what, is_implied))

    def name(self, wanted: str | None) -> str | None:
        """A name for a check, if no other one of the dataset has it."""
        if wanted is None or wanted in self._names:
            return None
        self._names.add(wanted)
        return wanted

    def column(self, name: str) -> str:
        """A column as the dataset has it."""
        return self.known.column(self.dataset, name)

    def type_of(self, column: str, said: str, node: PlacedValue, what: str) -> str | None:
        """The type that a column is said to have, as the lake's; None, and told, where it has another one or it can't be told."""
        wanted = lake_type(said)
        actual = None if self.types is None else self.types.get(folded(column))
        if wanted is None:
            self._leave_type(node, what, said, "it is no type of the lake, or could be several")
        elif actual is not None and actual != wanted:
            self._leave_type(node, what, said, f"the column is {actual} here: a cast in the query makes it {wanted}")
            return None
        return wanted

    def _leave_type(self, node: PlacedValue, what: str, said: str, why: str) -> None:
        self.notes.leave((node.line, node.column), f"{what}: {said}", why)
