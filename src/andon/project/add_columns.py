"""Adds to the `columns:` of a file in YAML: columns that it does not name, and what it does not say of those that it names."""

from __future__ import annotations

from collections.abc import Sequence

from andon.model.dataset import ColumnSpec
from andon.project.files.nodes import PlacedValue
from andon.project.write_sql import yaml_text


def column_lines(column: ColumnSpec) -> list[str]:
    """A column as a line below `columns:`."""
    said = _said(column)
    if set(said) == {"description"}:
        return [f"{yaml_text(column.name)}: {said['description']}"]
    inside = ", ".join(f"{key}: {value}" for key, value in said.items())
    return [f"{yaml_text(column.name)}: {{{inside}}}" if inside else f"{yaml_text(column.name)}:"]


def _said(column: ColumnSpec) -> dict[str, str]:
    """What is said of a column, as YAML by key."""
    found = {}
    if column.description:
        found["description"] = yaml_text(column.description)
    if column.type:
        found["type"] = yaml_text(column.type) if column.type.isidentifier() else f'"{column.type}"'
    if column.pii:
        found["pii"] = "true"
    return found


def add_columns(
    text: str, node: PlacedValue, root: PlacedValue | None, columns: Sequence[ColumnSpec], end: str
) -> str | None:
    """The text with more columns in the mapping `node`; None where it is written in a form that can't be added to."""
    if node.kind != "map" or not node.value or root is None:
        return None
    written = text.split("\n")
    carriage = end.removesuffix("\n")
    margins = {column for _, column in node.keys.values()}
    first = min(node.keys.values())
    if len(margins) != 1 or written[first[0] - 1][: first[1] - 1].strip():
        return None  # not one column a line
    new = [column for column in columns if column.name not in node.value]
    last = _last_line(written, node)
    margin = " " * (first[1] - 1)
    written[last:last] = [f"{margin}{line}{carriage}" for column in new for line in column_lines(column)]
    known = [column for column in columns if column.name in node.value]
    for column in sorted(known, key=lambda one: node.keys[one.name], reverse=True):
        if not _completed(written, node.value[column.name], node.keys[column.name], column, carriage):
            return None
    return "\n".join(written)


def _last_line(written: Sequence[str], node: PlacedValue) -> int:
    """The last line of what belongs to the mapping: lines after its last key that are indented as far as its keys, or further."""
    line, column = max(node.keys.values())
    last = line
    for number in range(line, len(written)):
        content = written[number].rstrip("\r")
        if not content.strip():
            continue
        if len(content) - len(content.lstrip()) < column or content.strip().startswith("---*/"):
            break
        last = number + 1
    return last


def _completed(
    written: list[str], value: PlacedValue, place: tuple[int, int], column: ColumnSpec, carriage: str
) -> bool:
    """Whether what was missing of a column could be written; `written` is changed in place."""
    said = _said(column)
    if not said:
        return True
    inside = ", ".join(f"{key}: {text}" for key, text in said.items())
    at, content = value.line - 1, written[value.line - 1]
    if value.kind == "map":
        if content[value.column - 1 : value.column] == "{":
            more = f"{inside}, " if value.value else inside
            written[at] = content[: value.column] + more + content[value.column :]
            return True
        margin = " " * (value.column - 1)
        written[at:at] = [f"{margin}{key}: {text}{carriage}" for key, text in said.items()]
        return True
    if value.kind == "null":
        line = written[place[0] - 1]
        colon = line.find(":", place[1] - 1)
        if colon < 0 or value.raw:
            return False
        written[place[0] - 1] = f"{line[: colon + 1]} {{{inside}}}{line[colon + 1 :]}"
        return True
    rest = content[value.column - 1 :].rstrip("\r")
    source = next((one for one in (value.raw, f'"{value.raw}"', f"'{value.raw}'") if rest.startswith(one)), None)
    after = rest[len(source) :] if source is not None else ""
    if source is None or "\n" in value.raw or (after.strip() and not after.startswith(" ")):
        return False
    whole = f"{{description: {yaml_text(str(value.value).strip())}, {inside}}}"
    written[at] = content[: value.column - 1] + whole + after + ("\r" if content.endswith("\r") else "")
    return True
