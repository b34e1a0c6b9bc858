"""Where blocks and lines of an architecture stand: in columns from what data comes by to whom it serves, few crossings. Pure.

The same blocks and lines stand at the same places: orders are by sums and names, nothing is by chance.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from andon.base.record import Record
from andon.model.architecture import ArchitectureBlock, ArchitectureDocument, ArchitectureLine, BlockKind

#: Sizes, in pixels of a drawing that is shown as it is.
WIDTH, HEIGHT, GAP, HEAD, BETWEEN, MARGIN = 168, 58, 14, 26, 76, 20
#: Datasets stand in so many columns at most.
_LAYERS = 3
_SWEEPS = 6
#: What stands in one column, from the left; datasets are between sources and what they serve.
_COLUMNS: tuple[tuple[BlockKind, ...], ...] = (
    (BlockKind.CONNECTION, BlockKind.SCHEDULE),
    (BlockKind.SOURCE,),
    (BlockKind.DATASET,),
    (BlockKind.INSIGHT, BlockKind.DOOR, BlockKind.CHANNEL),
)


class PlacedBlock(Record):
    """A block and its upper left corner."""

    block: ArchitectureBlock
    x: int
    y: int
    column: int


class PlacedLine(Record):
    """A line from the right of a block to the left of another (`x1`, `y1`, `x2`, `y2`); where that is no way forward, to its right."""

    line: ArchitectureLine
    x1: int
    y1: int
    x2: int
    y2: int
    is_forward: bool


class PlacedHead(Record):
    """What stands above the blocks of a kind."""

    kind: BlockKind
    x: int
    y: int


class BlockLayout(Record):
    """A drawing without colours."""

    width: int
    height: int
    heads: tuple[PlacedHead, ...]
    blocks: tuple[PlacedBlock, ...]
    lines: tuple[PlacedLine, ...]


def layout(document: ArchitectureDocument) -> BlockLayout:
    """Where all of it stands."""
    columns = _ordered(_columns(document), document.lines)
    heights = [_height(column) for column in columns]
    tall = max(heights, default=0)
    heads: list[PlacedHead] = []
    places: dict[str, PlacedBlock] = {}
    for number, column in enumerate(columns):
        x = MARGIN + number * (WIDTH + BETWEEN)
        y = MARGIN + (tall - heights[number]) // 2
        for kind, blocks in _by_kind(column):
            heads.append(PlacedHead(kind, x, y + HEAD - 10))
            y += HEAD
            for block in blocks:
                places[block.id] = PlacedBlock(block, x, y, number)
                y += HEIGHT + GAP
            y += GAP
    width = 2 * MARGIN + max(len(columns), 1) * WIDTH + max(len(columns) - 1, 0) * BETWEEN
    lines = _lines(document.lines, places)
    out = max((line.x1 + BETWEEN // 2 for line in lines if not line.is_forward), default=0)
    return BlockLayout(
        max(width, out + MARGIN), 2 * MARGIN + max(tall, HEIGHT), tuple(heads), tuple(places.values()), tuple(lines)
    )


def crossings(placed: BlockLayout) -> int:
    """How many pairs of lines between the same two columns cross."""
    spans: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for line in placed.lines:
        if line.is_forward:
            spans[line.x1, line.x2].append((line.y1, line.y2))
    return sum(
        (one[0] - other[0]) * (one[1] - other[1]) < 0
        for own in spans.values()
        for number, one in enumerate(own)
        for other in own[:number]
    )


def _columns(document: ArchitectureDocument) -> list[list[ArchitectureBlock]]:
    found: list[list[ArchitectureBlock]] = []
    for kinds in _COLUMNS:
        own = [block for block in document.blocks if block.kind in kinds]
        if kinds == (BlockKind.DATASET,):
            found += _layers(own, document.lines)
        elif own:
            found.append(own)
    return found


def _layers(blocks: Sequence[ArchitectureBlock], lines: Sequence[ArchitectureLine]) -> list[list[ArchitectureBlock]]:
    """Schemas in the order in which they read each other; those that read each other in a circle stand in one column."""
    names = [block.id for block in blocks]
    after: dict[str, set[str]] = {name: set() for name in names}
    for line in lines:
        if line.source in after and line.target in after:
            after[line.source].add(line.target)
    reached = {name: _reached(after, name) for name in names}
    knot = {
        name: min([each for each in names if each in reached[name] and name in reached[each]] + [name])
        for name in names
    }
    depth: dict[str, int] = dict.fromkeys(knot.values(), 0)
    for _ in depth:
        for name in names:
            for other in after[name]:
                if knot[name] != knot[other]:
                    depth[knot[other]] = max(depth[knot[other]], depth[knot[name]] + 1)
    deepest = max(depth.values(), default=0)
    squeezed = {
        name: depth[knot[name]] * _LAYERS // (deepest + 1) if deepest >= _LAYERS else depth[knot[name]]
        for name in names
    }
    columns = [[block for block in blocks if squeezed[block.id] == number] for number in range(_LAYERS)]
    return [column for column in columns if column]


def _reached(after: Mapping[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    open_ends = [start]
    while open_ends:
        for other in after[open_ends.pop()] - found:
            found.add(other)
            open_ends.append(other)
    return found


def _ordered(
    columns: Sequence[Sequence[ArchitectureBlock]], lines: Sequence[ArchitectureLine]
) -> list[list[ArchitectureBlock]]:
    """Each column with blocks near what they are joined to, kinds kept together; of some sweeps the one with the fewest crossings."""
    near: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        near[line.source].append(line.target)
        near[line.target].append(line.source)
    current = [list(column) for column in columns]
    best, fewest = current, _crossed(current, lines)
    for sweep in range(_SWEEPS):
        order = range(len(current)) if sweep % 2 == 0 else range(len(current) - 1, -1, -1)
        for number in order:
            height = {
                block.id: (place + 0.5) / len(column)
                for other, column in enumerate(current)
                if other != number
                for place, block in enumerate(column)
            }
            own = current[number]
            middle = {
                block.id: _middle(near[block.id], height, (place + 0.5) / len(own)) for place, block in enumerate(own)
            }
            rank = {kind: place for place, (kind, _) in enumerate(_by_kind(own))}
            current = [
                *current[:number],
                sorted(own, key=lambda b: (rank[b.kind], middle[b.id], b.id)),
                *current[number + 1 :],
            ]
        crossed = _crossed(current, lines)
        if crossed < fewest:
            best, fewest = current, crossed
    return [list(column) for column in best]


def _middle(near: Sequence[str], height: Mapping[str, float], own: float) -> float:
    known = [height[each] for each in near if each in height]
    return round(sum(known) / len(known), 9) if known else own


def _crossed(columns: Sequence[Sequence[ArchitectureBlock]], lines: Sequence[ArchitectureLine]) -> int:
    place = {block.id: (number, row) for number, column in enumerate(columns) for row, block in enumerate(column)}
    ends = [(place[line.source], place[line.target]) for line in lines]
    return sum(
        one[0][0] == other[0][0]
        and one[1][0] == other[1][0]
        and (one[0][1] - other[0][1]) * (one[1][1] - other[1][1]) < 0
        for number, one in enumerate(ends)
        for other in ends[:number]
    )


def _by_kind(column: Sequence[ArchitectureBlock]) -> list[tuple[BlockKind, list[ArchitectureBlock]]]:
    """The blocks of a column by kind, in the order of kinds."""
    found = [(kind, [block for block in column if block.kind is kind]) for kind in BlockKind]
    return [(kind, blocks) for kind, blocks in found if blocks]


def _height(column: Sequence[ArchitectureBlock]) -> int:
    kinds = len(_by_kind(column))
    return kinds * (HEAD + GAP) + len(column) * (HEIGHT + GAP) - 2 * GAP


def _lines(lines: Sequence[ArchitectureLine], places: Mapping[str, PlacedBlock]) -> list[PlacedLine]:
    """Lines with their ends spread along the sides of blocks, in the order of the other ends."""
    right: dict[str, list[ArchitectureLine]] = defaultdict(list)
    left: dict[str, list[ArchitectureLine]] = defaultdict(list)
    for line in lines:
        right[line.source].append(line)
        (left if _is_forward(line, places) else right)[line.target].append(line)

    def spread(sides: Mapping[str, list[ArchitectureLine]]) -> dict[tuple[str, str, str], int]:
        found = {}
        for name, own in sides.items():

            def other(line: ArchitectureLine, name: str = name) -> tuple[int, int, str, str]:
                end = places[line.target if line.source == name else line.source]
                return end.y, end.x, line.source, line.target

            for number, line in enumerate(sorted(own, key=other)):
                found[name, line.source, line.target] = places[name].y + HEIGHT * (number + 1) // (len(own) + 1)
        return found

    out_of, into = spread(right), spread(left)
    found = []
    for line in lines:
        source, target, ends = places[line.source], places[line.target], (line.source, line.target)
        is_forward = _is_forward(line, places)
        y2 = into[line.target, *ends] if is_forward else out_of[line.target, *ends]
        x2 = target.x if is_forward else target.x + WIDTH
        found.append(PlacedLine(line, source.x + WIDTH, out_of[line.source, *ends], x2, y2, is_forward))
    return found


def _is_forward(line: ArchitectureLine, places: Mapping[str, PlacedBlock]) -> bool:
    return places[line.target].column > places[line.source].column
