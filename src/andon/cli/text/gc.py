"""What a lake's storage holds that nothing needs, as lines for people. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from andon.base.text import plural, size
from andon.cli.output import Cell, Ink
from andon.cli.table import table
from andon.model.collection import CollectedPart, Collection

#: So many reasons for which something is kept are told; `--json` has all.
_KEPT = 12


def collection_lines(found: Collection, ink: Ink, width: int | None, *, keeps_all: bool = False) -> list[str]:
    """What goes and why, what stays and why, and what is to do.

    Args:
        keeps_all: whether no setting says how long versions are kept.
    """
    lines: list[str] = []
    if found.parts:
        rows: list[Sequence[Cell]] = [
            [
                each.dataset or ("(no dataset)", "dim"),
                size(each.bytes),
                str(each.files),
                str(each.versions),
                _stage(each),
                each.why,
                (each.back, "dim"),
            ]
            for each in found.parts
        ]
        headers = ["goes", "size", "files", "versions", "when", "why", "how it comes back"]
        lines += [*table(rows, ink, headers=headers, right=range(1, 4), width=width, whole=range(4)), ""]
    if found.kept:
        kept: list[Sequence[Cell]] = [
            [each.dataset, size(each.bytes), str(each.files), (each.why, "dim")] for each in found.kept[:_KEPT]
        ]
        lines += table(
            kept, ink, headers=["stays", "size", "files", "why"], right=range(1, 3), width=width, whole=range(3)
        )
        if len(found.kept) > _KEPT:
            lines.append(ink.paint(f"and {len(found.kept) - _KEPT} more; `--json` has all", "dim"))
        lines.append("")
    if keeps_all and not found.parts and not found.applied:
        hint = 'nothing says how long past versions are kept: `[retention]` with `keep = "90d"` in andon.toml does'
        return [*lines, *_end(found, ink), ink.paint(hint, "dim")]
    return [*lines, *_end(found, ink)]


def _stage(part: CollectedPart) -> str:
    if part.stage == "waits":
        return f"from {(part.until or '')[:16].replace('T', ' ')} on"
    return {"new": "when its grace is over", "ready": "now", "read": "when nobody reads it", "deleted": "deleted"}[
        part.stage
    ]


def _end(found: Collection, ink: Ink) -> list[str]:
    total = f"{plural(found.files, 'file')} ({size(found.deleted)})"
    lines: list[str] = []
    if found.applied:
        lines.append(f"deleted {total}")
    elif not found.parts:
        lines.append("nothing goes: all that is there is needed")
    else:
        lines.append(f"`andon gc --apply` would delete {total} now, and marks what is new")
    waiting = [part for part in found.parts if part.stage in ("new", "waits")]
    if waiting:
        sizes = size(sum(part.bytes for part in waiting))
        told = f"{sizes} wait until their grace of {found.grace} is over; `andon gc --apply` deletes them then"
        lines.append(ink.paint(told if found.grace else f"{sizes} go with the next `andon gc --apply`", "dim"))
    for each in found.waits_for:
        lines.append(
            f"process {each.process} reads since {each.since[:16].replace('T', ' ')}: what it may read stays so long"
        )
    if found.is_written and any(part.dataset is None for part in found.parts):
        lines.append(ink.paint("somebody writes: files that no version names stay until nobody does", "dim"))
    lines += [f"{ink.paint('✗', 'bad')} nothing was done: {each}" for each in found.refused]
    return lines
