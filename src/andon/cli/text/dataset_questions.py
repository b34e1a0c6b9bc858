"""Questions about datasets on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from andon.base.text import plural
from andon.cli.output import Cell
from andon.cli.table import table
from andon.render.dataset_questions import QUESTION_STATES, gone_words
from andon.render.requests import wait_words
from andon.render.words import moment

if TYPE_CHECKING:
    from andon.cli.output import Console
    from andon.service.question_places import QuestionInfo


def question_lines(found: Sequence[QuestionInfo], console: Console) -> list[str]:
    """Questions, one a line."""
    if not found:
        return ["nobody waits for an answer"]
    rows: list[Sequence[Cell]] = [
        (
            (str(each.question.number), "accent"),
            QUESTION_STATES[each.question.state][1],
            each.subject,
            each.question.brief,
            each.question.who,
            (each.owner or "", "dim"),
            (wait_words(each.waited_seconds), "dim"),
            (gone_words(each), "warn" if each.gone else "dim"),
        )
        for each in found
    ]
    headers = ("", "state", "about", "question", "asks", "owner", "waited", "")
    return list(
        table(rows, console.out, headers=headers, width=console.width, whole=[0, 1, 2], wrap=[3, 7], drop=[5, 6])
    )


def told_lines(found: QuestionInfo, console: Console) -> list[str]:
    """A question with all that was said to it."""
    question, ink = found.question, console.out
    state = QUESTION_STATES[question.state][1]
    edited = ", edited" if question.edited else ""
    gone = gone_words(found)
    lines = [f"question {question.number} about {ink.paint(found.subject, 'bold')} is {state}"]
    if gone:
        lines.append(ink.paint(f"  {gone}", "warn" if found.gone else "dim"))
    if found.gone:
        moved = f"`andon question edit {question.number} --about DATASET` says what it is called by now"
        lines.append(ink.paint(f"  {moved}", "dim"))
    lines += [ink.paint(f"  {question.who}, {moment(question.at)}{edited}", "dim"), *_text(question.what)]
    for each in question.answers:
        how = "answered" if each.settles else "said"
        edited = ", edited" if each.edited else ""
        lines.append(ink.paint(f"  {each.number}. {each.who} {how}, {moment(each.at)}{edited}", "dim"))
        lines += _text(each.what)
    return lines


def done_lines(found: QuestionInfo, console: Console) -> list[str]:
    """What became of a question by what was just done, in a line or two."""
    question = found.question
    state = QUESTION_STATES[question.state][1]
    count = sum(each.settles for each in question.answers)
    said = f", {plural(count, 'answer')}" if count else ""
    lines = [f"question {question.number} about {found.subject} is {state}{said}: {question.brief}"]
    gone = gone_words(found)
    return [*lines, console.out.paint(f"  {gone}", "warn" if found.gone else "dim")] if gone else lines


def _text(text: str) -> list[str]:
    return [f"    {line}" for line in text.splitlines()]
