"""What was found as lines for people. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from andon.base.text import plural
from andon.cli.output import Cell, Ink
from andon.cli.table import table

if TYPE_CHECKING:
    from andon.service.searching import DatasetHit, FoundDocument

_INKS = {"ok": "good", "warn": "warn", "stale": "warn", "blocked": "dim", "fail": "bad", "idle": "dim"}
_SIGNS = {"ok": "●", "warn": "▲", "stale": "○", "blocked": "▬", "fail": "■", "idle": "·"}


def found_lines(found: FoundDocument, ink: Ink, width: int | None) -> list[str]:
    """Datasets that were found, and what was looked for in place of words that nothing has."""
    spelt = [f"nothing has `{word}`; looked for {', '.join(near[:3])}" for word, near in found.spelt.items()]
    lines = [f"{ink.paint('note:', 'warn')} {text}" for text in spelt]
    if not found.hits:
        return [*lines, _nothing(found), *_queries(found, ink, width)]
    rows: list[Sequence[Cell]] = [_row(hit) for hit in found.hits]
    headers = ("", "dataset", "kind", "rows", "people", "owner", "what it is")
    lines += table(
        rows,
        ink,
        headers=headers,
        right=[3, 4],
        width=width,
        whole=[0, 1],
        first=[6],
        drop=[3, 2, 5, 4, 6],
        rest="`andon show NAME` has all",
    )
    if found.total > len(found.hits):
        lines.append(ink.paint(f"the best {len(found.hits)} of {found.total:,}; `-n` shows more", "dim"))
    return [*lines, *_queries(found, ink, width)]


def _queries(found: FoundDocument, ink: Ink, width: int | None) -> list[str]:
    if not found.queries:
        return []
    rows: list[Sequence[Cell]] = [(hit.query, (hit.meaning or "", "dim")) for hit in found.queries]
    return ["", ink.paint("saved queries", "dim"), *table(rows, ink, indent="  ", width=width, whole=[0], drop=())]


def lamp_cell(status: str) -> Cell:
    """How a dataset stands: a sign that differs without colour, and its word."""
    return (f"{_SIGNS[status]} {status}", _INKS[status])


def _row(hit: DatasetHit) -> Sequence[Cell]:
    said = hit.meaning or (hit.snippet.text if hit.snippet is not None else "")
    if hit.deprecated is not None:
        instead = f"use {hit.instead}" if hit.instead else ""
        ends = ", and past its day" if hit.ended else ""
        said = " · ".join(part for part in (f"deprecated{ends}", instead, said) if part)
    elif hit.certified is not None:
        said = f"certified by {hit.certified}" + (f" · {said}" if said else "")
    if hit.columns and not hit.marks:
        said = ", ".join(column.name for column in hit.columns[:3]) + (f" · {said}" if said else "")
    return (
        lamp_cell(hit.status),
        hit.dataset,
        (hit.kind, "dim"),
        f"{hit.rows:,}" if hit.rows is not None else "",
        str(hit.readers) if hit.readers else "",
        (hit.owner or "", "dim"),
        (said, "dim"),
    )


def _nothing(found: FoundDocument) -> str:
    there = sum(each.count for each in found.facets["kind"])
    if there:
        return f"no dataset is so; without these filters it would be {plural(there, 'dataset')}"
    if found.words.strip():
        return (
            "no dataset has these words; fewer words find more, `andon ls` lists all, and `andon request` asks for it"
        )
    return "no datasets; `andon run` builds what the folder says"
