"""What of the project foreign names can mean: its datasets, with the columns that they have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from andon.base.names import folded
from andon.base.record import Record


class KnownDatasets(Record):
    """The datasets of a project.

    Attributes:
        types: by dataset its columns as (name, type); None where they are not known.
        keys: by dataset the columns of its key.
        named: what the datasets of the file are called here: a schema, or one whole name.
    """

    types: Mapping[str, Sequence[tuple[str, str]] | None]
    keys: Mapping[str, tuple[str, ...]]
    named: str | None = None

    def find(self, *names: str | None, schema: str | None = None) -> str | None:
        """The dataset that one of some names means: with that schema, as it is, or the only one that is called so."""
        if self.named is not None and "." in self.named:
            return self.named
        schemas = [each for each in (self.named, schema) if each]
        for name in filter(None, names):
            found = self._whole(name, schemas[:1] if self.named else schemas)
            if found is not None:
                return found
        return None

    def referred(self, *names: str | None) -> str | None:
        """The dataset that a reference means, whatever the datasets of the file are called here."""
        for name in filter(None, names):
            found = self._whole(name, [])
            if found is not None:
                return found
        return None

    def meant(self, name: str, schema: str | None) -> str:
        """What a dataset that is not there would be called, as far as that is said."""
        if self.named is not None:
            return self.named if "." in self.named else f"{self.named}.{name.lower()}"
        return f"{schema.lower()}.{name.lower()}" if schema else name.lower()

    def columns(self, dataset: str | None) -> dict[str, str] | None:
        """Types by the folded name of each column; None where they are not known."""
        types = self.types.get(dataset) if dataset is not None else None
        return None if types is None else {folded(name): kind for name, kind in types}

    def column(self, dataset: str | None, name: str) -> str:
        """A column as the dataset has it, which may be in other letters."""
        for known, _ in (self.types.get(dataset) or ()) if dataset is not None else ():
            if folded(known) == folded(name):
                return known
        return name

    def _whole(self, name: str, schemas: Sequence[str]) -> str | None:
        small = name.lower()
        for schema in schemas:
            if f"{schema.lower()}.{small}" in self.types:
                return f"{schema.lower()}.{small}"
        if self.named is not None and schemas:
            return None
        if small in self.types:
            return small
        short = [known for known in self.types if known.rpartition(".")[2] == small.rpartition(".")[2]]
        is_whole = "." in small
        return short[0] if len(short) == 1 and not is_whole else None

    def others(self, name: str) -> list[str]:
        """The datasets that have a short name, where there are several."""
        return sorted(known for known in self.types if known.rpartition(".")[2] == name.lower().rpartition(".")[2])
