"""Hints by which the project gets simpler, as they stand on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import unified_diff
from typing import TYPE_CHECKING

from andon.base.text import plural
from andon.cli.output import Cell, Ink
from andon.cli.table import table
from andon.cli.text.suggestions import offered_steps
from andon.render.simplify import HINTS, saved

if TYPE_CHECKING:
    from andon.service.simplify_documents import HintDocument, HintFile, HintInfo, HintsDocument


def list_lines(found: HintsDocument, ink: Ink, command: Callable[[str], str]) -> list[str]:
    """A row for each, and what all of them save."""
    rows: list[Sequence[Cell]] = [
        ((str(one.number), "accent"), one.title, (saved(one.saves), "dim"), (_state(one), "dim")) for one in found.hints
    ]
    lines = table(rows, ink) or ["nothing could be simpler, as far as is known"]
    if found.open:
        together = saved(found.saves)
        lines += ["", f"{plural(found.open, 'hint')}{f'; together {together} fewer' if together else ''}"]
        lines += [f"`{command('simplify show N')}` shows the change, `accept N` makes a branch of it"]
    return lines


def hint_lines(found: HintDocument, ink: Ink, command: Callable[[str], str]) -> list[str]:
    """What speaks for it, what is written, and what publishing it comes to."""
    lines = [ink.paint(f"{found.number}  {found.title}", "bold"), *(f"  {each}" for each in found.evidence)]
    if saved(found.saves):
        lines.append(f"  saves {saved(found.saves)}")
    lines += ["", f"verdict: {found.verdict} for {found.subject}, none for what reads it: {found.proof}"]
    for file in found.files:
        lines += ["", ink.paint(f"{file.file}{'' if file.after is not None else ' (goes)'}", "accent")]
        lines += [f"  {line}".rstrip() for line in _changed(file)]
    if found.problem is not None:
        lines += ["", f"it can't be written as it is: {found.problem}"]
    lines += offered_steps(found.plan, ink)
    if found.same:
        lines += ["", f"built aside, and read whole: the same rows as on main in {', '.join(found.same)}"]
    lines.append("")
    if found.state == "accepted" and found.branch is not None:
        lines.append(f"on the branch {found.branch}; `{command(f'publish {found.branch}')}` publishes it")
    elif found.state == "open" and found.problem is None:
        lines.append(f"`{command(f'simplify accept {found.number}')}` makes a branch of it, `dismiss` ends it")
    elif found.state != "open":
        by = f" by {found.who}" if found.who else ""
        lines.append(f"{found.state}{by}{f': {found.why}' if found.why else ''}")
    return lines


def _changed(file: HintFile) -> list[str]:
    """The lines that change, with some around them."""
    if file.before is None or file.after is None:
        return []
    found = unified_diff(file.before.splitlines(), file.after.splitlines(), n=2, lineterm="")
    return [line for line in list(found)[2:] if not line.startswith("@@")]


def _state(one: HintInfo) -> str:
    if one.state == "open":
        return HINTS[one.kind] if one.is_written else f"{HINTS[one.kind]}, by hand"
    return f"{one.state} on {one.branch}" if one.branch else f"{one.state}{f': {one.why}' if one.why else ''}"
