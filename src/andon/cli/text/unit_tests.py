"""Results of unit tests as lines for people. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from andon.base.text import seconds
from andon.cli.output import Cell, Ink, display_width
from andon.cli.table import table

if TYPE_CHECKING:
    from andon.model.unit_tests import Row, TestResult

_NULL = "NULL"
_WORDS = {"pass": ("✓", "good"), "fail": ("✗", "bad"), "error": ("✗", "bad")}


def result_lines(results: Sequence[TestResult], ink: Ink, width: int | None) -> Iterator[str]:
    """All results as a table, then each failing test with what differs."""
    rows: list[Sequence[Cell]] = [
        (_WORDS[result.status], result.dataset, result.name, (_how(result), "bad" if result.failed else "dim"))
        for result in results
    ]
    yield from table(rows, ink, width=width, whole=(0, 1), wrap=(2, 3), drop=())
    for result in results:
        if result.failed:
            yield ""
            yield from failure_lines(result, ink, width)


def failure_lines(result: TestResult, ink: Ink, width: int | None) -> Iterator[str]:
    """One failing test: its place, and the rows that differ with their differing values marked."""
    sign, style = _WORDS[result.status]
    yield f"{ink.paint(sign, style)} {result.dataset} · {result.name}  {ink.paint(result.where, 'accent')}"
    if result.message is not None:
        yield f"  {result.message}"
    for problem in result.problems:
        yield f"  {ink.paint(problem.where, 'accent')}  {problem.message}"
        yield from (f"    {line}" for line in (problem.excerpt or "").splitlines())
        if problem.hint:
            yield f"    {ink.paint('hint:', 'dim')} {problem.hint}"
    if result.hint is not None:
        yield f"  {ink.paint('hint:', 'accent')} {result.hint}"
    if result.misplaced:
        yield "  the rows are those expected, in another order"
    rows = list(_difference(result))
    if rows:
        yield from table(
            rows, ink, headers=("", *result.columns), width=width, indent="  ", whole=(0,), rest="`--json` has all"
        )
    yield from (f"  {ink.paint(line, 'dim')}" for line in (*_more(result), *result.notices))


def _difference(result: TestResult) -> Iterator[Sequence[Cell]]:
    for pair in result.pairs:
        yield [("expected", "dim"), *_cells(pair.expected)]
        yield [("found", "dim"), *((text, "bad") if i in pair.differing else text for i, text in _numbered(pair.found))]
        marks = [
            "^" * max(1, min(12, display_width(text))) if i in pair.differing else ""
            for i, text in _numbered(pair.found)
        ]
        yield ["", *((mark, "bad") for mark in marks)]
    for row in result.missing:
        yield [("missing", "bad"), *_cells(row)]
    for row in result.unexpected:
        yield [("unexpected", "bad"), *_cells(row)]


def _cells(row: Row) -> list[str]:
    return [text for _, text in _numbered(row)]


def _numbered(row: Row) -> list[tuple[int, str]]:
    return [(i, _NULL if text is None else text) for i, text in enumerate(row)]


def _more(result: TestResult) -> list[str]:
    missing = result.missing_count - len(result.pairs) - len(result.missing)
    unexpected = result.unexpected_count - len(result.pairs) - len(result.unexpected)
    parts = [
        f"{count:,} more {what}" for count, what in ((missing, "missing"), (unexpected, "unexpected")) if count > 0
    ]
    return [f"and {', '.join(parts)}"] if parts and not result.misplaced else []


def _how(result: TestResult) -> str:
    if result.status == "error":
        return "could not run"
    if result.failed:
        return "failed"
    return "unchanged" if result.cached else seconds(result.seconds)
