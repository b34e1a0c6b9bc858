"""Suggestions as they stand on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from andon.base.text import plural
from andon.cli.output import Cell, Ink
from andon.cli.table import table
from andon.model.plan import UNCHANGED
from andon.render.words import listed, moment

if TYPE_CHECKING:
    from andon.model.plan import PlanDocument
    from andon.service.suggestion_documents import SuggestionDocument, SuggestionInfo, SuggestionsDocument


def list_lines(found: SuggestionsDocument, ink: Ink, command: Callable[[str], str]) -> list[str]:
    """A row for each, and which questions something answers already."""
    rows: list[Sequence[Cell]] = [
        (
            (str(one.number), "accent"),
            one.title,
            (f"{plural(one.times, 'time')} by {listed(one.people)}", "dim"),
            (_state(one), "dim"),
        )
        for one in found.suggestions
    ]
    lines = table(rows, ink) or ["nothing is suggested: nothing was done by hand three times that could do itself"]
    if any(one.state == "open" for one in found.suggestions):
        lines += [
            "",
            f"`{command('suggestions show N')}` shows what would be written, `accept N` writes it on a branch",
        ]
    if found.answered:
        lines += ["", "asked over and over, and answered already:"]
        answered: list[Sequence[Cell]] = [
            ((one.by, "accent"), " ".join(one.sql.split())[:90], (plural(one.times, "time"), "dim"))
            for one in found.answered
        ]
        lines += table(answered, ink)
    return lines


def suggestion_lines(found: SuggestionDocument, ink: Ink, command: Callable[[str], str]) -> list[str]:
    """What speaks for it, what is written, and what publishing it comes to."""
    lines = [ink.paint(f"{found.number}  {found.title}", "bold"), *(f"  {each}" for each in found.why)]
    for file in found.files:
        lines += ["", ink.paint(f"{file.file}{'' if file.is_new else ' (changed)'}", "accent")]
        lines += [f"  {line}" if line else "" for line in file.text.rstrip("\n").split("\n")]
    lines += [""] if found.notes or found.left or found.problem else []
    lines += [*found.notes, *found.left]
    if found.problem is not None:
        lines.append(f"it can't be written as it is: {found.problem}")
    lines += offered_steps(found.plan, ink)
    lines.append("")
    if found.state == "accepted" and found.branch is not None:
        lines.append(f"on the branch {found.branch}; `{command(f'publish {found.branch}')}` publishes it")
    elif found.run is not None and found.plan is None and found.run.held:
        lines.append(f"not written: {found.run.held}")
    elif found.state == "open" and found.problem is None and found.files:
        lines.append(f"`{command(f'suggestions accept {found.number}')}` writes it on a branch, `dismiss` ends it")
    return lines


def _state(one: SuggestionInfo) -> str:
    if one.state == "open":
        return f"last {moment(one.last)}"
    return f"{one.state} on {one.branch}" if one.branch else one.state


def offered_steps(plan: PlanDocument | None, ink: Ink) -> list[str]:
    """What publishing an offer would do; nothing where that is not known, or nothing is done."""
    steps: list[Sequence[Cell]] = [
        (f"  {step.action}", (step.dataset, "accent"), (step.reason, "dim"))
        for step in (plan.steps if plan is not None else ())
        if step.reason != UNCHANGED
    ]
    return ["", "publishing it would do this:", *table(steps, ink)] if steps else []
