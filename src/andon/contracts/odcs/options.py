"""What the standard says of a column beside its rules, as check lines: options of its type, an enumeration, relationships."""

from __future__ import annotations

import re

from andon.contracts.lines import bound_text, column_text, columns_text, matches_text, range_text, value_text
from andon.contracts.odcs.words import FORMATS
from andon.contracts.taking import Taker
from andon.contracts.values import GatheredLines

_PATH = re.compile(r"(?:(?P<file>[^#]*)#)?/?schema/(?P<schema>[^/]+)/properties/(?P<column>[^/]+)\Z")
_FILE = re.compile(r"(?:.*/)?(?P<name>[^/]+?)(?:\.odcs)?\.ya?ml\Z")


def read_options(options: Taker, found: GatheredLines, column: str, logical: str | None) -> None:
    """Lines that say what `logicalTypeOptions` say."""
    name = column_text(column)
    at = options.node
    shortest, longest = options.whole("minLength"), options.whole("maxLength")
    lengths = range_text(f"length({name})", *[None if each is None else str(each) for each in (shortest, longest)])
    if lengths is not None:
        found.add(lengths, at, options.path)
    pattern = options.text("pattern")
    if pattern is not None:
        found.add(matches_text(name, pattern), at, options.path)
    if logical in (None, "string") and options.has("format"):
        node = options.take("format")
        known = FORMATS.get(str(node.value).lower()) if node is not None else None
        if known is not None:
            found.add(f"{name} is {known}", at, options.path)
        elif node is not None:
            options.leave_value("format", node, f"no pattern is called so; known are {', '.join(sorted(FORMATS))}")
    _bounds(options, found, name)
    step = options.take("multipleOf")
    if step is not None and step.kind == "number":
        found.add(f"{name} % {step.raw} = 0", at, options.path)
    options.end(why="there is no check of it")


def _bounds(options: Taker, found: GatheredLines, name: str) -> None:
    for pair, strictly in ((("minimum", "maximum"), False), (("exclusiveMinimum", "exclusiveMaximum"), True)):
        nodes = [options.take(key) for key in pair]
        # up to 3.0 these say of the other two whether they are excluded
        flags = [node is not None and node.kind == "flag" for node in nodes]
        texts = [None if node is None or flag else bound_text(node) for node, flag in zip(nodes, flags, strict=True)]
        for key, node, text in zip(pair, nodes, texts, strict=True):
            if node is not None and text is None and not (node.kind == "flag" and not node.value):
                options.leave_value(key, node, "it is no bound that a line could have")
        made = range_text(name, *texts, strictly=strictly)
        if made is not None:
            found.add(made, options.node, options.path)


def read_enum(column: Taker, found: GatheredLines, name: str) -> None:
    """The line that says what an enumeration says (3.2)."""
    at = column.node.value.get("enum")
    values = []
    for item in column.maps("enum"):
        value = item.take("value")
        if value is None or value.kind in ("list", "map"):
            item.notes.wrong(item.node, f"`{item.path}` must have a value")
        else:
            values.append(value_text(value, (found.types or {}).get(name.lower())))
        item.ignore(["id"])
        item.end(why="a value of a list of values has no description")
    if values and at is not None:
        found.add(f"{column_text(name)} in {', '.join(dict.fromkeys(values))}", at, column.under("enum"))


def read_relation(relation: Taker, found: GatheredLines, own: list[str] | None, names: dict[str, str]) -> None:
    """The line that says what a relationship says.

    Args:
        own: the column that it stands at; None at a schema, where `from` says it.
        names: columns of the schema by their id and their name.
    """
    kind = relation.text("type")
    ends = relation.texts("to")
    said = own if own is not None else [end.replace("/", ".").split(".")[-1] for end in relation.texts("from")]
    columns = [found.column(names.get(end, end)) for end in said]
    targets = [_target(end, found) for end in ends]
    why = None
    if kind is not None and kind != "foreignKey":
        why = "only foreign keys have a line"
    elif not targets or len(targets) != len(columns):
        why = "it does not say which columns go together"
    elif any(target is None for target in targets):
        why = f"no dataset of the project is meant by `{ends[[t is None for t in targets].index(True)]}`"
    elif len({target[0] for target in targets if target}) > 1:
        why = "it is of several datasets"
    if why is not None:
        relation.notes.leave(relation.place, relation.path, why)
        relation.ignore(["customProperties", "id"])
        return
    there = [target for target in targets if target is not None]
    if len(columns) == 1:
        form = f"{column_text(columns[0])} -> {there[0][0]}.{column_text(there[0][1])}"
    else:
        form = f"({columns_text(columns)}) -> {there[0][0]} ({columns_text([t[1] for t in there])})"
    found.add(form, relation.node, relation.path, is_implied=True)
    relation.ignore(["id"])
    relation.end()


def _target(end: str, found: GatheredLines) -> tuple[str, str] | None:
    """The dataset and the column that an end of a relationship names."""
    path = _PATH.match(end)
    if path is None:
        table, _, column = end.rpartition(".")
        dataset = found.known.referred(table) if table else None
        return None if dataset is None else (dataset, found.known.column(dataset, column))
    file = _FILE.match(path["file"]) if path["file"] else None
    dataset = found.known.referred(file["name"] if file is not None else None, path["schema"])
    return None if dataset is None else (dataset, found.known.column(dataset, path["column"]))
