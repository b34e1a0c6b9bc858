"""An architecture as SVG: a whole file with its own colours for light and dark, or what stands within a page. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable
from html import escape
from typing import Any

from andon.base.text import plural
from andon.model.architecture import ArchitectureBlock, ArchitectureDocument
from andon.model.lamp import Lamp
from andon.render.architecture import HEADS, change_words, compared_words, count_words, title_of, words_of
from andon.render.block_layout import BETWEEN, HEIGHT, WIDTH, BlockLayout, PlacedBlock, PlacedLine, layout
from andon.render.visible import visible

#: Where a block leads, or None.
Way = Callable[[ArchitectureBlock], str | None]

_ROOM = 20
_SHAPES = {
    Lamp.FAIL: '<rect x="{x}" y="{y}" width="8" height="8" rx="1.4" class="sign fail"/>',
    Lamp.WARN: '<path d="M{x4} {y}l4.6 8h-9.2z" class="sign warn"/>',
    Lamp.STALE: '<circle cx="{x4}" cy="{y4}" r="3.4" class="sign stale"/>',
    Lamp.BLOCKED: '<rect x="{x}" y="{y3}" width="8" height="2.6" rx="1" class="sign blocked"/>',
    Lamp.OK: '<circle cx="{x4}" cy="{y4}" r="4" class="sign ok"/>',
}
_STYLE = """
.architecture{--bg:#fff;--subtle:#f7f8f9;--line2:#c3cad2;--text:#15181c;--text2:#4a525c;
--text3:#69727d;--accent:#3257d6;
--ok:#1fa383;--warn:#b57a00;--fail:#be1c28;--idle:#69727d;background:var(--bg)}
@media (prefers-color-scheme:dark){.architecture{--bg:#0f1114;--subtle:#15181c;--line2:#3c444d;--text:#eceef1;--text2:#a9b1bb;
--text3:#87909b;--accent:#8fa8ff;
--ok:#4fcba8;--warn:#fbb83c;--fail:#e5453d;--idle:#87909b}}
.architecture text{font:12px/1 ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,
"Noto Sans",sans-serif;fill:var(--text2)}
.architecture .head{font-size:11px;font-weight:600;fill:var(--text3)}
.architecture .title{font-size:13px;font-weight:600;fill:var(--text)}
.architecture .box{fill:var(--subtle);stroke:var(--line2)}
.architecture .way{fill:none;stroke:var(--text3);stroke-opacity:.45}
.architecture .count{font-size:11px;fill:var(--text2);paint-order:stroke;stroke:var(--bg);stroke-width:4px;stroke-linejoin:round}
.architecture .new .box{stroke:var(--accent);stroke-width:2}
.architecture .way.new{stroke:var(--accent);stroke-opacity:.8}
.architecture .gone .box{fill:none;stroke-dasharray:5 4}
.architecture .gone .title{fill:var(--text3);text-decoration:line-through}
.architecture .way.gone{stroke-dasharray:5 4}
.architecture .sign{fill:var(--ok)}.architecture .warn{fill:var(--warn)}.architecture .fail{fill:var(--fail)}
.architecture .blocked{fill:var(--idle)}.architecture .stale{fill:none;stroke:var(--warn);stroke-width:1.6}
"""


def svg(document: ArchitectureDocument) -> str:
    """A whole file: what it shows in words is its description."""
    placed = layout(document)
    told = [count_words(document.now), compared_words(document), *change_words(document)]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" class="architecture" {_size(placed)} role="img">\n'
        f"<title>{_text(f'Architecture of {document.branch}')}</title>\n<desc>{_text('. '.join(filter(None, told)))}</desc>\n"
        f"<style>{_STYLE}</style>\n{inner(placed)}\n</svg>\n"
    )


def html(document: ArchitectureDocument) -> str:
    """One file for a browser: the drawing, and what it shows in words."""
    drawing = svg(document).partition("\n")[2]
    told = "".join(f"<li>{_text(each)}</li>" for each in change_words(document))
    rows = "".join(
        f"<tr><td>{_text(HEADS[block.kind])}</td><td>{_text(title_of(block))}</td><td>{_text(words_of(block))}</td></tr>"
        for block in document.blocks
    )
    title = _text(f"Architecture of {document.branch}")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
        f"<title>{title}</title><style>"
        "body{margin:24px;font:14px/20px ui-sans-serif,system-ui,sans-serif;background:Canvas;color:CanvasText}"
        ".wide{overflow-x:auto}td{padding:4px 16px 4px 0;vertical-align:top}svg{max-width:none}</style></head>\n"
        f"<body><h1>{title}</h1><p>{_text(count_words(document.now))}</p><p>{_text(compared_words(document))}</p>"
        f'<ul>{told}</ul><div class="wide">{drawing}</div>\n<table>{rows}</table></body></html>\n'
    )


def page_svg(document: ArchitectureDocument, way: Way) -> str:
    """What stands in a page, whose style sheet says how it looks; blocks lead where `way` says."""
    placed = layout(document)
    return (
        f'<svg class="architecture" {_size(placed)} role="group" aria-label="Blocks and lines">'
        f"{inner(placed, way)}</svg>"
    )


def inner(placed: BlockLayout, way: Way = lambda _: None) -> str:
    """Lines below blocks."""
    heads = [f'<text class="head" x="{head.x}" y="{head.y}">{HEADS[head.kind]}</text>' for head in placed.heads]
    lines = [_line(line) for line in placed.lines]
    counts = [_count(line) for line in placed.lines if line.line.edges > 1]
    return "\n".join([*heads, *lines, *counts, *(_block(block, way) for block in placed.blocks)])


def _size(placed: BlockLayout) -> str:
    return f'viewBox="0 0 {placed.width} {placed.height}" width="{placed.width}" height="{placed.height}"'


def _block(placed: PlacedBlock, way: Way) -> str:
    block, x, y = placed.block, placed.x, placed.y
    title, words = title_of(block), words_of(block)
    parts = [
        f"<title>{_text(_whole(block))}</title>",
        f'<rect class="box" x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="7"/>',
        f'<text class="title" x="{x + 12}" y="{y + 23}">{_text(_cut(title))}</text>',
        f'<text x="{x + 12}" y="{y + 43}">{_text(_cut(words))}</text>' if words else "",
        _lights(block, x, y),
    ]
    group = f'<g class="block {block.kind} {block.state}" data-block="{_text(block.id)}">{"".join(parts)}</g>'
    address = way(block)
    return group if address is None else f'<a href="{_text(address)}" data-of="{_text(block.id)}">{group}</a>'


def _lights(block: ArchitectureBlock, x: int, y: int) -> str:
    """From the right: how many stand so, a shape beside each; green is shown only where nothing else is."""
    lights = {name: count for name, count in block.lights.items() if name != Lamp.OK} or block.lights
    found, right = [], x + WIDTH - 12
    for name, count in reversed(lights.items()):
        if name == Lamp.OK:
            left, label = right - 8, ""
        else:
            label = f'<text x="{right}" y="{y + 43}" text-anchor="end">{count}</text>'
            left = right - 7 * len(str(count)) - 11
        at: dict[str, Any] = {"x": left, "y": y + 34, "x4": left + 4, "y3": y + 37, "y4": y + 38}
        found.append(_SHAPES[Lamp(name)].format(**at) + label)
        right = left - 8
    return "".join(found)


def _whole(block: ArchitectureBlock) -> str:
    lights = ", ".join(f"{count} {name}" for name, count in block.lights.items())
    shown = ", ".join(block.members[:12]) + (f" and {len(block.members) - 12} more" if len(block.members) > 12 else "")
    inside = f"{plural(block.inside, 'line')} inside" if block.inside else ""
    return ". ".join(filter(None, [f"{title_of(block)}: {words_of(block)}", lights, inside, shown]))


def _line(placed: PlacedLine) -> str:
    line = placed.line
    said = f"{_name(line.source)} to {_name(line.target)}: {line.edges}" + (
        f", {line.was} before" if line.was is not None else ""
    )
    width = round(1 + 0.7 * math.log2(max(line.edges, 1)), 1)
    return (
        f'<path class="way {line.state}" d="{_path(placed)}" stroke-width="{width}" data-from="{_text(line.source)}"'
        f' data-to="{_text(line.target)}"><title>{_text(said)}</title></path>'
    )


def _path(line: PlacedLine) -> str:
    if line.is_forward:
        bend = max((line.x2 - line.x1) // 2, BETWEEN // 2)
        return f"M{line.x1} {line.y1}C{line.x1 + bend} {line.y1} {line.x2 - bend} {line.y2} {line.x2} {line.y2}"
    out = max(line.x1, line.x2) + BETWEEN // 2
    return f"M{line.x1} {line.y1}C{out} {line.y1} {out} {line.y2} {line.x2} {line.y2}"


def _count(placed: PlacedLine) -> str:
    x = (placed.x1 + placed.x2) // 2 if placed.is_forward else max(placed.x1, placed.x2) + BETWEEN * 3 // 8
    y = (placed.y1 + placed.y2) // 2 + 4
    return f'<text class="count" x="{x}" y="{y}" text-anchor="middle" aria-hidden="true">{placed.line.edges}</text>'


def _name(block: str) -> str:
    return block.partition(":")[2]


def _cut(text: str) -> str:
    shown = visible(text)
    return shown if len(shown) <= _ROOM else f"{shown[: _ROOM - 1]}…"


def _text(text: str) -> str:
    # two that no XML may hold, and no terminal minds
    return escape(visible(text).translate({0xFFFE: None, 0xFFFF: None}))
