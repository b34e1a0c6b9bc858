"""Reads a mapping of a foreign file so that nothing gets lost: each key is taken, or told as left out with a reason."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from andon.errors import Problem
from andon.model.contract import LeftOut
from andon.project.files.nodes import PlacedValue

_LONGEST = 60


class Notes:
    """What was found in a file: what is wrong with it, and what is not carried over.

    Args:
        computed: what texts have in them that are computed when the other tool runs: what they come to is not known here.
    """

    def __init__(self, file: str, computed: str | None = None) -> None:
        self.file = file
        self.computed = re.compile(computed) if computed is not None else None
        self.problems: list[Problem] = []
        self.left: list[LeftOut] = []

    def is_computed(self, text: str) -> bool:
        """Whether a text is computed when the other tool runs."""
        return self.computed is not None and self.computed.search(text) is not None

    def wrong(self, node: PlacedValue, message: str, hint: str | None = None) -> None:
        """Note what makes the file no valid one."""
        self.problems.append(Problem("project.bad_value", message, self.file, node.line, node.column, hint))

    def leave(self, place: tuple[int, int], what: str, why: str) -> None:
        """Note what is not carried over."""
        self.left.append(LeftOut(self.file, *place, what, why))


class Taker:
    """One mapping, of which keys are taken one by one.

    Args:
        path: where it stands in the document, for people.
    """

    def __init__(self, node: PlacedValue, notes: Notes, path: str) -> None:
        self.node = node
        self.notes = notes
        self.path = path
        self._rest: dict[str, PlacedValue] = dict(node.value)

    @classmethod
    def of(cls, node: PlacedValue, notes: Notes, path: str) -> Taker | None:
        """The mapping `node`; None, and a problem, for anything else."""
        if node.kind == "map":
            return cls(node, notes, path)
        notes.wrong(node, f"`{path}` must be a mapping, found {node.shown()}")
        return None

    @property
    def place(self) -> tuple[int, int]:
        """Where it begins."""
        return self.node.line, self.node.column

    def has(self, key: str) -> bool:
        """Whether there is such a key that was not taken."""
        return key in self._rest

    def under(self, key: str) -> str:
        """Where `key` stands in the document."""
        return f"{self.path}.{key}" if self.path else key

    def take(self, key: str) -> PlacedValue | None:
        """The value of `key`, which counts as carried from now on; None where there is none, or nothing in it."""
        node = self._rest.pop(key, None)
        return None if node is None or node.kind == "null" else node

    def text(self, key: str) -> str | None:
        """A text; numbers and flags as they are written."""
        node = self.take(key)
        if node is None:
            return None
        if node.kind in ("list", "map"):
            self.notes.wrong(node, f"`{self.under(key)}` must be a text, found {node.shown()}")
            return None
        text = (str(node.value) if node.kind == "text" else node.raw).strip()
        if self.notes.is_computed(text):
            self.notes.leave((node.line, node.column), self.under(key), "it is computed when the other tool runs")
            return None
        return text or None

    def flag(self, key: str) -> bool:
        """Whether `key` is true."""
        node = self.take(key)
        if node is None:
            return False
        if node.kind == "flag":
            return bool(node.value)
        if self.notes.is_computed(node.raw):
            self.notes.leave((node.line, node.column), self.under(key), "it is computed when the other tool runs")
        elif node.raw.lower() in ("yes", "no", "on", "off"):  # booleans of YAML 1.1
            return node.raw.lower() in ("yes", "on")
        else:
            self.notes.wrong(node, f"`{self.under(key)}` must be true or false, found {node.shown()}")
        return False

    def whole(self, key: str) -> int | None:
        """A whole number."""
        node = self.take(key)
        if node is not None and (node.kind != "number" or not float(node.value).is_integer()):
            self.notes.wrong(node, f"`{self.under(key)}` must be a whole number, found {node.shown()}")
            return None
        return None if node is None else int(node.value)

    def items(self, key: str) -> list[PlacedValue]:
        """The items of a list; empty where there is none."""
        node = self.take(key)
        if node is None:
            return []
        if node.kind == "list":
            return list(node.value)
        self.notes.wrong(node, f"`{self.under(key)}` must be a list, found {node.shown()}")
        return []

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, or one text."""
        node = self._rest.get(key)
        if node is not None and node.kind in ("text", "number"):
            text = self.text(key)
            return () if text is None else (text,)
        found = []
        for item in self.items(key):
            if item.kind in ("list", "map"):
                self.notes.wrong(item, f"each of `{self.under(key)}` must be a text, found {item.shown()}")
            elif item.kind != "null":
                found.append((str(item.value) if item.kind == "text" else item.raw).strip())
        return tuple(dict.fromkeys(text for text in found if text))

    def map(self, key: str) -> Taker | None:
        """The mapping below `key`."""
        node = self.take(key)
        return None if node is None else Taker.of(node, self.notes, self.under(key))

    def maps(self, key: str) -> Iterator[Taker]:
        """The mappings in the list below `key`."""
        for number, item in enumerate(self.items(key)):
            found = Taker.of(item, self.notes, f"{self.under(key)}[{number}]")
            if found is not None:
                yield found

    def leave(self, key: str, why: str) -> None:
        """Tell that `key` is not carried over, if it is there and says something."""
        node = self._rest.pop(key, None)
        if node is None or says_nothing(node):
            return
        value = f": {node.raw}" if node.kind in ("text", "number", "flag") and len(node.raw) <= _LONGEST else ""
        self.notes.leave(self.node.keys.get(key, self.place), f"{self.under(key)}{value}".replace("\n", " "), why)

    def leave_value(self, key: str, node: PlacedValue, why: str) -> None:
        """Tell that a value which was taken is not carried over after all."""
        self._rest[key] = node
        self.leave(key, why)

    def end(self, known: Mapping[str, str] | None = None, why: str = "Andon has no word for it") -> None:
        """Tell all that was not taken. `known` has reasons by key."""
        for key in list(self._rest):
            self.leave(key, (known or {}).get(key, why))

    def ignore(self, keys: Collection[str]) -> None:
        """Take keys whose absence changes nothing of what is said: names of parts, what is the default anyway."""
        for key in keys:
            self._rest.pop(key, None)


def says_nothing(node: PlacedValue) -> bool:
    """Whether a value is what holds without it: nothing, false, an empty text, list or mapping, the position -1."""
    if node.kind == "null" or (node.kind == "flag" and not node.value):
        return True
    if node.kind in ("list", "map"):
        return all(says_nothing(each) for each in (node.value if node.kind == "list" else node.value.values()))
    return node.raw.strip() in ("", "-1")


def is_computed(node: PlacedValue, notes: Notes) -> bool:
    """Whether a value, or a part of it, is computed when the other tool runs."""
    if node.kind == "list":
        return any(is_computed(each, notes) for each in node.value)
    if node.kind == "map":
        return any(is_computed(each, notes) for each in node.value.values())
    return node.kind == "text" and notes.is_computed(node.raw)
