"""From version ids to what the engine reads: a table's files, or a view's SQL over its own inputs."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from andon.base.graph import ordered_below
from andon.base.hashing import content_id
from andon.base.names import quote
from andon.engines.relation import Relation, TableRelation, view_over
from andon.errors import MachineError
from andon.lake.lake import Lake
from andon.model.build import Build
from andon.model.dataset import Definition
from andon.model.version import Version


class Relations:
    """Finds the relation of a version; versions of a run in progress are added before the catalog knows them.

    Args:
        by_range: whether who reads asks by itself for large files that lie elsewhere.
    """

    def __init__(self, lake: Lake, *, by_range: bool = False) -> None:
        self._lake = lake
        self._by_range = by_range
        self._versions: dict[str, Version] = {}
        self._builds: dict[str, Build] = {}
        self._definitions: dict[str, Definition] = {}
        self._relations: dict[str, Relation] = {}

    def add(self, version: Version, build: Build, definition: Definition) -> None:
        """A version that was made just now; built again, it may have other files than those that were read before."""
        self._versions[version.id] = version
        self._relations.pop(version.id, None)
        if version.is_view:
            self._builds[build.key] = build
            self._definitions[definition.id] = definition

    def load(self, version_ids: Iterable[str]) -> None:
        """Read many versions at once, ahead of need."""
        missing = {v for v in version_ids if v not in self._versions}
        if missing:
            self._versions.update(self._lake.objects.versions(missing))

    def version(self, version_id: str) -> Version:
        """The version with this id.

        Raises:
            MachineError: `lake.corrupt` if it is not there.
        """
        self.load([version_id])
        found = self._versions.get(version_id)
        if found is None:
            raise MachineError(
                "lake.corrupt", f"version `{version_id[:12]}` is not in the catalog", hint="`andon doctor`"
            )
        return found

    def relation(self, version_id: str) -> Relation:
        """What the engine reads for a version: nothing is read whose files do not hold what was written.

        Raises:
            MachineError: `lake.corrupt`.
        """
        for each in self._below(version_id, self._relations):
            self._relations[each] = self._relation(each)
        return self._relations[version_id]

    def view(self, version_id: str) -> tuple[Definition, Mapping[str, str]]:
        """How a view was made: its definition, and the versions that it reads by name."""
        build = self._build(version_id)
        definition = self._definitions.get(build.definition)
        if definition is None:
            definition = self._lake.objects.definitions([build.definition])[build.definition]
            self._definitions[definition.id] = definition
        return definition, build.inputs

    def limited(self, version_id: str, tables: Mapping[str, Relation]) -> Relation:
        """What the engine reads for a version, where some tables that it reads stand for a part of their rows.

        Args:
            tables: by version id what is read in the place of a table.
        """
        if version_id in tables:
            return tables[version_id]
        if not self.version(version_id).is_view:
            return self.relation(version_id)
        definition, inputs = self.view(version_id)
        below = {name: self.limited(each, tables) for name, each in inputs.items()}
        if all(below[name] is self.relation(each) for name, each in inputs.items()):
            return self.relation(version_id)
        key = content_id(["limited", version_id, sorted((each, _mark(of)) for each, of in tables.items())])
        return view_over(key, view_sql(definition, self.version(version_id)), definition.macros, below)

    def tables(self, version_ids: Iterable[str]) -> list[str]:
        """The tables that reading these versions touches (through views), each once."""
        below = dict.fromkeys(each for version_id in version_ids for each in self._below(version_id, ()))
        return [each for each in below if not self.version(each).is_view]

    def size(self, version_id: str) -> int:
        """Bytes of data files that reading a version touches (through views)."""
        return sum(self.version(each).bytes for each in self._below(version_id, ()))

    def files(self, version_ids: Iterable[str]) -> list[str]:
        """Storage paths of all data files that reading these versions touches (through views)."""
        below = dict.fromkeys(each for version_id in version_ids for each in self._below(version_id, ()))
        return [file.path for each in below for file in self.version(each).files]

    def _below(self, version_id: str, known: Container[str]) -> list[str]:
        """A version and those that views read to give it, each once and after what it reads, without those known."""
        return ordered_below(version_id, lambda each: self._inputs(each).values(), known)

    def _inputs(self, version_id: str) -> Mapping[str, str]:
        """What a view was made over, by name; nothing for a table."""
        return self._build(version_id).inputs if self.version(version_id).is_view else {}

    def _relation(self, version_id: str) -> Relation:
        version = self.version(version_id)
        if not version.is_view:
            self._lake.intact.require(version.dataset, version.files)
            path = self._lake.storage.ranged_path if self._by_range else self._lake.storage.engine_path
            return TableRelation(tuple(path(f.path) for f in version.files))
        definition, read = self.view(version_id)
        inputs = {name: self._relations[i] for name, i in read.items()}
        return view_over(version_id, view_sql(definition, version), definition.macros, inputs)

    def _build(self, version_id: str) -> Build:
        """How a view was made."""
        found = self._builds.get(version_id) or self._lake.objects.builds_by_key([version_id]).get(version_id)
        if found is None:
            dataset = self.version(version_id).dataset
            raise MachineError("lake.corrupt", f"view `{dataset}` has no build", hint="`andon doctor`")
        self._builds[version_id] = found
        return found


def _mark(relation: Relation) -> object:
    return relation.files if isinstance(relation, TableRelation) else relation.key


def view_sql(definition: Definition, version: Version) -> str:
    """A view's SQL with the casts that a table of the same definition would have."""
    items = ", ".join(f"cast({quote(c.name)} as {c.type}) as {quote(c.name)}" for c in version.columns)
    return f"select {items} from (\n{definition.sql}\n)"
