"""An SQL file of which only comments were edited says what it said before: no engine has to parse it again for that."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from andon.base.record import replace
from andon.base.text import line_and_column
from andon.model.dataset import Kind
from andon.project.files.facts import DatasetFacts, FileFacts, NameUse
from andon.sql.tokens import SqlToken, first_statement, tokens

_Place = tuple[int, int]

#: What the engine takes for nothing between two words, whatever else there is that looks blank, or ends a mark before it.
_GAP = re.compile(r"(?:[ \t\n\r](?:[ \t\n\r]|--[\t\x20-\x7e]*(?:[\n\r]|\Z))*)?")


def reworded(before: str, said_before: FileFacts, after: str) -> FileFacts | None:
    """The facts of the text `after` of a dataset's file, where it differs from `before` in line comments and blanks alone.

    Args:
        said_before: the facts of `before`.

    Returns:
        the facts, or None where only the parser can tell.
    """
    said = said_before.said
    if said_before.problems or not isinstance(said, DatasetFacts) or said.kind is not Kind.SQL or said.reads:
        return None
    old, new = [*tokens(before)], [*tokens(after)]
    if not _are_alike(before, old, after, new):
        return None
    places = {
        line_and_column(before, was.start): line_and_column(after, now.start) for was, now in zip(old, new, strict=True)
    }
    tables, calls = _moved(said.tables, places), _moved(said.calls, places)
    if tables is None or calls is None:
        return None
    return FileFacts(replace(said, sql=first_statement(after), tables=tables, calls=calls))


def _are_alike(before: str, old: Sequence[SqlToken], after: str, new: Sequence[SqlToken]) -> bool:
    """Whether two texts are the same words, none of them joined or parted, with other line comments or blanks between some of them."""
    if not old or len(old) != len(new):
        return False
    ends = (0, 0)
    for was, now in zip(old, new, strict=True):
        gaps = before[ends[0] : was.start], after[ends[1] : now.start]
        if was.text != now.text or (ends[0] and bool(gaps[0]) != bool(gaps[1])):
            return False
        if not _is_same_gap(*gaps, is_first=not ends[0]):
            return False
        ends = (was.end, now.end)
    # texts in a row are one where a line ends between them, and an error elsewhere
    in_a_row = any(one.kind == other.kind == "string" for one, other in pairwise(new))
    return not in_a_row and _is_same_gap(before[ends[0] :], after[ends[1] :])


def _is_same_gap(was: str, now: str, *, is_first: bool = False) -> bool:
    """Whether it is all one which of two stands between words. What may be front matter, or not be closed, is left to the parser."""
    before = " " if is_first else ""
    return was == now or all("/*" not in gap and _GAP.fullmatch(before + gap) for gap in (was, now))


def _moved(uses: Sequence[NameUse], places: Mapping[_Place, _Place]) -> tuple[NameUse, ...] | None:
    """Names where they stand now; None if one did not stand where a word begins."""
    if any((use.line, use.column) not in places for use in uses):
        return None
    return tuple(NameUse(use.name, *places[use.line, use.column]) for use in uses)
