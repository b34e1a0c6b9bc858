"""Blocks and lines: each thing in one block, each pair in one line or inside one block, the same drawing however it is given."""

from __future__ import annotations

import random
import re
from collections import Counter
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from andon.lineage.blocks import LIMITS, drawn, fold
from andon.model.architecture import (
    ArchitectureBlock,
    ArchitectureDocument,
    ArchitectureLine,
    BlockKind,
    Built,
    Element,
    Presence,
)
from andon.model.lamp import Lamp
from andon.render.architecture import change_words, mermaid
from andon.render.block_layout import HEIGHT, layout
from andon.render.block_svg import html, page_svg, svg
from andon.service.architecture import DrawnMoment, counted

NASTY = ('a"b', "<script>", "a]b", "end", "x & y", "\x1b[31m", "\ud800", "ab", "ﬁn;al", "`q`", "\ufffe")


def lake(chance: random.Random, size: int) -> Built:
    elements = []
    for number in range(size):
        kind = chance.choice(list(BlockKind))
        group = chance.choice(NASTY) if chance.random() < 0.1 else f"g{chance.randrange(max(2, size // 4))}"
        lamp = chance.choice(list(Lamp)) if kind is BlockKind.DATASET else None
        elements.append(Element(f"{kind}.{number}", kind, group, chance.choice(["", "word"]), lamp))
    ids = [each.id for each in elements]
    edges = {(chance.choice(ids), chance.choice(ids)) for _ in range(size * 2)}
    return Built(tuple(elements), frozenset((a, b) for a, b in edges if a != b))


def changed(chance: random.Random, built: Built) -> Built:
    kept = tuple(each for each in built.elements if chance.random() < 0.8)
    ids = {each.id for each in kept}
    return Built(kept, frozenset(e for e in built.edges if {*e} <= ids and chance.random() < 0.9))


def document(now: Built, before: Built | None) -> ArchitectureDocument:
    blocks, lines = drawn(now, before)
    counts = [
        None if each is None else counted(each, DrawnMoment("c" * 40, "2026-11-30T00:00:00Z")) for each in (now, before)
    ]
    assert counts[0] is not None
    return ArchitectureDocument("main", counts[0], counts[1], "", blocks, lines)


@pytest.mark.parametrize("seed", range(30))
def test_the_laws_of_blocks_and_lines(seed: int) -> None:
    chance = random.Random(seed)
    now = lake(chance, chance.randint(1, 150))
    before = changed(chance, now) if seed % 3 else None
    if seed % 2 and before is not None:
        now, before = before, now
    blocks, lines = drawn(now, before)

    members = [member for block in blocks for member in block.members]
    assert sorted(members) == sorted(each.id for each in now.elements), "each in exactly one"
    home = {member: block.id for block in blocks for member in block.members}
    assert all({e.kind for e in now.elements if e.id in block.members} <= {block.kind} for block in blocks)
    pairs = Counter((home[a], home[b]) for a, b in now.edges)
    inside = {block.id: pairs.pop((block.id, block.id), 0) for block in blocks}
    assert inside == {block.id: block.inside for block in blocks}
    assert pairs == Counter({(line.source, line.target): line.edges for line in lines if line.edges})
    assert sum(line.edges for line in lines) + sum(block.inside for block in blocks) == len(now.edges)
    assert all(line.edges or line.state is Presence.GONE for line in lines)
    for block in blocks:
        assert sum(block.lights.values()) == (len(block.members) if block.kind is BlockKind.DATASET else 0)
    for kind in BlockKind:
        own = [block for block in blocks if block.kind is kind]
        assert len(own) <= LIMITS[kind]
        groups = {each.group for state in (now, before or now) for each in state.elements if each.kind is kind}
        assert sum(block.folds for block in own) == len(groups)
    if before is not None:
        was = {each.id for each in before.elements}
        assert {m for block in blocks for m in block.came} == set(home) - was
        assert {m for block in blocks for m in block.went} == was - set(home)
        assert sum(block.was or 0 for block in blocks) == len(was)
        folded = fold(now, before).block_of
        former = Counter((folded[a], folded[b]) for a, b in before.edges if folded[a] != folded[b])
        assert former == Counter({(line.source, line.target): line.was for line in lines if line.was})
        assert {(x.source, x.target) for x in lines if x.state is Presence.NEW} == set(pairs) - set(former)
        assert {(x.source, x.target) for x in lines if x.state is Presence.GONE} == set(former) - set(pairs)

    shuffled = list(now.elements)
    chance.shuffle(shuffled)
    again = Built(tuple(shuffled), frozenset(chance.sample(sorted(now.edges), len(now.edges))))
    found = document(now, before)
    assert svg(document(again, before)) == svg(found)
    _is_drawn_whole(found)


