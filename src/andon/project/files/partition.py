"""By what a file parts the rows of its dataset into files: the value of `partition`."""

from __future__ import annotations

from andon.model.growth import Grain
from andon.model.partition import Partition
from andon.project.files.nodes import PlacedValue
from andon.project.files.reading import FieldReader, FieldSpec, read_choice, read_text

_EXAMPLES = "write `partition: country` or `partition: {column: day, grain: month}`"

#: Keys of a mapping in `partition`. The reference page of project files is made from it.
PARTITION_FIELDS: tuple[FieldSpec, ...] = (
    FieldSpec("column", "column", "must be given", "The column by which rows are parted.", read_text),
    FieldSpec(
        "grain",
        "hour, day, week, month or year",
        "each value",
        "Of a date or a time: the interval, in UTC, whose rows lie together.",
        read_choice,
        tuple(Grain),
    ),
)


def read_partition(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> tuple[Partition, ...] | None:
    """The value of `partition`; each place is kept by `partition:column`."""
    message = f"`{known.name}` must be a column, a mapping, or a list of these"
    items = node.value if node.kind == "list" else (node,)
    found: list[Partition] = []
    for item in items:
        if item.kind == "map":
            part = _of_mapping(reader, item)
        elif item.kind == "text" and item.value.strip():
            part = [Partition(name.strip()) for name in item.value.split(",")]
        else:
            reader.wrong(item, message, f"found {item.shown()}", _EXAMPLES)
            return None
        for one in part:
            if not one.column:
                reader.wrong(item, message, "found an empty name", _EXAMPLES)
                return None
            if any(one.column.lower() == other.column.lower() for other in found):
                reader.wrong(item, f"`{known.name}` names a column once", f"found `{one.column}` twice")
            reader.named.setdefault(f"partition:{one.column}", (item.line, item.column))
            found.append(one)
    if not found and not reader.flaws:
        reader.wrong(node, message, f"found {node.shown()}", _EXAMPLES)
    return tuple(found) or None


def _of_mapping(reader: FieldReader, node: PlacedValue) -> list[Partition]:
    inner = FieldReader(reader.file)
    values = inner.read(node, PARTITION_FIELDS).values
    reader.flaws += inner.flaws
    if "column" not in values:
        if "column" not in node.value:
            reader.wrong(node, "`partition` must name a `column`", "found none", _EXAMPLES)
        return []
    grain = values.get("grain")
    return [Partition(values["column"], Grain(grain) if grain is not None else None)]
