"""Reading a mapping by a table of keys: values get their types, and everything that is wrong is gathered with its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from andon.base.names import did_you_mean
from andon.base.record import Record, field
from andon.model.dataset import CheckLine
from andon.project.files.nodes import FileFlaw, PlacedValue


class FieldSpec(Record):
    """One key.

    Attributes:
        type: for people: what its value is.
        default: for people: what holds without it.
        read: turns the value's node into what `DeclaredFields.values` holds; reports flaws to the reader.
        choices: allowed texts, where there are some.
    """

    name: str
    type: str
    default: str
    help: str
    read: Callable[[FieldReader, FieldSpec, PlacedValue], Any]
    choices: tuple[str, ...] = ()


class DeclaredFields(Record):
    """What a file says: values by key, where its keys stand, and what is wrong. `named` holds the places of columns."""

    values: Mapping[str, Any] = field(default_factory=dict)
    places: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    named: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    flaws: tuple[FileFlaw, ...] = ()

    def get(self, key: str, default: Any = None) -> Any:
        """The value of `key`."""
        return self.values.get(key, default)


class FieldReader:
    """Reads one mapping by a table of fields and collects all flaws."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.flaws: list[FileFlaw] = []
        self.named: dict[str, tuple[int, int]] = {}
        #: Checks that stand with a column.
        self.for_columns: list[CheckLine] = []

    def read(
        self, node: PlacedValue, fields: tuple[FieldSpec, ...], elsewhere: Mapping[str, str] | None = None
    ) -> DeclaredFields:
        """The values of the mapping `node`. `elsewhere` names what is no key, with where it stands."""
        by_name = {f.name: f for f in fields}
        values: dict[str, Any] = {}
        if node.kind != "map":
            self.wrong(node, "expected `key: value` on each line", f"found {node.shown()}", "begin with `owner: ana`")
            return self._declared(values, {})
        for name, value in node.value.items():
            known = by_name.get(name)
            line, column = node.keys[name]
            if known is None:
                self._unknown(name, line, column, by_name, elsewhere or {})
            elif value.kind == "null":
                self.add(
                    "project.bad_value", f"`{name}` has no value", line, column, "give it one, or take the line out"
                )
            else:
                found = known.read(self, known, value)
                if found is not None:
                    values[name] = found
        return self._declared(values, node.keys)

    def add(self, code: str, message: str, line: int, column: int, hint: str | None = None) -> None:
        """Note a flaw."""
        self.flaws.append(FileFlaw(code, message, line, column, hint))

    def wrong(self, node: PlacedValue, expected: str, found: str, hint: str | None = None) -> None:
        """Note a value that is not what was expected."""
        self.add("project.bad_value", f"{expected}, {found}", node.line, node.column, hint)

    def text(self, name: str, node: PlacedValue, what: str = "") -> str | None:
        """The text `node` holds; `what` names it in a message if it is not just the value of `name`."""
        if node.kind == "text":
            return str(node.value).strip()
        hint = f'put it in quotes: "{node.raw}"' if node.kind in ("number", "flag") else None
        self.wrong(node, f"{what or f'`{name}`'} must be a text", f"found {node.shown()}", hint)
        return None

    def texts(self, name: str, node: PlacedValue) -> tuple[tuple[str, PlacedValue], ...] | None:
        """The texts of a list, each with its node."""
        if node.kind != "list":
            inner = node.raw if node.kind == "text" and "\n" not in node.raw else "a, b"
            hint = f"write `{name}: [{inner}]`"
            self.wrong(node, f"`{name}` must be a list of texts", f"found {node.shown()}", hint)
            return None
        found = []
        for item in node.value:
            text = self.text(name, item, f"each item of `{name}`")
            if text is not None:
                found.append((text, item))
        return tuple(found)

    def _unknown(
        self, name: str, line: int, column: int, known: Mapping[str, FieldSpec], elsewhere: Mapping[str, str]
    ) -> None:
        if name in elsewhere:
            self.add("project.bad_value", f"`{name}` is no key here", line, column, elsewhere[name])
            return
        hint = did_you_mean(name, known) or "known are " + ", ".join(f"`{k}`" for k in known)
        self.add("project.unknown_key", f"there is no key `{name}`", line, column, hint)

    def _declared(self, values: Mapping[str, Any], places: Mapping[str, tuple[int, int]]) -> DeclaredFields:
        return DeclaredFields(values, places, self.named, tuple(self.flaws))


# -- how values are read


def read_text(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> str | None:
    """A text, not empty."""
    text = reader.text(known.name, node)
    if text == "":
        reader.wrong(node, f"`{known.name}` must be a text", "found an empty one")
        return None
    return text


def read_loose_text(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> str | None:
    """A text; a number is taken as it is written."""
    return node.raw if node.kind == "number" else read_text(reader, known, node)


def read_texts(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> tuple[str, ...] | None:
    """A list of texts."""
    found = reader.texts(known.name, node)
    return None if found is None else tuple(text for text, _ in found)


def read_choice(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> str | None:
    """One of some words."""
    text = reader.text(known.name, node)
    if text is None or text in known.choices:
        return text
    message = "must be " + " or ".join(f"`{c}`" for c in known.choices)
    reader.wrong(node, f"`{known.name}` {message}", f"found `{text}`", did_you_mean(text, known.choices))
    return None


def read_day(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> str | None:
    """A day, as ISO writes it."""
    text = read_text(reader, known, node)
    if text is None:
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        reader.wrong(node, f"`{known.name}` must be a day", f"found `{text}`", "such as `2026-11-30`")
        return None
