"""Recipes over parts of their inputs: what a table that grows makes anew, and what it keeps of files that it opens for that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from andon.base.hashing import content_id
from andon.base.record import replace
from andon.engines.engine import Recipe
from andon.engines.relation import Relation, TableRelation, view_over
from andon.model.build import Build
from andon.model.dataset import Definition
from andon.model.version import DataFile, Version
from andon.relations.limits import KEYS, WHOLE
from andon.runs.building.writing import FilePart

if TYPE_CHECKING:
    from andon.relations.sides import Sides
    from andon.runs.building.job import Job


class Limiting:
    """Makes parts for one job."""

    def __init__(self, job: Job, sides: Sides) -> None:
        self._job = job
        self._sides = sides

    def table(
        self, version: Version, files: Sequence[DataFile], sql: str = "", keys: Relation | None = None
    ) -> Relation:
        """Some files of a version, limited by SQL over `WHOLE` (and `KEYS`); with no file the table without its rows.

        Raises:
            MachineError: `lake.corrupt` where one is not what was written.
        """
        chosen = files or version.files[:1]
        self._job.lake.intact.require(version.dataset, chosen)
        whole = TableRelation(tuple(self._job.lake.storage.engine_path(file.path) for file in chosen))
        if not files:
            sql, keys = f"select w.* from {WHOLE} w limit 0", None
        if not sql:
            return whole
        inputs: dict[str, Relation] = {WHOLE: whole}
        if keys is not None:
            inputs[KEYS] = keys
        mark = [list(whole.files), sql, list(keys.files) if isinstance(keys, TableRelation) else None]
        return view_over(content_id(["part", *mark]), sql, (), inputs)

    def of_definition(
        self,
        definition: Definition,
        make: Build,
        sql: str,
        tables: Mapping[str, tuple[Relation, Sequence[DataFile]]],
        extra: Mapping[str, Relation] | None = None,
    ) -> FilePart:
        """A definition over inputs of which some tables are limited.

        Args:
            sql: what is asked of the definition's SQL.
            tables: by version id what stands in the place of a table, and the files that it reads.
            extra: more names that the SQL reads.
        """
        relations = self._sides.relations
        parts = {version: relation for version, (relation, _) in tables.items()}
        inputs = {name: relations.limited(version, parts) for name, version in make.inputs.items()}
        read = [
            file
            for each in relations.tables(make.inputs.values())
            for file in (tables[each][1] if each in tables else relations.version(each).files)
        ]
        recipe = Recipe(definition, {**inputs, **(extra or {})}, self._job.moment, sql, is_part=bool(tables or extra))
        return _part(recipe, read)

    def of_earlier(
        self,
        definition: Definition,
        version: Version,
        files: Sequence[DataFile],
        sql: str,
        keys: Relation | None = None,
    ) -> FilePart:
        """What SQL over `WHOLE` (and `KEYS`) keeps of files of an earlier version: some of its rows, none twice."""
        inputs: dict[str, Relation] = {WHOLE: self.table(version, files)}
        if keys is not None:
            inputs[KEYS] = keys
        recipe = Recipe(definition, inputs, self._job.moment, sql, is_part=True)
        return replace(_part(recipe, files), part_of=tuple(files))


def _part(recipe: Recipe, files: Sequence[DataFile]) -> FilePart:
    return FilePart(recipe, sum(file.size for file in files), tuple(files))
