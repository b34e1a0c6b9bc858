"""`andon check --suggest`: proposed lines, what speaks for each, and how it would have done before."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from andon.base.text import plural
from andon.cli.text.proposals import proposal_lines
from andon.errors import EXIT_DONE
from andon.model.proposed_line import ProposedLine

if TYPE_CHECKING:
    from andon.cli.app import App
    from andon.service.proposing import ProposedChecks

Written = Mapping[str, Sequence[ProposedLine]]


def show_proposals(app: App, select: tuple[str, ...], at: str | None, write: bool) -> int:
    """Show what is suggested for the selected datasets, with `write` put it into their files; returns the exit status."""
    nouns = app.service.proposing
    found = nouns.suggest(select, at)
    written: Written = nouns.write(found) if write else {}
    console = app.console
    console.show(lambda: _document(found, written), lambda: proposal_lines(found, console.out, console.width))
    if console.as_json:
        return EXIT_DONE
    for path, lines in written.items():
        console.note(f"{path}: {plural(len(lines), 'line')} added", "good")
    console.note(_next(app, found, written, select, write))
    return EXIT_DONE


def _next(app: App, found: Sequence[ProposedChecks], written: Written, select: Sequence[str], write: bool) -> str:
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


def _document(found: Sequence[ProposedChecks], written: Written) -> dict[str, Any]:
    return {
        "datasets": [one.to_json() for one in found],
        "written": {path: [s.line for s in lines] for path, lines in written.items()},
    }
