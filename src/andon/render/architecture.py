"""An architecture in words, and as Mermaid. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from andon.base.text import plural
from andon.model.architecture import ArchitectureBlock, ArchitectureCount, ArchitectureDocument, BlockKind, Presence
from andon.render.visible import visible

#: What stands above the blocks of a kind.
HEADS: Mapping[BlockKind, str] = {
    BlockKind.CONNECTION: "Comes from",
    BlockKind.SCHEDULE: "By schedule",
    BlockKind.SOURCE: "Sources",
    BlockKind.DATASET: "Datasets",
    BlockKind.INSIGHT: "Serves",
    BlockKind.DOOR: "Asked through",
    BlockKind.CHANNEL: "Tells",
}
#: What doors are called.
DOORS = {"cli": "command line", "http": "web and HTTP", "python": "Python", "wire": "PostgreSQL wire"}
#: Names that a sentence lists.
_NAMED = 3


def title_of(block: ArchitectureBlock) -> str:
    """What stands in a block."""
    if block.kind is BlockKind.DOOR and block.folds == 1:
        return DOORS.get(block.title, block.title)
    if block.kind is BlockKind.INSIGHT and block.folds == 1:
        return f"{block.title}s"
    return block.title


def words_of(block: ArchitectureBlock) -> str:
    """What stands below it."""
    if block.state is Presence.GONE:
        return "gone"
    return (
        f"{block.words}, new"
        if block.state is Presence.NEW and block.words
        else block.words or str(block.state).replace("same", "")
    )


def count_words(count: ArchitectureCount) -> str:
    """`14 blocks, 21 lines, 5 capabilities: 2.8 blocks and 4.2 lines for each`."""
    told = f"{plural(count.blocks, 'block')}, {plural(count.lines, 'line')}, {capability_words(count.capabilities)}"
    if count.blocks_per_capability is None or count.lines_per_capability is None:
        return told
    return f"{told}: {count.blocks_per_capability:g} blocks and {count.lines_per_capability:g} lines for each"


def capability_words(count: int) -> str:
    """`1 capability`."""
    return plural(count, "capability", "capabilities")


def change_words(document: ArchitectureDocument) -> list[str]:
    """What came and what went, a sentence each; empty where nothing did, or nothing is compared."""
    if document.before is None:
        return []
    told = []
    for block in document.blocks:
        if block.state is not Presence.SAME and block.folds == 1:
            word = "new" if block.state is Presence.NEW else "gone"
            names = _named(block.came if block.state is Presence.NEW else block.went, block)
            told.append(f"{word}: {_called(block)}{names}")
        elif block.came or block.went:
            ways = [("new", block.came), ("gone", block.went)]
            told.append(f"{_called(block)}: " + "; ".join(f"{word}{_named(own, block)}" for word, own in ways if own))
    lines = {
        word: sum(line.state is state for line in document.lines)
        for word, state in (("came", Presence.NEW), ("went", Presence.GONE))
    }
    if any(lines.values()):
        told.append(", ".join(f"{plural(count, 'line')} {word}" for word, count in lines.items() if count))
    return told


def compared_words(document: ArchitectureDocument) -> str:
    """With what it is compared."""
    before = document.before
    if before is None:
        return document.told
    return f"beside {before.at[:10]}, which had {count_words(before)}"


def mermaid(document: ArchitectureDocument) -> list[str]:
    """A Mermaid flowchart: a group for each kind, what is new bold, what is gone dashed."""
    names = {block.id: f"b{number}" for number, block in enumerate(document.blocks)}
    lines = ["flowchart LR"]
    for kind in BlockKind:
        own = [block for block in document.blocks if block.kind is kind]
        if own:
            lines.append(f'  subgraph {kind}_blocks["{HEADS[kind]}"]')
            lines += [f'    {names[block.id]}["{_label(block)}"]' for block in own]
            lines.append("  end")
    for line in document.lines:
        arrow = "-.->" if line.state is Presence.GONE else "==>" if line.state is Presence.NEW else "-->"
        count = f"|{line.edges}|" if line.edges > 1 else ""
        lines.append(f"  {names[line.source]} {arrow}{count} {names[line.target]}")
    classes = {
        Presence.NEW: "stroke-width:3px",
        Presence.GONE: "stroke-dasharray:4 3,opacity:0.6",
    }
    for state, style in classes.items():
        own_names = [names[block.id] for block in document.blocks if block.state is state]
        if own_names:
            lines += [f"  classDef {state} {style}", f"  class {','.join(own_names)} {state}"]
    return lines


def _label(block: ArchitectureBlock) -> str:
    words = words_of(block)
    return _entities(title_of(block)) + (f"<br>{_entities(words)}" if words else "")


def _entities(text: str) -> str:
    """Fit for a label in quotes: what Mermaid or HTML would read as its own becomes an entity."""
    return "".join(char if char.isalnum() or char in " .,_-/:…" else f"#{ord(char)};" for char in visible(text))


def _called(block: ArchitectureBlock) -> str:
    """A block in a sentence: `connection crm`, `schema marts`."""
    title = title_of(block)
    if block.folds > 1 or block.kind is BlockKind.INSIGHT:
        return title
    word = {BlockKind.SOURCE: "sources of schema", BlockKind.DATASET: "schema"}.get(block.kind, str(block.kind))
    return f"{word} {title}"


def _named(members: list[str], block: ArchitectureBlock) -> str:
    """Who of a block's members, where that says more than its name."""
    names = [member.partition(":")[2] if ":" in member else member for member in members]
    if names == [block.title]:
        return ""
    more = len(names) - _NAMED
    return " " + ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
