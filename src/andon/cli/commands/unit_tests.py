"""`andon test`: unit tests of datasets, the failing ones with their difference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from andon.base.text import plural, seconds
from andon.cli.app import App, Command, json_option, pass_app
from andon.cli.output import Cell, Ink, display_width, table
from andon.errors import EXIT_DONE, EXIT_FAILED

if TYPE_CHECKING:
    from andon.model.unit_tests import Row, TestResult

_NULL = "NULL"
_WORDS = {"pass": ("✓", "good"), "fail": ("✗", "bad"), "error": ("✗", "bad")}


@click.command(
    cls=Command,
    examples=["andon test", "andon test marts.customer_value", "andon test state:changed+ --again"],
)
@click.argument("select", nargs=-1)
@click.option("--exclude", multiple=True, metavar="TERM", help="Leave out what the term names.")
@click.option("--again", is_flag=True, help="Run also the tests that did not change since they ran.")
@json_option
@pass_app
def test(app: App, select: tuple[str, ...], exclude: tuple[str, ...], again: bool) -> int:
    """Run the unit tests in tests/*.yml: given rows in, expected rows out. SELECT names datasets; without it all.

    A test runs on the real engine, in memory; nothing of the lake is read or written. A test that did not change, of a dataset whose
    definition did not change, is not run again.
    """
    from andon.cli.commands.query import apart

    results = apart(lambda: app.service.unit_tests.run(select, exclude, again=again))
    failed = [result for result in results if result.failed]
    document = {
        "passed": len(results) - len(failed),
        "failed": len(failed),
        "tests": [result.to_json() for result in results],
    }
    app.console.show(lambda: document, lambda: result_lines(results, app.console.out, app.console.width))
    _summary(app, results, failed)
    return EXIT_FAILED if failed else EXIT_DONE


def result_lines(results: Sequence[TestResult], ink: Ink, width: int | None) -> Iterator[str]:
    """All results as a table, then each failing test with what differs."""
    rows: list[Sequence[Cell]] = [
        (_WORDS[result.status], result.dataset, result.name, (_how(result), "bad" if result.failed else "dim"))
        for result in results
    ]
    yield from table(rows, ink, width=width, whole=(0, 1, 3))
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
        yield from table(rows, ink, headers=("", *result.columns), width=width, indent="  ", whole=(0,))
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


def _summary(app: App, results: Sequence[TestResult], failed: Sequence[TestResult]) -> None:
    if not results:
        app.console.note("no tests: they stand in `tests/*.yml`")
        return
    cached = sum(result.cached for result in results)
    unchanged = f" · {cached:,} unchanged since they ran (`--again` runs them)" if cached else ""
    if failed:
        app.console.note(f"{len(failed):,} of {plural(len(results), 'test')} failed{unchanged}", "bad")
    else:
        app.console.note(f"{plural(len(results), 'test')} passed{unchanged}")
