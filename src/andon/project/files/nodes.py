"""Values with their places: what YAML and the literals of a Python decorator are turned into before they get a meaning."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from andon.base.record import Record
from andon.errors import ProjectError


@dataclass(slots=True)
class PlacedValue:
    """A value with its place.

    Attributes:
        kind: `text`, `number`, `flag`, `null`, `list` or `map`.
        value: the Python value; for `list` a list of nodes, for `map` a dict from key to node.
        line, column: where it begins, from 1, in the file.
        raw: the scalar as written (without quotes).
        keys: for `map`: where each key stands.
        lines: for a text of several lines: the line of the file on which its first line stands, if each line of the
            text is a line of the file.
        indent: columns before each line of such a text.
    """

    kind: str
    value: Any
    line: int
    column: int
    raw: str = ""
    keys: dict[str, tuple[int, int]] = field(default_factory=dict)
    lines: int | None = None
    indent: int = 0

    def shown(self) -> str:
        """The value for a message: what kind it is, and the value itself if it is short."""
        match self.kind:
            case "text":
                text = self.value if len(self.value) <= 40 else self.value[:37] + "…"
                return f"the text `{text}`".replace("\n", " ")
            case "number":
                return f"the number {self.raw}"
            case "flag":
                return f"`{self.raw}`"
            case "null":
                return "nothing"
            case "list":
                return "a list"
            case _:
                return "a mapping"


class FileFlaw(Record):
    """Something wrong at a place of a text; becomes a `Problem` once file and text are known."""

    code: str
    message: str
    line: int | None = None
    column: int | None = None
    hint: str | None = None


class Flawed(ProjectError):
    """A text can't be taken at all; carries the flaw. Who knows the file makes a `Problem` of it."""

    def __init__(self, flaw: FileFlaw) -> None:
        where = None if flaw.line is None else f"line {flaw.line}"
        super().__init__(flaw.code, flaw.message, where=where, hint=flaw.hint)
        self.flaw = flaw