def _is_drawn_whole(found: ArchitectureDocument) -> None:
    """What is drawn is XML, fits on the sheet, overlaps nowhere, and is what Mermaid's grammar allows."""
    root = ElementTree.fromstring(svg(found).encode())
    names = [each.get("data-block") for each in root.iter() if each.get("data-block")]
    assert len(names) == len(found.blocks)
    assert sum("way" in (each.get("class") or "").split() for each in root.iter()) == len(found.lines)
    assert "<script" not in html(found)
    ElementTree.fromstring(page_svg(found, lambda block: f"/x?a={block.title}&b").encode())
    placed = layout(found)
    spots = [(block.x, block.y) for block in placed.blocks]
    assert all(y >= 0 and y + HEIGHT <= placed.height and x < placed.width for x, y in spots)
    for column in {block.column for block in placed.blocks}:
        tops = sorted(block.y for block in placed.blocks if block.column == column)
        assert len(tops) <= 12
        assert all(b - a >= HEIGHT for a, b in pairwise(tops))
    text = mermaid(found)
    node = re.compile(r'    b\d+\["[^"\[\]{}<>|`]*(<br>[^"\[\]{}<>|`]*)?"\]')
    edge = re.compile(r"  b\d+ (-->|==>|-\.->)(\|\d+\|)? b\d+")
    other = re.compile(
        r'flowchart LR|  subgraph \w+\["[A-Z][a-z ]+"\]|  end|  classDef \w+ [\w:,. -]+|  class [b\d,]+ \w+'
    )
    assert [line for line in text if not (node.fullmatch(line) or edge.fullmatch(line) or other.fullmatch(line))] == []
    assert sum(edge.fullmatch(line) is not None for line in text) == len(found.lines)


def test_what_changed_is_told_in_words() -> None:
    old = Built(
        (
            Element("connection:crm", BlockKind.CONNECTION, "crm", "postgres"),
            Element("shop.orders", BlockKind.SOURCE, "shop", "", Lamp.OK),
            Element("marts.a", BlockKind.DATASET, "marts", "", Lamp.OK),
        ),
        frozenset({("connection:crm", "shop.orders"), ("shop.orders", "marts.a")}),
    )
    new = Built(
        (
            *old.elements[1:],
            Element("marts.b", BlockKind.DATASET, "marts", "", Lamp.FAIL),
            Element("door:http", BlockKind.DOOR, "http"),
        ),
        frozenset({("shop.orders", "marts.a"), ("marts.a", "marts.b"), ("marts.b", "door:http")}),
    )
    found = document(new, old)
    assert change_words(found) == [
        "gone: connection crm",
        "schema marts: new marts.b",
        "new: door web and HTTP",
        "1 line came, 1 line went",
    ]
    assert (found.now.blocks, found.now.lines, found.now.capabilities, found.now.blocks_per_capability) == (
        3,
        2,
        1,
        3.0,
    )
    marts = next(block for block in found.blocks if block.title == "marts")
    assert isinstance(marts, ArchitectureBlock)
    assert (marts.lights, marts.inside, marts.was) == ({"fail": 1, "ok": 1}, 1, 1)
    assert all(isinstance(line, ArchitectureLine) for line in found.lines)
