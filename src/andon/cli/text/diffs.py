"""Diffs of commits as lines for people. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from andon.base.text import plural
from andon.cli.output import Cell, Ink
from andon.cli.table import table
from andon.cli.text.code import code_lines
from andon.cli.text.rows import row_lines, summary_lines
from andon.cli.text.verdicts import STYLES
from andon.render.diffs import WORDS, rows_text, texts_of, unified
from andon.render.words import short, verdict_text

if TYPE_CHECKING:
    from andon.service.history import DatasetDiff, Diff

_SIGNS = {
    "added": ("+", "good"),
    "removed": ("-", "bad"),
    "changed": ("~", "accent"),
    "code": ("~", "dim"),
    "text": ("=", "dim"),
}


def rows_lines(found: Diff, names: tuple[str, str], ink: Ink, width: int | None, in_full: bool) -> list[str]:
    """Rows that differ, for people: a line per dataset, or all about each."""
    rows = found.rows or ()
    lines = [_title(found, names, ink)]
    if in_full:
        for each in rows:
            lines += ["", *row_lines(each, ink, width)]
        return lines
    listed = summary_lines(rows, ink, width)
    return [*lines, "", *(listed or ["no row differs"])]


def diff_lines(found: Diff, names: tuple[str, str], ink: Ink, width: int | None, code: bool) -> list[str]:
    """A diff for people."""
    lines = [_title(found, names, ink)]
    rows: list[Sequence[Cell]] = [(_SIGNS[d.change], d.dataset, _word(d), rows_text(d)) for d in found.datasets]
    if rows:
        lines += ["", *table(rows, ink, width=width, indent="  ", whole=[0, 1], wrap=[2, 3], drop=())]
    for dataset in found.datasets:
        if dataset.schema:
            within = code_lines(dataset.schema, _within(width), sign=2)
            lines += ["", f"  columns of {dataset.dataset}", *(f"    {_painted(line, ink)}" for line in within)]
    texts = list(texts_of(found))
    if code and texts:
        lines.append("")
        for text in texts:
            lines += [_painted(line, ink) for line in code_lines(unified(text), width, sign=1)]
    elif texts:
        told = f"{plural(len(texts), 'file')} changed: {', '.join(path for path, _, _ in texts)}"
        lines += ["", *(wrap(told, width, subsequent_indent="  ", break_on_hyphens=False) if width else [told])]
    return lines if rows or texts else [*lines, "", "no difference"]


def _within(width: int | None) -> int | None:
    return None if width is None else width - 4


def _word(dataset: DatasetDiff) -> Cell:
    """What the change of the code means, else what kind of change it is."""
    if dataset.verdict is None:
        return WORDS[dataset.change], "dim"
    return verdict_text(dataset.verdict), STYLES[dataset.verdict.kind]


def _title(found: Diff, names: tuple[str, str], ink: Ink) -> str:
    left, right = (f"{n} ({ink.paint(short(c.id), 'accent')})" for n, c in zip(names, (found.a, found.b), strict=True))
    count = sum(1 for d in found.datasets if d.change != "equal")
    return f"{left} → {right}: {plural(count, 'dataset')} differ{'s' if count == 1 else ''}"


def _painted(line: str, ink: Ink) -> str:
    if line.startswith(("+++", "---")):
        return ink.paint(line, "bold")
    styles = {"+": "good", "-": "bad", "~": "accent", "@": "dim"}
    return ink.paint(line, styles[line[0]]) if line[:1] in styles else line
