"""Comparisons of a text with what is none, and of a day with a number: the engine would cast each value as it runs, and fail at the
first that can't be cast."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from andon.base.record import Record
from andon.checks.compile.nan import Node, compared, key_of, parts
from andon.checks.compile.typed import simple_type
from andon.checks.compile.values import family
from andon.checks.language.answers import as_text

#: What values of a family are cast to without being asked.
_OTHERS = {
    "text": frozenset(("number", "time", "BOOLEAN", "UUID", "TIME", "INTERVAL")),
    "time": frozenset(("number", "BOOLEAN")),
}


class Mixed(Record):
    """A value that is compared with one of another family: both as SQL with their types."""

    value: str
    kind: str
    other: str
    other_kind: str
    is_constant: bool

    @property
    def message(self) -> str:
        """What is wrong, in a sentence."""
        other = f"`{self.other}`" if self.is_constant else f"`{self.other}`, which is {self.other_kind}"
        return f"`{self.value}` is {self.kind} and doesn't compare with {other}"

    @property
    def hint(self) -> str:
        """What to write."""
        if family(self.kind) == "time":
            return f"write a day, `'2020-01-31'`, or compare a part of it, as `year({self.value})`"
        if self.is_constant:
            return f"put the value in quotes, `'{self.other}'`, or cast the text: `try_cast({self.value} as double)`"
        return f"cast one of them, as `({self.other})::varchar`"


def mixed(tree: Node, own: Mapping[str, str], types: Callable[[Sequence[str]], list[str]]) -> Mixed | None:
    """The first comparison of a text that is no constant with a number, a date or the like, or of a date with a number.

    Args:
        own: the dataset's columns as `{lower-case name: type}`.
        types: gives the types of expressions over the row.
    """
    groups = [operands for node in _nodes(tree) if len(operands := compared(node)) > 1]
    unknown: dict[str, Node] = {}
    kinds: dict[str, str] = {}
    for node in (one for operands in groups for one in operands):
        kind = simple_type(node, own)
        if kind is not None:
            kinds[key_of(node)] = kind
        elif node.get("class") not in ("CONSTANT", "SUBQUERY"):
            unknown.setdefault(key_of(node), node)
    if unknown and any(_may_mix(operands, kinds) for operands in groups):
        kinds.update(zip(unknown, types(as_text(list(unknown.values()))), strict=True))
    for operands in groups:
        found = _mixed(operands, kinds)
        if found is not None:
            return found
    return None


def _nodes(tree: Node) -> Iterable[Node]:
    if tree.get("class") in ("LAMBDA", "WINDOW"):
        return
    yield tree
    for part in parts(tree):
        yield from _nodes(part)


def _may_mix(operands: Sequence[Node], kinds: Mapping[str, str]) -> bool:
    known = {family(kinds[key]) if (key := key_of(node)) in kinds else "" for node in operands}
    return known != {"text"}


def _mixed(operands: Sequence[Node], kinds: Mapping[str, str]) -> Mixed | None:
    typed = [(node, kinds[key]) for node in operands if (key := key_of(node)) in kinds]
    for value, kind in typed:
        if value.get("class") == "CONSTANT" or family(kind) not in _OTHERS:
            continue
        for other, other_kind in typed:
            if family(other_kind) in _OTHERS[family(kind)]:
                return Mixed(_shown(value), kind, _shown(other), other_kind, other.get("class") == "CONSTANT")
    return None


def _shown(node: Node) -> str:
    return ".".join(node["column_names"]) if node.get("class") == "COLUMN_REF" else as_text([node])[0]
