"""From version ids to what the engine reads: a table's files, or a view's SQL over its own inputs."""

from __future__ import annotations

from collections.abc import Iterable

from andon.base.names import quote
from andon.engines.relation import Relation, TableRelation, ViewRelation
from andon.errors import MachineError
from andon.lake.lake import Lake
from andon.model.build import Build
from andon.model.dataset import Definition
from andon.model.version import Version


class Relations:
    """Finds the relation of a version; versions of a run in progress are added before the catalog knows them."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
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
        found = self._relations.get(version_id)
        if found is None:
            found = self._relations[version_id] = self._relation(version_id)
        return found

    def _relation(self, version_id: str) -> Relation:
        version = self.version(version_id)
        if not version.is_view:
            self._lake.intact.require(version.dataset, version.files)
            return TableRelation(tuple(self._lake.storage.engine_path(f.path) for f in version.files))
        build = self._builds.get(version_id) or self._lake.objects.builds_by_key([version_id]).get(version_id)
        if build is None:
            raise MachineError("lake.corrupt", f"view `{version.dataset}` has no build", hint="`andon doctor`")
        definition = self._definitions.get(build.definition)
        if definition is None:
            definition = self._lake.objects.definitions([build.definition])[build.definition]
        return ViewRelation(
            version_id,
            view_sql(definition, version),
            definition.macros,
            {name: self.relation(i) for name, i in build.inputs.items()},
        )

    def files(self, version_ids: Iterable[str]) -> list[str]:
        """Storage paths of all data files that reading these versions touches (through views)."""
        waiting, seen, found = list(version_ids), set[str](), list[str]()
        while waiting:
            version_id = waiting.pop()
            if version_id in seen:
                continue
            seen.add(version_id)
            version = self.version(version_id)
            found += [file.path for file in version.files]
            if version.is_view:
                build = self._builds.get(version_id) or self._lake.objects.builds_by_key([version_id]).get(version_id)
                waiting += build.inputs.values() if build else ()
        return found

    def size(self, version_id: str) -> int:
        """Bytes of data files that reading a version touches (through views)."""
        version = self.version(version_id)
        if not version.is_view:
            return version.bytes
        build = self._builds.get(version_id) or self._lake.objects.builds_by_key([version_id]).get(version_id)
        return sum(self.size(i) for i in build.inputs.values()) if build else 0


def view_sql(definition: Definition, version: Version) -> str:
    """A view's SQL with the casts that a table of the same definition would have."""
    items = ", ".join(f"cast({quote(c.name)} as {c.type}) as {quote(c.name)}" for c in version.columns)
    return f"select {items} from (\n{definition.sql}\n)"
