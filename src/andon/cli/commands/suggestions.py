"""`andon check --suggest`: proposed lines, what speaks for each, and how it would have done before."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from andon.base.text import plural
from andon.cli.output import Cell, Ink, table
from andon.cli.text.plans import names
from andon.errors import EXIT_DONE
from andon.model.suggestion import Suggestion

if TYPE_CHECKING:
    from andon.cli.app import App
    from andon.service.suggestions import Suggested

Written = Mapping[str, Sequence[Suggestion]]


def show_suggestions(app: App, select: tuple[str, ...], at: str | None, write: bool) -> int:
    """Show what is suggested for the selected datasets, with `write` put it into their files; returns the exit status."""
    nouns = app.service.suggestions
    found = nouns.suggest(select, at)
    written: Written = nouns.write(found) if write else {}
    console = app.console
    console.show(lambda: _document(found, written), lambda: suggestion_lines(found, console.out, console.width))
    if console.as_json:
        return EXIT_DONE
    for path, lines in written.items():
        console.note(f"{path}: {plural(len(lines), 'line')} added", "good")
    console.note(_next(app, found, written, select, write))
    return EXIT_DONE


def suggestion_lines(found: Sequence[Suggested], ink: Ink, width: int | None) -> list[str]:
    """A block for each dataset that has suggestions, then those that have none."""
    lines: list[str] = []
    for one in found:
        if one.suggestions:
            lines += [*_block(one, ink, width), ""]
    rest = [one.dataset for one in found if not one.suggestions]
    if rest:
        lines.append(ink.paint(f"nothing to add to {names(rest)}", "dim"))
    return lines[:-1] if lines and not lines[-1] else lines


def _block(one: Suggested, ink: Ink, width: int | None) -> list[str]:
    tried = f"tried on {plural(one.past, 'earlier version')}" if one.past else "no earlier version to try them on"
    facts = " · ".join((plural(one.rows, "row"), f"{plural(one.declared, 'check')} so far", tried))
    rows: list[Sequence[Cell]] = [((s.line, "accent"), _past(s), (s.evidence, "dim")) for s in one.suggestions]
    headers = ["line", "would have failed", "because"]
    if not one.past:
        rows, headers = [[line, because] for line, _, because in rows], ["line", "because"]
    last = len(headers) - 1
    return [
        f"{ink.paint(one.dataset, 'bold')}  {ink.paint(facts, 'dim')}",
        *table(rows, ink, headers=headers, width=width, indent="  ", whole=range(last), first=[last]),
    ]


def _past(one: Suggestion) -> Cell:
    if not one.past_versions:
        return "", "dim"
    return f"{one.past_failures} of {one.past_versions}", "good" if one.is_safe else "warn"


def _next(app: App, found: Sequence[Suggested], written: Written, select: Sequence[str], write: bool) -> str:
    """What to do now."""
    all_lines = [s for one in found for s in one.suggestions]
    unsafe = sum(not s.is_safe for s in all_lines)
    if not all_lines:
        return "nothing to add"
    left = f"; {plural(unsafe, 'line')} that would have failed before is left to you" if unsafe == 1 else ""
    if unsafe > 1:
        left = f"; {plural(unsafe, 'line')} that would have failed before are left to you"
    if write:
        if not written:
            return f"nothing was written{left}"
        return f"`{app.command('run')}` runs them with the next result{left}"
    words = shlex.join(["check", *select, "--suggest", "--write"])
    return f"{plural(len(all_lines), 'line')}; `{app.command(words)}` puts them into the files{left}"


def _document(found: Sequence[Suggested], written: Written) -> dict[str, Any]:
    return {
        "datasets": [one.to_json() for one in found],
        "written": {path: [s.line for s in lines] for path, lines in written.items()},
    }
