"""The architecture of the lake: blocks, what goes from one to the other, and what came and went."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from starlette.responses import Response

from andon.base.record import Record
from andon.errors import UsageError
from andon.model.architecture import ArchitectureBlock, ArchitectureDocument, BlockKind
from andon.render.architecture import HEADS, change_words, compared_words, count_words, mermaid, title_of, words_of
from andon.render.block_svg import html, page_svg, svg
from andon.service.architecture import MONTH
from andon.web.asking import AtCommit
from andon.web.pages.page import PageCall, PageRoute, Shown
from andon.web.pages.rendering import href

#: Times that are offered: what the address says, and the word.
TIMES = (("7d", "A week"), (MONTH, "A month"), ("3 mo", "Three months"), ("1y", "A year"))
_FILES: dict[str, tuple[Callable[[ArchitectureDocument], str], str, str]] = {
    "svg": (svg, "image/svg+xml", "svg"),
    "html": (html, "text/html; charset=utf-8", "html"),
    "mermaid": (lambda found: "\n".join([*mermaid(found), ""]), "text/plain; charset=utf-8", "mmd"),
}
#: Where blocks lead.
_WAYS = {
    BlockKind.CONNECTION: "/sources",
    BlockKind.SCHEDULE: "/sources",
    BlockKind.INSIGHT: "/insights",
    BlockKind.DOOR: "/catalog",
    BlockKind.CHANNEL: "/incidents",
}


class ArchitectureLooked(AtCommit, kw_only=True):
    """How the architecture is looked at.

    Attributes:
        against: what it is compared with: a ref, a day, how long before; 30 days before without it.
        format: as a file of this kind.
    """

    against: str | None = None
    format: Literal["svg", "html", "mermaid"] | None = None


class _Drawing(Record):
    """A drawing, in which every text is escaped."""

    text: str

    def __html__(self) -> str:
        """As it stands in a page."""
        return self.text


def _architecture(call: PageCall) -> Shown:
    asked: ArchitectureLooked = call.query
    problem = None
    try:
        found = call.service.architectures.drawn(asked.at, asked.against)
    except UsageError as error:
        if asked.against is None:
            raise
        problem, found = error, call.service.architectures.drawn(asked.at)
    if asked.format is not None:
        draw, kind, ending = _FILES[asked.format]
        name = f'attachment; filename="architecture.{ending}"'
        return Response(draw(found), media_type=kind, headers={"Content-Disposition": name})

    def way(block: ArchitectureBlock) -> str:
        if block.kind in _WAYS or block.folds > 1:
            return href(_WAYS.get(block.kind, "/catalog"), at=asked.at)
        return href("/catalog", at=asked.at, schema=block.title)

    return {
        "found": found,
        "problem": problem,
        "drawing": _Drawing(page_svg(found, way)),
        "changes": change_words(found),
        "compared": compared_words(found),
        "counts": count_words(found.now),
        "heads": HEADS,
        "title_of": title_of,
        "words_of": words_of,
        "names": {block.id: title_of(block) for block in found.blocks},
        "out_of": {block.id: [line for line in found.lines if line.source == block.id] for block in found.blocks},
        "against": asked.against or MONTH,
        "times": TIMES,
    }


PAGES = (PageRoute("/architecture", "architecture.html", _architecture, ArchitectureLooked),)
