"""YAML by the rules of 1.2 with places: only `true` and `false` are booleans, nothing is a date, nothing is said twice.

Anchors, aliases, tags and several documents are refused: no settings file needs them, and they hide what a value is. Files of other
tools have them: there they are read, within a bound on what they come to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn

from andon.project.files.nodes import FileFlaw, Flawed, PlacedValue

if TYPE_CHECKING:
    import yaml

_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)(?:[eE][-+]?[0-9]+)?\Z")
_DEEPEST = 20
_LARGEST = 256 * 1024
_DIGITS = 300
#: Of files of other tools: their size, how deep they nest, and how many values they hold, those that are repeated counted again.
_LARGEST_FOREIGN = 2 * 1024 * 1024
_DEEPEST_FOREIGN = 60
_MOST_VALUES = 200_000
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def parse_yaml(
    text: str, first_line: int = 1, *, is_foreign: bool = False
) -> tuple[PlacedValue | None, list[FileFlaw]]:
    """The one document in `text` (None if it holds none, or can't be read), and what is wrong: `project.bad_yaml` with its place.

    Args:
        first_line: the line of the file on which `text` begins (its first line begins at the first column).
        is_foreign: whether it is a file of another tool: then it may be larger, and have anchors, aliases and merge keys.
    """
    import yaml

    largest = _LARGEST_FOREIGN if is_foreign else _LARGEST
    if len(text) > largest:
        return None, [FileFlaw("project.bad_yaml", f"the YAML is larger than {largest // 1024} kB", first_line, 1)]
    bad = _CONTROL.search(text)
    if bad is not None:
        line = text.count("\n", 0, bad.start()) + first_line
        column = bad.start() - text.rfind("\n", 0, bad.start())
        message = f"a control character (code {ord(bad[0])}) in the YAML"
        return None, [FileFlaw("project.bad_yaml", message, line, column, "remove it")]
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    builder = _ForeignBuilder(text, first_line) if is_foreign else _Builder(text, first_line)
    try:
        root = builder.document(yaml.parse(text, Loader=loader))
    except Flawed as flawed:
        return None, [*builder.flaws, flawed.flaw]
    except yaml.MarkedYAMLError as error:
        return None, [*builder.flaws, _syntax(error, text, first_line)]
    except yaml.YAMLError as error:
        return None, [FileFlaw("project.bad_yaml", f"the YAML can't be read: {error}", first_line, 1)]
    return root, builder.flaws


_ENDED = ("end of stream", "document indicator", "did not find expected ','")


def _syntax(error: yaml.MarkedYAMLError, text: str, first_line: int) -> FileFlaw:
    problem, context = error.problem or "the YAML can't be read", error.context or ""
    mark = error.problem_mark or error.context_mark
    began = error.context_mark
    if began is not None and ("quoted scalar" in context or "flow" in context):
        # the place where the text ended says nothing; what was never closed does
        opened = _line(text, began.line)[began.column : began.column + 1]
        if opened and any(words in problem for words in _ENDED):
            close = {"[": "]", "{": "}"}.get(opened, opened)
            place = (began.line + first_line, began.column + 1)
            return FileFlaw("project.bad_yaml", f"`{opened}` is not closed", *place, f"add `{close}`")
    elif began is not None and "simple key" in context:
        mark = began
    line, column = (mark.line, mark.column) if mark else (0, 0)
    shown = _line(text, line)
    hint = None
    if "mapping values are not allowed" in problem:
        problem, hint = "a second `: ` on one line", 'put a text with `: ` in it into quotes: "…"'
    elif "could not find expected ':'" in problem:
        problem, hint = "expected `key: value`", "a text of several lines is written as `key: |`, and indented"
    elif "\t" in shown:
        problem, hint = "a tab in the indentation", "indent with blanks"
    elif "cannot start any token" in problem:
        problem, hint = f"`{shown[column : column + 1]}` can't begin a value", "put the text into quotes"
    elif "expected <document start>" in problem:
        problem, hint = "something follows that does not belong to the mapping", "write `key: value` on each line"
    elif "block end" in problem or "expected key" in problem:
        hint = "check the indentation, and the quotes before this line"
    return FileFlaw("project.bad_yaml", problem, line + first_line, column + 1, hint)


def _line(text: str, number: int) -> str:
    """The line (from 0), or nothing: YAML knows more line ends than a text has lines here."""
    lines = text.split("\n")
    return lines[number] if number < len(lines) else ""


class _Builder:
    """Builds nodes from the parser's events."""

    deepest = _DEEPEST

    def __init__(self, text: str, first_line: int) -> None:
        self._first = first_line
        self._lines = text.split("\n")
        self.flaws: list[FileFlaw] = []

    def document(self, events: Iterator[Any]) -> PlacedValue | None:
        """The one document's root."""
        root: PlacedValue | None = None
        for event in events:
            match type(event).__name__:
                case "DocumentStartEvent":
                    if root is not None:
                        self._refuse(event, "a second document begins here", "leave out the `---` line")
                case "StreamStartEvent" | "StreamEndEvent" | "DocumentEndEvent":
                    continue
                case _:
                    root = self._value(event, events, 0)
        if root is not None and root.kind == "null" and not root.raw:
            return None
        return root

    def _value(self, event: Any, events: Iterator[Any], depth: int) -> PlacedValue:
        name = type(event).__name__
        if name == "AliasEvent":
            self._refuse(event, f"an alias (`*{event.anchor}`)", "write the value out")
        if event.anchor is not None:
            self._note(event, f"an anchor (`&{event.anchor}`)", "write values out where they are needed")
        if event.tag is not None:
            self._note(event, f"a tag (`{event.tag}`)", "write the plain value")
        return self._node(event, events, depth)

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> PlacedValue:
        if depth > self.deepest:
            self._refuse(event, f"a nesting of more than {self.deepest} levels", "settings are flat")
        line, column = self._place(event)
        name = type(event).__name__
        if name == "ScalarEvent":
            return self._scalar(event, line, column)
        if name == "SequenceStartEvent":
            items = []
            while type(item := next(events)).__name__ != "SequenceEndEvent":
                items.append(self._value(item, events, depth + 1))
            return PlacedValue("list", items, line, column)
        return self._mapping(events, line, column, depth)

    def _mapping(self, events: Iterator[Any], line: int, column: int, depth: int) -> PlacedValue:
        node = PlacedValue("map", {}, line, column)
        while type(event := next(events)).__name__ != "MappingEndEvent":
            key = self._value(event, events, depth + 1)
            if key.kind in ("list", "map"):
                raise Flawed(FileFlaw("project.bad_yaml", "a key must be a text", key.line, key.column))
            name = key.raw
            if name in node.value:
                first = node.keys[name]
                message = f"`{name}` is there twice, first on line {first[0]}"
                self.flaws.append(FileFlaw("project.bad_yaml", message, key.line, key.column, "keep one of them"))
                self._value(next(events), events, depth + 1)
                continue
            node.keys[name] = (key.line, key.column)
            node.value[name] = self._value(next(events), events, depth + 1)
        return node

    def _scalar(self, event: Any, line: int, column: int) -> PlacedValue:
        raw: str = event.value
        if event.style == "|":
            return self._block(raw, line, column)
        if event.style:
            return PlacedValue("text", raw, line, column, raw)
        if raw in ("", "~", "null", "Null", "NULL"):
            return PlacedValue("null", None, line, column, raw)
        if raw in ("true", "false", "True", "False", "TRUE", "FALSE"):
            return PlacedValue("flag", raw.lower() == "true", line, column, raw)
        if len(raw) <= _DIGITS:
            if _INTEGER.match(raw):
                return PlacedValue("number", int(raw), line, column, raw)
            if _FLOAT.match(raw):
                return PlacedValue("number", float(raw), line, column, raw)
        return PlacedValue("text", raw, line, column, raw)

    def _block(self, raw: str, line: int, column: int) -> PlacedValue:
        """A literal block: its lines are lines of the file, from the one after the `|` on."""
        written = self._lines[line - self._first + 1 :]
        indent = 0
        for content, source in zip(raw.split("\n"), written, strict=False):
            if content.strip():
                indent = max(0, len(source.rstrip("\r")) - len(content))
                break
        return PlacedValue("text", raw, line, column, raw, lines=line + 1, indent=indent)

    def _place(self, event: Any) -> tuple[int, int]:
        return event.start_mark.line + self._first, event.start_mark.column + 1

    def _note(self, event: Any, what: str, hint: str | None) -> None:
        line, column = self._place(event)
        self.flaws.append(FileFlaw("project.bad_yaml", f"{what} is not allowed here", line, column, hint))

    def _refuse(self, event: Any, what: str, hint: str | None) -> NoReturn:
        line, column = self._place(event)
        raise Flawed(FileFlaw("project.bad_yaml", f"{what} is not allowed here", line, column, hint))


class _ForeignBuilder(_Builder):
    """Builds nodes of files that other tools read: an alias is the value that it names, `<<` the keys of another mapping."""

    deepest = _DEEPEST_FOREIGN

    def __init__(self, text: str, first_line: int) -> None:
        super().__init__(text, first_line)
        self._anchors: dict[str, tuple[PlacedValue, int]] = {}
        self._count = 0

    def _value(self, event: Any, events: Iterator[Any], depth: int) -> PlacedValue:
        before = self._count
        if type(event).__name__ == "AliasEvent":
            if event.anchor not in self._anchors:
                self._refuse(event, f"an alias of what is not there (`*{event.anchor}`)", "name an anchor before it")
            node, weight = self._anchors[event.anchor]
            self._count += weight
        else:
            self._count += 1
            if event.tag is not None and not event.tag.startswith("tag:yaml.org,2002:"):
                self._note(event, f"a tag (`{event.tag}`)", "write the plain value")
            node = self._node(event, events, depth)
            if event.anchor is not None:
                self._anchors[event.anchor] = node, self._count - before
        if self._count > _MOST_VALUES:
            self._refuse(event, f"what comes to more than {_MOST_VALUES:,} values", "write less into one file")
        return node

    def _mapping(self, events: Iterator[Any], line: int, column: int, depth: int) -> PlacedValue:
        node = super()._mapping(events, line, column, depth)
        merged = node.value.pop("<<", None)
        if merged is None:
            return node
        node.keys.pop("<<")
        others = merged.value if merged.kind == "list" else [merged]
        for other in others:
            if other.kind == "map":
                for name, value in other.value.items():
                    if name not in node.value:
                        node.value[name], node.keys[name] = value, other.keys[name]
        return node
