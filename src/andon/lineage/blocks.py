"""Folds what there is into blocks, and what goes from one thing into another into lines. Pure.

Each element is in exactly one block. Each pair of elements is in exactly one line, or inside one block. What there is no room for is
folded further: of each kind those blocks are kept that most goes through, and the rest is one block more.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from andon.base.record import Record
from andon.base.text import plural
from andon.model.architecture import (
    ArchitectureBlock,
    ArchitectureLine,
    BlockKind,
    Built,
    Element,
    Presence,
)
from andon.model.lamp import Lamp

#: So many blocks of a kind are drawn; those of one column together are at most twelve.
LIMITS: Mapping[BlockKind, int] = {
    BlockKind.CONNECTION: 7,
    BlockKind.SCHEDULE: 5,
    BlockKind.SOURCE: 10,
    BlockKind.DATASET: 10,
    BlockKind.INSIGHT: 5,
    BlockKind.DOOR: 4,
    BlockKind.CHANNEL: 3,
}
#: What is folded, in words: of a kind whose group is a schema, and so on.
_WORDS: Mapping[BlockKind, tuple[str, str]] = {
    BlockKind.CONNECTION: ("connection", "connections"),
    BlockKind.SCHEDULE: ("schedule", "schedules"),
    BlockKind.SOURCE: ("schema of sources", "schemas of sources"),
    BlockKind.DATASET: ("schema", "schemas"),
    BlockKind.INSIGHT: ("kind of insight", "kinds of insights"),
    BlockKind.DOOR: ("door", "doors"),
    BlockKind.CHANNEL: ("channel", "channels"),
}
#: The group of what is folded for want of room; nothing that there is is called so.
_REST = "…"


class Fold(Record):
    """Which block each element belongs to.

    Attributes:
        block_of: `{element: block}`.
        folds: `{block: how many blocks it stands for}`.
    """

    block_of: Mapping[str, str]
    folds: Mapping[str, int]


def block_id(element: Element) -> str:
    """The block of an element, before anything is folded for want of room."""
    return f"{element.kind}:{element.group}"


def plain_fold(*states: Built) -> Fold:
    """The blocks that there would be with room for all."""
    block_of = {element.id: block_id(element) for state in states for element in state.elements}
    return Fold(block_of, dict.fromkeys(block_of.values(), 1))


def fold(now: Built, before: Built | None = None, limits: Mapping[BlockKind, int] = LIMITS) -> Fold:
    """The blocks that are drawn of one state, or of two that are compared: the same for both."""
    states = [now] if before is None else [now, before]
    plain = plain_fold(*states)
    weight: Counter[str] = Counter()
    kinds: dict[BlockKind, set[str]] = defaultdict(set)
    for state in states:
        for element in state.elements:
            kinds[element.kind].add(plain.block_of[element.id])
            weight[plain.block_of[element.id]] += 1
        for one, other in state.edges:
            source, target = plain.block_of[one], plain.block_of[other]
            if source != target:
                weight[source] += 1
                weight[target] += 1
    folds, renamed = dict(plain.folds), {}
    for kind, blocks in kinds.items():
        if len(blocks) <= limits[kind]:
            continue
        ordered = sorted(blocks, key=lambda block: (-weight[block], block))
        rest = ordered[limits[kind] - 1 :]
        renamed.update(dict.fromkeys(rest, f"{kind}:{_REST}"))
        folds[f"{kind}:{_REST}"] = len(rest)
    block_of = {element: renamed.get(block, block) for element, block in plain.block_of.items()}
    return Fold(block_of, {block: count for block, count in folds.items() if block not in renamed})


def lines_of(state: Built, folded: Fold) -> tuple[Counter[tuple[str, str]], Counter[str]]:
    """How many pairs go from one block into another, and how many stay inside of one."""
    lines: Counter[tuple[str, str]] = Counter()
    inside: Counter[str] = Counter()
    for one, other in state.edges:
        source, target = folded.block_of[one], folded.block_of[other]
        if source == target:
            inside[source] += 1
        else:
            lines[source, target] += 1
    return lines, inside


def drawn(
    now: Built, before: Built | None = None, limits: Mapping[BlockKind, int] = LIMITS
) -> tuple[list[ArchitectureBlock], list[ArchitectureLine]]:
    """The blocks and lines of what there is, those that are gone among them where it is compared. The same states give the same lists."""
    folded = fold(now, before, limits)
    lines, inside = lines_of(now, folded)
    former = lines_of(before, folded)[0] if before is not None else None
    members, was = _members(now, folded), _members(before or Built(), folded)
    known = {element.id: element for state in (before or Built(), now) for element in state.elements}
    blocks = []
    for block in sorted(folded.folds, key=_place):
        own, old = members.get(block, set()), was.get(block, set())
        some = known[min(own or old)]
        count = folded.folds[block]
        title = some.group if count == 1 else f"{count} more {_WORDS[some.kind][count != 1]}"
        blocks.append(
            ArchitectureBlock(
                id=block,
                kind=some.kind,
                title=title,
                words=_words([known[name] for name in sorted(own or old)], count),
                members=sorted(own),
                was=None if before is None else len(old),
                lights=_lights(known[name] for name in own),
                inside=inside[block],
                folds=count,
                state=_presence(bool(own), None if before is None else bool(old)),
                came=[] if before is None else sorted(own - old),
                went=sorted(old - own),
            )
        )
    drawn_lines = [
        ArchitectureLine(
            source=source,
            target=target,
            edges=lines[source, target],
            was=None if former is None else former[source, target],
            state=_presence((source, target) in lines, None if former is None else (source, target) in former),
        )
        for source, target in sorted({*lines, *(former or ())}, key=lambda ends: (_place(ends[0]), _place(ends[1])))
    ]
    return blocks, drawn_lines


def _members(state: Built, folded: Fold) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for element in state.elements:
        found[folded.block_of[element.id]].add(element.id)
    return found


def _place(block: str) -> tuple[int, bool, str]:
    """The order of blocks: by kind, by name, and what is folded for want of room last."""
    kind, _, group = block.partition(":")
    return list(BlockKind).index(BlockKind(kind)), group == _REST, group


def _presence(is_there: bool, was_there: bool | None) -> Presence:
    if was_there is None or is_there == was_there:
        return Presence.SAME
    return Presence.NEW if is_there else Presence.GONE


def _words(elements: list[Element], folds: int) -> str:
    kind, count = elements[0].kind, len(elements)
    said = {element.words for element in elements}
    told = said.pop() if len(said) == 1 and folds == 1 else ""
    if kind in (BlockKind.SOURCE, BlockKind.DATASET, BlockKind.INSIGHT):
        return plural(count, str(kind))
    patterns = sum(element.id.startswith("files:") for element in elements)
    return ", ".join(filter(None, [told, plural(patterns, "pattern") if patterns > 1 else ""]))


def _lights(elements: Iterable[Element]) -> dict[str, int]:
    found = Counter(element.lamp for element in elements if element.lamp is not None)
    return {str(lamp): found[lamp] for lamp in sorted(Lamp, key=lambda lamp: -lamp.gravity) if found[lamp]}
