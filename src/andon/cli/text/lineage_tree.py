"""Lineage as a tree: values that go into values on solid branches, what only decides over them on dotted ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from andon.base.text import plural
from andon.cli.output import Ink, display_width
from andon.model.lineage import Edge, EdgeKind, Graph, Level, Node, NodeKind, downstream, upstream

#: Branches of one node that are shown; the others are counted.
_WIDEST = 20
#: Notes stand in one column, unless names are longer than this.
_NOTE_AT = 56
_LEAST_NOTE = 8

_SOLID, _DOTTED = "─ ", "╌ "
AGAIN = "again"
#: Beside Python datasets: what they say of themselves is believed, and told apart from what the engine says.
DECLARED = "as declared"
LEGEND = "dotted: decides which rows there are or which values meet (filters, join keys, grouping)"


@dataclass
class _Branch:
    """One line and what is below it. `columns` are those of the dataset or file `node` that are meant; None means it as a whole."""

    node: Node
    columns: tuple[str, ...] | None
    dotted: bool
    note: str = ""
    style: str = ""
    below: list[_Branch] = field(default_factory=list)
    more: int = 0


def tree_lines(graph: Graph, start: Node, *, up: bool, depth: int | None, ink: Ink, width: int | None) -> list[str]:
    """What `start` is made of (`up`) or goes into, as lines; empty if there is nothing.

    Args:
        graph: all of the commit, so that what lies deeper than `depth` can be counted.
    """
    grower = _Grower(graph, up, depth)
    columns = None if start.of is None else (start.id,)
    holder = graph.nodes[graph.holder(start.id)]
    grower.followed.add(holder.id)
    root = _Branch(holder, columns, False)
    grower.grow(root, 0)
    rows: list[tuple[str, str, str, str]] = []
    _flatten(root, "", rows)
    return _painted(rows, ink, width)


class _Grower:
    """Grows the tree. What was followed on one branch is named on the others, and not followed again."""

    def __init__(self, graph: Graph, up: bool, depth: int | None) -> None:
        self._graph = graph
        self._up = up
        self._depth = depth
        #: Datasets that a branch follows, and single columns that one follows by derivation.
        self.followed: set[str] = set()

    def grow(self, branch: _Branch, level: int) -> None:
        """Grow what is below `branch`, which is `level` steps from the start."""
        found = self._around(branch)
        if self._depth is not None and level >= self._depth:
            branch.more = self._beyond(branch) if found else 0
            return
        branch.more = max(0, len(found) - _WIDEST)
        branch.below = found[:_WIDEST]
        # all of this level first: what is near is followed from where it is near
        going_on = [below for below in branch.below if self._goes_on(below)]
        for below in going_on:
            self.grow(below, level + 1)

    def _goes_on(self, branch: _Branch) -> bool:
        keys = {branch.node.id} if branch.dotted or branch.columns is None else set(branch.columns)
        if keys <= self.followed:
            if self._around(branch) and not branch.dotted:
                branch.note = _joined(branch.note, AGAIN)
            return False
        self.followed |= keys | {branch.node.id}
        return True

    def _edges(self, branch: _Branch) -> Iterable[Edge]:
        at = self._graph.into if self._up else self._graph.out_of
        holder = branch.node.id
        whole = branch.columns is None or branch.dotted
        for column in branch.columns if branch.columns is not None else self._graph.columns_of.get(holder, ()):
            yield from at.get(column, ())
        for edge in at.get(holder, ()):
            if self._up or whole or edge.level is Level.TABLE:
                yield edge

    def _around(self, branch: _Branch) -> list[_Branch]:
        """The branches below one: a line for each column that values come from or go to, one for each dataset that decides."""
        derived: dict[str, list[str]] = {}
        decided: dict[str, list[str]] = {}
        for edge in self._edges(branch):
            other = edge.source if self._up else edge.target
            is_derived = edge.kind is EdgeKind.DERIVE and not branch.dotted
            into = derived if is_derived else decided
            into.setdefault(self._graph.holder(other), []).append(other)
        found = []
        for holder, others in derived.items():
            also = [] if branch.columns is not None else decided.pop(holder, [])
            found += self._derived(branch, self._graph.nodes[holder], _unique(others), _unique(also))
        for holder, others in decided.items():
            below = self._decided(self._graph.nodes[holder], _unique(others), holder in derived)
            found += [] if below is None else [below]
        return found

    def _derived(self, branch: _Branch, node: Node, others: list[str], also: list[str]) -> list[_Branch]:
        if node.kind is NodeKind.INSIGHT:
            return [_Branch(node, None, False, _about(node))]
        columns = [other for other in others if other != node.id]
        if branch.columns is None or not columns:
            note = ", ".join(self._graph.nodes[c].name for c in columns)
            if self._up:
                deciding = [self._graph.nodes[c].name for c in also if c != node.id and c not in columns]
                note += f" ╌ {', '.join(deciding)}" if deciding else ""
            return [_Branch(node, None, False, _joined(note, _about(node)))]
        if node.kind is NodeKind.FILE:
            names = ", ".join(self._graph.nodes[c].name for c in columns)
            return [_Branch(node, tuple(columns), False, _joined(names, _about(node)))]
        return [_Branch(node, (column,), False, _about(node)) for column in columns]

    def _decided(self, node: Node, others: list[str], is_derived: bool) -> _Branch | None:
        columns = [other for other in others if other != node.id]
        if not columns and is_derived and self._up:
            return None  # that its rows matter goes without saying where its values do
        if node.kind is NodeKind.INSIGHT:
            return _Branch(node, None, True, _about(node))
        names = ", ".join(self._graph.nodes[c].name for c in columns)
        if self._up:
            note = _joined(names or "its rows", _about(node))
            return _Branch(node, tuple(columns), True, note)
        return _Branch(node, None, True, _joined(names or "its rows", _about(node)))

    def _beyond(self, branch: _Branch) -> int:
        """How many datasets, files and insights lie beyond a branch that is not followed further."""
        walk = upstream if self._up else downstream
        begin = branch.columns if branch.columns else (branch.node.id,)
        return len({self._graph.holder(spot.node) for spot in walk(self._graph, begin).hops} - {branch.node.id})


def _about(node: Node) -> str:
    """What is said of a node beside its name."""
    if node.kind is NodeKind.INSIGHT:
        return " · ".join(text for text in (node.type, node.owner, node.decision, node.reason) if text)
    if node.kind is NodeKind.FILE:
        return "" if node.files == (node.id,) else plural(len(node.files), "file")
    return node.reason or (DECLARED if node.type == "python" else "")


def _joined(*texts: str) -> str:
    return " · ".join(text for text in texts if text)


def _unique(found: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(found))


def _flatten(branch: _Branch, guide: str, rows: list[tuple[str, str, str, str]]) -> None:
    """Rows of guide, name, note and style for what is below `branch`."""
    last = len(branch.below) - 1
    for number, below in enumerate(branch.below):
        is_last = number == last and not branch.more
        dotted = below.dotted
        mark = ("└" if is_last else "├") + (_DOTTED if dotted else _SOLID)
        rows.append((guide + mark, _name(below), below.note, _style(below)))
        _flatten(below, guide + ("   " if is_last else "│  "), rows)
    if branch.more:
        rows.append((f"{guide}└{_SOLID}", f"… {branch.more} more", "", "dim"))


def _name(branch: _Branch) -> str:
    node = branch.node
    if node.kind is NodeKind.DATASET and branch.columns is not None and not branch.dotted:
        return branch.columns[0]
    return node.name


def _style(branch: _Branch) -> str:
    if branch.dotted:
        return "dim"
    return "accent" if branch.node.kind is NodeKind.INSIGHT else ""


def _painted(rows: Sequence[tuple[str, str, str, str]], ink: Ink, width: int | None) -> list[str]:
    noted = [display_width(guide + name) for guide, name, note, _ in rows if note]
    column = min(max(noted, default=0), _NOTE_AT)
    lines = []
    for guide, name, note, style in rows:
        taken = display_width(guide + name)
        line = ink.paint(guide, "dim") + (ink.paint(name, style) if style else name)
        gap = max(2, column - taken + 2)
        room = None if width is None else width - taken - gap
        if note and (room is None or room >= _LEAST_NOTE):
            shown = note if room is None or display_width(note) <= room else note[: room - 1] + "…"
            line += " " * gap + ink.paint(shown, "dim")
        lines.append(line)
    return lines
