"""Questions about datasets in words, the same on every face. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.text import plural
from andon.model.dataset_question import QuestionState

if TYPE_CHECKING:
    from andon.service.question_places import QuestionCount, QuestionInfo

#: How far a question is: the lamp that has its colour, and the word.
QUESTION_STATES = {
    QuestionState.OPEN: ("warn", "open"),
    QuestionState.ANSWERED: ("ok", "answered"),
    QuestionState.WITHDRAWN: ("idle", "withdrawn"),
}


def gone_words(info: QuestionInfo) -> str:
    """That what it is about is not there, under which name it was asked about; empty where all is as it was."""
    asked = "" if info.question.subject == info.subject else f"; asked of {info.question.subject}"
    if info.gone == "dataset":
        return f"{info.dataset} is not there{asked}"
    if info.gone == "column":
        return f"{info.dataset} has no column {info.column}{asked}"
    return f"asked of {info.question.subject}" if asked else ""


def count_words(count: QuestionCount) -> str:
    """`1 open question, 2 answered`; empty where nobody asked."""
    said = [plural(count.open, "open question")] if count.open else []
    if count.answered:
        said.append(f"{count.answered} answered" if said else plural(count.answered, "answered question"))
    return ", ".join(said)
