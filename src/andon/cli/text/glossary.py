"""Words of the business, and what nobody described, as lines for people. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from andon.base.text import plural
from andon.cli.output import Cell, Ink
from andon.cli.table import table

if TYPE_CHECKING:
    from andon.service.glossary import GlossaryDocument, TermDocument, TermPlace
    from andon.service.undescribed import UndescribedDataset, UndescribedDocument

#: Columns that a line of what is not described names.
_NAMED = 4


def glossary_lines(found: GlossaryDocument, ink: Ink, width: int | None, *, is_whole: bool) -> list[str]:
    """Terms as a table, or one of them with all that is said."""
    if not found.terms:
        return [f"no words yet; write `revenue: what we took` in {found.file}"]
    if is_whole:
        return _term(found.terms[0], ink, width)
    rows: list[Sequence[Cell]] = [
        (each.term, each.meaning, (", ".join(each.also), "dim"), (", ".join(map(_place, each.places)), "dim"))
        for each in found.terms
    ]
    return table(rows, ink, headers=("term", "meaning", "also", "where"), width=width, whole=[0], wrap=[1], drop=[2, 3])


def _term(term: TermDocument, ink: Ink, width: int | None) -> list[str]:
    facts: list[tuple[str, str]] = [
        ("also", ", ".join(term.also)),
        ("owner", term.owner or ""),
        ("where", ", ".join(_place(place) for place in term.places if place.is_there)),
    ]
    lines = [ink.paint(term.term, "bold"), term.meaning, ""]
    rows: list[Sequence[Cell]] = [((name, "dim"), text) for name, text in facts if text]
    lines += table(rows, ink, width=width, whole=[0], wrap=[1], drop=()) if rows else ["it stands in no column yet"]
    for place in term.places:
        if not place.is_there:
            hint = f"; {place.hint}" if place.hint else ""
            lines.append(f"{ink.paint('note:', 'warn')} {_place(place)} is not there{hint}")
    return lines


def _place(place: TermPlace) -> str:
    return place.dataset if place.column is None else f"{place.dataset}.{place.column}"


def docs_lines(found: UndescribedDocument, ink: Ink, width: int | None) -> list[str]:
    """What is described of all, then what is not."""
    told = found.of_columns - found.columns
    share = f"{told:,} of {plural(found.of_columns, 'column')} described"
    above = f", {found.handed:,} of them where their values come from" if found.handed else ""
    lines = [f"{found.of - found.total:,} of {plural(found.of, 'dataset')} described whole; {share}{above}"]
    if not found.datasets:
        return lines
    rows: list[Sequence[Cell]] = [
        (
            each.dataset,
            str(each.readers) if each.readers else "",
            (each.owner or "nobody", "dim" if each.owner else "warn"),
            _lacks(each),
            (f"next: {each.next}", "dim"),
        )
        for each in found.datasets
    ]
    headers = ("dataset", "people", "owner", "not described", "")
    lines += ["", *table(rows, ink, headers=headers, right=[1], width=width, whole=[0], wrap=[3, 4], drop=())]
    if found.total > len(found.datasets):
        lines.append(ink.paint(f"{len(found.datasets)} of {found.total:,}; `-n` shows more", "dim"))
    return lines


def _lacks(each: UndescribedDataset) -> str:
    named = ", ".join(each.columns[:_NAMED]) + (", …" if len(each.columns) > _NAMED else "")
    if each.described:
        return named
    return "the dataset" + (f"; {named}" if named else "")
