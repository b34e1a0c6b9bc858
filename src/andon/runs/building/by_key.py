"""Tables that grow by key: rows of the keys that changed are made anew, and only files that hold such keys are written again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from andon.base.names import quote
from andon.base.text import plural
from andon.engines.relation import Relation, TableRelation
from andon.model.build import Build
from andon.model.dataset import Definition
from andon.model.growth import Grown, Growth
from andon.model.version import DataFile
from andon.relations.affected import Affected, Keys
from andon.relations.bounds import bounds_of, may_meet
from andon.relations.limits import KEYS, of_definition, with_keys, without_keys
from andon.runs.building.packing import MOST_ROWS
from andon.runs.building.work import Earlier, Work
from andon.runs.building.writing import FilePart
from andon.runs.growing.decide import Extent, changes_told

if TYPE_CHECKING:
    from andon.relations.sides import Sides
    from andon.runs.building.limiting import Limiting

#: Files that are written again go together up to so many bytes, so that small ones don't get more.
_TOGETHER = 128 << 20


class ByKey:
    """The work for one dataset over the inputs of a build."""

    def __init__(
        self, definition: Definition, make: Build, sides: Sides, limiting: Limiting, affected: Affected
    ) -> None:
        assert definition.growth is not None
        self._definition = definition
        self._growth: Growth = definition.growth
        self._make = make
        self._sides = sides
        self._limiting = limiting
        self._affected = affected

    @property
    def _condition(self) -> str:
        """Of the rows that there are: not those that say that there is none."""
        return f"not coalesce(w.{quote(self._growth.deleted)}, false)" if self._growth.deleted else ""

    def whole(self, way: str) -> Work:
        """All rows."""
        sql = of_definition(self._definition.sql or "", condition=self._condition, order=self._definition.key)
        part = self._limiting.of_definition(self._definition, self._make, sql, {})
        return Work((), (), (part,), Grown(way=way))

    def new(self, extent: Extent, earlier: Earlier, stack: ExitStack) -> Work:
        """The keys that changed; until `stack` is closed they are there to be read."""
        kinds = {name.lower(): kind for name, kind in earlier.version.types}
        columns = extent.columns
        told = changes_told(extent.changes)
        changes = [change for change in extent.changes.values() if change.new or change.gone]
        keys = None
        if changes:
            keys = stack.enter_context(self._affected.keys(changes, [kinds[name.lower()] for name in columns]))
        if keys is None or not keys.count:
            return Work(
                earlier.version.files,
                (),
                (),
                Grown(way=f"incremental: no key has other rows ({told or 'no input changed'})"),
            )
        kind = kinds[columns[0].lower()]
        touched = self._affected.touched(earlier.version.files, columns, kind, keys)
        rest = [self._rest(earlier, files, columns, keys) for files in _together(touched)]
        way = f"incremental: {plural(keys.count, 'key')} ({told})"
        kept = tuple(file for file in earlier.version.files if file not in touched)
        return Work(kept, tuple(rest), (self._piece(extent, keys),), Grown(way=way))

    def _piece(self, extent: Extent, keys: Keys) -> FilePart:
        names: Mapping[str, Relation] = {KEYS: TableRelation((keys.path,))}
        tables: dict[str, tuple[Relation, Sequence[DataFile]]] = {}
        for version_id, ways in extent.limits.items():
            version = self._sides.relations.version(version_id)
            kinds = dict(version.types)
            files = [
                f for f in version.files if any(may_meet(bounds_of(f, w[0], kinds[w[0]]), keys.bounds) for w in ways)
            ]
            sql = with_keys(ways, has_nulls=keys.has_nulls)
            tables[version_id] = self._limiting.table(version, files, sql, names[KEYS]), files
        sql = of_definition(
            self._definition.sql or "",
            keys=extent.columns,
            has_nulls=keys.has_nulls,
            condition=self._condition,
            order=self._definition.key,
        )
        return self._limiting.of_definition(self._definition, self._make, sql, tables, names)

    def _rest(self, earlier: Earlier, files: Sequence[DataFile], columns: Sequence[str], keys: Keys) -> FilePart:
        sql = without_keys(columns, has_nulls=keys.has_nulls)
        return self._limiting.of_earlier(self._definition, earlier.version, files, sql, TableRelation((keys.path,)))


def _together(files: Sequence[DataFile]) -> list[list[DataFile]]:
    """Files in groups, in their order, each of a bounded size or of one file."""
    groups: list[list[DataFile]] = []
    size = rows = 0
    for file in files:
        if not groups or size + file.size > _TOGETHER or rows + file.rows > MOST_ROWS:
            groups.append([])
            size = rows = 0
        groups[-1].append(file)
        size += file.size
        rows += file.rows
    return groups
