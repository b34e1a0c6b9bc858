"""The properties of a schema: its columns, what is said of each, and which of them are its key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from andon.base.names import folded
from andon.contracts.lines import column_text
from andon.contracts.odcs.options import read_enum, read_options, read_relation
from andon.contracts.odcs.words import DATASET, PERSONAL, TYPES
from andon.contracts.taking import Taker
from andon.contracts.types import logical_type
from andon.contracts.values import GatheredLines
from andon.model.dataset import ColumnSpec
from andon.project.files.nodes import PlacedValue

_REASONS = {
    "businessName": "a column has one name",
    "physicalName": "a column has one name",
    "classification": "only whether a column is personal is known here (`pii`); policies mask columns by it",
    "encryptedName": "Andon has no word for it",
    "partitioned": "`partition` of a dataset says how its files are parted",
    "partitionKeyPosition": "`partition` of a dataset says how its files are parted",
    "transformSourceObjects": "lineage is read from the query itself",
    "transformLogic": "the query itself is the logic",
    "transformDescription": "the query itself is the logic",
    "examples": "a profile shows values as they are",
    "criticalDataElement": "Andon has no word for it",
    "tags": "a column has no tags, only `pii`",
    "items": "nested types stand in the type itself",
    "properties": "nested types stand in the type itself",
    "map": "nested types stand in the type itself",
}


class SchemaColumns:
    """Reads the properties of one schema, one by one.

    Attributes:
        columns: what is said of each, in their order.
        kinds: their names and physical types, if all have one.
        by_name: each column by its id and its name.
        rules: their quality rules.
    """

    def __init__(self, schema: Taker, found: GatheredLines, version: str, own: Mapping[str, Any]) -> None:
        self._schema = schema
        self._found = found
        self._is_early = version.startswith("v3.0")
        types = own.get(TYPES)
        self._is_ours = DATASET in own
        self._types: dict[str, Any] = types if isinstance(types, dict) else {}
        self._keys: list[tuple[int, str]] = []
        self._implied: list[tuple[str, PlacedValue, str]] = []
        self.columns: list[ColumnSpec] = []
        self.kinds: list[tuple[str, str]] = []
        self.by_name: dict[str, str] = {}
        self.rules: list[tuple[Taker, str | None]] = []

    def key(self) -> tuple[str, ...]:
        """The columns of the primary key, in their order."""
        return tuple(name for _, name in sorted(self._keys, key=lambda one: one[0]))

    def imply(self) -> None:
        """Add the lines that say what flags of columns say; those that the key says anyway are dropped where it is known."""
        key = self.key()
        for form, node, what in self._implied:
            is_said = (form.startswith("not null") and any(form == f"not null {column_text(k)}" for k in key)) or (
                len(key) == 1 and form == f"unique {column_text(key[0])}"
            )
            if not is_said:
                self._found.add(form, node, what, is_implied=True)

    def read(self, column: Taker) -> None:
        """One property."""
        said = column.text("name")
        if said is None:
            column.notes.wrong(column.node, f"`{column.path}` has no name", "every property has a `name`")
            return
        found = self._found
        name = found.column(said)
        if folded(name) in {folded(each.name) for each in self.columns}:
            column.notes.wrong(column.node, f"`{column.path}` is named `{said}`, as another one is")
            return
        identity = column.text("id")
        self.by_name |= {each: name for each in (said, identity) if each}
        is_known = found.types is None or folded(name) in found.types
        if not is_known:
            column.notes.leave(column.place, f"{column.path}: {said}", f"`{found.dataset}` has no such column")
        kind = self._type(column, name)
        position = column.whole("primaryKeyPosition")
        if column.flag("primaryKey"):
            at = position if position is not None and position > 0 else 10_000 + len(self.columns)
            self._keys.append((at, name))
        for flag, form in (("required", "not null"), ("unique", "unique")):
            if column.flag(flag):
                self._implied.append((f"{form} {column_text(name)}", column.node, column.under(flag)))
        spec = ColumnSpec(name, column.text("description"), kind, pii=self._personal(column))
        if is_known:
            self.columns.append(spec)
        self._further(column, name)

    def _further(self, column: Taker, name: str) -> None:
        """Its rules, options, enumeration and relationships, and what is left."""
        found = self._found
        logical = column.node.value.get("logicalType")
        options = column.map("logicalTypeOptions")
        if options is not None:
            read_options(options, found, name, str(logical.value) if logical is not None else None)
        read_enum(column, found, name)
        self.rules += [(each, name) for each in column.maps("quality")]
        for relation in column.maps("relationships"):
            read_relation(relation, found, [name], self.by_name)
        if column.has("physicalName"):
            node = column.node.value["physicalName"]
            if folded(str(node.value)) == folded(name):
                column.ignore(["physicalName"])
        if self._is_ours:
            column.ignore(["properties", "items"])
        column.end(_REASONS)

    def _type(self, column: Taker, name: str) -> str | None:
        """The type that is asked for; None where none is, or where it can't be."""
        found = self._found
        physical, logical = column.take("physicalType"), column.text("logicalType")
        if physical is not None and physical.kind == "text":
            self.kinds.append((name, str(physical.value)))
        if self._is_ours and name not in self._types:
            self._as_it_is(column, physical, name)
            return None
        if physical is not None and physical.kind == "text":
            return found.type_of(name, str(physical.value), physical, column.under("physicalType"))
        actual = None if found.types is None else found.types.get(folded(name))
        if logical is not None and actual is not None:
            is_date = self._is_early and logical == "date" and logical_type(actual) == "timestamp"
            is_number = logical == "number" and logical_type(actual) == "integer"
            if logical_type(actual) != logical and not is_date and not is_number:
                why = f"the column is {actual} here"
                column.notes.leave(column.place, f"{column.under('logicalType')}: {logical}", why)
        elif logical is not None:
            why = "it can be several types of the lake: write `type:` of the column"
            column.notes.leave(column.place, f"{column.under('logicalType')}: {logical}", why)
        return None

    def _as_it_is(self, column: Taker, physical: PlacedValue | None, name: str) -> None:
        """A type that is told, and not asked for: where it is another one here, that is said."""
        actual = None if self._found.types is None else self._found.types.get(folded(name))
        if physical is not None and actual is not None and str(physical.value) != actual:
            what = f"{column.under('physicalType')}: {physical.value}"
            column.notes.leave((physical.line, physical.column), what, f"the column is {actual} here")

    def _personal(self, column: Taker) -> bool:
        """Whether the column says something about a person."""
        node = column.node.value.get("classification")
        is_personal = node is not None and str(node.value).lower() in PERSONAL
        if is_personal:
            column.ignore(["classification"])
        tags = column.node.value.get("tags")
        said = [str(each.value).lower() for each in tags.value] if tags is not None and tags.kind == "list" else []
        if said and all(tag in PERSONAL for tag in said):
            column.ignore(["tags"])
            return True
        return is_personal
